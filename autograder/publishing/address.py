"""Where the site is published, as `_config.yml` says it."""

from __future__ import annotations

from pathlib import Path

import yaml

from autograder.errors import AuthorError


def site_address(root: Path) -> str:
    """`html: baseurl` of `_config.yml` with a slash at its end; empty if not set.

    Raises AuthorError for an address that browsers and link previews would not
    take.
    """
    path = root / "_config.yml"
    if not path.is_file():
        return ""
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return with_slash((settings.get("html") or {}).get("baseurl") or "")


def with_slash(address: str) -> str:
    """The address with a slash at its end. Raises AuthorError as above."""
    if address and not address.startswith(("https://", "http://")):
        raise AuthorError(
            f"Reading html: baseurl in _config.yml: '{address}' is no address. Write "
            "the whole of it, https:// included, or leave it empty."
        )
    return f"{address.rstrip('/')}/" if address else ""
