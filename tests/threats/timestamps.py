"""Forged, missing and malformed timestamps; somebody else's name.

A time that cannot be read counts as none, and the work is graded for whoever's
folder it lies in.
"""

from collections.abc import Callable
from pathlib import Path

from threat_board import Board

LINES = (21, 45)
TESTS = (
    "tests/test_ingest.py::test_timestamps_are_believed_when_they_can_be_read",
    "tests/test_threats.py::test_no_deadline_reads_the_wall_clock",
)

TIMES = {
    "word": b"yesterday",
    "empty": b"",
    "binary": b"\xff\xfe\x00",
    "long": b"2026-10-01 " * 100_000,
    "far-future": b"9999-12-31 23:59:59.999999 UTC",
    "far-past": b"0001-01-01 00:00:00 +14:00",
    "leap-second": b"2016-12-31 23:59:60 UTC",
    "no-such-hour": b"2026-03-29 02:30:00 Europe/Berlin",
    "zone": b"2026-10-25 02:30:00 +9999",
    "injection": b"2026-10-01'; DROP TABLE grade; --",
}


def hand_in(board: Board) -> None:
    for name, text in TIMES.items():
        board.notebook(name, board.desk.right(), fill=written(text))
    board.notebook("folder", board.desk.right(), fill=a_folder)
    other = board.desk.right()
    other.metadata.student = other.metadata.author = "honest-right"
    other.cells[0].source = "Name: honest-right\n\nStudent id: honest-right"
    board.notebook("impersonated", other)


def written(text: bytes) -> Callable[[Path], object]:
    """Writes the text as the timestamp."""
    return lambda folder: (folder / "timestamp.txt").write_bytes(text)


def a_folder(folder: Path) -> None:
    """Where nbgrader expects the file."""
    (folder / "timestamp.txt").mkdir()
