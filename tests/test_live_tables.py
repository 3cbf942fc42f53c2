"""Tables of the live figures. Their numbers are compared with what the figures
themselves compute, which is code of its own in another language."""

from __future__ import annotations

import importlib
from html.parser import HTMLParser
from pathlib import Path

import live_page
import numpy as np
import pytest
from live_page import chapter_of, loaded

from autograder.book.live import drawing_code, live_table
from autograder.book.table import shown, table
from autograder.errors import AuthorError
from convnets import live

ROOT = Path(__file__).parent.parent


def columns(name):
    """The figure's table as its function returns it."""
    compute = getattr(drawing_code(ROOT, "tables"), f"table_{name}")
    return compute(importlib.import_module(f"solutions.{chapter_of(name)}"))


# ---- every figure's --------------------------------------------------------


@pytest.mark.parametrize("name", live.names())
def test_every_figure_has_a_small_table(name):
    """A caption, 1 to 10 full rows, 2 to 8 columns, and numbers in them."""
    found = columns(name)
    html = live_table(ROOT, chapter_of(name), name)
    (rows,) = {len(cells) for cells in found.values()}
    assert 1 <= rows <= 10
    assert 2 <= len(found) <= 8
    assert html.count("<tr>") == rows + 1
    assert html.count('scope="col"') == len(found)
    assert len(html.partition("<caption><span>")[2].partition("</span>")[0]) > 20
    numbers = [c for cells in found.values() for c in cells if not isinstance(c, str)]
    assert len(numbers) >= rows * (len(found) - 1)
    assert len({shown(number) for number in numbers}) > 3


def test_no_table_is_left_over():
    """Each table belongs to a figure."""
    tables = vars(drawing_code(ROOT, "tables"))
    names = {name[6:] for name in tables if name.startswith("table_")}
    assert names == set(live.names())


# ---- the same numbers from the figures -------------------------------------


def convolution_window(table, compute):
    """Sizes and first outputs; the window from the pixels that it reads."""
    settings = [dict(p.split() for p in s.split(", ")) for s in table["Setting"]]
    states = [{key: int(value) for key, value in s.items()} for s in settings]
    results = compute(states)
    columns = [[term["column"] for term in one["terms"]] for one in results]
    return {
        "Output rows": [len(one["y"]) for one in results],
        "Output columns": [len(one["y"][0]) for one in results],
        "Windows": [np.size(one["y"]) for one in results],
        "Width of a window (pixels)": [max(c) - min(c) + 1 for c in columns],
        "First output": [one["y"][0][0] for one in results],
    }


def depthwise_groups(table, compute):
    """Counts of each number of groups."""
    results = compute([{"groups": groups} for groups in table["Groups"]])
    return {
        "Inputs that an output sees": [len(one["inputs"]) for one in results],
        "Parameters": [one["parameters"] for one in results],
        "MACs": [one["macs"] for one in results],
        "Share of one group’s (%)": [
            100 * one["parameters"] / one["dense"] for one in results
        ],
    }


def dropout_masks(table, compute):
    """Shares of squares; what a draw drops depends on the generator."""
    results = compute([{"block": side} for side in table["Side of a square"]])
    average = np.array([100 * one["average"] for one in results])
    assert (table["Least in 20 draws (%)"] < average).all()
    assert (average < table["Most in 20 draws (%)"]).all()
    return {
        "Gamma (%)": [100 * one["gamma"] for one in results],
        "Dropped on average (%)": [100 * one["average"] for one in results],
        "In a corner (%)": [100 * one["chance"][0][0] for one in results],
        "In the middle (%)": [100 * one["chance"][4][5] for one in results],
    }


def factorised_pairs(table, compute):
    """Energy at each angle."""
    angles = (0, 15, 30, 45, 90)
    results = compute([{"angle": angle} for angle in angles])
    pairs = compute([{"pairs": pairs} for pairs in table["Pairs"]])
    return {"Numbers instead of 81": [one["thin"] for one in pairs]} | {
        f"Energy kept at {angle}° (%)": [100 * share for share in one["energy"][:3]]
        for angle, one in zip(angles, results, strict=True)
    }


def fast_convolution_matrix(table, compute):
    """Entries that are not zero."""
    sizes = [map(int, kernel.split(" × ")) for kernel in table["Kernel"]]
    results = compute([{"rows": kh, "columns": kw} for kh, kw in sizes])
    filled = [np.array(one["taps"]) >= 0 for one in results]
    return {
        "Matrix rows": [len(one) for one in filled],
        "Matrix columns": [len(one[0]) for one in filled],
        "Entries in a row": [one.sum(1).max() for one in filled],
        "Fewest in a column": [one.sum(0).min() for one in filled],
        "Most in a column": [one.sum(0).max() for one in filled],
        "Zeros (%)": [
            100 * (1 - one["filled"] / np.size(one["taps"])) for one in results
        ],
    }


def graph_networks_hops(table, compute):
    """Members heard."""
    members = {"Member 16": 16, "The instructor, 0": 0, "The president, 33": 33}
    return {
        name: [
            len(one["heard"])
            for one in compute([{"member": n, "layers": k} for k in table["Layers"]])
        ]
        for name, n in members.items()
    }


def kernel_order(table, compute):
    """Weights, multiply-adds and fields of both strides."""
    one, two = (
        compute([{"order": order, "stride": stride} for order in table["Order"]])
        for stride in (1, 2)
    )
    return {
        "Weights": [result["weights"] for result in one],
        "MACs, stride 1": [result["macs"] for result in one],
        "Field, stride 1 (pixels)": [result["field"] for result in one],
        "MACs, stride 2": [result["macs"] for result in two],
        "Field, stride 2 (pixels)": [result["field"] for result in two],
    }


def max_pooling_routes(table, compute):
    """Maxima, their pixels and what these get."""
    (one,) = compute([{}])
    places = np.array(one["argmax"]).ravel()
    return {
        "Its maximum": np.ravel(one["y"]),
        "Row of its pixel": places // 6,
        "Column of its pixel": places % 6,
        "Gradient of that pixel": np.array(one["dx"])[places],
    }


def pooling_shift(table, compute):
    """Outputs, and how much they change."""
    one, two = (
        compute([{"way": way, "shift": shift} for way in table["Pooling"]])
        for shift in (1, 2)
    )
    moved = [np.subtract(r["y0"][:-1], r["y"][1:]) for r in two]
    return {
        "y[4] before": [r["y0"][4] for r in one],
        "y[4] after": [r["y"][4] for r in one],
        "y[9] before": [r["y0"][9] for r in one],
        "y[9] after": [r["y"][9] for r in one],
        "Change (%)": [100 * r["output"] for r in one],
        "Change by two pixels, moved back (%)": [np.abs(m).sum() for m in moved],
    }


def attention_patches(table, compute):
    """Weights of the chosen patch."""
    settings = zip(table["Positions"], table["Temperature"], strict=True)
    results = compute([{"positions": p, "temperature": t} for p, t in settings])
    weights = [100 * np.reshape(one["weights"], (4, 4)) for one in results]
    near = [w[:3, 1:4].sum() for w in weights]
    return {
        "To itself (%)": [w[1, 2] for w in weights],
        "To its 8 neighbours (%)": [
            n - w[1, 2] for n, w in zip(near, weights, strict=True)
        ],
        "To the other 7 (%)": [100 - n for n in near],
        "Smallest weight (%)": [w.min() for w in weights],
        "Entropy, of 4 (bits)": [one["entropy"] for one in results],
    }


def unet_skips(table, compute):
    """IoU and wrong pixels, of the first picture and of all."""
    keep = [("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")]
    results = [
        compute([{"picture": n, "upper": u, "lower": low} for n in (1, 2, 3, 4)])
        for u, low in keep
    ]
    return {
        "IoU, picture 1": [one["iou"] for one, *_ in results],
        "Wrong at the border (pixels)": [one["near"] for one, *_ in results],
        "Wrong elsewhere": [one["away"] for one, *_ in results],
        "Border, all 4 pictures": [sum(r["near"] for r in four) for four in results],
        "Elsewhere, all 4": [sum(r["away"] for r in four) for four in results],
    }


def separable_rank(table, compute):
    """Weights, and the errors of each layer."""
    ranks = table["Filters"]
    expected = {}
    for layer in ("edges", "bars", "stripes", "random numbers"):
        results = compute([{"layer": layer, "rank": rank} for rank in ranks])
        expected[f"Error, {layer} (%)"] = [100 * one["error"] for one in results]
    expected["Weights"] = [one["separable"] for one in results]
    expected["Share of the dense layer’s (%)"] = [
        100 * one["separable"] / one["dense"] for one in results
    ]
    return expected


def shufflenet_wires(table, compute):
    """Weights, and pairs of channels that meet."""
    names = {"no": "none", "one": "after the first", "two": "after both"}
    expected = {}
    for word, name in names.items():
        results = compute([{"groups": g, "shuffles": name} for g in table["Groups"]])
        plural = "s" if word == "two" else ""
        header = f"Inputs seen, {word} shuffle{plural}"
        expected[header] = [one["pairs"] / 12 for one in results]
    expected["Weights, kernels 1 × 1"] = [one["weights"] for one in results]
    return expected


def transposed_overlap(table, compute):
    """The smallest and the largest sum of a period."""
    ways = {
        "equal weights, stride 2": ("equal", 2),
        "stride 3": ("equal", 3),
        "triangle, stride 2": ("triangle", 2),
    }
    expected = {}
    for name, (weights, stride) in ways.items():
        setting = {"weights": weights, "stride": stride}
        results = compute([{"kernel": k, **setting} for k in table["Taps"]])
        expected[f"Least, {name}"] = [one["low"] for one in results]
        expected[f"Most, {name}"] = [one["high"] for one in results]
    return expected


def upsampling_difference(table, compute):
    """The photograph's error, and the steps of the slope."""
    states = []
    for name in table["Upsampler, kernel"]:
        way, _, kernel = name.partition(", ")
        states.append({"way": way, "kernel": kernel or "none"})
    photographs = compute(states)
    slopes = compute([{**state, "image": "slope"} for state in states])
    return {
        "Error of the photograph (grey levels)": [one["error"] for one in photographs],
        "Least step of the slope": [one["low"] for one in slopes],
        "Largest step": [one["high"] for one in slopes],
    }


COMPARED = [
    attention_patches, convolution_window, depthwise_groups, dropout_masks,
    factorised_pairs, fast_convolution_matrix, graph_networks_hops, kernel_order,
    max_pooling_routes, pooling_shift, separable_rank, shufflenet_wires,
    transposed_overlap, unet_skips, upsampling_difference,
]  # fmt: skip
# Columns that say what the row is, or whose numbers a generator draws.
GIVEN = {"Temperature", "Least in 20 draws (%)", "Most in 20 draws (%)"}


@pytest.mark.parametrize("expect", COMPARED, ids=lambda f: f.__name__)
def test_numbers_are_the_figures(browser, expect):
    """The table has what the live figure computes in a browser."""
    name = expect.__name__
    found = columns(name)
    data = live_page.data(name)
    with loaded(browser, name) as page:
        compute = lambda states: live_page.computed(page, states, data)  # noqa: E731
        expected = expect(found, compute)
    assert set(found) - set(expected) - GIVEN == {next(iter(found))}
    for header, values in expected.items():
        np.testing.assert_allclose(found[header], values, 1e-6, 1e-6, err_msg=header)


def test_all_but_the_drawn_figure_are_compared():
    """resnet_depth has another generator than its figure; it has its own test."""
    assert {f.__name__ for f in COMPARED} | {"resnet_depth"} == set(live.names())


def test_gradient_of_small_weights_shrinks_by_the_power():
    """ReLUs scale with their input: half the weights, 24 times half the gradient."""
    found = columns("resnet_depth")
    layers = np.array(found["Behind layer"])
    expected = np.array(found["Neither"]) * 0.5 ** (24 - layers)
    np.testing.assert_allclose(
        found["Neither, weights half as large"], expected, rtol=1e-4
    )
    lasts = {shown(sizes[-1]) for sizes in list(found.values())[1:]}
    assert len(lasts) == 1


# ---- as HTML ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a < b", "a < b"), (3, "3"), (np.int64(-12345), "−12\u202f345"),
        (4.0, "4"), (-0.0, "0"), (2 / 3, "0.667"), (np.float32(12.345), "12.3"),
        (1234.56, "1\u202f230"), (-0.00123, "−0.00123"), (0.9996, "1"),
        (1.234e-7, "1.2 × 10⁻⁷"), (3.2e12, "3.2 × 10¹²"),
    ],
)  # fmt: skip
def test_number_is_readable(cell, text):
    """Whole numbers without decimals, others with three digits."""
    assert shown(cell) == text


class Seen(HTMLParser):
    """The elements and the texts of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += [data] if data.strip() else []


def test_table_is_html():
    """Headers of columns and rows, a caption, numbers apart; texts are escaped."""
    html = table("What <b> is", {"Layer & kind": ["a<b", "c"], "MACs": [1, 2.5]})
    seen = Seen(html)
    assert seen.words == ["What <b> is", "Layer & kind", "MACs", "a<b", "1", "c", "2.5"]
    cells = [(tag, *a.values()) for tag, a in seen.tags if tag in ("th", "td")]
    number = "live-number"
    heads = [("th", "col"), ("th", "col", number)]
    assert cells == heads + 2 * [("th", "row"), ("td", number)]
    assert seen.tags[0][1]["tabindex"] == "0"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("    return {'a': [1]}", "no caption"),
        ("    '''c'''\n    return {}", "is empty"),
        ("    '''c'''\n    return {'a': [], 'b': []}", "is empty"),
        ("    '''c'''\n    return {'a': [1], 'b': [1, 2]}", "different lengths"),
        ("    '''c'''\n    return {'a': [float('nan')]}", "a cell is nan"),
        ("    '''c'''\n    return {'a': [None]}", "a cell is None"),
    ],
)
def test_bad_table_is_an_error_that_names_the_figure(tmp_path, body, complaint):
    """What is no table stops the build."""
    folder = tmp_path / "chapters" / "figures"
    folder.mkdir(parents=True)
    (folder / "tables.py").write_text(f"def table_bad(reference):\n{body}\n")
    with pytest.raises(AuthorError, match=f"figure 'bad' .*{complaint}"):
        live_table(tmp_path, "convolution", "bad")


def test_figure_without_a_table_is_an_error(tmp_path):
    """The message says which function to write, and where."""
    with pytest.raises(AuthorError, match=r"table_absent\(reference\) in chapters"):
        live_table(tmp_path, "convolution", "absent")
    with pytest.raises(AuthorError, match="'absent' has no table"):
        live_table(ROOT, "convolution", "absent")
