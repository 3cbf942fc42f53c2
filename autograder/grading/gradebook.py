"""Where the gradebook is, and opening it so that its tables are made once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from autograder.errors import SetUpError, UsageError

DATABASE = "COURSE_DB"  # environment variable: the gradebook's URL
MAKING = 0x636F6E76  # number of the server's lock while tables are made


def url(course: Path) -> str:
    """Where nbgrader keeps the gradebook of a course folder.

    The environment variable COURSE_DB names one on a server; nbgrader_config.py
    reads it, too. Raises UsageError when nothing was released into it yet.
    """
    if named := os.environ.get(DATABASE):
        return named
    path = course.resolve() / "gradebook.db"
    if not path.exists():
        raise UsageError(
            f"Opening the gradebook: there is no {path.name} in {course}. "
            "Run `course release` first; it makes the gradebook."
        )
    return f"sqlite:///{path}"


def opened(where: str) -> Any:
    """nbgrader's Gradebook at a URL.

    On a server, only one of several that open an empty one makes its tables.
    Raises UsageError for what is no URL, SetUpError without a driver, and
    SQLAlchemyError.
    """
    # Here: they take more than a second, and `url` is asked before anything starts.
    from nbgrader import api
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    from autograder.publishing.nbgrader_release import own_programs

    try:
        engine = create_engine(where)
    except ArgumentError:
        raise UsageError(
            "Opening the gradebook: what --db or COURSE_DB says is no URL of a "
            "database. Expected postgresql+psycopg://USER@HOST/DATABASE or "
            "sqlite:////FILE."
        ) from None
    except (NoSuchModuleError, ImportError) as error:
        raise SetUpError(
            f"Opening the gradebook: {error}. Install the packages of the group "
            "`far` in pyproject.toml, and begin the URL with postgresql+psycopg://."
        ) from None
    try:
        with own_programs():
            if engine.dialect.name != "postgresql":
                return api.Gradebook(where)
            with engine.begin() as connection:
                connection.execute(text(f"select pg_advisory_xact_lock({MAKING})"))
                return api.Gradebook(where)
    finally:
        engine.dispose()


def shown(where: str) -> str:
    """A URL as it may be printed: without its password."""
    from sqlalchemy.engine import make_url

    return make_url(where).render_as_string(hide_password=True)
