"""Submissions are rebuilt on the released notebook. Takes about a second."""

from __future__ import annotations

import random
from typing import Any

import pytest
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from small_release import as_submitted, filled, own, small_release

from autograder.errors import SubmissionTrouble
from autograder.grading.ingest import SubmittedCell
from autograder.grading.program import key, program, role
from autograder.grading.transplant import Transplanted, transplant

F = "def f(x):\n    return x + 1"
G = "def g(x):\n    return 2 * x"


def rebuilt(notebook: NotebookNode) -> Transplanted:
    """The notebook handed in and rebuilt."""
    return transplant(small_release(), as_submitted(notebook), "small")


def runs(notebook: NotebookNode) -> list[tuple[str, str, tuple[str, ...]]]:
    """What grading would run of it."""
    cells = program(rebuilt(notebook).notebook).cells
    return [(cell.id, cell.source, cell.captures) for cell in cells]


def namespace(notebook: NotebookNode) -> dict[str, Any]:
    """What is captured when its cells run here."""
    names: dict[str, Any] = {}
    captured = {}
    for cell in program(rebuilt(notebook).notebook).cells:
        exec(cell.source, names)
        captured |= {name: names.get(name) for name in cell.captures}
    return captured


def released_parts(notebook: NotebookNode) -> list[tuple[str, Any]]:
    """Each released cell's identity and metadata, with sources that are locked."""
    return [
        (key(c), (c.metadata, c.cell_type, role(c) == "solution" or c.source))
        for c in notebook.cells
        if "added" not in c.metadata.get("tags", [])
    ]


def test_setup_given_and_answers_run_in_order() -> None:
    """What runs: set-up, given cells and answers; names are looked up at the
    grade cells; prose and experiments do not run."""
    assert runs(filled(f=F, g=G)) == [
        ("small-001", "import math", ()),
        ("given_pair", "def pair(x):\n    return x, x", ()),
        ("f", F, ()),
        ("check_f", "", ("f",)),
        ("g", G, ()),
        ("check_g", "", ("g",)),
    ]


def test_an_added_cell_runs_where_it_stood() -> None:
    """Cells that students add run between the same released cells."""
    notebook = filled(f=F, g=G)
    notebook.cells.insert(0, own("first = 1"))
    notebook.cells.insert(5, own("before_check = 1"))
    notebook.cells.append(own("last = 1"))
    order = [name for name, _, _ in runs(notebook)]
    assert order == [
        "added-1",
        "small-001",
        "given_pair",
        "f",
        "added-2",
        "check_f",
        "g",
        "check_g",
        "added-3",
    ]


def test_locked_cells_are_the_released_ones() -> None:
    """Given helpers and grade cells are as released, whatever was made of them."""
    notebook = filled(f=F, given_pair="def pair(x): return 'owned'", check_f="1000")
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        marks.update(points=1000, locked=False, solution=True, task=True, grade=True)
    assert released_parts(rebuilt(notebook).notebook) == released_parts(small_release())
    assert "owned" not in str(runs(notebook))


@pytest.mark.parametrize("seed", range(20))
def test_any_shuffle_keeps_every_released_cell(seed: int) -> None:
    """Cells deleted, copied, retyped and shuffled at random: the rebuilt notebook
    has every released cell once, in order, and the answers that are left."""
    rng = random.Random(seed)
    cells = as_submitted(filled(f=F, g=G))
    kept = [c for c in cells if c.grade_id == "f" or rng.random() < 0.7]
    kept += [c for c in kept if rng.random() < 0.3]
    rng.shuffle(kept)
    kept = [
        SubmittedCell(
            rng.choice(["code", "markdown", "raw"]), *list(vars(c).values())[1:]
        )
        for c in kept
    ]
    result = transplant(small_release(), kept, "small")
    assert released_parts(result.notebook) == released_parts(small_release())
    assert ("f", F, ()) in [
        (c.id, c.source, c.captures) for c in program(result.notebook).cells
    ]


def test_an_untouched_notebook_stays_the_same() -> None:
    """Nothing changed, nothing noted, and the rebuilt notebook is the release."""
    result = rebuilt(small_release())
    assert result.notebook == small_release()
    assert result.notes == ()


def test_of_copied_cells_the_last_changed_counts() -> None:
    """The last copy that was changed is graded, as when the notebook runs; an
    earlier attempt runs before it; an untouched stub below does not undo it."""
    notebook = filled(f=F)
    early = filled(f="def f(x):\n    return helper\nhelper = 1").cells[3]
    stub = small_release().cells[3]
    notebook.cells[3:4] = [early, notebook.cells[3], stub]
    assert namespace(notebook)["f"](1) == 2
    (note,) = rebuilt(notebook).notes
    assert note.startswith("3 cells are marked as the answer to f")


def test_a_deleted_answer_is_looked_for_everywhere() -> None:
    """A function whose cell is gone counts when it stands in another cell, also
    below the grade cell; the notebook says so."""
    notebook = filled(g=G)
    notebook.cells = [c for c in notebook.cells if key(c) not in ("f", "check_f")]
    notebook.cells.append(own(F))
    assert namespace(notebook)["f"](1) == 2
    assert "The cell for f is missing" in rebuilt(notebook).notes[0]


def test_an_emptied_answer_is_looked_for_everywhere() -> None:
    """A function that was moved out of its cell counts as well."""
    notebook = filled(f="", g=G)
    notebook.cells.append(own(F))
    assert namespace(notebook)["f"](1) == 2


def test_a_retyped_answer_is_graded_as_code() -> None:
    """A solution cell turned into Markdown by accident is graded all the same."""
    notebook = filled(f=F)
    cell = notebook.cells[3]
    notebook.cells[3] = new_markdown_cell(F, metadata=cell.metadata)
    assert namespace(notebook)["f"](1) == 2
    assert "no code cell" in rebuilt(notebook).notes[0]


@pytest.mark.parametrize("lost", ["ids", "metadata"])
def test_a_cell_is_known_by_id_or_by_metadata(lost: str) -> None:
    """Editors that drop cell ids or metadata do no harm."""
    cells = [
        SubmittedCell(c.kind, c.source, "", c.cell_id)
        if lost == "metadata"
        else SubmittedCell(c.kind, c.source, c.grade_id, "")
        for c in as_submitted(filled(f=F, g=G))
    ]
    result = transplant(small_release(), cells, "small")
    assert result.notebook == rebuilt(filled(f=F, g=G)).notebook


def test_imports_added_to_the_setup_cell_count() -> None:
    """What a student makes of the set-up cell runs after the released one."""
    notebook = filled(f=F)
    notebook.cells[1].source = "import math\nimport random"
    assert runs(notebook)[1] == ("added-1", "import math\nimport random", ())


def test_changed_experiments_do_not_run() -> None:
    """An experiment that a student changed is no answer, and is left out."""
    notebook = filled(f=F)
    notebook.cells[-1].source = "while True: pass"
    assert "while True" not in str(runs(notebook))


def test_rebuilding_again_gives_the_same_bytes() -> None:
    """Two runs give the same notebook, ids of added cells included."""
    notebook = filled(f=F)
    notebook.cells.append(own("a = 1"))
    assert rebuilt(notebook).notebook == rebuilt(notebook).notebook


def test_added_prose_is_shown_and_not_rendered() -> None:
    """Markup in a student's Markdown cell stays text, however it is fenced."""
    notebook = filled(f=F)
    hostile = "</script>\n```\n<script>alert(1)</script>\n`````"
    notebook.cells.append(new_markdown_cell(hostile))
    cell = rebuilt(notebook).notebook.cells[-1]
    html = markdown2html(cell.source)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_another_assignment_is_one_sentence() -> None:
    """A notebook without anything of this chapter is refused, and says of what
    it has cells instead; hostile names in it are made harmless."""
    cells = [SubmittedCell("code", "def h(x): ...", "\x1b[31mh" * 100, "other-1")]
    with pytest.raises(SubmissionTrouble, match="not the notebook of the chapter"):
        transplant(small_release(), cells, "small")
    with pytest.raises(SubmissionTrouble) as trouble:
        transplant(small_release(), cells, "small")
    assert str(trouble.value).isprintable()
    assert len(str(trouble.value)) < 400


def test_functions_alone_are_enough() -> None:
    """A notebook typed anew, with the right functions in it, is graded."""
    cells = [SubmittedCell("code", F), SubmittedCell("code", G)]
    result = transplant(small_release(), cells, "small")
    assert len(result.notes) == 2
    captured = program(result.notebook).cells[-1]
    assert (captured.id, captured.captures) == ("end", ("f", "g"))
