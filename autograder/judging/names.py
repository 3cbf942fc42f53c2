"""What the names in a student's cells stand for, read and not run.

A name stands for something of a library, by its full dotted name, or for what
the student wrote. Reading sees through imports under other names, assignments
and getattr with a text; what is computed at run time it does not see.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.sandbox.program import Program

Meaning = str | ast.AST | None  # of a library, the student's own, unknown
MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|\S.*\?)$", re.MULTILINE)
FOLLOWED = 20  # names that stand for names that stand for names
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass
class Names:
    """What the names of a scope stand for, the meaning that holds last.

    stars: modules that were imported with `*`, the latest last.
    """

    known: dict[str, list[Meaning]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def read(self, body: Sequence[ast.AST]) -> None:
        """Take in imports, definitions and assignments in their order."""
        for node in _statements(body):
            match node:
                case ast.Import():
                    self._import(node.names)
                case ast.ImportFrom(module=str(module)):
                    self._import_from(module, node.names)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    self._set(node.name, node)
                case ast.Assign():
                    for target in node.targets:
                        self._assign(target, node.value)
                case ast.AnnAssign(value=ast.expr() as value):
                    self._assign(node.target, value)

    def inside(self, node: ast.AST) -> Names:
        """The names as the body of a function or class sees them."""
        found = Names(dict(self.known), self.stars)
        for part in ast.walk(node):
            if isinstance(part, ast.arg):
                found.known[part.arg] = [None]
            elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                found.known[part.id] = [None]
        for part in ast.walk(node):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                found.read(part.body)
        return found

    def dotted(self, node: ast.AST, followed: int = 0) -> str:
        """The full name of what an expression takes from a library, or ""."""
        if followed > FOLLOWED:
            return ""
        match node:
            case ast.Name(id=name):
                return self._named(name, followed)
            case ast.Attribute(value=value, attr=attr):
                return _joined(self.dotted(value, followed), attr)
            case ast.Subscript(value=value, slice=key):
                holder = self.dotted(value, followed)
                inside = holder.endswith(".__dict__") and _text(key)
                return _joined(holder.removesuffix(".__dict__"), inside or "")
            case ast.Call(func=ast.Name(id="getattr"), args=[value, key, *_]):
                return _joined(self.dotted(value, followed), _text(key))
            case ast.Call(func=ast.Name(id="vars"), args=[value]):
                return _joined(self.dotted(value, followed), "__dict__")
            case ast.Call(func=ast.Name(id="__import__"), args=[key, *_]):
                return _text(key).partition(".")[0]
            case ast.Call(func=function, args=[key, *_]):
                called = self.dotted(function, followed)
                return _text(key) if called == "importlib.import_module" else ""
        return ""

    def _named(self, name: str, followed: int) -> str:
        if name not in self.known:
            return _joined(self.stars[-1], name) if self.stars else ""
        meaning = self.known[name][-1]
        if isinstance(meaning, ast.expr):
            return self.dotted(meaning, followed + 1)
        return meaning if isinstance(meaning, str) else ""

    def _import(self, names: Sequence[ast.alias]) -> None:
        for alias in names:
            first = alias.name.partition(".")[0]
            self._set(alias.asname or first, alias.name if alias.asname else first)

    def _import_from(self, module: str, names: Sequence[ast.alias]) -> None:
        for alias in names:
            if alias.name == "*":
                self.stars = [*self.stars, module]
            else:
                self._set(alias.asname or alias.name, f"{module}.{alias.name}")

    def _assign(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Name):
            self._set(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
            for part, one in zip(target.elts, values, strict=False):
                self._assign(part, one)

    def _set(self, name: str, meaning: Meaning) -> None:
        # `f = decorate(f)`: what f was before is a part of what it is.
        wraps = isinstance(meaning, ast.expr) and name in loaded(meaning)
        before = self.known.get(name, []) if wraps else []
        self.known[name] = [*before[-FOLLOWED:], meaning]


def loaded(node: ast.AST) -> set[str]:
    """The names that a piece of code reads."""
    parts = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return {part.id for part in parts if isinstance(part.ctx, ast.Load)}


def _joined(holder: str, name: str) -> str:
    return f"{holder}.{name}" if holder and name else ""


def _text(node: ast.AST) -> str:
    """A text that stands in the source, also in two halves."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
    return ""


def _statements(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Statements in their order, those inside if, for, with and try too."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in reversed(BLOCKS):
                inner = getattr(node, block, None)
                waiting += reversed(inner if isinstance(inner, list) else [])


@lru_cache(maxsize=4)
def parsed(program: Program) -> tuple[list[ast.stmt], ...]:
    """The statements of each cell; none for one that is no Python."""
    return tuple(_body(cell.source) for cell in program.cells)


@lru_cache(maxsize=256)  # most cells are as they were released, in every notebook
def _body(source: str) -> list[ast.stmt]:
    for text in (source, MAGIC.sub(r"\1pass", source)):
        try:
            return ast.parse(text).body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
    return []


def defined(program: Program) -> list[str]:
    """The functions and classes that the cells define at their top level."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    nodes = (node for body in parsed(program) for node in body)
    return [node.name for node in nodes if isinstance(node, kinds)]
