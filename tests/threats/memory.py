"""All the memory there is: one array, many objects, maps, recursion without limit.

A child meets its own limit, the machine does not notice, and other cells count.
"""

from threat_board import Board

LINES = (29,)
FULL = "ran out of memory"

CELLS = {
    "one-array": ("a = np.ones(1 << 40)", FULL),
    "filled-array": ("a = np.ones(1 << 29)", FULL),
    "tensor": ("a = torch.ones(1 << 38)", ""),
    "many-objects": ("a = []\nwhile True: a.append(bytearray(999_999))", FULL),
    "maps": ("import mmap\na = []\nwhile True: a.append(mmap.mmap(-1, 1 << 26))", FULL),
    "mapped-file": (
        "import mmap\nf = open('f', 'w+b')\nf.truncate(1 << 25)\n"
        "a = [mmap.mmap(f.fileno(), 0) for _ in range(1000)]",
        "",
    ),
    "stack": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n"
        "    def __getattr__(self, n): return getattr(self, n + 'x')\nA().x",
        "the cell added-1",  # of memory, or of the stack
    ),
    "locked": ("import ctypes\nctypes.CDLL(None).mlockall(3)", ""),
}
CALL = "return np.ones((1 << 36,))"


def hand_in(board: Board) -> None:
    for name, (source, summary) in CELLS.items():
        board.cell(name, source, summary)
    exercise = "depthwise_as_dense"
    summary = f"{exercise} ran out of memory"
    board.answer("answer", exercise, f"def {exercise}(w):\n    {CALL}", summary=summary)
    # 64 MB: more than an answer may have
    large = f"def {exercise}(w):\n    return np.zeros((1 << 23,))"
    board.answer("large-answer", exercise, large)
    wide = "a = [0]\nfor _ in range(60):\n    a = [a, a]\nreturn a"
    board.forged("wide-answer", wide)
