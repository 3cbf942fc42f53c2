"""`course try`: one exercise, answered in a plain Python file, graded as a
submission is.
"""

from __future__ import annotations

import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import CourseError, UsageError
from autograder.model import Explanation, Verdict
from autograder.sandbox import Cell, Level, Program, Sandbox

MAX_BYTES = 1 << 20


def attempt(name: str, path: Path, level: Level) -> Verdict:
    """Grade the file's function of that name in the sandbox.

    Raises UsageError for an exercise or a file that is not there, SetUpError
    if the isolation level does not hold here.
    """
    source = _read(path)
    sandbox = Sandbox(level, trains="torch.optim" in source)
    try:
        # The zygote and the references both load torch: side by side.
        failed: list[CourseError] = []
        starting = threading.Thread(target=_start, args=(sandbox, failed))
        starting.start()
        try:
            from autograder.catalogue import load
            from autograder.judging.cases import secret_seed
            from autograder.judging.referee import Referee

            exercise = load().exercise(name)
            referee = Referee(secret_seed())
        finally:
            starting.join()
        if failed:
            raise failed[0]
        with sandbox.open(Program((Cell(name, source, (name,)),))) as session:
            return referee.judge(exercise, session)
    finally:
        sandbox.close()


def _start(sandbox: Sandbox, failed: list[CourseError]) -> None:
    try:
        sandbox.start()
    except CourseError as error:
        failed.append(error)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise UsageError(f"Reading {path}: it holds over {MAX_BYTES} bytes.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"Reading {path}: {error.strerror}. Name a Python file that defines "
            "the exercise's function."
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(f"Reading {path}: it is no UTF-8 text ({error}).") from None


def as_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as `--json` prints it."""
    found = verdict.explanation
    return {
        "exercise": verdict.exercise,
        "score": verdict.score,
        "points": verdict.points,
        "passed": verdict.passed,
        "trouble": verdict.trouble,
        "cases": [
            {
                "label": case.label,
                "group": case.group,
                "passed": case.passed,
                "public": case.public,
                "message": case.message,
            }
            for case in verdict.cases
        ],
        "explanation": None if found is None else _explanation(found),
    }


def _explanation(found: Explanation) -> dict[str, Any]:
    return {
        "message": found.message,
        "call": found.call,
        "given": found.given,
        "expected": found.expected,
        "received": found.received,
        "diagnoses": list(found.diagnoses),
    }


def in_words(verdict: Verdict) -> Iterator[str]:
    """A verdict for the terminal, a line at a time."""
    yield f"{verdict.exercise}: {verdict.score:g} of {verdict.points} points"
    if verdict.trouble:
        yield verdict.trouble
    for case in verdict.cases:
        mark = "passed" if case.passed else "failed"
        message = f": {case.message}" if case.message else ""
        yield f"  {mark}  {case.group} - {case.label}{message}"
    if found := verdict.explanation:
        yield "The smallest input found that shows it:"
        for title, body in (
            ("called", f"{found.call}\n{found.given}"),
            ("expected", found.expected),
            ("received", found.received),
        ):
            yield f"  {title}"
            yield textwrap.indent(body.rstrip(), "    ")
        yield f"  {found.message}"
        for says in found.diagnoses:
            yield f"Your result is what one gets when {says}."
