"""Builds the website: Jupyter Book, with its warnings as errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from autograder.book.assets import BUNDLE
from autograder.errors import AuthorError
from autograder.publishing import chapter
from autograder.publishing.stub import stub

Progress = Callable[[str], None]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_STEP = re.compile(r"^(reading sources|writing output)\.\.\. \[ *(\d+)%\] (\S+)")
_EXECUTED = re.compile(r"^(\S+?)(?:\.md)?: Executing notebook")
_COMPLAINT = re.compile(r"\b(WARNING|ERROR|CRITICAL): |^\w*(Error|Exception): \S")
# The kernel's remark on its own sockets, which is no warning of the book.
_NOISE = "[IPKernelApp] WARNING"


@dataclass(frozen=True)
class SiteResult:
    """What a build made. executed: the pages whose code ran again.

    downloads: how many released notebooks the pages offer.
    """

    html: Path
    pages: int
    executed: tuple[str, ...]
    downloads: int
    seconds: float


def build(root: Path, progress: Progress = lambda text: None) -> SiteResult:
    """Build the site of the project at `root` into `_build/html`.

    progress: told what is being done. Raises AuthorError with the warnings
    of a build that has any.
    """
    start = time.monotonic()
    html = root / "_build" / "html"
    lines = _run(root, progress)
    # Tracebacks of failed chapters; they quote code.
    shutil.rmtree(html / "reports", ignore_errors=True)
    _forget_old_pages(root, html)
    return SiteResult(
        html,
        len(list(html.glob("chapters/*.html"))),
        tuple(
            Path(match[1]).name for line in lines if (match := _EXECUTED.match(line))
        ),
        copy_downloads(root, progress),
        time.monotonic() - start,
    )


def copy_downloads(root: Path, progress: Progress = lambda text: None) -> int:
    """Put the released notebooks and the bundle where the pages link to.

    Returns how many notebooks there are: none before the first release, and
    none when the release is older than the references, since pages and
    notebooks would then show different stubs.
    """
    student = root / "_build" / "student"
    target = root / "_build" / "html" / "downloads"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    notebooks = sorted((student / Path(BUNDLE).stem).glob("*.ipynb"))
    if not notebooks or not all(_is_current(root, notebook) for notebook in notebooks):
        state = "are older than the references" if notebooks else "are not made yet"
        progress(f"the notebooks to download {state}: run course release")
        return 0
    for file in [*notebooks, student / BUNDLE]:
        shutil.copy2(file, target)
    return len(notebooks)


def _is_current(root: Path, notebook: Path) -> bool:
    """Whether a released notebook has the stubs that the chapter's page has."""
    page = chapter.read(root / "chapters" / f"{notebook.stem}.md")
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = {"".join(cell["source"]) for cell in cells}
    if page.reference is None:
        return False
    return all(stub(page.reference.source(name)) in sources for name in page.exercises)


def _run(root: Path, progress: Progress) -> list[str]:
    """Run Jupyter Book; returns its lines. Raises AuthorError."""
    start = "from jupyter_book.cli.main import main; main()"
    options = ["-W", "-n", "--keep-going"]
    # -P: what lies in the working directory must not hide the machinery.
    command = [sys.executable, "-P", "-c", start, "build", str(root), *options]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for raw in process.stdout:
            line = _COLOURS.sub("", raw).strip("\r\n")
            lines.append(line)
            if match := _STEP.match(line):
                progress(f"{match[1]}: {match[3]} ({match[2]} %)")
            elif match := _EXECUTED.match(line):
                progress(f"running the code of {Path(match[1]).name}")
    if process.returncode:
        shutil.rmtree(root / "_build" / "html" / "reports", ignore_errors=True)
        raise AuthorError(
            "Building the site: Jupyter Book stopped or warned, and a warning counts "
            f"as an error here. Mend this, then build again:\n{complaints(lines)}"
        )
    return lines


def complaints(lines: list[str]) -> str:
    """What an author has to read of a failed build's output."""
    found: list[str] = []
    for number, line in enumerate(lines):
        if re.fullmatch(r"\w+ error:", line):  # Sphinx's way to give up
            rest = takewhile(lambda text: not text.startswith("Trace"), lines[number:])
            return "\n".join([*found, *filter(None, rest)])
        if _COMPLAINT.search(line) and _NOISE not in line:
            found.append(line)
    return "\n".join(found or lines[-20:])


def _forget_old_pages(root: Path, html: Path) -> None:
    """Remove the pages of chapters that are no more; Sphinx leaves them."""
    kept = {path.stem for path in (root / "chapters").glob("*.md")}
    for page in (html / "chapters").glob("*.html"):
        if page.stem not in kept:
            page.unlink()
