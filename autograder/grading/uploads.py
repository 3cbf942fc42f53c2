"""Which submissions there are, and whose.

The names of folders come from outside: an id has to be fit for a path, a
database, a page and a table before anything is done with it.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SubmissionTrouble, UsageError
from autograder.grading.ingest import printable

LITTER = {".ipynb_checkpoints", ".DS_Store", ".gitkeep"}
STUDENT_ID = re.compile(r"\w[\w.@+' -]{0,127}")


@dataclass(frozen=True)
class Upload:
    """One student's file for one chapter, not opened yet."""

    student: str
    chapter: str
    path: Path


@dataclass(frozen=True)
class Refused:
    """Something in the folder of submissions that is left alone, and why."""

    name: str
    reason: str


def check_student_id(student: str) -> str:
    """Return the id when it can be a folder's name and a database key.

    Raises SubmissionTrouble with the sentence for staff.
    """
    if STUDENT_ID.fullmatch(student) and not student.endswith((" ", ".")):
        return student
    raise SubmissionTrouble(
        f"Student id {named(student)} cannot be used: expected a letter, "
        "digit or _ followed by letters, digits and . @ + - ' or spaces, at most "
        "128 in all. Rename the folder of this submission and grade again."
    )


def named(name: str) -> str:
    """A name that comes from outside, quoted, with escapes for what cannot be
    shown: staff have to find the folder."""
    return repr(name if len(name) <= 60 else name[:59] + "…")


def uploads(
    submitted: Path, chapters: Sequence[str], student: str | None = None
) -> tuple[list[Upload], list[Refused]]:
    """What lies in nbgrader's folder submitted/, in order of student and chapter.

    Raises UsageError when the student asked for has an id that cannot be.
    """
    if student is not None:
        try:
            check_student_id(student)
        except SubmissionTrouble as trouble:
            raise UsageError(str(trouble)) from None
    found: list[Upload] = []
    refused: list[Refused] = []
    folders = sorted(submitted.iterdir()) if submitted.is_dir() else []
    for folder in folders:
        if student not in (None, folder.name) or folder.name in LITTER:
            continue
        try:
            check_student_id(folder.name)
            _check_folder(folder)
        except SubmissionTrouble as trouble:
            refused.append(Refused(printable(folder.name, 60), str(trouble)))
            continue
        for chapter in chapters:
            if (folder / chapter).is_symlink() or (folder / chapter).exists():
                path = folder / chapter / f"{chapter}.ipynb"
                found.append(Upload(folder.name, chapter, path))
    return found, refused


def _check_folder(folder: Path) -> None:
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise SubmissionTrouble(
            f"{named(folder.name)} in the folder of submissions is no "
            "folder: expected <student>/<chapter>/<chapter>.ipynb."
        )
