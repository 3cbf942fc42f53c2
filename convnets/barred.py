"""Operations that an exercise does not accept: found in names, said to a student."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase


def first_match(names: Iterable[str], patterns: Sequence[str]) -> str:
    """The first of the names that fits a pattern with `*` and `?`, or ""."""
    fitting = (n for n in names if any(fnmatchcase(n, p) for p in patterns))
    return next(fitting, "")


def sentence(name: str, says: str, evidence: str) -> str:
    """What a student is told who used what the exercise is about."""
    return (
        f"`{name}` uses {says} ({evidence}). This exercise is about writing it, so "
        "it earns no points. To compare with the library, call it in a cell of "
        "your own."
    )
