"""How long a call takes, told with its spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

BUDGET = 0.2  # seconds of repeated calls
Call = Callable[[], object]


@dataclass(frozen=True)
class Spread:
    """The median of repeated measurements, and their first and third quartile."""

    median: float
    low: float
    high: float


def time_of(call: Call) -> Spread:
    """Milliseconds of one call, from at least five calls.

    One call before those warms the caches and does not count.
    """
    call()
    times = [_seconds(call)]
    while len(times) < 5 or (sum(times) < BUDGET and len(times) < 1000):
        times.append(_seconds(call))
    return _spread([1000 * seconds for seconds in times])


def speedup(slow: Call, fast: Call) -> Spread:
    """How many times as long `slow` takes as `fast`, from at least nine pairs.

    The two take turns, so that whatever else the computer does meets both.
    """
    slow(), fast()
    pairs = [(_seconds(slow), _seconds(fast))]
    while len(pairs) < 9 or (np.sum(pairs) < BUDGET and len(pairs) < 1000):
        pairs.append((_seconds(slow), _seconds(fast)))
    return _spread([long / short for long, short in pairs])


def _seconds(call: Call) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _spread(values: list[float]) -> Spread:
    low, median, high = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(low), float(high))
