"""A page with nothing but one live figure, for the tests of figures' numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from autograder.book.live import live_data
from convnets import live

ROOT = Path(__file__).parent.parent
LOAD = """async (text) => {
    const blob = new Blob([text], { type: "text/javascript" });
    window.figure = (await import(URL.createObjectURL(blob))).default;
}"""
# What anywidget gives a figure, and no more.
DRAW = """() => {
    const values = { state: {}, first: {}, data: null };
    const listeners = [];
    window.model = {
        get: (key) => values[key],
        set: (key, value) => { values[key] = value; listeners.forEach((l) => l()); },
        on: (event, listener) => listeners.push(listener),
        off: () => {}, save_changes: () => {},
    };
    window.figure.render({ model: window.model, el: document.body });
}"""
COMPUTE = """([states, data]) => states.map((state) => {
    const clean = window.figure.clean({ ...window.figure.defaults, ...state });
    return window.figure.compute(clean, ...data);
})"""


def chapter_of(name: str) -> str:
    """The chapter that has a live figure."""
    (chapter,) = (
        path.stem
        for path in (ROOT / "chapters").glob("*.md")
        if f"{{live}} {name}\n" in path.read_text(encoding="utf-8")
    )
    return chapter


def data(name: str) -> Any:
    """What a live figure is given besides its state."""
    return live_data(ROOT, chapter_of(name), name)


@contextmanager
def loaded(browser: Browser, name: str) -> Iterator[Page]:
    """A page, with touch, that has the figure as `window.figure`."""
    context = browser.new_context(has_touch=True)
    try:
        page = context.new_page()
        page.evaluate(LOAD, live.module(name))
        yield page
    finally:
        context.close()


@contextmanager
def drawn(browser: Browser, name: str) -> Iterator[Page]:
    """A page on which the figure stands; its model is `window.model`."""
    with loaded(browser, name) as page:
        page.evaluate(DRAW)
        yield page


def computed(page: Page, states: Sequence[dict[str, Any]], *data: Any) -> Any:
    """What the figure computes for each state; data: what it is given besides."""
    return page.evaluate(COMPUTE, [list(states), list(data)])
