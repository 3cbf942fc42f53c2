"""Answers in words: what is kept of them, and how they stand. Takes seconds."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.utils import compute_checksum
from page_audit import Audit
from small_release import as_submitted, filled, small_release

from autograder.grading.feedback import page
from autograder.grading.graded import Graded, file_verdicts
from autograder.grading.program import program, role
from autograder.grading.records import Grades, Record, record_of
from autograder.grading.report import Submission
from autograder.grading.report import page as report
from autograder.grading.transplant import Transplanted, transplant
from autograder.grading.words import LONGEST, MISSING, answer_in, questions
from autograder.publishing.question import PLACEHOLDER

HOSTILE = "<script>alert(1)</script>\n```\n</pre><img src=x onerror=alert(2)>\n````"
LINK = "[a](javascript:alert(1)) $\\href{javascript:alert(2)}{x}$"


def released() -> NotebookNode:
    """The small notebook with a question `why`, worth 3 points, at its end."""
    notebook = small_release()
    marks = {"grade": True, "solution": True, "locked": False, "task": False}
    marks |= {"grade_id": "why", "points": 3, "schema_version": 3}
    asked = {"grade_id": "question_why", "locked": True, "schema_version": 3}
    cells = [
        new_markdown_cell("Why?", id="small-asked", metadata={"nbgrader": asked}),
        new_markdown_cell(PLACEHOLDER, id="small-why", metadata={"nbgrader": marks}),
    ]
    cells[1].metadata.nbgrader.checksum = compute_checksum(cells[1])
    notebook.cells += cells
    return notebook


def answered(text: str) -> NotebookNode:
    """What a student hands in who answers this."""
    notebook = released()
    notebook.cells[-1].source = text
    return notebook


def rebuilt(notebook: NotebookNode) -> Transplanted:
    """A submission on the released notebook."""
    return transplant(released(), as_submitted(notebook), "small")


def words(notebook: NotebookNode) -> NotebookNode:
    """The cell of the answer."""
    (cell,) = questions(notebook)
    return cell


def record(notebook: NotebookNode) -> Record:
    """What is written down of a notebook."""
    return record_of("ada", "small", Graded(notebook, ()), released())


def score(notebook: NotebookNode) -> float | None:
    """What is written down of the question."""
    return record(notebook).scores["why"]


def test_an_answer_is_kept_and_waits_for_a_person() -> None:
    """The text comes through, nothing of it runs, and it has no score yet."""
    made = rebuilt(answered("Because $x$.\n\nAnd *so*.")).notebook
    assert role(words(made)) == "question"
    assert answer_in(words(made)) == "Because $x$.\n\nAnd *so*."
    assert score(made) is None
    assert "why" not in str(program(made))
    assert record(made).unanswered == {"f", "g"}


@pytest.mark.parametrize("text", [PLACEHOLDER, f"\n{PLACEHOLDER}  \n", "", " \n "])
def test_no_answer_is_zero_without_a_person(text: str) -> None:
    """The placeholder, however it is spaced, and an empty cell: no points, as
    nbgrader has it for a placeholder."""
    made = rebuilt(answered(text)).notebook
    assert words(made) == words(released())
    assert score(made) == 0
    assert answer_in(words(made)) == ""
    assert "why" in record(made).unanswered


@pytest.mark.parametrize("text", [HOSTILE, LINK, "`" * 5, "a\r<b>\x00"])
def test_the_formgrader_shows_an_answer_letter_for_letter(text: str) -> None:
    """What nbgrader renders as Markdown has no tag, link or formula of a student's."""
    made = rebuilt(answered(text)).notebook
    audit = Audit(markdown2html(words(made).source))
    assert audit.faults == []
    assert (
        answer_in(words(made)).split()
        == "".join(c for c in text if c.isprintable() or c == "\n").split()
    )


def test_a_long_answer_is_cut() -> None:
    """An answer has an end, and the student is told where."""
    made = rebuilt(answered("x" * 3 * LONGEST))
    assert len(answer_in(words(made.notebook))) == LONGEST
    assert "more than 10000 characters" in made.notes[0]


def test_a_cell_that_is_gone_waits_for_a_person() -> None:
    """The answer may stand in another cell, which is shown as text."""
    notebook = answered("")
    notebook.cells[-1] = new_markdown_cell("Because.")
    made = rebuilt(notebook)
    assert "The cell for why is missing" in made.notes[0]
    assert words(made.notebook).source == MISSING
    assert score(made.notebook) is None
    assert answer_in(words(made.notebook)) == ""
    assert "```\nBecause.\n```" in [cell.source for cell in made.notebook.cells]


def test_a_copied_or_retyped_answer_does_not_run() -> None:
    """Of copies the last changed one is the answer; the others are text, whatever
    kind of cell they became."""
    notebook = answered("Second.")
    metadata = notebook.cells[-1].metadata
    first = new_code_cell("raise ValueError", metadata=copy.deepcopy(metadata))
    notebook.cells.insert(-1, first)
    made = rebuilt(notebook).notebook
    assert answer_in(words(made)) == "Second."
    assert "raise ValueError" not in str(program(made))
    assert "```\nraise ValueError\n```" in [cell.source for cell in made.cells]


def test_forged_metadata_earns_nothing() -> None:
    """Points, score and checksum of an upload have no effect."""
    notebook = answered("Give me 100.")
    notebook.cells[-1].metadata.nbgrader.update(points=100, score=100, checksum="x")
    made = rebuilt(notebook).notebook
    assert words(made).metadata == words(released()).metadata
    assert score(made) is None


# ---- what people see -------------------------------------------------------

WAITS = Grades("ada", "small", 0.0, {"why": (0.0, 3.0)}, waiting={"why"})
DONE = replace(
    WAITS,
    cells={"why": (2.0, 3.0)},
    comments={"why": HOSTILE},
    waiting=set(),
    by_hand={"why"},
)


def autograded(text: str) -> NotebookNode:
    """An autograded notebook with this answer."""
    return file_verdicts(Graded(rebuilt(answered(text)).notebook, ()))


def test_feedback_says_how_an_answer_stands() -> None:
    """Not graded yet; points and comment of a person; no answer."""
    waits = Audit(page(autograded(HOSTILE), WAITS))
    assert waits.faults == []
    assert "why: not graded yet, 3 points at most" in waits.text
    assert "up to 3 points are to come" in waits.text
    assert "<script>alert(1)</script>" in waits.text
    done = Audit(page(autograded("Because."), DONE))
    assert done.faults == []
    assert "small: 2 of 3 points" in done.text
    assert "why: 2 of 3 points" in done.text
    assert "graded by a person" in done.text
    assert "Comment. <script>" in done.text
    assert "to come" not in done.text
    none = replace(WAITS, waiting=set(), comments={"why": "No response."})
    assert "There was no answer" in Audit(page(autograded(PLACEHOLDER), none)).text


def test_a_changed_answer_is_looked_at_again() -> None:
    """A score from before the last hand-in stands, and is said to be looked at."""
    again = replace(DONE, waiting={"why"})
    text = Audit(page(autograded("Because."), again)).text
    assert "why: 2 of 3 points" in text
    assert "graded by a person, who will look again" in text


def test_the_report_says_who_waits_and_what_to_look_for() -> None:
    """Means of what was graded, whose answers wait, how many are missing, the key."""
    every = {"ada": WAITS, "bob": DONE, "cem": replace(WAITS, waiting=set())}
    class_of_three = [
        Submission(
            name, "small", Graded(autograded("So."), ()), replace(grades, student=name)
        )
        for name, grades in every.items()
    ]
    key = {"why": ["Because of `f`.", HOSTILE]}
    seen = Audit(report(class_of_three, None, key))
    assert seen.faults == []
    text = " ".join(seen.text.split())
    assert "1 score waits for a person" in text
    assert "Because of f." in text
    assert "small 2.0 of 3 1 1ada 1" in text
    assert "ada waits" in text


def test_small_notebooks_without_questions_stay_as_they_are() -> None:
    """No question, no section."""
    made = file_verdicts(Graded(filled(), ()))
    assert "answer-1" not in page(made, Grades("ada", "small"))
