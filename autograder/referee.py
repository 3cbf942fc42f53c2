"""From answers to verdicts.

The referee holds references and cases, and imports nothing of a student's. It
asks a session (a sandboxed child, or in `verify` a function of ours) for
answers, compares them with the reference's, and explains what differs on an
input that is no score case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from autograder import forbidden
from autograder.cases import DrawnCase, argument_names, drawn_cases
from autograder.counterexample import Counterexample, diagnose, smallest
from autograder.model import CaseVerdict, Exercise, Explanation, Verdict
from autograder.names import defined
from autograder.sandbox.program import Program
from autograder.wording import (
    cell_trouble,
    hidden_message,
    name_trouble,
    too_slow,
)
from convnets import show
from convnets.answers import Answer, Call
from convnets.compare import Difference, Rules, compare

TIMEOUTS = 2  # calls that may run out of time before the rest is given up
GIVEN_UP = Answer("timeout", message="Not tried: calls before it took too long.")


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


class Referee:
    """Judges submissions under one secret seed."""

    def __init__(self, seed: bytes, explain_seconds: float = 1.0) -> None:
        self.seed = seed
        self.explain_seconds = explain_seconds

    def judge(self, exercise: Exercise, session: Session) -> Verdict:
        """Grade one exercise of a submission."""
        drawn = drawn_cases(exercise, self.seed)
        program = _program(session)
        if program and (barred := forbidden.in_source(exercise, program)):
            return _nothing(exercise, drawn, barred)
        answers = self._answers(exercise, session, drawn)
        if barred := forbidden.in_answers(exercise, answers):
            return _nothing(exercise, drawn, barred)
        differences = [
            compare(d.expected, answer, rules(exercise, d))
            for d, answer in zip(drawn, answers, strict=True)
        ]
        verdicts = tuple(map(_case_verdict, drawn, differences))
        verdict = Verdict(
            exercise.name,
            _score(exercise, verdicts),
            exercise.points,
            verdicts,
            seconds=sum(answer.seconds for answer in answers),
        )
        if not any(differences):
            return verdict
        if trouble := _trouble(exercise, session, answers):
            return replace(verdict, trouble=trouble)
        pairs = list(zip(drawn, answers, strict=True))
        found = self._explain(exercise, session, pairs)
        return replace(verdict, explanation=found)

    def first_failure(self, exercise: Exercise, session: Session) -> str:
        """The label of the first case that fails, or nothing if all pass."""
        for drawn in drawn_cases(exercise, self.seed):
            answer = _ask(exercise, session, drawn.call)
            if compare(drawn.expected, answer, rules(exercise, drawn)):
                return drawn.case.label
        return ""

    def _answers(
        self, exercise: Exercise, session: Session, drawn: Sequence[DrawnCase]
    ) -> list[Answer]:
        answers: list[Answer] = []
        for case in drawn:
            late = sum(answer.kind == "timeout" for answer in answers)
            lost = answers and answers[0].kind == "missing"
            if lost or late >= TIMEOUTS:
                answers.append(answers[0] if lost else GIVEN_UP)
            else:
                reference = case.expected.seconds
                answers.append(_ask(exercise, session, case.call, reference))
        return answers

    def _explain(
        self, exercise: Exercise, session: Session, pairs: list[Pair]
    ) -> Explanation | None:
        def ask(call: Call) -> Answer:
            return _ask(exercise, session, call)

        found = None
        if not any(answer.kind == "timeout" for _, answer in pairs):
            found = smallest(
                exercise, ask, lambda call: _plain(exercise), self.explain_seconds
            )
        found = found or _public_counterexample(exercise, pairs)
        if found is None:
            return None
        evidence = [(d.call, answer, rules(exercise, d)) for d, answer in pairs]
        evidence.insert(0, (found.call, found.received, _plain(exercise)))
        says = tuple(
            mistake.says
            for mistake in diagnose(exercise, evidence, argument_names(exercise))
        )
        return explanation(exercise, found, says)


def rules(exercise: Exercise, drawn: DrawnCase) -> Rules:
    """How strictly the answers to a case are compared."""
    return Rules(exercise.rtol, drawn.case.any_dtype, exercise.results)


def _plain(exercise: Exercise) -> Rules:
    return Rules(exercise.rtol, False, exercise.results)


def _ask(
    exercise: Exercise, session: Session, call: Call, reference: float | None = None
) -> Answer:
    """Call the student's function; reference: how long ours takes, in seconds."""
    watched = replace(call, watch=bool(exercise.forbidden))
    seconds, names = exercise.seconds, argument_names(exercise)
    answer = session.call(exercise.name, watched, seconds=seconds, names=names)
    if answer.kind == "timeout":
        return replace(answer, message=too_slow(seconds, reference))
    return answer


def _program(session: Session) -> Program | None:
    """What a sandboxed session runs; a function of ours has no cells."""
    program = getattr(session, "_program", None)
    return program if isinstance(program, Program) else None


def _nothing(exercise: Exercise, drawn: Sequence[DrawnCase], why: str) -> Verdict:
    """No points, whatever the answers were."""
    cases = tuple(
        CaseVerdict(d.case.label, d.case.group, False, d.case.public, "Not counted.")
        for d in drawn
    )
    return Verdict(exercise.name, 0.0, exercise.points, cases, why)


def _case_verdict(drawn: DrawnCase, difference: Difference | None) -> CaseVerdict:
    case = drawn.case
    message = ""
    if difference is not None:
        message = difference.sentence if case.public else hidden_message(difference)
    return CaseVerdict(case.label, case.group, difference is None, case.public, message)


def _score(exercise: Exercise, verdicts: Sequence[CaseVerdict]) -> float:
    failed = {verdict.group for verdict in verdicts if not verdict.passed}
    return float(sum(g.points for g in exercise.groups if g.name not in failed))


def _trouble(exercise: Exercise, session: Session, answers: Sequence[Answer]) -> str:
    """One sentence if the answer could not be tried at all, else nothing."""
    answered = any(answer.kind in ("returned", "raised") for answer in answers)
    if not answered and (trouble := cell_trouble(exercise.name, session.outcomes)):
        return trouble
    if answers[0].kind == "missing":
        program = _program(session)
        return name_trouble(exercise.name, defined(program) if program else [])
    if all("NotImplementedError" in answer.bases for answer in answers):
        return (
            f"`{exercise.name}` is not written yet: the stub still raises "
            "NotImplementedError."
        )
    return ""


def _public_counterexample(
    exercise: Exercise, pairs: Sequence[Pair]
) -> Counterexample | None:
    """A public case that fails, where no small input was found."""
    for drawn, answer in pairs:
        difference = compare(drawn.expected, answer, rules(exercise, drawn))
        if drawn.case.public and difference is not None:
            return Counterexample(drawn.call, drawn.expected, answer, difference)
    return None


def explanation(
    exercise: Exercise, found: Counterexample, says: tuple[str, ...]
) -> Explanation:
    """A counterexample in words and, for images, as a picture."""
    names = argument_names(exercise)
    part = found.difference.where and found.difference.kind in ("value", "finite")
    return Explanation(
        show.typed(exercise.name, found.call, names),
        show.given(found.call, names),
        show.text(found.difference.expected)
        if part
        else show.answer_text(found.expected),
        show.text(found.difference.received)
        if part
        else show.answer_text(found.received),
        found.difference.sentence,
        show.picture(found.difference) if exercise.image else "",
        says,
    )
