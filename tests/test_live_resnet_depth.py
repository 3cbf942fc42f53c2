"""The live figure `resnet_depth` in a browser."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from live_page import computed, drawn

from solutions.resnet import batchnorm2d

PARTS = ("neither", "shortcuts", "normalisation", "both")


@pytest.fixture
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "resnet_depth") as page:
        yield page


def through(result, parts, size):
    """Sizes of outputs and gradients by torch, for the figure's numbers."""
    x, dy, weights = (
        torch.tensor(result[key], dtype=torch.float64) for key in ("x", "dy", "weights")
    )

    def layer(y, w):
        y = y @ (size * w).T
        if parts in ("neither", "shortcuts"):
            return y
        return torch.nn.functional.batch_norm(y, None, None, training=True)

    outputs = [x.requires_grad_()]
    for one, two in zip(weights[::2], weights[1::2], strict=True):
        branch = layer(layer(outputs[-1], one).relu(), two)
        skip = outputs[-1] if parts in ("shortcuts", "both") else 0
        outputs.append((branch + skip).relu())
    gradients = torch.autograd.grad(outputs[-1], outputs, dy)
    return [
        [a.detach().pow(2).mean().sqrt().item() for a in sizes]
        for sizes in (outputs, gradients)
    ]


def test_outputs_and_gradients_are_those_of_torch(page):
    """Forward and back, for all parts, the browser finds what torch finds."""
    for parts, (depth, size) in itertools.product(PARTS, ((2, 1), (12, 0.5), (40, 2))):
        (result,) = computed(page, [{"parts": parts, "depth": depth, "size": size}])
        outputs, gradients = through(result, parts, size)
        np.testing.assert_allclose(result["outputs"], outputs, rtol=1e-6)
        np.testing.assert_allclose(result["gradients"], gradients, rtol=1e-6)


def test_normalisation_is_the_reference(page):
    """One pair of layers with both parts, made with the chapter's batchnorm2d."""
    (result,) = computed(page, [{"parts": "both", "depth": 2}])
    x, one, two = (np.array(a) for a in (result["x"], *result["weights"]))
    on, off = np.ones(16), np.zeros(16)

    def layer(y, w):
        images = (y @ w.T)[:, :, None, None]
        return batchnorm2d(images, on, off, off, on, training=True)[0][:, :, 0, 0]

    y = np.maximum(x + layer(np.maximum(layer(x, one), 0), two), 0)
    assert result["outputs"][1] == pytest.approx(np.sqrt((y**2).mean()))


def first(page, **state):
    """The gradient that comes back to the input of 40 layers, for three draws."""
    states = [{"depth": 40, "draw": draw, **state} for draw in (1, 2, 3)]
    return np.array([result["gradients"][0] for result in computed(page, states)])


def test_text_says_what_is_seen(page):
    """Small weights vanish, right ones do not; shortcuts need small branches."""
    assert (first(page, parts="neither", size=0.5) < 1e-8).all()
    right = first(page, parts="neither", size=1)
    assert (right > 1e-3).all()
    assert (right < 10).all()
    assert (first(page, parts="shortcuts", size=1) > 1e2).all()
    assert (first(page, parts="shortcuts", size=2) > 1e9).all()
    branches = first(page, parts="shortcuts", size=0.5)
    assert (np.abs(np.log10(branches)) < 0.5).all()
    alone, with_skip = (first(page, parts=p) for p in ("normalisation", "both"))
    assert (alone > 1e3).all()
    assert (with_skip < 100).all()
    for size in (0.5, 2):
        same = first(page, parts="both", size=size)
        np.testing.assert_allclose(same, with_skip, rtol=0.05)


def test_keys_and_fingers_move_the_figure(page):
    """The controls change the network, keys and a touch the place."""
    words = page.locator(".live-sum")
    assert words.text_content().startswith("At the input")
    board = page.get_by_role("application")
    board.focus()
    page.keyboard.press("ArrowRight")
    assert words.text_content().startswith("Behind pair 1 of 12")
    page.keyboard.press("End")
    assert "sets out" in words.text_content()
    box = board.bounding_box()
    page.touchscreen.tap(box["x"] + 0.13 * box["width"], box["y"] + 40)
    assert words.text_content().startswith("At the input")
    before = words.text_content()
    page.get_by_label("Parts", exact=True).select_option("shortcuts")
    assert words.text_content() != before
    page.get_by_label("Layers", exact=True).focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Reset").click()
    assert words.text_content() == before


def test_nonsense_becomes_a_valid_state(page):
    """Whatever stands in the address, the figure has something to show."""
    nonsense = {"parts": "x", "depth": 41, "size": "y", "pair": "z", "draw": 0}
    edited, plain = computed(page, [nonsense, {}])
    assert edited == plain
