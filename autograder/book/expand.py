"""From a chapter as authors write it to the text that Sphinx reads.

An `exercise` cell becomes its header and its stub, a `given` cell the source
of its helpers; the import itself runs in a cell that is not shown. A question
becomes its header and what it asks. Neither the reference's own text nor the
graders' key ever enters the page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jupytext.myst import get_parser
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

from autograder.errors import AuthorError, CourseError, UsageError
from autograder.publishing import chapter as chapters
from autograder.publishing.chapter import Cell, Chapter
from autograder.publishing.question import NAME, WrittenQuestion
from autograder.publishing.stub import stub
from autograder.publishing.wording import counted

if TYPE_CHECKING:
    from autograder.catalogue import Catalogue
    from autograder.model import Exercise

Lookup = Callable[[str], "Exercise"]

_DRAWING = re.compile(r"^\s*(?:from|import) figures(?:\.| import )(\w+)", re.MULTILINE)
# Tildes, because a title may hold backticks; longer than any in a docstring.
_OUTER, _INNER = "~" * 7, "~" * 6


class ChapterError(SphinxError):
    """A chapter that cannot become a page; stops the build."""

    category = "Chapter error"


def setup(app: Sphinx) -> None:
    """Expand every chapter as Sphinx reads it."""
    app.connect("source-read", _source_read)


def _source_read(app: Sphinx, docname: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(docname))
    if not is_chapter(app, path):
        return
    checks = Path(app.srcdir) / "autograder" / "checks" / f"{path.stem}.py"
    for file in [*ingredients(path), checks]:
        if file.is_file():
            app.env.note_dependency(str(file))
    try:
        source[0] = expanded(app, path)
    except CourseError as error:
        raise ChapterError(str(error)) from None


def is_chapter(app: Sphinx, path: Path) -> bool:
    """Whether a page may have exercises."""
    return path.parent == Path(app.srcdir) / "chapters" and path.suffix == ".md"


def expanded(app: Sphinx, path: Path) -> str:
    """A chapter's file as the text that Sphinx reads. Raises CourseError."""
    root = Path(app.srcdir)
    text = path.read_text(encoding="utf-8")
    page = chapters.parse(text, path)
    return expand(text, page, lambda name: _exercise_of(root, page, name))


def _exercise_of(root: Path, page: Chapter, name: str) -> Exercise:
    try:
        return _catalogue(root).exercise(name)
    except UsageError:
        raise AuthorError(
            f"{page.path.name} imports the exercise '{name}', but there is no Exercise "
            f"of this name in autograder/checks/{page.name}.py. Write one."
        ) from None


@cache
def _catalogue(root: Path) -> Catalogue:
    # Loads torch and every check: only for a build that has exercises.
    from autograder import catalogue

    return catalogue.load(root)


def ingredients(path: Path) -> list[Path]:
    """The files whose change makes a chapter's outputs stale."""
    root = path.parent.parent
    files = [root / "solutions" / f"{path.stem}.py", root / "convnets" / "palette.py"]
    # The drawing code that the chapter imports, and what that imports.
    waiting = [path]
    while waiting:
        text = waiting.pop().read_text(encoding="utf-8")
        for name in sorted(set(_DRAWING.findall(text))):
            file = path.parent / "figures" / f"{name}.py"
            if file.is_file() and file not in files:
                files.append(file)
                waiting.append(file)
    return files


def digest(path: Path) -> str:
    """Changes when one of the chapter's ingredients does."""
    sha = hashlib.sha256()
    for file in ingredients(path):
        sha.update(file.read_bytes() if file.is_file() else b"none")
    return sha.hexdigest()[:16]


def expand(text: str, page: Chapter, lookup: Lookup) -> str:
    """The chapter's text with its cells as the page shows and runs them.

    lookup: from an exercise's name to its Exercise. Raises AuthorError.
    """
    code = _fences(text, "code-cell")
    cells = [cell for cell in page.cells if cell.kind == "code"]
    # First line, line after the last, and what is put in their place.
    places = [
        (*lines, _question(question))
        for lines, question in zip(_fences(text, NAME), page.questions, strict=True)
    ]
    if code:
        places.append((code[0][0], code[0][0], _first_cell(page.path)))
    for lines, cell in zip(code, cells, strict=True):
        if cell.role == "exercise":
            places.append((*lines, _exercise(cell, page, lookup)))
        elif cell.role == "given":
            places.append((*lines, _given(cell, page)))
    written = text.splitlines()
    # From the end, so that the line numbers before it still hold.
    for start, stop, shown in sorted(places, reverse=True):
        written[start:stop] = shown.splitlines()
    return "\n".join(written) + "\n" if places else text


def _fences(text: str, name: str) -> list[tuple[int, int]]:
    """First line and line after the last of each `{name}` fence, from 0."""
    fences: list[tuple[int, int]] = []
    depth = 0
    for token in get_parser().parse(text + "\n"):
        depth += token.nesting
        named = token.type == "fence" and token.info.startswith(f"{{{name}}}")
        if depth == 0 and named:
            fences.append((token.map[0], token.map[1]))
    return fences


def _first_cell(path: Path) -> str:
    # jupyter-cache compares cells: the digest makes it notice other files.
    # Minimal tracebacks show no lines of a reference.
    return _removed(
        f'# Made with {digest(path)}.\nget_ipython().run_line_magic("xmode", "Minimal")'
    )


def _removed(source: str) -> str:
    """A code cell that runs and leaves nothing on the page."""
    return f"```{{code-cell}} ipython3\n:tags: [remove-cell]\n\n{source}\n```\n"


def _exercise(cell: Cell, page: Chapter, lookup: Lookup) -> str:
    assert page.reference is not None
    (name,) = cell.names
    try:
        shown = stub(page.reference.source(name))
    except AuthorError as error:
        raise AuthorError(f"{page.path.name}, exercise '{name}': {error}") from None
    return (
        f"{_OUTER}{{admonition}} Exercise: `{name}`\n"
        f":class: exercise\n:name: exercise-{name}\n\n"
        f"{header(lookup(name))}\n\n{_python(shown)}\n{_OUTER}\n\n{_removed(cell.source)}"
    )


def _given(cell: Cell, page: Chapter) -> str:
    assert page.reference is not None
    shown = "\n\n\n".join(page.reference.source(name) for name in cell.names)
    names = ", ".join(f"`{name}`" for name in cell.names)
    return (
        f"{_OUTER}{{admonition}} Given: {names}\n:class: given dropdown\n\n"
        f"{_python(shown)}\n{_OUTER}\n\n{_removed(cell.source)}"
    )


def _question(question: WrittenQuestion) -> str:
    return (
        f"{_OUTER}{{admonition}} Question: `{question.name}`\n"
        f":class: exercise\n:name: question-{question.name}\n\n"
        f"**{question.worth}**\n\n{question.text}\n{_OUTER}"
    )


def header(exercise: Exercise) -> str:
    """What a reader is told of an exercise before the stub, as Markdown."""
    first = (
        f"**{counted(exercise.points, 'point')}** · about "
        f"{counted(exercise.minutes, 'minute')} · {_plain(exercise.difficulty)}"
    )
    groups = "\n".join(
        f"- **{_plain(group.name)}** ({counted(group.points, 'point')}): "
        f"{_plain(group.about)}"
        for group in exercise.groups
    )
    return f"{first}\n\n{groups}"


def _python(source: str) -> str:
    return f"{_INNER}python\n{source}\n{_INNER}"


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to do."""
    return re.sub(r"([\\`*_$<>\[\]{}])", r"\\\1", text)
