"""The Chromium of this machine, for what prints the book and measures its pages."""

import shutil

from playwright.sync_api import Browser, Error, Playwright

from autograder.errors import SetUpError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def launched(playwright: Playwright, doing: str) -> Browser:
    """A Chromium without a window. Raises SetUpError where none is found."""
    # None: the one that `playwright install chromium` brought.
    found = next(filter(None, map(shutil.which, NAMES)), None)
    try:
        return playwright.chromium.launch(executable_path=found)
    except Error as error:
        raise SetUpError(
            f"{doing}: no Chromium was found. Install Debian's package "
            f"'chromium', or run '.venv/bin/playwright install chromium' ({error})"
        ) from None
