"""The smallest input on which a submission differs, and what it points to.

Hypothesis draws from the exercise's own strategy and shrinks; every call goes
to the student's function across the sandbox. None of the inputs is a score
case: they are drawn here, small, and may be shown.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisException

from autograder.model import Exercise, Mistake
from convnets.answers import Answer, Call, invoke_here
from convnets.compare import Difference, Rules, compare
from convnets.values import pack

Ask = Callable[[Call], Answer]
Evidence = list[tuple[Call, Answer, Rules]]


class TimeIsOver(KeyboardInterrupt):
    """Stops Hypothesis at once: it takes any other exception for a find."""


QUIET = settings(
    max_examples=400,
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
    exercise: Exercise,
    ask: Ask,
    rules: Callable[[Call], Rules],
    seconds: float = 1.0,
    hidden: frozenset[bytes] = frozenset(),
) -> Counterexample | None:
    """Look for the smallest input that shows a mistake, for a bounded time.

    seconds: of processor time; three times that on the clock.
    ask: calls the student's function; hidden: keys of calls that may not be
    shown. None if no difference was found.
    """
    if exercise.explain is None:
        return None
    # The referee's own work is what the budget is for. Waiting for a busy machine
    # is not, up to a limit.
    stops, ends = time.thread_time() + seconds, time.monotonic() + 3 * seconds
    best: Counterexample | None = None

    def differs(call: Call) -> bool:
        nonlocal best
        if time.thread_time() > stops or time.monotonic() > ends:
            raise TimeIsOver
        if key(call) in hidden:
            return False
        expected = invoke_here(exercise.reference, call)
        received = ask(call)
        difference = compare(expected, received, rules(call))
        if difference is None:
            return False
        best = Counterexample(call, expected, received, difference)
        return True

    with contextlib.suppress(HypothesisException, TimeIsOver):
        find(exercise.explain, differs, settings=QUIET)
    return best


def key(call: Call) -> bytes:
    """Equal for equal calls."""
    return pack((call.args, dict(call.kwargs)))


def diagnose(
    exercise: Exercise, evidence: Evidence, names: tuple[str, ...]
) -> tuple[Mistake, ...]:
    """The listed mistakes whose answers equal the student's on all evidence.

    evidence: calls, and what the student's function answered to each;
    names: of the exercise's parameters.
    """
    return tuple(m for m in exercise.mistakes if _explains(m, evidence, names))


def _explains(mistake: Mistake, evidence: Evidence, names: tuple[str, ...]) -> bool:
    for call, received, rules in evidence:
        made = invoke_here(mistake.function, call, names)
        alike = (
            (made.kind, made.error) == (received.kind, received.error)
            # A ValueError that was due is one whatever it says; others tell.
            and (made.error == "ValueError" or made.message == received.message)
            and set(made.changed) == set(received.changed)
        )
        if not alike or compare(made, replace(received, changed=()), rules):
            return False
    return bool(evidence)
