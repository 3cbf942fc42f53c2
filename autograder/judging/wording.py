"""Sentences for trouble that is not about mathematics."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

from convnets.compare import Difference

if TYPE_CHECKING:
    from autograder.judging.asking import Outcome


def guarded_message(difference: Difference, public: bool) -> str:
    """What a failing case says that no input could shape: whether the call ended."""
    match difference.kind:
        case "timeout":
            return difference.sentence
        case "missing":
            return "There is no function or class of this name to call."
        case "memory":
            return "The call ran out of memory."
        case "died":
            return "The Python process ended during the call."
        case _:
            return "Not passed." if public else "Not passed. Its numbers stay hidden."


def too_slow(seconds: float, reference: float | None) -> str:
    """A call that was stopped. reference: seconds that ours took, if known;
    said as a bound, since it is another number on every machine.
    """
    bounds = (bound for bound in (0.01, 0.1, 1.0) if bound > (reference or 0.0))
    ours = next(bounds, None)
    compared = (
        f"; the reference needs less than {ours:g} s" if reference and ours else ""
    )
    return (
        f"The call took too long: it was stopped after {seconds:g} s{compared}. "
        "Is there a loop without an end, or one over pixels that could be an array "
        "operation?"
    )


def name_trouble(name: str, others: Sequence[str]) -> str:
    """The function is nowhere to be found, though its cell ran.

    others: what the student's cells define instead.
    """
    lowered = {other.lower(): other for other in others}
    close = get_close_matches(name.lower(), lowered, 1)
    hint = "Was it renamed, deleted, or overwritten?"
    if close:
        hint = f"They define `{lowered[close[0]]}`: was it renamed?"
    if name in others:
        hint = "It is defined, but overwritten with something else afterwards."
    return (
        f"After your cells ran there was nothing called `{name}` that can be called. "
        f"{hint} Define `{name}` in its cell, with the signature that was given."
    )


def cell_trouble(name: str, outcomes: Sequence[Outcome]) -> str:
    """Why a name is missing: its own cell first, then any other that failed."""
    own = [o for o in outcomes if o.id == name and o.kind != "ok"]
    for outcome in own:
        return _sentence(f"The cell of `{name}`", outcome)
    for outcome in outcomes:
        if outcome.kind in ("timeout", "memory", "died"):
            return _sentence("A cell of your notebook", outcome)
    return ""


def _sentence(subject: str, outcome: Outcome) -> str:
    line = f" in line {outcome.line}, `{outcome.source}`" if outcome.line else ""
    message = f": {outcome.message}" if outcome.message else ""
    match outcome.kind:
        case "syntax":
            return f"{subject} is not valid Python{line}: {outcome.message}."
        case "raised":
            return f"{subject} stopped with {outcome.error}{message}{line}."
        case "timeout":
            return (
                f"{subject} did not end in time, so what follows could not run. "
                "Is there a loop without an end, or long work outside a function?"
            )
        case "memory":
            return f"{subject} ran out of memory, so what follows could not run."
        case "died":
            return (
                f"{subject} ended the Python process (exit, or a crash), so what "
                "follows could not run."
            )
        case _:
            return f"{subject} did not run."
