"""Small damage: to bytes, and to trees as JSON has them."""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

EDGES = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 1e308, 0.5,
    float("nan"), float("inf"), "", "0", "\x00", "\ud800", "💥", "a" * 5000, "../..",
    "<script>", "__class__", [], {}, [[]], [None], {"": None}, {"a": {"a": {}}},
)  # fmt: skip
LENGTHS = (0, 1, 3, 4, 255, 1 << 16, (1 << 20) + 1, (1 << 26) + 1, (1 << 32) - 1)

Step = tuple[Any, Any]  # a container, and the key or index of something in it


def damage_bytes(data: bytes, random: Random) -> bytes:
    """The bytes with one to three small changes."""
    for _ in range(random.randint(1, 3)):
        data = random.choice(_TO_BYTES)(bytearray(data), random)
    return data


def _flip(data: bytearray, random: Random) -> bytes:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def _cut(data: bytearray, random: Random) -> bytes:
    return bytes(data[: random.randint(0, len(data))])


def _drop(data: bytearray, random: Random) -> bytes:
    start, end = sorted(random.randint(0, len(data)) for _ in range(2))
    return bytes(data[:start] + data[end:])


def _repeat(data: bytearray, random: Random) -> bytes:
    start, end = sorted(random.randint(0, len(data)) for _ in range(2))
    return bytes(data[:end] + data[start:])


def _insert(data: bytearray, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return bytes(data[:at] + random.randbytes(random.randint(1, 16)) + data[at:])


def _number(data: bytearray, random: Random) -> bytes:
    if len(data) >= 4:
        at = random.choice((0, 4, random.randint(0, len(data) - 4)))
        value = random.choice(LENGTHS)
        struct.pack_into("<I", data, min(at, len(data) - 4), value)
    return bytes(data)


_TO_BYTES: tuple[Callable[[bytearray, Random], bytes], ...] = (
    _flip, _cut, _drop, _repeat, _insert, _number,
)  # fmt: skip


def damage_tree(tree: Any, random: Random) -> Any:
    """A copy of a tree of dicts and lists with one to three small changes."""
    tree = copy.deepcopy(tree)
    for _ in range(random.randint(1, 3)):
        places = list(_places(tree))
        if places:
            _damage_place(*random.choice(places), places, random)
    return tree


def _places(tree: Any) -> Iterator[Step]:
    if isinstance(tree, dict):
        keys: Any = list(tree)
    else:
        keys = range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key
        yield from _places(tree[key])


def _damage_place(holder: Any, key: Any, places: list[Step], random: Random) -> None:
    kind = random.randrange(6)
    if kind == 0:
        del holder[key]
    elif kind == 1:
        other, where = random.choice(places)
        try:
            holder[key] = copy.deepcopy(other[where])
        except (KeyError, IndexError):
            holder[key] = None  # it was deleted just before
    elif kind == 2 and isinstance(holder, list):
        holder.insert(random.randint(0, len(holder)), copy.deepcopy(holder[key]))
    elif kind == 3 and isinstance(holder, list):
        random.shuffle(holder)
    elif kind == 4 and isinstance(holder, dict):
        holder[random.choice(("", "cells", "nbgrader", "value", "é"))] = holder.pop(key)
    else:
        holder[key] = copy.deepcopy(random.choice(EDGES))
