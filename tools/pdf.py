"""Print the built website as one PDF: _build/pdf/convnets-by-hand.pdf.

    python tools/pdf.py

Chromium prints, twice: first to learn on which page each chapter begins, then
with these numbers in the contents. Live figures are their stills and tables.
"""

import sys
import time
from pathlib import Path

from chromium import launched
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader

from autograder.book.ways_out import PDF
from autograder.errors import CourseError
from autograder.publishing import paper

ROOT = Path(__file__).parent.parent
TITLE = "ConvNets by Hand"
MINUTES = 10
FOOTER = (
    '<div style="width: 100%; font: 8pt sans-serif; text-align: center; color: gray">'
    '<span class="pageNumber"></span></div>'
)
# Formulas that the build has not set, and pictures.
SETTLED = """async () => {
    if (window.MathJax?.startup) await MathJax.startup.promise;
    await document.fonts.ready;
    await Promise.all([...document.images].map((image) => {
        image.loading = "eager";
        return image.decode().catch(() => {});
    }));
}"""
NUMBERED = """(pages) => {
    for (const place of document.querySelectorAll(".page[data-of]"))
        place.textContent = pages[place.dataset.of] ?? "";
}"""


def make(root: Path, build: Path) -> Path:
    """Print the site below build; returns the PDF."""
    target = build / "pdf" / PDF
    target.parent.mkdir(parents=True, exist_ok=True)
    book = paper.parts(root)
    joined = target.with_name("book.html")
    text = paper.join(build / "html", book, TITLE, "../html")
    joined.write_text(text, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = launched(playwright.chromium, "Printing the book")
        page = browser.new_page()
        page.set_default_timeout(MINUTES * 60_000)
        page.goto(joined.as_uri())
        page.evaluate(SETTLED)
        print_to(page, target)
        page.evaluate(NUMBERED, beginnings(target))
        print_to(page, target)
        browser.close()
    return target


def print_to(page: Page, target: Path) -> None:
    page.pdf(
        path=target,
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        outline=True,
        tagged=True,
    )


def beginnings(path: Path) -> dict[str, int]:
    """The number of the page that each named place is on, from 1."""
    reader = PdfReader(path)
    found = reader.named_destinations
    return {
        name.removeprefix("/"): reader.get_destination_page_number(place) + 1
        for name, place in found.items()
    }


def main() -> None:
    start = time.monotonic()
    made = make(ROOT, ROOT / "_build")
    pages = len(PdfReader(made).pages)
    size = made.stat().st_size / 1e6
    print(f"{pages} pages, {size:.1f} MB in {time.monotonic() - start:.0f} s: {made}")


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(f"pdf: {error}")
