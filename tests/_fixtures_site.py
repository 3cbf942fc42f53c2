"""Fixtures of the browser tests: the built site, served or on disk, and a Chromium."""

from __future__ import annotations

import fcntl
import functools
import os
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from chromium import launched
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from autograder.publishing import site as site_builder

ROOT = Path(__file__).parent.parent
WIDE = {"width": 1280, "height": 900}
# Chromium's own calls home would look like requests of a page.
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built site."""
    (ROOT / "_build").mkdir(exist_ok=True)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    # One worker of pytest-xdist at a time; the later ones find it built.
    with (ROOT / "_build" / ".site.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not run or lock.read() != run:
            site_builder.build(ROOT)
            lock.truncate(0)
            lock.write(run)
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window, or a failure that says how to get one."""
    with sync_playwright() as playwright:
        chromium = launched(playwright.chromium, "Testing pages", FLAGS)
        yield chromium
        chromium.close()


class Quiet(SimpleHTTPRequestHandler):
    """A server that does not print each request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site's address under a path that is not the root of its host."""
    top = tmp_path_factory.mktemp("served")
    (top / "some").mkdir()
    (top / "some" / "course").symlink_to(site, target_is_directory=True)
    handler = functools.partial(Quiet, directory=str(top))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/course"
        server.shutdown()


def watched(context: BrowserContext) -> Any:
    """An empty page that notes what it asks for and what goes wrong on it."""
    page: Any = context.new_page()
    page.requests, page.complaints = [], []
    page.on("request", lambda request: page.requests.append(request.url))
    page.on("requestfailed", lambda request: page.complaints.append(request.url))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("response", lambda r: r.status >= 400 and page.complaints.append(r.url))
    return page


def laid_out(page: Page) -> Page:
    """The page with all of it there: live figures are drawn when they come near,
    and sections are laid out then."""
    page.add_style_tag(content="* { content-visibility: visible !important }")
    for stage in page.locator(".live-stage").all():
        stage.scroll_into_view_if_needed()
        stage.locator(".live").wait_for()
    return page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens addresses in pages of their own; closes them after the test."""
    contexts: list[BrowserContext] = []

    def open_page(address: str, viewport: Any = WIDE, **options: Any) -> Any:
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = watched(context)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
