"""What holds for every page of the site; tests/test_pages_axe.py asks axe-core."""

from __future__ import annotations

import gzip
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from _fixtures_site import WIDE, laid_out, watched
from playwright.sync_api import Browser

ROOT = Path(__file__).parent.parent
_TOC = (ROOT / "_toc.yml").read_text(encoding="utf-8")
MADE = ("search", "genindex", "404")
PAGES = (*re.findall(r"(?:root|file): (\S+)", _TOC), *MADE)
NARROW = {"width": 320, "height": 700}
ZOOMED = {"width": 640, "height": 450}  # what 1280 × 900 is at 200 %
LEVELS = """() => [...document.querySelectorAll("main :is(h1, h2, h3, h4, h5, h6)")]
    .filter((heading) => heading.checkVisibility()).map((h) => Number(h.tagName[1]))"""
WIDTH = "document.documentElement.scrollWidth"
FRAME = "new Promise((next) => requestAnimationFrame(() => setTimeout(next)))"


@dataclass(frozen=True)
class Seen:
    """What one load of a page showed; widths and levels only of a load from disk.

    widths: what the page takes on screens of those widths, in CSS pixels.
    """

    requests: list[str]
    complaints: list[str]
    widths: dict[int, int] = field(default_factory=dict)
    levels: list[int] = field(default_factory=list)


Look = Callable[[str, str], Seen]


@pytest.fixture(scope="module")
def look(site: Path, served: str, browser: Browser) -> Iterator[Look]:
    """Looks at a page on one way to it; every page is loaded once on each way."""
    context = browser.new_context(viewport=WIDE)

    @cache
    def seen(way: str, name: str) -> Seen:
        page = watched(context)
        if way == "http":
            page.goto(f"{served}/{name}.html")
            laid_out(page)
            found = Seen(page.requests, page.complaints)
        else:
            widths = {}
            page.set_viewport_size(NARROW)
            page.goto(f"{site.as_uri()}/{name}.html")
            laid_out(page)
            widths[NARROW["width"]] = page.evaluate(WIDTH)
            page.set_viewport_size(ZOOMED)
            widths[ZOOMED["width"]] = page.evaluate(WIDTH)
            levels = page.evaluate(LEVELS)
            # What only a wide screen asks for is asked for now.
            page.set_viewport_size(WIDE)
            page.evaluate(FRAME)
            found = Seen(page.requests, page.complaints, widths, levels)
        page.close()
        return found

    yield seen
    context.close()


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
def test_page_needs_nothing_from_elsewhere(site, served, look, name, way):
    """From disk or below any path, a page asks no other host and misses nothing."""
    home = served if way == "http" else site.as_uri()
    page = look(way, name)
    assert page.requests[0] == f"{home}/{name}.html"
    foreign = [url for url in page.requests if not url.startswith((home, "data:"))]
    assert foreign == []
    assert page.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_a_narrow_screen(look, name):
    """On 320 pixels and at 200 %, only code and formulas are scrolled sideways."""
    page = look("file", name)
    assert page.widths.keys() == {320, 640}
    too_wide = {s: taken for s, taken in page.widths.items() if taken > s}
    assert too_wide == {}
    # The headings step down one level at a time, from one title.
    assert page.levels[0] == 1
    assert page.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(page.levels))


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


@cache
def weight(file: Path) -> int:
    """What a file weighs, gzipped; many pages have the same scripts."""
    return len(gzip.compress(file.read_bytes()))


@pytest.mark.parametrize("name", PAGES)
def test_page_is_light(site, name):
    """Without its pictures a page weighs at most 400 kB, gzipped."""
    text = of(site, name)
    links = re.findall(r'<(?:script|link)\b[^>]*(?:src|href)="([^"]+)"', text)
    folder = (site / name).parent
    files = {(folder / link.split("?")[0]).resolve() for link in links}
    used = [f for f in files if f.suffix in (".js", ".css") and f.is_file()]
    assert weight(site / f"{name}.html") + sum(map(weight, used)) <= 400_000
