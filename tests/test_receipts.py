"""A receipt is good only while nothing changed that a grade is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from autograder.grading.examiner import Timings
from autograder.grading.receipts import (
    Receipts,
    digest,
    grades_digest,
    receipt,
    upload_digest,
)
from autograder.grading.records import Grades, Record
from autograder.grading.worker import Done, Job, Plan
from autograder.sandbox import Level, Limits

PLAN = Plan(
    releases={"small": b"{}", "other": b"{}"},
    verdicts=Path("verdicts"),
    seed=b"a secret of sixteen bytes",
    level=Level.ISOLATED,
    limits=None,
    again=False,
    sources={"small": "1", "other": "1", "": "machinery"},
)
JOB = Job("ada", "small", b"a notebook", "", None)
RECORD = Record("ada", "small", {"check_f": 2.0, "check_g": None}, frozenset({"g"}))
DONE = Done(b"autograded", RECORD, "", Timings(computed=1, looked_up=1))
GRADES = Grades("ada", "small", cells={"check_f": (2.0, 2.0)}, waiting={"b", "a"})


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """A receipt is the same after it was written and read, and gives the record."""
    receipts, made = Receipts(tmp_path), receipt("upload", DONE, GRADES)
    assert receipts.get("ada", "small") is None
    receipts.put("ada", "small", made)
    assert receipts.get("ada", "small") == made
    assert made.record(JOB) == replace(RECORD, seen=True)
    assert (made.notebook, made.verdicts) == (digest(b"autograded"), 2)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"upload": "x"}'])
def test_a_damaged_receipt_is_none(tmp_path: Path, damage: bytes) -> None:
    """A file that was cut off leads to grading again, no error."""
    receipts = Receipts(tmp_path)
    receipts.put("ada", "small", receipt("upload", DONE, GRADES))
    (path,) = receipts.folder.rglob("*.json")
    path.write_bytes(damage)
    assert receipts.get("ada", "small") is None


@pytest.mark.parametrize(
    ("plan", "job"),
    [
        (PLAN, replace(JOB, data=b"another")),
        (PLAN, replace(JOB, trouble="too large")),
        (PLAN, replace(JOB, timestamp=datetime(2026, 10, 1))),
        (replace(PLAN, seed=b"another secret, as long"), JOB),
        (replace(PLAN, level=Level.CONFINED), JOB),
        (replace(PLAN, limits=Limits(forks=2)), JOB),
        (replace(PLAN, releases={**PLAN.releases, "small": b"[]"}), JOB),
        (replace(PLAN, sources={**PLAN.sources, "small": "2"}), JOB),
        (replace(PLAN, sources={**PLAN.sources, "": "changed"}), JOB),
    ],
)
def test_every_part_makes_it_bad(plan: Plan, job: Job) -> None:
    """Whatever a grade is made of, another one of it has another digest."""
    assert upload_digest(plan, job) != upload_digest(PLAN, JOB)


def test_other_chapters_do_not_matter() -> None:
    """A changed chapter leaves the receipts of the others good."""
    changed = replace(PLAN, sources={**PLAN.sources, "other": "2"})
    assert upload_digest(changed, JOB) == upload_digest(PLAN, JOB)


def test_a_persons_grade_makes_another_page() -> None:
    """What the page shows of the gradebook has a digest that follows it, and no
    order of sets."""
    same = Grades("ada", "small", cells={"check_f": (2.0, 2.0)}, waiting={"a", "b"})
    assert grades_digest(same) == grades_digest(GRADES)
    for other in (
        replace(GRADES, cells={"check_f": (1.0, 2.0)}),
        replace(GRADES, comments={"f": "well done"}),
        replace(GRADES, late_penalty=1.0),
        replace(GRADES, by_hand={"a"}),
        replace(GRADES, waiting={"a"}),
    ):
        assert grades_digest(other) != grades_digest(GRADES)


def test_the_secret_stays_in_the_plan() -> None:
    """A plan's key, which names it on the workers, does not hold the seed."""
    assert PLAN.seed.decode() not in PLAN.key
    assert PLAN.key != replace(PLAN, seed=b"another secret, as long").key
