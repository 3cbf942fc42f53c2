"""`python -m convnets`: what is done, checked, and made ready to hand in.

Run it in the folder of the notebooks, with the notebooks saved. Nothing is
sent anywhere. Exit status: 0 when all is well, 1 when cases fail or nothing
could be packed, 2 when the command was called with what it cannot use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from convnets import desk, overview, pack, rehearsal
from convnets.desk import DeskTrouble, Task
from convnets.rehearsal import SECONDS, Rehearsal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the three commands; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal of Windows may not know the letters of a report.
        getattr(stream, "reconfigure", lambda **_: None)(errors="replace")
    asked = _parser().parse_args(arguments)
    try:
        status: int = asked.run(asked, Path.cwd(), desk.tasks())
    except (DeskTrouble, FileNotFoundError) as trouble:
        print(f"convnets: {trouble}", file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    head, *_, last = (__doc__ or "").strip().split("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m convnets", description=head, epilog=last
    )
    verbs = parser.add_subparsers(required=True, metavar="status | check | pack")
    table = verbs.add_parser("status", help="a table over all notebooks")
    table.add_argument("chapters", nargs="*", help="list exercises of these notebooks")
    table.set_defaults(run=status)
    verb = verbs.add_parser("check", help="run exercises as grading does")
    verb.add_argument("names", nargs="*", help="exercises, or whole notebooks")
    verb.add_argument("--all", action="store_true", help="every notebook begun")
    verb.set_defaults(run=check)
    last_one = verbs.add_parser("pack", help="check, and write the file to hand in")
    last_one.add_argument("chapters", nargs="*", help="notebooks; none: those begun")
    last_one.add_argument("--name", default="", help="who you are at your instructor's")
    last_one.set_defaults(run=hand_in)
    for timed in (verb, last_one):
        timed.add_argument(
            "--seconds", type=float, default=SECONDS, help="time limit of a notebook"
        )
    return parser


def status(asked: argparse.Namespace, folder: Path, every: Sequence[Task]) -> int:
    """Print what the notebooks have saved."""
    found = list(desk.states(folder, every))
    for name in _chapters(asked.chapters, every):
        print(overview.chapter(found, name).text())
    if not asked.chapters:
        print(overview.course(found).text())
    for name in pack.strangers(folder, every):
        print(f"{name} is not counted: {_renamed(name)}")
    return 0


def check(asked: argparse.Namespace, folder: Path, every: Sequence[Task]) -> int:
    """Run notebooks and print the report of each exercise asked for."""
    names = pack.begun(folder, every) if asked.all else asked.names
    if not names:
        raise DeskTrouble(
            "nothing to check: name exercises or notebooks, or say --all and write "
            "an answer first."
        )
    wanted = [task for name in names for task in _tasks(name, every)]
    good = True
    for chapter in desk.chapters(wanted):
        own = [task for task in wanted if task.chapter == chapter]
        print(f"Running {chapter}.ipynb as it was saved ...", flush=True)
        done = rehearsal.rehearse(folder / f"{chapter}.ipynb", own, asked.seconds)
        for trouble in done.troubles:
            print(trouble)
        notebook = desk.read(folder / f"{chapter}.ipynb")
        for task in own:
            print(_report(notebook, task, done))
            good &= task.in_words or _passes(task, done)
    return 0 if good else 1


def hand_in(asked: argparse.Namespace, folder: Path, every: Sequence[Task]) -> int:
    """Look at notebooks, run them, and write the submission."""
    target = folder / pack.file_name(asked.name)
    names = _chapters(asked.chapters, every) or pack.begun(folder, every)
    if not names:
        raise DeskTrouble(
            "there is nothing to hand in: no notebook here has an answer. Save your "
            "notebooks, and run this in their folder."
        )
    packed = []
    for name in names:
        own = [task for task in every if task.chapter == name]
        packed.append(pack.prepare(folder / f"{name}.ipynb", own))
        print(f"Running {name}.ipynb as it was saved ...", flush=True)
        done = rehearsal.rehearse(folder / f"{name}.ipynb", own, asked.seconds)
        for sentence in (*packed[-1].notes, *done.troubles):
            print(f"  Look at this: {sentence}")
        for task in own:
            print(f"  {_line(packed[-1].notebook, task, done)}")
    for name in pack.strangers(folder, every):
        print(f"{name} is not handed in: {_renamed(name)}")
    pack.write(target, packed)
    size = target.stat().st_size / 1000
    inside = ", ".join(item.notebook.path.name for item in packed)
    print(f"\n{target.name} ({size:.0f} kB) has {inside}. Hand in this file.")
    return 0


def _line(notebook: desk.Notebook, task: Task, done: Rehearsal) -> str:
    """An exercise in a line: its name, and how far it is."""
    cell = notebook.answer(task)
    if cell is None:
        said = desk.MISSING
    elif not desk.is_written(cell):
        said = f"{desk.NOT_WRITTEN}: {task.points} points are left"
    elif task.in_words:
        said = desk.ANSWERED
    elif task.name in done.checked:
        found = done.checked[task.name]
        said = desk.verdict(found.passed, found.public)
    else:
        said = "not reached"
    return f"{task.name}: {said}"


def _report(notebook: desk.Notebook, task: Task, done: Rehearsal) -> str:
    """The whole report of an exercise that is written; a line for another."""
    cell, found = notebook.answer(task), done.checked.get(task.name)
    if cell is None or not desk.is_written(cell) or found is None:
        return _line(notebook, task, done)
    return f"\n{found.text}"


def _passes(task: Task, done: Rehearsal) -> bool:
    found = done.checked.get(task.name)
    return found is not None and found.passed == found.public


def _tasks(name: str, every: Sequence[Task]) -> list[Task]:
    """An exercise, or all of a notebook's, by name."""
    name = name.removesuffix(".ipynb")
    found = [task for task in every if name in (task.name, task.chapter)]
    if found:
        return found
    raise DeskTrouble(
        f"no exercise or notebook is called {name!r}. The notebooks are "
        f"{', '.join(desk.chapters(every))}; `status NOTEBOOK` lists exercises."
    )


def _chapters(names: Sequence[str], every: Sequence[Task]) -> list[str]:
    wanted = [_tasks(name, every)[0].chapter for name in names]
    return list(dict.fromkeys(wanted))


def _renamed(name: str) -> str:
    return (
        f"notebooks keep the names that they were given out with. If {name} has your "
        "work, give it that name."
    )


if __name__ == "__main__":
    sys.exit(main())
