"""Formulas set at build time, one style sheet, finished pages: 2 s."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from _fixtures_site import FLAGS
from chromium import launched
from fontTools.ttLib import TTFont
from PIL import Image

from autograder.book import stylesheet
from autograder.book.finish import finish, repaired
from autograder.book.mathematics import glyphs, typeset
from autograder.book.pictures import lighter
from autograder.errors import AuthorError

PAGE = """<html><head>
<link rel="stylesheet" href="../_static/a/theme.css?v=1" />
<link rel="stylesheet" type="text/css" href="../_static/own.css" />
<link rel="preload" as="script" href="../_static/b.js" />
<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>
<script src="../_static/documentation_options.js?v=2"></script>
<script src="../_static/b.js"></script>
<script defer="defer" src="../_static/d.js?v=3"></script>
<script src="../searchindex.js"></script>
</head><body><p class="used" id="here"><i class="fas fa-pen"></i></p>
<script src="../_static/live/c.js"></script></body></html>
"""


# ---- formulas --------------------------------------------------------------

FORMULAS = (
    r"\begin{aligned} y &= \mathsf{T}x \\ z &= \tilde{x} \end{aligned}",
    r"\begin{gathered} a \\ b \end{gathered}",
    r"\underbrace{a + b}_{\text{two words}}",
    r"f(x) = \begin{cases} 0 & x < 0 \\ x & x \ge 0 \end{cases}",
    r"\sum_{\substack{i < n \\ j < m}} \left\lfloor \tfrac{n}{2} \right\rfloor",
    r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} \operatorname{rank} w",
)


@pytest.mark.parametrize("formula", FORMULAS)
def test_formula_is_a_drawing_and_mathml(formula):
    """What the chapters write becomes well-formed, and no glyph is missing."""
    html = typeset(formula, display=True)
    root = ElementTree.fromstring(html)
    assert root.find("svg").get("aria-hidden") == "true"
    assert root.find("mjx-assistive-mml/math") is not None
    drawings = ElementTree.fromstring(glyphs(html))
    names = {path.get("id") for path in drawings.iter("path")}
    used = {use.get("href").lstrip("#") for use in root.iter("use")}
    assert used == names
    assert used


def test_formula_reads_as_it_is_written():
    """The MathML has the formula's own letters, in their order."""
    html = typeset(r"y_i = 2x^2 \le \text{if not}", display=False)
    spoken = re.search("<math.*</math>", html)[0]
    assert re.sub("<[^>]*>", "", spoken) == "yi=2x2≤if not"
    assert "display=" not in html.partition("<svg")[0]


def test_formula_has_no_idle_groups():
    """A group moves several things: what stands alone moves itself."""
    root = ElementTree.fromstring(typeset(r"(x_1, \tfrac{a + b}{2})", display=False))
    (drawing,) = root.find("svg")
    groups = [group for group in drawing.iter("g") if group is not drawing]
    assert len(groups) == 3  # x_1, the fraction, and its numerator
    assert all(len(group) > 1 and group.get("transform") for group in groups)


def test_a_process_that_sets_formulas_ends():
    """V8 is closed before the interpreter ends: it would wait for itself."""
    code = "from autograder.book.mathematics import typeset; typeset('x', False)"
    runs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    try:
        assert [run.wait(60) for run in runs] == [0, 0, 0]
    finally:
        for run in runs:
            run.kill()


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        (r"\foo x", r"Undefined control sequence \\foo"),
        ("{x", "missing close brace"),
        (r"\text{ä}", "cannot draw"),
    ],
)
def test_wrong_formula_is_an_error_that_names_it(formula, reason):
    """What MathJax does not understand stops the build, with its reason."""
    with pytest.raises(AuthorError, match=reason) as error:
        typeset(formula, display=False)
    assert formula in str(error.value)


# ---- the style sheet -------------------------------------------------------


def combined(tmp_path, text, words):
    """The style sheet made of one text."""
    (tmp_path / "a.css").write_text(text)
    return stylesheet.combined([tmp_path / "a.css"], tmp_path, set(words.split()))


@pytest.mark.parametrize(
    "rule",
    [
        ".a{color:red}",
        "#b.a > p:not(.z){color:red}",
        ".a::after{content:'x'}",
        '[data-z="z"]{color:red}',
        ":root{--x:1px}",
        "@media print{.a{color:red}}",
        "@font-face{font-family:Z}",
    ],
)
def test_rules_that_can_match_stay(tmp_path, rule):
    """A rule stays that names only what pages have."""
    assert combined(tmp_path, rule, "a b p").strip()


@pytest.mark.parametrize(
    "rule", [".z{color:red}", "#b .z a{}", "z{}", "@media print{.z{color:red}}"]
)
def test_rules_that_cannot_match_go(tmp_path, rule):
    """A rule goes that names what no page has; so does one selector of several."""
    assert combined(tmp_path, rule, "a b p") == ""
    assert combined(tmp_path, ".z, .a:hover{color:red}", "a").startswith(".a:hover{")


def test_imports_and_addresses_are_followed(tmp_path):
    """What a sheet imports comes first; addresses are seen from the new place."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.css").write_text(
        '@import "../c.css";\n.a{background:url(pic.png)}'
    )
    (tmp_path / "c.css").write_text(".a{color:red}")
    text = stylesheet.combined([tmp_path / "sub" / "b.css"], tmp_path, {"a"})
    assert text.index("red") < text.index("url(sub/pic.png)")


def test_icons_come_with_the_style_sheet(site):
    """The icons that the sheet names are in its font, and no others."""
    text = (site / "_static" / "site.css").read_text(encoding="utf-8")
    named = {ord(icon) for icon in re.findall("[\uf000-\uf8ff]", text)}
    (font,) = re.findall(r"data:font/woff;base64,([^)]*)\)", text)
    characters = set(TTFont(BytesIO(base64.b64decode(font))).getBestCmap())
    assert characters <= named
    assert len(characters) > 10
    assert len(font) < 10_000


# ---- pictures --------------------------------------------------------------


def inside(svg):
    """The pixels of the first picture in a drawing."""
    data = re.search(r"data:image/\w+;base64,([^\"]*)", svg)[1]
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))).convert("RGBA"))


def test_photographs_lose_bytes_and_no_pixel():
    """A picture in a drawing becomes shorter, and each pixel is the same."""
    pixels = np.random.default_rng(0).integers(0, 4, (60, 60, 4), dtype=np.uint8) * 60
    pixels[..., 3] = 255
    file = BytesIO()
    Image.fromarray(pixels).save(file, "png")
    data = base64.b64encode(file.getvalue()).decode()
    svg = f'<svg><image xlink:href="data:image/png;base64,{data}"/></svg>'
    light = lighter(svg)
    assert len(light) < len(svg)
    assert np.array_equal(inside(light), inside(svg))
    assert lighter(light) == light


# ---- finished pages --------------------------------------------------------


@pytest.fixture
def finished(tmp_path):
    """A site of one page, finished."""
    static = tmp_path / "_static"
    (static / "a").mkdir(parents=True)
    (tmp_path / "chapters").mkdir()
    (static / "a" / "theme.css").write_text(".used{color:red} .unused{color:blue}")
    (static / "own.css").write_text("#here{color:red} .made{color:green}")
    (static / "b.js").write_text("'use strict';\nx.classList.add('made') // so")
    (static / "d.js").write_text("last()\n//# sourceMappingURL=d.js.map\n")
    (static / "scripts-00000000.js").write_text("of an older build")
    (static / "documentation_options.js").write_text("const OPTIONS = 1;\n")
    (tmp_path / "chapters" / "p.html").write_text(PAGE)
    finish(tmp_path)
    return tmp_path


def test_page_has_one_style_sheet(finished):
    """The sheets become one, with the rules that pages and scripts can use."""
    page = (finished / "chapters" / "p.html").read_text()
    assert re.findall(r'stylesheet" href="([^?]*)', page) == ["../_static/site.css"]
    text = (finished / "_static" / "site.css").read_text()
    assert all(word in text for word in (".used", "#here", ".made"))
    assert "unused" not in text


def test_scripts_do_not_block(finished):
    """Scripts of the head wait, as one; a figure's runs in its place; the rest is
    gone."""
    page = (finished / "chapters" / "p.html").read_text()
    (name,) = re.findall(r'<script defer src="../_static/(scripts-\w+\.js)">', page)
    code = (finished / "_static" / name).read_text()
    assert code.index("made") < code.index("last")
    assert not code.startswith("'use strict'")  # which would hold for all
    assert "sourceMapping" not in code
    assert '<script src="../_static/live/c.js">' in page
    assert "<script>const OPTIONS = 1;</script>" in page
    assert not re.search("fontawesome|searchindex|preload", page)


def test_scripts_of_older_builds_go(finished):
    """A joined script that no page names is removed."""
    assert not (finished / "_static" / "scripts-00000000.js").exists()


def test_finishing_twice_changes_nothing(finished):
    """A build that writes no page leaves pages and style sheet as they are."""
    files = [p for p in finished.rglob("*") if p.is_file()]
    before = {path: path.read_bytes() for path in files}
    finish(finished)
    assert {path: path.read_bytes() for path in files} == before


def test_theme_does_not_measure_every_block(site):
    """The theme's script has lost its measuring, and ours does it."""
    text = (site / "_static" / "scripts" / "pydata-sphinx-theme.js").read_text()
    assert "scrollWidth" in text
    assert not re.search(r'addEventListener\("load"', text)
    page = (site / "chapters" / "convolution.html").read_text(encoding="utf-8")
    assert "banner-revealer" not in page  # which is measured, too


@pytest.mark.parametrize("name", ["bootstrap", "pydata-sphinx-theme"])
def test_theme_takes_its_steps_one_by_one(site, name):
    """Each step waits for its turn; no other way of the theme's to run them is left."""
    text = (site / "_static" / "scripts" / f"{name}.js").read_text()
    assert len(re.findall(r"\{setTimeout\(\w\)\}", text)) == 1
    assert '"loading"!=document.readyState' not in text


@pytest.mark.parametrize("name", ["changes", "notation", "convolution"])
def test_nothing_jumps_when_scroll_bars_come(site, browser, name):
    """Where they take room, short pages and long ones stay where they are."""
    shifts = """new Promise((said) => {
        let sum = 0;
        new PerformanceObserver((list) => {
            for (const { value } of list.getEntries()) sum += value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => said(sum), 1000);
    })"""
    kind = browser.browser_type
    chromium = launched(kind, "Testing pages", FLAGS, scroll_bars=True)
    page = chromium.new_page(viewport={"width": 1350, "height": 940})
    page.goto((site / "chapters" / f"{name}.html").as_uri())
    moved = page.evaluate(shifts)
    chromium.close()
    assert moved < 0.1


def test_page_has_its_colours_from_the_beginning(site, browser):
    """Where the system is dark, a page is never light, not for one frame."""
    context = browser.new_context(color_scheme="dark")
    context.add_init_script(
        """window.colours = [];
        new MutationObserver(() => {
            window.colours.push(document.documentElement.dataset.theme);
        }).observe(document, { subtree: true, attributeFilter: ["data-theme"] });"""
    )
    page = context.new_page()
    page.goto((site / "chapters" / "notation.html").as_uri())
    assert set(page.evaluate("window.colours")) == {"dark"}
    context.close()


def test_pages_are_repaired():
    """Summaries and buttons are named by their words, icons are not read out."""
    body = '<summary aria-label="Toggle hidden content">a</summary>'
    assert repaired(body) == "<summary>a</summary>"
    assert repaired('<div role="doc-biblioentry">') == '<div role="listitem">'
    assert repaired('<i class="fas fa-x">') == '<i aria-hidden="true" class="fas fa-x">'
    switch = '<i class="theme-switch fa-sun" data-mode="light" title="Light">'
    assert "title" not in repaired(switch)
    assert repaired(repaired(switch)) == repaired(switch)
