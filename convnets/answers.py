"""How an exercise is called, and what came of it.

The same `invoke` runs on a student's object in the notebook, on a student's
object inside the grader's sandbox, and on the reference outside it.
"""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from convnets.functions import FUNCTIONS
from convnets.values import decode, encode

PRINTED = 2000  # characters of output that an answer keeps
SAID = 500  # characters of an exception's message that an answer keeps


@dataclass(frozen=True)
class Call:
    """One call of an exercise: which caller, and what it is given.

    For caller "function", `args` are positional and `kwargs` by name.
    The other callers say in their docstrings what they take.
    watch: report the torch operations that run, in `Answer.used`.
    """

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    caller: str = "function"
    watch: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of a call.

    kind is one of
      returned   value holds the result
      raised     error, bases, message, line and source say what and where
      missing    no such name, or not something that can be called
      timeout    the clock ran out           (said by the supervisor)
      memory     the memory ran out
      died       the process ended           (said by the supervisor)
      malformed  what came was no answer     (said by the supervisor)
    used: the torch operations that ran, where the call was watched.
    """

    kind: str
    value: Any = None
    error: str = ""
    bases: tuple[str, ...] = ()
    message: str = ""
    line: int | None = None
    source: str = ""
    changed: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0
    used: tuple[str, ...] = ()


def call_function(exercise: Callable[..., Any], call: Call) -> Any:
    """exercise(*args, **kwargs)"""
    return exercise(*call.args, **call.kwargs)


def call_with_function(exercise: Callable[..., Any], call: Call) -> Any:
    """exercise(f, *args, **kwargs); the first of call.args is the name of f in
    `convnets.functions`.
    """
    name, *args = call.args
    return exercise(FUNCTIONS[name], *args, **call.kwargs)


def _caller(name: str) -> Callable[[Callable[..., Any], Call], Any]:
    if name == "function":
        return call_function
    if name == "with function":
        return call_with_function
    # Late, as in `invoke`: they need torch, which takes seconds to import.
    from convnets.callers import CALLERS

    return CALLERS[name]


def invoke(exercise: Any, call: Call, names: tuple[str, ...] = ()) -> Answer:
    """Call an exercise and report what came of it; never raises an Exception.

    `names` names the positional arguments, for `Answer.changed`.
    """
    if not callable(exercise):
        return Answer("missing")
    if not call.watch:
        return _invoke(exercise, call, names)
    from convnets.watch import Watch

    with Watch() as watch:
        answer = _invoke(exercise, call, names)
    return replace(answer, used=watch.used)


def _invoke(exercise: Callable[..., Any], call: Call, names: tuple[str, ...]) -> Answer:
    before = encode((call.args, dict(call.kwargs)))
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            value = _caller(call.caller)(exercise, call)
    except MemoryError:
        return Answer("memory", printed=_head(printed))
    except Exception as error:
        return _raised(error, _head(printed))
    changed = _changed(before, call, names)
    return Answer("returned", value, changed=changed, printed=_head(printed))


def invoke_here(exercise: Any, call: Call, names: tuple[str, ...] = ()) -> Answer:
    """As `invoke`, with a private copy of the arguments, and a value that is
    what it would be after travelling: exact base classes, nothing shared.
    """
    args, kwargs = decode(*encode((call.args, dict(call.kwargs))))
    answer = invoke(exercise, replace(call, args=args, kwargs=kwargs), names)
    return replace(answer, value=decode(*encode(answer.value)))


def _head(printed: io.StringIO) -> str:
    return printed.getvalue()[:PRINTED]


def _raised(error: Exception, printed: str) -> Answer:
    # The last frame that lies in a notebook cell or a student's file; the
    # frames of NumPy and torch below it would not help.
    line, source = None, ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(("<cell", "<file")) or "ipykernel" in (
            frame.filename
        ):
            line, source = frame.lineno, (frame.line or "").strip()
    try:
        message = str(error)[:SAID]
    except Exception:
        message = "(the exception's own message could not be read)"
    bases = tuple(kind.__name__ for kind in type(error).__mro__)
    return Answer(
        "raised",
        error=type(error).__name__,
        bases=bases,
        message=message,
        line=line,
        source=source,
        printed=printed,
    )


def _changed(before: Any, call: Call, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the arguments that are not what they were."""
    document, arrays = before
    after, after_arrays = encode((call.args, dict(call.kwargs)))
    if document == after and all(map(_same, arrays, after_arrays)):
        return ()
    old_args, old_kwargs = decode(document, arrays)
    positional = [
        names[i] if i < len(names) else f"argument {i + 1}"
        for i, (old, new) in enumerate(zip(old_args, call.args, strict=True))
        if not _equal(old, new)
    ]
    by_name = [k for k, old in old_kwargs.items() if not _equal(old, call.kwargs[k])]
    return tuple(positional + by_name)


def _equal(a: Any, b: Any) -> bool:
    (a, a_arrays), (b, b_arrays) = encode(a), encode(b)
    return bool(a == b) and all(map(_same, a_arrays, b_arrays))


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
