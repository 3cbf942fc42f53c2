"""Outputs that came with the notebook, as results, as HTML, as errors.

They are neither read nor shown: the work scores what it answers.
"""

from typing import Any

from threat_board import Board, plain

from autograder.grading.program import role
from autograder.sample.desk import Expected

LINES = (11, 24)
RESULTS = {
    "nan": "nan",
    "negative": "-1",
    "text": "passed",
    "maximum": "3",
    "more": "1000000",
    "infinite": "inf",
}
FORBIDDEN = ("STORED-OUTPUT",)  # must be in nothing that grading writes


def result(text: str) -> Any:
    """What nbgrader would take a score from."""
    data = {"text/plain": text, "text/html": f"<b>STORED-OUTPUT {text}</b>"}
    return {
        "output_type": "execute_result",
        "execution_count": 1,
        "data": data,
        "metadata": {},
    }


def hand_in(board: Board) -> None:
    stubs = dict.fromkeys(board.desk.names, Expected("none", ("still the stub",)))
    for name, text in RESULTS.items():
        notebook = board.desk.notebook({}, helpers=False)
        for cell in notebook.cells:
            if role(cell) in ("grade", "solution"):
                cell.outputs = [result(text)]
        board.notebook(name, plain(notebook), stubs)
    right = board.desk.right()
    error = {"output_type": "error", "ename": "STORED-OUTPUT", "evalue": "x"}
    loud = {"output_type": "stream", "name": "stderr", "text": "STORED-OUTPUT"}
    for cell in right.cells:
        if role(cell) == "grade":
            cell.outputs = [loud, error | {"traceback": ["STORED-OUTPUT"]}]
    board.notebook("failures", plain(right))
