"""What staff should know of how a submission ran, in a few words.

The student reads of their own functions in the feedback. A cell that never ends,
a function that ends its process and a call that is not allowed are worth a look
even where they cost nothing.
"""

from __future__ import annotations

from autograder.grading.graded import Graded
from autograder.grading.ingest import on_one_line
from autograder.model import Exercise, Verdict
from autograder.sandbox import Session

HAPPENED = {
    "timeout": "did not end in time",
    "memory": "ran out of memory",
    "died": "ended the Python process",
    "malformed": "wrote to the grader's channel",
}
LONGEST = 600  # characters of the remarks on one submission


def remark(exercise: Exercise, session: Session, verdict: Verdict) -> str:
    """What happened in the cells and in the calls of one exercise."""
    said = [
        f"the cell {outcome.id} {HAPPENED[outcome.kind]}"
        for outcome in session.outcomes
        if outcome.kind in HAPPENED
    ]
    for name, kind in session.losses:
        if name == exercise.name:
            said.append(f"{name} {HAPPENED[kind]}")
    for rule in exercise.forbidden:
        if rule.says in verdict.trouble:
            said.append(f"{exercise.name} uses {rule.says}")
    return "; ".join(said)


def remarks(graded: Graded) -> str:
    """All that was remarked on a submission, in one line; each thing once."""
    said = [part for s in graded.sheets for part in s.verdict.remark.split("; ")]
    every = dict.fromkeys(filter(None, (*said, *graded.notes)))
    return on_one_line("; ".join(every), LONGEST)
