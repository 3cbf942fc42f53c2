"""What the cells of a released or rebuilt notebook are for, and what runs.

Grading runs set-up cells, given helpers, the student's solution cells and the
cells the student added. Prose, experiments, grade cells and answers in words do
not run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode

from autograder.sandbox.program import Cell, Program

ADDED = "added"  # the role of a student's own cell in the rebuilt notebook


def mark(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """nbgrader's metadata of a released cell."""
    marks: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
    return marks


def role(cell: Mapping[str, Any]) -> str:
    """What a released or rebuilt cell is for.

    One of solution, grade, question (an answer in words), given, setup, added,
    or "" for prose and experiments.
    """
    marks = mark(cell)
    if marks.get("solution"):
        return "question" if marks.get("grade") else "solution"
    if marks.get("grade"):
        return "grade"
    if cell["cell_type"] != "code":
        return ""
    tags = cell["metadata"].get("tags", [])
    if marks.get("locked"):
        return "given"
    return next((tag for tag in ("setup", ADDED) if tag in tags), "")


def exercise_of(cell: Mapping[str, Any]) -> str:
    """The exercise that a grade cell `check_<name>` checks."""
    return str(mark(cell)["grade_id"]).removeprefix("check_")


def key(cell: NotebookNode) -> str:
    """What identifies a released cell: nbgrader's name, or the cell's id."""
    return str(mark(cell).get("grade_id") or cell["id"])


def program(notebook: NotebookNode) -> Program:
    """What grading runs of a rebuilt notebook, and where it looks names up.

    An exercise is looked up where its grade cell stands; one that its solution
    cell does not define, after everything the student added.
    """
    cells: list[Cell] = []
    elsewhere: list[str] = []
    answers = {key(c): c.source for c in notebook.cells if role(c) == "solution"}
    for cell in notebook.cells:
        kind = role(cell)
        if kind == "grade":
            name = exercise_of(cell)
            if defines(answers.get(name, ""), name):
                cells.append(Cell(key(cell), "", (name,)))
            else:
                elsewhere.append(name)
        elif kind and kind != "question":
            cells.append(Cell(key(cell), cell.source))
    if elsewhere:
        cells.append(Cell("end", "", tuple(elsewhere)))
    return Program(tuple(cells))


def defines(source: str, name: str) -> bool:
    """Whether a cell, as text, defines or assigns a name at its top level."""
    pattern = rf"^(?:def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*="
    return re.search(pattern, source, re.MULTILINE) is not None
