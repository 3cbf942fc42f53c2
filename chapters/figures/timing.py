"""How long a call takes, told with its spread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

BUDGET = 1.0  # seconds of repeated calls


@dataclass(frozen=True)
class Spread:
    """The median of repeated measurements, and their first and third quartile."""

    median: float
    low: float
    high: float


def take_turns(
    calls: Mapping[str, Callable[..., object]], *arguments: object
) -> dict[str, Spread]:
    """Milliseconds of call(*arguments) for each of the calls.

    Each has its turn in every round, so that whatever else the computer does
    meets them all. A turn is two calls: the first warms the caches after the
    others' turns, the second counts. There are at least five rounds.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    end, rounds = perf_counter() + BUDGET, 0
    while rounds < 5 or perf_counter() < end:
        rounds += 1
        for name, call in calls.items():
            call(*arguments)
            times[name].append(1000 * _seconds(call, *arguments))
    return {name: _spread(values) for name, values in times.items()}


def speedup(slow: Callable[[], object], fast: Callable[[], object]) -> Spread:
    """How many times as long `slow` takes as `fast`, pair by pair.

    There are at least nine pairs; one before those does not count.
    """
    quotients: list[float] = []
    end = perf_counter() + BUDGET
    while len(quotients) < 10 or perf_counter() < end:
        quotients.append(_seconds(slow) / _seconds(fast))
    return _spread(quotients[1:])


def _seconds(call: Callable[..., object], *arguments: object) -> float:
    start = perf_counter()
    call(*arguments)
    return perf_counter() - start


def _spread(values: list[float]) -> Spread:
    low, median, high = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(low), float(high))
