"""Which chapters there are, and which exercises they hold.

The order of chapters is known to `_toc.yml` alone. A chapter has exercises
when `autograder/checks/<chapter>.py` exists.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import convnets
from autograder.errors import AuthorError, UsageError
from autograder.model import Exercise

ROOT = Path(__file__).parent.parent
# What the checks of several chapters share.
SHARED = ("draws", "forbidden_ops")


@dataclass(frozen=True)
class ChapterExercises:
    """One chapter: its stem, its text, and its exercises as checks list them."""

    name: str
    path: Path
    exercises: tuple[Exercise, ...]

    @property
    def version(self) -> str:
        """Changes when a verdict might: reference, checks, or comparison."""
        return version(self.name)


@dataclass(frozen=True)
class Catalogue:
    """All chapters with exercises, in the book's order."""

    chapters: tuple[ChapterExercises, ...]

    def __iter__(self) -> Iterator[Exercise]:
        return (e for chapter in self.chapters for e in chapter.exercises)

    def exercise(self, name: str) -> Exercise:
        """The exercise of this name. Raises UsageError."""
        for exercise in self:
            if exercise.name == name:
                return exercise
        known = ", ".join(exercise.name for exercise in self)
        raise UsageError(f"There is no exercise '{name}'. There are: {known}.")

    def chapter(self, name: str) -> ChapterExercises:
        """The chapter of this name. Raises UsageError."""
        for chapter in self.chapters:
            if chapter.name == name:
                return chapter
        raise UsageError(_no_chapter(name, (c.name for c in self.chapters)))

    def chapter_of(self, exercise: Exercise) -> ChapterExercises:
        """The chapter that an exercise of this catalogue stands in."""
        return next(c for c in self.chapters if exercise in c.exercises)


def load(root: Path = ROOT, only: Iterable[str] = ()) -> Catalogue:
    """Read `_toc.yml` and the checks of its chapters.

    only: names of chapters, whose checks alone are imported; none means all.
    Raises AuthorError for what does not fit together, UsageError for a chapter
    that is not there.
    """
    chapters = [
        ChapterExercises(path.stem, path, _exercises(path.stem))
        for path in _graded(root, only)
    ]
    _unique(chapters)
    return Catalogue(tuple(chapters))


def names(root: Path = ROOT, only: Iterable[str] = ()) -> tuple[str, ...]:
    """The chapters that `load` finds, without importing anything of theirs.

    Raises UsageError for a chapter that is not there.
    """
    return tuple(path.stem for path in _graded(root, only))


def version(chapter: str) -> str:
    """Changes when a verdict might: reference, checks, or comparison."""
    digest = hashlib.sha256()
    rooms = [ROOT / "solutions", ROOT / "autograder" / "checks"]
    machinery = sorted(Path(convnets.__file__).parent.glob("*.py"))
    ours = ROOT / "autograder"
    machinery += [ours / "model.py", *(ours / "checks" / f"{n}.py" for n in SHARED)]
    machinery += sorted((ours / "judging").glob("*.py"))
    for path in [room / f"{chapter}.py" for room in rooms] + machinery:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def trains(chapters: Iterable[str]) -> bool:
    """Whether a right answer to an exercise of these chapters trains a network."""
    files = [ROOT / "solutions" / f"{chapter}.py" for chapter in chapters]
    return any("torch.optim" in path.read_text("utf-8") for path in files)


def _graded(root: Path, only: Iterable[str]) -> list[Path]:
    """The texts of chapters with checks, in the book's order."""
    pages = [path for path in _pages(root) if _checks(root, path.stem).exists()]
    if not (wanted := set(only)):
        return pages
    if unknown := wanted - {path.stem for path in pages}:
        raise UsageError(_no_chapter(min(unknown), (page.stem for page in pages)))
    return [path for path in pages if path.stem in wanted]


def _checks(root: Path, chapter: str) -> Path:
    return root / "autograder" / "checks" / f"{chapter}.py"


def _no_chapter(name: str, known: Iterable[str]) -> str:
    return f"There is no chapter '{name}'. There are: {', '.join(known)}."


def _pages(root: Path) -> list[Path]:
    """The text of every page that `_toc.yml` names, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text())

    def files(node: Any) -> Iterator[str]:
        if isinstance(node, list):
            for item in node:
                yield from files(item)
        elif isinstance(node, dict):
            if "file" in node:
                yield node["file"]
            for key in ("parts", "chapters", "sections"):
                yield from files(node.get(key, []))

    return [root / f"{name}.md" for name in files(toc)]


def _exercises(chapter: str) -> tuple[Exercise, ...]:
    """The Exercises of a checks module, in the order they are written."""
    try:
        module = importlib.import_module(f"autograder.checks.{chapter}")
    except ImportError as error:
        raise AuthorError(
            f"Loading autograder/checks/{chapter}.py: {error}. Every chapter with "
            f"checks needs solutions/{chapter}.py with the references they name."
        ) from error
    found = {
        name: value for name, value in vars(module).items() if type(value) is Exercise
    }
    for name, exercise in found.items():
        if exercise.name != name:
            raise AuthorError(
                f"autograder/checks/{chapter}.py: the Exercise '{name}' has the "
                f"reference '{exercise.name}'. Give both the same name."
            )
    return tuple(found.values())


def _unique(chapters: list[ChapterExercises]) -> None:
    seen: dict[str, str] = {}
    for chapter in chapters:
        for exercise in chapter.exercises:
            if exercise.name in seen:
                raise AuthorError(
                    f"The exercise '{exercise.name}' stands in {seen[exercise.name]} "
                    f"and in {chapter.name}. Names are unique in the course: "
                    "rename one."
                )
            seen[exercise.name] = chapter.name
