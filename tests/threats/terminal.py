"""Control sequences for the terminal in names, messages and claims.

Whatever the command prints is printable text, and markup of the terminal library
is shown as it stands.
"""

import json

from threat_board import Board

LINES = (40,)
TESTS = ("tests/test_threats.py::test_the_terminal_shows_printable_text",)
CLEAR = "\x1b[2J\x1b]0;owned\x07\x9b31m\r\b\u202e\u2028[bold red]x[/][link=file:///]y"


def hand_in(board: Board) -> None:
    names = ("\x1b[2Jb", "a\nb", "a\rb", "a\x07", "a\u202eb", "a\u2028b", "[bold]")
    for name in names:
        board.refused(name, "cannot be used")
    mark = {"nbgrader": {"grade_id": CLEAR[:40]}}
    cell = {"cell_type": "code", "source": CLEAR, "metadata": mark}
    claim = json.dumps({"nbformat": 4, "cells": [cell]}).encode()
    board.useless("claim", claim, "not the notebook of")
    mark["nbgrader"]["grade_id"] = "x).\n  a-honest, depthwise: cheated"
    fake = json.dumps({"nbformat": 4, "cells": [cell]}).encode()
    board.useless("forged-line", fake, "not the notebook of")
    strange = json.dumps({"nbformat": CLEAR, "cells": [cell]}).encode()
    board.useless("format", strange, "says it has format")
    name = board.desk.names[1]
    message = f"def {name}(w):\n    raise type({CLEAR!r}, (KeyError,), {{}})({CLEAR!r})"
    board.answer("message", name, message)
    board.cell("cell", f"print({CLEAR!r})\nraise ValueError({CLEAR!r})")
