"""The file that a student hands in: notebooks, looked at before they go.

The same work gives the same bytes: outputs, counts and the editor's settings
stay behind, and the archive has no times of its own.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convnets import desk
from convnets.desk import DeskTrouble, Notebook, Task

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
LARGEST = 20 << 20  # bytes of a notebook that grading opens
LONGEST = 400_000  # bytes of JSON that the text of a notebook's cells may fill
MOST_CELLS = 2000
# A name becomes a folder's at the instructor's, so letters of all kinds will do.
STUDENT = re.compile(r"\w[\w.@+'-]{0,63}")
KEPT = ("nbgrader", "tags", "id")  # metadata of a cell that grading looks at


@dataclass(frozen=True)
class Packed:
    """A notebook as it is handed in, and what is odd about it, in sentences."""

    notebook: Notebook
    data: bytes
    notes: tuple[str, ...]


def file_name(student: str = "") -> str:
    """What the submission is called. Raises DeskTrouble for an unfit name."""
    if student and ("_" in student or not STUDENT.fullmatch(student)):
        raise DeskTrouble(
            f"--name {student!r} cannot be used: letters, digits and . @ + - ' are "
            "possible. Give the name or number by which your instructor knows you."
        )
    return f"{student}_convnets.zip" if student else "convnets.zip"


def begun(folder: Path, every: Sequence[Task]) -> list[str]:
    """The chapters in which something was written, or whose notebook is broken."""
    found = []
    for chapter in desk.chapters(every):
        path = folder / f"{chapter}.ipynb"
        own = [task for task in every if task.chapter == chapter]
        if path.is_file() and _is_begun(path, own):
            found.append(chapter)
    return found


def _is_begun(path: Path, own: Sequence[Task]) -> bool:
    try:
        notebook = desk.read(path)
    except DeskTrouble:
        return True  # packing it will say what is wrong
    answers = [notebook.answer(task) for task in own]
    return any(cell is not None and desk.is_written(cell) for cell in answers)


def strangers(folder: Path, every: Sequence[Task]) -> list[str]:
    """Notebooks in the folder whose names grading does not know."""
    known = set(desk.chapters(every))
    paths = sorted(folder.glob("*.ipynb"))
    return [path.name for path in paths if path.stem not in known]


def prepare(path: Path, every: Sequence[Task]) -> Packed:
    """A notebook as it goes into the archive.

    every: tasks of its chapter. Raises DeskTrouble when grading could not open
    it, or would find none of the chapter's cells in it.
    """
    notebook = desk.read(path)
    data = _bare(notebook.document)
    _check_size(path.name, notebook, data)
    if all(notebook.answer(task) is None for task in every):
        raise DeskTrouble(
            f"{path.name} has none of the cells of {path.stem}: it is another notebook "
            "under this name. Rename it, and put the right one in its place."
        )
    return Packed(notebook, data, tuple(_notes(notebook, every)))


def _check_size(name: str, notebook: Notebook, data: bytes) -> None:
    text = sum(len(json.dumps(cell.source)) for cell in notebook.cells)
    if len(data) > LARGEST or text > LONGEST or len(notebook.cells) > MOST_CELLS:
        raise DeskTrouble(
            f"{name} is too large for grading: {len(notebook.cells)} cells (at most "
            f"{MOST_CELLS}) with {text // 1000} kB of text (at most "
            f"{LONGEST // 1000}), {len(data) / 1e6:.1f} MB without outputs (at most "
            f"{LARGEST / 1e6:.0f}). Take pasted data and pictures out of it."
        )


def _notes(notebook: Notebook, every: Sequence[Task]) -> Iterator[str]:
    for task in every:
        cell = notebook.answer(task)
        if cell is None:
            yield (
                f"The cell of {task.name} is gone. Copy it, or the whole notebook, "
                "from a fresh bundle, and put your answer in."
            )
        elif cell.grade_id != task.name:
            yield (
                f"The answer to {task.name} was found in cell {cell.number}, which is "
                "not the cell that was given out for it."
            )
        copies = [c for c in notebook.cells if c.grade_id == task.name]
        if len(copies) > 1 and cell is not None:
            yield (
                f"{len(copies)} cells are marked as the answer to {task.name}; the "
                f"last one written counts, cell {cell.number}. Delete the others."
            )


def _bare(document: dict[str, Any]) -> bytes:
    """A notebook without what running and editing it left behind."""
    metadata = document.get("metadata") or {}
    kernel = {k: metadata[k] for k in ("kernelspec",) if k in metadata}
    bare = {
        "cells": [_bare_cell(cell) for cell in document["cells"]],
        "metadata": kernel | {"language_info": {"name": "python"}},
        "nbformat": document.get("nbformat", 4),
        "nbformat_minor": document.get("nbformat_minor", 5),
    }
    text = json.dumps(bare, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "replace")  # half of a surrogate pair


def _bare_cell(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata") or {}
    names = ("cell_type", "id", "attachments")
    kept: dict[str, Any] = {name: cell[name] for name in names if name in cell}
    source = cell.get("source", "")
    kept["source"] = "".join(source) if isinstance(source, list) else source
    kept["metadata"] = {k: metadata[k] for k in KEPT if k in metadata}
    if cell.get("cell_type") == "code":
        kept |= {"outputs": [], "execution_count": None}
    return kept


def zipped(packed: Sequence[Packed]) -> bytes:
    """The archive: `<chapter>.ipynb` each, nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for item in sorted(packed, key=lambda item: item.notebook.path.name):
            info = zipfile.ZipInfo(item.notebook.path.name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = 0o100644 << 16
            archive.writestr(info, item.data)
    return buffer.getvalue()


def write(target: Path, packed: Sequence[Packed]) -> None:
    """Write the archive whole, or leave what was there."""
    beside = target.with_name(f".{target.name}.new")
    beside.write_bytes(zipped(packed))
    os.replace(beside, target)
