"""Verdicts filed by content address.

The address is made of everything a verdict depends on: what runs of the
submission, the version of the exercise, and the environment. Grading again
finds it, a killed run goes on where it stopped, and an appeal can be answered.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder import folders
from autograder.model import CaseVerdict, Explanation, Verdict
from autograder.sandbox.program import Program

FORMAT = 3  # of the files; another number makes all old ones unknown
# What a verdict may depend on besides the exercise and the submission.
DISTRIBUTIONS = ("numpy", "torch", "hypothesis")


@cache
def environment() -> str:
    """The versions that numbers and messages depend on, in one line."""
    versions = [f"{name} {version(name)}" for name in DISTRIBUTIONS]
    return ", ".join([f"python {platform.python_version()}", *versions])


def address(program: Program, exercise: str, exercise_version: str) -> str:
    """64 hexadecimal digits under which a verdict is filed."""
    cells = [[cell.id, cell.source, list(cell.captures)] for cell in program.cells]
    parts = [FORMAT, cells, exercise, exercise_version, environment()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Store:
    """A folder of verdicts, `ab/cdef….json`; several processes may share it.

    A file is a digest of the verdict's text in one line, then the text.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, at: str) -> Path:
        """Where the verdict of an address is filed."""
        return self.folder / at[:2] / f"{at[2:]}.json"

    def get(self, at: str) -> Verdict | None:
        """The verdict at an address; None when there is none that is whole."""
        try:
            digest, _, text = self.path(at).read_bytes().partition(b"\n")
        except OSError:
            return None  # never written
        if digest != _digest(text):
            return None  # the disk lost a part: it is graded again
        return from_dict(json.loads(text))

    def put(self, at: str, verdict: Verdict) -> None:
        """File a verdict; whoever reads meets the whole of it or nothing."""
        text = json.dumps(to_dict(verdict)).encode()
        folders.write(self.path(at), _digest(text) + b"\n" + text)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


class Outbox(Store):
    """Reads what is filed, where the folder can be seen, and writes nothing.

    A worker may be on another machine: what it would file travels back with its
    results.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._kept: dict[str, Verdict] = {}

    def put(self, at: str, verdict: Verdict) -> None:
        """Keep a verdict until it is taken."""
        self._kept[at] = verdict

    def take(self) -> dict[str, Verdict]:
        """What was put since the last time, by address."""
        taken, self._kept = self._kept, {}
        return taken


def to_dict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON can hold it."""
    return asdict(verdict)


def from_dict(document: Mapping[str, Any]) -> Verdict:
    """Read what `to_dict` wrote. Raises KeyError, TypeError or ValueError."""
    fields = dict(document)
    explanation = fields["explanation"]
    if explanation is not None:
        explanation = dict(explanation)
        explanation["diagnoses"] = tuple(explanation["diagnoses"])
        explanation = Explanation(**explanation)
    cases = tuple(CaseVerdict(**case) for case in fields["cases"])
    return Verdict(**{**fields, "explanation": explanation, "cases": cases})
