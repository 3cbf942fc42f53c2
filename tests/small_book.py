"""A book of one graded chapter, to release in tests."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

from autograder.catalogue import ROOT, ChapterExercises
from autograder.model import Exercise, Group, case, normal
from autograder.publishing import contents
from autograder.publishing.contents import Book

FILES = Path(__file__).parent / "files" / "book"
# What stands in its answers and in the graders' key.
SECRET = ("secret_sums", "moving_sum(x, k) / k", "Secret: ")


def small_book(folder: Path) -> Path:
    """Copy the book into a folder, with the project's files that release reads."""
    root = folder / "book"
    shutil.copytree(FILES, root, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.lock", "LICENSE"):
        shutil.copyfile(ROOT / name, root / name)
    return root


def with_numbers(build: Path) -> Path:
    """Leave the numbers that a build of the site would leave."""
    path = build / "numbers" / "moving.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"total:.1f": "3.0"}))
    return build


def chapter(root: Path) -> ChapterExercises:
    """The graded chapter with its two exercises."""
    module = runpy.run_path(str(root / "solutions" / "moving.py"))
    exercises = tuple(_exercise(module[name]) for name in ("moving_sum", "moving_mean"))
    return ChapterExercises("moving", root / "chapters" / "moving.md", exercises)


def read(root: Path) -> Book:
    """The book as release reads it."""
    return contents.read(root)


def _exercise(reference: object) -> Exercise:
    assert callable(reference)
    return Exercise(
        reference,
        minutes=5,
        difficulty="warm-up",
        groups=[Group("plain", 2, "any numbers"), Group("edge", 1, "one window")],
        cases=[
            case("plain", "five numbers", normal(5), 2, public=True),
            case("plain", "seven numbers", normal(7), 3),
            case("edge", "as many as there are", normal(4), 4),
        ],
    )
