"""Tables of what is done and what is left, in a chapter and in the course."""

from __future__ import annotations

from collections.abc import Sequence

from convnets import desk
from convnets.desk import Task
from convnets.shown import Table

States = Sequence[tuple[Task, str]]


def course(found: States) -> Table:
    """A row a notebook."""
    rows = []
    for chapter in desk.chapters([task for task, _ in found]):
        own = [(task, state) for task, state in found if task.chapter == chapter]
        exercises = [(task, state) for task, state in own if not task.in_words]
        asked = [(task, state) for task, state in own if task.in_words]
        passing = [task for task, state in exercises if state == desk.PASSES]
        written = sum(state == desk.ANSWERED for _, state in asked)
        done, every = _points(passing), _points([task for task, _ in exercises])
        rows.append(
            [
                chapter,
                f"{len(passing)} of {len(exercises)}",
                f"{done} of {every}",
                str(every - done),
                f"{written} of {len(asked)}" if asked else "-",
            ]
        )
    head = ["notebook", "exercises", "points", "left", "answered in words"]
    return Table(head, rows, summary(found))


def chapter(found: States, name: str) -> Table:
    """A row an exercise and question of one chapter."""
    own = [(task, state) for task, state in found if task.chapter == name]
    rows = [
        [task.name, str(task.points), str(task.minutes), state] for task, state in own
    ]
    head = ["exercise or question", "points", "minutes", "state"]
    return Table(head, rows, f"{name}: {summary(own)}\nCourse: {summary(found)}")


def summary(found: States) -> str:
    """What is done and left, in a sentence or two."""
    exercises = [(task, state) for task, state in found if not task.in_words]
    done = [task for task, state in exercises if state == desk.PASSES]
    left = _points([task for task, _ in exercises]) - _points(done)
    line = (
        f"{len(done)} of {len(exercises)} exercises pass their public cases; "
        f"{left} {'point is' if left == 1 else 'points are'} left."
    )
    asked = [task for task, _ in found if task.in_words]
    if asked:
        line += f" Answers in words are worth another {_points(asked)}."
    return line


def _points(every: Sequence[Task]) -> int:
    return sum(task.points for task in every)
