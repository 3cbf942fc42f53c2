"""Exercises that are called with a function: about 6 s, most for the sandbox."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.sandbox import Cell, Level, Limits, Program, Sandbox
from convnets import show
from convnets.answers import Answer, Call, invoke_here
from convnets.functions import FUNCTIONS

X = np.arange(24.0).reshape(1, 2, 3, 4)
CALL = Call(("every_second", X), caller="with function")


def double(f, x):
    return 2 * f(x)


def test_a_name_becomes_its_function() -> None:
    """An exercise is given the function that the call names."""
    answer = invoke_here(double, CALL)
    np.testing.assert_array_equal(answer.value, 2 * X[:, :, ::2, ::2])


def test_the_same_function_waits_in_the_sandbox() -> None:
    """What the sandbox calls by a name is what the referee calls by it."""
    program = Program(
        (Cell("c", "def double(f, x):\n    return 2 * f(x)", ("double",)),)
    )
    with (
        Sandbox(Level.ISOLATED, Limits()) as sandbox,
        sandbox.open(program) as session,
    ):
        for name in FUNCTIONS:
            call = Call((name, X), caller="with function")
            here: Answer = invoke_here(double, call)
            there = session.call("double", call, seconds=5)
            assert there.kind == "returned"
            np.testing.assert_array_equal(there.value, here.value)


def test_a_student_reads_the_function() -> None:
    """The call names the function, and its source stands above the arrays."""
    assert show.typed("double", CALL, ("f", "x")) == "double(every_second, x)"
    given = show.given(CALL, ("f", "x"))
    assert given.startswith("def every_second(x: np.ndarray)")
    assert "x = float64 (1, 2, 3, 4)" in given


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_leave_the_image_alone(name: str) -> None:
    """No function changes what it is given, and each keeps its dtype."""
    x = X.astype("float32")
    assert FUNCTIONS[name](x).dtype == np.float32
    np.testing.assert_array_equal(x, X)
