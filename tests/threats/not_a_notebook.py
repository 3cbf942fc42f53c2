"""Files that are no notebook, or one of no sensible size or shape.

Each is one sentence for student and staff, read in bounded memory; what is a
notebook in spite of oddities is graded.
"""

import json
from pathlib import Path
from typing import Any

from threat_board import Board, plain

from autograder.grading import ipynb
from autograder.sample.desk import code

LINES = (35,)


def cells(*found: Any, **top: Any) -> bytes:
    """A notebook of format 4."""
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found}
    return json.dumps(document | top).encode()


CELL = {"cell_type": "code", "source": "x", "metadata": {}, "outputs": []}
USELESS = {
    "empty": (b"", "not JSON"),
    "cut-off": (cells(CELL)[:40], "not JSON"),
    "zip": (b"PK\x03\x04\xff" * 99, "not UTF-8"),
    "utf-16": (cells(CELL).decode().encode("utf-16"), "not UTF-8"),
    "nulls": (b"\x00" * 9999, "not JSON"),
    "list": (b"[]", "no notebook"),
    "deep-list": (b"[" * 1_000_000, "nested too deeply"),
    "deep-object": (b'{"cells":' * 500_000, "nested too deeply"),
    "digits": (b'{"nbformat": ' + b"4" * 9999 + b"}", "too many digits"),
    "format-1": (cells(CELL, nbformat=1), "format 1"),
    "format-2": (cells(CELL, nbformat=2), "format 2"),
    "format-5": (cells(CELL, nbformat=5), "format 5"),
    "format-nan": (cells(CELL, nbformat=float("nan")), "format nan"),
    "no-cells": (cells(), "no cells"),
    "many-cells": (cells(*[CELL] * 100_000), "100000 cells"),
    "long-cell": (cells(CELL | {"source": "x" * 15_000_000}), "kB of text"),
    "strange-cells": (cells(1, None, [], "x", {"cell_type": 3}), "not the notebook of"),
}


def hand_in(board: Board) -> None:
    for name, (data, trouble) in USELESS.items():
        board.useless(name, data, trouble)

    def grow(folder: Path) -> None:
        with (folder / "depthwise.ipynb").open("r+b") as file:
            file.truncate(1 << 40)  # a terabyte, sparse

    board.useless("terabyte", b"{", "larger than", fill=grow)
    board.useless(
        "outputs", cells(CELL | {"outputs": ["x" * (21 << 20)]}), "larger than"
    )
    right = board.desk.right()
    with_mark = b"\xef\xbb\xbf" + ipynb.to_bytes(right)
    board.notebook("byte-order-mark", with_mark)
    surrogates = ipynb.to_bytes(board.with_cell("x = 'HALF'"))
    board.notebook("lone-surrogates", surrogates.replace(b"HALF", b"\\ud800"))
    nulls = ipynb.to_bytes(board.with_cell("x = 'HALF'"))
    board.notebook("null-in-a-cell", nulls.replace(b"HALF", b"\\u0000"))
    same = board.desk.right()
    for cell in same.cells:
        cell.id = "same"
    board.notebook("duplicate-ids", plain(same))
    deep = board.desk.right()
    deep.cells.append(code("(" * 5000 + ")" * 5000))
    deep.cells.append(code("x = " + "-" * 50_000 + "1"))
    board.notebook("deep-expressions", deep, summary="ran out of memory")
