"""Bombs of processes and of threads, and orphans that stay.

No process can be started, threads are few, and all end with the child.
"""

from threat_board import Board

LINES = (31,)

CELLS = {
    "fork-bomb": "import os\nwhile True: os.fork()",
    "shell-bomb": "import os\nassert os.system(':(){ :|:& };:') == 0",
    "thread-bomb": "import threading, time\nwhile True:\n"
    "    threading.Thread(target=time.sleep, args=(99,)).start()",
    "orphan": "import os\nif os.fork() == 0:\n    os.setsid()\n    while True: pass",
    "pool": "from concurrent.futures import ProcessPoolExecutor as P\n"
    "list(P(64).map(abs, range(64)))",
    "exec": "import os\nos.execv('/bin/sh', ['sh', '-c', 'sleep 999'])",
    "clone": "import ctypes\nassert ctypes.CDLL(None).syscall(56, 0, 0, 0, 0, 0) > 0",
}


def hand_in(board: Board) -> None:
    for name, source in CELLS.items():
        board.cell(name, source)
