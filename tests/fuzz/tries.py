"""Everything that can be tried, by kind, with what each needs made once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from course_folder import copy_of_released

from autograder import catalogue
from autograder.grading.examiner import Bench
from autograder.grading.store import Store
from autograder.judging.cases import DEVELOPMENT
from autograder.model import Verdict
from autograder.sample.desk import Desk, desk_of
from autograder.sandbox import Level, Limits, Sandbox
from fuzz import names, notebooks, replies, verdicts

CHAPTER = "depthwise"
# How many `make fuzz` tries of each kind.
KINDS = {
    "frames": 100_000,
    "notebooks": 10_000,
    "outside": 1_000,
    "names": 100_000,
    "filed": 5_000,
    "graded": 300,
}


@dataclass
class Tries:
    """What the kinds need: a released chapter, a bench, a folder of verdicts."""

    desk: Desk
    whole: bytes
    bench: Bench
    store: Store
    verdict: Verdict

    def one(self, kind: str, seed: int, number: int) -> str:
        """Try one piece of rubbish; AssertionError where a promise is broken."""
        random = Random(f"{seed} {kind} {number}")
        if kind == "frames":
            return replies.try_reply(random)
        if kind == "notebooks":
            return notebooks.try_notebook(self.desk, self.whole, random)
        if kind == "outside":
            return notebooks.try_harmless(self.desk, self.whole, random)
        if kind == "names":
            return names.try_name(random)
        if kind == "filed":
            return verdicts.try_filed(self.store, self.verdict, random)
        return verdicts.try_graded(self.bench, self.desk, random)


@contextmanager
def made_tries(folder: Path) -> Iterator[Tries]:
    """What trying takes, in a folder of its own."""
    course = copy_of_released(folder)
    known = catalogue.load(only=[CHAPTER])
    desk = desk_of(course, known.chapter(CHAPTER))
    # Rubbish that loops for ever is ended soon; what is right takes far less.
    limits = Limits(cells_seconds=5)
    store = Store(folder / "verdicts")
    sandbox = Sandbox(Level.ISOLATED, limits)
    with Bench(lambda _: desk.release, store, known, DEVELOPMENT, sandbox) as bench:
        verdict = verdicts.any_verdict(bench, desk)
        filed = Store(folder / "filed")
        yield Tries(desk, notebooks.right(desk), bench, filed, verdict)
