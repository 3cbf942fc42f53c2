"""The live figure of the chapter `pooling`: about 3 s."""

from __future__ import annotations

import itertools

import live_page
import numpy as np
import pytest
import torch.nn.functional as F
from live_page import loaded
from torch import from_numpy

from solutions.pooling import avg_pool2d, blur_pool2d, shift_error

SIGNALS = ("edge", "stripes", "dot", "texture")
# The figure's row is an image whose rows are all the same.
WAYS = {
    "every second": lambda x: x[..., ::2],
    "max": lambda x: F.max_pool2d(from_numpy(x.copy()), (1, 2)).numpy(),
    "mean": lambda x: avg_pool2d(x, (1, 2)),
    "blur": lambda x: blur_pool2d(x, (1, 2)),
}


@pytest.fixture(scope="module")
def computed(browser):
    """Computes the figure's states in a browser."""
    with loaded(browser, "pooling_shift") as page:
        yield lambda states: live_page.computed(page, states)


def image(row):
    """The row twice, so that there is something to mirror: (1, 1, 2, W)."""
    return np.array([[[row, row]]], float)


def layered(way, layers):
    """A pooling as often as the figure has layers."""

    def pooled(x):
        for _ in range(layers):
            x = WAYS[way](x)
        return x

    return pooled


def test_outputs_are_those_of_the_poolings(computed):
    """Every signal, pooling, number of layers and a few shifts."""
    settings = list(itertools.product(SIGNALS, WAYS, (1, 2, 3), (0, 1, 4, 15)))
    keys = ("signal", "way", "layers", "shift")
    states = [dict(zip(keys, setting, strict=True)) for setting in settings]
    for state, result in zip(states, computed(states), strict=True):
        pooled = layered(state["way"], state["layers"])
        np.testing.assert_array_equal(
            result["x"], np.roll(result["x0"], state["shift"])
        )
        np.testing.assert_allclose(result["y"], pooled(image(result["x"]))[0, 0, 0])
        np.testing.assert_allclose(result["y0"], pooled(image(result["x0"]))[0, 0, 0])


def test_changes_are_shift_errors(computed):
    """After one pixel, the change that is told is the reference's shift_error."""
    settings = list(itertools.product(SIGNALS, WAYS, (1, 2, 3)))
    keys = ("signal", "way", "layers")
    states = [dict(zip(keys, setting, strict=True), shift=1) for setting in settings]
    for state, result in zip(states, computed(states), strict=True):
        x0 = image(result["x0"])
        error = shift_error(layered(state["way"], state["layers"]), x0)
        assert result["output"] == pytest.approx(error)
        assert result["input"] == pytest.approx(shift_error(lambda x: x, x0))


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    first, edited = computed([{}, {"way": "min", "shift": "x", "layers": 9}])
    assert edited == first
