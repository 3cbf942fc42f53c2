"""`course verify`: what every exercise has to prove before it may grade.

Answers of our own are graded as a submission is, short of the sandbox.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from autograder import lint
from autograder.cases import drawn_cases
from autograder.chapter import Chapter
from autograder.local import LocalSession
from autograder.model import Exercise, Verdict
from autograder.referee import Referee, rules
from autograder.stub import stub
from convnets.answers import invoke_here
from convnets.compare import compare

LEAST_MISTAKES = 5


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
    if len(exercise.mistakes) < LEAST_MISTAKES:
        return f"{len(exercise.mistakes)} mistakes, {LEAST_MISTAKES} are needed"
    return ""


def _lint(exercise: Exercise, referee: Referee) -> str:
    objections = lint.objections(exercise, referee.seed)
    return "; ".join(f"{label}: {why}" for label, why in objections[:3])


def _reference(exercise: Exercise, referee: Referee) -> str:
    for drawn in drawn_cases(exercise, referee.seed):
        if drawn.expected.kind == "raised" and drawn.expected.error != "ValueError":
            return f"'{drawn.case.label}' raises {drawn.expected.error}"
    return _lost(judge(exercise.reference, exercise, referee))


def _lost(verdict: Verdict) -> str:
    failed = [case.label for case in verdict.cases if not case.passed]
    return f"fails '{failed[0]}' ({len(failed)} cases)" if failed else ""


def _stub(exercise: Exercise, referee: Referee) -> str:
    module = inspect.getmodule(exercise.reference)
    namespace = dict(vars(module)) if module else {}
    source = stub(inspect.getsource(exercise.reference))
    exec(compile(source, f"<stub of {exercise.name}>", "exec"), namespace)
    verdict = judge(namespace[exercise.name], exercise, referee)
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
    for mistake in exercise.mistakes:
        verdict = judge(mistake.function, exercise, referee)
        if verdict.passed:
            return f"'{mistake.says}' gets full marks"
        if verdict.explanation is None:
            return f"'{mistake.says}' is not explained by any input"
        if mistake.says not in verdict.explanation.diagnoses:
            return f"'{mistake.says}' is not named"
    return ""


def _twice(exercise: Exercise, referee: Referee) -> str:
    if not exercise.mistakes:
        return ""
    wrong = exercise.mistakes[0].function
    first, second = (judge(wrong, exercise, referee) for _ in range(2))
    same = (first.score, first.cases) == (second.score, second.cases)
    return "" if same else "the same answer got two verdicts"
