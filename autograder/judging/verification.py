"""`course verify`: the contract of several exercises, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from autograder.catalogue import load
from autograder.errors import AuthorError
from autograder.judging import verify
from autograder.judging.cases import secret_seed
from autograder.judging.referee import Referee
from autograder.judging.verify import Finding
from autograder.publishing import chapter


def run(
    names: Sequence[str], mutants: bool, build: Path, say: Callable[[str], None]
) -> list[Finding]:
    """Verify exercises by name; none means all.

    mutants: kill mutants of the references, too, and write the table of them
    to build/mutants. say: told what is being done.
    """
    catalogue = load()
    chapters = [chapter.read(c.path) for c in catalogue.chapters]
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
            from autograder.judging import mutants as killing

            say(f"killing mutants of {exercise.name}")
            table = killing.kill(exercise, referee)
            killing.write_table(table, build / "mutants" / f"{exercise.name}.md")
            findings.append(killing.finding(exercise, table))
    return findings
