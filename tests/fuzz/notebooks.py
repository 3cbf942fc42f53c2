"""Notebooks with damage in every place.

The promises: one sentence for the student, or a rebuilt notebook that has
every released cell once, in order, as it was given out but for the answers;
and damage to what is not read (outputs, metadata of Jupyter's) changes nothing.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.errors import SubmissionTrouble
from autograder.grading import ipynb
from autograder.grading.ingest import read_cells
from autograder.grading.program import ADDED, key, program, role
from autograder.grading.store import address
from autograder.grading.transplant import transplant
from autograder.sample.desk import Desk
from fuzz.mutate import EDGES, damage_bytes, damage_tree
from fuzz.names import shown

SEEN = 0.05  # of the notebooks, the share that nbformat looks at: it is slow


def right(desk: Desk) -> bytes:
    """What is damaged: a submission in which everything is right."""
    return ipynb.to_bytes(desk.right())


def damaged(whole: bytes, random: Random) -> bytes:
    """A submission with damage somewhere."""
    document = json.loads(whole)
    kind = random.randrange(4)
    if kind == 0:
        document = damage_tree(document, random)
    elif kind == 1:
        _damage_cells(document["cells"], random)
    data = json.dumps(document, ensure_ascii=random.random() < 0.8)
    encoded = data.encode("utf-8", "surrogatepass")
    return damage_bytes(encoded, random) if kind == 2 else encoded


def _damage_cells(cells: list[Any], random: Random) -> None:
    """What happens to whole cells: gone, twice, elsewhere, another's kind or name."""
    for _ in range(random.randint(1, 6)):
        cell = random.choice(cells)
        kind = random.randrange(7)
        if kind == 0 and len(cells) > 1:
            cells.remove(cell)
        elif kind == 1:
            cells.insert(random.randint(0, len(cells)), copy.deepcopy(cell))
        elif kind == 2:
            random.shuffle(cells)
        elif kind == 3:
            cell["cell_type"] = random.choice(("code", "markdown", "raw", "heading", 3))
        elif kind == 4:
            cell["metadata"] = random.choice(cells)["metadata"]
        elif kind == 5:
            cell["source"] = random.choice(EDGES)
        else:
            cell["id"] = random.choice(cells).get("id")


def try_notebook(desk: Desk, whole: bytes, random: Random) -> str:
    """Read and rebuild a damaged notebook; returns what came of it."""
    try:
        cells = read_cells(damaged(whole, random))
        rebuilt = transplant(desk.release, cells, desk.chapter.name).notebook
    except SubmissionTrouble as trouble:
        return shown(str(trouble))
    _check_rebuilt(desk.release, rebuilt, thorough=random.random() < SEEN)
    return "rebuilt"


def _check_rebuilt(
    release: NotebookNode, rebuilt: NotebookNode, thorough: bool
) -> None:
    kept = [c for c in rebuilt.cells if ADDED not in c.metadata.get("tags", [])]
    assert [key(c) for c in kept] == [key(c) for c in release.cells]
    for given, cell in zip(release.cells, kept, strict=True):
        assert cell.metadata == given.metadata
        assert cell.cell_type == given.cell_type
        if role(given) not in ("solution", "question"):
            assert cell.source == given.source
        assert not cell.get("outputs")
    runs = program(rebuilt)
    assert len(address(runs, "name", "version")) == 64
    if thorough:
        nbformat.validate(nbformat.reads(ipynb.to_bytes(rebuilt).decode(), 4))  # type: ignore[no-untyped-call]


def try_harmless(desk: Desk, whole: bytes, random: Random) -> str:
    """Damage what is not read: the rebuilt notebook is that of the right one."""
    document = json.loads(whole)
    before = read_cells(whole)
    for holder, name in _not_read(document):
        if random.random() < 0.5:
            holder[name] = random.choice(EDGES)
    after = read_cells(json.dumps(document).encode())
    name = desk.chapter.name
    one, other = (transplant(desk.release, cells, name) for cells in (before, after))
    assert one == other
    return "the same"


def _not_read(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    yield document, "metadata"
    yield document, "nbformat_minor"
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            yield cell, "outputs"
            yield cell, "execution_count"
        yield cell, "attachments"
        for name in ("collapsed", "tags", "slideshow", "scrolled", "jp-MarkdownHead"):
            yield cell["metadata"], name
