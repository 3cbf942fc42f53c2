"""The Sphinx extension that makes pages of chapters.

Chapters import their references; the pages show stubs. `expand` is the hook
that sees to it, `quiz` and `live` are directives, `numbers` keeps what the
chapters measured for release, `assets` what every page needs. `mathematics`
sets the formulas, `pictures` and `finish` make what was written light.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from autograder.book import (
    addresses,
    ahead,
    assets,
    changed,
    exercise_index,
    expand,
    finish,
    live,
    marks,
    mathematics,
    numbers,
    pictures,
    quiz,
    ways_out,
    wrapped,
)

PARTS = (
    *(ahead, assets, expand, live, numbers, quiz, wrapped),
    *(addresses, changed, exercise_index, marks, ways_out),
    *(mathematics, pictures, finish),
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Join a Jupyter Book build."""
    _let_kernels_import(Path(app.srcdir))
    for part in PARTS:
        part.setup(app)
    return {
        "version": "1",
        "env_version": _machinery(),
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def _machinery() -> int:
    """Changes when the extension does: then Sphinx reads every page again."""
    own = Path(__file__).parent
    files = [
        *own.glob("*.py"),
        *own.glob("static/*"),
        *own.parent.glob("publishing/*.py"),
    ]
    text = b"".join(file.read_bytes() for file in sorted(files))
    return zlib.crc32(text)


def _let_kernels_import(root: Path) -> None:
    """Chapters run in kernels of their own and import `solutions`."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(root) not in paths:
        joined = os.pathsep.join([str(root), *filter(None, paths)])
        os.environ["PYTHONPATH"] = joined
