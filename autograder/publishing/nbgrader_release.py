"""Runs `nbgrader generate_assignment` in the course folder."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import capture_log
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import CourseError

GRADED = "there are submissions associated with it"


def generate(course: Path, chapter: str) -> None:
    """Make `release/<chapter>/` from `source/<chapter>/`, quietly.

    Grades that are in the gradebook stay. Raises CourseError with nbgrader's
    own words when it fails.
    """
    config = PyFileConfigLoader("nbgrader_config.py", str(course)).load_config()
    folder = CourseDirectory(config=config, assignment_id=chapter)
    converter = GenerateAssignment(coursedir=folder, config=config, force=True)
    with warnings.catch_warnings(), own_programs():
        # nbgrader is older than SQLAlchemy and the Jupyter that it runs on
        warnings.simplefilter("ignore")
        spoke, converter.log.propagate = converter.log.propagate, False
        outcome = capture_log(converter)
        converter.log.propagate = spoke
    if not outcome["success"]:
        raise CourseError(_trouble(chapter, outcome))


@contextmanager
def own_programs() -> Iterator[None]:
    """Let nbgrader find the programs of this environment.

    It calls `alembic` by name for a new gradebook, and the environment need
    not be activated.
    """
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        yield
    finally:
        os.environ["PATH"] = path


def _trouble(chapter: str, outcome: dict[str, str]) -> str:
    said = re.sub(r"\x1b\[[0-9;]*m", "", outcome.get("log", ""))
    error = outcome.get("error", "").strip().splitlines() or ["no reason was given"]
    if GRADED in said + outcome.get("error", ""):
        return (
            f"Releasing {chapter}: exercises were added, removed or renamed, but "
            "nbgrader has submissions of this chapter in the gradebook. Give the "
            "chapter back its exercises, or start a new course folder for the new "
            "ones: move _build/course away."
        )
    return (
        f"Releasing {chapter}: nbgrader generate_assignment failed: {error[-1]}\n{said}"
    )
