"""What a child may write into its channel in the place of a reply.

The promises: an answer or a `Lost`, in bounded time; and never an answer that
passes, unless it is the right one.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from random import Random
from typing import Any, cast
from unittest import mock

import numpy as np
import torch

from autograder.sandbox import exchange, frames
from autograder.sandbox.process import Child
from convnets.answers import Answer, Call
from convnets.compare import compare
from convnets.values import MAX_FRAME, Opaque
from fuzz.mutate import damage_bytes, damage_tree

NONCE = 1234567
SECONDS = 2.0  # that one reply may take; what is usual is below a millisecond
_CALL = Call((np.ones((2, 3)),))
_VALUES: tuple[Any, ...] = (
    np.arange(12.0).reshape(3, 4),
    np.arange(6, dtype=np.float32).reshape(1, 2, 3),
    (np.ones((2, 2)), np.zeros(3), None),
    {"y": np.full((2, 1), 0.5), "grads": {"w": np.eye(2)}},
    torch.linspace(0, 1, 5),
    [3, 4.5, "text", True],
    7,
    np.float64(2.5),
)


class _Child:
    """Stands for a process; the exchange only closes it."""

    def __init__(self, end: socket.socket) -> None:
        self.channel = frames.Channel(end, MAX_FRAME)
        self.ended = False

    def end(self, grace: float = 0.0) -> int | None:
        self.ended = True
        return None


def try_reply(random: Random) -> str:
    """Ask for an answer and get rubbish; returns what came of it."""
    right = random.choice(_VALUES)
    frame = frames.to_bytes(
        {
            "nonce": NONCE,
            "kind": "returned",
            "value": right,
            "changed": [],
            "printed": "text",
            "used": ["aten.conv2d"],
        }
    )
    began = time.monotonic()
    outcome = _ask(_damaged(frame, random))
    assert time.monotonic() - began < SECONDS, "a reply took too long to refuse"
    if isinstance(outcome, exchange.Lost):
        return outcome.kind
    _check_types(outcome.value)
    if compare(Answer("returned", right), outcome) is None:
        assert _same(right, outcome.value), f"{outcome.value!r} passes for {right!r}"
        return "right all the same"
    return outcome.kind


def _damaged(frame: bytes, random: Random) -> bytes:
    kind = random.randrange(8)
    if kind < 3:
        return _damaged_header(frame, random)
    if kind < 6:
        return damage_bytes(frame, random)
    if kind == 6:  # a frame that was sent before the call, and then the right one
        return frames.to_bytes({"nonce": NONCE - 1, "kind": "returned"}) + frame
    return random.randbytes(random.randint(0, 200))


def _damaged_header(frame: bytes, random: Random) -> bytes:
    """Damage the JSON of a frame, and make the lengths fit again."""
    (length,) = struct.unpack_from("<I", frame, 4)
    header = json.loads(frame[8 : 8 + length])
    text = json.dumps(damage_tree(header, random)).encode()
    body = struct.pack("<I", len(text)) + text + frame[8 + length :]
    return struct.pack("<I", len(body)) + body


def _ask(sent: bytes) -> Answer | exchange.Lost:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        child = cast(Child, _Child(ours))
        deadline = time.monotonic() + SECONDS
        known = mock.patch.object(exchange.secrets, "randbits", return_value=NONCE)
        try:
            with known:
                return exchange.call(child, "f", _CALL, ("x",), deadline)
        except exchange.Lost as lost:
            assert child.ended, "a child that misbehaved goes on"
            return lost


def _check_types(value: Any) -> None:
    """Only exact base classes come through."""
    if type(value) in (list, tuple):
        for item in value:
            _check_types(item)
    elif type(value) is dict:
        assert all(type(key) is str for key in value)
        _check_types(list(value.values()))
    else:
        plain = (type(None), bool, int, float, str, np.ndarray, torch.Tensor, Opaque)
        assert type(value) in plain or type(value).__module__ == "numpy", type(value)


def _same(right: Any, received: Any) -> bool:
    """Equal but for rounding; what `compare` decides, decided in another way."""
    if isinstance(right, dict):
        return right.keys() == received.keys() and all(
            _same(right[key], received[key]) for key in right
        )
    if isinstance(right, list | tuple):
        return len(right) == len(received) and all(map(_same, right, received))
    if right is None or isinstance(right, str):
        return bool(right == received)
    one, other = np.asarray(right), np.asarray(received)
    if one.shape != other.shape:
        return False
    # The absolute tolerance grows with the largest number that is expected.
    scale = max(1.0, float(np.max(np.abs(one), initial=0.0)))
    return np.allclose(one, other, 1e-5, 1e-5 * scale)
