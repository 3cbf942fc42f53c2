"""Verdicts come back as they were filed, and only for what they were about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading.store import Outbox, Store, address
from autograder.model import CaseVerdict, Explanation, Verdict
from autograder.sandbox.program import Cell, Program

VERDICT = Verdict(
    exercise="conv_cost",
    score=1.5,
    points=3,
    cases=(
        CaseVerdict("the first layer of a network", "counts", True, True),
        CaseVerdict("with groups", "groups", False, False, "12 came, 6 was expected"),
    ),
    explanation=Explanation(
        call="conv_cost(2, 2, 1, 1, 1, groups=2)",
        given="",
        expected="(2, 2)",
        received="(4, 4)",
        message="the first entry differs",
        picture="<svg/>",
        diagnoses=("groups are ignored",),
    ),
    printed="hello 😀",
)
PROGRAM = Program((Cell("setup", "import numpy as np"), Cell("a", "", ("f",))))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "verdicts")


def test_what_is_filed_comes_back(store: Store) -> None:
    """A verdict is the same after it was filed and read."""
    at = address(PROGRAM, "conv_cost", "1")
    store.put(at, VERDICT)
    assert store.get(at) == VERDICT
    assert store.path(at).relative_to(store.folder).parts[0] == at[:2]


def test_nothing_filed_is_none(store: Store) -> None:
    """An address where nothing was filed has no verdict."""
    assert store.get(address(PROGRAM, "conv_cost", "1")) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"score": 3}'])
def test_a_damaged_file_counts_as_none(store: Store, damage: bytes) -> None:
    """A file that was cut off or overwritten leads to grading again, no error."""
    at = address(PROGRAM, "conv_cost", "1")
    store.put(at, VERDICT)
    store.path(at).write_bytes(damage)
    assert store.get(at) is None


@pytest.mark.parametrize(
    "other",
    [
        address(Program((PROGRAM.cells[0],)), "conv_cost", "1"),
        address(Program((*PROGRAM.cells, Cell("b", "x = 1"))), "conv_cost", "1"),
        address(Program(PROGRAM.cells[::-1]), "conv_cost", "1"),
        address(PROGRAM, "conv2d", "1"),
        address(PROGRAM, "conv_cost", "2"),
    ],
)
def test_every_part_changes_the_address(other: str) -> None:
    """Another program, exercise or version is filed somewhere else."""
    assert other != address(PROGRAM, "conv_cost", "1")


def test_a_failed_write_leaves_the_old_verdict(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full, the old verdict is whole and nothing is left over."""
    at = address(PROGRAM, "conv_cost", "1")
    store.put(at, VERDICT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", full)
        with pytest.raises(OSError, match="No space left"):
            store.put(at, replace(VERDICT, score=0.0))
    assert store.get(at) == VERDICT
    assert list(store.path(at).parent.iterdir()) == [store.path(at)]


def test_an_outbox_files_nothing(store: Store) -> None:
    """A worker's store reads what is filed, and keeps the rest until it is taken."""
    at = address(PROGRAM, "conv_cost", "1")
    outbox = Outbox(store.folder)
    outbox.put(at, VERDICT)
    assert not store.folder.exists()
    assert outbox.take() == {at: VERDICT}
    assert outbox.take() == {}
    store.put(at, VERDICT)
    assert outbox.get(at) == VERDICT
