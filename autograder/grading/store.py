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

FORMAT = 1  # of the files; another number makes all old ones unknown
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
    """A folder of verdicts, `ab/cdef….json`; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, at: str) -> Path:
        """Where the verdict of an address is filed."""
        return self.folder / at[:2] / f"{at[2:]}.json"

    def get(self, at: str) -> Verdict | None:
        """The verdict at an address; None when there is none that is whole."""
        try:
            return from_dict(json.loads(self.path(at).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError):
            return None  # never written, or cut off: it is graded again

    def put(self, at: str, verdict: Verdict) -> None:
        """File a verdict; whoever reads meets the whole of it or nothing."""
        folders.write(self.path(at), json.dumps(to_dict(verdict)))


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
