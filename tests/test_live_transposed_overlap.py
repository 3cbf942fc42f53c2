"""The live figure of the chapter `transposed`: about 3 s."""

from __future__ import annotations

import itertools

import live_page
import numpy as np
import pytest
from live_page import loaded

from solutions.transposed import conv_transpose2d, overlap_count


@pytest.fixture(scope="module")
def computed(browser):
    """Computes the figure's states in a browser."""
    with loaded(browser, "transposed_overlap") as page:
        yield lambda states: live_page.computed(page, states)


def test_equal_weights_count_the_stamps(computed):
    """One layer of equal weights makes what overlap_count counts."""
    settings = list(itertools.product(range(1, 7), range(1, 4)))
    states = [{"kernel": k, "stride": s} for k, s in settings]
    for (k, s), result in zip(settings, computed(states), strict=True):
        counts = overlap_count(6, k, s)
        np.testing.assert_array_equal(result["y"], counts)
        # Uneven just where the stride does not divide the kernel.
        assert result["high"] - result["low"] == (1 if k % s else 0)


def test_layers_are_transposed_convolutions(computed):
    """Each layer of each kind of weights is the reference's."""
    settings = list(
        itertools.product(
            (2, 3, 5), (1, 2, 3), (1, 2, 3), ("equal", "triangle", "random")
        )
    )
    keys = ("kernel", "stride", "layers", "weights")
    states = [dict(zip(keys, setting, strict=True)) for setting in settings]
    for state, result in zip(states, computed(states), strict=True):
        row = np.ones((1, 1, 1, 6))
        w = np.array(result["w"], float)[None, None, None]
        for _ in range(state["layers"]):
            row = conv_transpose2d(row, w, stride=(1, state["stride"]))
        np.testing.assert_allclose(result["y"], row[0, 0, 0])
        total = sum(part["value"] * part["weight"] for part in result["parts"])
        assert total == pytest.approx(result["y"][4])


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    first, edited = computed([{}, {"kernel": 99, "stride": "x", "weights": None}])
    assert edited == first
