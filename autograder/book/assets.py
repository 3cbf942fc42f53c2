"""What every page needs: styles, downloads, a description, sized pictures."""

from __future__ import annotations

import re
from html import escape
from itertools import chain, repeat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx

import convnets.live

BUNDLE = "convnets-by-hand.zip"
_POINTS = 4 / 3  # CSS pixels in a point
# A kernel of nine weights, inside the page: it is there at any path.
_ICON = (
    '\n<link rel="icon" type="image/svg+xml" href="data:image/svg+xml,'
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%231d5fbf' d='M1 1h4v4H1zm5 5h4v4H6zm5 5h4v4h-4z'/%3E"
    "%3Cpath fill='%238fb4e8' d='M6 1h4v4H6zm5 0h4v4h-4zM1 6h4v4H1zm10 0h4v4h-4z"
    "M1 11h4v4H1zm5 0h4v4H6z'/%3E%3C/svg%3E\" />"
)
_SIZE = re.compile(r"^([0-9.]+)(pt|px)?$")


def setup(app: Sphinx) -> None:
    """Add styles and the steps of a page."""
    app.add_css_file("convnets.css")
    app.add_css_file("book.css")
    for script in ("scrolling.js", "drawers.js", "paper.js"):
        app.add_js_file(script, loading_method="defer")
    app.connect("builder-inited", _builder_inited)
    # Before the theme (501) turns its list of buttons into functions.
    app.connect("html-page-context", _page_context, priority=500)


def _builder_inited(app: Sphinx) -> None:
    """The extension's own files, and those that are made for this build."""
    made = Path(app.outdir).parent / "static"
    made.mkdir(parents=True, exist_ok=True)
    (made / "convnets.css").write_text(convnets.live.style(), encoding="utf-8")
    own = Path(__file__).parent / "static"
    app.config.html_static_path += [str(own), str(made)]


def _page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    context["metatags"] = context.get("metatags", "") + _ICON
    if doctree is None:
        context["metatags"] += _meta(_page_without_words(app, pagename))
        return
    context["metatags"] += _description(doctree)
    context["body"] = sized(context["body"], _pictures(app))
    if next(doctree.findall(_is_exercise), None) is not None:
        context["header_buttons"].append(_downloads(context["pathto"], pagename))


def _is_exercise(node: nodes.Node) -> bool:
    return isinstance(node, nodes.admonition) and "exercise" in node["classes"]


def _description(doctree: nodes.document) -> str:
    """A meta tag with the page's first paragraph, unless the page has one."""
    for meta in doctree.findall(nodes.meta):
        if meta.get("name") == "description":
            return ""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if text:
            short = text if len(text) <= 160 else text[:157].rsplit(" ", 1)[0] + " …"
            return _meta(short)
    return ""


def _page_without_words(app: Sphinx, pagename: str) -> str:
    """The description of a page that Sphinx makes."""
    words = {"search": "Search the pages of", "genindex": "The index of"}
    return f"{words.get(pagename, 'A page of')} {app.config.html_title}"


def _meta(description: str) -> str:
    return f'\n<meta name="description" content="{escape(description)}" />'


def _downloads(pathto: Any, pagename: str) -> dict[str, Any]:
    """The header's download menu; `autograder.publishing.site` puts the files there."""
    chapter = pagename.rpartition("/")[2]

    def link(file: str, text: str, icon: str) -> dict[str, str]:
        url = pathto(f"downloads/{file}", resource=True)
        return {"type": "link", "url": url, "text": text, "icon": f"fas {icon}"}

    return {
        "type": "group",
        "tooltip": "Download the exercises",
        "icon": "fas fa-download",
        "label": "download-buttons",
        "buttons": [
            link(f"{chapter}.ipynb", "This chapter's notebook", "fa-file-code"),
            link(BUNDLE, "The whole course to work with", "fa-file-archive"),
        ],
    }


def _pictures(app: Sphinx) -> dict[str, Path]:
    """The SVG pictures of the build, by the name they get in `_images`."""
    images: dict[str, str] = getattr(app.builder, "images", {})
    return {
        name: Path(app.srcdir, source)
        for source, name in images.items()
        if name.endswith(".svg")
    }


def sized(body: str, pictures: dict[str, Path]) -> str:
    """The page with each SVG's size on its `<img>`, so that nothing jumps.

    All but the first are loaded when they come near: a large drawing keeps a
    phone busy for half a second.
    pictures: from the name that an `<img>` refers to, to the file.
    """
    ways = chain([""], repeat(' loading="lazy"'))

    def add(match: re.Match[str]) -> str:
        tag, name = match[0], match[1]
        if name not in pictures or " width=" in tag or "width:" in tag:
            return tag
        size = _size(pictures[name])
        if size is None:
            return tag
        way = f'<img width="{size[0]}" height="{size[1]}"{next(ways)} '
        return tag.replace("<img ", way, 1)

    return re.sub(r'<img [^>]*src="[^"]*?_images/([^"/]+)"[^>]*>', add, body)


def _size(path: Path) -> tuple[int, int] | None:
    """Width and height of an SVG in CSS pixels."""
    root = ElementTree.parse(path).getroot()
    found = [_SIZE.match(root.get(side, "")) for side in ("width", "height")]
    if not all(found):
        return None
    width, height = (
        round(float(match[1]) * (_POINTS if match[2] == "pt" else 1))
        for match in found
        if match
    )
    return width, height
