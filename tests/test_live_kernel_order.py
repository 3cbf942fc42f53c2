"""The live figure of the chapter `kernel_size`: about 5 s with the pages built."""

from __future__ import annotations

import itertools

import pytest

from solutions.kernel_size import receptive_field, stack_cost

ORDERS = ["-".join(order) for order in itertools.permutations("753")]
WIDTHS = {"stay at 16": [16] * 4, "double": [16, 32, 64, 128]}


@pytest.fixture
def page(site, browser):
    """The chapter's page."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{(site / 'chapters' / 'kernel_size.html').as_uri()}#live-kernel-order")
    yield page
    page.close()


def computed(page, state):
    """What the figure computes for a state."""
    return page.evaluate(
        """(state) => {
            const figure = window.convnetsFigures.kernel_order;
            return figure.compute(figure.clean({ ...figure.defaults, ...state }));
        }""",
        state,
    )


def test_figure_counts_what_the_references_do(page):
    """Weights, multiply-adds and fields of every setting are the references'."""
    for order, widths, stride in itertools.product(ORDERS, WIDTHS, (1, 2)):
        made = computed(page, {"order": order, "channels": widths, "stride": stride})
        kernels, channels = [int(k) for k in order.split("-")], WIDTHS[widths]
        assert made["weights"] == stack_cost(kernels, channels, 64, 64)["params"]
        layers = [(k, stride, 1) for k in kernels]
        assert (made["field"], made["jump"]) == receptive_field(layers)
        sizes = [64 // stride**level for level in (1, 2, 3)]
        parts = zip(kernels, itertools.pairwise(channels), sizes, strict=True)
        macs = sum(stack_cost([k], pair, n, n)["macs"] for k, pair, n in parts)
        assert made["macs"] == macs


def test_figure_takes_keys_and_a_pointer(page):
    """Arrow keys and dragging put the chosen kernel in another place."""
    order = page.get_by_label("Order", exact=True)
    picture = page.locator("#live-kernel-order svg[role=application]")
    picture.focus()
    page.keyboard.press("ArrowRight")
    assert order.input_value() == "5-7-3"
    box = picture.bounding_box()
    row = box["y"] + box["height"] / 6
    page.mouse.move(box["x"] + box["width"] / 2, row)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.95, row, steps=8)
    page.mouse.up()
    assert order.input_value() == "5-3-7"
    assert "live-kernel-order.order=5-3-7" in page.url
