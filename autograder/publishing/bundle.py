"""What students get: the public package with its cases, and the bundle."""

from __future__ import annotations

import io
import json
import shutil
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import convnets
from autograder import folders
from autograder.catalogue import ChapterExercises
from autograder.errors import AuthorError
from autograder.judging.cases import public_cases
from autograder.model import Exercise
from autograder.publishing import chapter as chapters_as_text
from autograder.publishing.question import WrittenQuestion
from convnets import values

NAME = "convnets-by-hand"
TEMPLATES = Path(__file__).parent.parent / "templates"
NOT_OURS = ("__pycache__", "*.pyc", ".*")  # what running and editing leave behind
# In chapters/figures: what computes with the references, for the book's pages.
LIVE_ON_PAPER = ("live.py", "tables.py", "states.py")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


@dataclass(frozen=True)
class Bundle:
    """The folder that a student unpacks, and the archive of it."""

    folder: Path
    archive: Path


def write_package(
    target: Path, chapters: Sequence[ChapterExercises], live: Mapping[str, Any]
) -> None:
    """Write the public package: code, figures, cases of these chapters.

    live: data of the live figures, by name, as JSON can hold it.
    """
    # Cases and data are made here, and never taken from the project's folder.
    left_out = shutil.ignore_patterns("cases", "*.json", *NOT_OURS)
    shutil.copytree(Path(convnets.__file__).parent, target, ignore=left_out)
    for name, data in live.items():
        text = json.dumps(data, sort_keys=True)
        folders.write(target / "figures" / f"{name}.json", text)
    (target / "cases").mkdir()
    for chapter in chapters:
        for exercise in chapter.exercises:
            path = target / "cases" / f"{exercise.name}.npz"
            values.save(path, public_cases(exercise))
    folders.write(target / "exercises.json", exercises_json(chapters))


def exercises_json(chapters: Sequence[ChapterExercises]) -> str:
    """What students may know of exercises and questions before they start."""
    entries = [
        _entry(exercise, chapter.name)
        for chapter in chapters
        for exercise in chapter.exercises
    ]
    asked = [
        {
            "name": question.name,
            "chapter": chapter.name,
            "points": question.points,
            "minutes": question.minutes,
        }
        for chapter in chapters
        for question in questions_of(chapter)
    ]
    document = {"exercises": entries, "questions": asked}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def questions_of(chapter: ChapterExercises) -> tuple[WrittenQuestion, ...]:
    """The questions that a chapter's text asks."""
    return chapters_as_text.read(chapter.path).questions


def points_of(chapter: ChapterExercises) -> int:
    """What full marks in a chapter's exercises and questions are worth."""
    asked = sum(question.points for question in questions_of(chapter))
    return asked + sum(exercise.points for exercise in chapter.exercises)


def _entry(exercise: Exercise, chapter: str) -> dict[str, Any]:
    hidden = [case.group for case in exercise.cases if not case.public]
    return {
        "name": exercise.name,
        "chapter": chapter,
        "points": exercise.points,
        "minutes": exercise.minutes,
        "difficulty": exercise.difficulty,
        "public": len(exercise.cases) - len(hidden),
        "forbidden": [rule.says for rule in exercise.forbidden],
        "groups": [
            {
                "name": group.name,
                "points": group.points,
                "about": group.about,
                "hidden": hidden.count(group.name),
            }
            for group in exercise.groups
        ],
    }


def copy_figures(root: Path, target: Path) -> None:
    """Copy the drawing code and pictures that notebooks use.

    What draws the live figures for paper stays behind: it needs the references.
    """
    source = root / "chapters" / "figures"
    if source.is_dir():
        left_out = shutil.ignore_patterns(*LIVE_ON_PAPER, *NOT_OURS)
        shutil.copytree(source, target, ignore=left_out)


def write_bundle(
    root: Path,
    build: Path,
    chapters: Sequence[ChapterExercises],
    notebooks: Mapping[str, bytes],
    live: Mapping[str, Any],
) -> Bundle:
    """Write `student/convnets-by-hand/` and the zip of it below build.

    notebooks: the released ones by chapter. Raises AuthorError when the lock
    does not list what students need.
    """
    target = build / "student" / NAME
    with folders.replacing(target) as folder:
        write_package(folder / "convnets", chapters, live)
        copy_figures(root, folder / "figures")
        for name, content in notebooks.items():
            folders.write(folder / f"{name}.ipynb", content)
        folders.write(folder / "requirements.txt", requirements(root))
        folders.write(folder / "README.md", _readme(chapters))
        shutil.copyfile(root / "LICENSE", folder / "LICENSE")
    archive = target.with_suffix(".zip")
    folders.write(archive, zipped(target))
    return Bundle(target, archive)


def requirements(root: Path) -> str:
    """The student's packages: what may be there, and what the lock has of it.

    Ranges, because the lock is one Python's: students have older and newer ones.
    """
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    lines = (root / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    versions = {canonicalize_name(pin.name): pin.specifier for pin in pins}
    wanted = [Requirement(line) for line in groups["student"]]
    for asked in wanted:
        if canonicalize_name(asked.name) not in versions:
            raise AuthorError(
                f"Writing requirements.txt: requirements.lock has no {asked.name}, "
                "which students need. Run `make lock`."
            )
    every = [(asked, str(versions[canonicalize_name(asked.name)])) for asked in wanted]
    return "".join(f"{asked}  # tested: {pin[2:]}\n" for asked, pin in every)


def _readme(chapters: Sequence[ChapterExercises]) -> str:
    rows = "\n".join(_row(chapter) for chapter in chapters)
    text = (TEMPLATES / "bundle_readme.md").read_text(encoding="utf-8")
    first = chapters[0].name if chapters else "…"
    return text.replace("{{ notebooks }}", rows).replace("{{ first }}", first)


def _row(chapter: ChapterExercises) -> str:
    asked = questions_of(chapter)
    minutes = sum(question.minutes for question in asked)
    minutes += sum(exercise.minutes for exercise in chapter.exercises)
    cells = (len(chapter.exercises), len(asked), points_of(chapter), minutes)
    return f"| `{chapter.name}.ipynb` | {' | '.join(map(str, cells))} |"


def zipped(folder: Path) -> bytes:
    """A folder as a zip whose bytes follow from its files' names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = path.relative_to(folder.parent).as_posix()
                info = zipfile.ZipInfo(name, EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3  # Unix, wherever it is made
                info.external_attr = 0o100644 << 16
                archive.writestr(info, path.read_bytes())
    return buffer.getvalue()
