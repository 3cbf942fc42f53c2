"""Looks for thousands of byte strings at once: the site has some 100 MB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

WIDTH = 8  # bytes of a needle that are looked for; the whole is then compared
CHUNK = 1 << 20  # places that are looked at together
TRIED = 512  # places of a needle where its most telling bytes are looked for


class Needles:
    """Byte strings of at least eight bytes to be found in haystacks."""

    def __init__(self, needles: Iterable[bytes]) -> None:
        # By the bytes that are looked for: where in a needle they stand, and it.
        self._by_code: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for needle in set(needles):
            assert len(needle) >= WIDTH, f"{needle!r} is too short to be looked for"
            at = _telling(needle)
            code = int.from_bytes(needle[at : at + WIDTH], "little")
            self._by_code[code].append((at, needle))
        self._sought = np.array(sorted(self._by_code), np.uint64)

    def found(self, haystack: bytes) -> set[bytes]:
        """Which of them stand anywhere in a haystack."""
        found: set[bytes] = set()
        for begin in range(0, len(haystack) if len(self._sought) else 0, CHUNK):
            codes = _codes(haystack[begin : begin + CHUNK + WIDTH - 1])
            near = np.searchsorted(self._sought, codes) % len(self._sought)
            for place in np.flatnonzero(self._sought[near] == codes):
                for at, needle in self._by_code[int(codes[place])]:
                    start = begin + int(place) - at
                    if start >= 0 and haystack.startswith(needle, start):
                        found.add(needle)
        return found


def _telling(needle: bytes) -> int:
    """Where the eight bytes stand that differ most from each other.

    Many arrays begin with zeros, and so does much of what is looked through.
    """

    def differing(at: int) -> int:
        return len(set(needle[at : at + WIDTH]))

    places = range(len(needle) - WIDTH + 1)
    best = max(places[:TRIED], key=differing)
    # Only zeros so far: images with a wide black frame have something in the middle.
    return best if differing(best) > 1 else max(places, key=differing)


def _codes(data: bytes) -> npt.NDArray[np.uint64]:
    """At each place the eight bytes that begin there, as one number."""
    places = len(data) - WIDTH + 1
    numbers = np.frombuffer(data, np.uint8).astype(np.uint64)
    codes = np.zeros(max(places, 0), np.uint64)
    for i in range(WIDTH):
        codes |= numbers[i : i + len(codes)] << np.uint64(8 * i)
    return codes
