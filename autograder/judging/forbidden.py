"""Library calls that an exercise is about, found in what a student wrote.

Two ways, since each is blind where the other sees. Reading the source finds
what the exercise's function refers to, and the student's own functions that it
refers to. Watching torch finds what ran, whatever the source looked like. What
other cells of the notebook call, for example to compare, is no matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.judging.names import Meaning, Names, loaded, parsed
from autograder.model import Exercise
from autograder.sandbox.program import Program
from convnets.answers import Answer
from convnets.barred import first_match, sentence

SHOWN = 80  # characters of a student's code in a message


def in_source(exercise: Exercise, program: Program, name: str = "") -> str:
    """What the source of an answer uses that it may not, in a sentence, or "".

    name: of the answer, where it is not the exercise's.
    """
    if not exercise.forbidden:
        return ""
    try:
        for use in uses(name or exercise.name, program):
            for rule in exercise.forbidden:
                if first_match([use.dotted], rule.calls):
                    return sentence(exercise.name, rule.says, use.evidence)
    except RecursionError:  # code nested so deeply that reading it gives up
        return ""
    return ""


def in_answers(exercise: Exercise, answers: Sequence[Answer]) -> str:
    """What ran during the calls that may not, in a sentence, or ""."""
    used = sorted({name for answer in answers for name in answer.used})
    for rule in exercise.forbidden:
        if first_match(used, rule.ops):
            # Not which: the names come from where hidden inputs have been.
            return sentence(exercise.name, rule.says, "torch ran it during a call")
    return ""


@dataclass(frozen=True)
class Use:
    """A reference to something of a library; node: where it stands, if known."""

    dotted: str
    node: ast.expr | None = None

    @property
    def evidence(self) -> str:
        """As the student wrote it, and what it is."""
        if self.node is None:
            return self.dotted
        written = ast.unparse(self.node)[:SHOWN]
        place = f"`{written}` in line {self.node.lineno}"
        return place if written == self.dotted else f"{place}, that is {self.dotted}"


def uses(name: str, program: Program) -> Iterator[Use]:
    """What the function or class of this name refers to in libraries, itself
    or through other functions of the same notebook."""
    waiting, names = _scopes(name, program)
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield Use(node)
        elif node is not None and id(node) not in seen:
            seen.add(id(node))
            inside = names.inside(node)
            yield from _uses(node, inside)
            for other in loaded(node):
                known = inside.known.get(other, [])
                waiting += [part for part in known if isinstance(part, ast.AST)]


def _uses(node: ast.AST, names: Names) -> Iterator[Use]:
    for part in ast.walk(node):
        if isinstance(part, ast.expr) and (dotted := names.dotted(part)):
            yield Use(dotted, part)


def _scopes(name: str, program: Program) -> tuple[list[Meaning], Names]:
    """What the exercise is where it is looked up, and all names at the end:
    a function finds its helpers when it is called."""
    names, root = Names(), list[Meaning]()
    for cell, body in zip(program.cells, parsed(program), strict=True):
        names.read(body)
        if name in cell.captures:
            root = list(names.known.get(name, []))
    return root, names
