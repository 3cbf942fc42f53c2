"""Nothing of a reference's answer, of a hidden case or of a graders' key gets out.

Looked for in everything that a reader or a student can open: the site with its
sources, downloads and executed notebooks, the release, the bundle, autograded
notebooks, feedback.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from course_folder import copy_of_released, hand_in, make_course
from needles import Needles

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.grade import grade
from autograder.grading.program import key, role
from autograder.judging.cases import DEVELOPMENT, DrawnCase, drawn_cases
from autograder.publishing import contents

ROOT = catalogue.ROOT
PUBLIC = (  # what students are meant to see, besides the rails of the references
    "chapters/*.md",
    "chapters/figures/*.py",
    "convnets/*.py",
    "convnets/figures/*.js",
)
# What libraries bring to the site, 30 MB of it: none of it is made from ours.
LIBRARIES = ("mathjax", "scripts", "styles", "vendor", "locales")
SHORT = 12  # characters of a line that may stand anywhere
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
ARCHIVES = (".zip", ".npz")
DECIMALS = 7  # by which a drawn number is known


@dataclass(frozen=True)
class Secret:
    """Something that must not get out: any `needed` of its marks give it away."""

    name: str
    marks: tuple[bytes, ...]
    needed: int = 1

    def is_among(self, found: set[bytes]) -> bool:
        """Whether these marks give it away."""
        return sum(mark in found for mark in set(self.marks)) >= self.needed


def plain(text: str) -> bytes:
    """Text with single spaces, as it is compared."""
    return " ".join(text.split()).encode()


@cache
def secrets() -> tuple[Secret, ...]:
    """The lines of every answer, the numbers of every hidden case, and what full
    answers in words say."""
    return (*answer_lines(), *hidden_arrays(), *key_lines())


@cache
def needles() -> Needles:
    """The marks of all secrets."""
    return Needles(mark for secret in secrets() for mark in secret.marks)


def answer_lines() -> Iterator[Secret]:
    """Lines between the markers, but for those that students may see elsewhere."""
    sources = [p.read_text("utf-8") for p in (ROOT / "solutions").glob("*.py")]
    seen = [SOLUTION.sub("", source) for source in sources]
    for pattern in PUBLIC:
        seen += [without_keys(path) for path in ROOT.glob(pattern)]
    public = plain("\n".join(seen))
    lines = {
        plain(line)
        for source in sources
        for answer in SOLUTION.findall(source)
        for line in answer.splitlines()
    }
    for line in sorted(lines):
        if len(line) > SHORT and line not in public:
            yield Secret(f"answer: {line.decode()}", (line,))


def key_lines() -> Iterator[Secret]:
    """The lines of every question's key, as written and as a page would show them."""
    for line in keys():
        shown = re.sub(r"[*`$\\]", "", line)
        yield Secret(f"key: {line}", (plain(line), plain(shown)))


@cache
def keys() -> tuple[str, ...]:
    """What full answers in words say, in the whole book."""
    pages = contents.read(ROOT).pages.values()
    return tuple(
        line for page in pages for asked in page.questions for line in asked.key
    )


def without_keys(path: Path) -> str:
    """A file's text without the graders' keys, which stand in chapters."""
    text = path.read_text("utf-8")
    for line in keys():
        text = text.replace(line, "")
    return text


def hidden_arrays() -> Iterator[Secret]:
    """The arrays of hidden cases and of the answers to them, as bytes and digits.

    Not those that an author wrote down for a public case, too.
    """
    drawn = [d for e in catalogue.load() for d in drawn_cases(e, DEVELOPMENT)]
    shipped = {a.tobytes() for d in drawn if d.case.public for a in arrays_of(d)}
    for case in drawn:
        for array in () if case.case.public else arrays_of(case):
            name, stored = f"hidden: {case.case.label}", array.tobytes()
            if array.size >= 6 and np.ptp(array) > 0 and stored not in shipped:
                yield Secret(name, (stored,))
            if len(digits := in_digits(array)) >= 3:
                yield Secret(name, digits, needed=2)


def arrays_of(drawn: DrawnCase) -> Iterator[np.ndarray]:
    """Every array in a case's arguments and in the answer to it."""
    return arrays((drawn.call.args, dict(drawn.call.kwargs), drawn.expected.value))


def arrays(value: Any) -> Iterator[np.ndarray]:
    """Every array of numbers in a tree of values."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        yield value
    elif isinstance(value, dict):
        yield from arrays(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays(item)


def in_digits(array: np.ndarray) -> tuple[bytes, ...]:
    """The first numbers that are no whole ones, cut off behind some decimals."""
    numbers = (abs(float(x)) for x in array.ravel()[:12])
    cut = (f"{x:.12f}"[: -12 + DECIMALS] for x in numbers if x % 0.25)
    return tuple(digits.encode() for digits in cut)


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
        for part in texts(json.loads(text)):
            yield plain(part)
            if "<" in part:
                yield plain(html.unescape(TAG.sub("", part)))


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON document; a list of texts is one, as in notebooks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from texts(item)


def ours(path: Path) -> bool:
    """Whether a path is a file that is no library's."""
    _, found, below = path.as_posix().partition("/_static/")
    return path.is_file() and not (found and below.startswith(LIBRARIES))


def leaks(*folders: Path) -> list[str]:
    """What is given away below the folders, and where; each content once."""
    found, done = [], set()
    for folder in folders:
        assert folder.is_dir(), f"{folder} is not there to be looked through"
        for path in sorted(filter(ours, folder.rglob("*"))):
            for view in views(path.name, path.read_bytes()):
                digest = hashlib.sha256(view).digest()
                if digest not in done:
                    done.add(digest)
                    marks = needles().found(view)
                    found += [
                        f"{path.relative_to(folder)}: {secret.name}"
                        for secret in secrets()
                        if marks and secret.is_among(marks)
                    ]
    return found


def test_there_is_something_to_look_for() -> None:
    """Answers of every chapter and numbers of hidden cases are known."""
    names = [secret.name for secret in secrets()]
    assert sum(name.startswith("answer: ") for name in names) > 50
    assert sum("float32 stays float32" in name for name in names) > 5
    assert sum(name.startswith("key: ") for name in names) >= 3


def test_the_site_gives_nothing_away(site: Path) -> None:
    """Pages, their sources, the search index, downloads, executed notebooks."""
    executed = site.parent / "jupyter_execute"
    assert (site / "searchindex.js").is_file()
    assert leaks(site, executed) == []


def test_release_and_bundle_give_nothing_away(tmp_path: Path) -> None:
    """Notebooks, the package, public cases, and the archive of it all."""
    course = make_course(tmp_path)
    bundle = course.parent / "student"
    assert list(bundle.rglob("*.npz"))
    assert list(bundle.glob("*.zip"))
    assert leaks(course / "release", bundle) == []


SPY = """
seen = []
def {name}(*args, **kwargs):
    seen.append([getattr(a, "tolist", lambda: a)() for a in args])
    print(seen)
    {leak}
"""


LEAKS = {"returns": "return repr(seen)", "raises": "raise ValueError(repr(seen))"}


def test_grading_gives_nothing_away(tmp_path: Path) -> None:
    """Whatever a submission keeps of its inputs and hands back, nothing of a
    hidden one is in the feedback, the autograded notebook or the gradebook."""
    course = copy_of_released(tmp_path)
    notebook = ipynb.read(course / "release" / "depthwise" / "depthwise.ipynb")
    hand_in(course, "untouched", "depthwise", ipynb.to_bytes(notebook))
    for student, leak in LEAKS.items():
        for cell in notebook.cells:
            if role(cell) == "solution":
                cell.source = SPY.format(name=key(cell), leak=leak)
        hand_in(course, student, "depthwise", ipynb.to_bytes(notebook))
    assert len(grade(course, ["depthwise"], jobs=1).lines) == 3
    kept = tmp_path / "gradebook"
    kept.mkdir()
    (course / "gradebook.db").rename(kept / "gradebook.db")
    for student in LEAKS:
        page = course / "feedback" / student / "depthwise" / "depthwise.html"
        assert "seen" in page.read_text(encoding="utf-8")
    assert leaks(course / "feedback", course / "autograded", kept) == []


@cache
def samples() -> tuple[str, np.ndarray]:
    """A line of an answer, and an array of a hidden case."""
    line = next(s.marks[0] for s in answer_lines() if b"np.einsum" in s.marks[0])
    exercise = catalogue.load().exercise("conv2d")
    drawn = next(
        d for d in drawn_cases(exercise, DEVELOPMENT) if d.case.label == "another size"
    )
    return line.decode(), drawn.call.args[0]


def page(text: str) -> bytes:
    """As a page shows code: in spans, escaped."""
    words = (f"<span class='n'>{html.escape(word)}</span>" for word in text.split(" "))
    return f"<pre>{' '.join(words)}</pre>".encode()


def stored(array: np.ndarray) -> bytes:
    """An array as the bundle stores its public cases."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=array)
    return buffer.getvalue()


def in_zip(name: str, data: bytes) -> bytes:
    """A file in an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def planted() -> dict[str, bytes]:
    """The same secrets in the guises in which they could get out."""
    line, array = samples()
    key = next(key_lines()).marks[0].decode()
    cell = {"cells": [{"source": ["def f():\n", f"    {line}\n"]}]}
    return {
        "page.html": page(line),
        "source.md": f"```python\n    {line}\n```".encode(),
        "notebook.ipynb": json.dumps(cell).encode(),
        "index.js": f'Search.setIndex({{"t":"{line}"}})'.encode(),
        "cases.npz": stored(array),
        "bundle.zip": in_zip("cases/conv2d.npz", stored(array)),
        "answer.zip": in_zip("conv2d.py", line.encode()),
        "question.html": f"<p>{html.escape(key)}</p>".encode(),
        "question.ipynb": json.dumps({"cells": [{"source": [f"- {key}\n"]}]}).encode(),
        "printed.html": f"<pre>{array!r}</pre>".encode(),
        "given.txt": str(array.tolist()).encode(),
    }


@pytest.mark.parametrize("name", planted())
def test_a_planted_leak_is_found(tmp_path: Path, name: str) -> None:
    """The search finds what it looks for, in every guise."""
    (tmp_path / "harmless.html").write_bytes(page("return rows + columns"))
    assert leaks(tmp_path) == []
    (tmp_path / name).write_bytes(planted()[name])
    assert any(entry.startswith(f"{name}: ") for entry in leaks(tmp_path))
