"""The half of `course grade` that runs in workers: bytes in, bytes out.

A worker may be on another machine. It needs an installation of the course with
the same sources, and nothing of the course folder: what was given out travels
with the plan, and what would be filed travels back.
"""

from __future__ import annotations

import gc
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from pathlib import Path

from nbformat import NotebookNode

from autograder import catalogue
from autograder.errors import SetUpError
from autograder.grading import ipynb
from autograder.grading.early import Starting, starting
from autograder.grading.examiner import Bench, Timings
from autograder.grading.feedback import fragment, page
from autograder.grading.graded import Graded, file_verdicts, show_verdicts
from autograder.grading.ingest import printable
from autograder.grading.records import Grades, Record, record_of
from autograder.grading.remarks import remarks
from autograder.grading.store import Outbox, environment
from autograder.model import Verdict
from autograder.sandbox import Level, Limits, Sandbox

LOST = (
    "Grading this submission ended the grader's process, twice. It has no score "
    "yet; a person has to look at it."
)
MACHINERY = ("*.py", "grading/*.py", "judging/*.py", "sandbox/*.py", "templates/*")


def sources(chapters: Iterable[str]) -> dict[str, str]:
    """What makes a grade besides a submission, as digests: the machinery and
    each chapter's checks; and the environment."""
    digest = hashlib.sha256()
    for pattern in MACHINERY:
        for path in sorted((catalogue.ROOT / "autograder").glob(pattern)):
            if path.is_file():  # Python may have compiled what lies there
                digest.update(path.name.encode() + path.read_bytes())
    found = {name: catalogue.version(name) for name in chapters}
    return found | {"": f"{digest.hexdigest()} {environment()}"}


@dataclass(frozen=True)
class Plan:
    """How workers grade: everything that a bench is made of.

    releases: the notebooks that were given out, by chapter; verdicts: the
    folder of filed verdicts, which may not be there on another machine;
    sources: as the function of this name gives them.
    """

    releases: Mapping[str, bytes]
    verdicts: Path
    seed: bytes
    level: Level
    limits: Limits | None
    again: bool
    sources: Mapping[str, str]

    @cached_property
    def key(self) -> str:
        """Equal for equal plans; says nothing of the seed."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def sandbox(self) -> Sandbox:
        """A sandbox, which is not started yet."""
        return Sandbox(self.level, self.limits, catalogue.trains(self.releases))

    def depends(self, chapter: str) -> str:
        """A digest of all that a grade depends on besides the submission."""
        parts = [self.sources[chapter], self.sources[""], self.seed.hex()]
        parts += [repr(self.level), repr(self.limits)]
        parts.append(hashlib.sha256(self.releases[chapter]).hexdigest())
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def bench(self, sandbox: Sandbox) -> Bench:
        """A bench whose sandbox this is.

        Raises SetUpError where this machine has other sources than the one
        that made the plan.
        """
        if (here := sources(self.releases)) != self.sources:
            other = [n or "machinery" for n in here if here[n] != self.sources[n]]
            raise SetUpError(
                f"Starting a worker: its {', '.join(other)} or its packages are not "
                "those of the grader that started the run. Install the same "
                "revision of the course and its requirements.lock on every machine."
            )
        notebooks = {name: ipynb.parse(data) for name, data in self.releases.items()}
        return Bench(
            notebooks.__getitem__,
            Outbox(self.verdicts),
            catalogue.load(only=self.releases),
            self.seed,
            sandbox,
            self.again,
        )


@dataclass(frozen=True)
class Done:
    """What a worker makes of a job: the autograded notebook and the record.

    verdicts: those that were computed, to be filed, by address; remarks: what
    staff should know of how it ran.
    """

    notebook: bytes
    record: Record
    trouble: str
    timings: Timings
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    remarks: str = ""


@dataclass(frozen=True)
class Job:
    """One submission, to be graded. trouble: why it cannot be opened."""

    student: str
    chapter: str
    data: bytes
    trouble: str
    timestamp: datetime | None

    def run(self, bench: Bench) -> Done:
        """Grade it."""
        timings = Timings()
        if self.trouble:
            graded = bench.refuse(self.chapter, self.trouble)
        else:
            graded = bench.grade(self.data, self.chapter, timings)
        with timings.stage("notebook"):
            done = _done(self, graded, bench.release(self.chapter), timings)
        assert isinstance(bench.store, Outbox)  # Plan.bench made it
        return replace(done, verdicts=bench.store.take())


@dataclass(frozen=True)
class PageJob:
    """An autograded notebook and what the gradebook says of it."""

    notebook: bytes
    grades: Grades

    def run(self, bench: Bench) -> MadePage:
        """Write the feedback page."""
        timings = Timings()
        with timings.stage("page"):
            html = page(ipynb.parse(self.notebook), self.grades).encode()
        return MadePage(html, timings)


@dataclass(frozen=True)
class MadePage:
    """A feedback page."""

    html: bytes
    timings: Timings


class Workplace:
    """The benches of this process, by plan.

    A local worker has one. One that serves several graders keeps a bench for
    each, and works for one at a time: neither Hypothesis nor the outbox is to be
    shared by threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plans: dict[str, tuple[Plan, Starting]] = {}
        self._benches: dict[str, Bench] = {}
        self._spent = 0.0

    def expect(
        self, plan: Plan, sandbox: Starting | None = None, spent: float = 0.0
    ) -> None:
        """Jobs of this plan may come. sandbox: one for it, if there is one already;
        spent: seconds that it took to come here."""
        self._plans[plan.key] = plan, sandbox or starting(plan.sandbox())
        self._spent = spent

    def forget(self, key: str) -> None:
        """End the bench of a plan."""
        with self._lock:
            self._benches.pop(key, None)
            if expected := self._plans.pop(key, None):
                expected[1].close()

    def work(self, key: str, job: Job | PageJob) -> Done | MadePage:
        """Do a job of a plan. Raises CourseError."""
        with self._lock:
            began = time.perf_counter()
            if fresh := key not in self._benches:
                plan, started = self._plans[key]
                with _much_to_keep():
                    self._benches[key] = plan.bench(started.sandbox)
            spent = self._spent + time.perf_counter() - began
            outcome = job.run(self._benches[key])
            if fresh:
                outcome.timings.seconds["worker start"] = spent
            return outcome


@contextmanager
def _much_to_keep() -> Iterator[None]:
    """Imports take a quarter less time while nobody looks for garbage; what was
    imported is not looked at later, either."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


HERE = Workplace()


def start(plan: Plan, sandbox: Starting, spent: float) -> None:
    """Make ready a process that works for one plan and then ends."""
    HERE.expect(plan, sandbox, spent)
    if parent := parent_process():
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # Workers do not run atexit.
    Finalize(None, HERE.forget, (plan.key,), exitpriority=1)
    # Python would search all of torch for garbage before it ends: half a second.
    Finalize(None, gc.freeze, exitpriority=0)


def _end_with(parent: BaseProcess) -> None:
    """End when the grader does: one that is killed cannot tell its workers."""
    parent.join()
    os._exit(1)


def work(key: str, job: Job | PageJob) -> Done | MadePage:
    """Do a job in this process; `key` is that of an expected plan."""
    return HERE.work(key, job)


def lost(plan: Plan, job: Job, error: Exception) -> Done:
    """What comes of a submission on which the grader itself failed.

    No score, not zero: a person is asked for the grade.
    """
    bench = plan.bench(plan.sandbox())
    graded, release = bench.refuse(job.chapter, LOST), bench.release(job.chapter)
    done = _done(job, graded, release, Timings())
    scores: dict[str, float | None] = dict.fromkeys(done.record.scores)
    record = Record(job.student, job.chapter, scores, timestamp=job.timestamp)
    reason = printable(f"{LOST} ({type(error).__name__}: {error})")
    return Done(done.notebook, record, reason, done.timings)


def _done(job: Job, graded: Graded, release: NotebookNode, timings: Timings) -> Done:
    record = record_of(job.student, job.chapter, graded, release, job.timestamp)
    notebook = show_verdicts(file_verdicts(graded), fragment)
    data, said = ipynb.to_bytes(notebook), remarks(graded)
    return Done(data, record, graded.trouble, timings, remarks=said)
