"""From answers to verdicts.

The referee holds references and cases, and imports nothing of a student's. It
asks a session (a sandboxed child, or in `verify` a function of ours) for
answers, compares them with the reference's, and explains what differs on an
input that is no score case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.judging import forbidden
from autograder.judging.asking import Outcome, Session, ask, program_of, rules, unspoilt
from autograder.judging.cases import DrawnCase, drawn_cases
from autograder.judging.counterexample import first, smallest
from autograder.judging.names import defined
from autograder.judging.showing import Search, shown
from autograder.judging.wording import cell_trouble, guarded_message, name_trouble
from autograder.model import CaseVerdict, Exercise, Verdict
from convnets.answers import Answer
from convnets.compare import Difference, compare

__all__ = ["Outcome", "Referee", "Session", "rules"]

TIMEOUTS = 2  # calls that may run out of time before the rest is given up
GIVEN_UP = Answer("timeout", message="Not tried: calls before it took too long.")


class Referee:
    """Judges submissions under one secret seed.

    shrinks: whether what a student is shown is the smallest input that is
    found, or the first that is drawn.
    """

    def __init__(self, seed: bytes, shrinks: bool = True) -> None:
        self.seed = seed
        self._search: Search = smallest if shrinks else first

    def judge(self, exercise: Exercise, session: Session) -> Verdict:
        """Grade one exercise of a submission."""
        drawn = drawn_cases(exercise, self.seed)
        program = program_of(session)
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
        )
        if not any(differences):
            return verdict
        if trouble := _trouble(exercise, session, answers):
            return replace(verdict, trouble=trouble)
        pairs = list(zip(drawn, answers, strict=True))
        with unspoilt(session) as fresh:
            return shown(verdict, exercise, fresh, pairs, self._search)

    def first_failure(self, exercise: Exercise, session: Session) -> str:
        """The label of the first case that fails, or nothing if all pass."""
        for drawn in drawn_cases(exercise, self.seed):
            answer = ask(exercise, session, drawn.call)
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
                answers.append(ask(exercise, session, case.call, reference))
        return answers


def _nothing(exercise: Exercise, drawn: Sequence[DrawnCase], why: str) -> Verdict:
    """No points, whatever the answers were."""
    cases = tuple(
        CaseVerdict(d.case.label, d.case.group, False, d.case.public, "Not counted.")
        for d in drawn
    )
    return Verdict(exercise.name, 0.0, exercise.points, cases, why)


def _case_verdict(drawn: DrawnCase, difference: Difference | None) -> CaseVerdict:
    """Without a word of the student's: the session has met hidden inputs."""
    case = drawn.case
    message = guarded_message(difference, case.public) if difference else ""
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
        program = program_of(session)
        return name_trouble(exercise.name, defined(program) if program else [])
    if all("NotImplementedError" in answer.bases for answer in answers):
        return (
            f"`{exercise.name}` is not written yet: the stub still raises "
            "NotImplementedError."
        )
    return ""
