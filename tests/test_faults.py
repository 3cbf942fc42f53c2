"""Grading goes on where it was, whatever happened to it. Takes half a minute."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from random import Random

import pytest
from faults.killed import finish, killed, make_class, start
from rows import rows

SUBMISSIONS = 8
# A worker takes seconds to start; `make faults` has as many as there are processors.
FEW = ("--jobs", "1")


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class that nobody graded; tests copy it."""
    folder: Path = tmp_path_factory.mktemp("faults")
    return make_class(folder, SUBMISSIONS, Random(1))


@pytest.fixture(scope="module")
def calm(ungraded: Path) -> tuple[Path, float]:
    """The same class, graded undisturbed, and the seconds that it took."""
    course = Path(shutil.copytree(ungraded, ungraded.parent / "calm"))
    began = time.monotonic()
    finish(start(course, *FEW))
    return course, time.monotonic() - began


def test_a_killed_grader_goes_on_where_it_was(
    ungraded: Path, calm: tuple[Path, float], tmp_path: Path
) -> None:
    """After SIGKILLs the gradebook is that of an undisturbed run, nothing was
    graded twice, and no process is left."""
    course = Path(shutil.copytree(ungraded, tmp_path / "course"))
    outcome = killed(course, *calm, kills=2, random=Random(1), options=FEW)
    assert outcome.good, outcome


def test_two_graders_at_once_do_no_harm(
    ungraded: Path, calm: tuple[Path, float], tmp_path: Path
) -> None:
    """Both end well or with one message, and the gradebook is that of one run."""
    course = Path(shutil.copytree(ungraded, tmp_path / "course"))
    both = [start(course, *FEW), start(course, *FEW)]
    said = [process.communicate()[0].decode() for process in both]
    for process, words in zip(both, said, strict=True):
        assert process.returncode == 0 or "Traceback" not in words, words
    assert any(process.returncode == 0 for process in both), said
    assert rows(course / "gradebook.db") == rows(calm[0] / "gradebook.db")


def test_a_full_disk_ends_the_run_and_the_next_goes_on(
    ungraded: Path, calm: tuple[Path, float], tmp_path: Path
) -> None:
    """One message that says what to do; with space again the gradebook is that
    of an undisturbed run."""
    course = Path(shutil.copytree(ungraded, tmp_path / "course"))
    full = start(course, *FEW, file_bytes=64 * 1024)  # the gradebook needs more
    said = full.communicate(timeout=120)[0].decode()
    assert full.returncode == 2, said
    assert "has space" in said
    assert "Traceback" not in said
    finish(start(course, *FEW))
    assert rows(course / "gradebook.db") == rows(calm[0] / "gradebook.db")
