"""Ids that are paths, globs, options or the names of devices.

Each is refused in one sentence, and nothing is written for it.
"""

from threat_board import Board

LINES = (39,)
TESTS = (
    "tests/test_ingest.py::test_other_ids_are_refused_in_one_sentence",
    "tests/test_ingest.py::test_a_student_asked_for_by_a_bad_id_is_an_error",
)

NAMES = ("*", "?", "[a-z]*", "..%2f..%2fetc", "..\\..\\etc", "~", "~root", "$HOME")
MORE = (
    "-rf",
    "--help",
    "...",
    ".hidden",
    "a:b",
    "a;b",
    "a|b",
    "`id`",
    "$(id)",
    "x" * 200,
)


def hand_in(board: Board) -> None:
    for name in NAMES + MORE:
        board.refused(name, "cannot be used")
