"""What the files in tests/threats/ are written with.

A file hands in one or more submissions to the chapter `depthwise` and says what
must come of each: the marks, words of the feedback, words of the summary.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.grading import ipynb
from autograder.grading.program import role
from autograder.sample.desk import Desk, Expected, Sample, code

CHAPTER = "depthwise"
LAST = "conv_cost"  # tells what a theft got, and is easy to forge
Fill = Callable[[Path], object]

# Runs in the submission: what an attack gets is in `loot`.
LOOT = """\
loot = []


def attempt(get):
    try:
        found = get()
    except BaseException:
        return
    if found:
        loot.append(repr(found)[:300])


def attack():
{attack}


attack()"""
TELLS = """


_honest = {name}


def {name}(*args, **kwargs):
    attack()
    if loot:
        raise RuntimeError("; ".join(loot)[:480])
    return _honest(*args, **kwargs)"""


def plain(notebook: Any) -> bytes:
    """A notebook as a file, without nbformat's repairs."""
    return json.dumps(notebook).encode()


@dataclass(frozen=True)
class Targets:
    """What is worth stealing or reaching, and where it lies.

    files: paths of secrets; port: of a service on this machine; marker: a file
    that nobody may write.
    """

    course: Path
    files: tuple[Path, ...]
    port: int
    marker: Path


@dataclass(frozen=True)
class Entry:
    """One submission. sample: what must come of it; None where it is refused.

    summary: words that the summary must say of it, empty where there is nothing
    to tell; fill: puts more into its folder, or, of a refused one, into the
    folder of all submissions.
    """

    student: str
    sample: Sample | None
    summary: str = ""
    fill: Fill | None = None


@dataclass
class Board:
    """Where the submissions of one file are handed in; their students are called
    after the file."""

    desk: Desk
    stem: str
    targets: Targets
    entries: list[Entry] = field(default_factory=list)

    def notebook(
        self,
        name: str,
        notebook: Any,
        expected: Mapping[str, Expected] | None = None,
        *,
        notes: str = "",
        summary: str = "",
        fill: Fill | None = None,
    ) -> None:
        """Hand in a notebook, or its bytes; what is not named must be right."""
        student = f"{self.stem}-{name}"
        self.desk.add(student, notebook, expected, notes)
        self.entries.append(Entry(student, self.desk.samples.pop(), summary, fill))

    def cell(self, name: str, source: str, summary: str = "", **marks: str) -> None:
        """Honest work, and one more cell after the set-up. marks: of exercises
        that the cell spoils."""
        expected = {exercise: Expected(kind) for exercise, kind in marks.items()}
        self.notebook(name, self.with_cell(source), expected, summary=summary)

    def theft(self, name: str, attack: str, before: str = "") -> None:
        """Honest work beside an attack, in a cell and again in a call.

        attack: statements that pass functions to `attempt`; what one of them
        returns is loot. before: lines before them, that run once. With loot one
        exercise raises it and is lost: full marks say that there was none.
        """
        body = "\n".join(f"    {line}" for line in attack.strip().splitlines())
        notebook = self.with_cell(f"{before}\n{LOOT.format(attack=body)}".strip())
        cell = notebook.cells[self.desk.index(notebook, LAST)]
        cell.source += TELLS.format(name=LAST)
        self.notebook(name, notebook)

    def answer(
        self,
        name: str,
        exercise: str,
        source: str,
        marks: str = "none",
        says: tuple[str, ...] = (),
        summary: str = "",
    ) -> None:
        """Honest work but for one exercise."""
        notebook = self.desk.right()
        notebook.cells[self.desk.index(notebook, exercise)].source = source
        expected = {exercise: Expected(marks, says)}
        self.notebook(name, notebook, expected, summary=summary)

    def forged(
        self, name: str, source: str, before: str = "", summary: str = ""
    ) -> None:
        """Answers to the easiest exercise that earn nothing. source: the body
        of the function; before: lines before it."""
        body = "\n".join(f"    {line}" for line in source.strip().splitlines())
        function = f"def {LAST}(*args, **kwargs):\n{body}"
        whole = f"{before}\n\n\n{function}" if before else function
        self.answer(name, LAST, whole, summary=summary)

    def take_over(self) -> None:
        """Take what was handed in at the desk itself."""
        for sample in self.desk.samples:
            student = f"{self.stem}-{sample.student}"
            sample = replace(sample, student=student)
            self.entries.append(Entry(student, sample, sample.notes))
        self.desk.samples.clear()

    def useless(
        self, name: str, data: bytes, trouble: str, fill: Fill | None = None
    ) -> None:
        """Hand in what is no notebook of the chapter: no points, and why."""
        student = f"{self.stem}-{name}"
        self.desk.add_useless(student, data, trouble)
        self.entries.append(Entry(student, self.desk.samples.pop(), trouble, fill))

    def refused(self, folder: str, summary: str, fill: Fill | None = None) -> None:
        """A folder of submissions that cannot be anybody's."""
        place = fill or (lambda submitted: self._put(submitted / folder))
        self.entries.append(Entry(folder, None, summary, place))

    def _put(self, folder: Path) -> None:
        path = folder / CHAPTER / f"{CHAPTER}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(ipynb.to_bytes(self.desk.right()))

    def with_cell(self, source: str) -> Any:
        """Honest work and a cell that runs before all answers."""
        notebook = self.desk.right()
        at = 1 + max(i for i, c in enumerate(notebook.cells) if role(c) == "setup")
        notebook.cells.insert(at, code(source))
        return notebook

    def source(self, name: str) -> str:
        """The right answer to an exercise."""
        return self.desk.answers[name].reference
