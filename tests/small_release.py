"""A small released notebook, and what students make of it, for tests."""

from __future__ import annotations

import copy
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading.ingest import SubmittedCell

STUB = "def {0}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def marked(grade_id: str, source: str, **marks: Any) -> NotebookNode:
    """A cell that nbgrader knows."""
    every = {"grade": False, "solution": False, "locked": False, "task": False}
    every |= {"grade_id": grade_id, "schema_version": 3, "cell_type": "code", **marks}
    return new_code_cell(source, id=f"small-{grade_id}", metadata={"nbgrader": every})


def exercise(name: str, points: int) -> list[NotebookNode]:
    """A solution cell and its grade cell."""
    return [
        marked(name, STUB.format(name), solution=True),
        marked(
            f"check_{name}", f'check("{name}")', grade=True, locked=True, points=points
        ),
    ]


def small_release() -> NotebookNode:
    """Set-up, a given helper, two exercises `f` and `g`, prose, an experiment."""
    cells = [
        new_markdown_cell("# Small", id="small-000"),
        new_code_cell("import math", id="small-001", metadata={"tags": ["setup"]}),
        marked("given_pair", "def pair(x):\n    return x, x", locked=True),
        *exercise("f", 2),
        new_markdown_cell("Now `g`.", id="small-005"),
        *exercise("g", 3),
        new_code_cell("plot(f, g)", id="small-008"),
    ]
    return new_notebook(cells=cells)


def as_submitted(notebook: NotebookNode) -> list[SubmittedCell]:
    """The cells of a notebook as ingest gives them."""
    return [
        SubmittedCell(
            cell.cell_type,
            cell.source,
            cell.metadata.get("nbgrader", {}).get("grade_id", ""),
            cell.get("id", ""),
        )
        for cell in notebook.cells
    ]


def filled(**answers: str) -> NotebookNode:
    """The small notebook with these answers."""
    notebook = copy.deepcopy(small_release())
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = answers.get(name, cell.source)
    return notebook


def own(source: str) -> NotebookNode:
    """A cell that a student added."""
    return new_code_cell(source)
