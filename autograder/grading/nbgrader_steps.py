"""Our steps in nbgrader's pipelines; nbgrader itself is not changed.

`nbgrader autograde` first sanitises a submission, then grades it, each time
through a list of steps that the course folder's nbgrader_config.py names:

    sanitise   Transplant     rebuild the submission on the released notebook
    autograde  Verdicts       from the store, or from the sandbox
               SaveScores     into the gradebook
               ShowVerdicts   into the outputs of the grade cells

A step that raises would make nbgrader drop the autograded notebook and keep
the old grade. So a student's trouble never raises here, and scores are taken
back before anything else is done.
"""

from __future__ import annotations

import atexit
import os
import stat
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from traitlets import Integer

from autograder import catalogue
from autograder.errors import SubmissionTrouble
from autograder.grading import ipynb, words
from autograder.grading.examiner import Bench, Timings, released
from autograder.grading.feedback import fragment
from autograder.grading.graded import (
    Graded,
    file_verdicts,
    filed,
    filed_sheet,
    show_verdicts,
)
from autograder.grading.ingest import (
    read_cells,
    read_timestamp,
    read_upload,
)
from autograder.grading.program import role
from autograder.grading.recorder import Recorder
from autograder.grading.store import Store
from autograder.grading.transplant import transplant
from autograder.grading.uploads import check_student_id
from autograder.judging.cases import secret_seed
from autograder.sandbox import Level, Sandbox

Stepped = tuple[NotebookNode, Any]


@cache
def bench(course: Path, level: int) -> Bench:
    """The bench of this process; nbgrader builds its steps anew a notebook."""
    release = cache(lambda chapter: ipynb.parse(released(course, chapter)))
    store = Store(course / "verdicts")
    known, sandbox = catalogue.load(), Sandbox(Level(level), trains=True)
    made = Bench(release, store, known, secret_seed(), sandbox)
    atexit.register(made.close)
    return made


class Step(NbGraderPreprocessor):  # type: ignore[misc]
    """What our steps have in common."""

    level = Integer(
        int(Level.ISOLATED),
        help="Isolation of submissions: 1 process, 2 confined, 3 isolated.",
    ).tag(config=True)

    @property
    def bench(self) -> Bench:
        """nbgrader changes into the course folder before it runs its steps."""
        return bench(Path.cwd(), self.level)


class DefensiveExporter(NotebookExporter):
    """Does not open a submission: that is for `Transplant` to do.

    nbconvert would parse whatever was handed in, of whatever size, and raise
    where it is no notebook.
    """

    def from_filename(
        self, filename: str, resources: Any = None, **kw: Any
    ) -> tuple[Any, Any]:
        """Called twice a notebook: to sanitise the upload, to grade the result."""
        if not any(isinstance(step, Transplant) for step in self._preprocessors):
            return super().from_filename(filename, resources, **kw)
        resources["submission"] = filename
        resources["metadata"] = {"name": Path(filename).stem}
        exporter: Any = self  # nbconvert and nbformat have no types here
        empty: Any = new_notebook
        converted: tuple[Any, Any] = exporter.from_notebook_node(
            empty(), resources, **kw
        )
        return converted


class Transplant(Step):
    """Rebuild the submission; what cannot be rebuilt is filed as its trouble."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> Stepped:
        """Takes an empty notebook and the path of the upload in resources."""
        kept = resources["nbgrader"]
        with Recorder(kept["db_url"]) as recorder:
            recorder.reset(kept["student"], kept["assignment"])
        path, chapter = Path(resources["submission"]), kept["assignment"]
        try:
            check_student_id(kept["student"])
            cells = read_cells(read_upload(path))
            rebuilt = transplant(self.bench.release(chapter), cells, chapter)
        except SubmissionTrouble as trouble:
            return file_verdicts(self.bench.refuse(chapter, str(trouble))), resources
        graded = Graded(rebuilt.notebook, (), notes=rebuilt.notes)
        return file_verdicts(graded), resources


class Verdicts(Step):
    """File the verdicts in the rebuilt notebook."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> Stepped:
        """Takes and returns a notebook that `Transplant` made."""
        graded = filed(nb)
        if not graded.trouble:
            chapter = resources["nbgrader"]["assignment"]
            sheets = self.bench.judge(nb, chapter, Timings())
            graded = Graded(nb, sheets, notes=graded.notes)
        return file_verdicts(graded), resources


class SaveScores(SaveAutoGrades):  # type: ignore[misc]
    """nbgrader's step, with the score from the verdict and not from outputs.

    Answers in words are left to nbgrader's own rule: a person grades them.
    """

    def _add_score(self, cell: NotebookNode, resources: Any) -> None:
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        found = filed_sheet(cell)
        if role(cell) == "question":
            grade.auto_score = words.score(cell)
        else:
            grade.auto_score = found.verdict.score if found else None
        again = grade.manual_score is not None or grade.auto_score is None
        grade.needs_manual_grade = again
        self.gradebook.db.commit()


class ShowVerdicts(Step):
    """Write feedback into the grade cells; drop every other output."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> Stepped:
        """Takes and returns a notebook with verdicts."""
        return show_verdicts(nb, fragment), resources


def set_aside(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """nbgrader's hook before it works on a submission: `Autograde.pre_convert_hook`.

    nbgrader copies every file of a submission, following links, and stops at a
    timestamp that it cannot read. Such things are moved out of the way, to
    `set_aside/` in the course folder, for all submissions of the assignment.
    """
    course = Path.cwd()
    for submission in (course / "submitted").glob(f"*/{assignment}"):
        move_unusable(course, submission)


def move_unusable(course: Path, submission: Path) -> list[Path]:
    """Move links, devices and unreadable timestamps out of a submission."""
    moved = list(_unusable(submission))
    for path in moved:
        target = course / "set_aside" / path.relative_to(course / "submitted")
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    return moved


def _unusable(submission: Path) -> Iterator[Path]:
    if submission.is_symlink():
        yield submission
        return
    for folder, folders, files in os.walk(submission):
        for name in folders + files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                yield path
    timestamp = submission / "timestamp.txt"
    plain = timestamp.is_file() and not timestamp.is_symlink()
    if plain and timestamp.stat().st_size and read_timestamp(submission) is None:
        yield timestamp
