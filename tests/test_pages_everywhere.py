"""What holds for every page of the site; tests/test_pages_axe.py asks axe-core."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_TOC = (ROOT / "_toc.yml").read_text(encoding="utf-8")
MADE = ("search", "genindex", "404")
PAGES = (*re.findall(r"(?:root|file): (\S+)", _TOC), *MADE)
NARROW = {"width": 320, "height": 700}
ZOOMED = {"width": 640, "height": 450}  # what 1280 × 900 is at 200 %
LEVELS = """() => [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")]
    .filter((heading) => heading.checkVisibility()).map((h) => Number(h.tagName[1]))"""


def of(site: Path, name: str) -> str:
    """A page's text."""
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_every_page_is_looked_at(site):
    """No page of the site is missing from this file's list."""
    built = {
        p.relative_to(site).with_suffix("").as_posix() for p in site.rglob("*.html")
    }
    pages = {name for name in built if "<head>" in of(site, name)}
    templates = {name for name in pages if name.startswith("_static/")}
    assert pages - templates == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("way", ["http", "file"])
def test_page_needs_nothing_from_elsewhere(site, served, visit, name, way):
    """From disk or below any path, a page asks no other host and misses nothing."""
    home = served if way == "http" else site.as_uri()
    page = visit(f"{home}/{name}.html")
    foreign = [url for url in page.requests if not url.startswith((home, "data:"))]
    assert foreign == []
    assert page.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_narrow_screen(site, visit, name):
    """On 320 pixels and at 200 %, only code and formulas are scrolled sideways."""
    page = visit(f"{site.as_uri()}/{name}.html", viewport=NARROW)
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= NARROW["width"]
    page.set_viewport_size(ZOOMED)
    assert page.evaluate(width) <= ZOOMED["width"]
    # The headings step down one level at a time, from one title.
    levels = page.evaluate(LEVELS)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize("name", PAGES)
def test_page_describes_itself(site, name):
    """Each page has one description, unless it is the page for a lost address."""
    tags = re.findall("<meta [^>]*>", of(site, name))
    found = [tag for tag in tags if 'name="description"' in tag]
    assert len(found) == (name != "404")
    assert all(re.search(r'content="[^"]{20,}"', tag) for tag in found)


@pytest.mark.parametrize("name", PAGES)
def test_formulas_are_set(site, name):
    """Each formula is a drawing with all its glyphs, and MathML beside it."""
    text = of(site, name)
    formulas = len(re.findall(r'class="math notranslate', text))
    assert text.count("<mjx-container") == text.count("<math") == formulas
    drawn = set(re.findall(r'<path id="(MJX-[^"]+)"', text))
    assert set(re.findall(r'href="#(MJX-[^"]+)"', text)) == drawn


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light(site, name):
    """Without its pictures a page weighs at most 400 kB, gzipped."""
    text = of(site, name)
    links = re.findall(r'<(?:script|link)\b[^>]*(?:src|href)="([^"]+)"', text)
    files = {(site / name).parent / link.split("?")[0] for link in links}
    used = [f for f in files if f.suffix in (".js", ".css") and f.is_file()]
    parts = [text.encode(), *(file.read_bytes() for file in used)]
    assert sum(len(gzip.compress(part)) for part in parts) <= 400_000
