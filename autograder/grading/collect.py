"""Packed submissions and archives of a learning platform into `submitted/`.

No path in an archive is ever followed: of each member only the bytes are read,
up to a limit, and written where the student and the chapter say. Who handed in
is what the platform or the instructor called the outermost file; what a student
called things inside decides nothing.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from autograder import folders
from autograder.errors import SubmissionTrouble, UsageError
from autograder.grading.ingest import MAX_BYTES, printable
from autograder.grading.uploads import Refused, check_student_id

# `anna_convnets.zip`; platforms put numbers and the file's own name behind it.
MATCH = r"(?P<student>[^_]+)(?:_.*)?"
# The same for nbgrader's zip_collect, which matches paths of what it unpacked.
PATHS = r".*/extracted/(?P<student_id>[^/_]+)[^/]*/(?:.*/)?(?P<file_id>[^/]+)\.ipynb$"
# The bundle, and what a submission is called that names nobody.
NOBODY = re.compile(r"(?:convnets|submissions?)\b.*", re.IGNORECASE)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MAX_MEMBERS = 100_000  # of an archive that a platform makes
MAX_INNER = 500  # of an archive that a student makes
MAX_ARCHIVES = 5  # by one student
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
)  # fmt: skip  what zipfile raises on bytes that are no archive


@dataclass(frozen=True)
class Collected:
    """A notebook that was put into submitted/, or was there already."""

    student: str
    chapter: str
    news: str


@dataclass
class Collection:
    """What came of collecting: notebooks, and what was left alone."""

    collected: list[Collected] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A notebook in an archive. place: names from the outside in; read: its bytes,
    while the archive is open. Raises SubmissionTrouble."""

    place: tuple[str, ...]
    read: Callable[[], bytes]


def collect(
    course: Path,
    files: Sequence[Path],
    student: str = "",
    match: str = MATCH,
    replace: bool = False,
) -> Collection:
    """Put the notebooks of these archives into course/submitted/.

    student: whose they are, where the files' names do not say it. match: a
    regular expression with the group `student` for the name of a file or folder.
    replace: also where another notebook was handed in before.
    Raises UsageError when the call cannot be used; what is wrong with a
    submission is in the result.
    """
    chapters, pattern = _released(course), _pattern(match)
    made = Collection()
    seen: set[tuple[str, str]] = set()
    for file in files:
        for found in _notebooks(file, made):
            try:
                whose = student or _student(found.place, chapters, pattern)
                chapter = _chapter(found.place[-1], chapters)
                _check_first(check_student_id(whose), chapter, seen)
                news = _put(course, whose, chapter, found.read(), replace)
            except SubmissionTrouble as trouble:
                made.refused.append(Refused(_shown(found.place), str(trouble)))
            else:
                made.collected.append(Collected(whose, chapter, news))
    return made


def _check_first(student: str, chapter: str, seen: set[tuple[str, str]]) -> None:
    if (student, chapter) in seen:
        raise SubmissionTrouble(
            f"Another notebook of {student} for {chapter} came before it, and that "
            "one is taken. If this one should count, leave the other out."
        )
    # Before anything is unpacked, so that a thousand copies cost nothing.
    seen.add((student, chapter))


def _released(course: Path) -> list[str]:
    paths = sorted((course / "release").glob("*/*.ipynb"))
    names = [path.stem for path in paths if path.stem == path.parent.name]
    if not names:
        raise UsageError(
            f"Collecting into {course}: no chapter was released there. Run `course "
            "release` first, or give the folder with --course."
        )
    return names


def _pattern(match: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(match)
    except re.error as error:
        raise UsageError(
            f"--match {match!r} is no regular expression: {error}"
        ) from None
    if "student" not in pattern.groupindex:
        raise UsageError(f"--match {match!r} has no group (?P<student>...)")
    return pattern


def _student(
    place: Sequence[str], chapters: Sequence[str], pattern: re.Pattern[str]
) -> str:
    """Who handed in: the outermost name that is a person's.

    In the archive of one student that is the archive's name; in a platform's,
    which holds folders, archives or files of many, the name one step inside.
    """
    archive, first = place[0], place[1]
    single = _names_chapter(first, chapters) or NOBODY.fullmatch(first)
    name = archive if single else first
    found = pattern.fullmatch(PurePosixPath(name).stem if "." in name else name)
    whose = found["student"].strip() if found else ""
    if not whose or NOBODY.fullmatch(whose):
        raise SubmissionTrouble(
            f"{printable(name, 60)!r} does not say whose it is. Rename it to "
            "<student>_convnets.zip, or give --student; for other names, --match."
        )
    return whose


def _names_chapter(name: str, chapters: Sequence[str]) -> bool:
    return name.endswith(".ipynb") and name.removesuffix(".ipynb") in chapters


def _chapter(name: str, chapters: Sequence[str]) -> str:
    """The chapter of a file, whatever a platform put before and behind its name."""
    for chapter in sorted(chapters, key=len, reverse=True):
        # fast_convolution before convolution, which its name ends with
        if re.fullmatch(rf"(?:.*_)?{chapter}(?: ?\(\d+\)|-\d+)?\.ipynb", name):
            return chapter
    raise SubmissionTrouble(
        f"No chapter is called {printable(name.removesuffix('.ipynb'), 60)!r}. If it "
        "is a chapter's notebook, give it the chapter's name."
    )


def _put(course: Path, student: str, chapter: str, data: bytes, replace: bool) -> str:
    path = course / "submitted" / student / chapter / f"{chapter}.ipynb"
    for folder in path.parents[:2]:
        if folder.is_symlink():
            raise SubmissionTrouble(f"submitted/{student} holds a link; remove it.")
    if path.is_symlink() or path.exists():
        plain = stat.S_ISREG(path.lstat().st_mode)
        if plain and path.read_bytes() == data:
            return "as before"
        if not replace:
            raise SubmissionTrouble(
                f"{student} handed in another notebook for {chapter} before; it "
                "stays. Say --replace if this one should count."
            )
    folders.write(path, data)
    return "collected"


# ---- archives --------------------------------------------------------------


def _notebooks(file: Path, made: Collection) -> Iterator[_Found]:
    """The notebooks in an archive, and in archives inside it. Raises UsageError
    for a file that is none; what is wrong inside goes to made.refused."""
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise UsageError(
            f"Collecting {file}: it cannot be read as a zip ({error}). Give packed "
            "submissions, or the zip with all submissions that your platform makes."
        ) from None
    archives: dict[str, int] = {}
    with archive:
        for place, member in _members(archive, (file.name,), MAX_MEMBERS, made):
            if place[-1].endswith(".ipynb"):
                yield _Found(place, partial(_read, archive, member))
                continue
            try:
                archives[place[1]] = archives.get(place[1], 0) + 1
                if archives[place[1]] > MAX_ARCHIVES:
                    raise SubmissionTrouble(f"More than {MAX_ARCHIVES} archives.")
                yield from _inner(_read(archive, member), place, made)
            except SubmissionTrouble as trouble:
                made.refused.append(Refused(_shown(place), str(trouble)))


def _inner(data: bytes, place: tuple[str, ...], made: Collection) -> Iterator[_Found]:
    """The notebooks of a student's archive inside a platform's."""
    with _open(io.BytesIO(data)) as archive:
        for inside, member in _members(archive, place, MAX_INNER, made):
            if inside[-1].endswith(".ipynb"):
                yield _Found(inside, partial(_read, archive, member))
            else:
                reason = "It is an archive in an archive; unpack it."
                made.refused.append(Refused(_shown(inside), reason))


def _open(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except UNREADABLE:
        raise SubmissionTrouble(
            "It is no zip that can be read; ask for a file that `python -m convnets "
            "pack` made."
        ) from None


def _members(
    archive: zipfile.ZipFile, place: tuple[str, ...], most: int, made: Collection
) -> Iterator[tuple[tuple[str, ...], zipfile.ZipInfo]]:
    """Notebooks and archives in an archive, each with its place."""
    members = archive.infolist()
    if len(members) > most:
        reason = f"It has {len(members)} files; at most {most} are looked at."
        made.refused.append(Refused(_shown(place), reason))
        return
    for member in members:
        parts = tuple(p for p in re.split(r"[/\\]+", member.filename) if p)
        litter = not parts or parts[0] == "__MACOSX" or parts[-1].startswith(".")
        if not litter and parts[-1].endswith((".ipynb", ".zip")):
            yield (*place, *parts), member


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """The bytes of a member that is a plain file of a size that is graded."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.is_dir() or kind not in (0, stat.S_IFREG):
        raise SubmissionTrouble("It is a folder, a link or a device, not a file.")
    if member.flag_bits & 1:
        raise SubmissionTrouble("It has a password; ask for one without.")
    if member.compress_type not in METHODS:
        raise SubmissionTrouble(
            "It is packed in a way that is not read; ask for a zip."
        )
    try:
        with archive.open(member) as file:
            data = file.read(MAX_BYTES + 1)  # whatever the archive says of its size
    except UNREADABLE as error:
        raise SubmissionTrouble(
            f"It cannot be unpacked ({type(error).__name__}); ask for it again."
        ) from None
    if len(data) > MAX_BYTES:
        raise SubmissionTrouble(f"It is larger than {MAX_BYTES >> 20} MB.")
    return data


def _shown(place: Sequence[str]) -> str:
    return printable("/".join(place), 120)
