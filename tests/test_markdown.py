"""MyST Markdown to plain Markdown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.errors import AuthorError
from autograder.publishing import chapter
from autograder.publishing.markdown import Live, to_pieces, to_plain
from autograder.publishing.references import Bibliography, Context, Label, labels

PAPERS = """
@misc{dumoulin2016, title={A guide to $x_1$ *arithmetic*}, year={2016},
  author={Dumoulin, Vincent and Visin, Francesco}}
@inproceedings{howard2017, title={MobileNets}, year={2017}, booktitle={A place},
  author={Howard, A. and Zhu, M. and Chen, B.}}
@misc{lecun1989, title={Digits}, year={1989}, author={LeCun, Yann}}
"""


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A chapter in which a few things have labels."""
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.svg").write_text("<svg/>")
    (tmp_path / "references.bib").write_text(PAPERS)
    known = {
        "eq-out": Label("here", "Equation", "2.1"),
        "fig-a": Label("here", "Figure", "2.1"),
        "fig-page": Label("here", "Figure", "2.2", left_out=True),
        "fig-other": Label("there", "Figure", "1.3"),
        "tab-a": Label("here", "Table", "2.1"),
        "why": Label("here", "Section", "", "Why depthwise"),
    }
    return Context(
        "here",
        tmp_path,
        known,
        {"here": "This chapter", "there": "Another chapter"},
        Bibliography.read(tmp_path / "references.bib"),
        {"ratio:.1f": "5.8"},
        line=10,
    )


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("As {eq}`eq-out` says.", "As (2.1) says."),
        ("{numref}`fig-a` and {numref}`tab-a`", "Figure 2.1 and Table 2.1"),
        ("{numref}`Picture %s <fig-a>`", "Picture 2.1"),
        ("{numref}`No. {number} <fig-a>`", "No. 2.1"),
        ("{numref}`fig-page`", "Figure 2.2 of the chapter's page"),
        ("{numref}`fig-other`", "Figure 1.3 of *Another chapter*"),
        ("{ref}`why` and {ref}`the reason <why>`", "*Why depthwise* and the reason"),
        ("{doc}`there` or {doc}`this <here>`", "*Another chapter* or this"),
        ("{cite:t}`dumoulin2016`", "Dumoulin and Visin (2016)"),
        ("{cite:p}`howard2017,lecun1989`", "(Howard et al., 2017; LeCun, 1989)"),
        ("{cite}`lecun1989`", "(LeCun, 1989)"),
        ("{glue:text}`ratio:.1f` times", "5.8 times"),
        ("**{eq}`eq-out`** and *{eq}`eq-out`*", "**(2.1)** and *(2.1)*"),
        ("## On {eq}`eq-out`", "## On (2.1)"),
        ("- one {eq}`eq-out`\n  two {eq}`eq-out`", "- one (2.1)\n  two (2.1)"),
        ("> said\n> {eq}`eq-out`", "> said\n> (2.1)"),
        ("| a |\n|---|\n| {eq}`eq-out` |", "| a |\n|---|\n| (2.1) |"),
        ("[x {eq}`eq-out`](https://a.org)", "[x (2.1)](https://a.org)"),
        # what is code, or escaped, or plain stays as it is
        ("`` {eq}`eq-out` ``", "`` {eq}`eq-out` ``"),
        ("```python\n{eq}`eq-out`\n```", "```python\n{eq}`eq-out`\n```"),
        ("    {eq}`eq-out`", "    {eq}`eq-out`"),
        ("a $x_{i}$ b_c {d} *e*", "a $x_{i}$ b_c {d} *e*"),
        ("$$\nx = 1\n$$", "$$\nx = 1\n$$"),
    ],
)
def test_roles(context: Context, written: str, plain: str) -> None:
    """Each role becomes text where it stands, and code is left alone."""
    assert to_plain(written, context) == plain


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("$$\nx = 1\n$$ (eq-out)", "$$\nx = 1\n\\tag{2.1}\n$$"),
        ("```{math}\n:label: eq-out\nx\n```", "$$\nx\n\\tag{2.1}\n$$"),
        ("```{math}\nx = 1\n```", "$$\nx = 1\n$$"),
        (
            "$$\na &= 1 \\\\\nb &= 2\n$$ (eq-out)",
            "$$\n\\begin{aligned}\na &= 1 \\\\\nb &= 2\n\\end{aligned}\n\\tag{2.1}\n$$",
        ),
        ("(why)=\n## Why", "## Why"),
        ("a\n\n% a comment\n\nb", "a\n\nb"),
        (
            "```{note}\nSee {eq}`eq-out`.\n```",
            "> **Note**\n>\n> See (2.1).",
        ),
        (":::{tip} First\nsecond\n:::", "> **Tip**\n>\n> First\n> second"),
        (
            ":::{admonition} Some `%` {eq}`eq-out`\n:class: tip dropdown\nText\n:::",
            "<details>\n<summary>Some <code>%</code> (2.1)</summary>\n\nText\n\n"
            "</details>",
        ),
        (
            "::::{admonition} Out\n```{warning}\nin\n```\n::::",
            "> **Out**\n>\n> > **Warning**\n> >\n> > in",
        ),
        (
            "- item\n  ```{hint}\n  help\n  ```\n  more",
            "- item\n\n  > **Hint**\n  >\n  > help\n\n  more",
        ),
        (
            "```{figure} figures/a.svg\n:name: fig-a\n:alt: b\nSee {eq}`eq-out`.\n```",
            "![b](figures/a.svg)\n\n**Figure 2.1.** See (2.1).",
        ),
        ("```{figure} figures/a.svg\n:alt: b\n```", "![b](figures/a.svg)"),
        (
            "```{list-table} Costs\n:header-rows: 1\n:name: tab-a\n"
            "* - a\n  - b | c\n* - {eq}`eq-out`\n  - two\n    lines\n```",
            "**Table 2.1.** Costs\n\n| a | b \\| c |\n| --- | --- |\n"
            "| (2.1) | two lines |",
        ),
        ("a\n```{math}\nx\n```\nb", "a\n\n$$\nx\n$$\n\nb"),
        ("```{bibliography}\n```\na", "a"),
    ],
)
def test_blocks(context: Context, written: str, plain: str) -> None:
    """Each directive becomes Markdown, inside lists and one another too."""
    assert to_plain(written, context) == plain


def test_quiz_shows_reasons_when_a_choice_is_opened(context: Context) -> None:
    """A quiz is its questions, its answers, and a folded reason for each."""
    quiz = (
        "```{quiz}\n- question: Which {eq}`eq-out`?\n  answers:\n"
        "    - text: $x$\n      correct: true\n      because: it is\n"
        "    - text: two\n      because: it is not\n```"
    )
    plain = to_plain(quiz, context)
    assert plain.startswith(
        "**Question 1.** Which (2.1)?\n\n- **A.** $x$\n- **B.** two"
    )
    assert "<summary>You chose A</summary>\n\n**Yes.** it is\n" in plain
    assert "<summary>You chose B</summary>\n\n**No.** it is not\n" in plain


def test_live_figure_is_a_piece_of_its_own(context: Context) -> None:
    """A live figure splits the text; what it shows at first goes along."""
    text = (
        "before\n\n```{live} window\n:name: fig-a\n:caption: Move {eq}`eq-out`.\n"
        ":alt: finding\n\nstride: 2\n```\nafter"
    )
    assert to_pieces(text, context) == [
        "before",
        Live("window", {"stride": 2}, "**Figure 2.1.** Move (2.1)."),
        "after",
    ]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("a\n\n```{grid} 2\n```", "line 12: the directive 'grid' .* admonition, "),
        ("a {sub}`b`", "line 10: the role 'sub' .* cite, "),
        ("a {eq}`eq-none`", "'eq-none' is nowhere"),
        ("a {numref}`why`", "is a section"),
        ("a {cite}`nobody`", "not in references.bib"),
        ("a {doc}`nowhere`", "The pages are here, there"),
        ("a {glue:text}`other`", "made no number 'other'"),
        ("a {eq}`eq-\nout`", "goes over the end of a line"),
        ("a [b](there.md)", "leads nowhere"),
        ("a [b](#why)", "leads nowhere"),
        ("a {{ b }}", "a substitution"),
        ("a[^1]\n\n[^1]: b", "a footnote"),
        ("```{figure} other/a.svg\n:alt: b\n```", "no file below chapters/figures"),
        ("```{figure} figures/a.svg\ncaption\n```", "no name"),
        ("```{note}\n\n{sub}`b`\n```", "line 12: the role 'sub'"),
        ("```{list-table}\nnothing\n```", "no rows"),
        ("```{quiz}\n[]\n```", "line 10: Reading a quiz"),
        ("- a\n  ```{live} window\n  ```", "outermost level"),
        ("```{live} window\n:caption: b\n```", "no name"),
        ("```{live} window\n[1\n```", "YAML is broken"),
        ("```{math}\n:label eq\nx\n```", "reading the options"),
    ],
)
def test_trouble_names_chapter_line_and_way_out(
    context: Context, written: str, said: str
) -> None:
    """What cannot become Markdown is one error with chapter, line and a fix."""
    with pytest.raises(AuthorError, match=rf"(?s)chapters/here\.md, .*{said}"):
        to_pieces(written, context)


def test_no_build_of_the_site_names_the_command(context: Context) -> None:
    """A number without a build says to run `course site`."""
    with pytest.raises(AuthorError, match="`course site` first"):
        to_plain("{glue:text}`ratio:.1f`", replace(context, numbers=None))


def test_cited_papers_are_listed(context: Context) -> None:
    """The chapter's papers, each once, sorted by author, as Markdown."""
    to_plain("{cite}`lecun1989` {cite:t}`dumoulin2016` {cite}`lecun1989`", context)
    assert list(context.cited) == ["lecun1989", "dumoulin2016"]
    listing = context.bibliography.listing(list(context.cited)).splitlines()
    assert listing[0].startswith("- Vincent Dumoulin and Francesco Visin. A guide to ")
    assert "\\*arithmetic\\*" in listing[0]
    assert listing[1] == "- Yann LeCun. Digits. 1989."


CHAPTER = """\
# A chapter

(why)=
## Why *this*

$$
x
$$ (eq-a)

```{note}
$$
y
$$ (eq-b)
```

(target)=
```{figure} a.svg
:name: fig-a
Caption
```

```{code-cell} ipython3
---
mystnb: {figure: {caption: c, name: fig-b}}
tags: [site-only]
---
1
```

```{live} window
:name: fig-c
:caption: d
```
"""


def test_labels_are_numbered_as_on_the_site(tmp_path: Path) -> None:
    """Figures and equations count on through a chapter, whatever made them."""
    path = tmp_path / "chapters" / "one.md"
    found = labels(chapter.parse(CHAPTER, path), 3)
    assert {name: (label.kind, label.number) for name, label in found.items()} == {
        "why": ("Section", ""),
        "eq-a": ("Equation", "3.1"),
        "eq-b": ("Equation", "3.2"),
        "fig-a": ("Figure", "3.1"),
        "target": ("Figure", "3.1"),
        "fig-b": ("Figure", "3.2"),
        "fig-c": ("Figure", "3.3"),
    }
    assert found["why"].title == "Why this"
    assert found["fig-b"].left_out


def test_label_given_twice_is_refused(tmp_path: Path) -> None:
    """Two things of one name are an error that says the name."""
    text = "$$\nx\n$$ (eq-a)\n\n$$\ny\n$$ (eq-a)\n"
    with pytest.raises(AuthorError, match="'eq-a' is given twice"):
        labels(chapter.parse(text, tmp_path / "chapters" / "one.md"))
