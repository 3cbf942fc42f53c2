"""What the site says to machines once it has an address of its own.

Link previews (a description of each page and the social card), the sitemap
and the page for addresses that lead nowhere. Without `html: baseurl` in
`_config.yml` there is only the last of them, and it has no links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape as escape_xml

from sphinx.application import Sphinx

from autograder.book import card
from autograder.book.changed import changes
from autograder.publishing.address import with_slash

TEMPLATE = Path(__file__).parent.parent / "templates" / "not_found.html"
CARD = "_static/card.png"
_CONTENT = re.compile(r'content="([^"]*)"')
_SITEMAP = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
)


def setup(app: Sphinx) -> None:
    """Join the steps of a page and the end of the build."""
    # After the description has been put there (500).
    app.connect("html-page-context", _page_context, priority=510)
    app.connect("build-finished", _build_finished)


def _page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    address = with_slash(app.config.html_baseurl)
    if doctree is not None and address:
        known = context.get("metatags", "")
        tags = preview(
            app.config.html_title or app.config.project,
            app.env.titles[pagename].astext(),
            described(known),
            app.builder.get_target_uri(pagename),
            address,
        )
        context["metatags"] = f"{known}\n{tags}"


def described(tags: str) -> str:
    """The description that a page's meta tags have, or nothing."""
    for tag in re.findall(r"<meta\b[^>]*>", tags):
        if 'name="description"' in tag and (found := _CONTENT.search(tag)):
            return unescape(found[1])
    return ""


def preview(book: str, title: str, about: str, page: str, address: str) -> str:
    """The tags that programs read which show a link as a card."""
    values = {
        "og:type": "article",
        "og:site_name": book,
        "og:title": title,
        "og:description": about,
        "og:url": f"{address}{page}",
        "og:image": f"{address}{CARD}",
        "og:image:width": str(card.WIDTH),
        "og:image:height": str(card.HEIGHT),
        "og:image:alt": card.ALT,
    }
    lines = [
        f'<meta property="{name}" content="{escape(value)}" />'
        for name, value in values.items()
    ]
    return "\n".join(
        [*lines, '<meta name="twitter:card" content="summary_large_image" />']
    )


def _build_finished(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    out, address = Path(app.outdir), with_slash(app.config.html_baseurl)
    write = Path.write_text
    write(out / "404.html", not_found(app.config.html_title, address), "utf-8")
    (out / "sitemap.xml").unlink(missing_ok=True)  # of another address
    if address:
        card.draw(out / CARD)
        write(out / "sitemap.xml", sitemap(_pages(app), address), "utf-8")


def not_found(book: str, address: str) -> str:
    """A page that needs no other file, since it is served at any path."""
    way = (
        f'<p>The book begins at <a href="{escape(address)}">{escape(address)}</a>, and '
        f'you can <a href="{escape(address)}search.html">search it</a>.</p>'
        if address
        else "<p>Go back, or shorten the address until it leads somewhere.</p>"
    )
    page = TEMPLATE.read_text(encoding="utf-8")
    return page.replace("{{ book }}", escape(book)).replace("{{ way }}", way)


def sitemap(pages: Iterator[tuple[str, str]], address: str) -> str:
    """The list of pages that search engines read. pages: path, and day or ''."""
    entries = "".join(
        f" <url><loc>{escape_xml(address + path)}</loc>"
        f"{f'<lastmod>{day}</lastmod>' if day else ''}</url>\n"
        for path, day in pages
    )
    return f"{_SITEMAP}{entries}</urlset>\n"


def _pages(app: Sphinx) -> Iterator[tuple[str, str]]:
    days = changes(Path(app.srcdir))
    for docname in sorted(app.env.found_docs):
        day = days.get(f"{docname}.md")
        yield app.builder.get_target_uri(docname), day.isoformat() if day else ""
