"""What a trained network reaches over ten draws, beside what is asked of it.

The table is the reason for the threshold of a measured case: the reference
has to pass on every draw, with room, and each broken network on none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import folders
from autograder.judging.verify import Finding
from autograder.model import Exercise, Goal
from convnets import measures
from convnets.answers import Call, invoke_here

DRAWS = 10
BROKEN_DRAWS = 3
# Room: standard deviations between the reference's mean and the threshold.
ROOM = 2.0


@dataclass(frozen=True)
class Row:
    """What one network reached in one case; least is the threshold there."""

    case: str
    network: str
    reached: tuple[float, ...]
    least: float
    right: bool

    @property
    def fits(self) -> bool:
        """Right ones are above the threshold with room, broken ones below it."""
        reached = np.array(self.reached)
        if not self.right:
            return bool(reached.max() < self.least)
        room = reached.mean() - ROOM * reached.std()
        return bool(min(reached.min(), room) >= self.least)

    def __str__(self) -> str:
        reached = np.array(self.reached)
        numbers = " ".join(f"{value:.3f}" for value in reached)
        return (
            f"| {self.case} | {self.network} | {numbers} | "
            f"{reached.mean():.3f} ± {reached.std():.3f} | {self.least:.2f} |"
        )


def table(exercise: Exercise) -> Iterator[Row]:
    """A row for each network and each case that is measured."""
    right = [(a.__name__, a) for a in (exercise.reference, *exercise.alternatives)]
    wrong = [(mistake.says, mistake.function) for mistake in exercise.mistakes]
    for case in exercise.cases:
        if case.goal is None:
            continue
        for name, function in right:
            reached = _reached(function, case.goal, DRAWS)
            yield Row(case.label, name, reached, case.goal.least, True)
        for name, function in wrong:
            reached = _reached(function, case.goal, BROKEN_DRAWS)
            yield Row(case.label, name, reached, case.goal.least, False)


def _reached(function: Callable[..., Any], goal: Goal, draws: int) -> tuple[float, ...]:
    return tuple(_one(function, goal, draw) for draw in range(draws))


def _one(function: Callable[..., Any], goal: Goal, draw: int) -> float:
    args, targets = goal.draw(np.random.default_rng(draw))
    answer = invoke_here(function, Call(args, caller="trained"))
    if answer.kind != "returned":
        return 0.0
    try:
        return measures.reached(goal.measure, answer.value, targets)
    except ValueError:  # an output that is none: nothing was reached
        return 0.0


def finding(exercise: Exercise, rows: list[Row]) -> Finding:
    """Whether the thresholds hold on every draw."""
    promise = f"its thresholds hold over {DRAWS} draws"
    detail = "; ".join(str(row) for row in rows if not row.fits)
    return Finding(exercise.name, promise, not detail, detail)


def write_table(rows: list[Row], path: Path) -> None:
    """Write what each network reached."""
    head = "| case | network | reached | mean ± std | asked |\n|---|---|---|---|---|\n"
    folders.write(path, head + "\n".join(map(str, rows)) + "\n")
