"""Numbers that the chapters measured, for the notebooks that release makes.

`_build/numbers/<chapter>.json` holds what each `{glue:text}` role of the
chapter says on the page, by the role's content: `{"ratio:.1f": "2.4"}`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from myst_nb.core.variables import format_plain_text
from sphinx.application import Sphinx

_GLUED = re.compile(r"\{glue:text\}`([^`]+)`")


def setup(app: Sphinx) -> None:
    """Write the numbers when the pages are built."""
    app.connect("build-finished", _build_finished)


def _build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None:
        return
    build = Path(app.outdir).parent
    folder = build / "numbers"
    folder.mkdir(exist_ok=True)
    for docname in sorted(app.env.found_docs):
        path = Path(app.env.doc2path(docname))
        glued = build / "jupyter_execute" / f"{docname}.glue.json"
        if glued.is_file():
            numbers = rendered(path.read_text(encoding="utf-8"), glued.read_text())
            text = json.dumps(numbers, indent=1, ensure_ascii=False)
            (folder / f"{path.stem}.json").write_text(text + "\n", encoding="utf-8")


def rendered(text: str, glued: str) -> dict[str, str]:
    """Each glue role of a chapter's text, and what stands in its place.

    glued: MyST-NB's JSON of the chapter's glued outputs. A role whose name
    is not among them is left out; the page's build warns of it.
    """
    outputs = json.loads(glued)
    numbers: dict[str, str] = {}
    for content in _GLUED.findall(text):
        name, _, form = content.partition(":")
        if name in outputs:
            plain = outputs[name]["data"]["text/plain"]
            numbers[content] = format_plain_text(plain, form or "s")
    return numbers
