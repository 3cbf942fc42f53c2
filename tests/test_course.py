"""A whole class, graded as `course grade` grades it, each submission looked at.

The longest test there is: a minute or two on two cores.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from course_folder import copy_of_released, hand_in
from page_audit import Audit
from rows import rows

from autograder import catalogue
from autograder.errors import SetUpError, UsageError
from autograder.grading import ipynb
from autograder.grading.grade import GradeSummary, grade, summary_lines
from autograder.grading.graded import filed
from autograder.grading.report import write_report
from autograder.sample.classroom import write_class
from autograder.sample.desk import Expected, Sample, found_wrong
from autograder.sample.words import ANSWERS

EXERCISES = {c.name: c.exercises for c in catalogue.load().chapters}
WAITS = Expected("waits", ("not graded yet",))
REFUSED = ("=cmd|'calc'!A0", "..%2f..%2fetc", "a\nb")


class GradedClass:
    """The sample class, graded once for all tests of this module."""

    def __init__(self, course: Path) -> None:
        self.course = course
        self.samples: Sequence[Sample] = write_class(course)
        for name in REFUSED:
            hand_in(course, name, "depthwise", b"{}")
        self.summary: GradeSummary = grade(course)
        self.report = write_report(course)

    def scores(self, sample: Sample) -> dict[str, float | None]:
        """What the gradebook says of a submission, by exercise and question."""
        return {
            row[3].removeprefix("check_"): row[4]
            for row in rows(self.course / "gradebook.db")["grade"]
            if (row[1], row[0]) == (sample.student, sample.chapter)
        }

    @property
    def report_text(self) -> str:
        """What staff read on the report."""
        return Audit(self.report.read_text(encoding="utf-8")).text

    def page(self, sample: Sample) -> Audit:
        """The feedback page of a submission."""
        folder = self.course / "feedback" / sample.student / sample.chapter
        return Audit((folder / f"{sample.chapter}.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> GradedClass:
    """The graded class."""
    return GradedClass(copy_of_released(tmp_path_factory.mktemp("class")))


def test_every_submission_gets_its_score_and_the_reason(graded: GradedClass) -> None:
    """Right answers have full marks however written, each listed mistake loses
    points and is named, and what happened to a notebook costs what it should."""
    wrong = []
    for sample in graded.samples:
        points = {e.name: e.points for e in EXERCISES[sample.chapter]}
        text = graded.page(sample).text
        for fault in found_wrong(sample, points, graded.scores(sample), text):
            wrong.append(f"{sample.student}, {sample.chapter}: {fault}")
    assert not wrong, "\n".join(wrong)
    assert len(graded.samples) >= 24


def test_every_listed_answer_was_handed_in(graded: GradedClass) -> None:
    """The class has every mistake and every alternative of every exercise."""
    handed_in = {sample.student for sample in graded.samples}
    for exercises in EXERCISES.values():
        most = max(len(exercise.mistakes) for exercise in exercises)
        assert {f"mistakes-{number + 1:02}" for number in range(most)} <= handed_in
        most = max(len(exercise.alternatives) for exercise in exercises)
        assert {f"right-otherwise-{number + 1}" for number in range(most)} <= handed_in


def test_answers_in_words_wait_for_a_person(graded: GradedClass) -> None:
    """Answers have no score, placeholders none of the points; the report counts both
    and has the key."""
    waits = [s for s in graded.samples if WAITS in s.expected.values()]
    assert len(waits) == len(ANSWERS["why_shares_are_added"])
    assert graded.summary.waiting == len(waits)
    assert f"{len(waits)} scores wait for a person" in graded.report_text
    assert "the chain rule" in graded.report_text
    assert not any("the chain rule)" in graded.page(s).text for s in graded.samples)


def test_no_page_runs_anything(graded: GradedClass) -> None:
    """No feedback page and no report has a tag, address or attribute that is not
    ours, whatever stood in the notebooks."""
    for sample in graded.samples:
        assert graded.page(sample).faults == []
    assert Audit(graded.report.read_text(encoding="utf-8")).faults == []


def test_no_reference_comes_out(graded: GradedClass) -> None:
    """No line of a reference's answer is in what a student who left the stub, or
    whose answers are wrong, gets back."""
    secret = set()
    for path in (catalogue.ROOT / "solutions").glob("*.py"):
        for part in path.read_text(encoding="utf-8").split("### BEGIN SOLUTION")[1:]:
            answer = part.partition("### END SOLUTION")[0]
            secret |= {line.strip() for line in answer.splitlines() if len(line) > 40}
    assert len(secret) > 10
    for student in ("untouched", "testing-patched", "points-forged", "not-json"):
        for room in ("feedback", "autograded"):
            for path in (graded.course / room / student).rglob("depthwise.*"):
                text = path.read_text(encoding="utf-8")
                assert [line for line in secret if line in text] == []


def test_the_summary_counts_all(graded: GradedClass) -> None:
    """Every submission has a line; troubles and refusals are counted with their
    reasons, in printable text."""
    lines = list(summary_lines(graded.summary))
    assert len(graded.summary.lines) == len(graded.samples)
    useless = {s.student for s in graded.samples if s.trouble}
    assert {line.student for line in graded.summary.troubles} == useless
    assert len(graded.summary.refused) == len(REFUSED)
    assert f"{len(graded.samples)} notebooks of " in lines[0]
    assert f"{len(REFUSED)} refused:" in lines
    assert all(line.isprintable() for line in lines)
    kept = json.loads((graded.course / "run.json").read_bytes())
    assert len(kept["lines"]) == len(graded.samples)


def test_nothing_is_written_for_refused_names(graded: GradedClass) -> None:
    """A folder whose name cannot be an id leaves no trace in grades or pages."""
    for room in ("autograded", "feedback"):
        names = {path.name for path in (graded.course / room).iterdir()}
        assert names == {sample.student for sample in graded.samples}
    students = rows(graded.course / "gradebook.db")["student"]
    assert len(students) == len({sample.student for sample in graded.samples})


def test_grading_again_computes_nothing(graded: GradedClass) -> None:
    """A second run finds every verdict and writes the same rows and pages."""
    before = rows(graded.course / "gradebook.db")
    sample = next(s for s in graded.samples if s.student == "mistakes-03")
    page = graded.page(sample).text
    again = grade(graded.course)
    assert again.timings.computed == 0
    assert again.timings.looked_up > 200
    assert rows(graded.course / "gradebook.db") == before
    assert graded.page(sample).text == page


def test_one_student_can_be_graded_alone(graded: GradedClass) -> None:
    """`--student` grades that student and leaves the others as they are."""
    before = rows(graded.course / "gradebook.db")
    alone = grade(graded.course, ["depthwise"], student="right")
    assert [line.student for line in alone.lines] == ["right"]
    assert rows(graded.course / "gradebook.db") == before


def test_autograded_notebooks_say_the_same(graded: GradedClass) -> None:
    """The notebook that staff see carries the verdicts of the gradebook."""
    for sample in graded.samples:
        folder = graded.course / "autograded" / sample.student / sample.chapter
        found = filed(ipynb.read(folder / f"{sample.chapter}.ipynb"))
        inside = {s.verdict.exercise: s.verdict.score for s in found.sheets}
        exercises = {e.name for e in EXERCISES[sample.chapter]}
        scores = graded.scores(sample)
        assert inside == {name: scores[name] for name in exercises}


def test_a_folder_without_submissions_says_what_to_do(tmp_path: Path) -> None:
    """Nothing released, or nothing handed in, is one message."""
    with pytest.raises(UsageError, match="course release"):
        grade(tmp_path)
    course = copy_of_released(tmp_path)
    with pytest.raises(UsageError, match="nothing in"):
        grade(course)
    with pytest.raises(UsageError, match="no chapter 'poling'"):
        grade(course, ["poling"])


def test_a_missing_seed_stops_the_run_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble of ours is one message, and no grade is touched."""
    course = copy_of_released(tmp_path)
    hand_in(course, "ada", "depthwise", b"{}")
    monkeypatch.setitem(os.environ, "COURSE_SEED_FILE", str(tmp_path / "none"))
    before = rows(course / "gradebook.db")
    with pytest.raises(SetUpError, match="secret seed"):
        grade(course)
    assert rows(course / "gradebook.db") == before
    assert not (course / "autograded").exists()
