"""A notebook run as grading runs it, with its public cases.

Set-up, given helpers, answers and the student's own cells run in order, in a
fresh process; experiments do not. What runs is the file as it was saved.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convnets import desk
from convnets.desk import Cell, Notebook, Task

SECONDS = 300.0  # for one notebook; the trainings take most of it


@dataclass(frozen=True)
class Checked:
    """What came of the public cases of one exercise; text: the whole report."""

    passed: int
    public: int
    text: str


@dataclass(frozen=True)
class Rehearsal:
    """What came of a notebook.

    troubles: cells that stopped with an error, and the clock, in sentences.
    checked: by exercise; one that was not reached is not there.
    """

    troubles: tuple[str, ...]
    checked: Mapping[str, Checked]
    finished: bool
    seconds: float


def steps(notebook: Notebook, every: Sequence[Task]) -> list[tuple[Cell | None, str]]:
    """What runs, in order: a cell, or the check of an exercise by its name.

    An exercise is checked where its check stands, or else at the end.
    """
    wanted = [task.name for task in every if not task.in_words]
    checks = {f"check_{name}": name for name in wanted}
    answers = [notebook.answer(task) for task in every if not task.in_words]
    found: list[tuple[Cell | None, str]] = []
    for cell in notebook.cells:
        if cell.grade_id in checks:
            found.append((None, checks.pop(cell.grade_id)))
        elif cell.kind == "code" and (cell in answers or _runs(cell, notebook.chapter)):
            found.append((cell, ""))
    if not checks:  # nothing after the last check can change what it found
        last = max((i for i, (cell, _) in enumerate(found) if cell is None), default=-1)
        return found[: last + 1]
    return found + [(None, name) for name in checks.values()]


def _runs(cell: Cell, chapter: str) -> bool:
    """Set-up, given helpers, answers, and what the student added; no experiments."""
    if cell.marks:
        return not cell.marks.get("grade")
    return "setup" in cell.tags or not cell.id.startswith(f"{chapter}-")


def rehearse(path: Path, every: Sequence[Task], seconds: float = SECONDS) -> Rehearsal:
    """Run a notebook up to the last of these exercises' checks.

    every: tasks of its chapter. Raises DeskTrouble if it cannot be read.
    """
    desk.read(path)  # complains here, in words, and not in the process
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.jsonl"
        names = [task.name for task in every]
        command = [sys.executable, "-m", "convnets.rehearsal", path.name, str(report)]
        finished, died = True, ""
        try:
            done = subprocess.run(
                [*command, *names],
                cwd=path.parent,
                env=os.environ | {"MPLBACKEND": "Agg"},  # nobody is there to look
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
            if done.returncode:
                finished, died = False, f"Python ended with status {done.returncode}"
        except subprocess.TimeoutExpired:
            finished, died = False, f"it was not done after {seconds:g} seconds"
        lines = report.read_text("utf-8").splitlines() if report.is_file() else []
    return _told([json.loads(line) for line in lines], finished, died, start)


def _told(
    entries: Sequence[dict[str, Any]], finished: bool, died: str, start: float
) -> Rehearsal:
    troubles = [entry["trouble"] for entry in entries if "trouble" in entry]
    if not finished:
        begun = [entry["begins"] for entry in entries if "begins" in entry]
        troubles.append(f"{begun[-1] if begun else 'Starting'}: {died}.")
    checked = {
        entry["checked"]: Checked(entry["passed"], entry["public"], entry["text"])
        for entry in entries
        if "checked" in entry
    }
    return Rehearsal(tuple(troubles), checked, finished, time.monotonic() - start)


# ---- in the process --------------------------------------------------------


def main(arguments: Sequence[str]) -> None:
    """Run a notebook; a line of JSON for each thing that is known by then."""
    path, target, *names = arguments
    every = [task for task in desk.tasks() if task.name in names]
    with Path(target).open("w", encoding="utf-8") as report:
        for entry in _run(desk.read(Path(path)), every):
            report.write(json.dumps(entry) + "\n")
            report.flush()


def _run(notebook: Notebook, every: Sequence[Task]) -> Iterator[dict[str, Any]]:
    from IPython.core.interactiveshell import InteractiveShell

    from convnets import practice

    shell: Any = InteractiveShell.instance(history_load_length=0)
    shell.history_manager.enabled = False  # rehearsals leave no trace in it
    practice.ENABLED = False  # a check in a student's own cell would run twice
    for cell, name in steps(notebook, every):
        if cell is None:
            yield {"begins": f"Checking {name}"}
            text, passed, public = practice.outcome(name, shell.user_ns.get(name))
            counts = {"passed": passed, "public": public}
            yield {"checked": name, "text": text, **counts}
        elif desk.is_written(cell) or not cell.marks.get("solution"):
            yield {"begins": f"Running cell {cell.number} ({_named(cell)})"}
            done = shell.run_cell(cell.source)
            if error := done.error_before_exec or done.error_in_exec:
                said = f"{type(error).__name__}: {error}".strip().splitlines()[0]
                yield {"trouble": f"Cell {cell.number} ({_named(cell)}) stops: {said}"}


def _named(cell: Cell) -> str:
    lines = [line for line in cell.source.splitlines() if line.strip()]
    return cell.grade_id or (lines[0].strip()[:40] if lines else "empty")


if __name__ == "__main__":
    main(sys.argv[1:])
