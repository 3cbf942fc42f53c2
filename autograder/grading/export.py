"""Grades as a table that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.errors import SetUpError
from autograder.grading.recorder import gradebook_url

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: Any) -> Any:
    """A text that a spreadsheet takes for text; numbers stay numbers.

    Spreadsheets take a cell for a formula by its first character; an
    apostrophe in front says that it is none.
    """
    if value is None:
        return ""
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
        return "'" + value
    return value


def write_table(course: Path, path: Path) -> int:
    """Write a course folder's grades as CSV; returns the number of rows.

    Raises UsageError when nothing was released, SetUpError when the table
    cannot be written.
    """
    with Gradebook(gradebook_url(course)) as gradebook:
        rows = list(_rows(gradebook, frozenset(), frozenset()))
    try:
        _write(path, rows)
    except OSError as error:
        raise SetUpError(
            f"Writing the grades: {path} cannot be written ({error.strerror}). "
            "Name another file with --to."
        ) from None
    return len(rows)


class SafeCsv(ExportPlugin):  # type: ignore[misc]  # nbgrader has no types
    """`nbgrader export`: nbgrader's columns, quoted, and no formulas."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table to `--to`, grades.csv by default."""
        path = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", path)
        students = frozenset(map(str, self.student))
        assignments = frozenset(map(str, self.assignment))
        _write(path, _rows(gradebook, students, assignments))


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows:
            writer.writerow({name: safe(value) for name, value in row.items()})


def _rows(
    gradebook: Gradebook, students: frozenset[str], assignments: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """A row for each student and assignment; none named means all."""
    for assignment in gradebook.assignments:
        if assignments and assignment.name not in assignments:
            continue
        for student in gradebook.students:
            if not students or student.id in students:
                yield {
                    "assignment": assignment.name,
                    "duedate": assignment.duedate,
                    "student_id": student.id,
                    "last_name": student.last_name,
                    "first_name": student.first_name,
                    "email": student.email,
                    "max_score": assignment.max_score,
                    **_scores(gradebook, assignment.name, student.id),
                }


def _scores(gradebook: Gradebook, assignment: str, student: str) -> dict[str, Any]:
    """Nothing handed in counts as zero, as in nbgrader's own export."""
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return {
            "timestamp": None,
            "raw_score": 0.0,
            "late_submission_penalty": 0.0,
            "score": 0.0,
        }
    penalty = submission.late_submission_penalty
    return {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - penalty),
    }
