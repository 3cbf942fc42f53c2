"""Links, devices, FIFOs and sockets in the folder of submissions.

None is opened or followed, none makes the grader wait: one sentence each, and
what a link leads to is in nobody's feedback.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from threat_board import Board

LINES = (41,)
TESTS = ("tests/test_nbgrader.py::test_links_and_devices_are_set_aside",)
NAME = "depthwise.ipynb"


def hand_in(board: Board) -> None:
    secret = board.targets.files[0]
    opened = "cannot be opened"
    board.useless("link", b"", opened, fill=instead(lambda p: p.symlink_to(secret)))
    zero = instead(lambda p: p.symlink_to("/dev/zero"))
    board.useless("device", b"", opened, fill=zero)
    loop = instead(lambda p: p.symlink_to(p))
    board.useless("loop", b"", opened, fill=loop)
    board.useless("fifo", b"", "not a plain file", fill=instead(os.mkfifo))
    board.useless("socket", b"", opened, fill=instead(listening))
    board.useless("folder", b"", "not a plain file", fill=instead(os.mkdir))
    board.useless("missing", b"", "There is no file", fill=instead(lambda p: None))
    board.useless("linked-folder", b"", "is a link", fill=linked(secret.parent))
    board.notebook("fifo-timestamp", board.desk.right(), fill=timestamp_fifo)
    board.refused("a-link", "is no folder", lambda s: (s / "a-link").symlink_to(secret))
    board.refused("a-file", "is no folder", lambda s: (s / "a-file").write_text("x"))
    board.refused("a-fifo", "is no folder", lambda s: os.mkfifo(s / "a-fifo"))


def instead(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Puts something in the place of the notebook."""

    def fill(folder: Path) -> None:
        (folder / NAME).unlink()
        make(folder / NAME)

    return fill


def listening(path: Path) -> None:
    """A socket, whose name may not be long."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def linked(target: Path) -> Callable[[Path], object]:
    """Makes the folder of the submission a link."""

    def fill(folder: Path) -> None:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        folder.symlink_to(target)

    return fill


def timestamp_fifo(folder: Path) -> None:
    """Where the time of the submission is read."""
    (folder / "timestamp.txt").unlink(missing_ok=True)
    os.mkfifo(folder / "timestamp.txt")
