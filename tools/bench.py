"""`make bench`: grading side by side with stock nbgrader, in one run.

    python tools/bench.py [--submissions 10 100] [--stock 3] [--jobs 1 2]

The same right submissions of the chapter `depthwise` are graded by

    stock     nbgrader autograde + generate_feedback, nbgrader's own settings
    course    course grade, from the files to gradebook and feedback
    again     course grade once more, with nothing changed
    bare      the same cells and calls in one warm interpreter, no isolation

and printed as seconds, processor seconds and the ratio to stock, a submission.
Every copy differs by a comment, so that no verdict is filed already.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.grade import grade
from autograder.grading.program import program
from autograder.judging.cases import DEVELOPMENT
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee
from autograder.publishing.release import release
from autograder.sample.desk import Desk, desk_of

ROOT = Path(__file__).parent.parent
CHAPTER = "depthwise"


@dataclass
class Cost:
    """What grading some submissions took. peak: MiB of the largest process."""

    name: str
    count: int
    seconds: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0


@contextlib.contextmanager
def measured(name: str, count: int) -> Iterator[Cost]:
    """Clock and processor time of this process and its ended children."""
    cost = Cost(name, count)
    start, cpu = time.perf_counter(), _cpu()
    yield cost
    cost.seconds, cost.cpu = time.perf_counter() - start, _cpu() - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost.peak = children.ru_maxrss / 1024


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def make_course(folder: Path) -> Path:
    """A released course; the numbers of the prose are those of the site."""
    numbers = ROOT / "_build" / "numbers"
    if not numbers.is_dir():
        sys.exit("make bench needs the built site: make site, then make bench")
    shutil.copytree(numbers, folder / "numbers")
    return release(ROOT, folder, [CHAPTER]).course


def hand_in(course: Path, desk: Desk, count: int) -> None:
    """Fill submitted/ with right answers that differ by a comment."""
    shutil.rmtree(course / "submitted", ignore_errors=True)
    for number in range(count):
        notebook = desk.right()
        first = desk.index(notebook, desk.names[0])
        notebook.cells[first].source += f"\n# {count} {number}"
        folder = course / "submitted" / f"s{number:05}" / CHAPTER
        folder.mkdir(parents=True)
        (folder / f"{CHAPTER}.ipynb").write_bytes(ipynb.to_bytes(notebook))


def stock(course: Path, count: int) -> Cost:
    """nbgrader with its own settings, in a copy of the course folder."""
    config = course / "nbgrader_config.py"
    config.write_text('c = get_config()\nc.CourseDirectory.course_id = "stock"\n')
    shutil.rmtree(course / "autograded", ignore_errors=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with measured("stock", count) as cost:
        for verb in ("autograde", "generate_feedback"):
            command = [sys.executable, "-m", "nbgrader", verb, CHAPTER]
            done = subprocess.run(
                command,
                cwd=course,
                env=os.environ | {"PATH": path},
                capture_output=True,
                text=True,
            )
            if done.returncode:
                sys.exit(f"nbgrader {verb} failed:\n{done.stderr[-2000:]}")
    return cost


def bare(desk: Desk, count: int) -> Cost:
    """Cells and calls in this process: what no grader can do without."""
    chapter = catalogue.load().chapter(CHAPTER)
    referee = Referee(DEVELOPMENT)
    runs = program(desk.right())
    for exercise in chapter.exercises:  # draws the cases, as a warm worker has
        referee.judge(exercise, LocalSession(exercise.reference))
    with measured("bare", count) as cost:
        for _ in range(count):
            space: dict[str, object] = {}
            with contextlib.redirect_stdout(io.StringIO()):
                for cell in runs.cells:
                    exec(compile(cell.source, cell.id, "exec"), space)
            for exercise in chapter.exercises:
                verdict = referee.judge(exercise, LocalSession(space[exercise.name]))
                assert verdict.passed, verdict
    cost.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return cost


def table(costs: list[Cost]) -> str:
    """A row a way of grading; the ratio is to stock, by the clock."""
    base = costs[0].seconds / costs[0].count
    rows = ["way                 n   s each  CPU s each  peak MiB  times stock"]
    rows += [
        f"{c.name:16}{c.count:5}{c.seconds / c.count:9.3f}{c.cpu / c.count:12.3f}"
        f"{c.peak:10.0f}{base / (c.seconds / c.count):13.1f}"
        for c in costs
    ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--stock", type=int, default=3, help="graded by stock nbgrader")
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        build = Path(temporary)
        course = make_course(build)
        desk = desk_of(course, catalogue.load().chapter(CHAPTER))
        plain = build / "stock"
        shutil.copytree(course, plain)
        hand_in(plain, desk, arguments.stock)
        costs = [stock(plain, arguments.stock)]
        print(table(costs), flush=True)
        for count in arguments.submissions:
            for jobs in arguments.jobs:
                hand_in(course, desk, count)
                shutil.rmtree(course / "verdicts", ignore_errors=True)
                with measured(f"course, {jobs} job{'s' * (jobs > 1)}", count) as cost:
                    summary = grade(course, [CHAPTER], jobs=jobs)
                costs.append(cost)
                print(table(costs).splitlines()[-1])
                stages = {k: round(v, 2) for k, v in summary.timings.seconds.items()}
                print(f"  by stage, seconds: {json.dumps(stages)}", flush=True)
            with measured("again, 1 job", count) as cost:
                grade(course, [CHAPTER], jobs=1)
            costs.append(cost)
            print(table(costs).splitlines()[-1], flush=True)
        costs.append(bare(desk, max(arguments.submissions[0], 10)))
        print("\n" + table(costs))


if __name__ == "__main__":
    main()
