"""Formulas as pictures with MathML, set by MathJax while the book is built.

MathJax runs in V8 inside this process (mini-racer), so that a page carries
neither MathJax nor its fonts and nobody needs Node. A formula becomes an SVG
whose glyphs are drawn once a page, and MathML for screen readers.
"""

from __future__ import annotations

import atexit
import re
from contextlib import suppress
from functools import cache
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from py_mini_racer import JSEvalException, MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging

from autograder.errors import AuthorError

# In the order in which they need each other.
_PARTS = (
    "loader",
    "core",
    "adaptors/liteDOM",
    "input/tex-base",
    "input/tex/extensions/ams",
    "input/tex/extensions/boldsymbol",
    "output/svg",
    "output/svg/fonts/tex",
    "a11y/assistive-mml",
)
_SETTER = Path(__file__).parent / "static" / "typeset.js"
# What Sphinx and MyST put round a formula for MathJax in a browser.
_DELIMITED = re.compile(r"\\\((.*)\\\)|\\\[(.*)\\\]", re.DOTALL)
# Notes of MathJax to itself.
_NOTES = re.compile(
    r' (?:data-mml-node|data-c|data-mjx-texclass|xmlns(?::xlink)?|jax|unselectable)="'
    r'[^"]*"'
)
_GLYPH = re.compile(r'href="#(MJX-[^"]+)"')
_log = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Offer the renderer; `html_math_renderer: typeset` chooses it."""
    app.add_html_math_renderer("typeset", (_visit_inline, None), (_visit_block, None))
    app.connect("html-page-context", _page_context)


def typeset(tex: str, display: bool) -> str:
    """The formula as HTML.

    Its glyphs are `<use>` elements: the page has to have what `glyphs` returns.
    Raises AuthorError when MathJax does not understand it.
    """
    try:
        html: str = _mathjax().call("typeset", tex, display)
    except JSEvalException as error:
        raise AuthorError(
            f"Setting the formula '{tex.strip()}': {_reason(error)}. Formulas may use "
            "what TeX and the packages amsmath and boldsymbol define."
        ) from None
    return _NOTES.sub("", html).replace("xlink:href", "href")


def glyphs(html: str) -> str:
    """The drawings of the glyphs that formulas in `html` use, out of sight."""
    names = sorted(set(_GLYPH.findall(html)))
    if not names:
        return ""
    drawings = "".join(_mathjax().call("glyph", name) for name in names)
    return f'<svg class="math-glyphs" aria-hidden="true"><defs>{drawings}</defs></svg>'


@cache
def _mathjax() -> MiniRacer:
    """MathJax, ready to set formulas; takes half a second once a process."""
    package = find_spec("sphinx-mathjax-offline")
    assert package is not None, "sphinx-mathjax-offline is locked"
    assert package.origin is not None
    folder = Path(package.origin).parent / "static" / "mathjax"
    engine = MiniRacer()
    # Left to the end of the interpreter, it may wait for itself for ever.
    atexit.register(engine.close)
    engine.eval("globalThis.MathJax = { loader: { load: [] } };")
    for file in [*(folder / f"{part}.js" for part in _PARTS), _SETTER]:
        engine.eval(file.read_text(encoding="utf-8") + "\n;0")
    return engine


def _reason(error: JSEvalException) -> str:
    """MathJax's own sentence, without the place in its code."""
    found = re.search(r"^.*Error: (.*)$", str(error), re.MULTILINE)
    return (found[1] if found else str(error)).rstrip(".")


def _visit_inline(writer: Any, node: nodes.math) -> None:
    _visit(writer, node, "html_inline_math_renderers")


def _visit_block(writer: Any, node: nodes.math_block) -> None:
    _visit(writer, node, "html_block_math_renderers")


def _visit(writer: Any, node: nodes.Element, renderers: str) -> None:
    """Set what Sphinx's renderer for MathJax writes: it knows numbers and links."""
    start = len(writer.body)
    visit, _ = getattr(writer.builder.app.registry, renderers)["mathjax"]
    with suppress(nodes.SkipNode):
        visit(writer, node)
    written = "".join(writer.body[start:])
    del writer.body[start:]
    try:
        writer.body.append(_set(written))
    except AuthorError as error:
        _log.warning(str(error), location=node)
    raise nodes.SkipNode


def _set(written: str) -> str:
    """What Sphinx wrote with the formula in it set."""
    found = _DELIMITED.search(written)
    if found is None:
        raise AuthorError(f"Setting a formula: there is none in '{written.strip()}'.")
    inline, block = found.groups()
    html = typeset(unescape(inline or block), display=inline is None)
    return written[: found.start()] + html + written[found.end() :]


def _page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if "body" in context:
        context["body"] = glyphs(context["body"]) + context["body"]
