"""When each page last changed, as git knows it."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def setup(app: Sphinx) -> None:
    """Say it at the foot of each page."""
    app.connect("html-page-context", _page_context)


def _page_context(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    day = changes(Path(app.srcdir)).get(f"{pagename}.md")
    if doctree is not None and day is not None:
        # The theme's footer has a place for it.
        context["last_updated"] = f"{day.day} {day:%B %Y}"


@cache
def changes(root: Path) -> dict[str, date]:
    """The day of the last commit of each file below chapters/, by its path.

    Empty outside a git repository, and in a shallow clone, whose only commit
    would be the last one of every file.
    """
    if _git(root, "rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    found: dict[str, date] = {}
    day = date.min
    log = _git(root, "log", "--format=%cs", "--name-only", "--relative", "chapters")
    for line in filter(None, log.splitlines()):
        if _DATE.fullmatch(line):
            day = date.fromisoformat(line)
        else:
            found.setdefault(line, day)  # the newest comes first
    return found


def _git(root: Path, *words: str) -> str:
    """What git prints; nothing where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotepath=off", *words],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout
