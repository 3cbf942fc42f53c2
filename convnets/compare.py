"""Expected against received: the first thing that differs, in words.

Order: did it return at all, type, shape, dtype, finiteness, values, and last
whether an argument was changed. Each has a message of its own, because each
sends the student to another place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convnets import measures
from convnets.answers import Answer
from convnets.tensors import is_tensor
from convnets.values import Opaque

# From torch.testing.assert_close's table; `_tolerance` scales the absolute part
# with the largest expected number. float64 is stricter than there, so that an
# answer that computed in float32 inside is told from one that did not.
RTOL = {"float64": 1e-9, "float32": 1.3e-6, "float16": 1e-3}
ATOL = {"float64": 1e-10, "float32": 1e-5, "float16": 1e-3}


@dataclass(frozen=True)
class Difference:
    """What differs first. `kind` is for machines, `sentence` for students.

    expected, received: the two sides of the part that differs, where both
    are values; where: the name of that part ("" for the whole result);
    index: the first differing entry; wrong, total: how many entries differ.
    """

    kind: str
    sentence: str
    where: str = ""
    expected: Any = None
    received: Any = None
    index: tuple[int, ...] | None = None
    wrong: int = 0
    total: int = 0


@dataclass(frozen=True)
class Rules:
    """How strict a comparison is, and what the parts of a result are called.

    measure, least: where what is expected are the targets of a trained
    network, how its output is measured and what it must reach.
    """

    rtol: Mapping[str, float] | None = None
    any_dtype: bool = False
    results: Sequence[str] = ()
    measure: str = ""
    least: float = 0.0


def compare(
    expected: Answer, received: Answer, rules: Rules | None = None
) -> Difference | None:
    """The first difference between two answers, or None if there is none."""
    rules = rules or Rules()
    if received.kind not in ("returned", "raised"):
        return _no_answer(received)
    if expected.kind == "raised":
        return _error_wanted(expected, received)
    if received.kind == "raised":
        return Difference("raised", _raised(received))
    if received.value is None and expected.value is not None:
        return Difference("none", _returned_none(received))
    if rules.measure:
        found = _measured(expected.value, received.value, rules)
    else:
        found = _values(expected.value, received.value, "", rules)
    if found is None and received.changed:
        names = " and ".join(received.changed)
        return Difference(
            "changed",
            f"The result is right, but the call changed its argument {names}. "
            "Work on a copy: the caller still needs the original.",
        )
    return found


# ---- no value to look at ---------------------------------------------------


def _no_answer(received: Answer) -> Difference:
    why = f": {received.message}" if received.message else ""
    sentences = {
        "missing": "There is no function or class of this name to call.",
        "timeout": received.message or "The call took too long.",
        "memory": "The call ran out of memory.",
        "died": f"The Python process ended during the call{why}.",
        "malformed": "The call ended without a result that can be read.",
    }
    sentence = sentences.get(received.kind, "The call was not made.")
    return Difference(received.kind, sentence)


def _error_wanted(expected: Answer, received: Answer) -> Difference | None:
    wanted = f"{_article(expected.error)} {expected.error} was expected"
    if received.kind == "raised":
        if expected.error in received.bases:
            return None
        return Difference(
            "wrong error",
            f"{wanted}, because the arguments do not fit ({expected.message}); "
            f"what came was {_said(received)}.",
        )
    return Difference(
        "no error",
        f"{wanted}, because the arguments do not fit ({expected.message}); "
        "the call returned a result.",
        expected=expected.error,
        received=received.value,
    )


def _article(word: str) -> str:
    return "An" if word[:1] in "AEIOU" else "A"


def _said(received: Answer) -> str:
    message = f": {received.message.rstrip('.')}" if received.message else ""
    return f"{received.error}{message}"


def _raised(received: Answer) -> str:
    if "NotImplementedError" in received.bases:
        return (
            "NotImplementedError: this is still the stub, or a part of it is left. "
            "Write your answer and delete the line that raises."
        )
    where = f" in line {received.line}, `{received.source}`" if received.line else ""
    hint = ""
    if received.error == "TypeError" and "argument" in received.message:
        hint = " Does the signature still look as it was given?"
    if received.error == "RecursionError":
        hint = " The function calls itself without an end."
    return f"The call raised {_said(received)}{where}.{hint}"


def _returned_none(received: Answer) -> str:
    if received.printed.strip():
        return (
            "The call returned None, and printed instead. Use `return`: "
            "what is printed cannot be used by the caller."
        )
    return "The call returned None. Is there a `return` on every way through?"


# ---- a trained network -----------------------------------------------------


def _measured(targets: Any, output: Any, rules: Rules) -> Difference | None:
    try:
        reached = measures.reached(rules.measure, output, targets)
    except ValueError as error:
        return Difference("structure", f"{error}.")
    if reached >= rules.least:
        return None
    return Difference(
        "measure",
        f"The network's {rules.measure} on inputs that it was not trained on is "
        f"{reached:.2f}; at least {rules.least:.2f} was expected.",
        "",
        f"{rules.measure} of at least {rules.least:.2f}",
        f"{rules.measure} {reached:.2f}",
    )


# ---- values ----------------------------------------------------------------


def _values(
    expected: Any, received: Any, where: str, rules: Rules
) -> Difference | None:
    if isinstance(expected, np.ndarray):
        return _arrays(expected, received, where, rules)
    if is_tensor(expected):
        if not is_tensor(received):
            return _wrong_type(expected, received, where)
        return _arrays(expected.numpy(), received.numpy(), where, rules)
    if isinstance(expected, tuple | list):
        return _sequences(expected, received, where, rules)
    if isinstance(expected, dict):
        return _mappings(expected, received, where, rules)
    return _scalars(expected, received, where, rules)


def _sequences(
    expected: Any, received: Any, where: str, rules: Rules
) -> Difference | None:
    if not isinstance(received, tuple | list):
        return _wrong_type(expected, received, where)
    if len(expected) != len(received):
        names = ", ".join(rules.results) or f"{len(expected)} results"
        return Difference(
            "structure",
            f"{_the(where)} has {len(received)} entries; "
            f"{len(expected)} ({names}) were expected.",
            where,
            expected,
            received,
        )
    for i, (e, r) in enumerate(zip(expected, received, strict=True)):
        named = not where and i < len(rules.results)
        part = rules.results[i] if named else f"{where}[{i}]"
        if found := _values(e, r, part, rules):
            return found
    return None


def _mappings(
    expected: dict[str, Any], received: Any, where: str, rules: Rules
) -> Difference | None:
    if not isinstance(received, dict):
        return _wrong_type(expected, received, where)
    missing = [key for key in expected if key not in received]
    extra = [key for key in received if key not in expected]
    if missing or extra:
        parts = [f"lacks {', '.join(missing)}"] * bool(missing)
        parts += [f"has {', '.join(extra)}, which was not asked for"] * bool(extra)
        return Difference(
            "structure",
            f"{_the(where)} {' and '.join(parts)}.",
            where,
            list(expected),
            list(received),
        )
    for key, value in expected.items():
        part = f"{where}.{key}" if where else key
        if found := _values(value, received[key], part, rules):
            return found
    return None


def _scalars(
    expected: Any, received: Any, where: str, rules: Rules
) -> Difference | None:
    received = received.item() if isinstance(received, np.generic) else received
    expected = expected.item() if isinstance(expected, np.generic) else expected
    if expected is None or isinstance(expected, str | bool):
        same_type = type(received) is type(expected)
    elif isinstance(expected, int):
        same_type = type(received) is int
    else:
        same_type = type(received) in (int, float)
    if not same_type:
        return _wrong_type(expected, received, where)
    if isinstance(expected, float):
        rtol, atol = _tolerance(np.asarray(expected, np.float64), rules)
        same = bool(np.isclose(received, expected, rtol, atol, equal_nan=True))
    else:
        same = received == expected
    if same:
        return None
    return Difference(
        "value",
        f"{_the(where)} is {received!r}; {expected!r} was expected.",
        where,
        expected,
        received,
    )


def _arrays(
    expected: np.ndarray, received: Any, where: str, rules: Rules
) -> Difference | None:
    if not isinstance(received, np.ndarray):
        return _wrong_type(expected, received, where)
    if received.shape != expected.shape:
        return Difference("shape", _shapes(expected, received, where), where,
                          expected, received)  # fmt: skip
    if received.dtype != expected.dtype and not rules.any_dtype:
        return Difference(
            "dtype",
            f"{_the(where)} has dtype {received.dtype}; {expected.dtype} was expected.",
            where,
            expected,
            received,
        )
    return _entries(expected, received, where, rules)


def _shapes(expected: np.ndarray, received: np.ndarray, where: str) -> str:
    hint = ""
    if received.ndim != expected.ndim:
        hint = f" That is {received.ndim} axes instead of {expected.ndim}."
    elif sorted(received.shape) == sorted(expected.shape):
        hint = " The sizes are right but stand in another order."
    return (
        f"{_the(where)} has shape {received.shape}; "
        f"{expected.shape} was expected.{hint}"
    )


def _entries(
    expected: np.ndarray, received: np.ndarray, where: str, rules: Rules
) -> Difference | None:
    rtol, atol = _tolerance(expected, rules)
    with np.errstate(all="ignore"):
        same = np.isclose(received, expected, rtol, atol, equal_nan=True)
    if same.all():
        return None
    index = tuple(int(i) for i in np.argwhere(~same)[0])
    wrong, total = int((~same).sum()), same.size
    finite = np.isfinite(received).all() or not np.isfinite(expected).all()
    kind = "value" if finite else "finite"
    spot = f" at [{', '.join(map(str, index))}]" if index else ""
    came, wanted = _number(received[index]), _number(expected[index])
    if came == wanted:
        came, wanted = repr(received[index].item()), repr(expected[index].item())
    first = f"{came} stands{spot}, {wanted} was expected{_rounding(expected, received)}"
    count = (
        "The only entry differs" if total == 1 else f"{wrong} of {total} entries differ"
    )
    place = f" in {_spoken(where)}" if where else ""
    return Difference(kind, f"{count}{place}: {first}.", where, expected, received,
                      index, wrong, total)  # fmt: skip


def _rounding(expected: np.ndarray, received: np.ndarray) -> str:
    """A hint where the error is of the size that float32 makes."""
    if expected.dtype != np.float64 or not np.isfinite(expected).all():
        return ""
    scale = np.abs(expected).max(initial=0)
    small = 0 < np.abs(received - expected).max() <= 1e-6 * scale
    return "; so small an error comes from computing in float32" if small else ""


def _tolerance(expected: np.ndarray, rules: Rules) -> tuple[float, float]:
    name = expected.dtype.name
    loose = (rules.rtol or {}).get(name)
    rtol = loose if loose is not None else RTOL.get(name, 0.0)
    atol = loose if loose is not None else ATOL.get(name, 0.0)
    # Rounding errors of a sum grow with its terms, also where the sum is small.
    finite = expected[np.isfinite(expected)] if atol else np.zeros(0)
    scale = float(np.abs(finite).max()) if finite.size else 1.0
    return rtol, atol * scale if scale else atol


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _the(where: str) -> str:
    spoken = _spoken(where) if where else "the result"
    return spoken[:1].upper() + spoken[1:] if spoken != where else where


# What `callers.call_module` calls the parts of a module's result, in words.
_PARTS = (
    (re.compile(r"output"), "the output"),
    (re.compile(r"output(.+)"), "the output {}"),
    (re.compile(r"d_inputs\[0\]"), "the gradient of the first input"),
    (re.compile(r"d_inputs\[1\]"), "the gradient of the second input"),
    (re.compile(r"d_parameters\.(.+)"), "the gradient of {}"),
    (re.compile(r"state\.(.+)"), "{} after the call"),
)


def _spoken(where: str) -> str:
    """The name of a part of a result as a sentence says it."""
    for pattern, words in _PARTS:
        if match := pattern.fullmatch(where):
            return words.format(*match.groups())
    return where


def _wrong_type(expected: Any, received: Any, where: str) -> Difference:
    came, wanted = _type(received), _type(expected)
    hint = ""
    if is_tensor(received) and isinstance(expected, np.ndarray):
        hint = " Convert it with .detach().numpy()."
    if isinstance(received, np.ndarray) and is_tensor(expected):
        hint = " Keep to torch operations, so that gradients can flow."
    return Difference(
        "type",
        f"{_the(where)} is {came}; {wanted} was expected.{hint}",
        where,
        expected,
        received,
    )


def _type(value: Any) -> str:
    if isinstance(value, Opaque):
        return f"of type {value.type_name}"
    if isinstance(value, np.ndarray):
        return "a NumPy array"
    if is_tensor(value):
        return "a torch tensor"
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{_article(name.capitalize()).lower()} {name}"
