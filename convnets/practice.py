"""`check("conv2d")` and `progress()`: practice in the student's notebook.

`check` runs the public cases on the function in the notebook, on this machine
and offline, and shows the first that differs. What is graded besides, in
hidden cases, it tells by group. Nothing is sent anywhere.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from convnets import desk, overview, report, shown, values
from convnets.answers import Answer, Call, invoke_here
from convnets.barred import first_match, sentence
from convnets.compare import Difference, Rules, compare

FOLDER = Path(__file__).parent
# The grader turns this off: there, submissions answer to hidden cases only.
ENABLED = True

# What `check` found in this session, for `progress`: name -> passed, in all.
_results: dict[str, tuple[int, int]] = {}


class CheckFailed(AssertionError):
    """Some public cases failed. A notebook shows the report, no traceback."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def _render_traceback_(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Tried:
    """One public case on the student's function."""

    label: str
    group: str
    call: Call
    expected: Answer
    received: Answer
    difference: Difference | None


def check(name: str, exercise: Any = None) -> None:
    """Run the public cases of an exercise on your answer.

    name: of the exercise. exercise: your function or class; if it is left
    out, what the notebook calls by that name.
    Shows a report. Raises CheckFailed if a case failed, ValueError if there
    is no such exercise, so that nbgrader's Validate sees it too.
    """
    if not ENABLED:
        return
    info = _exercise(name)
    namespace = sys._getframe(1).f_globals
    if exercise is None:
        exercise = namespace.get(name)
    if any(case["caller"] == "trained" for case in _cases(name)["cases"]):
        print(f"{name} trains a network now; that takes seconds, or a minute.")
    warning = "" if exercise is not namespace.get(name) else _stale(name, namespace)
    found = report.Report(name, info, run(name, exercise), warning)
    _results[name] = (found.passed, found.info["public"])
    shown = report.display(found)
    if found.failure is not None:
        raise CheckFailed(found.headline() if shown else found.text())


def _stale(name: str, namespace: Mapping[str, Any]) -> str:
    """A sentence if the cell with the answer was run last with a mistake in its
    syntax, so that what is checked is what an older version of it defined."""
    shell = namespace.get("get_ipython", lambda: None)()
    begins = re.compile(rf"^(?:def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    cells = [cell for cell in namespace.get("In", ()) if begins.search(cell)]
    if shell is None or not cells:
        return ""
    try:
        ast.parse(shell.transform_cell(cells[-1]))
    except SyntaxError as error:
        return (
            f"This is an older version of {name}: its cell was last run with a "
            f"mistake in line {error.lineno} ({error.msg}). Mend it and run it again."
        )
    return ""


def outcome(name: str, exercise: Any) -> tuple[str, int, int]:
    """The report of an exercise as text, and how many public cases passed."""
    found = report.Report(name, _exercise(name), run(name, exercise))
    return found.text(), found.passed, found.info["public"]


def run(name: str, exercise: Any) -> list[Tried]:
    """The public cases of an exercise on an object, without a report."""
    bundle = _cases(name)
    names = tuple(bundle["names"])
    tried = []
    for case in bundle["cases"]:
        watch = bool(bundle["forbidden"])
        call = Call(tuple(case["args"]), case["kwargs"], case["caller"], watch)
        expected = Answer("returned", case["value"])
        if case["error"]:
            bases = (case["error"],)
            expected = Answer("raised", None, case["error"], bases, case["message"])
        received = invoke_here(exercise, call, names)
        rules = Rules(
            bundle["rtol"],
            case["any_dtype"],
            bundle["results"],
            case["measure"],
            case["least"],
        )
        difference = _barred(bundle, received) or compare(expected, received, rules)
        label, group = case["label"], case["group"]
        tried.append(Tried(label, group, call, expected, received, difference))
        if received.kind == "missing":
            break
    return tried


def _barred(bundle: dict[str, Any], received: Answer) -> Difference | None:
    """A difference if torch ran what the exercise is about."""
    for rule in bundle["forbidden"]:
        if found := first_match(received.used, rule["ops"]):
            evidence = f"torch ran its operation {found}"
            return Difference(
                "forbidden", sentence(bundle["name"], rule["says"], evidence)
            )
    return None


def progress(chapter: str = "") -> None:
    """Show what is done, in points, and what is left.

    chapter: its exercises and questions, a row each; left out, a row a
    notebook. Counts the checks that ran in this session, and for the rest what
    the notebooks in this folder have saved. Answers in words have no check: a
    person grades them. Raises ValueError if there is no such chapter.
    """
    if not ENABLED:
        return
    every = desk.tasks(FOLDER)
    if chapter and chapter not in desk.chapters(every):
        known = ", ".join(desk.chapters(every))
        raise ValueError(f"no chapter is called {chapter!r}; there are {known}")
    found = [
        (task, _now(task, state)) for task, state in desk.states(FOLDER.parent, every)
    ]
    made = overview.chapter(found, chapter) if chapter else overview.course(found)
    shown.show(made.html(), made.text())


def _now(task: desk.Task, state: str) -> str:
    """The state, unless this session knows better."""
    result = _results.get(task.name)
    return state if result is None else desk.verdict(*result)


def names_of(name: str) -> tuple[str, ...]:
    """The parameter names of an exercise."""
    return tuple(_cases(name)["names"])


@cache
def _catalogue() -> Mapping[str, dict[str, Any]]:
    listed = desk.listed(FOLDER)["exercises"]
    return {entry["name"]: entry for entry in listed}


def _exercise(name: str) -> dict[str, Any]:
    known = _catalogue()
    if name in known:
        return known[name]
    if any(task.name == name for task in desk.tasks(FOLDER)):
        raise ValueError(f"{name!r} is answered in words; a person grades the answer")
    raise ValueError(f"no exercise is called {name!r}; there are {list(known)}")


@cache
def _cases(name: str) -> dict[str, Any]:
    found: dict[str, Any] = values.load(FOLDER / "cases" / f"{name}.npz")
    return found
