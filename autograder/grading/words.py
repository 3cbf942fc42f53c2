"""Answers in words: kept as text, graded by a person.

nbgrader's formgrader renders Markdown cells with whatever HTML, scripts and
TeX commands are in them, in a page where staff are logged in. So what students
write stands in a fence there, letter for letter.
"""

from __future__ import annotations

import re

from nbformat import NotebookNode

from autograder.grading import nbgrader_rules
from autograder.grading.ingest import printable
from autograder.grading.program import role

LONGEST = 10_000  # characters of an answer; about 1500 words
MISSING = "*This cell was not in the notebook that was handed in.*"


def fenced(text: str) -> str:
    """Text as Markdown that shows it letter for letter."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def graded_source(answer: str) -> str:
    """The source of an answer's cell, as the person who grades it sees it."""
    return fenced(printable(answer.strip(), LONGEST))


def answer_in(cell: NotebookNode) -> str:
    """What a student answered, from a rebuilt cell; empty where there is none."""
    if score(cell) is not None or cell.source == MISSING:
        return ""
    return "\n".join(cell.source.split("\n")[1:-1])


def score(cell: NotebookNode) -> float | None:
    """What nbgrader gives an answer by itself: nothing where the placeholder
    stands, and otherwise no score, so that a person is asked."""
    return nbgrader_rules.points(cell)


def questions(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells of a released or rebuilt notebook that a person grades."""
    return [cell for cell in notebook.cells if role(cell) == "question"]
