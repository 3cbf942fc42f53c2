"""The whole book as one page of HTML, from which the PDF is printed.

One page, because links inside of one page stay links on paper. What a reader
of paper cannot open is open, what only works on a screen is left out.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from sphinx_external_toc.parsing import parse_toc_yaml

from autograder.errors import AuthorError

STYLE = Path(__file__).parent.parent / "templates" / "paper.css"
# Controls, folded code of figures, and what scripts put into the page.
LEFT_OUT = (
    "script, noscript, .headerlink, .pst-js-only, .quiz-reply, details.hide, "
    "section:has(> .marks-overview), .d-print-none"
)
CLOSED = ("dropdown", "toggle")
REFERS = ("for", "aria-labelledby", "aria-describedby", "headers")


@dataclass(frozen=True)
class Part:
    """A part of the book: its caption, and its pages from the site's root."""

    caption: str
    pages: tuple[str, ...]


def parts(root: Path) -> list[Part]:
    """The first page as a part of its own, then the parts of `_toc.yml`."""
    toc = parse_toc_yaml(root / "_toc.yml")
    found = [Part("", (toc.root.docname,))]
    for part in toc.root.subtrees:
        found.append(Part(part.caption or "", tuple(map(str, part.files()))))
    return found


def join(html: Path, book: Sequence[Part], title: str, to_html: str) -> str:
    """The book's pages as one.

    html: the folder of the built site; to_html: the way to it from where the
    result will lie. Each page gets an element with the page's name as its id,
    and each entry of the contents an empty element for its page's number.
    Raises AuthorError for a page that is not built.
    """
    names = {page: page.rpartition("/")[2] for part in book for page in part.pages}
    heads: dict[str, None] = {}
    bodies: list[str] = []
    contents: list[str] = []
    for part in book:
        if part.caption:
            contents.append(f'<p class="part">{escape(part.caption)}</p>')
        for page in part.pages:
            soup = _read(html, page)
            heads |= dict.fromkeys(_head(soup, page, to_html))
            article = _article(soup, page, names, to_html)
            contents.append(_entry(article, names[page]))
            bodies.append(str(article))
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{escape(title)}</title>{"".join(heads)}'
        f'<style>{style}</style></head><body><nav class="book-contents">'
        f'<p class="title">{escape(title)}</p>{"".join(contents)}</nav>'
        f"{''.join(bodies)}</body></html>"
    )


def _read(html: Path, page: str) -> BeautifulSoup:
    path = html / f"{page}.html"
    if not path.is_file():
        raise AuthorError(
            f"Printing the book: {page}.html is not in {html.name}. Run `make site`."
        )
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def _head(soup: BeautifulSoup, page: str, to_html: str) -> Iterator[str]:
    """Style sheets, and what sets formulas where the build did not."""
    for tag in soup.select("link[rel=stylesheet], head style, script"):
        name = "href" if tag.name == "link" else "src"
        if tag.name == "script" and "mathjax" not in str(tag).lower():
            continue
        if tag.get(name):
            tag[name] = _resource(str(tag[name]), page, to_html)
        yield str(tag)


def _article(
    soup: BeautifulSoup, page: str, names: dict[str, str], to_html: str
) -> Tag:
    article = soup.select_one("article.bd-article")
    if article is None:
        raise AuthorError(f"Printing the book: {page}.html has no article in it.")
    for tag in article.select(LEFT_OUT):
        tag.decompose()
    for tag in article.find_all(True):
        _name(tag, names[page])
        _link(tag, page, names, to_html)
        if tag.name == "details":
            tag["open"] = ""
        if tag.name == "div":  # closed boxes are opened
            classes = tag.get_attribute_list("class")
            tag["class"] = " ".join(c for c in classes if c and c not in CLOSED)
    article["id"] = names[page]
    return article


def _name(tag: Tag, prefix: str) -> None:
    """Ids of several pages on one: each gets its page's name in front."""
    if tag.get("id"):
        tag["id"] = f"{prefix}--{tag['id']}"
    for name in REFERS:
        if tag.get(name):
            words = str(tag[name]).split()
            tag[name] = " ".join(f"{prefix}--{word}" for word in words)
    for name, value in list(tag.attrs.items()):
        if isinstance(value, str) and "url(#" in value:
            tag[name] = value.replace("url(#", f"url(#{prefix}--")


def _link(tag: Tag, page: str, names: dict[str, str], to_html: str) -> None:
    """Links stay inside; those to files of the site are only words on paper."""
    if tag.get("src"):
        tag["src"] = _resource(str(tag["src"]), page, to_html)
    for name in ("href", "xlink:href"):
        target = str(tag.get(name) or "")
        if not target or urlsplit(target).scheme:
            continue
        path, _, place = target.partition("#")
        found = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        there = page if not path else found.removesuffix(".html")
        if there in names:
            tag[name] = f"#{names[there]}--{place}" if place else f"#{names[there]}"
        else:
            del tag[name]


def _resource(address: str, page: str, to_html: str) -> str:
    """A file of the site, seen from where the joined page will lie."""
    if urlsplit(address).scheme:
        return address
    path = posixpath.join(posixpath.dirname(page), address)
    return f"{to_html}/{posixpath.normpath(path)}"


def _entry(article: Tag, name: str) -> str:
    """A line of the contents. Its number is filled in when pages are counted."""
    heading = article.select_one("h1")
    text = re.sub(r"\s+", " ", heading.get_text()).strip() if heading else name
    return (
        f'<p class="entry"><a href="#{name}">{escape(text)}</a>'
        f'<span class="page" data-of="{name}"></span></p>'
    )
