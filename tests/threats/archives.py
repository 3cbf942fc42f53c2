"""Archives with paths that lead out, other names, links, copies and bombs.

A learning platform's archive holds the student's. `course collect` takes the
student's notebook, for that student, and writes nowhere else; what it took is
graded in full.
"""

import io
import stat
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from threat_board import CHAPTER, Board

from autograder.grading.collect import collect

LINES = (36,)
TESTS = (
    "tests/test_collect.py::test_no_path_in_an_archive_is_followed",
    "tests/test_collect.py::test_links_devices_and_passwords_are_refused",
    "tests/test_collect.py::test_a_bomb_is_read_no_further_than_a_notebook_may_be",
    "tests/test_collect.py::test_of_equal_names_the_first_counts",
)
NAME = f"{CHAPTER}.ipynb"


def link(name: str) -> zipfile.ZipInfo:
    """A member that says it is a link."""
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return made


Members = Sequence[tuple[str | zipfile.ZipInfo, bytes]]
# Behind the notebook: members of the student's archive and what they hold.
MEMBERS: dict[str, Members] = {
    "paths": [
        (f"../../../../release/{CHAPTER}/{NAME}", b"{}"),
        (f"/tmp/{NAME}", b"{}"),
        (f"..\\..\\{NAME}", b"{}"),
        (f"../../gradebook.db/{NAME}", b"{}"),
    ],
    "another-student": [(f"a-honest/{CHAPTER}/{NAME}", b"{}")],
    "links": [(link(f"x/{NAME}"), b"/etc/passwd"), (link("y.zip"), b"/etc/passwd")],
    "case": [(NAME.upper(), b"{}"), (NAME.title(), b"{}"), ("İ.ipynb", b"{}")],
    "names": [("=1+1.ipynb", b"{}"), ("\u202e\x1b[2J.ipynb", b""), ("*.ipynb", b"")],
    "bomb": [(f"z/{NAME}", bytes(21 << 20)), ("b.zip", b"PK\x05\x06" + bytes(18))],
    "copies": [(NAME, b"{}"), (NAME, b"[]")],
}


def hand_in(board: Board) -> None:
    for name, members in MEMBERS.items():
        board.notebook(name, board.desk.right(), fill=packed(members))


def packed(members: Members) -> Callable[[Path], object]:
    """Hands the notebook in through an archive, before other members."""

    def fill(folder: Path) -> None:
        course, student = folder.parents[2], folder.parent.name
        inner = zipped([(NAME, (folder / NAME).read_bytes()), *members])
        (folder / NAME).unlink()
        outer = course.parent / f"{student}.zip"
        outer.write_bytes(zipped([(f"{student}_1.zip", inner)]))
        made = collect(course, [outer])
        assert [c.student for c in made.collected] == [student]
        assert made.refused

    return fill


def zipped(members: Members) -> bytes:
    """An archive."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file,
        warnings.catch_warnings(action="ignore"),  # of names that are there twice
    ):
        for name, content in members:
            file.writestr(name, content)
    return made.getvalue()
