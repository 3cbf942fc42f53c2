"""What a student is shown of their own answers.

All of it comes from a session that met no hidden input: see `asking.unspoilt`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from autograder.judging.asking import Pair, Session, ask, rules
from autograder.judging.cases import argument_names
from autograder.judging.counterexample import (
    Ask,
    Counterexample,
    RulesOf,
    diagnose,
    key,
)
from autograder.model import Exercise, Explanation, Verdict
from convnets import show
from convnets.answers import Answer, Call
from convnets.compare import compare

# Given an exercise, how to ask, how to compare, and keys that may not be shown.
Search = Callable[[Exercise, Ask, RulesOf, frozenset[bytes]], Counterexample | None]


def shown(
    verdict: Verdict,
    exercise: Exercise,
    fresh: Session,
    pairs: Sequence[Pair],
    search: Search,
) -> Verdict:
    """A verdict with messages for public cases, and an explanation.

    fresh: met no hidden input; pairs: every case and what was answered to it,
    for the diagnosis; search: for an input that shows what is wrong.
    """
    public = _public_failures(exercise, fresh, pairs)
    said = {label: found.difference.sentence for label, found in public.items()}
    cases = tuple(
        replace(case, message=said.get(case.label, case.message))
        for case in verdict.cases
    )
    found = None
    if not any(answer.kind == "timeout" for _, answer in pairs):
        hidden = frozenset(key(d.call) for d, _ in pairs if not d.case.public)
        found = _searched(exercise, fresh, search, hidden)
    found = found or next(iter(public.values()), None)
    explained = _explained(exercise, found, pairs) if found else None
    return replace(verdict, cases=cases, explanation=explained)


def _public_failures(
    exercise: Exercise, fresh: Session, pairs: Sequence[Pair]
) -> dict[str, Counterexample]:
    """What fails of the public cases, by label, asked anew."""
    failures = {}
    for drawn, before in pairs:
        if not drawn.case.public or not compare(
            drawn.expected, before, rules(exercise, drawn)
        ):
            continue
        # A call that did not end would not end again; its sentence is ours.
        late = before.kind == "timeout"
        answer = before if late else ask(exercise, fresh, drawn.call)
        if difference := compare(drawn.expected, answer, rules(exercise, drawn)):
            found = Counterexample(drawn.call, drawn.expected, answer, difference)
            failures[drawn.case.label] = found
    return failures


def _searched(
    exercise: Exercise, fresh: Session, search: Search, hidden: frozenset[bytes]
) -> Counterexample | None:
    def answer(call: Call) -> Answer:
        return ask(exercise, fresh, call)

    return search(exercise, answer, lambda call: rules(exercise), hidden)


def _explained(
    exercise: Exercise, found: Counterexample, pairs: Sequence[Pair]
) -> Explanation:
    if exercise.measured:  # equal answers are no sign there
        return explanation(exercise, found, ())
    evidence = [(d.call, answer, rules(exercise, d)) for d, answer in pairs]
    evidence.insert(0, (found.call, found.received, rules(exercise)))
    fitting = diagnose(exercise, evidence, argument_names(exercise))
    return explanation(exercise, found, tuple(mistake.says for mistake in fitting))


def explanation(
    exercise: Exercise, found: Counterexample, says: tuple[str, ...]
) -> Explanation:
    """A counterexample in words and, for images, as a picture."""
    names = argument_names(exercise)
    sides = show.sides(found.difference, found.expected, found.received)
    return Explanation(
        show.typed(exercise.name, found.call, names),
        show.given(found.call, names),
        *sides,
        found.difference.sentence,
        show.picture(found.difference) if exercise.image else "",
        says,
    )
