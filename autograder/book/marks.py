"""Ticks: a box at the end of each section of a chapter, and a page of them all.

The boxes are part of the page, so nothing moves when the script that keeps
them in the reader's browser (`static/marks.js`) runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from autograder.book.wrapped import wrap, wrapped

_BUTTONS = (
    '<p class="marks-buttons">'
    '<button type="button" class="btn btn-sm" data-marks="save">Save to a file'
    '</button> <button type="button" class="btn btn-sm" data-marks="load">Load from a '
    'file</button> <button type="button" class="btn btn-sm" data-marks="clear">Take '
    'all ticks away</button><input type="file" accept=".json,application/json" '
    'aria-label="A file with ticks" hidden></p>'
    '<p class="marks-said" role="status"></p>'
)


class Marks(SphinxDirective):
    """Where a reader sees how far each chapter is read."""

    def run(self) -> list[nodes.Node]:
        """A place that is filled when every page is known."""
        return [marks_place("")]


class marks_place(nodes.General, nodes.Element):  # type: ignore[misc]
    """Becomes the list of chapters with their counts."""


def setup(app: Sphinx) -> None:
    """Add the directive, the script and the boxes."""
    app.add_directive("marks", Marks)
    app.add_node(marks_place)
    app.add_css_file("marks.css")
    app.add_js_file("marks.js", loading_method="defer")
    app.connect("env-updated", _env_updated)
    app.connect("doctree-resolved", _doctree_resolved)


def _env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The first page counts the sections of all others."""
    return [env.config.root_doc]


def _doctree_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format != "html":
        return
    for place in list(doctree.findall(marks_place)):
        place.replace_self(wrap(_overview(app, docname), ""))
    if docname in chapters(app.env):
        for section in sections(doctree):
            section.append(wrap(_box(docname, section), ""))


def chapters(env: BuildEnvironment) -> dict[str, str]:
    """The numbered pages in order, and what the contents call them."""
    found: dict[str, str] = {}
    for docname in env.toctree_includes.get(env.config.root_doc, []):
        if number := env.toc_secnumbers.get(docname, {}).get(""):
            title = env.titles[docname].astext()
            found[docname] = f"{number[0]}. {title}"
    return found


def sections(doctree: nodes.document) -> Iterator[nodes.section]:
    """The sections of a page below its title."""
    for section in doctree.findall(nodes.section):
        if isinstance(section.parent, nodes.section) and isinstance(
            section.parent.parent, nodes.document
        ):
            yield section


def _key(docname: str, identifier: str) -> str:
    return f"{docname.rpartition('/')[2]}/{identifier}"


def _box(docname: str, section: nodes.section) -> str:
    """A box that a reader ticks. One with a quiz ticks itself when that is solved."""
    quiz = any(_is_quiz(node) for node in section.findall(wrapped))
    title = section.next_node(nodes.title)
    assert title is not None
    name = escape(title.astext())
    return (
        '<p class="course-mark pst-js-only d-print-none"><label><input type="checkbox" '
        f'data-mark="{_key(docname, section["ids"][0])}"'
        f"{' data-quiz' if quiz else ''}> Done: {name}</label></p>"
    )


def _is_quiz(node: nodes.Element) -> bool:
    return str(node["before"]).startswith('<div class="quiz"')


def _overview(app: Sphinx, docname: str) -> str:
    """A row a chapter: a link, a bar, how many sections are ticked."""
    rows = "".join(
        _row(app, docname, chapter, name) for chapter, name in chapters(app.env).items()
    )
    return (
        f'<div class="marks-overview pst-js-only d-print-none"><ul>{rows}</ul>'
        f"{_BUTTONS}</div>"
        "<noscript><p>Ticks are kept with JavaScript, which is off.</p></noscript>"
    )


def _row(app: Sphinx, here: str, chapter: str, name: str) -> str:
    keys = [_key(chapter, found) for found in _section_ids(app.env.tocs[chapter])]
    get = app.builder.get_target_uri
    link = escape(relative_uri(get(here), get(chapter)))
    return (
        f'<li data-keys="{escape(" ".join(keys))}"><a href="{link}">{escape(name)}</a>'
        f'<progress max="{len(keys)}" value="0" aria-hidden="true"></progress>'
        f'<span class="marks-count">0 of {len(keys)}</span></li>'
    )


def _section_ids(toc: Any) -> Iterator[str]:
    """The ids of a page's sections, from its table of contents."""
    for link in toc.findall(nodes.reference):
        depth = 0
        above = link.parent
        while above is not toc:
            depth += isinstance(above, nodes.list_item)
            above = above.parent
        if depth == 2:
            yield link["anchorname"].lstrip("#")
