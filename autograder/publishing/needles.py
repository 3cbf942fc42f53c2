"""Looks for thousands of byte strings at once: the site has some 100 MB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

FIRST = 8  # bytes of a needle that are looked for; the rest is then compared
CHUNK = 1 << 20  # places that are looked at together


class Needles:
    """Byte strings of at least eight bytes to be found in haystacks."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        self._by_start: dict[int, list[bytes]] = defaultdict(list)
        for needle in set(needles):
            assert len(needle) >= FIRST, f"{needle!r} is too short to be looked for"
            self._by_start[int.from_bytes(needle[:FIRST], "little")].append(needle)
        self._starts = np.array(sorted(self._by_start), np.uint64)

    def found(self, haystack: bytes) -> set[bytes]:
        """Which of them stand anywhere in a haystack."""
        found: set[bytes] = set()
        for begin in range(0, len(haystack) if len(self._starts) else 0, CHUNK):
            codes = _codes(haystack[begin : begin + CHUNK + FIRST - 1])
            at = np.searchsorted(self._starts, codes) % len(self._starts)
            for place in np.flatnonzero(self._starts[at] == codes):
                for needle in self._by_start[int(codes[place])]:
                    if haystack.startswith(needle, begin + int(place)):
                        found.add(needle)
        return found


def _codes(data: bytes) -> npt.NDArray[np.uint64]:
    """At each place the eight bytes that begin there, as one number."""
    places = len(data) - FIRST + 1
    numbers = np.frombuffer(data, np.uint8).astype(np.uint64)
    codes = np.zeros(max(places, 0), np.uint64)
    for i in range(FIRST):
        codes |= numbers[i : i + len(codes)] << np.uint64(8 * i)
    return codes
