"""`course verify`: the contract of several exercises, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.catalogue import ROOT, load
from autograder.errors import AuthorError
from autograder.judging import verify
from autograder.judging.cases import secret_seed
from autograder.judging.referee import Referee
from autograder.judging.verify import Finding
from autograder.model import Exercise
from autograder.publishing import contents


def run(
    names: Sequence[str], mutants: bool, build: Path, say: Callable[[str], None]
) -> list[Finding]:
    """Verify exercises by name; none means all.

    mutants: kill mutants of the references, too (or train measured ones on
    ten draws), and write the table of them to build/mutants. say: told what
    is being done.
    """
    catalogue = load()
    pages = contents.read(ROOT).pages
    chapters = [pages[c.name] for c in catalogue.chapters]
    known = {exercise.name for exercise in catalogue}
    for page in chapters:
        for name in page.exercises:
            if name not in known:
                raise AuthorError(
                    f"{page.path.name} has an exercise cell for '{name}', which "
                    f"autograder/checks/{page.name}.py does not grade. Write an "
                    "Exercise for it, or take the tag off the cell."
                )
    wanted = [catalogue.exercise(name) for name in names] or list(catalogue)
    referee = Referee(secret_seed())
    findings: list[Finding] = []
    for exercise in wanted:
        say(f"verifying {exercise.name}")
        findings += verify.verify(exercise, chapters, referee)
        if mutants:
            table = build / "mutants" / f"{exercise.name}.md"
            findings.append(_certified(exercise, referee, table, say))
    return findings


def _certified(
    exercise: Exercise, referee: Referee, table: Path, say: Callable[[str], None]
) -> Finding:
    """Kill mutants, or train networks on ten draws: what takes its time.

    A mutant of a training often trains as well, so none is expected to lose
    points there: broken networks are listed as mistakes instead.
    """
    if exercise.measured:
        from autograder.judging import seeds

        say(f"training {exercise.name} on {seeds.DRAWS} draws")
        rows = list(seeds.table(exercise))
        seeds.write_table(rows, table)
        return seeds.finding(exercise, rows)
    from autograder.judging import mutants as killing

    say(f"killing mutants of {exercise.name}")
    fates = killing.kill(exercise, referee)
    killing.write_table(fates, table)
    return killing.finding(exercise, fates)
