"""Gigabytes of text, of one line, of rich output, of a traceback.

Output is cut where it is made; the work beside it counts.
"""

from threat_board import Board

LINES = (30,)

CELLS = {
    "one-line": ("print('x' * 50_000_000)", ""),
    "many-lines": ("for _ in range(200_000): print('x' * 50)", ""),
    "endless": ("while True: print('x' * 1_000_000)", "did not end in time"),
    "stderr": ("import sys\nsys.stderr.write('x' * 50_000_000)", ""),
    "rich": ("display({'image/png': 'x' * 10_000_000})", ""),
    "traceback": ("raise ValueError('x' * 50_000_000)", ""),
    "below-python": ("import os\nos.write(1, b'x' * 50_000_000)", ""),
    "warnings": ("import warnings\nfor i in range(9999): warnings.warn(str(i))", ""),
}


def hand_in(board: Board) -> None:
    for name, (source, summary) in CELLS.items():
        board.cell(name, source, summary)
    body = "print('x' * 10_000_000)\nraise ValueError('y' * 10_000_000)"
    board.forged("in-a-call", body)
