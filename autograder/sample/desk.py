"""One submission of the sample class, and what a sample student works with."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.catalogue import ChapterExercises
from autograder.grading import ipynb
from autograder.grading.program import key, role
from autograder.grading.words import questions
from autograder.sample.answers import Answers, helper_cell, listed_answers

code: Any = new_code_cell  # nbformat leaves both without types
prose: Any = new_markdown_cell


@dataclass(frozen=True)
class Expected:
    """What one exercise or question must get: "full", "less" or "none" of its
    points, or no score yet ("waits"), and words that its feedback must have."""

    marks: str
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """One submission. trouble: words of the page when it cannot be graded;
    notes: words about the notebook as a whole."""

    student: str
    chapter: str
    data: bytes
    expected: Mapping[str, Expected]
    trouble: str = ""
    notes: str = ""


@dataclass
class Desk:
    """What a sample student has: the released notebook and all answers."""

    chapter: ChapterExercises
    release: NotebookNode
    answers: Mapping[str, Answers]
    helpers: str
    samples: list[Sample] = field(default_factory=list)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that are answered in words, in order."""
        return tuple(map(key, questions(self.release)))

    @property
    def names(self) -> tuple[str, ...]:
        """The exercises, in order."""
        return tuple(self.answers)

    def notebook(self, sources: Mapping[str, str], helpers: bool = True) -> Any:
        """The released notebook with these answers filled in."""
        notebook = copy.deepcopy(self.release)
        for cell in notebook.cells:
            answers = role(cell) in ("solution", "question")
            if answers and key(cell) in sources:
                cell.source = sources[key(cell)]
        if helpers:
            at = 1 + max(i for i, c in enumerate(notebook.cells) if role(c) == "setup")
            notebook.cells.insert(at, code(self.helpers))
        return notebook

    def right(self) -> Any:
        """A notebook in which everything is right."""
        return self.notebook({n: a.reference for n, a in self.answers.items()}, False)

    def index(self, notebook: NotebookNode, name: str) -> int:
        """Where the solution cell of an exercise stands."""
        return next(i for i, c in enumerate(notebook.cells) if key(c) == name)

    def add(
        self,
        student: str,
        notebook: Any,
        expected: Mapping[str, Expected] | None = None,
        notes: str = "",
    ) -> None:
        """Hand a notebook in; exercises that are not named must be right, and
        questions that are not named have no answer."""
        unanswered = dict.fromkeys(self.questions, Expected("none", ("no answer",)))
        every = dict.fromkeys(self.names, Expected("full")) | unanswered
        every |= dict(expected or {})
        data = notebook if isinstance(notebook, bytes) else ipynb.to_bytes(notebook)
        self.samples.append(
            Sample(student, self.chapter.name, data, every, notes=notes)
        )

    def add_useless(self, student: str, data: bytes, trouble: str) -> None:
        """Hand in what cannot be graded at all."""
        none = {name: Expected("none") for name in self.names}
        self.samples.append(Sample(student, self.chapter.name, data, none, trouble))


def desk_of(course: Path, chapter: ChapterExercises) -> Desk:
    """The desk at which submissions to a chapter are written."""
    path = course / "release" / chapter.name / f"{chapter.name}.ipynb"
    return Desk(
        chapter, ipynb.read(path), listed_answers(chapter), helper_cell(chapter.name)
    )


def found_wrong(
    sample: Sample,
    points: Mapping[str, float],
    scores: Mapping[str, float | None],
    page: str,
) -> Iterator[str]:
    """What grading made of a sample that it should not have.

    points: by exercise; scores: by exercise and question, None where a person
    has to grade; page: the text of the feedback page.
    """
    for name, expected in sample.expected.items():
        score, most = scores[name], points.get(name, 0.0)
        if not _fits(expected.marks, score, most):
            yield f"{name} has {score} of {most:g}, expected {expected.marks}"
        for words in expected.says:
            if words not in page:
                yield f"{name}: the feedback does not say '{words}'"
    for words in (sample.trouble, sample.notes):
        if words not in page:
            yield f"the feedback does not say '{words}'"


def _fits(marks: str, score: float | None, most: float) -> bool:
    if score is None:
        return marks == "waits"
    fits = {"full": score == most, "less": score < most, "none": score == 0}
    return fits.get(marks, False)
