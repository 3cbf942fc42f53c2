"""A submission that ends its process at every cell and every call.

It is given up after a handful of children; the worker and all others go on.
"""

from threat_board import Board

from autograder.sample.desk import Expected

LINES = (34,)
TESTS = ("tests/test_pool.py::test_a_deadly_job_is_found_out",)

DIES = "import os\n\n\ndef {name}(*args, **kwargs):\n    os._exit(1)"


def hand_in(board: Board) -> None:
    none = dict.fromkeys(board.desk.names, Expected("none"))
    calls = {name: DIES.format(name=name) for name in board.desk.names}
    ended = "DepthwiseConv2d ended the Python process"
    board.notebook("calls", board.desk.notebook(calls, False), none, summary=ended)
    notebook = board.desk.right()
    for name in board.desk.names:
        cell = notebook.cells[board.desk.index(notebook, name)]
        cell.source += "\nimport os\nos._exit(1)"
    board.notebook("cells", notebook, none, summary="ended the Python process")
