"""nbgrader's own commands work in the course folder and agree with `course grade`."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest
from course_folder import copy_of_released, hand_in, nbgrader
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.server_extensions.formgrader import handlers
from page_audit import Audit
from rows import rows
from traitlets.config import PyFileConfigLoader

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.export import write_table
from autograder.grading.feedback_files import write_pages
from autograder.grading.grade import grade
from autograder.grading.program import key, role
from autograder.grading.recorder import gradebook_url
from autograder.grading.report import write_report
from autograder.sample.classroom import listed
from autograder.sample.desk import desk_of
from autograder.sample.events import EVENTS

STUDENTS = (
    "right",
    "mistakes-03",
    "untouched",
    "cells-duplicated",
    "function-in-another-cell",
    "cells-deleted",
    "not-json",
    "other-assignment",
    "markup-in-cells",
)
# Who answered the question of another chapter in words, and how; the exercises
# of that chapter are left as they were given out.
QUESTION = "why_shares_are_added"
IN_WORDS = {
    "right": "Because windows *overlap*, $+=$ and not $=$.",
    "markup-in-cells": "<script>document.title = 'owned'</script>",
    "untouched": None,
    "cells-deleted": "",
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One class, graded twice: by `course grade`, and by nbgrader's commands."""
    ours = copy_of_released(tmp_path_factory.mktemp("ours"))
    desk = desk_of(ours, catalogue.load().chapter("depthwise"))
    for write in (listed, *EVENTS):
        write(desk)
    for sample in desk.samples:
        if sample.student in STUDENTS:
            path = hand_in(ours, sample.student, sample.chapter, sample.data)
            (path.parent / "timestamp.txt").write_text("2026-10-01 12:00:00 UTC\n")
    for student, text in IN_WORDS.items():
        data = ipynb.to_bytes(answered(ours, text))
        hand_in(ours, student, "convolution", data)
    hand_in(ours, "not-json", "convolution", b"no notebook")
    unlucky(ours)
    theirs = tmp_path_factory.mktemp("theirs") / "course"
    shutil.copytree(
        ours, theirs, copy_function=shutil.copy, symlinks=True, ignore=fifos
    )
    os.mkfifo(theirs / "submitted" / "right" / "depthwise" / "fifo")
    grade(ours, ["depthwise", "convolution"])
    # What is filed of one student only is looked up, the rest is computed.
    shutil.copytree(ours / "verdicts", theirs / "verdicts")
    for folder in sorted((theirs / "verdicts").iterdir())[::2]:
        shutil.rmtree(folder)
    for words in (
        ("autograde", "depthwise"),
        ("autograde", "convolution"),
        ("generate_feedback", "depthwise"),
        ("generate_feedback", "convolution"),
        ("export", "--to", "grades.csv"),
    ):
        done = nbgrader(theirs, *words)
        assert done.returncode == 0, done.stderr
    return ours, theirs


def answered(course: Path, text: str | None) -> ipynb.NotebookNode:
    """A released notebook with this answer; with the placeholder for None, and
    without the answer's cell for an empty text."""
    notebook = ipynb.read(course / "release" / "convolution" / "convolution.ipynb")
    at = next(i for i, cell in enumerate(notebook.cells) if key(cell) == QUESTION)
    if text == "":
        del notebook.cells[at]
    elif text is not None:
        notebook.cells[at].source = text
    return notebook


def unlucky(course: Path) -> None:
    """Links, devices and a timestamp that cannot be read, among the submissions."""
    folder = course / "submitted" / "right" / "depthwise"
    (folder / "passwords.txt").symlink_to("/etc/passwd")
    os.mkfifo(folder / "fifo")
    late = course / "submitted" / "untouched" / "depthwise" / "timestamp.txt"
    late.write_text("the day before yesterday")


def fifos(folder: str, names: list[str]) -> list[str]:
    """What shutil cannot copy."""
    return [name for name in names if name == "fifo"]


def test_both_ways_write_the_same_rows(both: tuple[Path, Path]) -> None:
    """Students, submissions, scores and comments are the same, row by row."""
    ours, theirs = (rows(course / "gradebook.db") for course in both)
    assert ours == theirs
    assert len(ours["student"]) == len(STUDENTS)
    assert ours["how many"] == [(75, 75, 14, 14)]


def test_both_ways_leave_answers_in_words_to_a_person(both: tuple[Path, Path]) -> None:
    """An answer has no score and waits; the placeholder has none of the points; for
    a cell that is gone a person has to look."""
    for course in both:
        found = rows(course / "gradebook.db")["grade"]
        by_hand = {row[1]: row[4:] for row in found if row[3] == QUESTION}
        assert by_hand == {
            "right": (None, None, None, 1),
            "markup-in-cells": (None, None, None, 1),
            "cells-deleted": (None, None, None, 1),
            "untouched": (0.0, None, None, 0),
            "not-json": (0.0, None, None, 0),
        }


def test_both_ways_write_the_same_pages(both: tuple[Path, Path]) -> None:
    """Feedback pages are the same bytes at the same places."""
    ours, theirs = both
    pages = [Path(student, "depthwise", "depthwise.html") for student in STUDENTS]
    pages += [Path(name, "convolution", "convolution.html") for name in IN_WORDS]
    for page in pages:
        place = Path("feedback", page)
        assert (ours / place).read_bytes() == (theirs / place).read_bytes()


def test_both_ways_write_the_same_notebooks(both: tuple[Path, Path]) -> None:
    """Autograded notebooks have the same cells and say the same."""
    for student in STUDENTS:
        ours, theirs = (
            ipynb.read(
                course / "autograded" / student / "depthwise" / "depthwise.ipynb"
            )
            for course in both
        )
        assert [c.source for c in ours.cells] == [c.source for c in theirs.cells]
        assert [c.get("outputs") for c in ours.cells] == [
            c.get("outputs") for c in theirs.cells
        ]


def test_links_and_devices_are_set_aside(both: tuple[Path, Path]) -> None:
    """No file that a link names is copied to where students or staff look."""
    _, theirs = both
    aside = theirs / "set_aside"
    assert (aside / "right" / "depthwise" / "passwords.txt").is_symlink()
    assert (aside / "untouched" / "depthwise" / "timestamp.txt").is_file()
    for room in ("autograded", "feedback"):
        names = {path.name for path in (theirs / room).rglob("*")}
        assert not names & {"passwords.txt", "fifo"}


def test_the_exported_table_has_the_scores(both: tuple[Path, Path]) -> None:
    """`nbgrader export` writes every student's score."""
    _, theirs = both
    with (theirs / "grades.csv").open(newline="", encoding="utf-8") as file:
        scores = {
            row["student_id"]: float(row["score"])
            for row in csv.DictReader(file)
            if row["assignment"] == "depthwise"
        }
    assert set(scores) == set(STUDENTS)
    assert (scores["right"], scores["not-json"]) == (17.0, 0.0)


PAGES = [(student, "depthwise") for student in STUDENTS]
PAGES += [(student, "convolution") for student in IN_WORDS]


@pytest.mark.parametrize(("student", "chapter"), PAGES)
def test_the_formgrader_runs_nobodys_markup(
    both: tuple[Path, Path], student: str, chapter: str
) -> None:
    """The page on which staff grade shows feedback, and students' markup as text."""
    ours, _ = both
    html = formgrader_page(ours, student, chapter)
    assert "<script>document.title" not in html
    assert 'href="javascript:' not in html
    assert "<img src=x" not in html
    assert "&lt;div" not in html  # our own outputs pass the sanitiser whole


def test_a_persons_grade_counts_everywhere(
    both: tuple[Path, Path], tmp_path: Path
) -> None:
    """What the formgrader writes, points and a comment, is on the student's page, in
    the report and in the table; grading again keeps it, and asks to look again only
    where the answer changed."""
    course = graded_by_hand(both[0], tmp_path)
    report = write_report(course)
    assert write_pages(course, ["convolution"]) == len(IN_WORDS) + 1
    check_shown(course, report)
    before = rows(course / "gradebook.db")
    grade(course, ["convolution"])
    assert rows(course / "gradebook.db") == before
    check_shown(course, report)
    data = ipynb.to_bytes(answered(course, "Another answer."))
    hand_in(course, "right", "convolution", data)
    grade(course, ["convolution"])
    (row,) = (
        row
        for row in rows(course / "gradebook.db")["grade"]
        if (row[1], row[3]) == ("right", QUESTION)
    )
    assert row[4:] == (None, 2.5, None, 1)
    assert "who will look again" in page_text(course)
    assert "1 score given by hand should be looked at again" in report_text(course)


def graded_by_hand(course: Path, folder: Path) -> Path:
    """A copy of a graded course in which a person graded an answer in words, with
    the very calls that the formgrader makes."""
    made = Path(shutil.copytree(course, folder / "course", ignore=only_convolution))
    with Gradebook(gradebook_url(made)) as book:
        place = (QUESTION, "convolution", "convolution", "right")
        row = book.find_grade(*place)
        row.manual_score, row.needs_manual_grade = 2.5, False
        book.find_comment(*place).manual_comment = "And the corners?"
        book.db.commit()
    return made


def only_convolution(folder: str, names: list[str]) -> list[str]:
    """What is not needed of a course folder."""
    return [n for n in names if n in ("depthwise", "set_aside", "fifo")]


def page_text(course: Path) -> str:
    """The feedback page of the student whose answer was graded."""
    page = course / "feedback" / "right" / "convolution" / "convolution.html"
    return Audit(page.read_text(encoding="utf-8")).text


def report_text(course: Path) -> str:
    """The staff's page."""
    return Audit(write_report(course).read_text(encoding="utf-8")).text


def check_shown(course: Path, report: Path) -> None:
    """Page, report and table have the person's points."""
    text = page_text(course)
    for words in ("2.5 of 3 points", "graded by a person", "And the corners?"):
        assert words in text
    seen = " ".join(Audit(report.read_text(encoding="utf-8")).text.split())
    assert "convolution 2.5 of 3 1" in seen
    write_table(course, course / "grades.csv")
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        (score,) = (
            row["score"]
            for row in csv.DictReader(file)
            if (row["student_id"], row["assignment"]) == ("right", "convolution")
        )
    assert float(score) == 2.5


def formgrader_page(course: Path, student: str, chapter: str) -> str:
    """What nbgrader's formgrader makes of an autograded notebook."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(course))
    config = loader.load_config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    path = course / "autograded" / student / chapter / f"{chapter}.ipynb"
    shown = {
        "assignment_id": chapter,
        "notebook_id": chapter,
        "submission_id": "0",
        "index": 0,
        "total": 1,
        "base_url": "/formgrader",
        "student": student,
        "last_name": None,
        "first_name": None,
        "notebook_path": "/",
    }
    html, _ = HTMLExporter(config=config).from_filename(str(path), resources=shown)
    return str(html)


@pytest.fixture
def course(both: tuple[Path, Path], tmp_path: Path) -> Path:
    """A graded course folder that may be changed."""
    _, theirs = both
    for name in ("release", "source", "verdicts", "nbgrader_config.py", "gradebook.db"):
        copy = shutil.copytree if (theirs / name).is_dir() else shutil.copy
        copy(theirs / name, tmp_path / name)
    for room in ("submitted", "autograded"):
        shutil.copytree(theirs / room / "right", tmp_path / room / "right")
    return tmp_path


def scores(course: Path) -> list[tuple[float | None, int]]:
    """Score and "needs a person" of every grade of the student `right`."""
    found = rows(course / "gradebook.db")["grade"]
    return [(row[4], row[7]) for row in found if row[:2] == ("depthwise", "right")]


def test_handing_in_again_never_keeps_the_old_score(course: Path) -> None:
    """Garbage handed in over good work is graded as garbage: zero."""
    assert sum(score or 0 for score, _ in scores(course)) == 17
    hand_in(course, "right", "depthwise", b"garbage")
    done = nbgrader(course, "autograde", "depthwise", "--student", "right", "--force")
    assert done.returncode == 0, done.stderr
    assert scores(course) == [(0.0, 0)] * 5


def test_trouble_of_ours_leaves_no_score(course: Path) -> None:
    """When grading cannot go on, nbgrader says why, and a person is asked for the
    grade: no old score stands."""
    lost = str(course / "no such seed")
    words = ("autograde", "depthwise", "--student", "right", "--force")
    done = nbgrader(course, *words, COURSE_SEED_FILE=lost)
    assert done.returncode == 1
    assert "Reading the secret seed" in done.stderr
    assert scores(course) == [(None, 1)] * 5


@pytest.mark.parametrize(
    ("student", "says"),
    [("right", "Success! Your notebook passes"), ("untouched", "VALIDATION FAILED")],
)
def test_the_validate_button_works(
    both: tuple[Path, Path], tmp_path: Path, student: str, says: str
) -> None:
    """`nbgrader validate` in a released folder runs `check`, which needs nothing of
    the project there, and tells right from unfinished."""
    ours, _ = both
    folder = Path(shutil.copytree(ours / "release" / "depthwise", tmp_path / "here"))
    notebook = ipynb.read(
        ours / "submitted" / student / "depthwise" / "depthwise.ipynb"
    )
    # Without the experiments, which take their time.
    notebook.cells = [cell for cell in notebook.cells if role(cell)]
    path = folder / "depthwise.ipynb"
    path.unlink()
    path.write_bytes(ipynb.to_bytes(notebook))
    done = nbgrader(folder, "validate", "depthwise.ipynb")
    assert says in done.stdout, done.stdout + done.stderr
