"""A student's folder in a real JupyterLab: it renders, runs, checks and validates."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from course_folder import copy_of_released, nbgrader, released
from jupyter_lab import WAIT, jupyter_lab
from playwright.sync_api import Browser, Locator, Page, expect
from rows import rows
from small_book import chapter, read, small_book, with_numbers

from autograder import catalogue
from autograder.grading import ipynb
from autograder.grading.collect import collect
from autograder.grading.grade import grade
from autograder.publishing.bundle import NAME
from autograder.publishing.release import release_chapters
from autograder.sample.desk import desk_of
from convnets import pack
from convnets.desk import tasks

OPEN = """async path => {
  const found = await jupyterapp.commands.execute(
    "docmanager:open", {path, factory: "Notebook"});
  await found.context.ready;
  await found.context.sessionContext.ready;
}"""
# Makes a cell the active one; cells are known by a piece of their source.
GO = """text => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const source = cell => cell.model.sharedModel.getSource();
  notebook.activeCellIndex = notebook.widgets.findIndex(c => source(c).includes(text));
  return notebook.activeCellIndex;
}"""
DO = "command => jupyterapp.commands.execute(command)"
WRITE = """text => jupyterapp.shell.currentWidget.content.activeCell.model
  .sharedModel.setSource(text)"""
ERRORS = """() => jupyterapp.shell.currentWidget.content.widgets.flatMap(cell =>
  (cell.model.sharedModel.outputs ?? []).filter(o => o.output_type === "error")
    .map(o => o.evalue))"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab over two bundles: `real`, of the course, and `small`."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(released().parent / "student" / NAME, folder / "real")
    root = small_book(tmp_path_factory.mktemp("book"))
    every = [chapter(root)]
    made = release_chapters(read(root), with_numbers(root / "made"), every, every)
    shutil.copytree(made.bundle.folder, folder / "small")
    with jupyter_lab(folder, tmp_path_factory.mktemp("home")) as address:
        yield address


@pytest.fixture
def page(browser: Browser, lab: str) -> Iterator[Page]:
    """JupyterLab in a page that reaches nothing else."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(WAIT)
    foreign: list[str] = []

    def refuse(route: Any) -> None:
        foreign.append(route.request.url)
        route.abort()

    page.route(lambda url: not url.startswith((lab, "data:", "blob:")), refuse)
    page.goto(f"{lab}/lab?reset")
    page.wait_for_function("window.jupyterapp?.restored")
    page.evaluate("jupyterapp.restored")
    yield page
    page.close()
    assert foreign == []


def cell(page: Page, text: str) -> Locator:
    """Go to the cell whose source has this text."""
    return page.locator(".jp-Notebook .jp-Cell").nth(page.evaluate(GO, text))


def run(page: Page, text: str) -> Locator:
    """Run the cell whose source has this text; returns it."""
    found = cell(page, text)
    page.evaluate(DO, "notebook:run-cell")
    return found


def test_a_notebook_renders_and_runs_to_its_first_exercise(page: Page) -> None:
    """Formulas, figures and boxes are there, nothing fails, nothing is raw; the live
    figure follows the arrow keys, which JupyterLab would take."""
    page.evaluate(OPEN, "real/convolution.ipynb")
    cell(page, "def output_size")
    page.evaluate(DO, "notebook:run-all-above")
    assert page.evaluate(ERRORS) == []
    notebook = page.locator(".jp-Notebook")
    expect(notebook.locator("mjx-container").first).to_be_visible()
    assert notebook.locator("mjx-merror").count() == 0
    assert notebook.locator(".jp-RenderedMarkdown blockquote").count() > 0
    assert notebook.locator(".jp-OutputArea img, .jp-OutputArea svg").count() > 0
    loaded = "all => all.every(image => image.complete && image.naturalWidth)"
    assert notebook.locator("img").evaluate_all(loaded)
    figure = cell(page, "live.figure")
    slider = figure.locator("input[type=range]").first
    before = figure.locator(".live-board").last.inner_html()
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_be_focused()
    expect(figure.locator(".live-control output").first).to_have_text("2")
    assert figure.locator(".live-board").last.inner_html() != before


def test_check_answers_in_the_notebook(page: Page) -> None:
    """A wrong answer gets a report without a traceback, a right one is told what is
    graded, and the last cell counts it."""
    page.evaluate(OPEN, "small/moving.ipynb")
    cell(page, "def moving_sum")
    page.evaluate(DO, "notebook:run-all-above")
    page.evaluate(WRITE, "def moving_sum(x, k):\n    return x[k - 1 :]")
    run(page, "def moving_sum")
    report = run(page, 'check("moving_sum")').locator(".jp-OutputArea")
    expect(report.locator(".cbh")).to_contain_text("First that fails: five numbers")
    expect(report).to_contain_text("moving_sum: 0 of 1 public cases pass.")
    expect(report).not_to_contain_text("Traceback")
    answer = "    return np.convolve(x, np.ones(k), 'valid')"
    cell(page, "def moving_sum")
    page.evaluate(WRITE, f"def moving_sum(x, k):\n{answer}")
    run(page, "def moving_sum")
    report = run(page, 'check("moving_sum")').locator(".cbh")
    expect(report).to_contain_text("the only public case passes")
    expect(report).to_contain_text("1 more hidden case.")
    table = run(page, 'progress("moving")').locator(".cbh")
    expect(table).to_contain_text("1 of 2 exercises pass their public cases")
    page.evaluate(DO, "docmanager:save")


def test_validate_of_nbgrader_says_what_check_says(page: Page) -> None:
    """The button of nbgrader's extension finds the answer that is missing."""
    page.evaluate(OPEN, "small/moving.ipynb")
    page.get_by_role("button", name="Validate").click()
    dialogue = page.locator(".jp-Dialog")
    said = 'check("moving_mean")moving_mean: 0 of 1 public cases pass.'
    expect(dialogue).to_contain_text(said, timeout=WAIT)
    dialogue.get_by_role("button", name="Ok").click()


@pytest.mark.parametrize("way", ["course collect", "nbgrader zip_collect"])
def test_what_pack_makes_is_collected_and_graded(tmp_path: Path, way: str) -> None:
    """A packed file reaches the gradebook with full marks, by our verb and by
    nbgrader's."""
    course = copy_of_released(tmp_path)
    folder = tmp_path / "desk"
    shutil.copytree(released().parent / "student" / NAME, folder)
    desk = desk_of(course, catalogue.load().chapter("depthwise"))
    (folder / "depthwise.ipynb").write_bytes(ipynb.to_bytes(desk.right()))
    every = [task for task in tasks(folder / "convnets") if task.chapter == "depthwise"]
    packed = tmp_path / pack.file_name("anna")
    pack.write(packed, [pack.prepare(folder / "depthwise.ipynb", every)])
    if way == "course collect":
        assert collect(course, [packed]).refused == []
    else:
        archive = course / "downloaded" / "depthwise" / "archive"
        archive.mkdir(parents=True)
        shutil.copy(packed, archive)
        done = nbgrader(course, "zip_collect", "depthwise")
        assert done.returncode == 0, done.stderr
    grade(course, ["depthwise"])
    scores = {row[3]: row[4] for row in rows(course / "gradebook.db")["grade"]}
    assert scores == {f"check_{e.name}": e.points for e in desk.chapter.exercises}
