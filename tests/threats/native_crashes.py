"""Crashes in native code: segmentation fault, illegal instruction, abort.

The child dies alone: its cell is left out, the others count, and the summary says
that a cell ended the process.
"""

from threat_board import Board

LINES = (33,)
ENDED = "ended the Python process"

CELLS = {
    "segmentation-fault": "import ctypes\nctypes.string_at(0)",
    "abort": "import os\nos.abort()",
    "illegal-instruction": "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\n"
    "m.write(b'\\x0f\\x0b')\n"
    "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
    "fatal-error": "import ctypes\nctypes.pythonapi.Py_FatalError(b'over')",
    "interpreter": "import sys\nf = (lambda: 0)\n"
    "f.__code__ = f.__code__.replace(co_code=b'\\x64\\xff' * 99)\nf()",
}


def hand_in(board: Board) -> None:
    for name, source in CELLS.items():
        board.cell(name, source, ENDED)
