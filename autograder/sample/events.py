"""What happens to notebooks in real classes, as submissions of the sample class."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from autograder.grading import ipynb
from autograder.grading.program import key, role
from autograder.sample.desk import Desk, Expected, code, prose


def unfinished(desk: Desk) -> None:
    """Half of it done; nothing done; nothing done and points forged."""
    done = {n: desk.answers[n].reference for n in desk.names[:2]}
    stub = Expected("none", ("still the stub",))
    rest = dict.fromkeys(desk.names[2:], stub)
    desk.add("half-finished", desk.notebook(done, helpers=False), rest)
    untouched = dict.fromkeys(desk.names, stub)
    desk.add("untouched", desk.release, untouched)
    forged = copy.deepcopy(desk.release)
    for cell in forged.cells:
        if role(cell) == "grade":
            cell.metadata.nbgrader.points = 1000
            result: Any = ipynb.display({"text/plain": "1000"})
            result.output_type, result.execution_count = "execute_result", 1
            cell.outputs = [result]
    desk.add("points-forged", forged, untouched)


def crashes(desk: Desk) -> None:
    """Cells that stop, do not compile or do not end; functions that do not end."""
    first, last = desk.names[0], desk.names[-1]
    right = {n: a.reference for n, a in desk.answers.items()}
    broken = {first: "import a_library_that_is_not_there\n\n" + right[first]}
    desk.add(
        "crash-at-import",
        desk.notebook(right | broken, helpers=False),
        {first: Expected("none", ("ModuleNotFoundError",))},
    )
    desk.add(
        "syntax-error",
        desk.notebook(right | {first: right[first].replace("):", ")", 1)}, False),
        {first: Expected("none", ("not valid Python",))},
    )
    endless = {first: _body(right[first], "while True:\n        pass")}
    desk.add(
        "endless-loop",
        desk.notebook(right | endless, helpers=False),
        {first: Expected("none", ("took too long",))},
    )
    stuck = {last: "while True:\n    pass"}
    desk.add(
        "endless-cell",
        desk.notebook(right | stuck, helpers=False),
        {last: Expected("none", ("did not end in time",))},
    )


LOUD = """


import sys
import warnings

_plain = {name}


def {name}(*args, **kwargs):
    warnings.warn("slow, but right")
    print("a message on stderr", file=sys.stderr)
    print("a message on stdout")
    return _plain(*args, **kwargs)"""


def _body(function: str, body: str) -> str:
    """The first line of a function with another body."""
    return f"{function.splitlines()[0]}\n    {body}\n"


def noise(desk: Desk) -> None:
    """Warnings, prints, magics and plots, which must cost nothing."""
    first = desk.names[0]
    warned = desk.right()
    warned.cells[desk.index(warned, first)].source += LOUD.format(name=first)
    desk.add("warnings", warned)
    magic = desk.right()
    at = desk.index(magic, first)
    magic.cells[at:at] = [
        code("%matplotlib inline\n%load_ext autoreload\n!pip list"),
        code("%%bash\nls -l"),
        code("%%time\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()"),
        code("np.sum?\nget_ipython().run_line_magic('who', '')"),
    ]
    desk.add("magics-and-plots", magic)


def moved_cells(desk: Desk) -> None:
    """Cells deleted, copied, reordered, retyped, and stripped of metadata."""
    first, second = desk.names[:2]
    thin = desk.right()
    thin.cells = [c for c in thin.cells if role(c) == "solution" and key(c) != second]
    gone = Expected("none", ("nothing called",))
    desk.add("cells-deleted", thin, {second: gone}, "is missing")
    elsewhere = desk.right()
    at = desk.index(elsewhere, second)
    elsewhere.cells[at] = code(elsewhere.cells[at].source)
    desk.add("function-in-another-cell", elsewhere, notes="is missing")
    double = desk.right()
    at = desk.index(double, first)
    attempt = copy.deepcopy(double.cells[at])
    attempt.source = _body(attempt.source, "return 0")
    double.cells[at:at] = [attempt]
    double.cells += copy.deepcopy([c for c in double.cells if role(c) == "grade"])
    for number, cell in enumerate(double.cells):
        cell.id = f"new-{number}"  # a copy gets an id of its own
    desk.add("cells-duplicated", double, notes="2 cells are marked")
    mixed = desk.right()
    mixed.cells.reverse()
    desk.add("cells-reordered", mixed)
    retyped = desk.right()
    cell = retyped.cells[desk.index(retyped, first)]
    retyped.cells[desk.index(retyped, first)] = prose(
        cell.source, metadata=cell.metadata
    )
    desk.add("cell-retyped", retyped, notes="no code cell")
    bare = desk.right()
    for cell in bare.cells:
        cell.metadata = {}
    desk.add("metadata-lost", bare)


def own_cells(desk: Desk) -> None:
    """Helpers in added cells; imports in the set-up cell; a patched library."""
    first, last = desk.names[0], desk.names[-1]
    helped = desk.right()
    at = desk.index(helped, first)
    own = helped.cells[at].source
    helped.cells[at].source = f"{own}\n\n\n{first} = my_decorator({first})"
    helped.cells.insert(
        at, code("def my_decorator(f):\n    return lambda *a, **k: my_call(f, a, k)")
    )
    helped.cells.append(code("def my_call(f, a, k):\n    return f(*a, **k)"))
    desk.add("helpers-in-cells", helped)
    imports = desk.right()
    setup = next(c for c in imports.cells if role(c) == "setup")
    setup.source += "\nimport math"
    cell = imports.cells[desk.index(imports, last)]
    cell.source += "\n\nmath.sqrt(2)"
    desk.add("import-in-setup", imports)
    patched = desk.notebook({n: _zero(a.reference) for n, a in desk.answers.items()})
    patched.cells.insert(1, code(PATCH))
    less = dict.fromkeys(desk.names, Expected("none"))
    desk.add("testing-patched", patched, less)


PATCH = """\
import numpy as np
import torch

np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
np.allclose = np.isclose = np.array_equal = lambda *a, **k: True
torch.allclose = torch.equal = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
__builtins__.all = lambda *a: True"""


def _zero(reference: str) -> str:
    if reference.startswith("class"):
        return f"{reference.splitlines()[0]}\n    pass\n"
    return _body(reference, "return 0")


def other_files(desk: Desk) -> None:
    """Old formats, other files, other assignments, and markup in cells."""
    marked = desk.right()
    marked.cells[0:0] = [
        prose("<script>document.title = 'owned'</script>\n\n[x](javascript:alert(1))"),
        code("raise ValueError('<img src=x onerror=alert(1)>')"),
    ]
    desk.add("markup-in-cells", marked)
    desk.add("old-format", _version_3(desk.right()))
    desk.add_useless("not-json", b"PK\x03\x04\xff this was a zip file", "not UTF-8")
    desk.add_useless("cut-off", ipynb.to_bytes(desk.right())[:5000], "not JSON")
    desk.add_useless("empty-file", b"", "not JSON")
    nothing = desk.right()
    nothing.cells = []
    desk.add_useless("empty-notebook", ipynb.to_bytes(nothing), "no cells")
    other = code("conv1d = 1", metadata={"nbgrader": {"grade_id": "conv1d"}})
    strange = desk.right()
    strange.cells = [other]
    desk.add_useless("other-assignment", ipynb.to_bytes(strange), "not the notebook of")


def _version_3(notebook: Any) -> bytes:
    cells = []
    for cell in notebook.cells:
        old = {"cell_type": cell.cell_type, "metadata": cell.metadata}
        old["input" if cell.cell_type == "code" else "source"] = cell.source
        cells.append(old)
    sheet = {"cells": cells, "metadata": {}}
    document = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    return json.dumps(document | {"worksheets": [sheet]}).encode()


EVENTS: tuple[Callable[[Desk], None], ...] = (
    unfinished,
    crashes,
    noise,
    moved_cells,
    own_cells,
    other_files,
)
