"""The smallest input on which a submission differs, and what it points to.

Hypothesis draws from the exercise's own strategy and shrinks; every call goes
to the student's function across the sandbox. None of the inputs is a score
case: they are drawn here, small, and may be shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisException

from autograder.model import Exercise, Mistake
from convnets.answers import Answer, Call, invoke_here
from convnets.compare import Difference, Rules, compare

Ask = Callable[[Call], Answer]

QUIET = settings(
    max_examples=120,
    database=None,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Counterexample:
    """An input, both answers, and how they differ."""

    call: Call
    expected: Answer
    received: Answer
    difference: Difference


def smallest(
    exercise: Exercise, ask: Ask, rules: Callable[[Call], Rules], seconds: float = 1.0
) -> Counterexample | None:
    """Look for the smallest input that shows a mistake, for a bounded time.

    ask: calls the student's function. None if no difference was found.
    """
    if exercise.explain is None:
        return None
    ends = time.monotonic() + seconds
    best: Counterexample | None = None

    def differs(call: Call) -> bool:
        nonlocal best
        if time.monotonic() > ends:
            return False
        expected = invoke_here(exercise.reference, call)
        received = ask(call)
        difference = compare(expected, received, rules(call))
        if difference is None:
            return False
        best = Counterexample(call, expected, received, difference)
        return True

    try:
        find(exercise.explain, differs, settings=QUIET)
    except HypothesisException:
        pass  # none found, or the clock ran out while shrinking
    return best


def diagnose(
    exercise: Exercise, evidence: list[tuple[Call, Answer, Rules]]
) -> tuple[Mistake, ...]:
    """The listed mistakes whose answers equal the student's on all evidence.

    evidence: calls, and what the student's function answered to each.
    """
    return tuple(m for m in exercise.mistakes if _explains(m, evidence))


def _explains(mistake: Mistake, evidence: list[tuple[Call, Answer, Rules]]) -> bool:
    for call, received, rules in evidence:
        made = invoke_here(mistake.function, call)
        alike = (
            made.kind == received.kind
            and made.error == received.error
            and set(made.changed) == set(received.changed)
        )
        if not alike or compare(made, replace(received, changed=()), rules):
            return False
    return bool(evidence)
