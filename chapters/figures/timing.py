"""How long a call takes, told with its spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np

BUDGET = 0.2  # seconds


@dataclass(frozen=True)
class Time:
    """Milliseconds of repeated calls: the median and the two quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3g} ms ({self.low:.3g} to {self.high:.3g})"


def time_of(call: Callable[..., object], *arguments: object) -> Time:
    """Time call(*arguments), again and again for BUDGET seconds.

    It is called at least five times; one call before those warms the caches
    and does not count.
    """
    call(*arguments)
    spent: list[float] = []
    while len(spent) < 5 or (sum(spent) < BUDGET and len(spent) < 200):
        start = perf_counter()
        call(*arguments)
        spent.append(perf_counter() - start)
    low, median, high = 1000 * np.percentile(spent, [25, 50, 75])
    return Time(float(median), float(low), float(high))
