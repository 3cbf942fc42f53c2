"""Ticks of sections and quizzes, in a browser: about 15 s with the pages built."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from autograder.catalogue import ROOT

STATIC = ROOT / "autograder" / "book" / "static"
Open = Callable[..., Page]
DISPLAY = "(element) => getComputedStyle(element).display"
PLACES = """() => [...document.querySelectorAll(
    "article h2, .course-mark, .course-mark input, .marks-overview *"
)].map((e) => e.getBoundingClientRect()).map((r) => [r.x, r.y, r.width, r.height])"""


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A reader's browser, which keeps things from page to page."""
    context = browser.new_context(accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def visit(reader: BrowserContext, site: Path) -> Open:
    """Opens a chapter from disk, as a reader without a server does."""

    def open_page(name: str, place: str = "") -> Page:
        page = reader.new_page()
        page.goto((site / "chapters" / f"{name}.html").as_uri() + place)
        return page

    return open_page


def counted(page: Page, chapter: str) -> str:
    """What the first page says of a chapter: `1 of 9`."""
    row = page.locator(
        ".marks-overview li", has=page.locator(f"[href='{chapter}.html']")
    )
    return row.locator(".marks-count").text_content() or ""


def test_each_section_has_a_box_that_says_what_it_is_for(visit: Open) -> None:
    """A box for each section of the contents, with the section's name."""
    page = visit("depthwise")
    titles = page.locator("article section section > h2").all_text_contents()
    labels = page.locator(".course-mark label").all_text_contents()
    assert len(labels) > 5
    plain = [re.sub(r"^[\d.]+\s*|#$", "", title).strip() for title in titles]
    assert [label.strip() for label in labels] == [f"Done: {t}" for t in plain]


def test_tick_by_keyboard_is_kept_and_counted(visit: Open) -> None:
    """Space ticks a box; it is ticked on the next visit, and counted at the front."""
    page = visit("depthwise")
    box = page.get_by_label("Done: Counting")
    box.focus()
    page.keyboard.press("Space")
    expect(visit("depthwise").get_by_label("Done: Counting")).to_be_checked()
    front = visit("index")
    assert re.fullmatch(r"1 of \d+", counted(front, "depthwise"))
    assert counted(front, "convolution").startswith("0 of ")
    box.uncheck()
    expect(front.locator(".marks-count", has_text="1 of")).to_have_count(0)


def test_solved_quiz_ticks_itself(visit: Open) -> None:
    """The last right answer ticks the quiz's box, a wrong one does not."""
    page = visit("depthwise")
    box = page.get_by_label("Done: Check yourself")
    for question in page.locator(".quiz-question").all():
        expect(box).not_to_be_checked()
        verdicts = question.locator(".quiz-reasons li")
        for index in range(verdicts.count()):
            right = "quiz-right" in (verdicts.nth(index).get_attribute("class") or "")
            if right:
                question.get_by_role("radio").nth(index).check()
    expect(box).to_be_checked()


def test_ticks_go_to_a_file_and_come_back(visit: Open, tmp_path: Path) -> None:
    """What was saved can be loaded where there is nothing yet."""
    visit("depthwise").get_by_label("Done: Counting").check()
    front = visit("index")
    with front.expect_download() as saving:
        front.get_by_role("button", name="Save to a file").click()
    file = tmp_path / saving.value.suggested_filename
    saving.value.save_as(file)
    assert json.loads(file.read_text()) == {
        "convnets-by-hand marks": ["depthwise/counting"]
    }
    front.on("dialog", lambda dialog: dialog.accept())
    front.get_by_role("button", name="Take all ticks away").click()
    assert counted(front, "depthwise").startswith("0 of ")
    load(front, file)
    expect(front.get_by_role("status")).to_have_text(
        f"Loaded 1 ticks from {file.name}."
    )
    assert counted(front, "depthwise").startswith("1 of ")


def load(front: Page, file: Path) -> None:
    """Choose a file, by the button that a reader presses."""
    with front.expect_file_chooser() as choosing:
        front.get_by_role("button", name="Load from a file").click()
    choosing.value.set_files(file)


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"convnets-by-hand marks": [1]}'])
def test_a_wrong_file_changes_nothing(visit: Open, tmp_path: Path, text: str) -> None:
    """A file that was not saved here is refused in words."""
    visit("depthwise").get_by_label("Done: Counting").check()
    front = visit("index")
    file = tmp_path / "own.json"
    file.write_text(text)
    load(front, file)
    expect(front.get_by_role("status")).to_contain_text("holds no ticks")
    assert counted(front, "depthwise").startswith("1 of ")


def test_counts_know_every_section(visit: Open) -> None:
    """The front page counts the boxes that the chapter has, in each chapter."""
    front = visit("index")
    rows = front.locator(".marks-overview li").all()
    assert len(rows) >= 3
    for row in rows[:3]:
        name = Path(row.locator("a").get_attribute("href") or "").stem
        boxes = visit(name).locator("input[data-mark]")
        keys = [box.get_attribute("data-mark") for box in boxes.all()]
        assert (row.get_attribute("data-keys") or "").split() == keys


@pytest.mark.parametrize("name", ["index", "depthwise"])
def test_ticks_move_nothing(
    visit: Open, reader: BrowserContext, site: Path, name: str
) -> None:
    """With its script and without it, everything on the page is where it is."""
    visit("depthwise").get_by_label("Done: Counting").check()
    with_ticks = visit(name).evaluate(PLACES)
    assert len(with_ticks) > 10
    # It stands in one file with the page's other scripts.
    marks = (site / "_static" / "marks.js").read_text(encoding="utf-8").strip()

    def others(route: Route) -> None:
        joined = site / "_static" / Path(urlsplit(route.request.url).path).name
        text = joined.read_text(encoding="utf-8")
        assert marks in text
        route.fulfill(body=text.replace(marks, ""), content_type="text/javascript")

    reader.route(re.compile(r"/scripts-\w+\.js"), others)
    without = visit(name)
    assert without.locator("input[data-mark]:checked").count() == 0
    assert without.evaluate(PLACES) == with_ticks


def test_without_scripts_there_is_no_box(browser: Browser, site: Path) -> None:
    """A reader without JavaScript sees no box that would forget."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "chapters" / "depthwise.html").as_uri())
    # Not is_visible: what is far below is not laid out before one comes near.
    assert page.locator(".course-mark").count() > 5
    for box in page.locator(".course-mark").all():
        assert box.evaluate(DISPLAY) == "none"
    page.goto((site / "chapters" / "index.html").as_uri())
    assert page.locator(".marks-overview").evaluate(DISPLAY) == "none"
    assert page.locator("article noscript p").evaluate(DISPLAY) == "block"
    context.close()


def test_script_is_small() -> None:
    """The script that every page loads has less than 4 kB, and no request in it."""
    text = (STATIC / "marks.js").read_text()
    assert len(text) < 4000
    assert not re.search(r"fetch|XMLHttp|sendBeacon|import\(", text)
