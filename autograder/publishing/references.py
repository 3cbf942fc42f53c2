"""What a chapter's text may refer to: labels, pages, papers, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pybtex.backends.markdown import Backend
from pybtex.database import BibliographyData, parse_file
from pybtex.exceptions import PybtexError
from pybtex.plugin import find_plugin

from autograder.errors import AuthorError
from autograder.publishing.chapter import Cell, Chapter
from autograder.publishing.myst import ADMONITIONS, directive, parse

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass(frozen=True)
class Label:
    """What a label stands for: a numbered thing, or a section by its title.

    number: the chapter's and its own, counted by kind: "2.1"; empty for
    sections. left_out: it is on the page and not in the notebook.
    """

    chapter: str
    kind: str  # "Figure", "Table", "Equation" or "Section"
    number: str
    title: str = ""
    left_out: bool = False


@dataclass
class Labels:
    """The labels of one chapter, numbered in the order in which they are met."""

    chapter: str
    chapter_number: int = 0
    known: dict[str, Label] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)  # targets before their thing

    def add(
        self, kind: str, name: str, title: str = "", left_out: bool = False
    ) -> None:
        """Note a thing and the targets before it."""
        number = ""
        if kind != "Section":
            self.counts[kind] = self.counts.get(kind, 0) + 1
            parts = [self.chapter_number, self.counts[kind]]
            number = ".".join(str(part) for part in parts if part)
        for label in filter(None, [name, *self.waiting]):
            if label in self.known:
                raise AuthorError(
                    f"{self.chapter}: the label '{label}' is given twice. "
                    "Give each figure, equation and section a name of its own."
                )
            self.known[label] = Label(self.chapter, kind, number, title, left_out)
        self.waiting.clear()


def labels(chapter: Chapter, number: int = 0) -> dict[str, Label]:
    """Every label that a chapter defines, numbered as on the site.

    number: the chapter's own, 0 when it has none. Raises AuthorError for a
    label that is given twice.
    """
    found = Labels(chapter.name, number)
    for cell in chapter.cells:
        if cell.kind == "markdown":
            _from_text(cell.source, found)
        elif figure := cell_figure(cell):
            found.add(
                "Figure",
                str(figure.get("name", "")),
                left_out=cell.role == "site-only",
            )
    return found.known


def live_figures(chapter: Chapter) -> list[str]:
    """The names of the live figures that a chapter shows."""
    cells = [cell.source for cell in chapter.cells if cell.kind == "markdown"]
    found = [directive(token) for text in cells for token in parse(text)]
    return [item.argument for item in found if item and item.name == "live"]


def cell_figure(cell: Cell) -> dict[str, Any]:
    """The caption and name that make a code cell's picture a figure, or {}."""
    figure: dict[str, Any] = cell.metadata.get("mystnb", {}).get("figure", {})
    return figure if figure.get("caption") else {}


def numbered(token: Token) -> tuple[str, str] | None:
    """The kind and label of a block that is numbered; the label may be empty."""
    if token.type == "math_block_label":
        return "Equation", token.info
    if (found := directive(token)) is None:
        return None
    name = found.options.get("name", "")
    if found.name == "math":
        label = found.options.get("label", name)
        return ("Equation", label) if label else None
    if found.name == "figure" and found.body.strip():
        return "Figure", name
    if found.name == "live" and found.options.get("caption"):
        return "Figure", name
    if found.name == "list-table" and found.argument:
        return "Table", name
    return None


def _from_text(text: str, found: Labels) -> None:
    tokens = list(_walk(text))
    for i, token in enumerate(tokens):
        if token.type == "myst_target":
            found.waiting.append(token.content)
        elif token.type == "heading_open" and found.waiting:
            found.add("Section", "", tokens[i + 1].content.replace("*", ""))
        elif thing := numbered(token):
            found.add(*thing)


def _walk(text: str) -> Iterator[Token]:
    """The tokens of a text and of the admonitions in it, in order."""
    for token in parse(text):
        yield token
        found = directive(token)
        if found and found.name in ADMONITIONS:
            yield from _walk(found.body)


class _Markdown(Backend):  # type: ignore[misc]
    """pybtex's Markdown, without escapes that plain text does not need."""

    def format_str(self, text: str) -> str:
        return re.sub(r"([\\`*_\[\]<$])", r"\\\1", text)


class Bibliography:
    """The papers of references.bib."""

    def __init__(self, data: BibliographyData) -> None:
        self.data = data

    @classmethod
    def read(cls, path: Path) -> Bibliography:
        """Read a .bib file; no file is an empty one. Raises AuthorError."""
        if not path.is_file():
            return cls(BibliographyData())
        try:
            return cls(parse_file(str(path), "bibtex"))
        except PybtexError as error:
            raise AuthorError(
                f"Reading {path.name}: {error}. Mend the entry."
            ) from None

    def __contains__(self, key: str) -> bool:
        return key in self.data.entries

    def authors(self, key: str) -> str:
        """`LeCun`, `Dumoulin and Visin` or `Howard et al.`"""
        people = self.data.entries[key].persons
        names = [
            " ".join([*person.prelast_names, *person.last_names]).strip("{}")
            for person in people.get("author") or people.get("editor", [])
        ]
        if len(names) > 2:
            return f"{names[0]} et al."
        return " and ".join(names) or key

    def year(self, key: str) -> str:
        """The year, or `n.d.` where the entry has none."""
        return str(self.data.entries[key].fields.get("year", "n.d."))

    def listing(self, keys: Sequence[str]) -> str:
        """A Markdown list of papers, sorted by author."""
        style = find_plugin("pybtex.style.formatting", "plain")()
        backend = _Markdown()
        entries = style.format_bibliography(self.data, list(keys))
        return "\n".join(
            "- " + " ".join(entry.text.render(backend).split()) for entry in entries
        )


@dataclass(frozen=True)
class Context:
    """Where a piece of text stands, and what it may refer to.

    labels: of every chapter. titles: of every page of the book, by its name.
    numbers: what the site's build glued, by name, or None when there was no
    build. line: of the text's first line in the chapter's file. cited: grows
    with every paper that the chapter cites.
    """

    chapter: str
    folder: Path
    labels: Mapping[str, Label]
    titles: Mapping[str, str]
    bibliography: Bibliography
    numbers: Mapping[str, str] | None = None
    line: int = 1
    cited: dict[str, None] = field(default_factory=dict)

    def trouble(self, what: str, fix: str, line: int = 0) -> AuthorError:
        """An AuthorError that says where; line is counted from 0 in the text."""
        return AuthorError(
            f"Releasing chapters/{self.chapter}.md, line {self.line + line}: "
            f"{what}. {fix}"
        )

    def label(self, name: str) -> Label:
        """What a label stands for. Raises AuthorError when nothing does."""
        if name not in self.labels:
            raise self.trouble(
                f"the label '{name}' is nowhere in the chapters",
                "Mend the reference, or give the thing this name.",
            )
        return self.labels[name]
