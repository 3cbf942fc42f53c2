"""One request to a child and its reply, of which nothing is believed.

A child that is late, gone, or says what it was not asked is ended on the spot.
"""

from __future__ import annotations

import secrets
import signal
import time
from typing import Any

import numpy as np

from autograder.errors import AuthorError
from autograder.sandbox import frames
from autograder.sandbox.process import Child
from autograder.sandbox.program import Cell, CellOutcome
from convnets.answers import PRINTED, SAID, Answer, Call
from convnets.values import Malformed

CELL_BYTES = 16 << 20
_LAST_WORDS = 0.2  # seconds for a child that closed its channel to end
_NAMES = 32  # of changed arguments and of an exception's base classes
_OPERATIONS = 1000  # of torch that one call may be seen to use


class Lost(Exception):
    """The child was ended. kind is one of timeout, memory, died, malformed."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


def run_cell(
    child: Child, cell: Cell, deadline: float, printed_bytes: int
) -> CellOutcome:
    """Run a cell; the outcome of one that ends the child says how."""
    source = cell.source.encode("utf-8", "surrogatepass")
    if len(source) > CELL_BYTES:
        message = f"the cell has {len(source)} bytes, at most {CELL_BYTES} are run"
        return CellOutcome(cell.id, "syntax", message=message)
    began = time.monotonic()
    request = {
        "do": "cell",
        "name": cell.id,
        "source": np.frombuffer(source, np.uint8),
        "captures": list(cell.captures),
    }
    try:
        reply = _ask(child, request, deadline)
        kind = _kind(child, reply, ("ok", "raised", "syntax", "memory"))
    except Lost as lost:
        seconds = time.monotonic() - began
        kind = "died" if lost.kind == "malformed" else lost.kind
        return CellOutcome(cell.id, kind, message=lost.message, seconds=seconds)
    return CellOutcome(
        cell.id,
        kind,
        error=_text(reply.get("error"), SAID),
        message=_text(reply.get("message"), SAID),
        line=_line(reply.get("line")),
        source=_text(reply.get("source"), SAID),
        printed=_text(reply.get("printed"), printed_bytes),
        seconds=time.monotonic() - began,
    )


def call(
    child: Child, name: str, call: Call, names: tuple[str, ...], deadline: float
) -> Answer:
    """Call what was captured under a name. Raises Lost or AuthorError."""
    request = {
        "do": "call",
        "name": name,
        "caller": call.caller,
        "args": tuple(call.args),
        "kwargs": dict(call.kwargs),
        "watch": call.watch,
        "names": list(names),
    }
    reply = _ask(child, request, deadline)
    return Answer(
        _kind(child, reply, ("returned", "raised", "missing", "memory")),
        value=reply.get("value"),
        error=_text(reply.get("error"), SAID),
        bases=_texts(reply.get("bases")),
        message=_text(reply.get("message"), SAID),
        line=_line(reply.get("line")),
        source=_text(reply.get("source"), SAID),
        changed=_texts(reply.get("changed")),
        printed=_text(reply.get("printed"), PRINTED),
        used=_texts(reply.get("used"), _OPERATIONS),
    )


def _ask(child: Child, request: dict[str, Any], deadline: float) -> dict[str, Any]:
    # A reply that was sent before its request, or twice, has another nonce.
    nonce = secrets.randbits(62)
    frame = frames.to_bytes({**request, "nonce": nonce})
    if not frames.fits(frame):
        raise AuthorError(
            f"Sending a call of `{request['name']}` to the sandbox: it has "
            f"{len(frame)} bytes. Make the case's inputs smaller."
        )
    began = time.monotonic()
    try:
        child.channel.send(frame, deadline)
        reply = child.channel.receive(deadline)
    except TimeoutError:
        child.end()
        seconds = time.monotonic() - began
        raise Lost("timeout", f"no answer within {seconds:.1f} s") from None
    except frames.Closed:
        raise _cause_of_end(child.end(grace=_LAST_WORDS)) from None
    except Malformed as error:
        child.end()
        raise Lost("malformed", str(error)) from None
    if type(reply) is dict:
        answered = reply.get("nonce")
        # By type first: an array may equal a number here and there.
        if type(answered) is int and answered == nonce:
            return reply
    child.end()
    raise Lost("malformed", "a reply that belongs to no request")


def _cause_of_end(status: int | None) -> Lost:
    if status is None or not status & 0x7F:
        return Lost("died", "the process ended itself")
    number = status & 0x7F
    if number == signal.SIGKILL:
        return Lost("memory", "the machine ran out of memory")
    if number == signal.SIGXCPU:
        return Lost("timeout", "the processor time ran out")
    return Lost("died", f"the process was ended by {signal.Signals(number).name}")


def _kind(child: Child, reply: dict[str, Any], known: tuple[str, ...]) -> str:
    kind = reply.get("kind")
    if type(kind) is not str or kind not in known:
        child.end()
        raise Lost("malformed", "a reply of no known kind")
    return kind


def _text(value: Any, limit: int) -> str:
    """A string of at most `limit` characters that can be written to a file."""
    if type(value) is not str:
        return ""
    return value[:limit].encode("utf-8", "replace").decode()


def _texts(value: Any, most: int = _NAMES) -> tuple[str, ...]:
    if type(value) not in (list, tuple):
        return ()
    return tuple(_text(item, 200) for item in value[:most])


def _line(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 1 << 31 else None
