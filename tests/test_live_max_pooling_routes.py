"""The live figure of the chapter `max_pooling`: about 3 s."""

from __future__ import annotations

import itertools

import live_page
import numpy as np
import pytest
from live_page import loaded

from solutions.max_pooling import gradient_mass, max_pool2d, max_pool2d_backward

KEYS = ("window", "stride", "padding")
SETTINGS = list(itertools.product((2, 3), (1, 2, 3), (0, 1)))
PIXELS = " ".join(str(value) for value in np.arange(24) ** 2 % 7 - 5)  # many equal


@pytest.fixture(scope="module")
def computed(browser):
    """Computes the figure's states in a browser."""
    with loaded(browser, "max_pooling_routes") as page:
        yield lambda states: live_page.computed(page, states)


def states(**more):
    return [{**dict(zip(KEYS, s, strict=True)), **more} for s in SETTINGS]


@pytest.mark.parametrize("more", [{}, {"pixels": PIXELS}])
def test_first_of_equals_is_the_reference(computed, more):
    """Maxima, places and gradients are those of the reference."""
    for (k, s, p), result in zip(SETTINGS, computed(states(**more)), strict=True):
        x = np.array(result["x"], float).reshape(1, 1, 4, 6)
        y, argmax = max_pool2d(x, k, s, p)
        np.testing.assert_array_equal(result["y"], y[0, 0])
        np.testing.assert_array_equal(result["argmax"], argmax[0, 0])
        dx = max_pool2d_backward(np.ones_like(y), argmax, x.shape)
        np.testing.assert_array_equal(result["dx"], dx.ravel())
        if not p:
            assert np.mean(np.array(result["dx"]) > 0) == gradient_mass(x, k, s)


@pytest.mark.parametrize("rule", ["share", "each"])
def test_other_rules_hand_out_to_all_equals(computed, rule):
    """Sharing keeps the sum of the gradient; giving to each makes it larger."""
    for (k, s, p), result in zip(
        SETTINGS, computed(states(rule=rule, pixels=PIXELS)), strict=True
    ):
        x = np.pad(
            np.array(result["x"], float).reshape(4, 6), p, constant_values=-np.inf
        )
        wanted = np.zeros_like(x)
        for i, j in np.ndindex(*np.shape(result["y"])):
            at = np.s_[i * s : i * s + k, j * s : j * s + k]
            equal = x[at] == x[at].max()
            wanted[at] += equal / (equal.sum() if rule == "share" else 1)
        inside = wanted[p : p + 4, p : p + 6]
        np.testing.assert_allclose(np.reshape(result["dx"], (4, 6)), inside)


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    edited = {"window": 99, "stride": "x", "rule": None, "pixels": "1 2 <b>"}
    first, nonsense = computed([{}, edited])
    assert nonsense == first
