"""One submission at a time, on a warm sandbox: from bytes to verdicts.

`course grade` has a bench in every worker; nbgrader's own commands have one in
their process. Both therefore grade alike.
"""

from __future__ import annotations

import copy
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from nbformat import NotebookNode

from autograder.catalogue import Catalogue
from autograder.errors import SubmissionTrouble, UsageError
from autograder.grading import ipynb
from autograder.grading.graded import Graded, Sheet, sheet, zero
from autograder.grading.ingest import SubmittedCell, read_cells
from autograder.grading.program import program
from autograder.grading.remarks import remark
from autograder.grading.store import Store, address
from autograder.grading.transplant import transplant
from autograder.judging.referee import Referee
from autograder.model import Exercise, Verdict
from autograder.sandbox import Sandbox, Session
from autograder.sandbox.program import Program


@dataclass
class Timings:
    """Seconds by stage, and how many verdicts were computed and looked up."""

    seconds: dict[str, float] = field(default_factory=dict)
    computed: int = 0
    looked_up: int = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time that is spent inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + spent

    def add(self, other: Timings) -> None:
        """Add what another process spent."""
        for name, spent in other.seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent
        self.computed += other.computed
        self.looked_up += other.looked_up


class Bench:
    """A sandbox, a referee and a store of verdicts.

    release: the notebook of a chapter as it was given out. again: compute what
    is filed already. The sandbox starts with the first verdict that has to be
    computed, if it does not run yet.
    """

    def __init__(
        self,
        release: Callable[[str], NotebookNode],
        store: Store,
        catalogue: Catalogue,
        seed: bytes,
        sandbox: Sandbox,
        again: bool = False,
    ) -> None:
        self.release = release
        self.store = store
        self.catalogue = catalogue
        self.again = again
        self._referee = Referee(seed)
        self._sandbox = sandbox
        self._started = False
        # Once for the whole life of a bench: what it has imported stays as well.
        digest = hashlib.sha256(b"seed " + seed).hexdigest()
        self._versions = {c.name: f"{c.version} {digest}" for c in catalogue.chapters}

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox, if it was started."""
        self._sandbox.close()

    def grade(self, data: bytes, chapter: str, timings: Timings) -> Graded:
        """Grade the bytes of a notebook; a student's trouble is in the result."""
        try:
            with timings.stage("ingest"):
                cells = read_cells(data)
        except SubmissionTrouble as trouble:
            return self.refuse(chapter, str(trouble))
        return self.grade_cells(cells, chapter, timings)

    def grade_cells(
        self, cells: tuple[SubmittedCell, ...], chapter: str, timings: Timings
    ) -> Graded:
        """Grade cells that were read from a submission."""
        release = self.release(chapter)
        try:
            with timings.stage("ingest"):
                rebuilt = transplant(release, cells, chapter)
        except SubmissionTrouble as trouble:
            return self.refuse(chapter, str(trouble))
        sheets = self.judge(rebuilt.notebook, chapter, timings)
        return Graded(rebuilt.notebook, sheets, notes=rebuilt.notes)

    def refuse(self, chapter: str, trouble: str) -> Graded:
        """What comes of a submission that cannot be graded: zero, and why."""
        exercises = self.catalogue.chapter(chapter).exercises
        sheets = tuple(zero(exercise, trouble) for exercise in exercises)
        notebook = copy.deepcopy(self.release(chapter))
        return Graded(notebook, sheets, trouble)

    def judge(
        self, notebook: NotebookNode, chapter: str, timings: Timings
    ) -> tuple[Sheet, ...]:
        """The verdicts of a rebuilt notebook, from the store where they are."""
        found = self.catalogue.chapter(chapter)
        runs = program(notebook)
        at = {
            e.name: address(runs, e.name, self._versions[chapter])
            for e in found.exercises
        }
        verdicts = {} if self.again else self._filed(at)
        timings.looked_up += len(verdicts)
        missing = [e for e in found.exercises if e.name not in verdicts]
        if missing:
            for verdict in self._judge(missing, runs, timings):
                self.store.put(at[verdict.exercise], verdict)
                verdicts[verdict.exercise] = verdict
        return tuple(sheet(e, verdicts[e.name]) for e in found.exercises)

    def _filed(self, at: dict[str, str]) -> dict[str, Verdict]:
        filed = {name: self.store.get(where) for name, where in at.items()}
        return {name: verdict for name, verdict in filed.items() if verdict}

    def _judge(
        self, exercises: list[Exercise], runs: Program, timings: Timings
    ) -> Iterator[Verdict]:
        if not self._started:
            with timings.stage("sandbox start"):
                self._sandbox.start()
            self._started = True
        with timings.stage("cells"):
            session = self._sandbox.open(runs)
        with session:
            for exercise in exercises:
                yield self._judge_one(exercise, session, timings)

    def _judge_one(
        self, exercise: Exercise, session: Session, timings: Timings
    ) -> Verdict:
        with timings.stage("referee"):
            verdict = self._referee.judge(exercise, session)
        timings.computed += 1
        return replace(verdict, remark=remark(exercise, session, verdict))


def released(course: Path, chapter: str) -> bytes:
    """The file of the notebook that was given out. Raises UsageError."""
    path = course / "release" / chapter / f"{chapter}.ipynb"
    try:
        data = path.read_bytes()
        ipynb.parse(data)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"Reading what was released of the chapter '{chapter}': {error}. "
            f"Run `course release {chapter}` first."
        ) from None
    return data
