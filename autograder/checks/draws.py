"""What inputs of several chapters are drawn from: small ones, and digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from convnets.answers import Call

Draw = Callable[[st.SearchStrategy], object]

# What small arrays are filled with. Counting comes first, to which all
# shrinks: exchanged axes, flips and forgotten entries show, and a reader can
# follow it by hand. The tenths have no exact float32, and show who computed in
# it.
PATTERNS = ("counting", "signs", "squares", "tenths", "zeros")


def array(draw: Draw, *shape: int, dtype: str = "float64") -> np.ndarray:
    """A small array of small numbers."""
    count = np.arange(1, np.prod(shape, dtype=int) + 1, dtype=float)
    filled = {
        "counting": count,
        "signs": count * (-1) ** count,
        "squares": count**2 % 7 - 3,
        "tenths": count / 10,
        "zeros": 0 * count,
    }[draw(st.sampled_from(PATTERNS))]
    return filled.reshape(shape).astype(dtype)


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


def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits, grey levels 0 to 1 as (1797, 8, 8), and their labels."""
    # Few exercises need it, and each process of the grader would wait for it.
    from sklearn.datasets import load_digits

    pictures, labels = load_digits(return_X_y=True)
    return (pictures / 16).reshape(-1, 8, 8).astype("float32"), labels.astype("int64")
