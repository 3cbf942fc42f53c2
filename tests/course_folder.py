"""A released course folder for tests, made in a few seconds."""

from __future__ import annotations

import atexit
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from subprocess import CompletedProcess
from tempfile import mkdtemp

from autograder.catalogue import ROOT
from autograder.publishing.release import release
from autograder.sample.classroom import SAMPLED

GLUED = re.compile(r"\{glue:text\}`([^`]+)`")


def make_course(build: Path, chapters: Sequence[str] = ()) -> Path:
    """Release chapters, or all, below `build`; returns the course folder.

    The numbers in the prose, which come from the site's build, are zeros.
    """
    for path in (ROOT / "chapters").glob("*.md"):
        names = GLUED.findall(path.read_text(encoding="utf-8"))
        numbers = build / "numbers" / f"{path.stem}.json"
        numbers.parent.mkdir(parents=True, exist_ok=True)
        numbers.write_text(json.dumps(dict.fromkeys(names, "0")), encoding="utf-8")
    return release(ROOT, build, chapters).course


def hand_in(course: Path, student: str, chapter: str, data: bytes) -> Path:
    """Put a file where nbgrader looks for a submission."""
    path = course / "submitted" / student / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@cache
def released() -> Path:
    """A released course folder for this process; copy it before changing it.

    It has the chapters of the sample class.
    """
    build = Path(mkdtemp(prefix="course-"))
    atexit.register(rmtree, build, ignore_errors=True)
    return make_course(build, SAMPLED)


def copy_of_released(folder: Path) -> Path:
    """A course folder of one's own in which nobody handed anything in."""
    return Path(copytree(released(), folder / "course"))


def nbgrader(course: Path, *words: str, **environment: str) -> CompletedProcess[str]:
    """Run nbgrader's own command line in the course folder."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=course,
        env=os.environ | {"PATH": programs} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
