"""Writing to the sandbox's own pipe in place of an answer.

Noise, lengths that lie, frames of no request, verdicts, frames before the call:
the call fails and earns nothing, and so does what follows it in the same child.
"""

from threat_board import Board

LINES = (15,)

FRAMES = {
    "noise": "b'\\xff' * 64",
    "huge-length": "struct.pack('<I', 0xffffffff)",
    "half-a-frame": "struct.pack('<I', 1 << 20) + b'x' * 100",
    "nothing": "struct.pack('<I', 0)",
    "deep": "struct.pack('<II', 100_004, 100_000) + b'[' * 100_000",
    "no-request": "to_bytes({'kind': 'returned', 'value': (0, 0), 'nonce': 0})",
    "verdict": "to_bytes({'passed': True, 'score': 3.0, 'points': 3})",
    "twice": "to_bytes({'kind': 'returned', 'value': (0, 0), 'nonce': 1}) * 2",
}
BEFORE = """\
import os
import struct

from autograder.sandbox.frames import to_bytes"""
SNOOP = """\
import os
import sys


def nonce():
    frame = sys._getframe()
    while frame:
        request = frame.f_locals.get("request")
        if request:
            return request["nonce"]
        frame = frame.f_back"""


WROTE = "conv_cost wrote to the grader's channel"
WAITS = "conv_cost did not end in time"


def hand_in(board: Board) -> None:
    for name, frame in FRAMES.items():
        said = WAITS if name == "half-a-frame" else WROTE
        body = f"os.write(3, {frame})\nreturn 0, 0"
        board.forged(name, body, BEFORE, said)
    # Knows the number of the request, and still has to know the answer.
    reply = "to_bytes({'kind': %r, 'value': (0, 0), 'nonce': nonce()})"
    for kind in ("returned", "passed"):
        body = f"os.write(3, {reply % kind})\nreturn 0, 0"
        board.forged(f"numbered-{kind}", body, f"{BEFORE}\n{SNOOP}", WROTE)
    board.forged("reads-it", "os.read(3, 1 << 16)\nreturn 0, 0", BEFORE, WAITS)
    ended = "conv_cost ended the Python process"
    board.forged("closed", "os.close(3)\nreturn 0, 0", BEFORE, ended)
    results = "for fd in range(64):\n    try:\n        os.write(fd, b'passed')\n"
    results += "    except OSError:\n        pass\nreturn 0, 0"
    board.forged("every-descriptor", results, BEFORE, WROTE)
