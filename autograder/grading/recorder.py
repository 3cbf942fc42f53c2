"""The only one that opens the gradebook.

The rows equal those that `nbgrader autograde` writes for the same verdicts,
but they are written in bulk: one session and a handful of queries for a whole
class, where nbgrader opens nine connections a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from nbgrader import api
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import SetUpError, UsageError
from autograder.grading.records import Grades, Record

UNCHANGED = "No response."  # nbgrader's own words for an untouched cell


def gradebook_url(course: Path) -> str:
    """Where nbgrader keeps the gradebook of a course folder.

    Raises UsageError when nothing was released into it yet.
    """
    path = course.resolve() / "gradebook.db"
    if not path.exists():
        raise UsageError(
            f"Opening the gradebook: there is no {path.name} in {course}. "
            "Run `course release` first; it makes the gradebook."
        )
    return f"sqlite:///{path}"


class Recorder:
    """A connection to nbgrader's gradebook."""

    def __init__(self, url: str) -> None:
        try:
            self._book = api.Gradebook(url)
        except SQLAlchemyError as error:
            raise _trouble(error) from None

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._book.close()

    def record(self, records: Sequence[Record]) -> None:
        """Write all of them down, or, when there is trouble, none.

        Raises UsageError for what was not released, SetUpError when the
        database cannot be written.
        """
        try:
            self._add_students({record.student for record in records})
            for chapter in sorted({record.chapter for record in records}):
                own = [record for record in records if record.chapter == chapter]
                self._record_chapter(chapter, own)
            self._book.db.commit()
        except SQLAlchemyError as error:
            self._book.db.rollback()
            raise _trouble(error) from None

    def reset(self, student: str, chapter: str) -> None:
        """Take back the scores of a submission that is about to be graded.

        If grading then stops half-way, a person is asked for the grade, and no
        old one stands for the new submission.
        """
        submitted = self._kept(self._notebook(chapter)).get(student)
        for grade in submitted.grades if submitted is not None else ():
            grade.auto_score = None
            grade.needs_manual_grade = True
        self._book.db.commit()

    def grades(
        self, chapters: Iterable[str], student: str | None = None
    ) -> dict[tuple[str, str], Grades]:
        """What the gradebook says, of one student or of all, by (student, chapter)."""
        found: dict[tuple[str, str], Grades] = {}
        try:
            for chapter in chapters:
                for grades in self._grades(chapter, student):
                    found[grades.student, chapter] = grades
        except SQLAlchemyError as error:
            raise _trouble(error) from None
        return found

    def _add_students(self, students: set[str]) -> None:
        known = {row[0] for row in self._book.db.query(api.Student.id)}
        self._book.db.add_all(api.Student(id=new) for new in sorted(students - known))
        self._book.db.flush()

    def _record_chapter(self, chapter: str, records: Sequence[Record]) -> None:
        notebook = self._notebook(chapter)
        cells = {cell.name: cell for cell in notebook.grade_cells}
        answers = {cell.name: cell for cell in notebook.solution_cells}
        kept = self._kept(notebook)
        for record in records:
            if set(record.scores) != set(cells):
                raise _other_release(chapter, set(record.scores) ^ set(cells))
            submitted = kept.get(record.student)
            if submitted is None:
                submitted = self._new(notebook, record.student)
            if record.timestamp is not None:
                submitted.assignment.timestamp = record.timestamp
            submitted.late_submission_penalty = None
            _score(submitted, cells, record)
            _comment(submitted, answers, record.unanswered)

    def _notebook(self, chapter: str) -> Any:
        try:
            return self._book.find_notebook(chapter, chapter)
        except api.MissingEntry:
            raise UsageError(
                f"Recording grades: the gradebook has no assignment '{chapter}'. "
                f"Run `course release {chapter}` first."
            ) from None

    def _kept(self, notebook: Any) -> dict[str, Any]:
        """The submissions that the gradebook has of a notebook, by student."""
        rows = (
            self._book.db.query(api.SubmittedNotebook, api.SubmittedAssignment)
            .join(
                api.SubmittedAssignment,
                api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id,
            )
            .filter(api.SubmittedNotebook.notebook_id == notebook.id)
        )
        return {assignment.student_id: submitted for submitted, assignment in rows}

    def _new(self, notebook: Any, student: str) -> Any:
        submission = api.SubmittedAssignment(
            assignment_id=notebook.assignment_id, student_id=student
        )
        submitted = api.SubmittedNotebook(
            notebook_id=notebook.id, assignment=submission
        )
        self._book.db.add(submitted)
        return submitted

    def _grades(self, chapter: str, only: str | None) -> Iterable[Grades]:
        """One query for the scores, one for the comments of a chapter."""
        found: dict[str, Grades] = {}
        grade, cell = api.Grade, api.GradeCell
        columns = (grade.score, cell.max_score, grade.manual_score)
        waits = grade.needs_manual_grade
        for row in self._rows(chapter, only, grade, cell, *columns, waits):
            student, penalty, name, score, most, manual, waiting = row
            grades = found.setdefault(student, Grades(student, chapter, penalty or 0.0))
            grades.cells[name] = (score, most)
            grades.by_hand |= {name} if manual is not None else set()
            grades.waiting |= {name} if waiting else set()
        text = api.Comment.comment
        rows = self._rows(chapter, only, api.Comment, api.SolutionCell, text)
        for student, _, name, comment in rows:
            if comment and student in found:
                found[student].comments[name] = comment
        return found.values()

    def _rows(
        self, chapter: str, only: str | None, kind: Any, cell: Any, *columns: Any
    ) -> Any:
        """Student, late penalty, cell's name and columns of grades or comments."""
        submitted, assignment = api.SubmittedNotebook, api.SubmittedAssignment
        penalty = submitted.late_submission_penalty
        rows = (
            self._book.db.query(assignment.student_id, penalty, cell.name, *columns)
            .select_from(kind)
            .join(cell, cell.id == kind.cell_id)
            .join(submitted, submitted.id == kind.notebook_id)
            .join(assignment, assignment.id == submitted.assignment_id)
            .join(api.Assignment, api.Assignment.id == assignment.assignment_id)
            .filter(api.Assignment.name == chapter)
        )
        return rows if only is None else rows.filter(assignment.student_id == only)


def _score(submitted: Any, cells: Mapping[str, Any], record: Record) -> None:
    rows = {grade.cell_id: grade for grade in submitted.grades}
    for name, cell in cells.items():
        grade = rows.get(cell.id)
        if grade is None:
            grade = api.Grade(cell_id=cell.id)
            submitted.grades.append(grade)
        before, grade.auto_score = grade.auto_score, record.scores[name]
        by_hand = grade.manual_score is not None
        if by_hand and record.seen and before == grade.auto_score:
            continue  # nothing is new to whoever gave the score
        # A person's score stands, but whoever gave it should look again.
        grade.needs_manual_grade = by_hand or grade.auto_score is None


def _comment(submitted: Any, cells: Mapping[str, Any], unanswered: Any) -> None:
    rows = {comment.cell_id: comment for comment in submitted.comments}
    for name, cell in cells.items():
        comment = rows.get(cell.id)
        if comment is None:
            comment = api.Comment(cell_id=cell.id)
            submitted.comments.append(comment)
        comment.auto_comment = UNCHANGED if name in unanswered else None


def _other_release(chapter: str, cells: set[str]) -> UsageError:
    names = ", ".join(sorted(cells))
    return UsageError(
        f"Recording grades of '{chapter}': the gradebook and the released notebook "
        f"do not have the same grade cells (they differ in {names}). Run `course "
        f"release {chapter}`; where there are submissions already, nbgrader refuses "
        "to change an assignment's cells: use a new course folder."
    )


def _trouble(error: SQLAlchemyError) -> SetUpError:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return SetUpError(
        f"Writing the gradebook: {reason}. Nothing was recorded; verdicts are kept, "
        "so grading again will be quick. Close what else has the gradebook open, or "
        "run `nbgrader db upgrade` in the course folder."
    )
