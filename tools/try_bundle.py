"""Try the students' bundle on the Python that runs this, older ones included.

    python tools/try_bundle.py BUNDLE [--references]

Every notebook runs up to its first exercise, every live figure is made, and
code is parsed as Python 3.10. With --references, every public case is run on
its reference, but for those that train. Needs what requirements.txt asks for
and, on Linux or macOS, nothing else; nothing of autograder/ is imported.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
OLDEST = (3, 10)
# Their references use what NumPy 2 brought; an answer for NumPy 1.26 would not.
NUMPY_2 = {"conv2d_fft", "upsample_bilinear"}


def sources(path: Path) -> list[str]:
    """The code cells of a notebook up to its first exercise."""
    found = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("solution") and not marks.get("grade"):
            return found
        if cell["cell_type"] == "code":
            found.append("".join(cell["source"]))
    return found


def all_code(bundle: Path) -> Iterator[tuple[str, str]]:
    """All Python in a bundle, with a name for messages."""
    for path in sorted(bundle.rglob("*.py")):
        yield str(path.relative_to(bundle)), path.read_text("utf-8")
    for path in sorted(bundle.glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        for number, cell in enumerate(cells, 1):
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and not source.startswith("%"):
                yield f"{path.name} cell {number}", source


def parsed(bundle: Path) -> list[str]:
    """What is no Python of the oldest version that students may have."""
    wrong = []
    for name, source in all_code(bundle):
        try:
            ast.parse(source, feature_version=OLDEST)
        except SyntaxError as error:
            wrong.append(f"{name}: {error}")
    return wrong


def run(path: Path) -> list[str]:
    """Run a notebook up to its first exercise, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()  # torch is imported once, before
    if child == 0:
        try:
            said = _run_here(path)
            os.write(writing, said.encode()[:4000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return [f"{path.name}: {said}"] if said or status else []


def _run_here(path: Path) -> str:
    from IPython.core.interactiveshell import InteractiveShell

    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    shell = InteractiveShell.instance()
    for source in sources(path):
        done = shell.run_cell(source)
        if error := done.error_before_exec or done.error_in_exec:
            return "".join(traceback.format_exception(error))[-2000:]
    return ""


def figures() -> list[str]:
    """Make every live figure, as the cells in notebooks do."""
    from convnets import live

    wrong = []
    for name in live.names():
        try:
            live.figure(name)
        except Exception as error:
            wrong.append(f"live figure {name}: {type(error).__name__}: {error}")
    return wrong


def references() -> list[str]:
    """Public cases that the references do not pass."""
    import numpy as np

    from convnets import desk, practice

    sys.path.append(str(ROOT))  # after the bundle, whose convnets is tried
    old = np.__version__ < "2"
    wrong = []
    for task in desk.tasks():
        if task.in_words or task.name.startswith("train_"):
            continue
        module = importlib.import_module(f"solutions.{task.chapter}")
        text, passed, public = practice.outcome(task.name, getattr(module, task.name))
        if passed < public and not (old and task.name in NUMPY_2):
            wrong.append(text)
    return wrong


def main(arguments: list[str]) -> int:
    """Try everything; print what was wrong. Returns the exit status."""
    bundle = Path(arguments[0]).resolve()
    os.environ |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    os.chdir(bundle)
    sys.path.insert(0, str(bundle))
    sys.dont_write_bytecode = True  # the bundle stays as it is given out
    import matplotlib.pyplot  # noqa: F401  once, for all forks
    import numpy
    import torch

    start = time.monotonic()
    wrong = parsed(bundle) + figures()
    notebooks = sorted(bundle.glob("*.ipynb"))
    for path in notebooks:
        wrong += run(path)
    if "--references" in arguments:
        wrong += references()
    print(*wrong, sep="\n")
    print(
        f"Python {platform.python_version()}, NumPy {numpy.__version__}, torch "
        f"{torch.__version__}: {len(notebooks)} notebooks in "
        f"{time.monotonic() - start:.0f} s, {len(wrong)} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
