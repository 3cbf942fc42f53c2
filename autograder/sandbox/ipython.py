"""Notebook cells as Python: magics, `!`, `?` and `display` do nothing harmful.

IPython itself says what is a magic; what it would call is a stand-in here.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import IPython
import IPython.core.getipython
from IPython.core.inputtransformer2 import TransformerManager

# Cell magics whose cell is Python that is meant to run here.
_RUNS_CELL = frozenset("capture prun time timeit".split())
_RUNS_LINE = frozenset("prun time timeit".split())
_transformers = TransformerManager()


def to_python(source: str) -> str:
    """The source of a cell with its IPython syntax turned into calls.

    Lines keep their numbers. A cell magic that measures its cell is dropped
    and the cell stays; the cell of any other (`%%bash`, `%%html`) goes.
    """
    lines = source.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        name = lines[first][2:].split(maxsplit=1)[:1]
        if not name or name[0] not in _RUNS_CELL:
            return ""
        lines[first] = "\n"
        source = "".join(lines)
    return str(_transformers.transform_cell(source))


class Quiet:
    """Stands for IPython's shell: has every attribute, and each does nothing."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return None

    def __repr__(self) -> str:
        return "<the grader's stand-in for IPython>"

    def run_line_magic(self, name: str, line: str, *args: Any) -> None:
        """Run the statement behind `%time`; any other magic does nothing."""
        if name in _RUNS_LINE:
            code = compile(line, "<cell magic>", "exec", dont_inherit=True)
            exec(code, self._namespace)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Do nothing."""

    def getoutput(self, *args: Any, **kwargs: Any) -> list[str]:
        """What `x = !ls` gets: no lines."""
        return []


def install(module: ModuleType) -> None:
    """Give a module the names that every notebook has."""
    shell = Quiet(vars(module))

    def get_ipython() -> Quiet:
        return shell

    def display(*objects: Any, **options: Any) -> None:
        """Show nothing."""

    vars(module).update(get_ipython=get_ipython, display=display)
    for place in (IPython, IPython.core.getipython):
        vars(place)["get_ipython"] = get_ipython
