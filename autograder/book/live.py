"""The `live` directive: a figure that the reader moves.

    ```{live} convolution_window
    :name: live-convolution
    :caption: What the window sees.
    :alt: The finding in words.

    stride: 2
    ```

The body is the figure's first state, in YAML. The figure is the ES module
`convnets/figures/<name>.js`, which anywidget runs in the notebook; for the page
it is wrapped into a classic script, which works from `file://` too.
By the figure's name there are, in `chapters/figures/`:

- `still_<name>(reference)` in `live.py`: a matplotlib figure for print and for
  readers without JavaScript. Needed, unless `:still:` names an SVG relative to
  `chapters/`.
- `table_<name>(reference)` in `tables.py`: its numbers as a table, which stands
  below the still picture: the columns by their headers. The docstring is the
  table's caption. Needed.
- `data_<name>(reference)` in `live.py`: what the figure shows that it cannot
  compute itself, as JSON.

All get the module `solutions.<chapter>`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from matplotlib import rc_context
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

import convnets.live
from autograder.book.table import table
from autograder.book.wrapped import wrap
from autograder.errors import AuthorError

_RUNTIME = Path(__file__).parent / "static" / "live.js"
_EXPORT = re.compile(r"^export default ", re.MULTILINE)


class Live(SphinxDirective):
    """A live figure with a caption, numbered among the figures."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "alt": directives.unchanged_required,
        "still": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The figure's nodes, or an error of the build."""
        try:
            return [self._figure(self.arguments[0])]
        except AuthorError as error:
            raise self.error(str(error)) from None

    def _figure(self, name: str) -> nodes.figure:
        for option in ("name", "caption", "alt"):
            if option not in self.options:
                raise AuthorError(
                    f"The live figure '{name}': ':{option}:' is missing. "
                    "Give it a name, a caption, and in alt the finding in words."
                )
        root = Path(self.env.srcdir)
        self.env.note_dependency(str(root / "convnets" / "figures" / f"{name}.js"))
        for module in ("live", "tables", "states"):
            drawing = root / "chapters" / "figures" / f"{module}.py"
            self.env.note_dependency(str(drawing))
        chapter = Path(self.env.doc2path(self.env.docname)).stem
        data = live_data(root, chapter, name)
        still = nodes.image(
            uri=self._still(root, chapter, name),
            alt=self.options["alt"],
            classes=["live-still"],
        )
        stage = self._stage(name, data)
        stage += still
        stage += wrap(live_table(root, chapter, name), "")
        figure = nodes.figure("", stage, classes=["live-figure"])
        caption, _ = self.state.inline_text(self.options["caption"], self.lineno)
        figure += nodes.caption("", "", *caption)
        self.add_name(figure)
        return figure

    def _stage(self, name: str, data: Any) -> nodes.Element:
        """Where the figure is drawn, what it is given, and its script."""
        builder = self.env.app.builder
        page = builder.get_target_uri(self.env.docname)
        script = relative_uri(
            page, f"_static/{write_script(name, _made(self.env.app))}"
        )
        given = json.dumps({"state": _state("\n".join(self.content)), "data": data})
        label = nodes.make_id(self.options["name"])
        # '<' written as an escape cannot end the script. The figure's own script
        # runs where it stands, before what follows is laid out: nothing jumps.
        return wrap(
            f'<div class="live-stage" data-figure="{name}" data-id="{label}">'
            '<script type="application/json">'
            + given.replace("<", "\\u003c")
            + "</script>",
            f'</div><script src="{script}"></script>',
        )

    def _still(self, root: Path, chapter: str, name: str) -> str:
        """The still picture's path from the root, as an image's uri."""
        if "still" in self.options:
            return f"/chapters/{self.options['still']}"
        draw = getattr(drawing_code(root, "live"), f"still_{name}", None)
        if draw is None:
            raise AuthorError(
                f"The live figure '{name}' has no still picture. Write "
                f"still_{name}(reference) in chapters/figures/live.py, or name an SVG "
                "in ':still:'."
            )
        path = _made(self.env.app) / "live" / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context({"svg.hashsalt": name}):
            picture = draw(_reference(chapter))
            picture.savefig(path, format="svg", metadata={"Date": None})
        return "/" + path.relative_to(root).as_posix()


def live_data(root: Path, chapter: str, name: str) -> Any:
    """What `data_<name>(reference)` in chapters/figures/live.py returns, or None.

    Raises AuthorError when it is no JSON.
    """
    compute = getattr(drawing_code(root, "live"), f"data_{name}", None)
    if compute is None:
        return None
    data = compute(_reference(chapter))
    try:
        return json.loads(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise AuthorError(
            f"Computing the data of the live figure '{name}': {error}. "
            f"data_{name} has to return numbers, texts, lists and dicts."
        ) from None


def live_table(root: Path, chapter: str, name: str) -> str:
    """What `table_<name>(reference)` in chapters/figures/tables.py returns, as HTML.

    Raises AuthorError when there is no such function or it returns no table.
    """
    compute = getattr(drawing_code(root, "tables"), f"table_{name}", None)
    if compute is None:
        raise AuthorError(
            f"The live figure '{name}' has no table. Write table_{name}(reference) in "
            "chapters/figures/tables.py, which returns columns by their headers, and "
            "the table's caption as its docstring."
        )
    try:
        return table(compute.__doc__ or "", compute(_reference(chapter)))
    except AuthorError as error:
        raise AuthorError(
            f"Making the table of the live figure '{name}' with table_{name}: {error}"
        ) from None


def _reference(chapter: str) -> ModuleType:
    return importlib.import_module(f"solutions.{chapter}")


@cache
def drawing_code(root: Path, name: str) -> ModuleType | None:
    """The module chapters/figures/<name>.py, or None when there is none."""
    path = root / "chapters" / "figures" / f"{name}.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location(f"_{name}_drawing_code", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # It may import its neighbours, as it does in a chapter.
    sys.path.insert(0, str(path.parent.parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.parent.parent))
    return module


def write_script(name: str, folder: Path) -> str:
    """Write the figure as a classic script; returns its path in `_static`."""
    text = classic(name, convnets.live.module(name))
    path = folder / "live" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    version = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"live/{name}.js?v={version}"


def classic(name: str, module: str) -> str:
    """An ES module with one default export as a script of its own.

    Raises AuthorError for a module that imports, or exports anything else.
    """
    if re.search(r"^import\b", module, re.MULTILINE) or (
        len(re.findall(r"^export\b", module, re.MULTILINE)) != 1
        or not _EXPORT.search(module)
    ):
        raise AuthorError(
            f"Reading convnets/figures/{name}.js: a live figure imports nothing and "
            "has one 'export default { defaults, clean, render }' on a line of its own."
        )
    body = _EXPORT.sub("const FIGURE = ", module)
    runtime = _RUNTIME.read_text(encoding="utf-8")
    return (
        f'(() => {{\n"use strict";\nconst NAME = {json.dumps(name)};\n'
        f"{body}\n{runtime}}})();\n"
    )


def setup(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("live", Live)


def _made(app: Sphinx) -> Path:
    """Where this build's own static files are made."""
    return Path(app.outdir).parent / "static"


def _state(body: str) -> dict[str, Any]:
    try:
        state = yaml.safe_load(body) or {}
    except yaml.YAMLError as error:
        raise AuthorError(
            f"A live figure's first state is broken YAML: {error}"
        ) from None
    if not isinstance(state, dict):
        raise AuthorError("A live figure's body has to be 'key: value' lines.")
    return state
