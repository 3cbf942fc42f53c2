"""nbgrader's formgrader, in a real JupyterLab, shows staff what grading found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from course_folder import copy_of_released, hand_in
from jupyter_lab import WAIT, jupyter_lab
from playwright.sync_api import Browser, Page, expect
from rows import rows

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.feedback_files import write_pages
from autograder.grading.grade import grade
from autograder.publishing.question import PLACEHOLDER
from autograder.sample.classroom import SAMPLED
from autograder.sample.desk import Desk, code, desk_of, prose
from autograder.sample.words import ANSWERS

HOSTILE = """\
<script>window.owned = "script"</script>
<img src="x" onerror="window.owned = 'image'">
<svg onload="window.owned = 'drawing'"></svg>

[a link](javascript:window.owned='link')
"""
# As a student's id: the first may be one, the second is refused.
NAMES = ("o'brien + @home", "<img src=x onerror=window.owned=1>")
QUESTION = "why_shares_are_added"
LONG = "A paragraph of one line, as people type them. " * 20
LINK = r"$\href{javascript:x}{x}$"
IN_WORDS = {
    "right": "\n\n".join([LONG, ANSWERS[QUESTION][0], HOSTILE, LINK]),
    "silent": PLACEHOLDER,
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class of three that was graded, and a folder whose name is markup."""
    course = copy_of_released(tmp_path_factory.mktemp("class"))
    desk = desk_of(course, catalogue.load().chapter("depthwise"))
    hand_in(course, "right", "depthwise", ipynb.to_bytes(desk.right()))
    hand_in(course, "wrong", "depthwise", ipynb.to_bytes(wrong(desk)))
    for name in NAMES:
        hand_in(course, name, "depthwise", ipynb.to_bytes(hostile(desk)))
    asking = desk_of(course, catalogue.load().chapter("convolution"))
    for student, text in IN_WORDS.items():
        notebook = asking.notebook({QUESTION: text}, helpers=False)
        hand_in(course, student, "convolution", ipynb.to_bytes(notebook))
    grade(course, ["depthwise", "convolution"])
    return course


def wrong(desk: Desk) -> ipynb.NotebookNode:
    """Right answers, but for the first exercise: its first listed mistake."""
    right = {name: answers.reference for name, answers in desk.answers.items()}
    first = desk.names[0]
    return desk.notebook(right | {first: desk.answers[first].mistakes[0][1]})


def hostile(desk: Desk) -> ipynb.NotebookNode:
    """Right answers, and markup wherever a student can write."""
    notebook = desk.right()
    first = desk.index(notebook, desk.names[0])
    notebook.cells[first].source += f'\n\nprint("""{HOSTILE}""")'
    notebook.cells[0].source += HOSTILE
    notebook.cells[0:0] = [prose(HOSTILE), code(f'raise ValueError("""{HOSTILE}""")')]
    return notebook


@pytest.fixture(scope="module")
def lab(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab in the course folder, with a home of its own."""
    with jupyter_lab(course, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, lab: str) -> Iterator[Page]:
    """A page that reaches nothing but this JupyterLab."""
    page = browser.new_page()
    page.set_default_timeout(WAIT)
    page.route(lambda url: not url.startswith(lab), lambda route: route.abort())
    # A dialogue is a script's doing; unanswered, it would hold everything up.
    page.on("dialog", lambda dialog: pytest.fail(f"a dialogue: {dialog.message}"))
    yield page
    page.close()


def open_table(page: Page, lab: str, chapter: str = "depthwise") -> None:
    """Go to the table of one chapter's submissions, names shown."""
    page.goto(f"{lab}/formgrader/gradebook/{chapter}/{chapter}")
    page.locator("#main-table a").first.wait_for()
    page.locator("#toggle_names").click()


def open_submission(page: Page, lab: str, student: str) -> None:
    """Go to what a student handed in, the way staff do."""
    open_table(page, lab)
    page.get_by_role("link", name=student, exact=True).click()
    scores = page.locator("input.score[placeholder]")
    expect(scores).to_have_count(len(points()), timeout=WAIT)


def points() -> dict[str, int]:
    """What each exercise of the chapter is worth."""
    chapter = catalogue.load().chapter("depthwise")
    return {exercise.name: exercise.points for exercise in chapter.exercises}


def scores(course: Path, student: str) -> dict[str, float]:
    """What the gradebook has of a student, by the name of the grade cell."""
    grades = rows(course / "gradebook.db")["grade"]
    return {row[3]: row[4] for row in grades if row[1] == student}


def test_jupyterlab_opens_the_formgrader_on_the_course(page: Page, lab: str) -> None:
    """JupyterLab's menu leads to the chapters, and to how many handed each in."""
    page.goto(f"{lab}/lab")
    page.get_by_role("menuitem", name="Nbgrader").click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    chapters = page.frame_locator("iframe").locator("#main-table tr")
    expect(chapters.locator("td.name")).to_have_text(sorted(SAMPLED), timeout=WAIT)
    # nbgrader counts folders, and so the one that grading refused, too.
    handed_in = chapters.filter(has_text="depthwise").locator("td.num-submissions")
    expect(handed_in).to_have_text("4", timeout=WAIT)


def test_the_table_has_the_scores(page: Page, lab: str, course: Path) -> None:
    """Everyone graded is there with their score; nobody has to grade by hand."""
    open_table(page, lab)
    found = page.locator("#main-table tr")
    shown = {
        row.locator(".name").inner_text(): row.locator(".score").inner_text()
        for row in found.all()
    }
    most = sum(points().values())
    less = sum(scores(course, "wrong").values())
    full = f"{most} / {most}"
    assert less < most
    assert shown == {"right": full, "wrong": f"{less:g} / {most}", NAMES[0]: full}
    assert found.locator(".needs-manual-grade .glyphicon").count() == 0


def test_a_submission_shows_the_verdict(page: Page, lab: str, course: Path) -> None:
    """Staff see what grading says of a mistake, and each check's score."""
    desk = desk_of(course, catalogue.load().chapter("depthwise"))
    name = desk.names[0]
    open_submission(page, lab, "wrong")
    shown = page.locator("input.score").evaluate_all(
        "found => Object.fromEntries(found.map(i => [i.id, Number(i.placeholder)]))"
    )
    assert shown == scores(course, "wrong")
    verdict = page.locator(".output_html").filter(has_text=f"{name}: ")
    score = f"{name}: {shown[f'check_{name}']:g} of {points()[name]} points"
    expect(verdict).to_contain_text(score)
    expect(verdict).to_contain_text(desk.answers[name].mistakes[0][0])


def test_no_script_of_a_students_runs(page: Page, lab: str) -> None:
    """Markup in cells and in the name of a folder is text to the formgrader."""
    page.set_content(HOSTILE)
    page.wait_for_function("window.owned")  # it would run if it could
    open_submission(page, lab, NAMES[0])
    page.get_by_text('<script>window.owned = "script"</script>').first.wait_for()
    assert_nothing_ran(page)
    for path in ("manage_submissions/depthwise", "manage_students"):
        page.goto(f"{lab}/formgrader/{path}")
        page.get_by_text(NAMES[1]).first.wait_for()
        assert_nothing_ran(page)


def test_an_answer_in_words_is_graded_by_hand(
    page: Page, lab: str, course: Path
) -> None:
    """Who answered is marked for a person, who reads the text letter for letter and
    gives points and a comment; the student's page has both."""
    open_table(page, lab, "convolution")
    marked = page.locator("#main-table tr").filter(
        has=page.locator(".needs-manual-grade .glyphicon")
    )
    expect(marked.locator(".name")).to_have_text(["right"], use_inner_text=True)
    page.get_by_role("link", name="right", exact=True).click()
    cell = page.locator(".nbgrader_cell", has=page.locator(f"input#{QUESTION}"))
    shown = cell.locator("pre").inner_text()
    assert shown.split() == IN_WORDS["right"].split()
    fits = "found => found.scrollWidth <= found.clientWidth"
    assert cell.locator("pre").evaluate(fits)  # nobody has to scroll a sentence
    assert_nothing_ran(page)
    cell.locator(f"input#{QUESTION}").fill("2.5")
    with page.expect_response(lambda answer: "/api/grade/" in answer.url):
        cell.locator(f"input#{QUESTION}").blur()
    cell.locator("textarea").fill("And the corners?")
    with page.expect_response(lambda answer: "/api/comment/" in answer.url):
        cell.locator("textarea").blur()
    (grade_row,) = (
        row[4:]
        for row in rows(course / "gradebook.db")["grade"]
        if (row[1], row[3]) == ("right", QUESTION)
    )
    assert grade_row == (None, 2.5, None, 0)
    write_pages(course, ["convolution"])
    made = course / "feedback" / "right" / "convolution" / "convolution.html"
    for words in ("2.5 of 3 points", "graded by a person", "And the corners?"):
        assert words in made.read_text(encoding="utf-8")


def assert_nothing_ran(page: Page) -> None:
    """No markup of a student's did anything or waits for a click."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.owned") is None
    assert page.locator("[href^='javascript:'][href*=owned]").count() == 0
