"""From chapters to nbgrader's folders and the bundle."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from small_book import SECRET, chapter, read, small_book, with_numbers

from autograder.errors import AuthorError, CourseError, UsageError
from autograder.publishing.notebook import source_notebook
from autograder.publishing.release import ReleaseResult, release, release_chapters
from autograder.publishing.stub import PLACEHOLDER

# nbgrader's own way to add a submission makes SQLAlchemy warn.
submitting = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def make(root: Path, build: Path) -> ReleaseResult:
    """Release the small book."""
    made = chapter(root)
    return release_chapters(read(root), build, [made], [made])


def digests(folder: Path) -> dict[str, str]:
    """What is in every file of a folder, but the gradebook."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "gradebook.db"
    }


@pytest.fixture
def again(
    released: tuple[Path, ReleaseResult], tmp_path: Path
) -> tuple[Path, Path, ReleaseResult]:
    """A copy of the released book, to change: root, build, result."""
    # The gradebook is copied too: nbgrader takes seconds to make a new one.
    root = small_book(tmp_path)
    build = tmp_path / "made"
    shutil.copytree(released[1].course.parent, build)
    return root, build, replace(released[1], course=build / "course")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReleaseResult]:
    """The small book, released once."""
    folder = tmp_path_factory.mktemp("release")
    root = small_book(folder)
    return root, make(root, with_numbers(folder / "made"))


def notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook of the current format, or a failure."""
    found = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(found)
    return found


def by_grade_id(found: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    """The cells that nbgrader knows, by their names."""
    return {
        cell.metadata.nbgrader.grade_id: cell
        for cell in found.cells
        if "nbgrader" in cell.metadata
    }


def test_result_counts_what_was_released(
    released: tuple[Path, ReleaseResult],
) -> None:
    """The result says chapters, exercises, points and where they are."""
    _, result = released
    assert (result.chapters, result.exercises, result.points) == (("moving",), 2, 8)
    assert result.bundle.archive.is_file()


def test_source_has_answers_and_grade_cells(
    released: tuple[Path, ReleaseResult],
) -> None:
    """The instructor's notebook has each reference, then a locked check with points."""
    _, result = released
    found = notebook(result.course / "source" / "moving" / "moving.ipynb")
    cells = by_grade_id(found)
    assert list(cells) == [
        "given_check_window",
        "moving_sum",
        "check_moving_sum",
        "moving_mean",
        "check_moving_mean",
        "question_why_neighbours_are_close",
        "why_neighbours_are_close",
    ]
    assert "secret_sums = " in cells["moving_sum"].source
    answer = cells["why_neighbours_are_close"]
    assert "- Secret: one term enters and one leaves." in answer.source
    marks = answer.metadata.nbgrader
    assert (marks.solution, marks.grade, marks.locked) == (True, True, False)
    assert (answer.cell_type, marks.points) == ("markdown", 2)
    solution = cells["moving_sum"].metadata.nbgrader
    assert (solution.solution, solution.grade, solution.locked) == (True, False, False)
    check = cells["check_moving_sum"]
    assert check.source == 'check("moving_sum")'
    marks = check.metadata.nbgrader
    assert (marks.solution, marks.grade, marks.locked) == (False, True, True)
    assert marks.points == 3


def test_release_cuts_the_answers(released: tuple[Path, ReleaseResult]) -> None:
    """The student's notebook has the site's stub where the answer was."""
    _, result = released
    found = notebook(result.course / "release" / "moving" / "moving.ipynb")
    stub = by_grade_id(found)["moving_sum"].source
    assert stub.endswith("\n".join(f"    {line}" for line in PLACEHOLDER.split("\n")))
    assert "check_window(k, len(x))" in stub
    cells = by_grade_id(found)
    assert cells["why_neighbours_are_close"].source == "YOUR ANSWER HERE"
    asked = cells["question_why_neighbours_are_close"]
    assert "2 points · about 5 minutes · answered in words" in asked.source
    assert "sums in (1.1) *close*" in asked.source
    assert not asked.metadata.editable
    assert all(not cell.get("outputs") for cell in found.cells)


def test_no_answer_leaves_the_source_folder(
    released: tuple[Path, ReleaseResult],
) -> None:
    """No line of an answer is in release/, in the bundle or in its zip."""
    _, result = released
    places = [result.course / "release", result.bundle.folder]
    read_files = 0
    for path in (path for place in places for path in place.rglob("*")):
        if path.is_file():
            read_files += 1
            assert not any(secret.encode() in path.read_bytes() for secret in SECRET)
    assert read_files > 20
    with zipfile.ZipFile(result.bundle.archive) as archive:
        for name in archive.namelist():
            assert not any(secret.encode() in archive.read(name) for secret in SECRET)


def test_notebook_has_no_myst_left(released: tuple[Path, ReleaseResult]) -> None:
    """References, numbers, papers and captions are text; site-only cells are gone."""
    _, result = released
    found = notebook(result.bundle.folder / "moving.ipynb")
    text = "\n\n".join(cell.source for cell in found.cells)
    assert not re.search(r"\{[a-z:]+\}`|```\{|^\(.+\)=", text, re.MULTILINE)
    assert "See Figure 1.1, (1.1) and *Symbols* of *Notation*, or *Notation*." in text
    assert "The sum of three ones is 3.0." in text
    assert "as Dumoulin and Visin (2016) say." in text
    assert "**Figure 1.1.** Bars of (1.1)." in text
    assert found.cells[-1].source.startswith("## References\n\n- Vincent Dumoulin")
    assert "glue" not in text
    assert "> **Exercise `moving_sum`** · 3 points · about 5 minutes · warm-up" in text


def test_set_up_brings_check_and_the_references_imports(
    released: tuple[Path, ReleaseResult],
) -> None:
    """A cell with `check` follows the chapter's set-up, and is set-up too."""
    _, result = released
    found = notebook(result.bundle.folder / "moving.ipynb")
    assert found.cells[0].source.startswith("# Moving sums")
    setup = [c.source for c in found.cells if c.metadata.get("tags") == ["setup"]]
    assert setup == ["import numpy as np", "from convnets import check, progress"]
    folded = [c for c in found.cells if c.metadata.get("jupyter")]
    assert [cell.source.split()[-1] for cell in folded] == ["2]))"]


def test_release_folder_works_alone(released: tuple[Path, ReleaseResult]) -> None:
    """A fetched assignment has the package with its cases, and the figures."""
    _, result = released
    folder = result.course / "release" / "moving"
    for name in (
        "convnets/answers.py",
        "convnets/cases/moving_sum.npz",
        "convnets/exercises.json",
        "figures/moving.py",
        "figures/grid.svg",
    ):
        assert (folder / name).is_file(), name


def test_second_release_is_byte_identical(
    again: tuple[Path, Path, ReleaseResult],
) -> None:
    """Releasing once more, from and to other folders, writes the same bytes."""
    root, build, _ = again
    first = digests(build)
    shutil.rmtree(build / "student")
    shutil.rmtree(build / "course" / "source")
    make(root, build)
    assert digests(build) == first


def test_old_files_vanish(again: tuple[Path, Path, ReleaseResult]) -> None:
    """What an earlier release wrote and this one does not is gone."""
    root, build, _ = again
    old = [
        build / "course" / "source" / "gone" / "gone.ipynb",
        build / "course" / "release" / "moving" / "old.txt",
        build / "student" / "convnets-by-hand" / "old.ipynb",
    ]
    for path in old:
        path.parent.mkdir(exist_ok=True)
        path.write_text("old")
    make(root, build)
    assert not any(path.exists() for path in old)


@submitting
def test_grades_survive_a_release(again: tuple[Path, Path, ReleaseResult]) -> None:
    """A submission in the gradebook keeps its score when prose changes."""
    root, build, result = again
    url = f"sqlite:///{result.course / 'gradebook.db'}"
    with Gradebook(url) as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("moving", "ada")
        grade = gradebook.find_grade("check_moving_sum", "moving", "moving", "ada")
        grade.auto_score = 2.0
        gradebook.db.commit()
    text = root / "chapters" / "moving.md"
    text.write_text(text.read_text() + "\nOne more sentence.\n")
    make(root, build)
    with Gradebook(url) as gradebook:
        grade = gradebook.find_grade("check_moving_sum", "moving", "moving", "ada")
        assert grade.auto_score == 2.0
    assert "One more" in (result.course / "release/moving/moving.ipynb").read_text()


@submitting
def test_changed_exercises_with_grades_are_refused(
    again: tuple[Path, Path, ReleaseResult],
) -> None:
    """An exercise taken away under a submission is one clear error."""
    root, build, result = again
    with Gradebook(f"sqlite:///{result.course / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_submission("moving", "ada")
    text = root / "chapters" / "moving.md"
    cell = re.compile(r"```\{code-cell\}[^`]*moving_mean\n```\n")
    text.write_text(cell.sub("", text.read_text()))
    made = chapter(root)
    fewer = type(made)(made.name, made.path, made.exercises[:1])
    with pytest.raises(CourseError, match="added, removed or renamed"):
        release_chapters(read(root), build, [fewer], [fewer])


def test_missing_numbers_name_the_command(tmp_path: Path) -> None:
    """Without a site build, the error names the place and `course site`."""
    root = small_book(tmp_path)
    with pytest.raises(AuthorError, match=r"moving\.md, line \d+.*`course site`"):
        make(root, tmp_path / "made")


def test_exercise_without_checks_is_refused(tmp_path: Path) -> None:
    """A page with exercises that no checks module knows stops the release."""
    root = small_book(tmp_path)
    with pytest.raises(AuthorError, match=r"no autograder/checks/moving\.py"):
        release_chapters(read(root), tmp_path / "made", [], [])


def test_chapter_and_checks_have_to_agree(tmp_path: Path) -> None:
    """An Exercise without a cell, and a cell without an Exercise, are errors."""
    root = small_book(tmp_path)
    book = read(root)
    context = book.context("moving", with_numbers(tmp_path / "made"))
    exercises = {exercise.name: exercise for exercise in chapter(root).exercises}
    extra = {**exercises, "other": exercises["moving_sum"]}
    with pytest.raises(AuthorError, match="no cell of the chapter"):
        source_notebook(book.pages["moving"], extra, context)
    del exercises["moving_mean"]
    with pytest.raises(AuthorError, match="no Exercise for it"):
        source_notebook(book.pages["moving"], exercises, context)


def test_student_cell_with_myst_nb_is_refused(tmp_path: Path) -> None:
    """A cell that students would run may not need the book's own package."""
    root = small_book(tmp_path)
    text = root / "chapters" / "moving.md"
    text.write_text(text.read_text().replace(":tags: [site-only]\n", "", 1))
    text.write_text(
        text.read_text().replace(
            "from solutions.moving import moving_sum as reference\n", ""
        )
    )
    with pytest.raises(AuthorError, match="site-only"):
        make(root, with_numbers(tmp_path / "made"))


def test_given_cell_with_an_answer_is_refused(tmp_path: Path) -> None:
    """A helper with solution markers is not handed out as it is."""
    root = small_book(tmp_path)
    text = root / "chapters" / "moving.md"
    cell = re.compile(r"```\{code-cell\}[^`]*import moving_mean\n```\n")
    given = cell.sub("", text.read_text()).replace(
        "import check_window", "import check_window, moving_mean"
    )
    text.write_text(given)
    made = chapter(root)
    fewer = type(made)(made.name, made.path, made.exercises[:1])
    with pytest.raises(AuthorError, match="Tag it 'exercise'"):
        release_chapters(read(root), with_numbers(tmp_path / "made"), [fewer], [fewer])


def test_failed_release_leaves_the_last_one(
    again: tuple[Path, Path, ReleaseResult],
) -> None:
    """An error while a notebook is made leaves what was released before."""
    root, build, _ = again
    before = digests(build)
    text = root / "chapters" / "moving.md"
    text.write_text(text.read_text() + "\n```{grid}\n```\n")
    with pytest.raises(AuthorError, match="'grid'"):
        make(root, build)
    assert digests(build) == before


def test_unknown_chapter_is_named(tmp_path: Path) -> None:
    """`course release` of a chapter that is not there lists those that are."""
    from autograder.catalogue import ROOT

    with pytest.raises(UsageError, match="There is no chapter 'poling'"):
        release(ROOT, tmp_path / "made", ["poling"])


def test_bundle_zip_is_the_folder(released: tuple[Path, ReleaseResult]) -> None:
    """The zip holds the folder's files, sorted, under one name and time."""
    _, result = released
    data = result.bundle.archive.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        files = {
            f"convnets-by-hand/{path.relative_to(result.bundle.folder).as_posix()}"
            for path in result.bundle.folder.rglob("*")
            if path.is_file()
        }
        assert {info.filename for info in infos} == files
        assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}


def test_exercises_json_counts_hidden_cases(
    released: tuple[Path, ReleaseResult],
) -> None:
    """Students learn the groups and how many hidden cases each has, no labels."""
    _, result = released
    text = (result.bundle.folder / "convnets" / "exercises.json").read_text()
    entry = json.loads(text)["exercises"][0]
    assert entry["name"] == "moving_sum"
    assert [group["hidden"] for group in entry["groups"]] == [1, 1]
    assert entry["public"] == 1
    assert "seven numbers" not in text
