"""What a gradebook holds, without the ids and in an order of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

TABLES = {
    "student": "select * from student",
    "course": "select * from course",
    "submission": """
        select a.name, s.student_id, s.timestamp, s.extension
        from submitted_assignment s join assignment a on a.id = s.assignment_id""",
    "notebook": """
        select a.name, s.student_id, n.name, sn.flagged, sn.late_submission_penalty
        from submitted_notebook sn
        join submitted_assignment s on s.id = sn.assignment_id
        join assignment a on a.id = s.assignment_id
        join notebook n on n.id = sn.notebook_id""",
    "grade": """
        select a.name, s.student_id, n.name, b.name, g.auto_score, g.manual_score,
               g.extra_credit, g.needs_manual_grade
        from grade g
        join base_cell b on b.id = g.cell_id
        join submitted_notebook sn on sn.id = g.notebook_id
        join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id
        join assignment a on a.id = s.assignment_id""",
    "comment": """
        select a.name, s.student_id, n.name, b.name, c.auto_comment, c.manual_comment
        from comment c
        join base_cell b on b.id = c.cell_id
        join submitted_notebook sn on sn.id = c.notebook_id
        join notebook n on n.id = sn.notebook_id
        join submitted_assignment s on s.id = sn.assignment_id
        join assignment a on a.id = s.assignment_id""",
    # Rows that hang on nothing would not show in the joins above.
    "how many": """
        select (select count(*) from grade), (select count(*) from comment),
               (select count(*) from submitted_notebook),
               (select count(*) from submitted_assignment)""",
}


def rows(gradebook: Path | str) -> dict[str, list[Any]]:
    """Every row that grading writes, by table, of a file or a URL."""
    url = gradebook if isinstance(gradebook, str) else f"sqlite:///{gradebook}"
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: _sorted(map(_plain, connection.execute(text(query))))
                for name, query in TABLES.items()
            }
    finally:
        engine.dispose()


def _plain(row: Iterable[Any]) -> tuple[Any, ...]:
    """A row as SQLite gives it, where truth is 1 and moments are text."""
    return tuple(
        int(value)
        if isinstance(value, bool)
        else f"{value:%Y-%m-%d %H:%M:%S.%f}"
        if isinstance(value, datetime)
        else value
        for value in row
    )


def _sorted(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=repr)
