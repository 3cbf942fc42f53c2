"""`course verify`: what every exercise has to prove before it may grade.

Answers of our own are graded as a submission is, short of the sandbox.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judging import forbidden, lint
from autograder.judging.cases import DrawnCase, drawn_cases
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee, rules
from autograder.model import Exercise, Mistake, Verdict
from autograder.publishing.chapter import Chapter
from autograder.publishing.stub import stub
from autograder.sandbox.program import Cell, Program
from convnets.answers import invoke_here
from convnets.compare import compare

LEAST_MISTAKES = 5
LEAST_BROKEN = 3  # of a trained network, where each costs a training
STEP = 1e-4  # of central differences; their error goes with its square


@dataclass(frozen=True)
class Finding:
    """One promise of one exercise, and whether it is kept."""

    exercise: str
    promise: str
    kept: bool
    detail: str = ""


def verify(
    exercise: Exercise, chapters: list[Chapter], referee: Referee
) -> Iterator[Finding]:
    """Check the contract of an exercise, a finding a promise.

    chapters: all of the book, to see which cells import the exercise.
    """
    promises: list[tuple[str, Callable[[], str]]] = [
        ("one chapter cell imports it", lambda: _cells(exercise, chapters)),
        ("its docstring gives shapes and errors", lambda: _docstring(exercise)),
        ("labels, groups and points fit", lambda: _groups(exercise)),
        ("its cases are not degenerate", lambda: _lint(exercise, referee)),
        ("the reference gets full marks", lambda: _reference(exercise, referee)),
        ("the stub gets none", lambda: _stub(exercise, referee)),
        ("the oracle agrees", lambda: _oracle(exercise, referee)),
        ("every right answer gets full marks", lambda: _rights(exercise, referee)),
        ("every mistake loses points and is named", lambda: _wrongs(exercise, referee)),
        ("no right answer calls what is forbidden", lambda: _calls(exercise)),
        ("gradients are those of the forward pass", lambda: _slopes(exercise, referee)),
        ("two runs agree", lambda: _twice(exercise, referee)),
    ]
    for promise, broken in promises:
        detail = broken()
        yield Finding(exercise.name, promise, not detail, detail)


def judge(
    function: Callable[..., Any], exercise: Exercise, referee: Referee
) -> Verdict:
    """Grade a function of ours."""
    return referee.judge(exercise, LocalSession(function))


def quick(referee: Referee) -> Referee:
    """One that gives the same scores and messages, and shrinks no input."""
    return Referee(referee.seed, shrinks=False)


def _cells(exercise: Exercise, chapters: list[Chapter]) -> str:
    found = [c.name for c in chapters for name in c.exercises if name == exercise.name]
    if len(found) == 1:
        return ""
    return (
        f"{len(found)} cells import it ({', '.join(found)}). Write one cell tagged "
        f"`exercise` with `from solutions.<chapter> import {exercise.name}`."
    )


def _docstring(exercise: Exercise) -> str:
    text = inspect.getdoc(exercise.reference) or ""
    wanted = ["Raises"]
    wanted.append("forward" if isinstance(exercise.reference, type) else "Returns")
    missing = [word for word in wanted if word not in text]
    return f"it does not say {' and '.join(missing)}" if missing else ""


def _groups(exercise: Exercise) -> str:
    labels = Counter(case.label for case in exercise.cases)
    twice = [label for label, count in labels.items() if count > 1]
    if twice:
        return f"the label '{twice[0]}' stands twice"
    names = [group.name for group in exercise.groups]
    unknown = {case.group for case in exercise.cases} - set(names)
    if unknown:
        return f"cases are in the group '{unknown.pop()}', which is not declared"
    for name in names:
        cases = [case for case in exercise.cases if case.group == name]
        if not any(case.public for case in cases):
            return f"the group '{name}' has no public case"
        if all(case.public for case in cases):
            return f"the group '{name}' has no hidden case"
    least = LEAST_BROKEN if exercise.measured else LEAST_MISTAKES
    if len(exercise.mistakes) < least:
        return f"{len(exercise.mistakes)} mistakes, {least} are needed"
    return ""


def _lint(exercise: Exercise, referee: Referee) -> str:
    objections = lint.objections(exercise, referee.seed)
    return "; ".join(f"{label}: {why}" for label, why in objections[:3])


def _reference(exercise: Exercise, referee: Referee) -> str:
    for drawn in drawn_cases(exercise, referee.seed):
        if drawn.expected.kind == "raised" and drawn.expected.error != "ValueError":
            return f"'{drawn.case.label}' raises {drawn.expected.error}"
    return _lost(judge(exercise.reference, exercise, referee))


def _calls(exercise: Exercise) -> str:
    """Reads the sources; what runs is watched where right answers are graded."""
    for answer in (exercise.reference, *exercise.alternatives):
        function = inspect.unwrap(answer)
        module = inspect.getmodule(function)
        name = function.__qualname__.partition(".")[0]
        source = inspect.getsource(module) if module else ""
        cell = Cell(name, source, (name,))
        if found := forbidden.in_source(exercise, Program((cell,)), name):
            return found
    return ""


def _slopes(exercise: Exercise, referee: Referee) -> str:
    """Compares, along random directions, with finite differences in float64."""
    if exercise.forward is None:
        return ""
    rng = np.random.default_rng(0)
    for drawn in drawn_cases(exercise, referee.seed):
        arguments = (*drawn.call.args, *drawn.call.kwargs.values())
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        exact = all(array.dtype == np.float64 for array in arrays)
        exact = exact and drawn.expected.kind == "returned"
        if exact and (off := _off_slope(exercise.forward, drawn, rng)):
            return f"on '{drawn.case.label}': {off}"
    return ""


def _off_slope(
    forward: Callable[..., Any], drawn: DrawnCase, rng: np.random.Generator
) -> str:
    dy, value = drawn.call.args[0], drawn.expected.value
    function, variables = forward(*drawn.call.args, **drawn.call.kwargs)
    gradients = value if isinstance(value, tuple) else (value,)
    for i, gradient in enumerate(gradients):
        direction = rng.standard_normal(gradient.shape)
        ahead, behind = (
            function(*variables[:i], variables[i] + h * direction, *variables[i + 1 :])
            for h in (STEP, -STEP)
        )
        slope = float((dy * (ahead - behind)).sum()) / (2 * STEP)
        ours = float((gradient * direction).sum())
        if not math.isclose(slope, ours, rel_tol=1e-5, abs_tol=1e-7):
            return (
                f"result {i} gives the slope {ours:.8g}, the forward pass {slope:.8g}"
            )
    return ""


def _lost(verdict: Verdict) -> str:
    failed = [case.label for case in verdict.cases if not case.passed]
    return f"fails '{failed[0]}' ({len(failed)} cases)" if failed else ""


def _stub(exercise: Exercise, referee: Referee) -> str:
    module = inspect.getmodule(exercise.reference)
    namespace = dict(vars(module)) if module else {}
    source = stub(inspect.getsource(exercise.reference))
    exec(compile(source, f"<stub of {exercise.name}>", "exec"), namespace)
    verdict = judge(namespace[exercise.name], exercise, quick(referee))
    if verdict.score == 0:
        return ""
    return f"it gets {verdict.score:g} points: a group holds only cases that rails pass"


def _oracle(exercise: Exercise, referee: Referee) -> str:
    if exercise.oracle is None:
        return ""
    for drawn in drawn_cases(exercise, referee.seed):
        answer = invoke_here(exercise.oracle, drawn.call)
        found = compare(drawn.expected, answer, rules(exercise, drawn))
        if found is not None:
            return f"on '{drawn.case.label}': {found.sentence}"
    return ""


def _rights(exercise: Exercise, referee: Referee) -> str:
    for alternative in exercise.alternatives:
        if lost := _lost(judge(alternative, exercise, referee)):
            return f"{alternative.__name__} {lost}"
    return ""


def _wrongs(exercise: Exercise, referee: Referee) -> str:
    """Shrinks the input of one mistake, as for a student; that there is an input
    that shows it, and what it points to, does not need the smallest."""
    for i, mistake in enumerate(exercise.mistakes):
        if exercise.measured:
            if not _loses(mistake, exercise, referee):
                return f"'{mistake.says}' gets full marks"
            continue
        verdict = judge(mistake.function, exercise, quick(referee) if i else referee)
        if verdict.passed:
            return f"'{mistake.says}' gets full marks"
        if verdict.explanation is None:
            return f"'{mistake.says}' is not explained by any input"
        if mistake.says not in verdict.explanation.diagnoses:
            return f"'{mistake.says}' is not named"
    return ""


def _loses(mistake: Mistake, exercise: Exercise, referee: Referee) -> bool:
    """Whether a broken network costs points; trained until a case says so."""
    label = referee.first_failure(exercise, LocalSession(mistake.function))
    lost = [case.group for case in exercise.cases if case.label == label]
    return any(group.points for group in exercise.groups if group.name in lost)


def _twice(exercise: Exercise, referee: Referee) -> str:
    if not exercise.mistakes:
        return ""
    wrong = exercise.mistakes[0].function
    first, second = (judge(wrong, exercise, quick(referee)) for _ in range(2))
    same = (first.score, first.cases) == (second.score, second.cases)
    return "" if same else "the same answer got two verdicts"
