"""What lies in the folder of notebooks: cells, answers, what is done.

Only files are read here; nothing of a notebook runs, and torch is not needed.
Whether an answer passed is what the notebook has saved below its check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
STUB = "raise NotImplementedError"  # what is left of an answer in a stub
NO_WORDS = "YOUR ANSWER HERE"  # what stands where an answer in words belongs
MISSING = "its cell is missing"
NOT_WRITTEN = "not written"
NOT_CHECKED = "written, not checked"
CHANGED = "run again after its check"
PASSES = "all public cases pass"
ANSWERED = "in words: a person grades it"


class DeskTrouble(Exception):
    """A notebook or a name that cannot be used; the sentence is for the student."""


@dataclass(frozen=True)
class Task:
    """An exercise or question. public: its public cases, 0 for a question."""

    name: str
    chapter: str
    points: int
    minutes: int
    public: int = 0

    @property
    def in_words(self) -> bool:
        """Whether it is a question that a person grades."""
        return self.public == 0


def listed(folder: Path = FOLDER) -> dict[str, list[dict[str, Any]]]:
    """What the public package says of its exercises and questions.

    folder: of the package. Raises FileNotFoundError outside a bundle.
    """
    path = folder / "exercises.json"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: check() works in the student bundle. Unpack the "
            "bundle anew, or, in the project, make one with `make release`."
        )
    found: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8"))
    return found


def tasks(folder: Path = FOLDER) -> list[Task]:
    """All exercises and questions, by chapter in the order of the course."""
    found = listed(folder)
    keys = ("name", "chapter", "points", "minutes", "public")
    return [
        Task(**{key: entry[key] for key in keys if key in entry})
        for entry in [*found["exercises"], *found["questions"]]
    ]


def chapters(every: Sequence[Task]) -> list[str]:
    """The chapters, in the order of the course; each is a notebook."""
    return list(dict.fromkeys(task.chapter for task in every))


@dataclass(frozen=True)
class Cell:
    """What is looked at of a cell. number: its place, from 1; count: when it ran."""

    number: int
    kind: str
    source: str
    id: str
    marks: dict[str, Any]
    tags: tuple[str, ...]
    count: int
    shown: str

    @property
    def grade_id(self) -> str:
        """nbgrader's name for the cell, or ""."""
        return str(self.marks.get("grade_id", ""))


@dataclass(frozen=True)
class Notebook:
    """A chapter's notebook as it was saved."""

    path: Path
    document: dict[str, Any]

    @cached_property
    def cells(self) -> list[Cell]:
        """Its cells in order."""
        return [_cell(n, raw) for n, raw in enumerate(self.document["cells"], 1)]

    @property
    def chapter(self) -> str:
        """The chapter that it is named after."""
        return self.path.stem

    def answer(self, task: Task) -> Cell | None:
        """The cell with the answer: by nbgrader's name, by its id, or because it
        defines what is asked for. Of several, the last that was written in."""
        found = [c for c in self.cells if c.grade_id == task.name]
        found = found or [
            c for c in self.cells if c.id == f"{self.chapter}-{task.name}"
        ]
        if not found and not task.in_words:
            found = [c for c in self.cells if defines(c, task.name)]
        written = [c for c in found if is_written(c)]
        best = written or found
        return best[-1] if best else None

    def check(self, task: Task) -> Cell | None:
        """The cell that checks an exercise."""
        name = f"check_{task.name}"
        return next((c for c in self.cells if c.grade_id == name), None)


def read(path: Path) -> Notebook:
    """Read a notebook. Raises DeskTrouble with what to do."""
    try:
        document = json.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise DeskTrouble(
            f"{path.name} is not in {path.parent}. Run this in the folder of your "
            "notebooks; a notebook keeps the name that it was given out with."
        ) from None
    except (ValueError, RecursionError, OSError) as error:
        raise DeskTrouble(
            f"{path.name} cannot be read ({error}). Open it in Jupyter and save it; "
            "if it does not open, take a fresh one from the bundle and copy your "
            "answers into it."
        ) from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not all(isinstance(c, dict) for c in cells):
        raise DeskTrouble(
            f"{path.name} is no notebook of format 4. Open it in Jupyter and save it."
        )
    return Notebook(path, document)


def _cell(number: int, raw: dict[str, Any]) -> Cell:
    metadata = raw.get("metadata") or {}
    source = raw.get("source", "")
    return Cell(
        number,
        str(raw.get("cell_type")),
        "".join(source) if isinstance(source, list) else str(source),
        str(raw.get("id") or metadata.get("id") or ""),  # Colab: in the metadata
        metadata.get("nbgrader") or {},
        tuple(metadata.get("tags") or ()),
        raw.get("execution_count") or 0,
        json.dumps(raw.get("outputs") or [], ensure_ascii=False),
    )


def defines(cell: Cell, name: str) -> bool:
    """Whether a code cell defines or assigns a name at its top level."""
    pattern = rf"^(?:def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*="
    code = cell.kind == "code"
    return code and re.search(pattern, cell.source, re.MULTILINE) is not None


def is_written(cell: Cell) -> bool:
    """Whether something stands where the answer belongs."""
    if cell.kind == "code":
        return bool(cell.source.strip()) and STUB not in cell.source
    return bool(cell.source.replace(NO_WORDS, "").strip())


def headline(name: str, passed: int, public: int) -> str:
    """How many public cases passed, in one line; `saved` reads it again."""
    if passed == public == 1:
        return f"{name}: the only public case passes."
    if passed == public:
        return f"{name}: all {public} public cases pass."
    return f"{name}: {passed} of {public} public cases pass."


def saved(task: Task, shown: str) -> tuple[int, int] | None:
    """Passed and all public cases in what a check cell shows, if it ran."""
    name = re.escape(task.name)
    if re.search(rf"\b{headline(name, 1, 1)}", shown):
        return 1, 1
    pattern = rf"\b{name}: (?:all (\d+)|(\d+) of (\d+)) public cases pass\."
    found = re.search(pattern, shown)
    if found is None:
        return None
    every, passed, public = found.groups()
    return int(every or passed), int(every or public)


def state(notebook: Notebook, task: Task) -> str:
    """How far an exercise or question is, from what the notebook has saved."""
    answer = notebook.answer(task)
    if answer is None:
        return MISSING
    if not is_written(answer):
        return NOT_WRITTEN
    if task.in_words:
        return ANSWERED
    check = notebook.check(task)
    result = saved(task, check.shown) if check else None
    if check is None or result is None:
        return NOT_CHECKED
    if answer.count > check.count:
        return CHANGED
    return verdict(*result)


def verdict(passed: int, public: int) -> str:
    """What is said of an exercise whose check ran."""
    return PASSES if passed == public else f"{passed} of {public} public cases pass"


def states(folder: Path, every: Sequence[Task]) -> Iterator[tuple[Task, str]]:
    """Each exercise and question with its state in the folder's notebooks."""
    read_ones: dict[str, Notebook | str] = {}
    for task in every:
        if task.chapter not in read_ones:
            path = folder / f"{task.chapter}.ipynb"
            try:
                read_ones[task.chapter] = read(path)
            except DeskTrouble:
                there = path.exists()
                trouble = "cannot be read" if there else "is not in this folder"
                read_ones[task.chapter] = f"{path.name} {trouble}"
        notebook = read_ones[task.chapter]
        yield task, notebook if isinstance(notebook, str) else state(notebook, task)
