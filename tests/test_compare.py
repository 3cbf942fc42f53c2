"""Comparison: what it accepts, what it rejects, and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from convnets.answers import Answer, Call, invoke_here
from convnets.compare import Rules, compare
from convnets.values import Opaque


def differs(expected: Any, received: Any, **rules: Any) -> str:
    found = compare(
        Answer("returned", expected), Answer("returned", received), Rules(**rules)
    )
    return found.sentence if found else ""


HARMLESS = [
    (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3))),
    (np.arange(4.0), np.arange(8.0)[::2] / 2 + 0),
    (np.ones((3, 2)), np.broadcast_to(np.ones(2), (3, 2))),
    (np.float64(1) * np.ones(2), np.ones(2) * (1 + 1e-13)),
    (3, np.int64(3)),
    (2.5, np.float64(2.5)),
    ((1, 2), [1, 2]),
    (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
    (np.zeros((0, 3)), np.zeros((0, 3))),
]


@pytest.mark.parametrize(("expected", "received"), HARMLESS)
def test_harmless_differences_pass(expected: Any, received: Any) -> None:
    """Memory order, views, NumPy scalars and rounding are no mistakes."""
    assert differs(expected, received) == ""


WRONG = [
    (np.ones((2, 3)), np.ones((3, 2)), "another order"),
    (np.ones((2, 3)), np.ones((1, 2, 3)), "3 axes instead of 2"),
    (np.ones(3), np.ones(3, "float32"), "dtype float32; float64 was expected"),
    (np.ones(3), np.array([1, np.nan, 1]), "nan stands at [1], 1 was expected"),
    (np.ones(3), np.ones(3) + 1e-7, "float32"),
    (np.ones(3), torch.ones(3), ".detach().numpy()"),
    (torch.ones(3), np.ones(3), "gradients can flow"),
    (np.ones(3), [1.0, 1.0, 1.0], "a list; a NumPy array"),
    (np.ones(3), Opaque("numpy.matrix"), "numpy.matrix"),
    (np.ones((2, 2)), 1.0, "a float; a NumPy array"),
    (3, 3.0, "a float; an int"),
    (True, 1, "an int; a bool"),
    (3, 4, "is 4; 3 was expected"),
    ((1, 2), (1, 2, 3), "3 entries; 2"),
    ({"a": 1}, {"b": 1}, "lacks a and has b"),
    (np.ones(1), None, "Is there a `return`"),
]


@pytest.mark.parametrize(("expected", "received", "words"), WRONG)
def test_each_difference_has_words(expected: Any, received: Any, words: str) -> None:
    """Type, shape, dtype, finiteness and values are told apart."""
    assert words in differs(expected, received)


def test_parts_of_a_result_are_named() -> None:
    """A tuple's entries are called what the exercise calls them."""
    said = differs((np.ones(2), 1), (np.ones(2), 2), results=("dx", "db"))
    assert said == "db is 2; 1 was expected."


def test_an_object_that_equals_everything_equals_nothing() -> None:
    """A value of a student's class never gets to compare itself."""

    class Same:
        def __eq__(self, other: object) -> bool:
            return True

        def __array__(self, *args: Any) -> np.ndarray:
            return np.ones(2)

    answer = invoke_here(lambda: Same(), Call())
    found = compare(Answer("returned", np.ones(2)), answer)
    assert found is not None
    assert found.kind == "type"


class Loud(np.ndarray):
    """An ndarray that says it is right."""

    def __array_function__(self, *args: Any) -> bool:
        return True


def test_a_subclass_of_ndarray_is_no_array() -> None:
    """`__array_function__` has no say in the comparison."""
    answer = invoke_here(lambda: np.zeros(2).view(Loud), Call())
    found = compare(Answer("returned", np.ones(2)), answer)
    assert found is not None
    assert "Loud" in found.sentence


def boom(x: np.ndarray) -> np.ndarray:
    x += 1
    return x


def test_changed_arguments_are_named() -> None:
    """A right result does not excuse a changed input."""
    answer = invoke_here(boom, Call((np.ones(2),)), ("x",))
    found = compare(Answer("returned", 2 * np.ones(2)), answer)
    assert found is not None
    assert "changed its argument x" in found.sentence


ERRORS = [
    (lambda: exec("raise NotImplementedError"), "still the stub"),
    (lambda: exec("def f(a): pass\nf()"), "signature"),
    (lambda: print("the answer"), "printed instead"),
    (lambda: None, "`return`"),
    (lambda: np.zeros(1 << 50), "ran out of memory"),
]


@pytest.mark.parametrize(("function", "words"), ERRORS)
def test_slips_have_their_own_words(function: Any, words: str) -> None:
    """Stub, signature, print, no return and memory each teach."""
    found = compare(Answer("returned", np.ones(2)), invoke_here(function, Call()))
    assert found is not None
    assert words in found.sentence


def test_an_expected_error_has_to_be_of_its_kind() -> None:
    """A ValueError is due: none, or another one, is a difference."""
    due = Answer("raised", None, "ValueError", ("ValueError",), "stride is 0")

    def index() -> None:
        [][1]

    def value() -> None:
        raise UnicodeDecodeError("utf-8", b"", 0, 1, "a kind of ValueError")

    none = compare(due, Answer("returned", 1))
    other = compare(due, invoke_here(index, Call()))
    assert none is not None
    assert "the call returned a result" in none.sentence
    assert other is not None
    assert "IndexError" in other.sentence
    assert compare(due, invoke_here(value, Call())) is None
