"""Handing in again and again, to learn a hidden case from the score.

A function that is wrong on one hidden case only loses the group of that case and
is not told which it was: two such submissions read alike.
"""

from threat_board import Board

from autograder.sample.desk import Expected

LINES = (6,)
ALIKE = True  # their feedback may differ in the student's name only

WRONG = """


_honest = depthwise_as_dense


def depthwise_as_dense(w):
    dense = _honest(w)
    return -dense if w.shape == PROBED else dense"""


def hand_in(board: Board) -> None:
    for name, probed in {"a": (2, 5, 3, 4), "b": (7, 3, 2, 1)}.items():
        notebook = board.with_cell(f"PROBED = {probed}")
        at = board.desk.index(notebook, "depthwise_as_dense")
        notebook.cells[at].source += WRONG
        less = {"depthwise_as_dense": Expected("less")}
        board.notebook(name, notebook, less)
