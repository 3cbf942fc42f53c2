"""What the book's machinery promises, without a browser: about 10 s."""

from __future__ import annotations

import json
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbgrader.preprocessors import ClearSolutions

from autograder.book import expand, live, numbers
from autograder.book.assets import sized
from autograder.catalogue import load
from autograder.errors import AuthorError
from autograder.publishing import chapter, quiz, site
from autograder.publishing.stub import BEGIN, END, stub
from convnets import live as notebook_live
from convnets import palette

ROOT = Path(__file__).parent.parent
CATALOGUE = load(ROOT)
HEAD = "---\njupytext:\n  text_representation:\n    format_name: myst\n---\n\n"
SOLUTION = {"solution": True, "grade": False, "schema_version": 3}
ANSWER = f"def area(a, b):\n    {BEGIN}\n    return a * b\n    {END}\n\n\nSIDE = 3\n"


def cell(source: str, tag: str = "") -> str:
    """A code cell of a chapter."""
    tags = f":tags: [{tag}]\n\n" if tag else ""
    return f"```{{code-cell}} ipython3\n{tags}{source}\n```\n\n"


def page(folder: Path, *cells: str, reference: str = ANSWER) -> Path:
    """A chapter `shapes` with its reference, in a root of its own."""
    for room in ("chapters", "solutions"):
        (folder / room).mkdir(exist_ok=True)
    (folder / "solutions" / "shapes.py").write_text(reference)
    path = folder / "chapters" / "shapes.md"
    path.write_text(HEAD + "# Shapes\n\n" + "".join(cells))
    return path


# ---- stubs -----------------------------------------------------------------


@pytest.mark.parametrize("exercise", list(CATALOGUE), ids=lambda e: e.name)
def test_stub_is_nbgraders(exercise):
    """The page's stub is, letter by letter, the one that nbgrader releases."""
    reference = chapter.read(CATALOGUE.chapter_of(exercise).path).reference
    source = reference.source(exercise.name)
    released = nbformat.v4.new_code_cell(source, metadata={"nbgrader": SOLUTION})
    ClearSolutions().preprocess_cell(released, {"language": "python"}, 0)
    assert stub(source) == released.source
    assert "NotImplementedError" in stub(source)


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("def f(): pass", "no answer is marked"),
        (BEGIN, "never ends"),
        (END, "on its own"),
        (f"{BEGIN}\n{BEGIN}\n{END}", "a second"),
        (f"x = 1  {BEGIN}", "the line"),
    ],
)
def test_stub_refuses_markers_that_do_not_pair(source, complaint):
    """A source whose answer is not marked properly becomes no stub."""
    with pytest.raises(AuthorError, match=complaint):
        stub(source)


# ---- chapters --------------------------------------------------------------


def test_chapter_has_cells_with_roles_and_lines(tmp_path):
    """A chapter is read into cells that know their role, names and line."""
    path = page(
        tmp_path,
        cell("import math", "setup"),
        cell("from solutions.shapes import SIDE", "given"),
        cell("from solutions.shapes import area", "exercise"),
        cell("area(2, SIDE)"),
    )
    read = chapter.read(path)
    code = [found for found in read.cells if found.kind == "code"]
    assert [found.role for found in code] == ["setup", "given", "exercise", ""]
    assert (read.title, read.exercises) == ("Shapes", ("area",))
    lines = path.read_text().splitlines()
    assert lines[code[3].line - 1] == "area(2, SIDE)"
    assert read.reference.source("area") == ANSWER.split("\n\n\n")[0]


@pytest.mark.parametrize(
    ("source", "tag", "complaint"),
    [
        ("from solutions.shapes import area, SIDE", "exercise", "one name"),
        ("from solutions.other import area", "exercise", "solutions.other"),
        ("from solutions.shapes import area as a", "exercise", "renames"),
        ("from solutions.shapes import area\narea(1, 2)", "exercise", "2 statements"),
        ("from solutions.shapes import", "exercise", "no Python"),
        ("from solutions.shapes import volume", "exercise", "does not define 'volume'"),
        ("import math", "given", "another kind"),
        ("from solutions.shapes import area", "exercise, given", "at most one"),
        ("from solutions.shapes import area", "", "students do not have"),
    ],
)
def test_chapter_refuses_a_cell_out_of_role(tmp_path, source, tag, complaint):
    """A cell that does not keep to its role is an error that says where."""
    with pytest.raises(AuthorError, match=complaint) as caught:
        chapter.read(page(tmp_path, cell(source, tag)))
    assert "shapes" in str(caught.value)


def test_chapter_refuses_a_second_import_and_a_missing_reference(tmp_path):
    """One name is one exercise, and an exercise has a reference."""
    one = cell("from solutions.shapes import area", "exercise")
    with pytest.raises(AuthorError, match="already imported at line"):
        chapter.read(page(tmp_path, one, one))
    path = page(tmp_path, one)
    (tmp_path / "solutions" / "shapes.py").unlink()
    with pytest.raises(AuthorError, match=r"no solutions/shapes\.py"):
        chapter.read(path)


# ---- the hook --------------------------------------------------------------


def answer_lines(source: str) -> list[str]:
    """The lines of a reference that nobody may see."""
    inside, lines = False, []
    for line in source.splitlines():
        if line.strip() in (BEGIN, END):
            inside = line.strip() == BEGIN
        elif inside and len(line.strip()) > 12:
            lines.append(line.strip())
    return lines


@pytest.mark.parametrize("entry", CATALOGUE.chapters, ids=lambda c: c.name)
def test_expanded_chapter_has_stubs_and_no_answers(entry):
    """A page's text has every stub and its points, and no line of an answer."""
    text = entry.path.read_text(encoding="utf-8")
    read = chapter.read(entry.path)
    expanded = expand.expand(text, read, CATALOGUE.exercise)
    assert set(read.exercises) == {exercise.name for exercise in entry.exercises}
    rails = "".join(stub(read.reference.source(e.name)) for e in entry.exercises)
    for exercise in entry.exercises:
        source = read.reference.source(exercise.name)
        assert stub(source) in expanded
        assert expand.header(exercise) in expanded
        hidden = answer_lines(source)
        assert hidden
        for line in hidden:  # unless the author shows it in the prose or the rails
            assert line not in expanded or line in text + rails
    assert BEGIN not in expanded


def test_expanded_chapter_imports_in_cells_that_are_not_shown(tmp_path):
    """Every import of a reference stands in a cell tagged remove-cell."""
    path = page(
        tmp_path,
        cell("from solutions.shapes import SIDE", "given"),
        cell("from solutions.shapes import area", "exercise"),
    )
    exercise = next(iter(CATALOGUE))
    read = chapter.read(path)
    expanded = expand.expand(path.read_text(), read, lambda name: exercise)
    code = [
        c for c in jupytext.reads(expanded, "md:myst").cells if c.cell_type == "code"
    ]
    assert [c.metadata["tags"] for c in code] == [["remove-cell"]] * 3
    assert code[2].source == "from solutions.shapes import area"
    assert "return a * b" not in expanded


def test_digest_follows_reference_and_drawing_code(tmp_path):
    """A changed reference or drawing code makes outputs stale, a neighbour's not."""
    path = page(tmp_path, cell("from figures import style"))
    folder = path.parent / "figures"
    folder.mkdir()
    (folder / "style.py").write_text("from figures.inner import x")
    seen = {expand.digest(path)}
    for file in (folder / "inner.py", folder / "style.py"):
        file.write_text("x = 1")
        seen.add(expand.digest(path))
    (tmp_path / "solutions" / "shapes.py").write_text(ANSWER + "SIDE = 4\n")
    seen.add(expand.digest(path))
    assert len(seen) == 4
    (tmp_path / "solutions" / "other.py").write_text("x = 1")
    assert expand.digest(path) in seen


def test_numbers_are_the_pages(tmp_path):
    """Glued numbers are kept under the role's content, formatted as on the page."""
    text = "It is {glue:text}`ratio:.1f` times {glue:text}`word`, {glue:text}`gone`."
    outputs = {"ratio": "2.449", "word": "'faster'"}
    glued = json.dumps({k: {"data": {"text/plain": v}} for k, v in outputs.items()})
    assert numbers.rendered(text, glued) == {"ratio:.1f": "2.4", "word": "faster"}


# ---- quizzes ---------------------------------------------------------------

QUESTION = """
- question: How many?
  answers:
    - text: 1.0
      because: Too few.
    - text: two
      correct: true
      because: Count.
"""


def test_quiz_keeps_texts_as_they_are_typed():
    """Numbers in a quiz stay as typed, and a choice is wrong unless marked."""
    (question,) = quiz.parse(QUESTION)
    assert [a.text for a in question.answers] == ["1.0", "two"]
    assert [a.correct for a in question.answers] == [False, True]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("because: Count.", "", "'because' is missing"),
        ("correct: true", "correct: yes", "not true or false"),
        ("correct: true", "correct: false", "0 of 2 answers are right"),
        ("      because: Too few.", "      correct: true\n      because: x", "2 of 2"),
        ("question: How many?", "ask: How many?", "unknown field 'ask'"),
        ("How many?", "shape: (2, 3): which?", "YAML is broken"),
        (QUESTION, "text", "no list of questions"),
        (QUESTION, "- question: a\n  answers: [b]", "two or more answers"),
    ],
)
def test_quiz_refuses_a_bad_body(old, new, complaint):
    """A quiz that is not complete is an error that says what it lacks."""
    with pytest.raises(AuthorError, match=complaint):
        quiz.parse(QUESTION.replace(old, new))


# ---- live figures ----------------------------------------------------------


def test_classic_script_takes_one_default_export():
    """A figure becomes a classic script, unless it imports or exports more."""
    text = live.classic("demo", "const a = 1;\nexport default { a };\n")
    assert "const FIGURE = { a };" in text
    assert "export default" not in text
    for module in ("import x from 'y';\nexport default {};", "export const a = 1;"):
        with pytest.raises(AuthorError, match=r"figures/demo\.js"):
            live.classic("demo", module)


def test_live_data_comes_from_the_reference_and_is_json(tmp_path):
    """What a figure is given is computed with the chapter's reference."""
    folder = tmp_path / "chapters" / "figures"
    folder.mkdir(parents=True)
    (folder / "live.py").write_text(
        "def data_good(reference):\n"
        "    return {'n': reference.output_size(7, 3)}\n"
        "def data_bad(reference):\n"
        "    return float('nan')\n"
    )
    assert live.live_data(tmp_path, "convolution", "good") == {"n": 5}
    assert live.live_data(tmp_path, "convolution", "absent") is None
    with pytest.raises(AuthorError, match="live figure 'bad'"):
        live.live_data(tmp_path, "convolution", "bad")


def test_live_figure_in_a_notebook():
    """A notebook's figure carries the same module and starts where it is told."""
    figure = notebook_live.figure("convolution_window", stride=2)
    assert figure.state == {"stride": 2}
    assert str(figure._esm) == notebook_live.module("convolution_window")
    with pytest.raises(ValueError, match=r"there are .*convolution_window, "):
        notebook_live.figure("convolution_windows")


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * p for w, p in zip(weights, linear, strict=True))


@pytest.mark.parametrize("roles", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_palette_can_be_read(roles):
    """Text in any role's colour has a contrast of 4.5 or more on its paper."""
    paper = luminance(roles["paper"])
    for role, colour in roles.items():
        low, high = sorted((paper, luminance(colour)))
        assert role == "paper" or (high + 0.05) / (low + 0.05) >= 4.5, role


# ---- pages -----------------------------------------------------------------


def test_pictures_get_their_size(tmp_path):
    """An SVG's width and height stand on its <img>; other images stay as they are."""
    path = tmp_path / "a.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="9pt"/>'
    )
    body = '<img alt="a" src="../_images/a.svg" /><img src="../_images/b.svg" />'
    done = sized(body, {"a.svg": path})
    assert '<img width="96" height="12" alt="a"' in done
    assert '<img src="../_images/b.svg" />' in done


def test_pictures_but_the_first_wait(tmp_path):
    """A picture far down is loaded when it comes near."""
    path = tmp_path / "a.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="9pt"/>'
    )
    body = '<img src="../_images/a.svg" />' * 3
    waiting = ["lazy" in tag for tag in sized(body, {"a.svg": path}).split("/>")[:3]]
    assert waiting == [False, True, True]


def test_downloads_are_the_students_notebooks(tmp_path):
    """What pages offer is what release made of the references as they are."""
    exercise = cell("from solutions.shapes import area", "exercise")
    page(tmp_path, exercise)
    bundle = tmp_path / "_build" / "student" / "convnets-by-hand"
    bundle.mkdir(parents=True)
    downloads = tmp_path / "_build" / "html" / "downloads"
    said = []
    assert site.copy_downloads(tmp_path, said.append) == 0
    assert "not made yet" in said[-1]
    released = stub(ANSWER.split("\n\n\n")[0])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(released)])
    nbformat.write(notebook, bundle / "shapes.ipynb")
    bundle.with_suffix(".zip").write_bytes(b"zip")
    assert site.copy_downloads(tmp_path, said.append) == 1
    found = {file.name for file in downloads.iterdir()}
    assert found == {"shapes.ipynb", "convnets-by-hand.zip"}
    page(tmp_path, exercise, reference=ANSWER.replace("(a, b)", "(a, b=1)"))
    assert site.copy_downloads(tmp_path, said.append) == 0
    assert "older than the references" in said[-1]
    assert not list(downloads.iterdir())


def test_complaints_are_what_an_author_needs():
    """Of a failed build's output, warnings and errors are kept, noise is not."""
    lines = [
        "reading sources... [ 20%] chapters/a",
        "[IPKernelApp] WARNING | Kernel is running over TCP without encryption.",
        "chapters/a.md:3: WARNING: undefined label: 'x'",
    ]
    assert site.complaints(lines) == lines[2]
    stopped = [*lines, "", "Chapter error:", "a.md: two roles", "Traceback (most"]
    assert "a.md: two roles" in site.complaints(stopped)
