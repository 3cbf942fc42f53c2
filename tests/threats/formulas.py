"""Formulas in names: a spreadsheet takes the exported table for text.

Names that begin like one are refused; a name that only looks odd is graded and
exported as it is.
"""

from threat_board import Board

LINES = (38,)
TESTS = (
    "tests/test_threats.py::test_the_exported_table_has_no_formula",
    "tests/test_report.py::test_no_cell_of_a_table_is_a_formula",
)


def hand_in(board: Board) -> None:
    names = ("=1+1", "+cmd|' 'C'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1")
    for name in names:
        board.refused(name.replace("/", ""), "cannot be used")
    board.notebook("+ @ - = in the middle".replace("=", "+"), board.desk.right())
