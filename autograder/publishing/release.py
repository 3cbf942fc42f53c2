"""From chapters to nbgrader's source/ and release/, and the student bundle."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import folders
from autograder.catalogue import ChapterExercises, load
from autograder.errors import AuthorError
from autograder.publishing import contents, nbgrader_release
from autograder.publishing.bundle import (
    TEMPLATES,
    Bundle,
    copy_figures,
    points_of,
    write_bundle,
    write_package,
)
from autograder.publishing.contents import Book
from autograder.publishing.notebook import source_notebook, to_bytes
from autograder.publishing.references import live_figures

Progress = Callable[[str], None]


@dataclass(frozen=True)
class ReleaseResult:
    """What a release wrote, and where."""

    chapters: tuple[str, ...]
    exercises: int
    points: int
    course: Path
    bundle: Bundle


def _quietly(text: str) -> None:
    """Say nothing of what is being done."""


def release(
    root: Path,
    build: Path,
    chapters: Sequence[str] = (),
    progress: Progress = _quietly,
) -> ReleaseResult:
    """Release chapters; none means all that have exercises.

    root: the project; build: where everything made goes; progress: told what
    is being done. The bundle holds every chapter released now or before.
    Raises AuthorError where the chapters cannot be released, UsageError for a
    chapter that is not there.
    """
    catalogue = load(root)
    wanted = [catalogue.chapter(name) for name in chapters]
    book = contents.read(root)
    every = catalogue.chapters
    return release_chapters(book, build, every, wanted or every, progress)


def release_chapters(
    book: Book,
    build: Path,
    every: Sequence[ChapterExercises],
    wanted: Sequence[ChapterExercises],
    progress: Progress = _quietly,
) -> ReleaseResult:
    """Release the wanted ones of every chapter that the course has."""
    course = build / "course"
    _check_exercises(book, every)
    template = (TEMPLATES / "nbgrader_config.py").read_text(encoding="utf-8")
    folders.write(course / "nbgrader_config.py", template)
    _forget_others(course, {chapter.name for chapter in every})
    for chapter in wanted:
        progress(f"{chapter.name}: source notebook")
        write_source(book, build, chapter)
        progress(f"{chapter.name}: nbgrader generate_assignment")
        nbgrader_release.generate(course, chapter.name)
    progress("student bundle")
    released = [c for c in every if _released(course, c.name).is_file()]
    made = {c.name: _released(course, c.name).read_bytes() for c in released}
    data = {k: v for c in released for k, v in _live_data(book, c.name).items()}
    return ReleaseResult(
        tuple(chapter.name for chapter in wanted),
        sum(len(chapter.exercises) for chapter in wanted),
        sum(points_of(chapter) for chapter in wanted),
        course,
        write_bundle(book.root, build, released, made, data),
    )


def write_source(book: Book, build: Path, chapter: ChapterExercises) -> None:
    """Write `course/source/<chapter>/`: the notebook and what it needs.

    Raises AuthorError for a chapter that cannot be released.
    """
    exercises = {exercise.name: exercise for exercise in chapter.exercises}
    context = book.context(chapter.name, build)
    notebook = source_notebook(book.pages[chapter.name], exercises, context)
    with folders.replacing(build / "course" / "source" / chapter.name) as folder:
        path = folder / f"{chapter.name}.ipynb"
        folders.write(path, to_bytes(notebook))
        # nbgrader hands out this folder alone, so it holds all that is needed.
        write_package(folder / "convnets", [chapter], _live_data(book, chapter.name))
        copy_figures(book.root, folder / "figures")


def _check_exercises(book: Book, every: Sequence[ChapterExercises]) -> None:
    """Every page with something to grade has checks; cells are compared later."""
    graded = {chapter.name for chapter in every}
    for name, page in book.pages.items():
        names = [*page.exercises, *(question.name for question in page.questions)]
        if names and name not in graded:
            raise AuthorError(
                f"Releasing {page.path.name}: it has exercises "
                f"({', '.join(names)}), but there is no "
                f"autograder/checks/{name}.py. Write their checks there."
            )


def _forget_others(course: Path, known: set[str]) -> None:
    """Take away what was made of chapters that the book has no more."""
    for step in ("source", "release"):
        for path in (course / step).glob("*"):
            if path.name not in known:
                shutil.rmtree(path)


def _released(course: Path, chapter: str) -> Path:
    return course / "release" / chapter / f"{chapter}.ipynb"


def _live_data(book: Book, chapter: str) -> dict[str, Any]:
    """The data of the chapter's live figures that come with data, by name."""
    names = live_figures(book.pages[chapter])
    if not names:
        return {}
    # Sphinx is slow to import; a chapter without live figures does without.
    from autograder.book.live import live_data

    data = {name: live_data(book.root, chapter, name) for name in names}
    return {name: value for name, value in data.items() if value is not None}
