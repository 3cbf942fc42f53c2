"""Objections to cases on which a wrong answer could equal the right one.

What can be computed of the course's list of degenerate inputs. A case that is
meant so carries its reason in `exempt`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.judging.cases import DrawnCase, argument_names, drawn_cases
from autograder.model import Exercise


def objections(exercise: Exercise, seed: bytes) -> list[tuple[str, str]]:
    """Label and reason, for every case that may be blind."""
    found = []
    for drawn in drawn_cases(exercise, seed):
        compared = drawn.case.goal is None and not drawn.case.exempt
        if drawn.expected.kind == "returned" and compared:
            arguments = _named(exercise, drawn)
            reasons = _objections(arguments, drawn.expected.value)
            found += [(drawn.case.label, why) for why in reasons]
    return found + _of_all(exercise, seed)


def _named(exercise: Exercise, drawn: DrawnCase) -> dict[str, Any]:
    if drawn.call.caller == "module":
        init, weights, inputs, _ = drawn.call.args
        named = {f"x{i or ''}": value for i, value in enumerate(inputs)}
        return {**dict(weights or {}), **named, **init}
    names = argument_names(exercise)
    return {**dict(zip(names, drawn.call.args, strict=False)), **drawn.call.kwargs}


def _objections(arguments: dict[str, Any], y: Any) -> Iterator[str]:
    arrays = {k: v for k, v in arguments.items() if isinstance(v, np.ndarray)}
    for name, array in arrays.items():
        yield from _array_objections(name, array)
    if "b" in arrays and isinstance(y, np.ndarray) and y.shape[-1] == len(arrays["b"]):
        yield "as many kernels as output columns: a bias on the wrong axis fits"
    if arguments.get("p") == 0.5:
        yield "p = 0.5: keeping and dropping look alike"


def _array_objections(name: str, array: np.ndarray) -> Iterator[str]:
    if array.ndim == 4 and min(array.shape[2:]) > 1:
        if array.shape[2] == array.shape[3] and name in ("x", "w"):
            yield f"{name} is square: exchanged axes do not show"
        if array.shape[2:] != (1, 1) and _symmetric(array):
            yield f"{name} is symmetric: a flip does not show"
    if array.size > 1 and array.min() == array.max():
        yield f"{name} is constant"


def _symmetric(array: np.ndarray) -> bool:
    return bool(np.array_equal(array, array[:, :, ::-1, ::-1]))


def _of_all(exercise: Exercise, seed: bytes) -> list[tuple[str, str]]:
    """What the suite as a whole has to hold: each option away from its default."""
    drawn = [d for d in drawn_cases(exercise, seed) if d.expected.kind == "returned"]
    found = []
    for option in ("stride", "padding", "dilation"):
        values = [_named(exercise, d).get(option) for d in drawn]
        pairs = [v for v in values if isinstance(v, tuple | list) and v[0] != v[1]]
        if not pairs and _takes_pairs(exercise, option):
            found.append(("all cases", f"no {option} with two different entries"))
    return found


def _takes_pairs(exercise: Exercise, option: str) -> bool:
    text = exercise.reference.__doc__ or ""
    return option in text and "pair" in text
