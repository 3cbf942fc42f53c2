"""Work that never ends, or ends late: loops, recursion, sleep, slow but legal.

Cells and calls stop at the clock. What an endless cell leaves is graded; work
that is slow and ends in time counts in full.
"""

from threat_board import Board

LINES = (28,)
LATE = "did not end in time"

CELLS = {
    "swallows": "while True:\n    try:\n        while True: pass\n"
    "    except BaseException: pass",
    "sleep": "import time\ntime.sleep(1000)",
    "regular-expression": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
}
RECURSION = "def deeper(): return deeper()\n\n\ndeeper()"
TOOK_LONG = "took too long"
STUCK = """\
def conv_cost(*args, **kwargs):
    import time
    while True:
        time.sleep(1)"""
SLOW = """


_honest = depthwise_as_dense


def depthwise_as_dense(w):
    import time
    time.sleep(0.3)
    return _honest(w)"""


def hand_in(board: Board) -> None:
    for name, source in CELLS.items():
        board.cell(name, source, LATE)
    board.cell("recursion", RECURSION)
    late = f"conv_cost {LATE}"
    board.answer("function", "conv_cost", STUCK, says=(TOOK_LONG,), summary=late)
    slow = board.source("depthwise_as_dense") + SLOW
    board.answer("slow-but-legal", "depthwise_as_dense", slow, "full")
