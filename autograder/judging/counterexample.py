"""The smallest input on which a submission differs, and what it points to.

Hypothesis draws from the exercise's own strategy and shrinks; every call goes
to the student's function across the sandbox. None of the inputs is a score
case: they are drawn here, small, and may be shown. Where it is enough to know
that there is such an input, the first one that is drawn will do.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import HypothesisException
from hypothesis.internal.conjecture import providers

from autograder.model import Exercise, Mistake
from convnets.answers import Answer, Call, invoke_here
from convnets.compare import Difference, Rules, compare
from convnets.values import pack, unpack

Ask = Callable[[Call], Answer]
RulesOf = Callable[[Call], Rules]
Evidence = list[tuple[Call, Answer, Rules]]


# Hypothesis also draws numbers that stand in the source of the modules that happen
# to be loaded. What a student is shown must not depend on those, and to read them
# all takes most of a search's time. There is no setting for it.
providers._get_local_constants = lambda: providers._local_constants

SECONDS = 1.0  # of processor time that a search may take; ten times that on the clock


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
    rules: RulesOf,
    hidden: frozenset[bytes] = frozenset(),
) -> Counterexample | None:
    """Look for the smallest input that shows a mistake, for a bounded time.

    ask: calls the student's function; hidden: keys of calls that may not be
    shown. None if no difference was found.
    """
    if exercise.explain is None:
        return None
    # The referee's own work is what the budget is for. Waiting for a busy machine
    # is not, up to a limit: what a student is shown must not depend on the load.
    stops, ends = time.thread_time() + SECONDS, time.monotonic() + 10 * SECONDS
    best: Counterexample | None = None

    def differs(call: Call) -> bool:
        nonlocal best
        if time.thread_time() > stops or time.monotonic() > ends:
            raise TimeIsOver
        packed = key(call)
        if packed in hidden:
            return False
        expected = _answer(exercise.reference, (), call.caller, packed)
        received = ask(call)
        difference = compare(expected, received, rules(call))
        if difference is None:
            return False
        best = Counterexample(call, expected, received, difference)
        return True

    with contextlib.suppress(HypothesisException, TimeIsOver):
        find(exercise.explain, differs, settings=QUIET)
    return best


def first(
    exercise: Exercise,
    ask: Ask,
    rules: RulesOf,
    hidden: frozenset[bytes] = frozenset(),
) -> Counterexample | None:
    """Look for the first input that shows a mistake, among those of `smallest`.

    None if no difference was found.
    """
    for call, expected in _inputs(exercise):
        if key(call) in hidden:
            continue
        received = ask(call)
        if difference := compare(expected, received, rules(call)):
            return Counterexample(call, expected, received, difference)
    return None


def _inputs(exercise: Exercise) -> Iterator[tuple[Call, Answer]]:
    """What is drawn before anything differs, with the reference's answers.

    It is the same for all answers to an exercise.
    """
    low, high = 0, 25
    while low < QUIET.max_examples:
        block = _block(exercise, low, high)
        yield from block
        if len(block) < high - low:
            return
        low, high = high, 2 * high


@cache
def _block(exercise: Exercise, low: int, high: int) -> tuple[tuple[Call, Answer], ...]:
    """Inputs low to high; kept for as long as the process lives."""
    if exercise.explain is None:
        return ()
    drawn: list[Call] = []

    def keep(call: Call) -> bool:
        if len(drawn) == high:
            raise TimeIsOver
        drawn.append(call)
        return False

    with contextlib.suppress(HypothesisException, TimeIsOver):
        find(exercise.explain, keep, settings=QUIET)
    reference = exercise.reference
    return tuple((call, invoke_here(reference, call)) for call in drawn[low:])


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
    if not evidence:
        return ()
    packed = [key(call) for call, _, _ in evidence]

    def explains(mistake: Mistake) -> bool:
        return all(
            _alike(_answer(mistake.function, names, call.caller, data), received, rules)
            for (call, received, rules), data in zip(evidence, packed, strict=True)
        )

    return tuple(filter(explains, exercise.mistakes))


def _alike(made: Answer, received: Answer, rules: Rules) -> bool:
    """Whether a listed mistake answered what the student's function did."""
    alike = (
        (made.kind, made.error) == (received.kind, received.error)
        # A ValueError that was due is one whatever it says; others tell.
        and (made.error == "ValueError" or made.message == received.message)
        and set(made.changed) == set(received.changed)
    )
    return alike and not compare(made, replace(received, changed=()), rules)


@lru_cache(maxsize=2000)
def _answer(
    function: Callable[..., Any], names: tuple[str, ...], caller: str, packed: bytes
) -> Answer:
    """What a function of ours answers to a call with this key.

    Many submissions meet the same small inputs.
    """
    args, kwargs = unpack(packed)
    return invoke_here(function, Call(args, kwargs, caller), names)
