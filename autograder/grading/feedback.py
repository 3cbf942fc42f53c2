"""The page that a student reads: what differs, why, and what to try next.

It is made of an autograded notebook and of what the gradebook says, a person's
scores and comments included. Whatever comes from a student is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup, escape
from nbformat import NotebookNode
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

from autograder.grading import words
from autograder.grading.graded import Graded, Sheet, failed, filed, filed_sheet
from autograder.grading.pages import ENVIRONMENT, render
from autograder.grading.program import exercise_of, key, mark, role
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
        return _kind(self.score, self.max_score)


@dataclass(frozen=True)
class ShownAnswer:
    """One answer in words on the page.

    by_hand: a person gave the score; waiting: a person has to grade it, or, if
    one did, to look again, since the submission changed.
    """

    name: str
    score: float
    max_score: float
    by_hand: bool
    waiting: bool
    comment: str
    answer: str

    @property
    def state(self) -> str:
        """How it stands, in a few words."""
        if self.by_hand and self.waiting:
            return "graded by a person, who will look again"
        if self.by_hand:
            return "graded by a person"
        return "not graded yet" if self.waiting else "no answer"

    @property
    def kind(self) -> str:
        """As an exercise's, or "waits" without a score."""
        if self.state == "not graded yet":
            return "waits"
        return _kind(self.score, self.max_score)


def _kind(score: float, most: float) -> str:
    if score >= most:
        return "full"
    return "part" if score > 0 else "none"


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
        answers=_answers(graded, grades),
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


def _answers(graded: Graded, grades: Grades) -> list[ShownAnswer]:
    shown = []
    for cell in words.questions(graded.notebook):
        name = key(cell)
        score, most = grades.cells.get(name, (0.0, float(mark(cell)["points"])))
        comment = grades.comments.get(name, "")
        state = (name in grades.by_hand, name in grades.waiting)
        answer = words.answer_in(cell)
        shown.append(ShownAnswer(name, score, most, *state, comment, answer))
    return shown


def _highlighted(source: str) -> Markup:
    if not source.strip():
        return Markup("")
    if len(source) > 20_000:  # highlighting hostile text must not take minutes
        return escape(source[:20_000] + "\n…")
    return Markup(highlight(source, PythonLexer(), HtmlFormatter(nowrap=True)))
