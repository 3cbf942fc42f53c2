"""axe-core on every page: a file of its own, so that a worker of its own runs it."""

from __future__ import annotations

import pytest
from _fixtures_site import laid_out
from axe_playwright_python.base import AXE_SCRIPT
from test_pages_everywhere import PAGES

# Boxes that scroll sideways get their tab stop when they come near the screen.
READ = """async () => {
    for (let y = 0; y < document.body.scrollHeight; y += innerHeight) {
        scrollTo({ top: y, behavior: "instant" });
        await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    }
}"""
# Most of a page's elements are words of code, whose colours are the same on every
# page, and strokes of formulas, which are hidden from screen readers: without them
# axe is several times as fast. One page keeps them.
THIN = """() => {
    for (const code of document.querySelectorAll(".highlight pre"))
        code.textContent = code.textContent;
    for (const drawing of document.querySelectorAll("mjx-container > svg"))
        drawing.replaceChildren();
}"""
WHOLE = "chapters/depthwise"
VIOLATIONS = """async (options) => (await axe.run(options)).violations
    .map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html)}`)"""
ALL = {"resultTypes": ["violations"]}
# What a change of colours can break; the rest of a page is the same.
COLOURS = ALL | {"runOnly": ["color-contrast", "link-in-text-block"]}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(site, visit, name):
    """axe-core objects to nothing on a page, nor to its dark colours."""
    # Without motion: colours that are still changing are no colours of the page.
    still = {"color_scheme": "light", "reduced_motion": "reduce"}
    page = laid_out(visit(f"{site.as_uri()}/{name}.html", **still))
    page.evaluate(READ)
    if name != WHOLE:
        page.evaluate(THIN)
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(VIOLATIONS, ALL) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(VIOLATIONS, COLOURS) == []
