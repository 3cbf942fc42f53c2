"""Every small change to a reference's answer that a slip could make.

Operators, numbers, comparisons and loops are changed by cosmic-ray's operators;
arguments, axes, keywords, slices and statements by the ones below, because
cosmic-ray has none for them. Only what students write is changed: the lines
between the solution markers.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

from autograder.publishing.stub import BEGIN, END

_BINARY = "Add_Sub Add_Mul Sub_Add Sub_Mul Mul_Add Mul_FloorDiv Div_Mul FloorDiv_Div "
_BINARY += "FloorDiv_Mul FloorDiv_Mod Mod_FloorDiv Mod_Mul Pow_Mul BitAnd_BitOr"
_COMPARISONS = "Eq NotEq Lt LtE Gt GtE".split()
OPERATORS = (
    [f"ReplaceBinaryOperator_{pair}" for pair in _BINARY.split()]
    + [
        f"ReplaceComparisonOperator_{a}_{b}"
        for a in _COMPARISONS
        for b in _COMPARISONS
        if a != b
    ]
    + "NumberReplacer ReplaceUnaryOperator_Delete_USub AddNot".split()
    + "ReplaceAndWithOr ReplaceOrWithAnd ReplaceTrueWithFalse".split()
    + "ReplaceFalseWithTrue ZeroIterationForLoop ReplaceBreakWithContinue".split()
)


@dataclass(frozen=True)
class Mutant:
    """A changed reference. change: `old line => new line`, which names it."""

    change: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All mutants of a function's or class's source, each change once.

    Raises ValueError if the source has no solution markers.
    """
    if BEGIN not in source:
        raise ValueError("there are no solution markers in the source")
    plain = ast.unparse(ast.parse(source))
    found: dict[str, str] = {}
    for changed in [*_by_cosmic_ray(source), *_by_hand(source)]:
        text = ast.unparse(ast.parse(changed))
        if text != plain:
            found.setdefault(_change(plain, text), text)
    return [Mutant(change, text) for change, text in found.items()]


def _change(before: str, after: str) -> str:
    old, new = before.splitlines(), after.splitlines()
    start = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    ends = zip(old[: start - 1 : -1], new[: start - 1 : -1], strict=False)
    same = next((i for i, (a, b) in enumerate(ends) if a != b), 0)
    removed = " / ".join(line.strip() for line in old[start : len(old) - same])
    added = " / ".join(line.strip() for line in new[start : len(new) - same])
    return f"line {start + 1}: {removed} => {added}"


def _answer_lines(source: str) -> set[int]:
    """Numbers of the lines between the markers, from 1."""
    inside, lines = False, set()
    for number, line in enumerate(source.splitlines(), 1):
        if END in line:
            inside = False
        if inside:
            lines.add(number)
        inside = inside or BEGIN in line
    return lines


def _by_cosmic_ray(source: str) -> Iterator[str]:
    answer = _answer_lines(source)
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for occurrence in range(1000):
            changed = mutate_code(source, operator, occurrence)
            if changed is None:
                break
            pairs = zip(source.splitlines(), changed.splitlines(), strict=False)
            where = [i for i, (a, b) in enumerate(pairs, 1) if a != b]
            if where and where[0] in answer and _is_python(changed):
                yield changed


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


# ---- our own: each yields ways to change a node in place --------------------

Change = Callable[[ast.AST], Iterator[Callable[[], object]]]


def _arguments(node: ast.AST) -> Iterator[Callable[[], object]]:
    """Neighbouring arguments exchanged; a keyword left out."""
    if isinstance(node, ast.Call):
        for i in range(len(node.args) - 1):
            yield partial(_swap, node.args, i)
        for i in range(len(node.keywords)):
            yield partial(node.keywords.pop, i)


def _axes(node: ast.AST) -> Iterator[Callable[[], object]]:
    """Neighbours in a tuple exchanged: axes, shapes, results."""
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        for i in range(len(node.elts) - 1):
            yield partial(_swap, node.elts, i)


def _swap(items: list[ast.expr], i: int) -> None:
    items[i], items[i + 1] = items[i + 1], items[i]


def _slices(node: ast.AST) -> Iterator[Callable[[], object]]:
    """A slice without its start, end or step."""
    if isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part) is not None:
                yield partial(setattr, node, part, None)


def _letters(node: ast.AST) -> Iterator[Callable[[], object]]:
    """Neighbouring letters of an einsum exchanged."""
    if isinstance(node, ast.Constant) and "->" in str(node.value):
        text = str(node.value)
        for match in re.finditer(r"(?=([a-z])([a-z]))", text):
            i = match.start()
            other = text[:i] + text[i + 1] + text[i] + text[i + 2 :]
            yield partial(setattr, node, "value", other)


CHANGES: tuple[Change, ...] = (_arguments, _axes, _slices, _letters)


def _statements(body: list[ast.stmt], i: int) -> Iterator[Callable[[], object]]:
    """A statement removed; `=` for `+=`."""
    statement = body[i]
    if isinstance(statement, ast.AugAssign):
        plain = ast.Assign([statement.target], statement.value, lineno=statement.lineno)
        yield lambda: body.__setitem__(i, plain)
    if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.If):
        yield lambda: body.__setitem__(i, ast.Pass(lineno=statement.lineno))


def _unwrapped(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """A method call left out: `y.astype(t)` becomes `y`; a choice made."""
    for name, child in ast.iter_fields(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute):
            inner = child.func.value
            if not isinstance(inner, ast.Name) or child.func.attr in METHODS:
                yield name, inner
        if isinstance(child, ast.IfExp):
            yield name, child.body
            yield name, child.orelse


METHODS = frozenset(
    "astype copy reshape transpose swapaxes sum mean ravel flatten view detach".split()
)


def _by_hand(source: str) -> Iterator[str]:
    """Each change of each node that lies between the markers, one at a time."""
    answer, tree = _answer_lines(source), ast.parse(source)
    count = sum(1 for _ in _changes(tree, answer))
    for number in range(count):
        again = copy.deepcopy(tree)
        for i, change in enumerate(_changes(again, answer)):
            if i == number:
                change()
                yield ast.unparse(ast.fix_missing_locations(again))
                break


def _changes(tree: ast.AST, answer: set[int]) -> Iterator[Callable[[], object]]:
    for node in list(ast.walk(tree)):
        for field in ("body", "orelse"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                for i, statement in enumerate(body):
                    if statement.lineno in answer:
                        yield from _statements(body, i)
        if getattr(node, "lineno", 0) in answer:
            for change in CHANGES:
                yield from change(node)
            for name, value in list(_unwrapped(node)):
                yield partial(setattr, node, name, value)
