"""A thread that answers after the verdict, or a child that would.

What comes late is no answer to anything.
"""

from threat_board import Board

LINES = (17,)

THREAD = """\
import os
import threading
import time

from autograder.sandbox.frames import to_bytes


def late(answer):
    def send():
        time.sleep(0.02)
        os.write(3, to_bytes({"kind": "returned", "value": answer, "nonce": 0}))
    threading.Thread(target=send, daemon=True).start()


calls = []"""


ANSWER = """\
class DepthwiseConv2d(nn.Module):
    def __init__(self, *args, **kwargs):
        super().__init__()
        calls.append(late)
        late((0, 0))
        time.sleep(0.05 if len(calls) >= {slow} else 0)"""


def hand_in(board: Board) -> None:
    # The last exercise: frames that come late would spoil what follows.
    # The first answer is quick or slow; the next wait, so that the frame is seen.
    for name, slow in (("thread", 2), ("thread-first", 1)):
        source = f"{THREAD}\n\n\n{ANSWER.format(slow=slow)}"
        wrote = "DepthwiseConv2d wrote to the grader's channel"
        board.answer(name, "DepthwiseConv2d", source, summary=wrote)
    child = "import os\nif os.fork() == 0:\n    os.write(3, b'late')\nreturn 0, 0"
    board.forged("forked-child", child)
