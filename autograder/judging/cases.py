"""From a case's description to a call with numbers in it.

Hidden numbers come from the secret seed, once per exercise version; public
ones from a seed that is no secret, because they are shipped.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import SetUpError
from autograder.model import Case, Drawn, Exercise
from convnets.answers import Answer, Call, invoke_here

SEED_FILE = "COURSE_SEED_FILE"  # environment variable: path of the secret seed
DEVELOPMENT = b"development: no secret"
PUBLIC = b"public"


@dataclass(frozen=True)
class DrawnCase:
    """A case with its numbers, and what the reference answers.

    Of a case with a goal, `expected` holds the targets instead.
    """

    case: Case
    call: Call
    expected: Answer


def secret_seed(path: Path | None = None) -> bytes:
    """The instructor's seed; a fixed one for development if none is named.

    The file is named by `path` or by the environment variable
    COURSE_SEED_FILE. Raises SetUpError if it is named but cannot be used.
    """
    named = path or os.environ.get(SEED_FILE)
    if not named:
        return DEVELOPMENT
    try:
        seed = Path(named).read_bytes().strip()
    except OSError as error:
        raise SetUpError(
            f"Reading the secret seed: {named} could not be read "
            f"({error.strerror}). Make one with `openssl rand -hex 32 > FILE`, "
            f"outside the repository, and name it in {SEED_FILE}."
        ) from None
    if len(seed) < 16:
        raise SetUpError(
            f"Reading the secret seed: {named} holds {len(seed)} bytes, at least "
            "16 are needed. Make one with `openssl rand -hex 32 > FILE`."
        )
    return seed


def _rng(*parts: bytes | str) -> np.random.Generator:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(4, "little") + data)
    return np.random.default_rng(int.from_bytes(digest.digest(), "little"))


def _rng_of(case: Case, exercise: str, seed: bytes) -> np.random.Generator:
    return _rng(PUBLIC if case.public else seed, exercise, case.group, case.label)


def draw(case: Case, exercise: str, seed: bytes) -> Call:
    """The call of a case with every `Drawn` argument drawn, in order."""
    rng = _rng_of(case, exercise, seed)
    if case.goal:
        return Call(case.goal.draw(rng)[0], caller=case.call.caller)

    def fill(value: Any) -> Any:
        if isinstance(value, Drawn):
            return value.draw(rng)
        if isinstance(value, tuple | list):
            return type(value)(fill(item) for item in value)
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        return value.copy() if isinstance(value, np.ndarray) else value

    args = tuple(fill(value) for value in case.call.args)
    kwargs = {key: fill(value) for key, value in case.call.kwargs.items()}
    return Call(args, kwargs, case.call.caller)


@cache
def drawn_cases(exercise: Exercise, seed: bytes) -> tuple[DrawnCase, ...]:
    """Every case of an exercise with its numbers and the reference's answer.

    Kept for as long as the process lives: every submission meets the same.
    """
    drawn = []
    for case in exercise.cases:
        call = draw(case, exercise.name, seed)
        if case.goal:
            targets = case.goal.draw(_rng_of(case, exercise.name, seed))[1]
            drawn.append(DrawnCase(case, call, Answer("returned", targets)))
            continue
        began = time.perf_counter()
        answer = invoke_here(exercise.reference, call)
        took = time.perf_counter() - began
        drawn.append(DrawnCase(case, call, replace(answer, seconds=took)))
    return tuple(drawn)


def public_cases(exercise: Exercise) -> dict[str, Any]:
    """What ships to students: the public cases with their answers.

    Numbers and labels only; see `convnets.practice` for the reader.
    """
    cases = [d for d in drawn_cases(exercise, PUBLIC) if d.case.public]
    return {
        "name": exercise.name,
        "names": list(argument_names(exercise)),
        "results": list(exercise.results),
        "image": exercise.image,
        "rtol": dict(exercise.rtol),
        "forbidden": [asdict(rule) for rule in exercise.forbidden],
        "cases": [
            {
                "label": d.case.label,
                "group": d.case.group,
                "caller": d.call.caller,
                "args": list(d.call.args),
                "kwargs": dict(d.call.kwargs),
                "any_dtype": d.case.any_dtype,
                "measure": d.case.goal.measure if d.case.goal else "",
                "least": d.case.goal.least if d.case.goal else 0.0,
                "value": d.expected.value,
                "error": d.expected.error,
                "message": d.expected.message,
            }
            for d in cases
        ],
    }


def argument_names(exercise: Exercise) -> tuple[str, ...]:
    """The names of an exercise's parameters, in order."""
    if isinstance(exercise.reference, type):
        return ("init", "weights", "inputs", "dy")
    return tuple(inspect.signature(exercise.reference).parameters)
