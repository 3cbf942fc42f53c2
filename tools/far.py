"""A run over very many synthetic submissions, for `tools/bench.py --far`.

Copies of a right notebook with other names and small edits: in prose, which does
not run, or in code. Programs that are equal get one verdict, as in any run; how
many distinct ones there are is printed. One in ten has a listed mistake.
"""

import json
import os
import random
import resource
import threading
import time
from pathlib import Path

import psutil
from costs import memory
from rich.progress import Progress

from autograder.grading import ipynb
from autograder.grading.grade import grade
from autograder.sample.desk import Desk

TERM = 2000 * 16  # students and chapters
EFFICIENCY = 0.9  # of many cores together; measured for two by make bench


def hand_in(course: Path, desk: Desk, count: int, distinct: int) -> None:
    """Fill submitted/; the same whenever it is repeated."""
    chance = random.Random(0)
    name = desk.names[0]
    mistakes = desk.answers[name].mistakes
    for number in range(count):
        program = number % distinct
        notebook = desk.right()
        if program % 10 == 9:
            _, wrong = mistakes[program // 10 % len(mistakes)]
            notebook = desk.notebook(
                {n: a.reference for n, a in desk.answers.items()} | {name: wrong}
            )
        cell = notebook.cells[desk.index(notebook, name)]
        cell.source += f"\n# {program}"
        prose = next(c for c in notebook.cells if c.cell_type == "markdown")
        prose.source += f"\n\nMy notes {chance.random()}"
        folder = course / "submitted" / f"s{number:05}" / desk.chapter.name
        folder.mkdir(parents=True)
        (folder / f"{folder.name}.ipynb").write_bytes(ipynb.to_bytes(notebook))


def watch(course: Path, desk: Desk, count: int, distinct: int, jobs: int) -> None:
    """Grade them in this process and print its memory as it goes."""
    hand_in(course, desk, count, distinct)
    with Progress(disable=True) as progress:
        done = threading.Event()
        watcher = threading.Thread(target=_sample, args=(progress, count, done))
        watcher.start()
        start, cpu = time.perf_counter(), _cpu()
        try:
            summary = grade(course, [desk.chapter.name], jobs=jobs, progress=progress)
        finally:
            done.set()
            watcher.join()
    seconds, own = time.perf_counter() - start, _cpu()[0] - cpu[0]
    workers = _cpu()[1] - cpu[1]
    print(
        f"{count} submissions, {distinct} distinct programs, {jobs} jobs: "
        f"{seconds:.0f} s, {count / seconds:.1f} a second; processor "
        f"{1000 * workers / count:.1f} ms in workers and {1000 * own / count:.2f} ms "
        "in the grader, a submission"
    )
    stages = {k: round(1000 * v / count, 2) for k, v in summary.timings.seconds.items()}
    print(f"stages, ms a submission: {json.dumps(stages)}")
    term(workers / count, own / count)


def term(worker: float, grader: float) -> None:
    """What a term costs when every program is like these: processor seconds a
    submission of workers, which share the work, and of the grader, which does
    not."""
    print(f"a term of {TERM} submissions:")
    for cores in (2, 16, 64):
        shared = TERM * (worker + grader) / (cores * EFFICIENCY)
        hours = max(shared, TERM * grader) / 3600
        print(f"  {cores:3} cores: {hours:.2f} hours by the clock")


def _cpu() -> tuple[float, float]:
    """Processor seconds of this process, and of those that it waited for."""
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


def _sample(progress: Progress, count: int, done: threading.Event) -> None:
    me, step = psutil.Process(), max(1, count // 10)
    next_at = step
    print("   graded  grader MiB  largest other MiB")
    while not done.wait(0.5):
        tasks = progress.tasks
        graded = int(tasks[0].completed) if tasks else 0
        if graded >= next_at:
            next_at = graded - graded % step + step
            other = max(map(memory, me.children(recursive=True)), default=0)
            print(f"{graded:9}{memory(me):12.0f}{other:19.0f}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"the grader's peak: {peak} MiB")
