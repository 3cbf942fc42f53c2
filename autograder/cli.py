"""`course`: a verb a stage.

Exit status: 0 when all is well, 1 when the answer is no (points lost, a
promise broken), 2 when the trouble is ours or the call's.
"""

from __future__ import annotations

import atexit
import errno
import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

from autograder.errors import CourseError

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "_build"
COURSE = BUILD / "course"
# Troubles of the machine: what fails and why says more than a traceback.
MACHINE = {
    errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPERM,
    errno.EROFS,
}  # fmt: skip

app = typer.Typer(
    help="ConvNets by Hand: build the book, release assignments, grade them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
# A line stays a line, whatever the width: people search logs for words.
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

Chapters = Annotated[list[str] | None, typer.Argument(help="Chapters; none means all.")]
CourseFolder = Annotated[
    Path, typer.Option("--course", help="nbgrader's course folder.")
]


def _use_database(url: str | None) -> str | None:
    """Also what nbgrader does for us, and its configuration, must know."""
    if url:
        os.environ["COURSE_DB"] = url
    return url


Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        envvar="COURSE_DB",
        callback=_use_database,
        show_default="gradebook.db in the course folder",
        help="The gradebook, as postgresql+psycopg://USER@HOST/DATABASE.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Place(StrEnum):
    """Where submissions are graded."""

    processes = "processes"
    dask = "dask"


class Isolation(StrEnum):
    """Isolation levels by name."""

    process = "process"
    confined = "confined"
    isolated = "isolated"


LevelOption = Annotated[
    Isolation,
    typer.Option("--level", help="Refuse to run below this isolation level."),
]


def main() -> None:
    """Run the command line; a CourseError is one message and status 2, and so is
    a full disk or a folder that cannot be written."""
    # The arrays are small, and threads would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # Python would search all libraries for garbage before it ends: half a second.
    atexit.register(gc.freeze)
    try:
        app()
    except CourseError as error:
        errors.print(f"[bold red]course:[/] {escape(str(error))}")
        sys.exit(2)
    except OSError as error:
        if error.errno not in MACHINE:
            raise
        reason = f"{error.filename or 'a file'}: {error.strerror}."
        errors.print(
            f"[bold red]course:[/] {escape(reason)} What was finished is kept; mend "
            "this and run the same command again."
        )
        sys.exit(2)


@contextmanager
def steps() -> Iterator[Any]:
    """A line that says what is being done and for how long."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        Elapsed(),
        console=errors,
        transient=True,
    ) as progress:
        task = progress.add_task("")
        yield lambda text: progress.update(task, description=escape(text))


def bar() -> Progress:
    """A bar for work that can be counted."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        Elapsed(),
        console=errors,
    )


@app.command()
def site() -> None:
    """Build the website into _build/html."""
    from autograder.publishing import site as stage

    with steps() as say:
        made = stage.build(ROOT, say)
    again = ", ".join(made.executed) or "nothing: all as before"
    console.print(f"{made.pages} pages in {made.seconds:.0f} s; code ran in: {again}")
    console.print(f"open {made.html / 'index.html'}")


@app.command()
def release(chapters: Chapters = None, db: Database = None) -> None:
    """Make nbgrader assignments and the student bundle."""
    from autograder.publishing import release as stage
    from autograder.publishing import site as pages

    with steps() as say:
        made = stage.release(ROOT, BUILD, chapters or (), say)
        if (BUILD / "html").is_dir():
            pages.copy_downloads(ROOT)
    console.print(
        f"{', '.join(made.chapters)}: {made.exercises} exercises, {made.points} points"
    )
    console.print(f"assignments {made.course / 'release'}")
    console.print(f"students    {made.bundle.archive}")


@app.command()
def collect(
    files: Annotated[list[Path], typer.Argument(help="Zips: packed or a platform's.")],
    course: CourseFolder = COURSE,
    student: Annotated[str, typer.Option(help="Whose they are.")] = "",
    match: Annotated[
        str | None, typer.Option(help="Regular expression with (?P<student>...).")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also what was handed in before.")
    ] = False,
) -> None:
    """Put packed submissions into submitted/, whatever is in the archives."""
    from autograder.grading import collect as stage

    found = stage.collect(course, files, student, match or stage.MATCH, replace)
    for item in found.collected:
        console.print(f"{item.news:9} {escape(item.student)} {item.chapter}")
    for left in found.refused:
        console.print(f"left      {escape(left.name)}: {escape(left.reason)}")
    console.print(f"{len(found.collected)} notebooks in {course / 'submitted'}")
    raise typer.Exit(0 if found.collected else 1)


@app.command()
def grade(
    chapters: Chapters = None,
    course: CourseFolder = COURSE,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes.")] = None,
    level: LevelOption = Isolation.isolated,
    student: Annotated[str | None, typer.Option(help="Only this student.")] = None,
    again: Annotated[bool, typer.Option(help="Ignore filed verdicts.")] = False,
    executor: Annotated[Place, typer.Option(help="Who works.")] = Place.processes,
    scheduler: Annotated[
        str | None,
        typer.Option(help="Address of dask's scheduler; none starts a local cluster."),
    ] = None,
    db: Database = None,
) -> None:
    """Grade what lies in submitted/, in the sandbox, into the gradebook."""
    from autograder.grading import grade as stage

    with bar() as progress:
        summary = stage.grade(
            course,
            chapters or (),
            jobs=jobs,
            level=_level(level),
            student=student,
            again=again,
            executor=executor.value,
            scheduler=scheduler,
            progress=progress,
        )
    # They import nbgrader, which takes a second; the run did so while it waited.
    from autograder.grading import report as staff
    from autograder.grading.gradebook import shown
    from autograder.grading.gradebook import url as gradebook_url

    page = staff.write_report(course)
    for line in stage.summary_lines(summary):
        console.print(escape(line))
    console.print(f"gradebook {escape(shown(gradebook_url(course)))}")
    console.print(f"feedback  {course / 'feedback'}")
    console.print(f"report    {page}")


@app.command()
def feedback(
    chapters: Chapters = None, course: CourseFolder = COURSE, db: Database = None
) -> None:
    """Write students' pages and the report anew, after people graded by hand."""
    from autograder import catalogue
    from autograder.grading import feedback_files as stage
    from autograder.grading import report as staff

    names = [c.name for c in catalogue.load(only=chapters or ()).chapters]
    count = stage.write_pages(course, names)
    console.print(f"feedback  {count} pages in {course / 'feedback'}")
    console.print(f"report    {staff.write_report(course)}")


@app.command()
def report(course: CourseFolder = COURSE, db: Database = None) -> None:
    """Write the staff's report from the gradebook and the last run."""
    from autograder.grading import report as stage

    console.print(f"report    {stage.write_report(course)}")


@app.command()
def export(
    to: Annotated[Path, typer.Option(help="The table to write.")] = Path("grades.csv"),
    course: CourseFolder = COURSE,
    db: Database = None,
) -> None:
    """Write the grades as a CSV table without formulas."""
    from autograder.grading.export import write_table

    console.print(f"{write_table(course, to)} rows in {to}")


@app.command()
def verify(
    exercises: Annotated[
        list[str] | None, typer.Argument(help="Exercises; none means all.")
    ] = None,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Also kill mutants of the references.")
    ] = False,
) -> None:
    """Prove every exercise: right answers pass, wrong ones fail and are named."""
    from autograder.judging import verification

    with steps() as say:
        findings = verification.run(exercises or (), mutants, BUILD, say)
    for finding in findings:
        mark = "[green]kept  [/]" if finding.kept else "[bold red]broken[/]"
        detail = f" ({finding.detail})" if finding.detail else ""
        console.print(
            f"{mark} {finding.exercise}: {finding.promise}{escape(detail)}",
            soft_wrap=True,
        )
    broken = sum(not finding.kept for finding in findings)
    console.print(f"{len(findings) - broken} promises kept, {broken} broken")
    raise typer.Exit(1 if broken else 0)


@app.command("try")
def attempt(
    exercise: Annotated[str, typer.Argument(help="The exercise's name.")],
    file: Annotated[Path, typer.Argument(help="A Python file that defines it.")],
    as_json: Json = False,
    level: LevelOption = Isolation.isolated,
) -> None:
    """Grade one exercise in a plain Python file, as a submission is graded."""
    from autograder.judging import attempt as stage

    verdict = stage.attempt(exercise, file, _level(level))
    if as_json:
        print(json.dumps(stage.as_json(verdict), indent=1))
    else:
        for line in stage.in_words(verdict):
            console.print(escape(line))
    raise typer.Exit(0 if verdict.passed else 1)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Try every layer of the sandbox on this machine, and say what holds."""
    from dataclasses import asdict

    from autograder.sandbox import diagnosis, probe

    reports = probe()
    if as_json:
        rows = [{**asdict(r), "level": r.level.name.lower()} for r in reports]
        print(json.dumps(rows, indent=1))
    else:
        for line in diagnosis(reports):
            console.print(escape(line))
    raise typer.Exit(0 if all(layer.holds for layer in reports) else 1)


@app.command()
def demo() -> None:
    """Site, release, a sample class, its grades, feedback and a report."""
    from autograder.sample import classroom as sample_class

    console.rule("1 of 4  the website (its notebooks run; four or five minutes)")
    site()
    console.rule("2 of 4  assignments and the student bundle")
    release()
    console.rule("3 of 4  a sample class")
    samples = sample_class.write_class(COURSE)
    console.print(f"{len(samples)} submissions in {COURSE / 'submitted'}")
    console.rule("4 of 4  grading")
    grade()
    console.rule("where to look")
    console.print(f"site     {BUILD / 'html' / 'index.html'}")
    console.print(f"bundle   {BUILD / 'student'}")
    console.print(f"report   {COURSE / 'report' / 'index.html'}")
    console.print(f"feedback {COURSE / 'feedback'}/<student>/")


def _level(name: Isolation) -> Any:
    from autograder.sandbox import Level

    return Level[name.name.upper()]
