"""What students read: the reason first, and nobody's markup. Takes seconds."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from nbformat import NotebookNode
from page_audit import Audit
from small_release import filled, small_release

from autograder import catalogue
from autograder.grading.feedback import fragment, page
from autograder.grading.graded import (
    Graded,
    GroupScore,
    Sheet,
    file_verdicts,
    in_words,
    sheet,
    show_verdicts,
)
from autograder.grading.records import Grades
from autograder.model import CaseVerdict, Explanation, Group, Verdict

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="1"/></svg>'
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>`</code>`\"'&\x1b[31m"

EXPLANATION = Explanation(
    call="f(x, stride=2)",
    given="x = float64 (2,)\n[1. 2.]",
    expected="float64 (1,) [2.]",
    received="float64 (2,) [2. 3.]",
    message="The result has shape (2,); (1,) was expected.",
    picture=SVG,
    diagnoses=("the `stride` is ignored",),
)
WRONG = Sheet(
    Verdict(
        "f",
        1.0,
        2,
        (
            CaseVerdict("one pixel", "plain", True, True),
            CaseVerdict("a stride of 2", "stride", False, True, "Not passed."),
        ),
        explanation=EXPLANATION,
    ),
    (
        GroupScore("plain", "Without a stride.", 1, 1.0, 1, 1),
        GroupScore("stride", "With one.", 1, 0.0, 0, 1),
    ),
)
RIGHT = Sheet(
    Verdict("g", 3.0, 3, (CaseVerdict("any", "all", True, True),)),
    (GroupScore("all", "Everything.", 3, 3.0, 1, 1),),
)
GRADES = Grades("ada", "small", 0.0, {"check_f": (1.0, 2.0), "check_g": (3.0, 3.0)})


def autograded(
    *sheets: Sheet, trouble: str = "", notes: tuple[str, ...] = ()
) -> NotebookNode:
    """The small notebook with these verdicts in it."""
    notebook = filled(f="def f(x):\n    return x + 1")
    return file_verdicts(Graded(notebook, sheets, trouble, notes))


def test_the_page_says_what_failed_and_why() -> None:
    """Score, message, smallest input, expected, received, likely cause, next step,
    groups and failing cases are on the page."""
    seen = Audit(page(autograded(WRONG, RIGHT), GRADES))
    assert seen.faults == []
    for words in (
        "small: 4 of 5 points",
        "f: 1 of 2 points",
        "The result has shape (2,); (1,) was expected.",
        "f(x, stride=2)",
        "x = float64 (2,)",
        "float64 (1,) [2.]",
        "float64 (2,) [2. 3.]",
        "Your result is what one gets when the stride is ignored.",
        'run check("f")',
        "a stride of 2",
        "With one.",
        "All cases pass, public and hidden.",
        "def f(x):",
    ):
        assert words in seen.text


def test_the_reason_comes_before_the_table() -> None:
    """What teaches stands above the list of groups and cases."""
    text = Audit(page(autograded(WRONG), GRADES)).text.partition("f: 1 of 2")[2]
    order = ["was expected", "Likely cause", "Expected", "Next", "Group"]
    assert sorted(order, key=text.index) == order


def test_a_person_has_the_last_word() -> None:
    """Scores and comments that a person gave are shown as theirs."""
    kept = replace(GRADES, cells={"check_f": (2.0, 2.0)}, comments={"f": HOSTILE})
    seen = Audit(page(autograded(WRONG), kept))
    assert seen.faults == []
    assert "A person graded this: 2 of 2 points." in seen.text
    assert "<script>alert(1)</script>" in seen.text


def test_what_could_not_be_graded_is_one_sentence() -> None:
    """A trouble with the whole notebook stands alone, with what to do."""
    seen = Audit(page(autograded(trouble="The file is not JSON. Hand in …"), GRADES))
    assert "The file is not JSON. Hand in …" in seen.text
    assert "Exercise" not in seen.text


def test_notes_about_the_notebook_are_shown() -> None:
    """What was odd in the notebook is said above the exercises."""
    seen = Audit(page(autograded(RIGHT, notes=("2 cells are marked …",)), GRADES))
    assert seen.text.index("2 cells are marked") < seen.text.index("g: 3 of 3")


def hostile_sheet() -> Sheet:
    """A sheet all of whose texts are hostile."""
    explanation = Explanation(
        *[HOSTILE] * 5, picture=f"<svg>{HOSTILE}</svg>", diagnoses=(HOSTILE,)
    )
    cases = (CaseVerdict(HOSTILE, HOSTILE, False, True, HOSTILE),)
    verdict = Verdict("f", 0.0, 2, cases, HOSTILE, explanation, HOSTILE)
    return Sheet(verdict, (GroupScore(HOSTILE, HOSTILE, 2, 0.0, 0, 1),))


def test_nobodys_markup_reaches_the_page() -> None:
    """Hostile text in names, cells, messages, comments and pictures is text."""
    notebook = autograded(hostile_sheet(), notes=(HOSTILE,))
    notebook.cells[3].source = HOSTILE + "\n</pre></div><script>"
    grades = Grades(HOSTILE, HOSTILE, 0.0, dict(GRADES.cells), {"f": HOSTILE})
    seen = Audit(page(notebook, grades))
    assert seen.faults == []
    trouble = autograded(hostile_sheet(), trouble=HOSTILE)
    assert Audit(page(trouble, grades)).faults == []


def test_the_browser_is_told_to_run_nothing() -> None:
    """Every page forbids scripts and requests, and asks for none."""
    html = page(autograded(WRONG, RIGHT), GRADES)
    assert "default-src 'none'" in html
    for word in ("<script", "http://", "https://", "@import", "url("):
        assert word not in html


def test_outputs_are_display_data_alone() -> None:
    """Grade cells say the verdict as display_data, which cannot change a score;
    every other cell has no output."""
    notebook = autograded(WRONG, RIGHT)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "stream", "name": "stderr", "text": "x"}]
    shown = show_verdicts(notebook, fragment)
    by_id = {cell["id"]: cell for cell in shown.cells}
    outputs = by_id["small-check_f"].outputs
    assert [output.output_type for output in outputs] == ["display_data"] * 2
    assert "stride" in outputs[0].data["text/html"]
    assert "f: 1 of 2 points" in outputs[0].data["text/plain"]
    assert outputs[1].data["image/svg+xml"] == SVG
    assert len(by_id["small-check_g"].outputs) == 1
    assert by_id["small-f"].outputs == []


def test_an_output_survives_nbgraders_sanitiser() -> None:
    """The formgrader's sanitiser leaves the verdict as it is: no tag is escaped."""
    from nbconvert.filters import clean_html

    clean = clean_html(fragment(WRONG))
    assert "&lt;" not in clean
    assert "&lt;script" in clean_html(fragment(hostile_sheet()))
    assert "<script" not in clean_html(fragment(hostile_sheet()))


@pytest.mark.parametrize("size", [30_000, 2_000_000])
def test_a_huge_cell_is_cut(size: int) -> None:
    """A cell of megabytes does not make a page of megabytes."""
    notebook = autograded(RIGHT)
    notebook.cells[5].source = "(" * size
    assert len(page(notebook, GRADES)) < 60_000


def test_the_released_notebook_is_not_changed() -> None:
    """Showing verdicts works on the notebook that is given, and no other."""
    before = copy.deepcopy(small_release())
    show_verdicts(file_verdicts(Graded(small_release(), (RIGHT,))), fragment)
    assert small_release() == before


def test_hidden_cases_show_as_the_points_of_their_group() -> None:
    """Which hidden case fails is told nowhere: neither its label nor a count."""
    cases = (
        CaseVerdict("seen", "plain", True, True),
        CaseVerdict("secret one", "plain", False, False, "Not passed."),
        CaseVerdict("secret two", "plain", True, False),
    )
    exercise = catalogue.load().exercise("output_size")
    group = Group("plain", 2, "All of it.")
    shown = sheet(replace(exercise, groups=[group]), Verdict("f", 0.0, 2, cases))
    assert shown.groups == (GroupScore("plain", "All of it.", 2, 0.0, 1, 1),)
    assert "secret" not in fragment(shown) + in_words(shown) + str(shown)
