"""The live figure of the chapter `dropout`: about 3 s."""

from __future__ import annotations

import itertools

import live_page
import numpy as np
import pytest
from live_page import loaded

from solutions.dropout import (
    dropblock,
    dropblock_gamma,
    dropblock_mask,
    dropout,
    dropout_channels,
)

H, W = 10, 12


@pytest.fixture(scope="module")
def computed(browser):
    """Computes the figure's states in a browser."""
    with loaded(browser, "dropout_masks") as page:
        yield lambda states: live_page.computed(page, states)


def test_squares_are_the_references(computed):
    """Gamma, mask and factor for every p and block are those of DropBlock."""
    settings = list(itertools.product((0, 0.2, 0.7, 1), range(1, 9), (1, 2)))
    states = [{"p": p, "block": b, "draw": draw} for p, b, draw in settings]
    for (p, block, _), result in zip(settings, computed(states), strict=True):
        seeds = np.array(result["seeds"])[None]
        kept = np.array(result["kept"])
        assert result["gamma"] == pytest.approx(dropblock_gamma(p, block, H, W))
        np.testing.assert_array_equal(dropblock_mask(seeds, block)[0], kept)
        y = dropblock(np.ones((1, 3, H, W)), seeds, block, training=True)[0]
        np.testing.assert_allclose(kept * result["factor"], y)
        assert result["dropped"] == pytest.approx(1 - kept.mean())


@pytest.mark.parametrize("way", ["elements", "channels"])
def test_elements_and_channels_are_the_references(computed, way):
    """Elements are dropped one by one and channels whole, scaled by 1 - p."""
    shares = (0, 0.1, 0.4, 0.9, 1)
    states = [{"way": way, "p": p, "draw": 3} for p in shares]
    lost = []
    for p, result in zip(shares, computed(states), strict=True):
        kept, ones = np.array(result["kept"]), np.ones((1, 3, H, W))
        if way == "channels":
            y = dropout_channels(ones, kept[None, :, 0, 0] * 1.0, p, training=True)
        else:
            y = dropout(ones, kept[None] * 1.0, p, training=True)
        np.testing.assert_allclose(kept * result["factor"], y[0])
        assert result["average"] == pytest.approx(p)
        lost.append(result["dropped"])
    assert lost == sorted(lost)


def test_chances_count_the_seeds_that_reach_a_place(computed):
    """A place stays if none of the squares that could lie on it is drawn."""
    blocks = (1, 3, 8)
    results = computed([{"block": block} for block in blocks])
    for block, result in zip(blocks, results, strict=True):
        places = (H - block + 1) * (W - block + 1)
        one_each = np.eye(places, dtype=bool)
        one_each = one_each.reshape(places, 1, H - block + 1, W - block + 1)
        reach = (~dropblock_mask(one_each, block)).sum(axis=(0, 1))
        chance = 1 - (1 - result["gamma"]) ** reach
        np.testing.assert_allclose(result["chance"], chance)
        assert result["average"] == pytest.approx(chance.mean())


def test_draws_differ_and_come_as_often_as_asked(computed):
    """Twenty draws are twenty different masks, with the right share on average."""
    states = [{"way": "elements", "p": 0.2, "draw": d} for d in range(1, 21)]
    results = computed(states)
    assert len({str(result["kept"]) for result in results}) == 20
    assert np.mean([r["dropped"] for r in results]) == pytest.approx(0.2, abs=0.02)


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    first, edited = computed([{}, {"way": 1, "p": "x", "block": 99, "draw": None}])
    assert edited == first
