"""Functions of an image that exercises are called with.

A function cannot travel to the grader's sandbox, and its name can. So both
sides look it up here, and a student is shown its source.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

ImageFunction = Callable[[np.ndarray], np.ndarray]


def every_second(x: np.ndarray) -> np.ndarray:
    """Every second row and column."""
    return x[:, :, ::2, ::2]


def squares(x: np.ndarray) -> np.ndarray:
    """The square of every pixel."""
    return np.asarray(x**2)


def running_sums(x: np.ndarray) -> np.ndarray:
    """The sum of a pixel and all to its left."""
    return np.cumsum(x, axis=3)


def brightest_in_column(x: np.ndarray) -> np.ndarray:
    """The largest value of each column."""
    return np.asarray(x.max(axis=2))


def brightest(x: np.ndarray) -> np.ndarray:
    """The largest value of each channel."""
    return np.asarray(x.max(axis=(2, 3)))


def black(x: np.ndarray) -> np.ndarray:
    """Zeros."""
    return np.zeros_like(x)


FUNCTIONS: dict[str, ImageFunction] = {
    function.__name__: function
    for function in (
        every_second,
        squares,
        running_sums,
        brightest_in_column,
        brightest,
        black,
    )
}


def source(name: str) -> str:
    """A function as it is written above."""
    return inspect.getsource(FUNCTIONS[name]).strip()
