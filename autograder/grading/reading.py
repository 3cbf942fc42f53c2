"""What the gradebook says, in two queries a chapter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nbgrader import api

from autograder.grading.records import Grades


def grades_of(
    session: Any, chapters: Sequence[str], students: Sequence[str]
) -> dict[tuple[str, str], Grades]:
    """The grades of these students, or of all, by (student, chapter).

    Raises SQLAlchemyError.
    """
    found = {
        (grades.student, chapter): grades
        for chapter in chapters
        for grades in _grades(session, chapter, students)
    }
    # A transaction that is left open would keep others waiting, and see nothing
    # of what they write.
    session.rollback()
    return found


def _grades(session: Any, chapter: str, students: Sequence[str]) -> Iterable[Grades]:
    """One query for the scores, one for the comments of a chapter."""
    found: dict[str, Grades] = {}
    grade, cell = api.Grade, api.GradeCell
    columns = (grade.score, cell.max_score, grade.manual_score)
    waits = grade.needs_manual_grade
    for row in _rows(session, chapter, students, grade, cell, *columns, waits):
        student, penalty, name, score, most, manual, waiting = row
        grades = found.setdefault(student, Grades(student, chapter, penalty or 0.0))
        grades.cells[name] = (score, most)
        grades.by_hand |= {name} if manual is not None else set()
        grades.waiting |= {name} if waiting else set()
    text = api.Comment.comment
    comments = _rows(session, chapter, students, api.Comment, api.SolutionCell, text)
    for student, _, name, comment in comments:
        if comment and student in found:
            found[student].comments[name] = comment
    return found.values()


def _rows(
    session: Any,
    chapter: str,
    students: Sequence[str],
    kind: Any,
    cell: Any,
    *columns: Any,
) -> Any:
    """Student, late penalty, cell's name and columns of grades or comments."""
    submitted, assignment = api.SubmittedNotebook, api.SubmittedAssignment
    penalty = submitted.late_submission_penalty
    rows = (
        session.query(assignment.student_id, penalty, cell.name, *columns)
        .select_from(kind)
        .join(cell, cell.id == kind.cell_id)
        .join(submitted, submitted.id == kind.notebook_id)
        .join(assignment, assignment.id == submitted.assignment_id)
        .join(api.Assignment, api.Assignment.id == assignment.assignment_id)
        .filter(api.Assignment.name == chapter)
    )
    return rows.filter(assignment.student_id.in_(students)) if students else rows
