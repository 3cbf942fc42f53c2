"""The only one that opens the gradebook.

The rows equal those that `nbgrader autograde` writes for the same verdicts,
but they are written in bulk: a handful of statements for a batch of
submissions, where nbgrader opens nine connections a notebook.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from nbgrader import api
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from autograder.errors import SetUpError, UsageError
from autograder.grading.gradebook import opened
from autograder.grading.gradebook import url as gradebook_url
from autograder.grading.reading import grades_of
from autograder.grading.records import Grades, Record

__all__ = ["Recorder", "gradebook_url"]

UNCHANGED = "No response."  # nbgrader's own words for an untouched cell
PATIENCE = 60.0  # seconds for a database that is locked or being restarted
LASTING = ("disk", "readonly")  # SQLite's words for what waiting does not mend
PAUSE = 0.5  # seconds between two tries
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class _Released:
    """What the gradebook knows of a chapter: its ids, and those of its cells."""

    assignment: str
    notebook: str
    cells: Mapping[str, str]
    answers: Mapping[str, str]


class Recorder:
    """A connection to nbgrader's gradebook."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        """patience: seconds to wait for a database that does not answer.

        Raises SetUpError when it cannot be opened.
        """
        self._patience = patience
        self._releases: dict[str, _Released] = {}
        self._book: Any = self._patiently(lambda: opened(url))

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
        self._patiently(lambda: self._record(records))

    def reset(self, student: str, chapter: str) -> None:
        """Take back the scores of a submission that is about to be graded.

        If grading then stops half-way, a person is asked for the grade, and no
        old one stands for the new submission.
        """
        self._patiently(lambda: self._reset(student, chapter))

    def grades(
        self, chapters: Iterable[str], *students: str
    ) -> dict[tuple[str, str], Grades]:
        """What the gradebook says, by (student, chapter).

        students: none named means all.
        """
        wanted = list(chapters)
        return self._patiently(lambda: grades_of(self._book.db, wanted, students))

    def _patiently(self, act: Callable[[], Outcome]) -> Outcome:
        """Do something, again if the database was locked, restarted or had the
        same rows written by another grader in between. Raises SetUpError."""
        until = time.monotonic() + self._patience
        while True:
            try:
                return act()
            except SQLAlchemyError as error:
                self._roll_back()
                passing = isinstance(error, OperationalError | IntegrityError)
                if _lasts(error) or not passing or time.monotonic() > until:
                    raise _trouble(error) from None
            except BaseException:
                self._roll_back()
                raise
            time.sleep(PAUSE)

    def _roll_back(self) -> None:
        if hasattr(self, "_book"):  # else it was being opened
            self._book.db.rollback()

    def _record(self, records: Sequence[Record]) -> None:
        self._add_students({record.student for record in records})
        for chapter in sorted({record.chapter for record in records}):
            own = [record for record in records if record.chapter == chapter]
            self._record_chapter(self._released(chapter), own)
        self._book.db.commit()

    def _reset(self, student: str, chapter: str) -> None:
        notebooks = self._kept(self._released(chapter), [student]).values()
        grade = api.Grade
        for kept in notebooks:
            reset = update(grade).where(grade.notebook_id == kept.id)
            self._book.db.execute(
                reset.values(auto_score=None, needs_manual_grade=True)
            )
        self._book.db.commit()

    def _add_students(self, students: set[str]) -> None:
        found = select(api.Student.id).where(api.Student.id.in_(students))
        known = set(self._book.db.scalars(found))
        self._insert(api.Student, [{"id": new} for new in sorted(students - known)])

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._book.db.execute(insert(table), rows)

    def _update(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._book.db.execute(update(table), rows)

    def _released(self, chapter: str) -> _Released:
        if chapter not in self._releases:
            try:
                found = self._book.find_notebook(chapter, chapter)
            except api.MissingEntry:
                raise UsageError(
                    f"Recording grades: the gradebook has no assignment '{chapter}'. "
                    f"Run `course release {chapter}` first."
                ) from None
            self._releases[chapter] = _Released(
                found.assignment_id,
                found.id,
                {cell.name: cell.id for cell in found.grade_cells},
                {cell.name: cell.id for cell in found.solution_cells},
            )
        return self._releases[chapter]

    def _record_chapter(self, released: _Released, records: Sequence[Record]) -> None:
        for record in records:
            if odd := set(record.scores) ^ set(released.cells):
                raise _other_release(record.chapter, odd)
        students = [record.student for record in records]
        self._add_submissions(released, records)
        kept = self._kept(released, students)
        self._settle(kept, records)
        by_notebook = {kept[record.student].id: record for record in records}
        self._score(released, by_notebook)
        self._comment(released, by_notebook)

    def _add_submissions(self, released: _Released, records: Sequence[Record]) -> None:
        """A row for whoever hands in for the first time, and one for the notebook."""
        known = self._kept(released, [record.student for record in records])
        new = [record for record in records if record.student not in known]
        ids = [api.new_uuid() for _ in new]
        assignments = [
            {
                "id": id_,
                "assignment_id": released.assignment,
                "student_id": record.student,
                "timestamp": record.timestamp,
            }
            for id_, record in zip(ids, new, strict=True)
        ]
        notebook = released.notebook
        notebooks = [{"notebook_id": notebook, "assignment_id": id_} for id_ in ids]
        self._insert(api.SubmittedAssignment, assignments)
        self._insert(api.SubmittedNotebook, notebooks)

    def _kept(self, released: _Released, students: Sequence[str]) -> dict[str, Any]:
        """What the gradebook has of these students' notebooks, by student."""
        notebook, assignment = api.SubmittedNotebook, api.SubmittedAssignment
        rows = self._book.db.execute(
            select(
                notebook.id,
                notebook.late_submission_penalty,
                assignment.id.label("assignment"),
                assignment.student_id,
                assignment.timestamp,
            )
            .join(assignment, assignment.id == notebook.assignment_id)
            .where(notebook.notebook_id == released.notebook)
            .where(assignment.student_id.in_(students))
        )
        return {row.student_id: row for row in rows}

    def _settle(self, kept: Mapping[str, Any], records: Sequence[Record]) -> None:
        """Timestamps as they are now, and no penalty."""
        rows = [(kept[record.student], record.timestamp) for record in records]
        self._update(
            api.SubmittedAssignment,
            [
                {"id": row.assignment, "timestamp": stamp}
                for row, stamp in rows
                if stamp is not None and stamp != row.timestamp
            ],
        )
        self._update(
            api.SubmittedNotebook,
            [
                {"id": row.id, "late_submission_penalty": None}
                for row, _ in rows
                if row.late_submission_penalty is not None
            ],
        )

    def _score(self, released: _Released, records: Mapping[str, Record]) -> None:
        grade = api.Grade
        columns = (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
        before = self._rows_of(grade, columns, records)
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for notebook, record in records.items():
            for name, cell in released.cells.items():
                row, score = before.get((notebook, cell)), record.scores[name]
                fresh = {"auto_score": score, "needs_manual_grade": score is None}
                if row is None:
                    new.append({"notebook_id": notebook, "cell_id": cell} | fresh)
                    continue
                by_hand = row.manual_score is not None
                if by_hand and record.seen and row.auto_score == score:
                    continue  # nothing is new to whoever gave the score
                # A person's score stands, but whoever gave it should look again.
                fresh["needs_manual_grade"] = by_hand or score is None
                if fresh != {key: getattr(row, key) for key in fresh}:
                    changed.append({"id": row.id} | fresh)
        self._insert(grade, new)
        self._update(grade, changed)

    def _comment(self, released: _Released, records: Mapping[str, Record]) -> None:
        before = self._rows_of(api.Comment, (api.Comment.auto_comment,), records)
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for notebook, record in records.items():
            for name, cell in released.answers.items():
                row = before.get((notebook, cell))
                said = UNCHANGED if name in record.unanswered else None
                if row is None:
                    place = {"notebook_id": notebook, "cell_id": cell}
                    new.append(place | {"auto_comment": said})
                elif row.auto_comment != said:
                    changed.append({"id": row.id, "auto_comment": said})
        self._insert(api.Comment, new)
        self._update(api.Comment, changed)

    def _rows_of(
        self, table: Any, columns: tuple[Any, ...], notebooks: Iterable[str]
    ) -> dict[tuple[str, str], Any]:
        """Rows of grades or comments by notebook and cell."""
        chosen = select(table.id, table.notebook_id, table.cell_id, *columns)
        rows = self._book.db.execute(chosen.where(table.notebook_id.in_(notebooks)))
        return {(row.notebook_id, row.cell_id): row for row in rows}


def _other_release(chapter: str, cells: set[str]) -> UsageError:
    names = ", ".join(sorted(cells))
    return UsageError(
        f"Recording grades of '{chapter}': the gradebook and the released notebook "
        f"do not have the same grade cells (they differ in {names}). Run `course "
        f"release {chapter}`; where there are submissions already, nbgrader refuses "
        "to change an assignment's cells: use a new course folder."
    )


def _lasts(error: SQLAlchemyError) -> bool:
    return any(word in str(getattr(error, "orig", "")) for word in LASTING)


def _trouble(error: SQLAlchemyError) -> SetUpError:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    mend = (
        "See that the disk has space and that the gradebook's file may be written and "
        "may grow"
        if _lasts(error)
        else "Close what else has the gradebook open, or run `nbgrader db upgrade` in "
        "the course folder"
    )
    return SetUpError(
        f"Writing the gradebook: {reason}. Nothing was recorded; verdicts are kept, "
        f"so grading again will be quick. {mend}."
    )
