"""Mutants of a reference, graded as a submission is, short of the sandbox.

Every mutant has to lose points, or to be listed in the exercise's
`equivalents` with a reason that a reviewer can check.
"""

from __future__ import annotations

import inspect
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from autograder import folders
from autograder.judging.local import LocalSession
from autograder.judging.mutations import Mutant, mutants
from autograder.judging.referee import Referee
from autograder.judging.verify import Finding
from autograder.model import Exercise

SECONDS = 5  # for one mutant; a loop without an end is a kill


class TooLong(BaseException):
    """Ends a mutant that does not end; no `except Exception` catches it."""


@dataclass(frozen=True)
class Fate:
    """What became of a mutant. killed_by: the label of the first case that
    failed; empty for a survivor. reason: why it is listed as equivalent."""

    mutant: Mutant
    killed_by: str
    reason: str = ""


def kill(exercise: Exercise, referee: Referee) -> list[Fate]:
    """Grade every mutant of an exercise's reference."""
    source = inspect.getsource(exercise.reference)
    return [_fate(exercise, referee, mutant) for mutant in mutants(source)]


def _fate(exercise: Exercise, referee: Referee, mutant: Mutant) -> Fate:
    reason = exercise.equivalents.get(mutant.change, "")
    module = inspect.getmodule(exercise.reference)
    namespace: dict[str, Any] = dict(vars(module)) if module else {}
    try:
        with _clock(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(mutant.source, "<mutant>", "exec"), namespace)
            session = LocalSession(namespace[exercise.name])
            return Fate(mutant, referee.first_failure(exercise, session), reason)
    except TooLong:
        return Fate(mutant, "the clock", reason)


@contextmanager
def _clock() -> Iterator[None]:
    def over(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def finding(exercise: Exercise, fates: list[Fate]) -> Finding:
    """Whether all were killed, and the reasons of those that were not needed."""
    promise = f"its {len(fates)} mutants are killed or equivalent"
    survivors = [f.mutant.change for f in fates if not f.killed_by and not f.reason]
    stale = set(exercise.equivalents) - {f.mutant.change for f in fates if f.reason}
    stale |= {f.mutant.change for f in fates if f.killed_by and f.reason}
    detail = ""
    if survivors:
        detail = f"{len(survivors)} survive: {'; '.join(survivors)}"
    elif stale:
        detail = f"listed as equivalent, but killed or gone: {stale.pop()}"
    return Finding(exercise.name, promise, not detail, detail)


def write_table(fates: list[Fate], path: Path) -> None:
    """Write which case killed which mutant."""
    rows = [
        f"| `{fate.mutant.change}` | {fate.killed_by or 'equivalent: ' + fate.reason} |"
        for fate in fates
    ]
    head = f"| mutant of {path.stem} | killed by |\n|---|---|\n"
    folders.write(path, head + "\n".join(rows) + "\n")
