"""Asking a submission: how an exercise's function is called, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from autograder import sandbox
from autograder.judging.cases import DrawnCase, argument_names
from autograder.judging.wording import too_slow
from autograder.model import Exercise
from autograder.sandbox.program import Program
from convnets.answers import Answer, Call
from convnets.compare import Rules


class Outcome(Protocol):
    """What came of one cell of a submission."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def error(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def line(self) -> int | None: ...
    @property
    def source(self) -> str: ...


class Session(Protocol):
    """Answers calls of a submission's functions."""

    @property
    def outcomes(self) -> Sequence[Outcome]: ...

    def call(
        self, name: str, call: Call, *, seconds: float, names: tuple[str, ...] = ()
    ) -> Answer: ...


Pair = tuple[DrawnCase, Answer]


def ask(
    exercise: Exercise, session: Session, call: Call, reference: float | None = None
) -> Answer:
    """Call the student's function; reference: how long ours takes, in seconds."""
    watched = replace(call, watch=bool(exercise.forbidden))
    seconds, names = exercise.seconds, argument_names(exercise)
    answer = session.call(exercise.name, watched, seconds=seconds, names=names)
    if answer.kind == "timeout":
        return replace(answer, message=too_slow(seconds, reference))
    return answer


def rules(exercise: Exercise, drawn: DrawnCase | None = None) -> Rules:
    """How strictly the answers to a case, or to any other call, are compared."""
    any_dtype = drawn is not None and drawn.case.any_dtype
    goal = drawn.case.goal if drawn is not None else None
    measure, least = (goal.measure, goal.least) if goal else ("", 0.0)
    return Rules(exercise.rtol, any_dtype, exercise.results, measure, least)


def program_of(session: Session) -> Program | None:
    """What a sandboxed session runs; a function of ours has no cells."""
    return session.program if isinstance(session, sandbox.Session) else None


@contextmanager
def unspoilt(session: Session) -> Iterator[Session]:
    """The same program in a child that met no hidden input.

    A submission may keep what it is given. What a student is shown therefore
    comes from here, and hidden inputs never go here. A function of ours keeps
    nothing.
    """
    if not isinstance(session, sandbox.Session):
        yield session
        return
    with session.again() as fresh:
        yield fresh
