"""Kill the grader again and again, and look at what is left in the end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from course_folder import make_course
from rows import rows

from autograder import catalogue
from autograder.catalogue import ROOT
from autograder.grading import ipynb
from autograder.sample.desk import Desk, desk_of

CHAPTER = "depthwise"
STARTED = 1.0  # seconds at least that a grader lives, or nothing would be tried
COURSE = "from autograder.cli import main; main()"


@dataclass
class Outcome:
    """What undisturbed grading and killed grading left behind."""

    kills: int
    runs: int
    same_rows: bool
    same_pages: bool
    graded_twice: int
    left_running: list[str]

    @property
    def good(self) -> bool:
        """Whether nobody can tell afterwards that there were kills."""
        same = self.same_rows and self.same_pages
        return same and not self.graded_twice and not self.left_running


def make_class(folder: Path, count: int, random: Random) -> Path:
    """A course folder with so many submissions of different quality."""
    course = make_course(folder, [CHAPTER])
    desk = desk_of(course, catalogue.load(only=[CHAPTER]).chapter(CHAPTER))
    for number in range(count):
        place = course / "submitted" / f"s{number:04}" / CHAPTER
        place.mkdir(parents=True)
        data = ipynb.to_bytes(_submission(desk, number, random))
        (place / f"{CHAPTER}.ipynb").write_bytes(data)
        (place / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC\n")
    return course


def _submission(desk: Desk, number: int, random: Random) -> Any:
    """Each exercise right, wrong or left; no two submissions are equal."""
    sources = {}
    for name, answers in desk.answers.items():
        wrong = f"def {name}(*args, **more):\n    return 0"
        source = random.choice((answers.reference, answers.reference, wrong, ""))
        if source:
            sources[name] = f"{source}\n# {number}"
    return desk.notebook(sources, helpers=False)


def start(
    course: Path, *options: str, file_bytes: int | None = None
) -> subprocess.Popen[bytes]:
    """`course grade` as a process of its own.

    options: of it; file_bytes: to which size files may grow, as if the disk were
    full then.
    """
    words = ["grade", CHAPTER, "--course", str(course), *options]
    command = [sys.executable, "-c", COURSE, *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT
    )
    if file_bytes is not None:  # long before its imports are done
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    return process


def killed(
    course: Path,
    calm: Path,
    seconds: float,
    kills: int,
    random: Random,
    said: Callable[[str], None] = lambda _: None,
    options: Sequence[str] = (),
) -> Outcome:
    """Grade a class with kills at random moments.

    calm: the same class, graded undisturbed, and how many seconds that took;
    options: of `course grade`.
    """
    filed: dict[Path, int] = {}
    twice = runs = done = 0
    while done < kills:
        # The later runs find much of it filed and are short.
        share = 1 - len(_filed(course)) / max(1, len(_filed(calm)))
        lives = STARTED + random.random() * max(3.0, seconds * share)
        process = start(course, *options)
        runs += 1
        try:
            process.communicate(timeout=lives)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            done += 1
        twice += sum(_filed(course).get(path) != at for path, at in filed.items())
        filed = _filed(course)
        said(f"kill {done} after {lives:.1f} s: {len(filed)} verdicts are filed")
    finish(start(course, *options))
    return Outcome(
        done,
        runs + 1,
        rows(course / "gradebook.db") == rows(calm / "gradebook.db"),
        set(_pages(course)) == set(_pages(calm)),
        twice,
        list(_still_running(course)),
    )


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a grader that nobody disturbs."""
    said, _ = process.communicate()
    assert process.returncode == 0, said.decode()


def _filed(course: Path) -> dict[Path, int]:
    """Verdicts and when each was written: one that is graded twice is rewritten."""
    files = (course / "verdicts").glob("*/*.json")
    return {file: file.stat().st_mtime_ns for file in files}


def _pages(course: Path) -> Iterator[Path]:
    """Every file that was made of a submission, temporary ones as well.

    Not what is in them: how far the search for the smallest input comes is a
    matter of processor time.
    """
    for name in ("feedback", "autograded"):
        for file in (course / name).rglob("*"):
            if file.is_file():
                yield file.relative_to(course)


def _still_running(course: Path, seconds: float = 10.0) -> Iterator[str]:
    """Processes of this course's graders that outlive them."""
    deadline = time.monotonic() + seconds
    while found := list(_processes(str(course))):
        if time.monotonic() > deadline:
            yield from found
            return
        time.sleep(0.2)


def _processes(course: str) -> Iterator[str]:
    """Command lines that name the course, or whose parent is gone and is ours."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            cwd = os.readlink(folder / "cwd")
        except OSError:
            continue  # it ended while we looked, or is another user's
        if course in line or cwd.startswith(course):
            yield line
