"""Leaving, dying or falling silent, at each stage.

A process that is gone or says nothing passes nothing: what was lost earns
nothing, and the exercises of other cells count.
"""

from threat_board import Board

LINES = (16, 18)

CELLS = {
    "exit": ("import sys\nsys.exit(0)", ""),
    "interrupt": ("raise KeyboardInterrupt", ""),
    "hard-exit": ("import os\nos._exit(0)", "ended the Python process"),
    "kill": ("import os\nos.kill(os.getpid(), 9)", ""),
    "kill-all": ("import os\nos.kill(-1, 9)", ""),
    "alarm": ("import signal, time\nsignal.alarm(1)\ntime.sleep(1.2)", ""),
    "handlers": (
        "import signal\nfor n in range(1, 32):\n    try:\n"
        "        signal.signal(n, lambda *a: None)\n    except (OSError, ValueError):\n"
        "        pass",
        "",
    ),
    "at-exit": ("import atexit, os\natexit.register(os.write, 3, b'passed')", ""),
    "fault-handler": (
        "import faulthandler, time\n"
        "faulthandler.dump_traceback_later(0.3, exit=True, file=open('f', 'w'))\n"
        "time.sleep(9)",
        "ended the",
    ),
    "traced": ("import sys\nsys.settrace(lambda *a: sys.exit(0))", "ended the"),
}
CALLS = {
    "call-exits": ("import sys\nsys.exit(0)", ""),
    "call-exits-hard": ("import os\nos._exit(0)", "conv_cost ended the"),
    "call-is-silent": ("import signal\nsignal.pause()", "conv_cost did not end"),
    "call-never-says": ("raise GeneratorExit", ""),
}


def hand_in(board: Board) -> None:
    for name, (source, summary) in CELLS.items():
        board.cell(name, source, summary)
    for name, (body, summary) in CALLS.items():
        board.forged(name, body, summary=summary)
