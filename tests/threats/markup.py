"""HTML and JavaScript wherever a student can write.

Cells, messages, answers, names of types and of students: feedback, report and
formgrader show them as text. `tests/test_staff_pages.py` opens the pages.
"""

from pathlib import Path

from threat_board import Board

from autograder.sample.desk import code, prose

LINES = (37,)
TESTS = (
    "tests/test_staff_pages.py::test_pages_run_nothing",
    "tests/test_formgrader.py::test_no_script_of_a_students_runs",
)

MARKUP = """\
<script>window.owned = "script"</script>
<img src="x" onerror="window.owned = 'image'">
<svg onload="window.owned = 'drawing'"><script>window.owned = 1</script></svg>
<iframe srcdoc="<script>parent.owned = 'frame'</script>"></iframe>
<style>@import "http://owned.invalid/style.css";</style>
<link rel=stylesheet href="http://owned.invalid/"><base href="http://owned.invalid/">
<meta http-equiv="refresh" content="0; url=http://owned.invalid/">
<a href="javascript:window.owned='link'" autofocus onfocus="window.owned='focus'">x</a>
</pre></code></td></table></title></style></script><script>window.owned=2</script>
[x](javascript:window.owned='markdown') ![x](http://owned.invalid/x.png)
$$\\href{javascript:window.owned='tex'}{x}$$ `<script>window.owned=3</script>`
{{ cycler.__init__.__globals__.os.popen('id').read() }} {% raw %} ${7*7} {{7*7}}"""


def hand_in(board: Board) -> None:
    cells = board.desk.right()
    cells.cells[0:0] = [prose(MARKUP), code(f"raise ValueError({MARKUP!r})")]
    first = board.desk.index(cells, board.desk.names[0])
    cells.cells[first].source += f"\n\nprint({MARKUP!r})\n# {MARKUP.splitlines()[0]}"
    cells.metadata.title = cells.metadata.authors = MARKUP
    board.notebook("cells", cells)
    name = board.desk.names[1]
    message = f"def {name}(w):\n    raise ValueError({MARKUP[:400]!r})"
    board.answer("messages", name, message)
    kind = f"return type({MARKUP[:90]!r}, (), {{}})()"
    board.answer("types", name, f"def {name}(w):\n    {kind}")
    text = f"return {MARKUP!r}"
    board.answer("answers", name, f"def {name}(w):\n    {text}")
    board.answer("syntax", name, f"def {name}(w:\n    {MARKUP}", says=("not valid",))
    board.useless("claims", claims(), "not the notebook of")
    for refused in ("<script>owned=1<", "<img src=x onerror=owned=1>", 'a"onx="b'):
        board.refused(refused.replace("/", ""), "cannot be used")
    board.notebook("file-names", board.desk.right(), fill=files)


def claims() -> bytes:
    """A notebook whose cells claim to be exercises with names of markup."""
    import json

    mark = {"nbgrader": {"grade_id": MARKUP[:40]}}
    cell = {"cell_type": "code", "source": MARKUP, "metadata": mark}
    return json.dumps({"nbformat": 4, "cells": [cell]}).encode()


def files(folder: Path) -> None:
    """Files whose names are markup."""
    (folder / "<img src=x onerror=window.owned=1>.png").write_bytes(b"x")
