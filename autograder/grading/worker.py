"""The half of `course grade` that runs in workers: bytes in, bytes out."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.examiner import Bench, Timings
from autograder.grading.feedback import fragment
from autograder.grading.graded import Graded, file_verdicts, show_verdicts
from autograder.grading.ingest import printable
from autograder.grading.records import Record, record_of
from autograder.sandbox import Level, Limits

LOST = (
    "Grading this submission ended the grader's process, twice. It has no score "
    "yet; a person has to look at it."
)


@dataclass(frozen=True)
class Plan:
    """How workers grade: everything that a bench is made of."""

    course: Path
    chapters: tuple[str, ...]
    seed: bytes
    level: Level
    limits: Limits | None
    again: bool

    def bench(self) -> Bench:
        """A bench, whose sandbox is not started yet."""
        known = catalogue.load(only=self.chapters)
        return Bench(self.course, known, self.seed, self.level, self.limits, self.again)


@dataclass(frozen=True)
class Job:
    """One submission, as bytes, so that a worker may be on another machine."""

    student: str
    chapter: str
    data: bytes
    trouble: str
    timestamp: datetime | None


@dataclass(frozen=True)
class Done:
    """What a worker makes of a job: the autograded notebook and the record."""

    notebook: bytes
    record: Record
    trouble: str
    timings: Timings


def executor(plan: Plan, width: int) -> Executor:
    """Processes that have a bench each.

    Spawned, not forked: a worker must not inherit what this process holds.
    """
    start = partial(_start, plan)
    return ProcessPoolExecutor(width, get_context("spawn"), initializer=start)


_BENCH: Bench | None = None


def _start(plan: Plan) -> None:
    global _BENCH
    _BENCH = plan.bench()
    Finalize(None, _BENCH.close, exitpriority=1)  # workers do not run atexit


def grade_one(job: Job) -> Done:
    """Grade one submission on the bench of this worker."""
    assert _BENCH is not None  # _start ran
    timings = Timings()
    if job.trouble:
        graded = _BENCH.refuse(job.chapter, job.trouble)
    else:
        graded = _BENCH.grade(job.data, job.chapter, timings)
    return _done(job, graded, timings)


def lost(plan: Plan, job: Job, error: Exception) -> Done:
    """What comes of a submission on which the grader itself failed.

    No score, not zero: a person is asked for the grade.
    """
    done = _done(job, plan.bench().refuse(job.chapter, LOST), Timings())
    scores: dict[str, float | None] = dict.fromkeys(done.record.scores)
    record = Record(job.student, job.chapter, scores, timestamp=job.timestamp)
    reason = printable(f"{LOST} ({type(error).__name__}: {error})")
    return Done(done.notebook, record, reason, done.timings)


def _done(job: Job, graded: Graded, timings: Timings) -> Done:
    record = record_of(job.student, job.chapter, graded, job.timestamp)
    notebook = show_verdicts(file_verdicts(graded), fragment)
    return Done(ipynb.to_bytes(notebook), record, graded.trouble, timings)
