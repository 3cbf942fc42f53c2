"""Uploads are read with care, whatever they are. Takes about a second."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from autograder.errors import SubmissionTrouble, UsageError
from autograder.grading.ingest import (
    MAX_BYTES,
    printable,
    read_cells,
    read_timestamp,
    read_upload,
)
from autograder.grading.uploads import check_student_id, uploads


def notebook(*cells: object, **top: object) -> bytes:
    """A notebook of format 4 as bytes."""
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return json.dumps(document | top).encode()


def cell(source: object, **more: object) -> dict[str, object]:
    """A code cell."""
    return {"cell_type": "code", "source": source, "metadata": {}, **more}


def test_only_four_things_of_a_cell_are_kept() -> None:
    """Kind, source, id and nbgrader's name are read; outputs and points are not."""
    marks = {"nbgrader": {"grade_id": "f", "points": 1000, "locked": False}}
    raw = cell(["a = 1\n", "b"], metadata=marks, id="x1", outputs=[{"evil": 1}])
    (kept,) = read_cells(notebook(raw))
    assert (kept.kind, kept.source, kept.grade_id, kept.cell_id) == (
        "code",
        "a = 1\nb",
        "f",
        "x1",
    )


def test_format_3_is_read() -> None:
    """A notebook of format 3 gives the same cells as one of format 4."""
    old = {"cell_type": "code", "input": ["x = 1"], "metadata": {}}
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": [old]}]}).encode()
    assert [c.source for c in read_cells(data)] == ["x = 1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"PK\x03\x04\xff", "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"\x00" * 100, "not JSON"),
        (b"[1, 2]", "no notebook"),
        (b"null", "no notebook"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000, "nested too deeply"),
        (b'{"nbformat": ' + b"9" * 5000 + b"}", "too many digits"),
        (notebook(), "no cells"),
        (notebook(cells={}), "no cells"),
        (notebook(nbformat=1), "format 1"),
        (notebook(nbformat="\x1b[31m4"), r"format \[31m4"),
        (notebook(*[cell("")] * 2001), "2001 cells"),
        (notebook(cell("x" * 500_000)), "500 kB"),
        (notebook(cell("é" * 90_000)), "540 kB"),
    ],
    ids=range(17),
)
def test_what_is_no_notebook_is_one_sentence(data: bytes, says: str) -> None:
    """Whatever is handed in, there is a sentence and no other exception."""
    with pytest.raises(SubmissionTrouble, match=says):
        read_cells(data)


@pytest.mark.parametrize(
    "strange",
    [
        7,
        "text",
        None,
        [],
        {},
        {"cell_type": ["code"]},
        {"cell_type": "code", "source": {"a": 1}},
        {"cell_type": "code", "source": [1, None, "x"]},
        {"cell_type": "code", "source": "x", "metadata": "none", "id": 3},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": ["grade_id"]}},
        {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": 1}}},
    ],
)
def test_strange_cells_do_not_stop_the_rest(strange: object) -> None:
    """A cell that is no cell is left out or emptied; the others are read."""
    kept = read_cells(notebook(strange, cell("y = 2")))
    assert kept[-1].source == "y = 2"
    assert all(type(part) is str for c in kept for part in vars(c).values())


def test_lone_surrogates_are_replaced() -> None:
    """Half a surrogate pair becomes a replacement mark; whole pairs stay."""
    data = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "%s"}]}'
    (kept,) = read_cells(data % b"\\ud800 \\ud83d\\ude00")
    assert kept.source == "\ufffd 😀"
    assert kept.source.encode()


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "missing", "linked folder"])
def test_only_plain_files_are_opened(tmp_path: Path, kind: str) -> None:
    """Links, devices, FIFOs and folders are a sentence, at once."""
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(notebook(cell("secret = 1")))
    path = tmp_path / "student" / "conv.ipynb"
    path.parent.mkdir()
    if kind == "link":
        path.symlink_to(secret)
    if kind == "fifo":
        os.mkfifo(path)
    if kind == "folder":
        path.mkdir()
    if kind == "linked folder":
        (tmp_path / "away").mkdir()
        (tmp_path / "away" / "conv.ipynb").write_bytes(secret.read_bytes())
        path.parent.rmdir()
        path.parent.symlink_to(tmp_path / "away")
    with pytest.raises(SubmissionTrouble) as trouble:
        read_upload(path)
    assert "secret" not in str(trouble.value)


def test_size_comes_before_parsing(tmp_path: Path) -> None:
    """A file that is too large is refused unread, also a sparse one of a terabyte."""
    path = tmp_path / "conv.ipynb"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(SubmissionTrouble, match=f"larger than {MAX_BYTES >> 20} MB"):
        read_upload(path)


@pytest.mark.parametrize(
    "student", ["ada", "Zoë Ångström", "a.b+c@uni.example", "o'brien", "李", "_1"]
)
def test_ordinary_ids_are_fine(student: str) -> None:
    """Ids as universities give them, in any script, are used as they are."""
    assert check_student_id(student) == student


@pytest.mark.parametrize(
    "student",
    [
        *("../ada", "..", ".", "", "a/b", "a\\b", "a\nb", "a\x1b[31m", "*", "a?"),
        *("=1+1", "+1", "-rf", "@x", "<b>", 'a"b', "a\u202eb", "a ", "a" * 129, "a;b"),
    ],
)
def test_other_ids_are_refused_in_one_sentence(student: str) -> None:
    """An id that could be a path, a glob, markup or a control sequence is not used."""
    with pytest.raises(SubmissionTrouble, match="cannot be used") as trouble:
        check_student_id(student)
    assert str(trouble.value).isprintable()


def test_a_bad_folder_does_not_stop_the_others(tmp_path: Path) -> None:
    """Folders that cannot be used are listed with the reason; the rest is found."""
    for name in ("ada", "=cmd()", "bob"):
        (tmp_path / name / "pooling").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "ada")
    found, refused = uploads(tmp_path, ["pooling", "unet"])
    assert [(u.student, u.chapter) for u in found] == [
        ("ada", "pooling"),
        ("bob", "pooling"),
    ]
    assert [r.name for r in refused] == ["=cmd()", "file", "link"]


def test_a_student_asked_for_by_a_bad_id_is_an_error(tmp_path: Path) -> None:
    """`--student ../x` is the call's trouble and says what an id may be."""
    with pytest.raises(UsageError, match="expected a letter"):
        uploads(tmp_path, ["pooling"], "../x")


def test_timestamps_are_believed_when_they_can_be_read(tmp_path: Path) -> None:
    """A well-formed timestamp is UTC; anything else counts as none."""
    path = tmp_path / "timestamp.txt"
    path.write_text("2026-10-01 10:00:00 UTC\n")
    assert read_timestamp(tmp_path) == datetime(2026, 10, 1, 10)
    path.write_text("2026-10-01T12:00:00+02:00")
    assert read_timestamp(tmp_path) == datetime(2026, 10, 1, 10)
    for nonsense in ("yesterday", "", "9" * 50, "\x00", "2026-13-01", "1e400"):
        path.write_text(nonsense)
        assert read_timestamp(tmp_path) is None
    path.unlink()
    path.symlink_to("/proc/self/environ")
    assert read_timestamp(tmp_path) is None


def test_printable_text_carries_no_control() -> None:
    """Terminal sequences, direction marks and lone surrogates go; text is cut."""
    assert printable("a\x1b[2Jb\u202ec\r\nd\te") == "a[2Jbc\nd\te"
    assert printable("\ud800") == "\ufffd"
    assert printable("x" * 10, 4) == "xxx…"
