"""The hostile end: runs a student's cells and answers calls.

Nothing here decides anything. Code that a student wrote runs in this process
and may change every line of it; what comes out is data that the supervisor
does not trust.
"""

from __future__ import annotations

import errno
import io
import linecache
import os
import random
import sys
import traceback
from types import ModuleType
from typing import Any

import numpy as np
import torch

from autograder.sandbox import frames, ipython
from autograder.sandbox.confine import ENVIRONMENT, Confinement
from convnets.answers import SAID, Answer, Call, invoke

CHANNEL = 3  # the only descriptor besides three times /dev/null


def main(end: int, confinement: Confinement) -> None:
    """Confine this process, say so through `end`, then serve; never returns."""
    try:
        confinement.apply()
    except OSError as error:
        frames.write(end, {"trouble": str(error)})
        os._exit(1)
    os.dup2(end, CHANNEL)
    os.closerange(CHANNEL + 1, 1024)
    frames.write(CHANNEL, {"trouble": ""})
    try:
        serve(Notebook(confinement.limits.printed_bytes))
    except BaseException:  # whatever a student's code left behind
        os._exit(1)


def serve(notebook: Notebook) -> None:
    """Answer requests until the supervisor is gone."""
    while True:
        request = frames.read(CHANNEL)
        if request["do"] == "cell":
            reply = notebook.run(
                request["name"], request["source"].tobytes(), request["captures"]
            )
        else:
            call = Call(
                request["args"], request["kwargs"], request["caller"], request["watch"]
            )
            reply = notebook.call(request["name"], call, request["names"])
        frames.write(CHANNEL, {**reply, "nonce": request["nonce"]})


class Notebook:
    """The namespace in which the cells of one submission run."""

    def __init__(self, printed_bytes: int) -> None:
        self._printed_bytes = printed_bytes
        self._captured: dict[str, Any] = {}
        # Dataclasses and pickles look their module up by name.
        module = sys.modules["__main__"] = ModuleType("__main__")
        ipython.install(module)
        self._namespace = vars(module)
        os.environ.update(ENVIRONMENT)
        sys.argv, sys.orig_argv = [""], [""]
        # The same numbers in every run: a verdict must be repeatable.
        random.seed(0)
        np.random.seed(0)
        torch.manual_seed(0)

    def run(self, name: str, source: bytes, captures: list[str]) -> dict[str, Any]:
        """Run a cell, then look up the names that it is to define.

        Returns the fields of a CellOutcome but its id and seconds.
        """
        printed = self._redirect()
        outcome = self._run(f"<cell {name}>", source)
        for captured in captures:
            if captured in self._namespace:
                self._captured[captured] = self._namespace[captured]
        return {**outcome, "printed": printed.text()}

    def _run(self, filename: str, source: bytes) -> dict[str, Any]:
        try:
            text = source.decode()
            lines = text.splitlines(keepends=True)
            linecache.cache[filename] = (len(text), None, lines, filename)
            python = ipython.to_python(text)
            code = compile(python, filename, "exec", dont_inherit=True)
        except MemoryError as error:
            return _trouble("memory", error, filename)
        except BaseException as error:  # also null bytes, deep nesting
            return _trouble("syntax", error, filename)
        try:
            exec(code, self._namespace)
        except MemoryError as error:
            return _trouble("memory", error, filename)
        except BaseException as error:  # also sys.exit()
            return _trouble("raised", error, filename)
        return {"kind": "ok"}

    def call(self, name: str, call: Call, names: list[str]) -> dict[str, Any]:
        """Call what was captured under a name; the fields of an Answer."""
        self._redirect()
        try:
            answer = invoke(self._captured.get(name), call, tuple(names))
        except MemoryError:
            answer = Answer("memory")
        except BaseException as error:  # sys.exit(), KeyboardInterrupt
            return _trouble("raised", error, "<cell")
        return vars(answer)

    def _redirect(self) -> Printed:
        printed = Printed(self._printed_bytes)
        sys.stdout = _text_writer(printed)
        sys.stderr = _text_writer(Printed(0))
        return printed


def _trouble(kind: str, error: BaseException, filename: str) -> dict[str, Any]:
    line, source = None, ""
    if isinstance(error, SyntaxError):
        line, source = error.lineno, error.text or ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(filename):
            line, source = frame.lineno, frame.line or ""
    try:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # the student's own __str__
        message = "(the exception's own message could not be read)"
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        kind = "memory"  # as of mmap
    return {
        "kind": kind,
        "error": type(error).__name__,
        "bases": tuple(base.__name__ for base in type(error).__mro__),
        "message": message[:SAID],
        "line": line,
        "source": source.strip()[:SAID],
    }


class Printed(io.RawIOBase):
    """Keeps the first bytes that are written to it and drops the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        room = max(self._limit - len(self._kept), 0)
        self._kept += memoryview(data)[:room]
        return len(data)

    def text(self) -> str:
        """What was kept."""
        return self._kept.decode("utf-8", "replace")


def _text_writer(printed: Printed) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        printed,  # type: ignore[arg-type]  # raw is enough: write takes it all
        encoding="utf-8",
        errors="replace",
        write_through=True,
    )
