"""The Chromium of this machine: for tests, for printing and for measuring pages."""

import shutil
from collections.abc import Sequence

from playwright.sync_api import Browser, BrowserType, Error

from autograder.errors import SetUpError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Where one is, or None: `playwright install chromium` may have brought it."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def launched(
    kind: BrowserType, doing: str, args: Sequence[str] = (), scroll_bars: bool = False
) -> Browser:
    """A Chromium without a window. Raises SetUpError where none is found.

    kind: Playwright's chromium; doing: what for, as an error says it; args: flags of
    Chromium; scroll_bars: whether they are shown and take room, as on most computers.
    """
    try:
        return kind.launch(
            executable_path=found(),
            args=list(args),
            ignore_default_args=["--hide-scrollbars"] if scroll_bars else None,
        )
    except Error as error:
        raise SetUpError(
            f"{doing}: no Chromium was found. Install Debian's package "
            f"'chromium', or run '.venv/bin/playwright install chromium' ({error})"
        ) from None
