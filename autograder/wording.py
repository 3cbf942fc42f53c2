"""Sentences for trouble that is not about mathematics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convnets.compare import Difference

if TYPE_CHECKING:
    from autograder.referee import Outcome


def hidden_message(difference: Difference) -> str:
    """What a failing hidden case says: nothing that its input could shape,
    beyond whether the call ended.
    """
    if difference.kind in ("timeout", "memory", "died"):
        return {
            "timeout": "The call took too long.",
            "memory": "The call ran out of memory.",
            "died": "The Python process ended during the call.",
        }[difference.kind]
    return "Not passed. Its numbers stay hidden."


def name_trouble(name: str) -> str:
    """The function is nowhere to be found, though its cell ran."""
    return (
        f"After your cells ran there was nothing called `{name}` that can be called. "
        f"Was it renamed, deleted, or overwritten? Define `{name}` in its cell, with "
        "the signature that was given."
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
