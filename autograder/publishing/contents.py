"""The whole book as text: its pages in order, and what they may refer to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from autograder.errors import AuthorError
from autograder.publishing import chapter as chapters
from autograder.publishing.chapter import Chapter
from autograder.publishing.references import Bibliography, Context, Label, labels


@dataclass(frozen=True)
class Book:
    """Every page by its name, and what any of them may refer to."""

    root: Path
    pages: Mapping[str, Chapter]
    labels: Mapping[str, Label]
    bibliography: Bibliography

    def context(self, chapter: str, build: Path) -> Context:
        """What the text of a chapter may refer to.

        Numbers are those that the site's build left below build.
        """
        page = self.pages[chapter]
        titles = {name: page.title for name, page in self.pages.items()}
        numbers = _numbers(build / "numbers" / f"{chapter}.json")
        return Context(
            chapter, page.path.parent, self.labels, titles, self.bibliography, numbers
        )


def read(root: Path) -> Book:
    """Read every page that `_toc.yml` names. Raises AuthorError."""
    pages: dict[str, Chapter] = {}
    known: dict[str, Label] = {}
    for docname, number in _numbered_pages(root).items():
        page = chapters.read(root / f"{docname}.md")
        pages[page.name] = page
        for name, label in labels(page, number).items():
            if name in known:
                raise AuthorError(
                    f"The label '{name}' is given in {known[name].chapter} and in "
                    f"{label.chapter}. Labels are unique in the book: rename one."
                )
            known[name] = label
    _unique_questions(pages)
    papers = Bibliography.read(root / "chapters" / "references.bib")
    return Book(root, pages, known, papers)


def _unique_questions(pages: Mapping[str, Chapter]) -> None:
    """No question has the name of another one, or of an exercise."""
    taken = {name: page.name for page in pages.values() for name in page.exercises}
    for page in pages.values():
        for question in page.questions:
            if question.name in taken:
                raise AuthorError(
                    f"The question '{question.name}' of {page.name} has a name that "
                    f"{taken[question.name]} gives as well. Names are unique in the "
                    "book: rename the question."
                )
            taken[question.name] = page.name


def _numbered_pages(root: Path) -> dict[str, int]:
    """The pages in order with their chapter numbers, 0 where they have none.

    Numbers go on from part to part, as they do on the site.
    """
    try:
        contents = parse_toc_yaml(root / "_toc.yml")
    except (OSError, MalformedError) as error:
        raise AuthorError(
            f"Reading _toc.yml: {error}. It lists the book's pages in order."
        ) from None
    pages = {contents.root.docname: 0}
    number = 0
    for part in contents.root.subtrees:
        for docname in map(str, part.files()):
            number += bool(part.numbered)
            pages[docname] = number if part.numbered else 0
    return pages


def _numbers(path: Path) -> dict[str, str] | None:
    if not path.is_file():
        return None
    numbers: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return numbers
