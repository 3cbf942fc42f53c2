"""`python -m convnets` in a student's folder: status, check, pack."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from small_book import chapter, read, small_book, with_numbers

from autograder.grading import ingest
from autograder.publishing.release import release_chapters
from convnets import desk, pack

ANSWERS = {
    "moving_sum": "def moving_sum(x, k):\n"
    "    return np.array([x[i : i + k].sum() for i in range(len(x) - k + 1)])",
    "moving_mean": "def moving_mean(x, k):\n    return moving_sum(x, k) / k",
}
WORDS = "Because each window has one number less."


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book's bundle, as it is given out."""
    folder = tmp_path_factory.mktemp("given")
    root = small_book(folder)
    every = [chapter(root)]
    made = release_chapters(read(root), with_numbers(folder / "made"), every, every)
    return made.bundle.folder


@pytest.fixture
def folder(given: Path, tmp_path: Path) -> Path:
    """A bundle of one's own."""
    return Path(shutil.copytree(given, tmp_path / "convnets-by-hand"))


def edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the notebook's file."""
    path = folder / "moving.ipynb"
    document = json.loads(path.read_text("utf-8"))
    change(document)
    path.write_text(json.dumps(document), "utf-8")


def cell(document: dict[str, Any], name: str) -> dict[str, Any]:
    """A cell by nbgrader's name."""
    found = [
        c
        for c in document["cells"]
        if c["metadata"].get("nbgrader", {}).get("grade_id") == name
    ]
    return found[0]


def question(folder: Path) -> str:
    """The name of the question in words."""
    return next(t.name for t in desk.tasks(folder / "convnets") if t.in_words)


def write(folder: Path, **answers: str) -> None:
    """Write answers into their cells."""

    def fill(document: dict[str, Any]) -> None:
        for name, source in answers.items():
            cell(document, name)["source"] = source.splitlines(keepends=True)

    edit(folder, fill)


def convnets(folder: Path, *words: str) -> tuple[int, str]:
    """Run `python -m convnets` in a folder: exit status, all it said."""
    done = subprocess.run(
        [sys.executable, "-m", "convnets", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, " ".join(done.stdout.split())


def packed(path: Path) -> dict[str, Any]:
    """The notebooks of a packed submission."""
    with zipfile.ZipFile(BytesIO(path.read_bytes())) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_status_reads_what_the_notebooks_have_saved(folder: Path) -> None:
    """Nothing runs: a passed check counts as it was saved, and not after a change."""
    status, text = convnets(folder, "status")
    assert status == 0
    assert "moving 0 of 2 0 of 6 6 0 of 1" in text
    write(folder, **ANSWERS)
    write(folder, **{question(folder): WORDS})

    def run(document: dict[str, Any]) -> None:
        for count, name in enumerate(ANSWERS, 1):
            cell(document, name)["execution_count"] = 2 * count
            shown = cell(document, f"check_{name}")
            shown["execution_count"] = 2 * count + 1
            text = desk.headline(name, 2 - count, 1)
            data = {"text/plain": [text], "text/html": f"<p>{text}</p>"}
            shown["outputs"] = [
                {"output_type": "display_data", "data": data, "metadata": {}}
            ]

    edit(folder, run)
    _, text = convnets(folder, "status", "moving")
    assert "moving_sum 3 5 all public cases pass" in text
    assert "moving_mean 3 5 0 of 1 public cases pass" in text
    assert "in words: a person grades it" in text
    edit(folder, lambda d: cell(d, "moving_sum").update(execution_count=9))
    _, text = convnets(folder, "status", "moving")
    assert f"moving_sum 3 5 {desk.CHANGED}" in text


def test_status_names_what_is_not_where_it_belongs(folder: Path) -> None:
    """A notebook that is gone, and one under another name, are pointed out."""
    (folder / "moving.ipynb").rename(folder / "moving (1).ipynb")
    _, text = convnets(folder, "status", "moving")
    assert text.count("moving.ipynb is not in this folder") == 3
    assert "moving (1).ipynb is not counted" in text


def test_check_runs_the_saved_notebook(folder: Path) -> None:
    """The report of each exercise, in a fresh process; status 1 if one fails."""
    write(folder, **ANSWERS | {"moving_mean": "def moving_mean(x, k):\n    return x"})
    status, text = convnets(folder, "check", "moving_sum")
    assert (status, "moving_sum: the only public case passes" in text) == (0, True)
    assert "moving_mean" not in text
    status, text = convnets(folder, "check", "--all")
    assert status == 1
    assert "moving_mean: 0 of 1 public cases pass" in text
    assert "What differs" in text


def test_check_explains_a_call_it_cannot_use(folder: Path) -> None:
    """Names that there are not, and nothing to check: status 2 and what to do."""
    status, text = convnets(folder, "check", "moving_median")
    assert status == 2
    assert "no exercise or notebook is called 'moving_median'" in text
    assert convnets(folder, "check", "--all")[0] == 2
    status, text = convnets(folder, "pack")
    assert status == 2
    assert "nothing to hand in" in text
    status, text = convnets(folder, "pack", "moving", "--name", "../anna")
    assert status == 2
    assert "--name" in text


def test_pack_says_what_is_missing_and_packs(folder: Path) -> None:
    """An answer that stops and one that is not written are told, with the points
    they cost; the file is written all the same."""
    write(folder, moving_sum="def moving_sum(x, k):\n    return missing\n\nmissing()")
    (folder / "moving-Copy1.ipynb").write_text("{}")
    status, text = convnets(folder, "pack", "--name", "anna")
    assert status == 0
    assert "(moving_sum) stops: NameError: name 'missing' is not defined" in text
    assert "moving_sum: 0 of 1 public cases pass" in text
    assert "moving_mean: not written: 3 points are left" in text
    assert "moving-Copy1.ipynb is not handed in" in text
    assert "Hand in this file" in text
    assert list(packed(folder / "anna_convnets.zip")) == ["moving.ipynb"]


def test_packing_the_same_work_twice_gives_the_same_bytes(folder: Path) -> None:
    """Outputs, counts, an editor's metadata and the files' times leave no trace."""
    write(folder, **ANSWERS)
    convnets(folder, "pack")
    first = (folder / "convnets.zip").read_bytes()

    def run(document: dict[str, Any]) -> None:
        check = cell(document, "check_moving_sum")
        check["execution_count"] = 7
        check["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hi"}]
        check["metadata"]["collapsed"] = False
        document["metadata"]["vscode"] = {"interpreter": {"hash": "1"}}
        document["metadata"]["language_info"]["version"] = "3.13.0"

    edit(folder, run)
    convnets(folder, "pack")
    assert (folder / "convnets.zip").read_bytes() == first


def test_pack_ends_what_does_not_end(folder: Path) -> None:
    """A loop without an end is stopped by the time limit, and its cell is named."""
    # It sleeps, so that it takes no processor from the tests beside this one.
    loop = "import time\ndef moving_mean(x, k):\n    while True:\n        time.sleep(1)"
    write(folder, **ANSWERS | {"moving_mean": loop})
    status, text = convnets(folder, "pack", "--seconds", "15")
    assert status == 0
    assert "Checking moving_mean: it was not done after 15 seconds" in text
    assert "moving_sum: all public cases pass" in text
    assert "moving_mean: not reached" in text


def notes(folder: Path) -> list[str]:
    """What packing says about the notebook without running it."""
    every = desk.tasks(folder / "convnets")
    return list(pack.prepare(folder / "moving.ipynb", every).notes)


def test_cells_that_are_gone_or_doubled_are_named(folder: Path) -> None:
    """A deleted cell, a copy, and an answer in another cell."""
    write(folder, **ANSWERS)
    assert notes(folder) == []
    edit(folder, lambda d: d["cells"].append(cell(d, "moving_sum")))
    assert "2 cells are marked as the answer to moving_sum" in notes(folder)[0]
    edit(folder, lambda d: [d["cells"].remove(cell(d, "moving_sum")) for _ in "12"])
    assert "The cell of moving_sum is gone" in notes(folder)[0]
    own = {"cell_type": "code", "metadata": {}, "source": ANSWERS["moving_sum"]}
    edit(folder, lambda d: d["cells"].append(own))
    assert "The answer to moving_sum was found in cell" in notes(folder)[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "no notebook of format 4"),
        ('{"worksheets": []}', "no notebook of format 4"),
        ('{"cells": []}', "another notebook under this name"),
    ],
)
def test_what_grading_could_not_open_is_not_packed(
    folder: Path, text: str, says: str
) -> None:
    """No file is written, and the sentence says what to do."""
    (folder / "moving.ipynb").write_text(text)
    status, said = convnets(folder, "pack", "moving")
    assert (status, says in said) == (2, True)
    assert not (folder / "convnets.zip").exists()


def test_a_notebook_too_large_for_grading_is_not_packed(folder: Path) -> None:
    """Packing has the limits that grading has."""
    assert (pack.LARGEST, pack.LONGEST) == (ingest.MAX_BYTES, ingest.MAX_CODE)
    assert pack.MOST_CELLS == ingest.MAX_CELLS
    write(folder, moving_sum="#" * pack.LONGEST)
    with pytest.raises(desk.DeskTrouble, match="too large for grading"):
        notes(folder)


def test_what_is_packed_is_what_grading_reads(folder: Path) -> None:
    """Ingest finds the answers, and every released cell by its name or id."""
    write(folder, **ANSWERS)
    every = desk.tasks(folder / "convnets")
    data = pack.prepare(folder / "moving.ipynb", every).data
    before = ingest.read_cells((folder / "moving.ipynb").read_bytes())
    assert ingest.read_cells(data) == before
