"""A submission rebuilt on the notebook that was released.

Whatever happened to the student's copy, the rebuilt notebook has every
released cell once, in order, with its own metadata and points. Two things are
taken over: what stands in the student's solution cells and answers in words,
and the cells that the student added, between the same released cells.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.errors import SubmissionTrouble
from autograder.grading.ingest import SubmittedCell, on_one_line
from autograder.grading.program import ADDED, defines, key, role
from autograder.grading.words import LONGEST, MISSING, fenced, graded_source

DELETED = "# This cell was not in the notebook that was handed in.\n"


@dataclass(frozen=True)
class Transplanted:
    """The rebuilt notebook, and what was odd, in sentences for the student."""

    notebook: NotebookNode
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Placed:
    """A submitted cell: the released cell that it is ('' for a student's own),
    and the released cell that it stands after ('' at the top)."""

    cell: SubmittedCell
    key: str
    after: str


def transplant(
    release: NotebookNode, cells: Sequence[SubmittedCell], chapter: str
) -> Transplanted:
    """Rebuild a submission on the released notebook.

    Raises SubmissionTrouble when nothing in it belongs to this chapter.
    """
    placed = list(_placed(release, cells))
    _check_chapter(release, placed, chapter)
    answers, notes = _answers(release, placed)
    own = _own(release, placed, answers)
    notebook = copy.deepcopy(release)
    rebuilt = [_added(cell) for cell in own.get("", ())]
    for cell in notebook.cells:
        if role(cell) == "solution":
            answer = answers.get(key(cell))
            cell.source = DELETED if answer is None else answer.source
        elif role(cell) == "question":
            cell.source = _in_words(answers.get(key(cell)), cell)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        rebuilt += [cell, *(_added(more) for more in own.get(key(cell), ()))]
    notebook.cells = _numbered(rebuilt)
    return Transplanted(notebook, tuple(notes))


def _placed(release: NotebookNode, cells: Sequence[SubmittedCell]) -> Iterator[_Placed]:
    keys = {key(cell) for cell in release.cells}
    by_id = {cell["id"]: key(cell) for cell in release.cells}
    by_source = {_squeezed(cell.source): key(cell) for cell in release.cells}
    after = ""
    for cell in cells:
        # Editors may drop ids or metadata: three ways to know a cell again.
        found = cell.grade_id if cell.grade_id in keys else by_id.get(cell.cell_id)
        found = found or by_source.get(_squeezed(cell.source), "")
        yield _Placed(cell, found, after)
        after = found or after


def _squeezed(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().splitlines())


def _same(cell: SubmittedCell, released: NotebookNode) -> bool:
    return _squeezed(cell.source) == _squeezed(released.source)


def _check_chapter(
    release: NotebookNode, placed: Sequence[_Placed], chapter: str
) -> None:
    """A notebook is of this chapter if it has a graded cell of it, any cell by
    its id, or a cell that defines one of its exercises."""
    kinds = ("solution", "grade", "question")
    graded = {key(cell) for cell in release.cells if role(cell) in kinds}
    ids = {cell["id"] for cell in release.cells}
    names = [key(cell) for cell in release.cells if role(cell) == "solution"]
    if not any(
        p.key in graded
        or p.cell.cell_id in ids
        or any(defines(p.cell.source, name) for name in names)
        for p in placed
    ):
        claims = dict.fromkeys(p.cell.grade_id for p in placed if p.cell.grade_id)
        found = ", ".join(on_one_line(name, 40) for name in list(claims)[:3])
        has = f"it has cells of other exercises ({found})" if found else "it has none"
        raise SubmissionTrouble(
            f"This is not the notebook of the chapter {chapter}: cells for "
            f"{', '.join(names[:3])} … were expected, {has}. Hand in the right file."
        )


def _answers(
    release: NotebookNode, placed: Sequence[_Placed]
) -> tuple[dict[str, SubmittedCell], list[str]]:
    """For each solution cell or question the student's cell that answers it, and
    notes.

    Where such a cell was copied, the notebook's own rule decides: the last one
    that was changed counts; the others are added cells.
    """
    answers: dict[str, SubmittedCell] = {}
    notes: list[str] = []
    for stub in release.cells:
        if role(stub) not in ("solution", "question"):
            continue
        name = key(stub)
        claims = [p.cell for p in placed if p.key == name]
        if not claims:
            notes.append(
                f"The cell for {name} is missing; {name} is looked for in the cells "
                "that you added."
            )
            continue
        changed = [cell for cell in claims if not _same(cell, stub)]
        answers[name] = (changed or claims)[-1]
        if len(claims) > 1:
            notes.append(
                f"{len(claims)} cells are marked as the answer to {name}; the last "
                "one that you changed is graded. Keep one and delete the others."
            )
        notes += _oddities(stub, answers[name])
    return answers, notes


def _oddities(stub: NotebookNode, answer: SubmittedCell) -> Iterator[str]:
    """Sentences about an answer of another kind or length than was asked for."""
    name = key(stub)
    if role(stub) == "solution" and answer.kind != "code":
        yield f"The cell for {name} is no code cell; it is graded as one."
    if role(stub) == "question" and len(answer.source.strip()) > LONGEST:
        yield (
            f"The answer to {name} has more than {LONGEST} characters; what is "
            "beyond them is not read."
        )


def _in_words(answer: SubmittedCell | None, released: NotebookNode) -> str:
    """The source of an answer's cell. No answer is the placeholder as it was given
    out; a cell that is gone is no such answer: a person has to look for it."""
    if answer is None:
        return MISSING
    if not answer.source.strip() or _same(answer, released):
        return str(released.source)
    return graded_source(answer.source)


def _own(
    release: NotebookNode,
    placed: Sequence[_Placed],
    answers: Mapping[str, SubmittedCell],
) -> dict[str, list[SubmittedCell]]:
    """The student's own cells by the released cell that they stand after.

    Besides cells that are in no way released: changed copies of solution cells
    and of answers in words, and what was made of a set-up cell, since students
    add imports there.
    """
    released = {key(cell): cell for cell in release.cells}
    own: dict[str, list[SubmittedCell]] = {}
    for p in placed:
        if not p.key:
            own.setdefault(p.after, []).append(p.cell)
            continue
        original = released[p.key]
        if p.cell is answers.get(p.key) or _same(p.cell, original):
            continue
        if role(original) == "solution":
            own.setdefault(p.after, []).append(p.cell)
        elif role(original) == "question":
            words = replace(p.cell, kind="markdown")
            own.setdefault(p.after, []).append(words)
        elif role(original) == "setup":
            own.setdefault(p.key, []).append(p.cell)
    return own


def _added(cell: SubmittedCell) -> NotebookNode:
    code = cell.kind == "code"
    make: Any = new_code_cell if code else new_markdown_cell
    source = cell.source if code else fenced(cell.source)
    added: NotebookNode = make(source, metadata={"tags": [ADDED]})
    return added


def _numbered(cells: list[NotebookNode]) -> list[NotebookNode]:
    """Give the added cells ids that are the same whenever this is repeated."""
    number = 0
    for cell in cells:
        if ADDED in cell.metadata.get("tags", []):
            number += 1
            cell["id"] = f"{ADDED}-{number}"
    return cells
