"""A doctree node for HTML that docutils has no words for."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


class wrapped(nodes.General, nodes.Element):  # type: ignore[misc]
    """Its children between two pieces of HTML, `before` and `after`."""


def wrap(before: str, after: str, *children: nodes.Node) -> nodes.Element:
    """A `wrapped` node."""
    return wrapped("", *children, before=before, after=after)


def setup(app: Sphinx) -> None:
    """Teach the HTML writers the node."""
    app.add_node(wrapped, html=(_visit, _depart))


def _visit(writer: Any, node: nodes.Element) -> None:
    writer.body.append(node["before"])


def _depart(writer: Any, node: nodes.Element) -> None:
    writer.body.append(node["after"])
