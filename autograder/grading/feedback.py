"""The page that a student reads: what differs, why, and what to try next.

It is made of an autograded notebook and of what the gradebook says, a person's
scores and comments included. `course grade` writes it where `nbgrader
generate_feedback` does, and that command makes the same page through
`FeedbackExporter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from nbconvert.exporters import Exporter
from nbformat import NotebookNode
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

from autograder import folders
from autograder.grading.graded import Graded, Sheet, failed, filed, filed_sheet
from autograder.grading.pages import ENVIRONMENT, render
from autograder.grading.program import exercise_of, key, role
from autograder.grading.records import Grades
from autograder.grading.transplant import DELETED

ORDER = ("full", "part", "none")


@dataclass(frozen=True)
class Shown:
    """One exercise on the page."""

    sheet: Sheet
    score: float
    max_score: float
    comment: str
    source: Markup
    html: Markup

    @property
    def kind(self) -> str:
        """Full marks, a part of them, or none."""
        if self.score >= self.max_score:
            return "full"
        return "part" if self.score > 0 else "none"


def next_step(sheet: Sheet) -> str:
    """What the student may do next, in a sentence or two."""
    verdict = sheet.verdict
    check = f'`check("{verdict.exercise}")`'
    if verdict.trouble:
        return (
            "Mend what the sentence above says, restart the kernel and run all cells "
            f"from the top; then {check} says more."
        )
    if verdict.explanation is not None:
        return (
            "Work this input out by hand or in a new cell of your notebook, mend "
            f"the function, then run {check}."
        )
    return (
        "Every case that you can see passes. Read what the groups below are about "
        "and try inputs of that kind in your notebook, with all sizes different."
    )


def in_short(sheet: Sheet) -> str:
    """A verdict in a few words, for the table at the top."""
    verdict = sheet.verdict
    if verdict.passed:
        return "all groups pass"
    if verdict.trouble:
        return "see the reason below"
    lost = sum(group.earned < group.points for group in sheet.groups)
    return f"{lost} of {len(sheet.groups)} groups do not pass"


ENVIRONMENT.filters.update(next_step=next_step, in_short=in_short, failed=failed)


def fragment(sheet: Sheet) -> str:
    """A verdict as the HTML output of a grade cell; its picture stands apart."""
    return render("exercise.html", sheet=sheet, rich=False)


def page(notebook: NotebookNode, grades: Grades) -> str:
    """The feedback page of an autograded notebook."""
    graded = filed(notebook)
    return render(
        "feedback.html",
        student=grades.student,
        chapter=grades.chapter,
        grades=grades,
        graded=graded,
        exercises=_exercises(graded, grades),
    )


def _exercises(graded: Graded, grades: Grades) -> list[Shown]:
    sources = {
        key(cell): cell.source
        for cell in graded.notebook.cells
        if role(cell) == "solution" and cell.source != DELETED
    }
    shown = []
    for cell in graded.notebook.cells:
        sheet = filed_sheet(cell)
        if sheet is None:
            continue
        name = exercise_of(cell)
        kept = (sheet.verdict.score, float(sheet.verdict.points))
        score, most = grades.cells.get(key(cell), kept)
        html = Markup(render("exercise.html", sheet=sheet, rich=True))
        comment = grades.comments.get(name, "")
        source = _highlighted(sources.get(name, ""))
        shown.append(Shown(sheet, score, most, comment, source, html))
    return shown


def _highlighted(source: str) -> Markup:
    if not source.strip():
        return Markup("")
    if len(source) > 20_000:  # highlighting hostile text must not take minutes
        return escape(source[:20_000] + "\n…")
    return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))


def write_page(course: Path, notebook: NotebookNode, grades: Grades) -> Path:
    """Write the page where `nbgrader generate_feedback` would."""
    folder = course / "feedback" / grades.student / grades.chapter
    path = folder / f"{grades.chapter}.html"
    folders.write(path, page(notebook, grades))
    return path


class FeedbackExporter(Exporter):
    """nbgrader's way to the same page: `GenerateFeedback.exporter_class`."""

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]  # text, as in its own exporters
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        """Called by nbgrader once its GetGrades step has filled in the scores."""
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        kept = resources["nbgrader"]
        penalty = float(kept.get("late_penalty") or 0.0)
        grades = Grades(kept["student"], kept["assignment"], penalty)
        for cell in notebook.cells:
            marks = cell.metadata.get("nbgrader", {})
            if role(cell) == "grade":
                grades.cells[key(cell)] = (marks["score"], marks["points"])
            if role(cell) == "solution" and marks.get("comment"):
                grades.comments[key(cell)] = marks["comment"]
        return page(notebook, grades), resources
