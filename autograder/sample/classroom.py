"""The class that `make demo` and the end-to-end test grade.

Right answers written in many ways, every mistake that the checks list, and what
happens to notebooks in real classes. Each submission comes with what grading
has to make of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder import catalogue, folders
from autograder.sample.desk import Desk, Expected, Sample, desk_of
from autograder.sample.events import EVENTS
from autograder.sample.words import ANSWERS

# The two chapters that show all there is; the others would show it again.
SAMPLED = ("convolution", "depthwise")
HANDED_IN = "2026-10-01 12:00:00 UTC\n"


def write_class(course: Path) -> list[Sample]:
    """Put the class, which took two chapters, into the course folder.

    Raises UsageError when the chapters were not released.
    """
    samples = []
    for chapter in catalogue.load(only=SAMPLED).chapters:
        desk = desk_of(course, chapter)
        listed(desk)
        for hand_in in EVENTS if chapter.name == "depthwise" else ():
            hand_in(desk)
        samples += desk.samples
    for sample in samples:
        folder = course / "submitted" / sample.student / sample.chapter
        folders.write(folder / f"{sample.chapter}.ipynb", sample.data)
        folders.write(folder / "timestamp.txt", HANDED_IN)
    return samples


def listed(desk: Desk) -> None:
    """Right answers and mistakes: the first of each exercise in one notebook,
    the second of each in the next, until each was handed in once. Exercises
    with shorter lists are right in the later notebooks. The first notebooks
    answer the questions in words, too, each in another way."""
    for number, (student, sources, expected) in enumerate(_notebooks(desk)):
        words = _in_words(desk, number)
        waits = dict.fromkeys(words, Expected("waits", ("not graded yet",)))
        notebook = desk.notebook(sources | words, helpers=student != "right")
        desk.add(student, notebook, waits | expected)


def _notebooks(desk: Desk) -> Iterator[tuple[str, dict[str, str], dict[str, Expected]]]:
    """Student, answers to the exercises, and what is expected but full marks."""
    right = {name: answers.reference for name, answers in desk.answers.items()}
    yield "right", right, {}
    for number in range(max(len(a.alternatives) for a in desk.answers.values())):
        other = {
            name: answers.alternatives[number]
            for name, answers in desk.answers.items()
            if number < len(answers.alternatives)
        }
        yield f"right-otherwise-{number + 1}", right | other, {}
    for number in range(max(len(a.mistakes) for a in desk.answers.values())):
        wrong = {
            name: answers.mistakes[number]
            for name, answers in desk.answers.items()
            if number < len(answers.mistakes)
        }
        sources = {name: source for name, (_, source) in wrong.items()}
        says = {name: Expected("less", (says,)) for name, (says, _) in wrong.items()}
        yield f"mistakes-{number + 1:02}", right | sources, says


def _in_words(desk: Desk, number: int) -> dict[str, str]:
    """The answers in words of one notebook, by question."""
    known = {name: ANSWERS.get(name, ()) for name in desk.questions}
    return {name: texts[number] for name, texts in known.items() if number < len(texts)}
