"""Makes finished pages light, and right for readers who do not see them.

The theme loads what any site could need before it shows a word: 540 kB of icons
as a script, the search index on every page, ten style sheets. This is the last
step of a build, on the pages as they were written: one style sheet, one script
that does not block, names where the theme's are missing or wrong.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from sphinx.application import Sphinx

from autograder.book.scripts import joined, without_old
from autograder.book.stylesheet import combined, words

STYLESHEET = "site.css"
_STYLE = re.compile(
    r'<link\b(?=[^>]*rel="stylesheet")[^>]*href="(?P<root>[^"]*)_static/'
    r'(?P<file>[^"?]+)[^"]*"[^>]*>\s*'
)
_SCRIPT = re.compile(r'<script\b(?P<rest>[^>]*)\bsrc="(?P<src>[^"]*)"(?P<more>[^>]*)>')
_WHOLE_SCRIPT = r'\s*<script\b[^>]*src="[^"]*{}[^"]*"[^>]*></script>'
_OPTIONS = "documentation_options.js"
_ICONS = re.compile(_WHOLE_SCRIPT.format("scripts/fontawesome.js"))
_SEARCH = re.compile(
    _WHOLE_SCRIPT.format("(?:searchtools|language_data|searchindex).js")
)
_PRELOAD = re.compile(r'\s*<link rel="preload" as="script"[^>]*>')
# Room for news of other versions, which a script shows, measures and hides again.
_NEWS = re.compile(
    r'\s*<div class="pst-async-banner-revealer[^>]*>\s*<aside[^>]*></aside>\s*</div>'
)
# What others' writers get wrong for readers who do not see the page.
_REPAIRS = (
    # The summary's own words are its name, and so are a button's.
    (' aria-label="Toggle hidden content"', ""),
    (' title="Search" aria-label="Search"', ' title="Search"'),
    # A list has list items; the role for references has been withdrawn.
    ('role="doc-biblioentry"', 'role="listitem"'),
    # The corner of a table names no row or column.
    ('<th class="head"><p></p></th>', "<td></td>"),
    # The book's title and contents stand in a landmark.
    (
        '<div id="pst-primary-sidebar"',
        '<div role="complementary" aria-label="The book" id="pst-primary-sidebar"',
    ),
    # "auto" has no colours: without JavaScript a page stays light.
    (' data-theme="auto">', ' data-theme="light">'),
    # With it, the page has its colours from the beginning, not after a first paint.
    (
        'dataset.theme = localStorage.getItem("theme") || "auto";',
        'dataset.theme = ((mode) => mode !== "auto" ? mode : matchMedia('
        '"(prefers-color-scheme: dark)").matches ? "dark" : "light")'
        "(document.documentElement.dataset.mode);",
    ),
    # Icons stand beside words: they are not read out.
    ('<i class="theme-switch', '<i aria-hidden="true" class="theme-switch'),
    ('<i class="fa', '<i aria-hidden="true" class="fa'),
)
# "Light" is no word of the button's name, "Color mode".
_ICON_TITLE = re.compile(r'(<i [^>]*class="theme-switch[^>]*?) title="[^"]*"')
_ARTICLE = '<article class="bd-article">'
# Pages with as many sections are laid out section by section (static/book.css); in
# short ones, whose end is near, words would jump.
_MANY_SECTIONS = 6
# The theme measures every code block at once when a page has loaded, and again
# after every change of a live figure; static/scrolling.js looks at what is near.
_THEME_SCRIPTS = ("scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js")
_MEASURING = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):'
    r'window\.addEventListener\("load",\1\)'
)
# The theme's steps, which lay out the page, one by one instead of in one go: between
# them a phone answers its reader.
_IN_ONE_GO = re.compile(
    r'"loading"!=document\.readyState\?(\w+)\(\):'
    r'document\.addEventListener\("DOMContentLoaded",\1\)'
)


def setup(app: Sphinx) -> None:
    """Join the end of the build, after everything that writes pages."""
    app.connect("build-finished", _build_finished, priority=900)


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        finish(Path(app.outdir))


def finish(site: Path) -> None:
    """Make the pages light that this build wrote; all share one style sheet."""
    texts = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    pages = {path: text for path, text in texts.items() if "</head>" in text}
    for name in _THEME_SCRIPTS:
        _eased(site / "_static" / name)
    sheets = _style_sheets(pages.values())
    if not sheets:
        return  # nothing was written since the last time
    light = {
        path: joined(_light(text, path, site), path, site)
        for path, text in pages.items()
    }
    without_old(light.values(), site)
    version = _write_style_sheet(site, sheets, light.values())
    for path, text in light.items():
        final = _STYLE.sub(_linked(version), text)
        if final != texts[path]:
            path.write_text(final, encoding="utf-8")


def _eased(script: Path) -> None:
    """Let a script of the theme measure less, and take its steps one by one."""
    if script.is_file():
        text = _MEASURING.sub("0", script.read_text(encoding="utf-8"), count=1)
        script.write_text(_IN_ONE_GO.sub(r"setTimeout(\1)", text), encoding="utf-8")


def _style_sheets(pages: Iterable[str]) -> list[str]:
    """The style sheets that new pages name, in their order."""
    found = (m["file"] for page in pages for m in _STYLE.finditer(page))
    return [name for name in dict.fromkeys(found) if name != STYLESHEET]


def _write_style_sheet(site: Path, sheets: list[str], pages: Iterable[str]) -> str:
    """Write the one style sheet; returns its version."""
    static = site / "_static"
    pages = list(pages)
    names = {m["src"].split("?")[0] for page in pages for m in _SCRIPT.finditer(page)}
    scripts = {site / name.replace("../", "") for name in names}
    code = [path.read_text(encoding="utf-8") for path in scripts if path.is_file()]
    files = [static / name for name in sheets]
    text = '@charset "utf-8";\n' + combined(files, static, words(pages, code))
    (static / STYLESHEET).write_text(text, encoding="utf-8")
    return f"{zlib.crc32(text.encode()):08x}"


def _linked(version: str) -> Callable[[re.Match[str]], str]:
    """Replaces a page's first link to a style sheet, and removes the others."""
    last = None

    def link(match: re.Match[str]) -> str:
        nonlocal last
        first, last = match.string is not last, match.string
        href = f"{match['root']}_static/{STYLESHEET}?v={version}"
        return f'<link rel="stylesheet" href="{href}" />\n' if first else ""

    return link


def _light(page: str, path: Path, site: Path) -> str:
    """The page without what it does not use, its scripts after its words."""
    head, end, body = page.partition("</head>")
    head = _PRELOAD.sub("", _ICONS.sub("", head))
    if path.name != "search.html":
        head = _SEARCH.sub("", head)
    options = site / "_static" / _OPTIONS
    if options.is_file():
        # Scripts in the page read it at once; it is shorter than a request.
        code = f"\n<script>{options.read_text(encoding='utf-8').strip()}</script>"
        head = re.sub(_WHOLE_SCRIPT.format(_OPTIONS), lambda match: code, head)
    if body.count("<h2") >= _MANY_SECTIONS:
        body = body.replace(_ARTICLE, _ARTICLE.replace('">', ' many-sections">'))
    return repaired(_SCRIPT.sub(_deferred, head) + end + _NEWS.sub("", body))


def _deferred(match: re.Match[str]) -> str:
    tag = match[0]
    if re.search(r"\b(defer|async)\b", match["rest"] + match["more"]):
        return tag
    return tag.replace("<script", "<script defer", 1)


def repaired(page: str) -> str:
    """The page without the roles and names that axe objects to."""
    for wrong, right in _REPAIRS:
        page = page.replace(wrong, right)
    return _ICON_TITLE.sub(r"\1", page)
