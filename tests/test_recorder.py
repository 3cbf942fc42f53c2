"""The recorder writes what nbgrader writes, in bulk. Takes a few seconds."""

from __future__ import annotations

import os
import resource
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from rows import rows

from autograder.errors import SetUpError, UsageError
from autograder.grading.recorder import Recorder, gradebook_url
from autograder.grading.records import Record

MOMENT = datetime(2026, 10, 1, 12)
ADA = Record("ada", "small", {"check_f": 2.0, "check_g": 1.5}, frozenset(), MOMENT)
BOB = Record("bob", "small", {"check_f": 0.0, "check_g": None}, frozenset({"f"}))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A gradebook in which `small` was released and nobody handed in."""
    path = tmp_path_factory.mktemp("book") / "gradebook.db"
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", programs)  # nbgrader runs alembic for a new gradebook
        made = Gradebook(f"sqlite:///{path}")
    with made as book:
        book.add_assignment("small")
        book.add_notebook("small", "small")
        for name, points in (("f", 2), ("g", 3)):
            book.add_solution_cell(name, "small", "small")
            book.add_grade_cell(
                f"check_{name}", "small", "small", max_score=points, cell_type="code"
            )
    return path.read_bytes()


@pytest.fixture
def course(tmp_path: Path, empty: bytes) -> Path:
    """A course folder with that gradebook."""
    (tmp_path / "gradebook.db").write_bytes(empty)
    return tmp_path


@pytest.fixture
def recorder(course: Path) -> Iterator[Recorder]:
    """An open recorder."""
    with Recorder(gradebook_url(course)) as opened:
        yield opened


def by_nbgrader(book: Gradebook, record: Record) -> None:
    """What Autograde.init_assignment, SaveAutoGrades and AssignLatePenalties do."""
    given = {"timestamp": str(record.timestamp)} if record.timestamp else {}
    book.update_or_create_student(record.student)
    book.update_or_create_submission("small", record.student, **given)
    for name, score in record.scores.items():
        grade = book.find_grade(name, "small", "small", record.student)
        grade.auto_score = score
        manual = grade.manual_score is not None
        grade.needs_manual_grade = manual or score is None
    for name in ("f", "g"):
        comment = book.find_comment(name, "small", "small", record.student)
        comment.auto_comment = "No response." if name in record.unanswered else None
    notebook = book.find_submission_notebook("small", "small", record.student)
    notebook.late_submission_penalty = None
    book.db.commit()


# nbgrader's own add_submission makes SQLAlchemy 2 warn.
@pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")
def test_rows_equal_those_of_nbgraders_own_interface(
    course: Path, empty: bytes, tmp_path: Path
) -> None:
    """Recorded in bulk or through nbgrader's functions: the same rows, on the
    first hand-in and on the second."""
    other = tmp_path / "other.db"
    other.write_bytes(empty)
    again = Record("ada", "small", {"check_f": 1.0, "check_g": 3.0}, frozenset({"g"}))
    for batch in ([ADA, BOB], [again]):
        with Recorder(gradebook_url(course)) as recorder:
            recorder.record(batch)
        with Gradebook(f"sqlite:///{other}") as book:
            for record in batch:
                by_nbgrader(book, record)
        assert rows(course / "gradebook.db") == rows(other)
    assert rows(other)["how many"] == [(4, 4, 2, 2)]


def test_a_persons_score_stands_and_is_looked_at_again(
    course: Path, recorder: Recorder
) -> None:
    """Grading again keeps what a person gave, and asks them to look again."""
    recorder.record([ADA])
    with Gradebook(gradebook_url(course)) as book:
        grade = book.find_grade("check_f", "small", "small", "ada")
        grade.manual_score, grade.extra_credit = 1.0, 0.5
        book.find_comment("f", "small", "small", "ada").manual_comment = "well done"
        book.find_submission_notebook(
            "small", "small", "ada"
        ).late_submission_penalty = 9
        book.db.commit()
    recorder.record([ADA])
    grades = recorder.grades(["small"])["ada", "small"]
    assert grades.cells == {"check_f": (1.5, 2.0), "check_g": (1.5, 3.0)}
    assert (grades.score, grades.max_score) == (3.0, 5.0)
    assert grades.comments == {"f": "well done"}
    assert (grades.waiting, grades.by_hand) == ({"check_f"}, {"check_f"})
    assert grades.ungraded == set()
    assert grades.late_penalty == 0


def test_nobody_looks_twice_at_the_same(course: Path, recorder: Recorder) -> None:
    """What a person graded stays done while cells and score are the same; it is
    marked again when either changes."""
    recorder.record([BOB])
    with Gradebook(gradebook_url(course)) as book:
        grade = book.find_grade("check_g", "small", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        book.db.commit()
    waiting = []
    other = dict(BOB.scores) | {"check_g": 1.0}
    for record in (
        replace(BOB, seen=True),
        BOB,
        replace(BOB, seen=True, scores=other),
    ):
        recorder.record([record])
        grades = recorder.grades(["small"], "bob")["bob", "small"]
        assert grades.cells["check_g"] == (2.0, 3.0)
        waiting.append(grades.waiting)
    assert waiting == [set(), {"check_g"}, {"check_g"}]


def test_no_score_waits_for_a_person(recorder: Recorder) -> None:
    """A score of None counts nothing yet and is marked for a person."""
    recorder.record([BOB])
    grades = recorder.grades(["small"])["bob", "small"]
    assert grades.cells["check_g"] == (0.0, 3.0)
    assert grades.waiting == grades.ungraded == {"check_g"}
    assert grades.comments == {"f": "No response."}


def test_a_reset_takes_scores_back(recorder: Recorder) -> None:
    """After a reset no old score stands, and all wait for a person; a student
    who handed nothing in is no trouble."""
    recorder.record([ADA])
    recorder.reset("ada", "small")
    recorder.reset("nobody", "small")
    grades = recorder.grades(["small"])["ada", "small"]
    assert (grades.score, grades.waiting) == (0.0, {"check_f", "check_g"})


def test_all_or_nothing(course: Path, recorder: Recorder) -> None:
    """A record that does not fit leaves the gradebook as it was."""
    before = rows(course / "gradebook.db")
    wrong = Record("eve", "small", {"check_h": 1.0})
    with pytest.raises(UsageError, match="check_h"):
        recorder.record([ADA, wrong])
    assert rows(course / "gradebook.db") == before


def test_what_was_not_released_is_named(recorder: Recorder, tmp_path: Path) -> None:
    """An unknown assignment, or no gradebook at all, says to release first."""
    with pytest.raises(UsageError, match="course release unet"):
        recorder.record([Record("ada", "unet", {})])
    with pytest.raises(UsageError, match="course release"):
        gradebook_url(tmp_path / "elsewhere")


def test_a_gradebook_that_is_none_is_one_message(tmp_path: Path) -> None:
    """A damaged gradebook is the machine's trouble, not a traceback."""
    (tmp_path / "gradebook.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(SetUpError, match="not a database"):
        Recorder(gradebook_url(tmp_path))


def test_a_locked_gradebook_is_one_message(
    course: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another program writes, nothing is recorded and the message says so."""
    recorder._book.db.connection().exec_driver_sql("pragma busy_timeout = 10")
    recorder._patience = 0
    other = sqlite3.connect(course / "gradebook.db", isolation_level=None)
    other.execute("begin immediate")
    try:
        with pytest.raises(SetUpError, match=r"locked.*Nothing was recorded"):
            recorder.record([ADA])
    finally:
        other.close()
    assert rows(course / "gradebook.db")["grade"] == []


def test_a_full_disk_is_one_message_and_nothing_is_lost(
    course: Path, recorder: Recorder
) -> None:
    """Where no file may grow, the message says so at once; later all is written."""
    gradebook = course / "gradebook.db"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(SetUpError, match=r"Nothing was recorded.*disk has space"):
            recorder.record([ADA])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert rows(gradebook)["grade"] == []
    recorder.record([ADA])
    assert rows(gradebook)["grade"] != []
