"""The class that `make demo` and the end-to-end test grade.

Right answers written in many ways, every mistake that the checks list, and what
happens to notebooks in real classes. Each submission comes with what grading
has to make of it.
"""

from __future__ import annotations

from pathlib import Path

from autograder import catalogue, folders
from autograder.sample.desk import Desk, Expected, Sample, desk_of
from autograder.sample.events import EVENTS

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
    with shorter lists are right in the later notebooks."""
    desk.add("right", desk.right())
    right = {name: answers.reference for name, answers in desk.answers.items()}
    for number in range(max(len(a.alternatives) for a in desk.answers.values())):
        other = {
            name: answers.alternatives[number]
            for name, answers in desk.answers.items()
            if number < len(answers.alternatives)
        }
        desk.add(f"right-otherwise-{number + 1}", desk.notebook(right | other))
    for number in range(max(len(a.mistakes) for a in desk.answers.values())):
        wrong = {
            name: answers.mistakes[number]
            for name, answers in desk.answers.items()
            if number < len(answers.mistakes)
        }
        sources = {name: source for name, (_, source) in wrong.items()}
        says = {name: Expected("less", (says,)) for name, (says, _) in wrong.items()}
        desk.add(f"mistakes-{number + 1:02}", desk.notebook(right | sources), says)
