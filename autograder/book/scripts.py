"""A page's scripts as one file: a phone waits for one answer instead of a dozen."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

_NAME = "scripts-{:08x}.js"
_DEFERRED = re.compile(
    r'\s*<script\b(?=[^>]*\bdefer\b)[^>]*\bsrc="(?P<src>(?P<root>(?:\.\./)*)_static/'
    r'[^"?]+)[^"]*"[^>]*></script>'
)
_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


def joined(page: str, path: Path, site: Path) -> str:
    """The page with one script for those that wait for its words, in their order.

    Writes that script into the site. Pages with the same scripts share it. The page
    of the search stays as it is: its scripts ask which others are there already.
    """
    found = list(_DEFERRED.finditer(page))
    if len(found) < 2 or path.name == "search.html":
        return page
    files = [path.parent / match["src"] for match in found]
    # Semicolons between them: one may end without, or in a comment. And before the
    # first: its "use strict" holds for itself, and not all the others could bear it.
    text = "".join(f";{file.read_text(encoding='utf-8').strip()}\n" for file in files)
    text = _MAP.sub("", text)
    name = _NAME.format(zlib.crc32(text.encode()))
    (site / "_static" / name).write_text(text, encoding="utf-8")
    tag = f'\n<script defer src="{found[0]["root"]}_static/{name}"></script>'
    start, end = found[0].span()
    return page[:start] + tag + _DEFERRED.sub("", page[end:])


def without_old(pages: Iterable[str], site: Path) -> None:
    """Remove the joined scripts that no page names any more."""
    named = {name for page in pages for name in re.findall(r"scripts-\w{8}\.js", page)}
    for file in (site / "_static").glob(_NAME.replace("{:08x}", "*")):
        if file.name not in named:
            file.unlink()
