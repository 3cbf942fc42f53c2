"""The built site in a browser: about 40 s with the pages built, 90 s without."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import live_page
import numpy as np
import pytest

from autograder.errors import AuthorError
from autograder.publishing import site as site_builder
from convnets import live
from solutions.convolution import conv2d
from solutions.depthwise import conv_cost

ROOT = Path(__file__).parent.parent


def file(site, name, query=""):
    """The address of a chapter's page on disk."""
    return (site / "chapters" / f"{name}.html").as_uri() + query


# ---- every page ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "figure"),
    [("convolution", "live-convolution"), ("depthwise", "live-groups")],
)
def test_page_does_not_jump(site, visit, name, figure):
    """While a chapter loads, what is on the screen stays where it is."""
    page = visit(file(site, name, f"#{figure}"))
    assert page.locator(f"#{figure}").count() == 1
    shift = page.evaluate(
        """new Promise((done) => new PerformanceObserver((list) => done(
            list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
        )).observe({ type: "layout-shift", buffered: true })
        || setTimeout(() => done(0), 500))"""
    )
    assert shift < 0.1


def test_root_leads_to_the_book(served, visit):
    """The site's address itself opens the first page."""
    page = visit(f"{served}/index.html")
    page.wait_for_url("**/chapters/index.html")
    assert "ConvNets by Hand" in page.title()


@pytest.mark.parametrize("name", ["convolution", "depthwise"])
def test_chapter_offers_the_students_notebook(site, visit, name):
    """The download menu leads to the released notebook and the bundle."""
    page = visit(file(site, name))
    links = page.locator(".dropdown-download-buttons a")
    targets = [links.nth(i).get_attribute("href") for i in range(links.count())]
    assert targets == [
        f"../downloads/{name}.ipynb",
        "../downloads/convnets-by-hand.zip",
    ]
    assert not (site / "_sources").exists()


# ---- live figures ----------------------------------------------------------


def computed(page, name, states):
    """What a figure computes for each state."""
    return page.evaluate(
        """([name, states]) => {
            const figure = window.convnetsFigures[name];
            return states.map((s) => figure.compute(
                figure.clean({ ...figure.defaults, ...s })));
        }""",
        [name, states],
    )


def test_window_figure_computes_what_the_reference_does(site, visit):
    """Every output of every setting is the reference's."""
    page = visit(file(site, "convolution"))
    settings = list(
        itertools.product((1, 2, 3), (0, 1, 2), (1, 2, 3), ("3 × 3", "2 × 3"))
    )
    keys = ("stride", "padding", "dilation", "kernel")
    states = [dict(zip(keys, setting, strict=True)) for setting in settings]
    results = computed(page, "convolution_window", states)
    assert len(results) == 54
    for state, result in zip(states, results, strict=True):
        x, w = np.array(result["x"], float), np.array(result["w"], float)
        known = {key: state[key] for key in keys[:3]}
        expected = conv2d(x[None, None], w[None, None], **known)[0, 0]
        np.testing.assert_array_equal(np.array(result["y"]), expected)
        terms = sum(t["pixel"] * t["weight"] for t in result["terms"])
        assert terms == expected[0, 0]


def test_groups_figure_counts_what_the_reference_does(site, visit):
    """Parameters, MACs and wires of every setting are the reference's."""
    page = visit(file(site, "depthwise"))
    settings = list(itertools.product((1, 2, 3, 4, 6, 12), (1, 3, 5, 7)))
    states = [{"groups": groups, "kernel": kernel} for groups, kernel in settings]
    results = computed(page, "depthwise_groups", states)
    for (groups, k), result in zip(settings, results, strict=True):
        C, size = result["channels"], result["size"]
        params, macs = conv_cost(C, C, k, size, size, groups=groups)
        assert (result["parameters"], result["macs"]) == (params, macs)
        assert np.sum(result["sees"]) * k * k == params


def board(page, role):
    """The numbers that a figure's picture shows."""
    texts = page.locator(f".live-{role} text").all_text_contents()
    return sorted(int(text.replace("−", "-")) for text in texts)


def test_window_figure_shows_what_it_computes(site, visit):
    """Moving a slider by keyboard redraws the output and the address."""
    page = visit(file(site, "convolution", "#live-convolution"))
    page.get_by_label("Stride").focus()
    page.keyboard.press("ArrowRight")
    (result,) = computed(page, "convolution_window", [{"stride": 2}])
    assert board(page, "output") == sorted(itertools.chain(*result["y"]))
    assert "live-convolution.stride=2" in page.url
    again = visit(page.url)
    assert board(again, "output") == board(page, "output")
    again.get_by_role("button", name="Reset").click()
    assert "stride" not in again.url
    assert again.get_by_label("Stride").input_value() == "0"


def test_window_figure_follows_keys_and_fingers(site, visit):
    """Arrow keys and a touch choose the output whose sum is written out."""
    page = visit(file(site, "convolution", "#live-convolution"), has_touch=True)
    output = page.locator("svg.live-output")
    output.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    words = page.locator(".live-sum")
    assert words.text_content().startswith("y[1, 1] =")
    (result,) = computed(page, "convolution_window", [{}])
    assert words.text_content().endswith(f"= {result['y'][1][1]}".replace("-", "−"))
    cell = output.locator("text").nth(3).bounding_box()
    page.touchscreen.tap(cell["x"] + 3, cell["y"] + 3)
    assert words.text_content().startswith("y[0, 3] =")


def test_figure_is_drawn_when_it_comes_near(site, visit):
    """Far from the screen it waits, in the place of its still picture."""
    page = visit(file(site, "convolution"))
    figure = page.locator("#live-convolution")
    page.evaluate("new Promise((next) => setTimeout(next, 200))")
    assert figure.locator(".live").count() == 0
    assert figure.locator(".live-still").count() == 1
    figure.scroll_into_view_if_needed()
    figure.locator(".live").wait_for()
    assert not figure.locator(".live-still").is_visible()
    assert page.complaints == []


def test_figure_takes_nonsense_from_the_address(site, visit):
    """An address that somebody has edited gives a valid figure."""
    query = "?live-convolution.stride=99&live-convolution.row=x&live-convolution.y=1"
    page = visit(file(site, "convolution", f"{query}#live-convolution"))
    assert page.complaints == []
    assert page.get_by_label("Stride").input_value() == "0"


@pytest.mark.parametrize("name", live.names())
def test_figure_runs_as_a_module_of_a_notebook(visit, name):
    """The text that anywidget is given is a module that draws into its element."""
    page = visit("about:blank")
    drawn = page.evaluate(
        """async ([text, data]) => {
            const blob = new Blob([text], { type: "text/javascript" });
            const figure = (await import(URL.createObjectURL(blob))).default;
            const values = { state: {}, first: {}, data };
            const model = {
                get: (key) => values[key],
                set: (key, value) => { values[key] = value; },
                on: () => {}, off: () => {}, save_changes: () => {},
            };
            const el = document.createElement("div");
            await figure.render({ model, el });
            const shades = async (image) => {
                const sheet = new OffscreenCanvas(image.width, image.height);
                const pen = sheet.getContext("2d");
                pen.drawImage(image, 0, 0);
                const { data } = pen.getImageData(0, 0, sheet.width, sheet.height);
                return new Set(new Uint32Array(data.buffer)).size;
            };
            const pictures = [...el.querySelectorAll("canvas")];
            for (const { href } of el.querySelectorAll("svg image")) {
                const bytes = await (await fetch(href.baseVal)).blob();
                pictures.push(await createImageBitmap(bytes));
            }
            return {
                shapes: el.querySelectorAll("svg *").length,
                shades: await Promise.all(pictures.map(shades)),
            };
        }""",
        [live.module(name), live_page.data(name)],
    )
    assert drawn["shapes"] > 40 or min(drawn["shades"], default=0) > 8, drawn


@pytest.mark.parametrize("name", ["convolution", "depthwise"])
def test_without_scripts_there_is_a_picture_and_reasons(site, visit, name):
    """Without JavaScript a figure is a picture and a table; a quiz tells reasons."""
    page = visit(file(site, name), java_script_enabled=False)
    still = page.locator(".live-still").first
    assert still.is_visible()
    assert len(still.get_attribute("alt")) > 20
    assert page.locator(".live-figure .live-table caption").first.is_visible()
    page.locator(".quiz-reasons summary").first.click()
    assert page.locator(".quiz-reasons li").first.is_visible()


def test_figure_prints_as_its_picture(site, visit):
    """On paper a live figure is its still picture and its table."""
    page = visit(file(site, "convolution", "#live-convolution"))
    parts = [page.locator(name).first for name in (".live-still", ".live-table")]
    assert not any(part.is_visible() for part in parts)
    page.emulate_media(media="print")
    assert all(part.is_visible() for part in parts)
    assert not page.locator(".live").first.is_visible()


def test_a_dark_page_prints_dark_letters(site, visit):
    """Paper is white: the theme changes for printing, and back."""
    page = visit(file(site, "convolution"), color_scheme="dark")
    ink = "getComputedStyle(document.querySelector('.bd-article p')).color"
    light = visit(file(site, "convolution"), color_scheme="light").evaluate(ink)
    dark = page.evaluate(ink)
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.ink = {ink}; }})")
    page.pdf()
    assert page.evaluate("window.ink") == light != dark
    assert page.evaluate(ink) == dark


def test_without_scripts_a_page_is_light(site, visit):
    """Whatever the system's colours: the theme's dark ones need its script."""
    options = {"color_scheme": "dark", "java_script_enabled": False}
    page = visit(file(site, "convolution"), **options)
    assert page.locator("html").get_attribute("data-theme") == "light"


@pytest.mark.parametrize("name", live.names())
def test_table_scrolls_in_its_own_box(site, visit, name):
    """Without JavaScript a table is there and makes no narrow page wider."""
    narrow = {"width": 320, "height": 700}
    address = file(site, live_page.chapter_of(name))
    page = visit(address, viewport=narrow, java_script_enabled=False)
    table = page.locator(".live-table")
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box["height"] > 60
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= narrow["width"]


# ---- quizzes ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["convolution", "depthwise"])
def test_quiz_answers_back(site, visit, name):
    """Each choice says whether it is right and why; the right one shows them all."""
    page = visit(file(site, name))
    questions = page.locator(".quiz-question")
    assert questions.count() >= 3
    for question in questions.all():
        reasons = question.locator(".quiz-reasons")
        verdicts = [li.get_attribute("class") for li in reasons.locator("li").all()]
        order = sorted(range(len(verdicts)), key=lambda i: verdicts[i] == "quiz-right")
        assert verdicts[order[-1]] == "quiz-right"
        for index in order:
            assert not reasons.is_visible()
            question.get_by_role("radio").nth(index).check()
            reply = question.locator(".quiz-reply")
            right = verdicts[index] == "quiz-right"
            word = "Right." if right else "Not so."
            assert reply.text_content().startswith(word)
            assert len(reply.text_content()) > len(word) + 10
            if right:
                break
        assert reasons.is_visible()


# ---- building again --------------------------------------------------------

CHAPTER = """---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# Cost

```{code-cell} ipython3
:tags: [exercise]

from solutions.depthwise import conv_cost
```

```{code-cell} ipython3
:tags: [raises-exception]

conv_cost(3)
```
"""
CHANGE = """

def conv_cost(*args):
    ### BEGIN SOLUTION
    secret = 41 + 10
    raise ValueError(f"it was {secret}")
    ### END SOLUTION
"""


def small_book(root):
    """A book of one chapter with one exercise, its references to be changed."""
    (root / "chapters").mkdir()
    (root / "chapters" / "index.md").write_text("# Book\n")
    (root / "chapters" / "depthwise.md").write_text(CHAPTER)
    (root / "chapters" / "references.bib").touch()
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: chapters/index\nchapters:\n- file: chapters/depthwise\n"
    )
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copytree(ROOT / "solutions", root / "solutions")
    for room in ("autograder", "convnets"):
        (root / room).symlink_to(ROOT / room)


def test_code_runs_again_when_its_reference_changed(tmp_path):
    """A changed reference runs its chapter again, an unchanged one does not.

    What the reference raises is shown without any line of it.
    """
    small_book(tmp_path)
    assert site_builder.build(tmp_path).executed == ("depthwise",)
    page = tmp_path / "_build" / "html" / "chapters" / "depthwise.html"
    assert "TypeError" in page.read_text()
    assert site_builder.build(tmp_path).executed == ()
    with (tmp_path / "solutions" / "depthwise.py").open("a") as reference:
        reference.write(CHANGE)
    assert site_builder.build(tmp_path).executed == ("depthwise",)
    assert "it was 51" in page.read_text()
    made = [p for p in (tmp_path / "_build").rglob("*") if p.is_file()]
    assert not [p for p in made if b"41 + 10" in p.read_bytes()]


def test_build_fails_with_what_is_wrong(tmp_path):
    """A warning ends the build with a message that holds it."""
    small_book(tmp_path)
    chapter = tmp_path / "chapters" / "depthwise.md"
    chapter.write_text("# Cost\n\nSee {numref}`nowhere`.\n")
    with pytest.raises(AuthorError, match="undefined label: 'nowhere'"):
        site_builder.build(tmp_path)
    chapter.write_text(CHAPTER.replace("[exercise]", "[exercise, given]"))
    with pytest.raises(AuthorError, match="at most one"):
        site_builder.build(tmp_path)
