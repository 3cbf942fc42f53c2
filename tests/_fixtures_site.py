"""Fixtures of the browser tests: the built site, and a Chromium to read it in."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from autograder.publishing import site as site_builder

ROOT = Path(__file__).parent.parent
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
    # None: the one that `playwright install chromium` brought.
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        except Error as error:
            pytest.fail(
                "the browser tests need a Chromium: install Debian's package "
                f"'chromium', or run '.venv/bin/playwright install chromium' ({error})"
            )
        yield chromium
        chromium.close()
