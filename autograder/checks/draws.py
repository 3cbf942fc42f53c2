"""Hypothesis strategies that several chapters draw their small inputs from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from convnets.answers import Call

Draw = Callable[[st.SearchStrategy], object]

# Small whole numbers; the first, to which all shrinks, is 1: a zero would
# hide too much. The last has no exact float32, and shows who computed in it.
NUMBERS = st.sampled_from([1.0, 2.0, 0.0, -1.0, 3.0, -2.0, 0.1])


def array(draw: Draw, *shape: int, dtype: str = "float64") -> np.ndarray:
    """A small array of small whole numbers."""
    return draw(arrays(dtype, shape, elements=NUMBERS, fill=st.nothing()))


def small(draw: Draw, least: int, most: int) -> int:
    """A whole number, as small as possible."""
    return draw(st.integers(least, most))


def steps(draw: Draw, least: int, most: int) -> int | tuple[int, int]:
    """An int or a pair, as strides, paddings and dilations are given."""
    one = st.integers(least, most)
    return draw(st.one_of(one, st.tuples(one, one)))


def dtypes(draw: Draw) -> str:
    """float64, or if it must be float32."""
    return draw(st.sampled_from(["float64", "float32"]))


def size(n: int, k: int, s: int, p: int, d: int = 1) -> int:
    """Output size along one axis; below 1 where the kernel does not fit."""
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def both(value: int | tuple[int, int] | list[int]) -> tuple[int, int]:
    """An int or a pair as a pair."""
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def calls(build: Callable[..., Call]) -> st.SearchStrategy[Call]:
    """A strategy from a function that is given `draw` and returns a Call."""
    return st.composite(build)()
