"""The staff's page counts right and runs nothing. Takes about a second."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from page_audit import Audit
from small_release import small_release

from autograder.errors import UsageError
from autograder.grading.export import COLUMNS, _write, safe
from autograder.grading.graded import Graded, Sheet
from autograder.grading.records import Grades
from autograder.grading.report import Submission, page, write_report
from autograder.model import Explanation, Verdict

HOSTILE = "<script>alert(1)</script>\"'><b onclick=x>"
RUN: dict[str, Any] = {
    "chapters": ["small"],
    "level": "isolated",
    "jobs": 2,
    "seconds": 12.5,
    "lines": [{}, {}],
    "refused": [{"name": HOSTILE, "reason": HOSTILE}],
    "timings": {
        "seconds": {"referee": 10.0, HOSTILE: 0.0},
        "computed": 3,
        "looked_up": 1,
    },
}


def submission(
    student: str, score: float, *says: str, trouble: str = "", chapter: str = "small"
) -> Submission:
    """One student's `f`, worth 2 points, and what the autograder said of it."""
    explanation = Explanation("f(1)", "", "1", "2", "differs", "", says)
    verdict = Verdict("f", score, 2, (), "", explanation if says else None)
    graded = Graded(small_release(), (Sheet(verdict, ()),), trouble)
    grades = Grades(student, chapter, 0.0, {"check_f": (score, 2.0)})
    return Submission(student, chapter, graded, grades)


def test_the_page_counts_scores_and_reasons() -> None:
    """Full marks, parts and nones, the mean, and the reason given most often."""
    some = [
        submission("ada", 2.0),
        submission("bob", 1.0, "the stride is ignored"),
        submission("cem", 0.0, "the stride is ignored", "the kernel is flipped"),
    ]
    html = page(some, RUN)
    text = " ".join(Audit(html).text.split())
    assert 'aria-label="1 full marks, 1 a part, 1 none"' in html
    assert "1.0 of 2" in text
    assert "3 students handed something in" in text
    assert text.index("the stride is ignored") < text.index("the kernel is flipped")
    assert "bob, cem" in text
    assert "12.5 s with 2 workers, at isolation level isolated" in text


def test_a_persons_score_counts() -> None:
    """The table shows what the gradebook says, not what the autograder said."""
    one = submission("ada", 0.0)
    one = replace(one, grades=replace(one.grades, cells={"check_f": (2.0, 2.0)}))
    assert 'aria-label="1 full marks, 0 a part, 0 none"' in page([one], None)


def test_nobodys_markup_reaches_the_page() -> None:
    """Hostile names, chapters, reasons and stage names are text; links stay inside
    the course folder."""
    some = [
        submission(HOSTILE, 0.0, HOSTILE, trouble=HOSTILE),
        submission("javascript:alert(1)", 2.0, chapter=HOSTILE),
        submission("../../x", 2.0),
    ]
    seen = Audit(page(some, RUN))
    assert seen.faults == []
    assert seen.text.count("<script>alert(1)</script>") > 5


def test_a_report_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    """Without a gradebook there is one sentence, and no page."""
    with pytest.raises(UsageError, match="course release"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "=HYPERLINK('x')"]
)
def test_no_cell_of_a_table_is_a_formula(text: str) -> None:
    """A text that a spreadsheet would run is marked as text; other values stay."""
    assert safe(text) == "'" + text
    assert (safe("o'brien"), safe(-1.5), safe(None)) == ("o'brien", -1.5, "")


def test_a_table_is_quoted(tmp_path: Path) -> None:
    """Commas, quotes and line breaks in names come back as they went in."""
    name = 'Smith, "Bo"\nBobby; DROP'
    row = dict.fromkeys(COLUMNS, "x") | {"last_name": name, "score": 2.5}
    _write(tmp_path / "grades.csv", [row])
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        (back,) = csv.DictReader(file)
    assert back["last_name"] == name
    assert back["score"] == "2.5"
