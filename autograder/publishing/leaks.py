"""Looks for secrets in everything that a reader or a student can open."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.publishing.needles import Needles
from autograder.publishing.secrets import Secret, plain

# What libraries bring to the site, 30 MB of it: none of it is made from ours.
LIBRARIES = ("mathjax", "scripts", "styles", "vendor", "locales")
TAG = re.compile(r"<[^>]*>")
ARCHIVES = (".zip", ".npz")


class Search:
    """Looks for secrets in folders."""

    def __init__(self, secrets: Sequence[Secret]) -> None:
        self.secrets = tuple(secrets)

    @cached_property
    def _needles(self) -> Needles:
        return Needles(mark for secret in self.secrets for mark in secret.marks)

    def leaks(self, *folders: Path) -> list[str]:
        """What is given away below the folders, and where; each content once.

        Raises FileNotFoundError for a folder that is not there to be looked
        through: nothing would be found in it.
        """
        found, done = [], set()
        for folder in folders:
            if not folder.is_dir():
                raise FileNotFoundError(folder)
            for path in sorted(filter(_is_ours, folder.rglob("*"))):
                for view in views(path.name, path.read_bytes()):
                    digest = hashlib.sha256(view).digest()
                    if digest not in done:
                        done.add(digest)
                        where = path.relative_to(folder)
                        found += [f"{where}: {name}" for name in self._named(view)]
        return found

    def _named(self, view: bytes) -> list[str]:
        marks = self._needles.found(view)
        if not marks:
            return []
        return [secret.name for secret in self.secrets if secret.is_among(marks)]


def views(name: str, data: bytes) -> Iterator[bytes]:
    """A file's content, and what it decodes to."""
    yield data
    if name.endswith(ARCHIVES):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield from views(member, archive.read(member))
        return
    text = data.decode("utf-8", "ignore")
    yield plain(text)
    if name.endswith(".html"):
        yield plain(html.unescape(TAG.sub("", text)))
    if name.endswith((".ipynb", ".json")):
        for part in _texts(json.loads(text)):
            yield plain(part)
            if "<" in part:
                yield plain(html.unescape(TAG.sub("", part)))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON document; a list of texts is one, as in notebooks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _texts(item)


def _is_ours(path: Path) -> bool:
    """Whether a path is a file that is no library's."""
    _, found, below = path.as_posix().partition("/_static/")
    return path.is_file() and not (found and below.startswith(LIBRARIES))
