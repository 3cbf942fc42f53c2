"""A question in words: what its author writes, and who reads what. Takes seconds."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from nbformat import v4
from nbgrader.preprocessors import ClearSolutions
from small_book import small_book

from autograder import catalogue
from autograder.book import expand
from autograder.errors import AuthorError
from autograder.publishing import chapter, contents
from autograder.publishing.notebook import source_notebook
from autograder.publishing.question import PLACEHOLDER, answer_with_key, key_in
from autograder.publishing.stub import BEGIN, END

HEAD = "---\njupytext:\n  text_representation:\n    format_name: myst\n---\n\n# A\n\n"
QUESTION = """\
```{question} why_so
:points: 2
:minutes: 5

Why is $y = x$
so?

- a list

---
Because of *one* thing.

And another.
```
"""


def page(folder: Path, text: str, name: str = "words") -> Path:
    """A chapter of Markdown alone, in a root of its own."""
    path = folder / "chapters" / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def test_a_chapter_has_questions(tmp_path: Path) -> None:
    """Name, points, minutes, what is asked and the key, a line a point."""
    (asked,) = chapter.read(page(tmp_path, f"Text.\n\n{QUESTION}\nMore.\n")).questions
    assert (asked.name, asked.points, asked.minutes) == ("why_so", 2, 5)
    assert asked.text == "Why is $y = x$\nso?\n\n- a list"
    assert asked.key == ("Because of *one* thing.", "And another.")
    assert asked.worth.startswith("2 points · about 5 minutes · answered in words")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("why_so", "", "its name is not one word"),
        ("why_so", "Why so", "its name is not one word"),
        (":points: 2", ":points: two", "':points:' has to be"),
        (":points: 2\n", "", "there is none"),
        (":minutes: 5", ":minutes: 0", "':minutes:' has to be"),
        (":minutes: 5", ":minutes: 5\n:key: x", "unknown option 'key'"),
        (":points: 2", ":points: 3", "its key has 2 lines, and it is worth 3 points"),
        ("---\n", "", "one line '---' has to part"),
        ("And another", "---\nAnd another", "one line '---' has to part"),
        ("Why is $y = x$\nso?\n\n- a list\n", "", "one line '---' has to part"),
        ("And another.", "### END SOLUTION", "nbgrader's markers"),
    ],
)
def test_a_question_out_of_form_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """What is missing or wrong is named, with the place and the form."""
    assert old in QUESTION
    path = page(tmp_path, QUESTION.replace(old, new))
    with pytest.raises(AuthorError, match=complaint) as caught:
        chapter.read(path)
    assert "words.md, cell at line 6: Reading the question" in str(caught.value)
    assert "```{question} name_of_the_question" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        QUESTION.replace("```", ":::"),
        "\n".join(f"> {line}" for line in QUESTION.splitlines()),
    ],
)
def test_a_question_stands_where_it_is_found(tmp_path: Path, text: str) -> None:
    """Between colons or in another block the site would not cut out its key."""
    with pytest.raises(AuthorError, match="inside another block, or between colons"):
        chapter.read(page(tmp_path, text))


def test_a_question_in_an_admonition_is_refused(tmp_path: Path) -> None:
    """Release names it; on the site Sphinx does not know the directive."""
    root = small_book(tmp_path)
    path = root / "chapters" / "index.md"
    path.write_text(path.read_text() + f"\n````{{note}}\n{QUESTION}````\n")
    book = contents.read(root)
    with pytest.raises(AuthorError, match="'question' stands inside another block"):
        source_notebook(book.pages["index"], {}, book.context("index", tmp_path))


def test_names_are_unique(tmp_path: Path) -> None:
    """In a chapter and in the book no two questions share a name, and no question
    has an exercise's."""
    with pytest.raises(AuthorError, match="the name 'why_so' is already given"):
        chapter.read(page(tmp_path, QUESTION + "\n" + QUESTION))
    root = small_book(tmp_path)
    index = root / "chapters" / "index.md"
    before = index.read_text()
    for name in ("why_neighbours_are_close", "moving_sum"):
        index.write_text(before + "\n" + QUESTION.replace("why_so", name))
        with pytest.raises(AuthorError, match="Names are unique in the book"):
            contents.read(root)


def test_the_page_asks_and_does_not_answer(tmp_path: Path) -> None:
    """The text that Sphinx reads has the question in a box with what it is worth,
    and no line of the key; the cells around it stay, wherever it stands."""
    code = "```{code-cell} ipython3\n1 + 1\n```\n"
    for text in (QUESTION, code + "\n" + QUESTION, QUESTION + "\n" + code):
        path = page(tmp_path, text)
        read = chapter.read(path)
        shown = expand.expand(path.read_text(), read, catalogue.load().exercise)
        assert "{admonition} Question: `why_so`" in shown
        assert read.questions[0].worth in shown
        assert "Why is $y = x$\nso?\n\n- a list\n~~~" in shown
        assert "Because" not in shown
        assert "another" not in shown
        assert "{question}" not in shown
        cells = jupytext.reads(shown, "md:myst").cells
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        assert sources[1:] == (["1 + 1"] if code in text else [])


def test_nbgrader_cuts_the_key_out(tmp_path: Path) -> None:
    """The instructor's cell has the key between markers; the student's has the
    placeholder and nothing else."""
    (asked,) = chapter.read(page(tmp_path, QUESTION)).questions
    source = answer_with_key(asked)
    assert key_in(source) == list(asked.key)
    cell = v4.new_markdown_cell(source, metadata={"nbgrader": {"solution": True}})
    cut = ClearSolutions(
        begin_solution_delimeter=BEGIN,
        end_solution_delimeter=END,
        text_stub=PLACEHOLDER,
    )
    cut.preprocess_cell(cell, {"language": "python"}, 0)
    assert cell.source == PLACEHOLDER


def test_every_question_of_the_book_keeps_its_promises() -> None:
    """The book asks in words; all of it can be read, names are unique, and no page's
    text has a line of a key."""
    pages = contents.read(catalogue.ROOT).pages.values()
    exercise = catalogue.load().exercise
    asking = [page for page in pages if page.questions]
    assert asking
    for read in asking:
        text = read.path.read_text(encoding="utf-8")
        shown = expand.expand(text, read, exercise)
        for asked in read.questions:
            assert f"question-{asked.name}" in shown
            assert not [line for line in asked.key if line in shown]
