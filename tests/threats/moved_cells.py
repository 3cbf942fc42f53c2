"""Cells deleted, copied, retyped, reordered; marks, ids and formats forged.

The submission is rebuilt on what was released: the work that can be found counts,
and the points are those that were given out. What is another assignment's is none.
"""

from typing import Any

from threat_board import CHAPTER, Board, plain

from autograder.grading import ipynb
from autograder.grading.program import mark, role
from autograder.sample.desk import Expected
from autograder.sample.events import moved_cells

LINES = (19,)


def hand_in(board: Board) -> None:
    moved_cells(board.desk)
    board.take_over()
    board.notebook("marks", plain(forged(board)))
    other = board.desk.right()
    other.metadata = {
        "kernelspec": {"name": "evil", "display_name": "x", "language": "bash"},
        "nbgrader": {"student_id": "right", "assignment": "convolution"},
    }
    board.notebook("kernel", other)
    wrong = f"not the notebook of the chapter {CHAPTER}"
    board.useless("other-assignment", another(board), wrong)
    renamed = board.desk.right()
    for cell in renamed.cells:
        if mark(cell).get("grade_id"):
            cell.metadata.nbgrader.grade_id = "conv_cost"
        cell.id = "same"
    first = dict.fromkeys(board.desk.names, Expected("full"))
    notes = "are marked as the answer"
    board.notebook(
        "one-name-for-all", plain(renamed), first, notes=notes, summary="is missing"
    )


def forged(board: Board) -> Any:
    """Right answers in a notebook whose marks say something else."""
    notebook = board.desk.right()
    for cell in notebook.cells:
        if role(cell):
            cell.metadata.nbgrader = {**mark(cell), "points": 1e6, "schema_version": 99}
            cell.metadata.nbgrader.update(locked=False, grade=True, task=True)
            cell.metadata.deletable = cell.metadata.editable = True
    notebook.nbformat_minor = 0
    return notebook


def another(board: Board) -> bytes:
    """What was released of another chapter."""
    name = "convolution"
    assert name != CHAPTER
    path = board.targets.course / "release" / name / f"{name}.ipynb"
    return ipynb.to_bytes(ipynb.read(path))
