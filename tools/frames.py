"""`make frames`: whether the live figures keep up with a hand that drags.

    python tools/frames.py [figure ...]

Opens each figure of the built site in a Chromium without a window, drags every
slider to its other end and back, then the pointer across the picture, and times
the frames that the browser draws meanwhile. 60 frames a second are 16.7 ms each; a
frame is late when it comes after 25 ms.
"""

import re
import sys
from itertools import chain, pairwise
from pathlib import Path
from statistics import median, quantiles

from chromium import launched
from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

from autograder.errors import CourseError, UsageError

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "_build" / "html" / "chapters"
STAGE = re.compile(r'data-figure="(\w+)" data-id="([\w-]+)"')
STEPS = 60  # of the pointer, one way
LATE = 25.0  # ms
WATCH = """() => {
    window.frames_seen = [];
    const note = (now) => {
        window.frames_seen.push(now);
        window.watching = requestAnimationFrame(note);
    };
    window.watching = requestAnimationFrame(note);
}"""
SEEN = """() => {
    cancelAnimationFrame(window.watching);
    return window.frames_seen;
}"""


def figures() -> dict[str, str]:
    """The address of each live figure. Raises UsageError without a built site."""
    found = {}
    for page in sorted(PAGES.glob("*.html")):
        for name, place in STAGE.findall(page.read_text("utf-8")):
            found[name] = f"{page.as_uri()}#{place}"
    if not found:
        raise UsageError(f"Timing live figures: none is in {PAGES}. Run `make site`.")
    return found


def there_and_back(page: Page, box: FloatRect) -> list[float]:
    """Drag from the left to the right end of a box and back; ms of each frame."""
    y = box["y"] + box["height"] / 2
    left, right = box["x"] + 4, box["x"] + box["width"] - 4
    page.mouse.move(left, y)
    page.mouse.down()
    page.evaluate(WATCH)
    for step in chain(range(STEPS + 1), reversed(range(STEPS))):
        page.mouse.move(left + (right - left) * step / STEPS, y)
    seen = page.evaluate(SEEN)
    page.mouse.up()
    return [after - before for before, after in pairwise(seen)]


def parts(stage: Locator) -> dict[str, Locator]:
    """What of a figure can be dragged, by its label."""
    controls = stage.locator(
        ".live-control", has=stage.page.locator("input[type=range]")
    )
    found = {
        control.locator("label").text_content(): control.locator("input")
        for control in controls.all()
    }
    return found | {"the picture": stage.locator("svg, canvas").first}


def measure(page: Page, name: str, address: str) -> None:
    """Print a line for each part of a figure."""
    page.goto(address)
    stage = page.locator(f'[data-figure="{name}"]').first
    stage.scroll_into_view_if_needed()
    for label, part in parts(stage).items():
        part.scroll_into_view_if_needed()
        box = part.bounding_box()
        assert box is not None, (name, label)
        spent = there_and_back(page, box)
        slow = quantiles(spent, n=20)[-1]
        late = 100 * sum(ms > LATE for ms in spent) / len(spent)
        print(
            f"{name:26}{label:22}{len(spent):6}{median(spent):8.1f}{slow:8.1f}"
            f"{max(spent):8.1f}{late:7.1f}",
            flush=True,
        )


def main() -> None:
    known = figures()
    asked = sys.argv[1:] or list(known)
    if unknown := [name for name in asked if name not in known]:
        raise UsageError(
            f"Timing live figures: there is no {', '.join(unknown)}; there are "
            f"{', '.join(known)}."
        )
    print(f"{'figure':26}{'dragged':22}frames  median     95%    most  late %")
    with sync_playwright() as playwright:
        browser = launched(playwright.chromium, "Timing live figures")
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for name in asked:
            measure(page, name, known[name])
        browser.close()


if __name__ == "__main__":
    try:
        main()
    except CourseError as error:
        sys.exit(f"frames: {error}")
