"""Nothing of a reference's answer, of a hidden case or of a graders' key gets out.

Looked for in everything that a reader or a student can open: the site with its
sources, downloads and executed notebooks, the release, the bundle, autograded
notebooks, feedback.
"""

from __future__ import annotations

import html
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from course_folder import hand_in, make_course

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.grade import grade
from autograder.grading.program import key, role
from autograder.judging.cases import DEVELOPMENT, drawn_cases
from autograder.publishing.leaks import Search
from autograder.publishing.needles import TRIED, Needles
from autograder.publishing.secrets import is_telling, secrets

ROOT = catalogue.ROOT


@cache
def search() -> Search:
    """Looks for everything of this course that must not get out."""
    return Search(secrets(ROOT))


def leaks(*folders: Path) -> list[str]:
    """What is given away below the folders, and where."""
    return search().leaks(*folders)


def test_there_is_something_to_look_for() -> None:
    """Answers of every chapter and numbers of hidden cases are known."""
    names = [secret.name for secret in search().secrets]
    assert sum(name.startswith("answer: ") for name in names) > 50
    assert sum("float32 stays float32" in name for name in names) > 5
    assert sum(name.startswith("key: ") for name in names) >= 3


def test_arrays_that_stand_anywhere_are_no_secret() -> None:
    """Six labels of two classes are found in any list of labels; numbers are not."""
    labels = np.array([0, 1, 1, 0, 1, 0])
    assert not is_telling(labels)
    assert not is_telling(np.zeros(1000))
    assert not is_telling(np.array([0.5, np.inf]))
    assert is_telling(np.tile(labels, 4))
    assert is_telling(labels + 0.25)
    assert is_telling(np.arange(-4, 5))


@pytest.mark.parametrize("zeros", [0, TRIED - 1, TRIED, 3000])
def test_arrays_with_black_frames_are_found(zeros: int) -> None:
    """Whatever zeros an array begins with, it is found among zeros, whole only."""
    array = bytes(zeros) + b"not zero" + bytes(9)
    needles = Needles([array, b"somewhere else"])
    assert needles.found(bytes(700) + array + bytes(700)) == {array}
    assert needles.found(array[1:] + b"!") == set()


def test_the_site_gives_nothing_away(site: Path) -> None:
    """Pages, their sources, the search index, downloads, executed notebooks."""
    executed = site.parent / "jupyter_execute"
    assert (site / "searchindex.js").is_file()
    assert leaks(site, executed) == []


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released course folder with every chapter, in which nothing is changed."""
    return make_course(tmp_path_factory.mktemp("released"))


def test_release_and_bundle_give_nothing_away(course: Path) -> None:
    """Notebooks, the package, public cases, and the archive of it all."""
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


def test_grading_gives_nothing_away(course: Path, tmp_path: Path) -> None:
    """Whatever a submission keeps of its inputs and hands back, nothing of a
    hidden one is in the feedback, the autograded notebook or the gradebook."""
    course = copytree(course, tmp_path / "course")
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


def mark(kind: str, holds: bytes = b"") -> str:
    """The first mark of a kind of secret that holds something."""
    marks = (s.marks[0] for s in search().secrets if s.name.startswith(f"{kind}: "))
    return next(mark for mark in marks if holds in mark).decode()


def hidden_array() -> np.ndarray:
    """An array of a hidden case."""
    exercise = catalogue.load().exercise("conv2d")
    drawn = next(
        d for d in drawn_cases(exercise, DEVELOPMENT) if d.case.label == "another size"
    )
    return drawn.call.args[0]


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


@cache
def planted() -> dict[str, bytes]:
    """The same secrets in the guises in which they could get out."""
    line, array, key = mark("answer", b"np.einsum"), hidden_array(), mark("key")
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


# Written down: what is planted takes seconds to draw, in each process that collects.
GUISES = (
    "page.html source.md notebook.ipynb index.js cases.npz bundle.zip answer.zip "
    "question.html question.ipynb printed.html given.txt"
).split()


@pytest.mark.parametrize("name", GUISES)
def test_a_planted_leak_is_found(tmp_path: Path, name: str) -> None:
    """The search finds what it looks for, in every guise."""
    (tmp_path / "harmless.html").write_bytes(page("return rows + columns"))
    assert leaks(tmp_path) == []
    assert list(planted()) == GUISES
    (tmp_path / name).write_bytes(planted()[name])
    assert any(entry.startswith(f"{name}: ") for entry in leaks(tmp_path))
