"""`check("name")` in a student's notebook: what it says and how it looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from autograder import catalogue
from autograder.publishing.bundle import write_package
from convnets import practice, report, show
from convnets.answers import Answer
from convnets.compare import Difference
from convnets.practice import CheckFailed, check
from solutions import convolution, depthwise


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public package as students get it."""
    target = tmp_path_factory.mktemp("bundle") / "convnets"
    write_package(target, catalogue.load().chapters, {})
    return target


@pytest.fixture(autouse=True)
def _bundle(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """check() reads the bundle's cases."""
    monkeypatch.setattr(practice, "FOLDER", package)
    for cached in (practice._catalogue, practice._cases):
        cached.cache_clear()
    yield
    for cached in (practice._catalogue, practice._cases):
        cached.cache_clear()


def failed(name: str, answer: Any) -> str:
    """What check() says of a wrong answer, in a terminal."""
    with pytest.raises(CheckFailed) as caught:
        check(name, answer)
    return caught.value.text


def test_all_passed_says_what_is_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    """Who passes all public cases reads what else is graded, and its points."""
    check("depthwise_as_dense", depthwise.depthwise_as_dense)
    text = capsys.readouterr().out
    assert "all 3 public cases pass" in text
    assert "2 points for blocks: Each filter at its place" in text
    assert "4 more hidden cases" in text
    assert "1 point for dtype and errors" in text


def test_a_failure_shows_call_expected_and_received() -> None:
    """The first case that fails, with both sides and what differs."""
    text = failed("depthwise_as_dense", lambda w: depthwise.depthwise_as_dense(w) * 2)
    assert "1 of 3 public cases pass" in text
    assert "First that fails: two channels, one 1 x 2 filter each, by hand" in text
    for title in ("What differs:", "Called:", "Expected:", "Received:"):
        assert title in text


def test_of_many_planes_the_one_that_differs_is_shown() -> None:
    """A large array does not fill the screen: the plane of the first difference."""
    x = np.zeros((4, 5, 6, 7))
    y = x.copy()
    y[2, 3, 1, 1] = 8
    difference = Difference("value", "", index=(2, 3, 1, 1))
    sides = show.sides(difference, Answer("returned", x), Answer("returned", y))
    assert [len(side.splitlines()) for side in sides] == [7, 7]
    assert all("(4, 5, 6, 7), of which [2, 3] is" in side for side in sides)
    assert "8." in sides[1]
    assert "of which [0, 0] is" in show.text(x)


def test_a_missing_function_is_said_once() -> None:
    """Nothing of that name: one sentence, and no more cases are tried."""
    text = failed("depthwise_as_dense", None)
    assert text.count("fails") == 2  # the case, and the line that names it
    assert "no function or class of this name" in text
    assert "Run the cell with your answer, then this one again." in text


def test_a_name_of_a_cell_that_did_not_run_is_explained() -> None:
    """NameError: perhaps a cell above was not run."""
    text = failed("output_size", lambda *_, **__: given_above)  # noqa: F821
    assert "name 'given_above' is not defined" in text
    assert "If a cell above defines that name, run it first" in text


def by_torch(x: Any, w: Any, b: Any = None, stride: Any = 1, padding: Any = 0) -> Any:
    """The library's operation as an answer, errors of the reference included."""
    convolution.conv2d_loops(x, w, b, stride, padding)
    x, w = torch.tensor(x), torch.tensor(w)
    b = None if b is None else torch.tensor(b)
    return torch.conv2d(x, w, b, stride, padding).numpy()


def test_check_tells_what_is_not_accepted() -> None:
    """A right result through torch's own convolution does not pass here either."""
    text = failed("conv2d_loops", by_torch)
    assert "uses torch's own convolution" in text
    assert "This exercise is about writing it" in text


def test_what_is_not_about_writing_it_is_accepted() -> None:
    """Other operations of torch are no matter, nor is the layer's convolution."""
    practice.run("DepthwiseConv2d", depthwise.DepthwiseConv2d)
    check("DepthwiseConv2d", depthwise.DepthwiseConv2d)


class Texts(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def reported(name: str, answer: Any) -> report.Report:
    """The report of an answer."""
    info = practice._catalogue()[name]
    return report.Report(name, info, practice.run(name, answer))


def test_html_says_what_text_says() -> None:
    """Both tell the hidden groups, and both sides of a difference."""
    fine = Texts(reported("output_size", convolution.output_size).html()).text
    assert "2 more hidden cases" not in fine
    assert "8 more hidden cases" in fine
    wrong = Texts(reported("output_size", lambda n, k, **_: n).html()).text
    for title in ("What differs", "Called", "Expected", "Received"):
        assert title in wrong


def test_html_of_a_hostile_value_is_text() -> None:
    """What a function returns or raises cannot become a tag."""

    def script(w: np.ndarray) -> Any:
        if w.shape[1] == 1:
            return "<script>alert(1)</script>"
        raise ValueError("<img src=x onerror=alert(1)>")

    html = reported("depthwise_as_dense", script).html()
    assert not {"script", "img"} & set(Texts(html).tags)
    assert "<script>" in Texts(html).text


def test_a_failed_check_shows_no_traceback() -> None:
    """IPython prints the report alone."""
    shell: Any = InteractiveShell.instance()
    lines: list[str] = []
    shell._showtraceback = lambda kind, value, text: lines.extend(text)
    try:
        shell.user_ns["practice"] = practice
        shell.run_cell("practice.check('output_size', lambda n, k: 0)")
    finally:
        InteractiveShell.clear_instance()
    assert "output_size: 0 of 4 public cases pass." in lines[0]
    assert not any("Traceback" in line or "practice.py" in line for line in lines)


def test_an_answer_left_from_before_a_syntax_error_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A cell that no longer parses leaves its old function; check says so, until
    the cell is mended."""
    shell: Any = InteractiveShell.instance()
    shell.user_ns |= {"check": check, "right": convolution.output_size}
    answer = "def output_size(*args, **kwargs):\n    return right(*args, **kwargs)"
    said = []
    try:
        for source in (answer, answer + "(", answer):
            shell.run_cell(source, store_history=True)
            capsys.readouterr()
            shell.run_cell("check('output_size')", store_history=True)
            said.append(capsys.readouterr().out)
    finally:
        InteractiveShell.clear_instance()
    warning = "This is an older version of output_size: its cell was last run with"
    assert [warning in text for text in said] == [False, True, False]
    assert all("all 4 public cases pass" in text for text in said)


def test_check_answers_within_a_fifth_of_a_second() -> None:
    """Every exercise, report included, in time of the processor; networks that are
    trained take as long as training takes, and say so."""
    slow = {}
    for chapter in catalogue.load().chapters:
        for exercise in chapter.exercises:
            if exercise.cases[0].call.caller == "trained":
                continue
            practice._cases.cache_clear()
            start = time.process_time()
            reported(exercise.name, exercise.reference).html()
            slow[exercise.name] = time.process_time() - start
    assert {name: taken for name, taken in slow.items() if taken > 0.2} == {}


def test_progress_counts_what_was_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """A row a notebook or an exercise, and the points that are left."""
    practice._results.clear()
    check("output_size", convolution.output_size)
    capsys.readouterr()
    practice.progress()
    text = capsys.readouterr().out
    every = list(catalogue.load())
    left = sum(exercise.points for exercise in every) - 2
    assert f"1 of {len(every)} exercises pass" in text
    assert f"{left} points are left" in text
    assert "convolution       1 of 5     2 of 23  21    0 of 1" in text
    practice.progress("convolution")
    text = capsys.readouterr().out
    assert "output_size           2       5        all public cases pass" in text
    assert text.count("convolution.ipynb is not in this folder") == 5
    assert "convolution: 1 of 5 exercises pass their public cases" in text
    with pytest.raises(ValueError, match="no chapter is called 'conv3d'"):
        practice.progress("conv3d")
    with pytest.raises(ValueError, match="answered in words; a person grades"):
        check("why_shares_are_added")


def test_unknown_names_and_missing_bundles_are_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An exercise that is not there, and a package without cases."""
    with pytest.raises(ValueError, match="no exercise is called 'conv3d'"):
        check("conv3d")
    monkeypatch.setattr(practice, "FOLDER", tmp_path)
    practice._catalogue.cache_clear()
    with pytest.raises(FileNotFoundError, match="Unpack the bundle anew"):
        check("conv2d")
