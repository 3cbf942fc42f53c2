"""`make bench`: grading side by side with others, in one run on one machine.

    python tools/bench.py [--submissions 10 100 1000] [--jobs 1 2] [--rivals 3]
    python tools/bench.py --far 20000 [--jobs 2] [--distinct 2000]

The same right submissions of the chapter `depthwise` are graded by

    stock nbgrader    autograde + generate_feedback, nbgrader's own settings
    otter-grader      otter run, one after the other, with a test an exercise
    course            course grade: a new process, from files to gradebook,
                      feedback and report
    again             course grade once more, with nothing changed
    bare              the same cells and calls in one warm interpreter

Every copy differs by a comment, so that no verdict is filed already. All
processes run with one thread each. `--far` grades many in one process and
watches its memory; bench_far.py says what that costs a term.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import far
import rivals
from costs import COURSE, Cost, run, table

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.gradebook import opened
from autograder.grading.program import program
from autograder.grading.recorder import Recorder
from autograder.grading.records import Record
from autograder.judging.cases import DEVELOPMENT
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee
from autograder.publishing.release import release
from autograder.sample.desk import Desk, desk_of

ROOT = Path(__file__).parent.parent
CHAPTER = "depthwise"


def make_course(folder: Path) -> Path:
    """A released course; the numbers of the prose are those of the site."""
    numbers = ROOT / "_build" / "numbers"
    if not numbers.is_dir():
        sys.exit("make bench needs the built site: make site, then make bench")
    shutil.copytree(numbers, folder / "numbers")
    return release(ROOT, folder, [CHAPTER]).course


def hand_in(course: Path, desk: Desk, count: int) -> list[Path]:
    """Fill submitted/ with right answers that differ by a comment."""
    shutil.rmtree(course / "submitted", ignore_errors=True)
    made = []
    for number in range(count):
        notebook = desk.right()
        first = desk.index(notebook, desk.names[0])
        notebook.cells[first].source += f"\n# {count} {number}"
        folder = course / "submitted" / f"s{number:05}" / CHAPTER
        folder.mkdir(parents=True)
        made.append(folder / f"{CHAPTER}.ipynb")
        made[-1].write_bytes(ipynb.to_bytes(notebook))
    return made


def forget(course: Path) -> None:
    """As if nothing had been graded yet, but for the gradebook's rows."""
    for room in ("verdicts", "receipts", "autograded", "feedback"):
        shutil.rmtree(course / room, ignore_errors=True)


def course_grade(name: str, course: Path, count: int, jobs: int) -> Cost:
    """`course grade` as a person runs it."""
    words = ["grade", CHAPTER, "--course", str(course), "--jobs", str(jobs)]
    return run(name, count, [*COURSE, *words], ROOT)


def bare(desk: Desk, count: int) -> Cost:
    """Cells and calls in this process: what no grader can do without."""
    chapter = catalogue.load(only=[CHAPTER]).chapter(CHAPTER)
    referee = Referee(DEVELOPMENT)
    runs = program(desk.right())
    for exercise in chapter.exercises:  # draws the cases, as a warm worker has
        referee.judge(exercise, LocalSession(exercise.reference))
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        space: dict[str, object] = {}
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in runs.cells:
                exec(compile(cell.source, cell.id, "exec"), space)
        for exercise in chapter.exercises:
            verdict = referee.judge(exercise, LocalSession(space[exercise.name]))
            assert verdict.passed, verdict
    spent = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost("bare", count, *spent, peak)


def recording(url: str, count: int, cells: int = 5) -> tuple[float, float]:
    """Milliseconds a submission to record a class, and to record it again."""
    book = opened(url)
    book.add_assignment("small")
    book.add_notebook("small", "small")
    for number in range(cells):
        book.add_solution_cell(f"f{number}", "small", "small")
        book.add_grade_cell(
            f"check_f{number}", "small", "small", max_score=3, cell_type="code"
        )
    book.close()
    scores = {f"check_f{number}": 3.0 for number in range(cells)}
    moment = datetime(2026, 10, 1)
    records = [
        Record(f"s{i:05}", "small", scores, frozenset(), moment) for i in range(count)
    ]
    spent = []
    for _ in range(2):
        start = time.perf_counter()
        with Recorder(url) as recorder:
            for begin in range(0, count, 64):
                recorder.record(records[begin : begin + 64])
        spent.append((time.perf_counter() - start) / count * 1000)
    return spent[0], spent[1]


def compare_recording(folder: Path, count: int) -> None:
    """SQLite beside PostgreSQL, where Debian's package is installed."""
    sys.path.insert(0, str(ROOT / "tests"))
    from postgres_server import PROGRAMS, running

    found = {"SQLite": recording(f"sqlite:///{folder / 'record.db'}", count)}
    if PROGRAMS:
        with running() as server:
            found["PostgreSQL"] = recording(server.fresh("bench"), count)
    else:
        print("PostgreSQL is left out: apt-get install postgresql")
    print(f"\nrecording {count} submissions of 5 exercises, ms a submission")
    for name, (first, again) in found.items():
        print(f"  {name:12} first {first:6.2f}   unchanged {again:6.2f}")


def compare(arguments: argparse.Namespace, build: Path) -> None:
    """Everybody on the same submissions."""
    course = make_course(build)
    desk = desk_of(course, catalogue.load(only=[CHAPTER]).chapter(CHAPTER))
    costs = [bare(desk, 20)]
    plain = build / "stock"
    shutil.copytree(course, plain)
    handed_in = hand_in(plain, desk, arguments.rivals)
    base = rivals.stock(plain, CHAPTER, arguments.rivals)
    costs.insert(0, base)
    place = ROOT / "_build" / "bench" / "otter"
    if program := rivals.otter_program(place, plain / "release" / CHAPTER):
        points = {e.name: e.points for e in desk.chapter.exercises}
        costs.append(rivals.otter(program, handed_in, points, build / "otter"))
    print(table(costs, base), flush=True)
    most = max(arguments.submissions)
    for count in arguments.submissions:
        for jobs in arguments.jobs[-1:] if count >= 1000 else arguments.jobs:
            hand_in(course, desk, count)
            forget(course)
            name = f"course, {jobs} job{'s' * (jobs > 1)}"
            costs.append(course_grade(name, course, count, jobs))
            print(table(costs[-1:], base).splitlines()[1], flush=True)
        costs.append(course_grade("again, 1 job", course, count, 1))
        print(table(costs[-1:], base).splitlines()[1], flush=True)
        if count == most:
            again = json.loads((course / "run.json").read_bytes())["seconds"]
            print(f"  of which without start and report: {count / again:.0f} a second")
    hand_in(course, desk, most)
    forget(course)
    course_grade("profile", course, most if most < 1000 else 100, 1)
    profile(course)
    print("\n" + table(costs, base))
    goals(costs)
    compare_recording(build, 500)


def profile(course: Path) -> None:
    """Where the last run spent its time, the dearest stage first."""
    last = json.loads((course / "run.json").read_bytes())
    stages = sorted(last["timings"]["seconds"].items(), key=lambda pair: -pair[1])
    count = len(last["lines"])
    print(f"\nstages of {count} submissions with {last['jobs']} jobs, ms a submission")
    for name, seconds in stages:
        print(f"  {name:14}{1000 * seconds / count:8.1f}")


def goals(costs: list[Cost]) -> None:
    """The figures that issue 7 asks for, from this run."""
    known = {(c.name, c.count): c for c in costs}
    stock = next(c for c in costs if c.name.startswith("stock"))
    alone = next(c for c in costs if c.name == "bare")
    for (name, count), cost in known.items():
        if not name.startswith("course"):
            continue
        allowed = 2.5 * alone.cpu_each + 0.060
        print(
            f"{name}, {count}: {stock.each / cost.each:.0f} times stock (goal 40); "
            f"CPU {cost.cpu_each * 1000:.0f} ms, allowed {allowed * 1000:.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--rivals", type=int, default=3, help="graded by others")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--far", type=int, help="watch a run over so many")
    parser.add_argument("--distinct", type=int, help="programs in it; default a tenth")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as temporary:
        build = Path(temporary)
        if arguments.far:
            course = make_course(build)
            desk = desk_of(course, catalogue.load(only=[CHAPTER]).chapter(CHAPTER))
            distinct = arguments.distinct or max(1, arguments.far // 10)
            far.watch(course, desk, arguments.far, distinct, arguments.jobs[-1])
        else:
            compare(arguments, build)


if __name__ == "__main__":
    main()
