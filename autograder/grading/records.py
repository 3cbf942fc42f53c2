"""What goes into the gradebook of one submission, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nbformat import NotebookNode

from autograder.grading import words
from autograder.grading.graded import Graded
from autograder.grading.program import key, role


@dataclass(frozen=True)
class Record:
    """What is written down of one graded submission.

    scores: by grade cell; None asks a person to grade it. unanswered: the
    solution cells that are as they were given out. seen: the very same cells
    were graded before.
    """

    student: str
    chapter: str
    scores: Mapping[str, float | None]
    unanswered: frozenset[str] = frozenset()
    timestamp: datetime | None = None
    seen: bool = False


@dataclass
class Grades:
    """What the gradebook says of one submission, a person's changes included.

    cells: score and maximum by grade cell; comments by solution cell; by_hand:
    the cells that a person gave a score; waiting: those that nbgrader's
    formgrader marks for a person, to grade or to look at again.
    """

    student: str
    chapter: str
    late_penalty: float = 0.0
    cells: dict[str, tuple[float, float]] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    by_hand: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)

    @property
    def ungraded(self) -> set[str]:
        """The cells that have no score yet."""
        return self.waiting - self.by_hand

    @property
    def score(self) -> float:
        """The points of all cells, less what being late costs."""
        return sum(score for score, _ in self.cells.values()) - self.late_penalty

    @property
    def max_score(self) -> float:
        """What full marks are worth."""
        return sum(most for _, most in self.cells.values())


def record_of(
    student: str,
    chapter: str,
    graded: Graded,
    release: NotebookNode,
    timestamp: datetime | None = None,
) -> Record:
    """What to write down of a graded notebook. release: as it was given out."""
    given = {key(cell): cell.source for cell in release.cells if _answers(cell)}
    by_name = {sheet.verdict.exercise: sheet.verdict.score for sheet in graded.sheets}
    scores: dict[str, float | None] = {}
    unanswered = set()
    for cell in graded.notebook.cells:
        if role(cell) == "grade":
            name = key(cell)
            scores[name] = by_name.get(name.removeprefix("check_"))
        elif role(cell) == "question":
            scores[key(cell)] = words.score(cell)
        if _answers(cell) and cell.source == given.get(key(cell)):
            unanswered.add(key(cell))
    return Record(student, chapter, scores, frozenset(unanswered), timestamp)


def _answers(cell: NotebookNode) -> bool:
    return role(cell) in ("solution", "question")
