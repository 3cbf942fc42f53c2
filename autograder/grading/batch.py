"""A batch of submissions through all stages, and what there is to show for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress, TaskID

from autograder import folders
from autograder.errors import CourseError, SubmissionTrouble
from autograder.grading import worker
from autograder.grading.examiner import Timings
from autograder.grading.ingest import read_timestamp, read_upload
from autograder.grading.pool import Pool
from autograder.grading.receipts import (
    Receipt,
    Receipts,
    digest,
    grades_digest,
    receipt,
    upload_digest,
)
from autograder.grading.records import Grades
from autograder.grading.store import Store
from autograder.grading.uploads import Upload
from autograder.grading.worker import Done, Job, MadePage, PageJob, Plan

if TYPE_CHECKING:
    from autograder.grading.recorder import Recorder

Work = Job | PageJob
Workers = Pool[Work, Done | MadePage]


@dataclass(frozen=True)
class Line:
    """One submission in the summary. seconds: what its worker spent on it;
    remarks: what staff should know of how it ran."""

    student: str
    chapter: str
    score: float
    trouble: str
    seconds: float
    remarks: str = ""


@dataclass(frozen=True)
class Graded:
    """A submission and what came of it: of workers, or as a receipt says.

    depends: the digest of what its grade depends on; lost: the grader failed.
    """

    job: Job
    depends: str
    done: Done
    kept: Receipt | None = None
    lost: bool = False


@dataclass(frozen=True)
class Stages:
    """What a run grades with."""

    course: Path
    plan: Plan
    workers: Workers
    open_recorder: Callable[[], Recorder]
    timings: Timings
    progress: Progress | None
    bar: TaskID | None

    @cached_property
    def recorder(self) -> Recorder:
        """The gradebook, opened when it is asked for. Raises SetUpError."""
        return self.open_recorder()

    def grade(self, uploads: Sequence[Upload]) -> tuple[list[Line], int]:
        """Grade a batch; a line for each, and how many scores wait for a person.

        The gradebook comes first: what is on disk otherwise is only ever older,
        and made again after a run that was killed. Raises CourseError.
        """
        batch = list(self._graded(uploads))
        with self.timings.stage("gradebook"):
            self.recorder.record([graded.done.record for graded in batch])
            grades = self._grades(batch)
        with self.timings.stage("notebooks"):
            for graded in batch:
                if graded.kept is None:
                    self._write_notebook(graded)
        self._write_pages(batch, grades)
        waiting = sum(len(found.waiting) for found in grades.values())
        return [_line(graded) for graded in batch], waiting

    def _graded(self, uploads: Sequence[Upload]) -> Iterator[Graded]:
        """From receipts first, then from workers."""
        fresh: dict[tuple[str, str], str] = {}

        def jobs() -> Iterator[Job]:
            for upload in uploads:
                with self.timings.stage("reading"):
                    job = _job(upload)
                    depends = upload_digest(self.plan, job)
                    kept = self._receipt(job, depends)
                if kept is None:
                    fresh[job.student, job.chapter] = depends
                    yield job
                else:
                    found.append(_as_kept(job, depends, kept))
                    self._advance()

        found: list[Graded] = []
        # Libraries are imported here as well: best while the workers do so.
        outcomes = self.workers.run(jobs(), meanwhile=lambda: self.recorder)
        for job, outcome in outcomes:
            assert isinstance(job, Job)
            depends = fresh.pop((job.student, job.chapter))
            yield self._from_worker(job, depends, outcome)
            self._advance()
        for graded in found:
            self.timings.add(graded.done.timings)
            yield graded

    def _from_worker(
        self, job: Job, depends: str, outcome: Done | MadePage | Exception
    ) -> Graded:
        if isinstance(outcome, CourseError):
            raise outcome
        lost = isinstance(outcome, Exception)
        if isinstance(outcome, Exception):
            outcome = worker.lost(self.plan, job, outcome)
        assert isinstance(outcome, Done)
        self.timings.add(outcome.timings)
        store = Store(self.plan.verdicts)
        for at, verdict in outcome.verdicts.items():
            store.put(at, verdict)
        seen = _same_cells(self._place("autograded", job), outcome.notebook)
        outcome = replace(outcome, record=replace(outcome.record, seen=seen))
        return Graded(job, depends, outcome, lost=lost)

    def _receipt(self, job: Job, depends: str) -> Receipt | None:
        """A receipt that is good for this upload."""
        kept = Receipts(self.course).get(job.student, job.chapter)
        if self.plan.again or kept is None or kept.upload != depends:
            return None
        try:
            notebook = self._place("autograded", job).read_bytes()
        except OSError:
            return None
        return kept if digest(notebook) == kept.notebook else None

    def _grades(self, batch: Sequence[Graded]) -> dict[tuple[str, str], Grades]:
        chapters = sorted({graded.job.chapter for graded in batch})
        students = {graded.job.student for graded in batch}
        every = self.recorder.grades(chapters, *students)
        jobs = [graded.job for graded in batch]
        return {place: every[place] for place in ((j.student, j.chapter) for j in jobs)}

    def _write_notebook(self, graded: Graded) -> None:
        path = self._place("autograded", graded.job)
        folders.write(path, graded.done.notebook)
        if graded.job.timestamp is not None:  # nbgrader compares it with the next
            stamp = f"{graded.job.timestamp} UTC\n"
            folders.write(path.parent / "timestamp.txt", stamp)

    def _write_pages(
        self, batch: Sequence[Graded], grades: dict[tuple[str, str], Grades]
    ) -> None:
        """Write the pages that are not as they would be written."""
        written: dict[tuple[str, str], Graded] = {}

        def jobs() -> Iterator[PageJob]:
            for graded in batch:
                found = grades[graded.job.student, graded.job.chapter]
                if self._page_is_current(graded, found):
                    continue
                written[found.student, found.chapter] = graded
                notebook = graded.done.notebook
                if graded.kept is not None:
                    notebook = self._place("autograded", graded.job).read_bytes()
                yield PageJob(notebook, found)

        receipts = Receipts(self.course)
        for job, outcome in self.workers.run(jobs()):
            if isinstance(outcome, Exception):
                raise outcome
            assert isinstance(job, PageJob)
            assert isinstance(outcome, MadePage)
            self.timings.add(outcome.timings)
            graded = written.pop((job.grades.student, job.grades.chapter))
            with self.timings.stage("pages"):
                folders.write(self._place("feedback", graded.job), outcome.html)
                if not graded.lost:
                    receipts.put(
                        job.grades.student, job.grades.chapter, _receipt(graded, job)
                    )

    def _page_is_current(self, graded: Graded, found: Grades) -> bool:
        kept = graded.kept
        if kept is None or kept.grades != grades_digest(found):
            return False
        return self._place("feedback", graded.job).is_file()

    def _place(self, room: str, job: Job) -> Path:
        """Where nbgrader, too, keeps a notebook or a page."""
        ending = "html" if room == "feedback" else "ipynb"
        return (
            self.course / room / job.student / job.chapter / f"{job.chapter}.{ending}"
        )

    def _advance(self) -> None:
        if self.progress is not None and self.bar is not None:
            self.progress.advance(self.bar)


def _job(upload: Upload) -> Job:
    timestamp = read_timestamp(upload.path.parent)
    data, trouble = b"", ""
    try:
        data = read_upload(upload.path)
    except SubmissionTrouble as found:
        trouble = str(found)
    return Job(upload.student, upload.chapter, data, trouble, timestamp)


def _as_kept(job: Job, depends: str, kept: Receipt) -> Graded:
    timings = Timings(looked_up=kept.verdicts)
    small = replace(job, data=b"")
    done = Done(b"", kept.record(job), kept.trouble, timings, remarks=kept.remarks)
    return Graded(small, depends, done, kept)


def _receipt(graded: Graded, job: PageJob) -> Receipt:
    made = receipt(graded.depends, graded.done, job.grades)
    if graded.kept is None:
        return made
    return replace(graded.kept, grades=made.grades)


def _same_cells(path: Path, notebook: bytes) -> bool:
    """Whether a notebook with the very same cells lies there."""
    try:
        return _sources(path.read_bytes()) == _sources(notebook)
    except (OSError, ValueError, LookupError, TypeError):
        return False  # not graded before, or by something else


def _sources(notebook: bytes) -> list[str]:
    cells = json.loads(notebook)["cells"]
    return ["".join(cell["source"]) for cell in cells]


def _line(graded: Graded) -> Line:
    done = graded.done
    score = sum(score or 0.0 for score in done.record.scores.values())
    seconds = sum(done.timings.seconds.values())
    student, chapter = graded.job.student, graded.job.chapter
    return Line(student, chapter, score, done.trouble, seconds, done.remarks)
