"""The answers that a chapter's checks list, as text for a notebook's cells.

A plain function goes into a solution cell as it is written. What is made by
another function is called by name. What both need of the checks module and of
the references goes, packed, into one cell that the sample student added.
"""

from __future__ import annotations

import ast
import base64
import inspect
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.catalogue import ROOT, ChapterExercises
from autograder.publishing.chapter import Reference

LIBRARIES = ("numpy", "torch", "math", "functools", "itertools")
# The first lines of the packed cell: enough of our words to list the answers.
PREAMBLE = """\
from __future__ import annotations
import types
LISTED = {{}}
def Mistake(says, function):
    return types.SimpleNamespace(says=says, function=function)
def Exercise(reference, *, mistakes=(), alternatives=(), **others):
    found = [mistake.function for mistake in mistakes]
    LISTED[reference.__name__] = {{"mistakes": found, "alternatives": alternatives}}
solutions = types.ModuleType("solutions")
exec({reference!r}, vars(solutions))
"""


@dataclass(frozen=True)
class Answers:
    """The answers to one exercise. mistakes: (what it says, source)."""

    reference: str
    alternatives: tuple[str, ...]
    mistakes: tuple[tuple[str, str], ...]


def listed_answers(chapter: ChapterExercises) -> dict[str, Answers]:
    """The answers to each exercise of a chapter, by name."""
    return {
        exercise.name: Answers(
            reference_text(chapter.name, exercise.name),
            tuple(
                _text(function, exercise.name, "alternatives", i)
                for i, function in enumerate(exercise.alternatives)
            ),
            tuple(
                (mistake.says, _text(mistake.function, exercise.name, "mistakes", i))
                for i, mistake in enumerate(exercise.mistakes)
            ),
        )
        for exercise in chapter.exercises
    }


def reference_text(chapter: str, name: str) -> str:
    """A reference function without the markers round its answer."""
    path = ROOT / "solutions" / f"{chapter}.py"
    source = Reference(path, path.read_text(encoding="utf-8")).source(name)
    return re.sub(r"^[ \t]*### (BEGIN|END) SOLUTION.*\n?", "", source, flags=re.M)


def helper_cell(chapter: str) -> str:
    """The source of a cell that brings what the listed answers build on.

    Packed, so that no line of a reference stands in the sample notebooks.
    """
    reference = (ROOT / "solutions" / f"{chapter}.py").read_text(encoding="utf-8")
    text = PREAMBLE.format(reference=reference) + "\n".join(_code(_checks(chapter)))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return (
        "# What the answers of this sample submission build on.\n"
        f"import base64, zlib\n\nexec(zlib.decompress(base64.b64decode({packed!r})))"
    )


def _checks(chapter: str) -> Path:
    return ROOT / "autograder" / "checks" / f"{chapter}.py"


def _text(function: Callable[..., Any], name: str, kind: str, number: int) -> str:
    """A top-level function or class under the exercise's name, or a look-up."""
    if "<locals>" in function.__qualname__:
        return f"{name} = LISTED[{name!r}][{kind!r}][{number}]"
    node = ast.parse(inspect.getsource(function)).body[0]
    assert isinstance(node, ast.FunctionDef | ast.ClassDef)
    node.name = name
    return ast.unparse(node)


def _code(path: Path) -> Iterator[str]:
    """What a checks module consists of, without what needs Hypothesis or the
    autograder: exercises keep only the answers they list."""
    foreign: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module.startswith("autograder.checks."):
                yield from _code(_checks(node.module.rpartition(".")[2]))
            elif node.module.startswith(LIBRARIES):
                yield ast.unparse(node)
            else:
                foreign |= {alias.asname or alias.name for alias in node.names}
                foreign -= {"Exercise", "Mistake", "solutions", "annotations"}
        elif isinstance(node, ast.Import):
            if node.names[0].name.startswith(LIBRARIES):
                yield ast.unparse(node)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            if not node.decorator_list:
                yield ast.unparse(node)
        elif isinstance(node, ast.Assign):
            if _calls(node.value, "Exercise"):
                yield ast.unparse(_only_answers(node.value))
            elif not foreign & _names(node):
                yield ast.unparse(node)


def _calls(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == name


def _only_answers(node: ast.expr) -> ast.Call:
    assert isinstance(node, ast.Call)
    kept = [k for k in node.keywords if k.arg in ("mistakes", "alternatives")]
    return ast.Call(node.func, node.args[:1], kept)


def _names(node: ast.AST) -> set[str]:
    return {found.id for found in ast.walk(node) if isinstance(found, ast.Name)}
