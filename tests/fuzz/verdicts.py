"""Damaged files of verdicts, and damaged notebooks in the sandbox.

The promises: a damaged file is as good as none; and rubbish gets no points,
for a damaged stub scores nothing and a damaged right answer at most its points.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from autograder.grading import ipynb
from autograder.grading.examiner import Bench, Timings
from autograder.grading.store import Store
from autograder.model import Verdict
from autograder.sample.desk import Desk
from fuzz.mutate import damage_bytes
from fuzz.notebooks import damaged

AT = "ab" + "0" * 62


def try_filed(store: Store, verdict: Verdict, random: Random) -> str:
    """A file of a verdict with damage is read as that verdict or as none."""
    store.put(AT, verdict)
    path = store.path(AT)
    path.write_bytes(damage_bytes(path.read_bytes(), random))
    found = store.get(AT)
    assert found in (None, verdict)
    return "the verdict" if found else "none"


def try_graded(bench: Bench, desk: Desk, random: Random) -> str:
    """Grade a damaged notebook in the sandbox."""
    stub = random.random() < 0.5
    whole = ipynb.to_bytes(desk.release if stub else desk.right())
    graded = bench.grade(damaged(whole, random), desk.chapter.name, Timings())
    points = 0.0
    for sheet in graded.sheets:
        verdict = sheet.verdict
        assert 0 <= verdict.score <= (0 if stub else verdict.points), verdict
        points += verdict.score
    return "refused" if graded.trouble else "points" if points else "no points"


def any_verdict(bench: Bench, desk: Desk) -> Verdict:
    """A verdict as it is filed, with cases and an explanation."""
    wrong = desk.notebook(
        {desk.names[0]: f"def {desk.names[0]}(*a, **k):\n    return 0"}
    )
    bench.grade(ipynb.to_bytes(wrong), desk.chapter.name, Timings())
    files = sorted(Path(bench.store.folder).glob("*/*.json"))
    verdicts = [bench.store.get(file.parent.name + file.stem) for file in files]
    return next(v for v in verdicts if v is not None and v.explanation is not None)
