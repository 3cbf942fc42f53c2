"""The contract of every exercise."""

from __future__ import annotations

import pytest

from autograder import catalogue
from autograder.judging import lint, verify
from autograder.judging.cases import DEVELOPMENT, PUBLIC, draw, drawn_cases
from autograder.judging.mutants import finding, kill
from autograder.judging.mutations import mutants
from autograder.judging.referee import Referee
from autograder.model import Case, Drawn, Exercise, normal
from autograder.publishing import chapter
from convnets.answers import Call
from convnets.values import pack

EXERCISES = list(catalogue.load())
CHAPTERS = [chapter.read(c.path) for c in catalogue.load().chapters]


def named(exercise: Exercise) -> str:
    return exercise.name


@pytest.mark.parametrize("exercise", EXERCISES, ids=named)
def test_exercise_keeps_its_promises(exercise: Exercise) -> None:
    """Right answers get full marks, wrong ones lose points and are named."""
    findings = list(verify.verify(exercise, CHAPTERS, Referee(DEVELOPMENT)))
    assert [f for f in findings if not f.kept] == []


# One of each kind of caller; `make verify` kills the mutants of all.
MUTATED = ("depthwise_conv2d", "rank1", "SeparableConv2d")


@pytest.mark.parametrize("name", MUTATED)
def test_mutants_are_killed(name: str) -> None:
    """Every mutant of the reference loses points or is listed with a reason."""
    exercise = catalogue.load().exercise(name)
    assert finding(exercise, kill(exercise, Referee(DEVELOPMENT))).detail == ""


@pytest.mark.parametrize("exercise", EXERCISES, ids=named)
def test_hidden_numbers_are_not_public(exercise: Exercise) -> None:
    """No drawn argument of a hidden case equals one of a public case, and
    another secret draws other numbers."""
    cases = drawn_cases(exercise, DEVELOPMENT)
    public = {pack(d.call.args) for d in cases if d.case.public}
    # What an author wrote out, say an image of zeros, is the same for all.
    hidden = [d for d in cases if not d.case.public and is_drawn(d.case.call.args)]
    other = drawn_cases(exercise, b"another secret, long enough")
    others = {d.case.label: pack(d.call.args) for d in other}
    assert not public & {pack(d.call.args) for d in hidden}
    assert all(pack(d.call.args) != others[d.case.label] for d in hidden)


def is_drawn(value: object) -> bool:
    """Whether any part of an argument is drawn from the seed."""
    if isinstance(value, dict):
        return any(map(is_drawn, value.values()))
    if isinstance(value, tuple | list):
        return any(map(is_drawn, value))
    return isinstance(value, Drawn)


def test_public_numbers_do_not_depend_on_the_secret() -> None:
    """What is shipped to students does not change with the seed."""
    case = Case("g", "l", Call((normal(2, 3),)), public=True)
    assert pack(draw(case, "e", b"one").args) == pack(draw(case, "e", PUBLIC).args)


def test_lint_objects_to_blind_cases() -> None:
    """Square and symmetric inputs and a bias that fits elsewhere are named."""
    exercise = catalogue.load().exercise("conv2d")
    blind = Case("plain", "square", Call((normal(1, 2, 4, 4), normal(3, 2, 2, 1))))
    whole = Exercise(
        exercise.reference, 1, "warm-up", exercise.groups, [blind], exercise.explain
    )
    reasons = [why for _, why in lint.objections(whole, DEVELOPMENT)]
    assert "x is square: exchanged axes do not show" in reasons
    assert "no stride with two different entries" in reasons


SOURCE = """
def f(x, w):
    n = 1
    ### BEGIN SOLUTION
    n += x[1:, :]
    return g(n, w, key=-1).sum(axis=(0, 2))
    ### END SOLUTION
"""


def test_mutants_change_the_answer_and_nothing_else() -> None:
    """Arguments, keywords, axes, slices, += and calls are changed, rails not."""
    changes = "\n".join(m.change for m in mutants(SOURCE))
    for part in (
        "n = x[1:, :]",
        "x[:, :]",
        "g(w, n, key=-1)",
        "g(n, w).sum",
        "axis=(2, 0)",
        "key=1)",
        "=> return g(n, w, key=-1)",
        "pass",
    ):
        assert part in changes
    assert "n = 2" not in changes
