"""`course grade`: from submissions to a gradebook and feedback, batch by batch.

Everything that is hostile or slow runs in workers, in parallel. Of each batch
one recorder then writes the grades down, workers make the pages, and a receipt
says that this need not be done again. What is kept in memory is a batch, however
many submissions there are.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import Progress

from autograder import catalogue, folders
from autograder.errors import UsageError
from autograder.grading import cluster
from autograder.grading.batch import Line, Stages, Workers
from autograder.grading.examiner import Timings, released
from autograder.grading.gradebook import url as gradebook_url
from autograder.grading.uploads import Refused, Upload, uploads
from autograder.grading.worker import Plan, sources, work
from autograder.judging.cases import secret_seed
from autograder.sandbox import Level, Limits

if TYPE_CHECKING:
    from autograder.grading.recorder import Recorder

BATCH = 64  # submissions, and as many for each worker beyond the fourth
EACH = 16


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
    executor: str = "processes",
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> GradeSummary:
    """Grade what lies in the course folder's submitted/.

    chapters: none means all. student: only this one. again: compute verdicts
    that are filed already. executor: "processes" of this machine or "dask";
    scheduler: the address of dask's. progress: a started bar of rich's, if any.
    Raises CourseError when the run cannot go on; a submission's trouble is in
    the summary.
    """
    start = time.perf_counter()
    course = course.resolve()
    url = gradebook_url(course)
    names = catalogue.names(only=chapters)
    found, refused = uploads(course / "submitted", names, student)
    if not found and not refused:
        raise UsageError(
            f"Grading {', '.join(names)}: there is nothing in {course / 'submitted'}. "
            "Put notebooks at submitted/<student>/<chapter>/<chapter>.ipynb."
        )
    width = max(1, min(jobs or len(os.sched_getaffinity(0)), len(found)))
    summary = GradeSummary(names, level.name.lower(), width, refused=refused)
    given = [name for name in names if any(u.chapter == name for u in found)]
    plan = Plan(
        {name: released(course, name) for name in given},
        course / "verdicts",
        secret_seed(),
        level,
        limits,
        again,
        sources(given),
    )
    opener = cluster.opener(executor, scheduler, plan, width)
    bar = progress.add_task("Grading", total=len(found)) if progress else None
    with ExitStack() as opened, Workers(partial(work, plan.key), opener) as pool:

        def recorder() -> Recorder:
            # nbgrader imports its servers with everything: in a second.
            from autograder.grading.recorder import Recorder

            return opened.enter_context(Recorder(url))

        stages = Stages(course, plan, pool, recorder, summary.timings, progress, bar)
        for batch in _batches(found, max(BATCH, EACH * width)):
            lines, waiting = stages.grade(batch)
            summary.lines += lines
            summary.waiting += waiting
    summary.lines.sort(key=lambda line: (line.student, line.chapter))
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
    remarked = [line for line in summary.lines if line.remarks]
    if remarked:
        yield f"{len(remarked)} worth a look:"
    for line in remarked:
        yield f"  {line.student}, {line.chapter}: {line.remarks}"
    if summary.waiting:
        wait = "score waits" if summary.waiting == 1 else "scores wait"
        yield f"{summary.waiting} {wait} for a person, in nbgrader's formgrader"
    if summary.refused:
        yield f"{len(summary.refused)} refused:"
    for refused in summary.refused:
        yield f"  {refused.reason}"


def _batches(found: Sequence[Upload], size: int) -> Iterator[Sequence[Upload]]:
    for begin in range(0, len(found), size):
        yield found[begin : begin + size]
