"""`course grade`: the stages from submissions to feedback, one after the other.

Everything that is hostile or slow runs in workers, in parallel; then one
recorder writes all grades down, and the pages are made.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.progress import Progress

from autograder import catalogue, folders
from autograder.errors import CourseError, SubmissionTrouble, UsageError
from autograder.grading import ipynb
from autograder.grading.examiner import Timings
from autograder.grading.feedback import write_page
from autograder.grading.ingest import read_timestamp, read_upload
from autograder.grading.pool import Pool
from autograder.grading.recorder import Recorder, gradebook_url
from autograder.grading.records import Record
from autograder.grading.uploads import Refused, Upload, uploads
from autograder.grading.worker import Done, Job, Plan, executor, grade_one, lost
from autograder.judging.cases import secret_seed
from autograder.sandbox import Level, Limits

Item = TypeVar("Item")


@dataclass(frozen=True)
class Line:
    """One submission in the summary. seconds: what its worker spent on it."""

    student: str
    chapter: str
    score: float
    trouble: str
    seconds: float


@dataclass
class GradeSummary:
    """What a run of `course grade` did.

    waiting: how many scores a person has to give or to look at again; timings:
    seconds by stage; those of the workers are summed over all of them.
    """

    chapters: tuple[str, ...]
    level: str
    jobs: int
    lines: list[Line] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    waiting: int = 0
    timings: Timings = field(default_factory=Timings)
    seconds: float = 0.0

    @property
    def troubles(self) -> list[Line]:
        """The submissions that could not be graded as they were."""
        return [line for line in self.lines if line.trouble]


def grade(
    course: Path,
    chapters: Sequence[str] = (),
    *,
    jobs: int | None = None,
    level: Level = Level.ISOLATED,
    limits: Limits | None = None,
    student: str | None = None,
    again: bool = False,
    progress: Progress | None = None,
) -> GradeSummary:
    """Grade what lies in the course folder's submitted/.

    chapters: none means all. student: only this one. again: compute verdicts
    that are filed already. progress: a started bar of rich's, if any.
    Raises CourseError when the run cannot go on; a submission's trouble is in
    the summary.
    """
    start = time.perf_counter()
    course = course.resolve()
    url = gradebook_url(course)
    names = tuple(c.name for c in catalogue.load(only=chapters).chapters)
    found, refused = uploads(course / "submitted", names, student)
    if not found and not refused:
        raise UsageError(
            f"Grading {', '.join(names)}: there is nothing in {course / 'submitted'}. "
            "Put notebooks at submitted/<student>/<chapter>/<chapter>.ipynb."
        )
    width = max(1, min(jobs or len(os.sched_getaffinity(0)), len(found)))
    summary = GradeSummary(names, level.name.lower(), width, refused=refused)
    plan = Plan(course, names, secret_seed(), level, limits, again)
    records = _grade_all(plan, found, summary, progress)
    with summary.timings.stage("gradebook"), Recorder(url) as recorder:
        recorder.record(records)
        grades = recorder.grades(names)
    summary.waiting = sum(len(found.waiting) for found in grades.values())
    with summary.timings.stage("feedback"):
        for record in _tracked(records, "Feedback", progress, len(records)):
            path = _autograded(course, record.student, record.chapter)
            write_page(course, ipynb.read(path), grades[record.student, record.chapter])
    summary.seconds = time.perf_counter() - start
    folders.write(course / "run.json", json.dumps(asdict(summary), default=str))
    return summary


def summary_lines(summary: GradeSummary) -> Iterator[str]:
    """The summary as lines for a terminal."""
    workers = "1 worker" if summary.jobs == 1 else f"{summary.jobs} workers"
    yield (
        f"{len(summary.lines)} notebooks of {', '.join(summary.chapters)} graded in "
        f"{summary.seconds:.1f} s by {workers}, isolation level {summary.level}: "
        f"{summary.timings.computed} verdicts computed, "
        f"{summary.timings.looked_up} found as filed"
    )
    if summary.troubles:
        yield f"{len(summary.troubles)} could not be graded as they were:"
    for line in summary.troubles:
        yield f"  {line.student}, {line.chapter}: {line.trouble}"
    if summary.waiting:
        wait = "score waits" if summary.waiting == 1 else "scores wait"
        yield f"{summary.waiting} {wait} for a person, in nbgrader's formgrader"
    if summary.refused:
        yield f"{len(summary.refused)} refused:"
    for refused in summary.refused:
        yield f"  {refused.reason}"


def _grade_all(
    plan: Plan,
    found: Sequence[Upload],
    summary: GradeSummary,
    progress: Progress | None,
) -> list[Record]:
    """Grade every upload and write the autograded notebooks."""
    pool = Pool(grade_one, partial(executor, plan, summary.jobs), summary.jobs)
    records = []
    outcomes = pool.run(map(_job, found))
    with _closing(outcomes):
        for job, outcome in _tracked(outcomes, "Grading", progress, len(found)):
            if isinstance(outcome, CourseError):
                raise outcome
            if isinstance(outcome, Exception):
                outcome = lost(plan, job, outcome)
            seen = _write_autograded(plan.course, job, outcome)
            records.append(replace(outcome.record, seen=seen))
            summary.lines.append(_line(job, outcome))
            summary.timings.add(outcome.timings)
    summary.lines.sort(key=lambda line: (line.student, line.chapter))
    return sorted(records, key=lambda record: (record.student, record.chapter))


@contextmanager
def _closing(outcomes: Iterator[object]) -> Iterator[None]:
    """Workers end with the run, also when it ends early."""
    try:
        yield
    finally:
        getattr(outcomes, "close", lambda: None)()


def _job(upload: Upload) -> Job:
    timestamp = read_timestamp(upload.path.parent)
    data, trouble = b"", ""
    try:
        data = read_upload(upload.path)
    except SubmissionTrouble as found:
        trouble = str(found)
    return Job(upload.student, upload.chapter, data, trouble, timestamp)


def _line(job: Job, done: Done) -> Line:
    score = sum(score or 0.0 for score in done.record.scores.values())
    seconds = sum(done.timings.seconds.values())
    return Line(job.student, job.chapter, score, done.trouble, seconds)


def _autograded(course: Path, student: str, chapter: str) -> Path:
    return course / "autograded" / student / chapter / f"{chapter}.ipynb"


def _write_autograded(course: Path, job: Job, done: Done) -> bool:
    """Write the notebook; whether one with the very same cells was there."""
    path = _autograded(course, job.student, job.chapter)
    before = _sources(path)
    folders.write(path, done.notebook)
    seen = before == _sources(path)
    if job.timestamp is not None:  # nbgrader compares it with the next upload's
        folders.write(path.parent / "timestamp.txt", f"{job.timestamp} UTC\n")
    return seen


def _sources(path: Path) -> list[str]:
    try:
        return [cell.source for cell in ipynb.read(path).cells]
    except (OSError, ValueError):
        return []  # not graded before, or by something else


def _tracked(
    items: Iterable[Item], name: str, progress: Progress | None, total: int
) -> Iterable[Item]:
    if progress is None:
        return items
    return progress.track(items, total, description=name)
