"""The public folder: the site, and the notebooks that Colab and Binder open.

It is put together from what was built, searched for everything that must not
get out, and only then there. Nothing of this repository's history is in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder import folders
from autograder.book.assets import BUNDLE
from autograder.book.ways_out import FOLDER, PDF
from autograder.errors import AuthorError
from autograder.publishing import site
from autograder.publishing.address import site_address
from autograder.publishing.leaks import Search
from autograder.publishing.secrets import secrets

Progress = Callable[[str], None]

PYTHON = "python-3.11\n"  # what Binder runs


@dataclass(frozen=True)
class Published:
    """What was put together. complete: whether nothing is missing to publish it."""

    folder: Path
    files: int
    size: int
    missing: tuple[str, ...]


def assemble(
    root: Path, progress: Progress = lambda text: None, search: Search | None = None
) -> Published:
    """Put `_build/public` together, or leave it as it was.

    search: for what must not get out; by default everything that this course
    has. Raises AuthorError when the site or the bundle is not built, when they
    do not belong together, or when something would get out.
    """
    build = root / "_build"
    missing = tuple(_missing(root))
    with folders.replacing(build / "public") as folder:
        progress("copying the site")
        _site(root, folder)
        progress("copying the notebooks")
        _notebooks(build / "student" / Path(BUNDLE).stem, folder)
        progress("looking for what must not get out")
        looked = search or Search(secrets(root))
        # The PDF's text is packed; the page that it was printed from lies beside it.
        printed = [build / "pdf"] if (build / "pdf").is_dir() else []
        if found := looked.leaks(folder, *printed):
            raise AuthorError(_given_away(found))
        files = [path for path in folder.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
    return Published(build / "public", len(files), size, missing)


def _site(root: Path, folder: Path) -> None:
    html = root / "_build" / "html"
    if not (html / "index.html").is_file():
        raise AuthorError(
            "Publishing: there is no site in _build/html. Run `make site` first."
        )
    if not site.copy_downloads(root):
        raise AuthorError(
            "Publishing: the students' notebooks are not made, or older than the "
            "references. Run `make release` first."
        )
    left_out = shutil.ignore_patterns(".buildinfo*", ".doctrees", "objects.inv")
    shutil.copytree(html, folder, dirs_exist_ok=True, ignore=left_out)
    book = root / "_build" / "pdf" / PDF
    if book.is_file():
        shutil.copy2(book, folder / "downloads" / PDF)
    # GitHub would leave out folders that begin with an underscore.
    (folder / ".nojekyll").touch()


def _notebooks(bundle: Path, folder: Path) -> None:
    """The bundle, unpacked, and what Binder installs for it."""
    shutil.copytree(bundle, folder / FOLDER)
    (folder / "binder").mkdir()
    shutil.copy2(bundle / "requirements.txt", folder / "binder")
    (folder / "binder" / "runtime.txt").write_text(PYTHON)


def _missing(root: Path) -> list[str]:
    """What a dry run does without, and a reader would miss."""
    missing = []
    if not site_address(root):
        missing.append("html: baseurl in _config.yml: no link previews, no sitemap")
    if not (root / "_build" / "pdf" / PDF).is_file():
        missing.append("the PDF: run `make pdf`")
    return missing


def _given_away(found: list[str]) -> str:
    shown = "\n".join(f"  {line[:160]}" for line in found[:20])
    more = f"\n  and {len(found) - 20} more" if len(found) > 20 else ""
    return (
        f"Publishing: {len(found)} things would get out that must not, and so "
        f"nothing was put into _build/public:\n{shown}{more}\n"
        "Take them out where they come from, then build again."
    )
