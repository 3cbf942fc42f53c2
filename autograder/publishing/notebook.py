"""A chapter as nbgrader's source notebook: the instructor's, with answers.

What each role becomes is told in ARCHITECTURE.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from nbformat import NotebookNode, v4

from autograder.errors import AuthorError
from autograder.model import Exercise
from autograder.publishing.address import site_address
from autograder.publishing.chapter import Cell, Chapter
from autograder.publishing.directives import caption
from autograder.publishing.markdown import Live, to_pieces, to_plain
from autograder.publishing.question import WrittenQuestion, answer_with_key
from autograder.publishing.references import Context, cell_figure
from autograder.publishing.start import start_cell
from autograder.publishing.stub import stub
from autograder.publishing.wording import counted

KERNEL = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
# On the page these cells show less than their whole; a notebook folds them.
FOLDED = {"hide-input", "remove-input", "hide-cell", "remove-cell"}
SCHEMA = 3  # nbgrader's version of its metadata

# nbformat marks itself as typed but leaves these functions without types.
_MAKE: dict[str, Callable[..., NotebookNode]] = {
    "code": v4.new_code_cell,
    "markdown": v4.new_markdown_cell,
    "raw": v4.new_raw_cell,
}
_notebook: Callable[..., NotebookNode] = v4.new_notebook
_writes: Callable[[NotebookNode], str] = v4.writes


def _cell(kind: str, source: str, **metadata: Any) -> NotebookNode:
    return _MAKE[kind](source, metadata=metadata)


def _tags(cell: NotebookNode) -> list[str]:
    tags: list[str] = cell.metadata.get("tags", [])
    return tags


def source_notebook(
    chapter: Chapter, exercises: Mapping[str, Exercise], context: Context
) -> NotebookNode:
    """The chapter with nbgrader's solution cells and grade cells.

    exercises: the chapter's, by name. Cell ids follow from names and places,
    so the same chapter gives the same bytes.
    Raises AuthorError where chapter and checks do not list the same exercises,
    and for text that has no plain Markdown.
    """
    _check_same(chapter, exercises)
    cells: list[NotebookNode] = []
    for cell in chapter.cells:
        cells += _released(cell, chapter, exercises, replace(context, line=cell.line))
    setups = [i for i, c in enumerate(cells) if "setup" in _tags(c)]
    first = setups[0] if setups else 1
    # After the chapter's set-up, which may have to come before torch is imported.
    cells.insert(first + bool(setups), _course_cell(chapter))
    # Before all code. No set-up: in grading all is there.
    cells.insert(first, _cell("code", start_cell(site_address(context.folder.parent))))
    cells += _last_cells(chapter.name)
    if context.cited:
        papers = context.bibliography.listing(list(context.cited))
        cells.append(_cell("markdown", f"## References\n\n{papers}"))
    for number, made in enumerate(cells):
        name = made.metadata.get("nbgrader", {}).get("grade_id", f"{number:03d}")
        made["id"] = f"{chapter.name}-{name}"[:64]  # the longest that nbformat has
    return _notebook(cells=cells, metadata=KERNEL)


def _check_same(chapter: Chapter, exercises: Mapping[str, Exercise]) -> None:
    for name in chapter.exercises:
        if name not in exercises:
            raise AuthorError(
                f"Releasing {chapter.path.name}: it has the exercise '{name}', but "
                f"autograder/checks/{chapter.name}.py has no Exercise for it. "
                "Write one there, or take the cell out."
            )
    for name in exercises:
        if name not in chapter.exercises:
            raise AuthorError(
                f"Releasing {chapter.path.name}: autograder/checks/{chapter.name}.py "
                f"has the Exercise '{name}', but no cell of the chapter is tagged "
                f"'exercise' and imports it. Add the cell, or take the Exercise out."
            )


def _last_cells(name: str) -> Iterator[NotebookNode]:
    """What is done in the chapter and in the course, and how to hand it in."""
    yield _cell(
        "markdown",
        "## How far you are\n\n"
        "To hand in, save this notebook and run `python -m convnets pack` in a "
        "terminal in its folder: it checks your work and writes the file to hand in.",
    )
    yield _cell("code", f'progress("{name}")')


def _course_cell(chapter: Chapter) -> NotebookNode:
    """Brings `check`, and the names that the reference module imports.

    A released answer's surroundings (argument checks, base classes) use those
    names, whether the chapter's own set-up has them or not.
    """
    lines = ["from convnets import check, progress"]
    if chapter.reference:
        written = "\n".join(c.source for c in chapter.cells if c.role == "setup")
        for node in ast.parse(chapter.reference.text).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                statement = ast.unparse(node)
                if statement not in written.splitlines():
                    lines.append(statement)
    return _cell("code", "\n".join(sorted(lines)), tags=["setup"])


def _released(
    cell: Cell, chapter: Chapter, exercises: Mapping[str, Exercise], context: Context
) -> Iterator[NotebookNode]:
    """The cells that a chapter's cell becomes."""
    if cell.role == "site-only":
        return
    if cell.kind == "markdown":
        yield from _prose(cell.source, context)
    elif cell.kind == "raw":
        yield _cell("raw", cell.source)
    elif cell.role == "given":
        yield _given(cell, chapter)
    elif cell.role == "exercise":
        yield from _exercise(exercises[cell.names[0]], chapter)
    else:
        yield _code(cell, context)
        if figure := cell_figure(cell):
            yield _caption(figure, context)


def _prose(text: str, context: Context) -> Iterator[NotebookNode]:
    for piece in to_pieces(text, context):
        if isinstance(piece, Live):
            yield _cell("code", _live_source(piece))
            if piece.caption:
                yield _cell("markdown", piece.caption)
        elif isinstance(piece, WrittenQuestion):
            yield from _question(piece)
        else:
            yield _cell("markdown", piece)


def _question(asked: WrittenQuestion) -> Iterator[NotebookNode]:
    """What is asked, locked; the cell for the answer, which a person grades."""
    text = f"> **Question `{asked.name}`** · {asked.worth}\n\n{asked.text}"
    yield _marked(text, f"question_{asked.name}", "markdown", locked=True)
    yield _marked(
        answer_with_key(asked),
        asked.name,
        "markdown",
        grade=True,
        solution=True,
        points=asked.points,
    )


def _live_source(figure: Live) -> str:
    arguments = "".join(f", {k}={v!r}" for k, v in figure.parameters.items())
    return f'from convnets import live\n\nlive.figure("{figure.name}"{arguments})'


def _given(cell: Cell, chapter: Chapter) -> NotebookNode:
    reference = chapter.reference
    assert reference is not None  # chapter.read sees to it
    source = "\n\n\n".join(reference.source(name) for name in cell.names)
    if re.search(r"(BEGIN|END) SOLUTION", source):
        raise AuthorError(
            f"Releasing {chapter.path.name}, cell at line {cell.line}: what it gives "
            "to students has an answer between markers. Tag it 'exercise'."
        )
    return _marked(source, f"given_{cell.names[0]}", locked=True)


def _exercise(exercise: Exercise, chapter: Chapter) -> Iterator[NotebookNode]:
    assert chapter.reference is not None
    source = chapter.reference.source(exercise.name)
    stub(source)  # raises where the markers would leave the answer in
    yield _cell("markdown", _header(exercise))
    yield _marked(source, exercise.name, solution=True)
    yield _marked(
        f'check("{exercise.name}")',
        f"check_{exercise.name}",
        grade=True,
        locked=True,
        points=exercise.points,
    )


def _header(exercise: Exercise) -> str:
    """What the exercise is worth and how it earns that."""
    groups = "\n".join(
        f"> - *{group.name}* ({counted(group.points, 'point')}): {group.about}"
        for group in exercise.groups
    )
    return (
        f"> **Exercise `{exercise.name}`** · {counted(exercise.points, 'point')} · "
        f"about {exercise.minutes} minutes · {exercise.difficulty}\n>\n{groups}"
    )


def _marked(
    source: str,
    grade_id: str,
    kind: str = "code",
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: int | None = None,
) -> NotebookNode:
    """A cell that nbgrader knows."""
    marks: dict[str, Any] = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": SCHEMA,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        marks["points"] = points
    return _cell(kind, source, nbgrader=marks)


def _code(cell: Cell, context: Context) -> NotebookNode:
    if re.search(r"\bmyst_nb\b", cell.source):
        raise context.trouble(
            "a cell for students uses myst_nb, which they do not have",
            "Move what glues numbers into a cell tagged 'site-only'.",
        )
    metadata: dict[str, Any] = {}
    if cell.role == "setup":
        metadata["tags"] = ["setup"]
    if FOLDED & set(cell.metadata.get("tags", [])):
        metadata["jupyter"] = {"source_hidden": True}
    return _cell("code", cell.source, **metadata)


def _caption(figure: Mapping[str, Any], context: Context) -> NotebookNode:
    name = figure.get("name")
    if not name:
        raise context.trouble(
            "a cell's figure has a caption and no name",
            "Give it a 'name: fig-…' below 'figure:' so that it has a number.",
        )
    text = to_plain(str(figure["caption"]).strip(), context)
    number = context.label(str(name)).number
    return _cell("markdown", caption("Figure", number, text))


def to_bytes(notebook: NotebookNode) -> bytes:
    """The notebook as a file."""
    text: str = _writes(notebook)
    return f"{text}\n".encode()
