"""Messages between the supervisor and a child.

A frame is a length of four bytes, then what `convnets.values.pack` makes of
the message. The child's side trusts the supervisor; the supervisor's side
trusts nothing: every read has a deadline and a size.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from typing import Any

from convnets.values import MAX_FRAME, MAX_HEADER, Malformed, Opaque, pack, unpack

_LENGTH = struct.Struct("<I")
_CHUNK = 1 << 20


class Closed(Exception):
    """The other end is gone."""


def to_bytes(message: Any) -> bytes:
    """A message as a frame."""
    body = pack(message)
    return _LENGTH.pack(len(body)) + body


def fits(frame: bytes) -> bool:
    """Whether the other end will read this frame."""
    size, header = struct.unpack_from("<II", frame)
    return bool(size <= MAX_FRAME and header <= MAX_HEADER)


def read(fd: int) -> Any:
    """In the child: wait for the next message. Raises Closed."""
    (size,) = _LENGTH.unpack(_read_exactly(fd, _LENGTH.size))
    return unpack(_read_exactly(fd, size))


def _read_exactly(fd: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(fd, min(size, _CHUNK))
        if not part:
            raise Closed
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def write(fd: int, message: dict[str, Any]) -> None:
    """In the child: send a message.

    Where its "value" is too large or too odd to travel, an Opaque takes its
    place that says so.
    """
    try:
        frame = to_bytes(message)
        odd = "" if fits(frame) else f"{len(frame)} bytes"
    except Exception as error:  # a hostile dict, or no memory for the copy
        odd = type(error).__name__
    if odd:
        value = Opaque(f"result that cannot be handed over ({odd})")
        frame = to_bytes({**message, "value": value})
    view = memoryview(frame)
    while view:
        view = view[os.write(fd, view) :]


class Channel:
    """The supervisor's end of the way to one child."""

    def __init__(self, end: socket.socket, limit: int) -> None:
        """limit: bytes of the largest frame that is read."""
        self._socket = end
        self._limit = limit

    def send(self, frame: bytes, deadline: float) -> None:
        """Send a frame; raises TimeoutError (by time.monotonic) or Closed."""
        view = memoryview(frame)
        while view:
            self._wait_until(deadline)
            with _closing_as_closed():
                view = view[self._socket.send(view) :]

    def receive(self, deadline: float) -> Any:
        """The next message; raises TimeoutError, Closed or Malformed."""
        (size,) = _LENGTH.unpack(self._receive_exactly(_LENGTH.size, deadline))
        if size > self._limit:
            raise Malformed(f"a frame of {size} bytes, at most {self._limit} are read")
        return unpack(self._receive_exactly(size, deadline))

    def _receive_exactly(self, size: int, deadline: float) -> bytes:
        # Grows with what arrives: a length that is only announced costs nothing.
        data = bytearray()
        while len(data) < size:
            self._wait_until(deadline)
            with _closing_as_closed():
                part = self._socket.recv(min(size - len(data), _CHUNK))
            if not part:
                raise Closed
            data += part
        return bytes(data)

    def _wait_until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


@contextlib.contextmanager
def _closing_as_closed() -> Iterator[None]:
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        raise Closed from None
