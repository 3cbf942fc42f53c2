"""The live figure of the chapter `shufflenet`: about 3 s."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from live_page import computed, drawn

from solutions.shufflenet import reach

GROUPS = (1, 2, 3, 4, 6, 12)
SHUFFLES = ("none", "after the first", "after both")


@pytest.fixture(scope="module")
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "shufflenet_wires") as page:
        yield page


def stack(groups, shuffles):
    """The figure's layers, as the reference is given them."""
    layers = []
    for place in range(3):
        layers.append(("conv", groups))
        if place < SHUFFLES.index(shuffles):
            layers.append(("shuffle", groups))
    return layers


def test_channels_meet_as_in_the_reference(page):
    """Who sees whom, for all groups and shuffles, is what `reach` says."""
    settings = list(itertools.product(GROUPS, SHUFFLES))
    states = [{"groups": g, "shuffles": s} for g, s in settings]
    for (groups, shuffles), result in zip(
        settings, computed(page, states), strict=True
    ):
        wanted = reach(stack(groups, shuffles), 12)
        np.testing.assert_array_equal(result["seen"], wanted)
        assert result["pairs"] == wanted.sum()
        assert result["weights"] == 3 * 12 * 12 // groups


def test_marked_paths_end_where_the_reference_says(page):
    """The marked channels are a row of `reach` for outputs, a column for inputs."""
    for channel in range(12):
        state = {"groups": 4, "shuffles": "after the first", "channel": channel}
        sides = [{**state, "side": side} for side in ("output", "input")]
        output, entry = computed(page, sides)
        seen = reach(stack(4, "after the first"), 12)
        assert output["columns"][0] == list(np.flatnonzero(seen[channel]))
        assert entry["columns"][-1] == list(np.flatnonzero(seen[:, channel]))


def test_keys_choose_a_channel(page):
    """Arrows move to another channel, and from the outputs to the inputs."""
    page.evaluate("() => window.model.set('state', {})")
    page.locator("svg").focus()
    page.keyboard.press("ArrowDown")
    assert "Output 5 sees inputs 4, 5, 6 and 7." in page.inner_text(".live-sum")
    page.keyboard.press("ArrowLeft")
    assert "Input 5 reaches outputs 4, 5, 6 and 7." in page.inner_text(".live-sum")


def test_nonsense_gives_the_first_state(page):
    """A state that somebody has edited gives a valid figure."""
    edited = {"groups": 5, "shuffles": "<b>", "side": 3, "channel": "x"}
    first, nonsense = computed(page, [{}, edited])
    assert nonsense == first
