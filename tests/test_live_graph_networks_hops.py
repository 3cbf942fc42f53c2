"""The live figure of the chapter `graph_networks`: about 3 s."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from live_page import computed, drawn

from solutions.graph_networks import message_passing


@pytest.fixture
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "graph_networks_hops") as page:
        yield page


def test_pairs_are_those_of_the_club(page):
    """The figure has the club's edges, each once."""
    pairs = page.evaluate("() => window.figure.PAIRS")
    assert sorted(map(tuple, pairs)) == sorted(nx.karate_club_graph().edges)


def test_members_heard_are_those_that_messages_reach(page):
    """A member is heard when its message arrives in that many rounds."""
    pairs = np.array(nx.karate_club_graph().edges)
    own = np.arange(34).repeat(2).reshape(-1, 2)
    edges = np.concatenate([pairs, pairs[:, ::-1], own])
    states = [{"member": m, "layers": k} for k in range(6) for m in range(34)]
    results = iter(computed(page, states))
    reached = np.eye(34)
    for layers in range(6):
        for member in range(34):
            heard = np.flatnonzero(reached[member]).tolist()
            assert next(results)["heard"] == heard, (member, layers)
        reached = message_passing(reached, edges, "max")


def test_keys_and_fingers_move_the_figure(page):
    """Keys and a touch choose the member, a slider the layers; Reset brings it back."""
    words = page.locator(".live-sum")
    first = words.text_content()
    assert first.startswith("With 2 layers, member 16 hears ")
    board = page.get_by_role("application")
    board.focus()
    page.keyboard.press("ArrowUp")
    assert "member 5 " in words.text_content()
    page.keyboard.press("Home")
    assert "member 0 " in words.text_content()
    box = board.bounding_box()
    page.touchscreen.tap(
        box["x"] + 0.96 * box["width"], box["y"] + 0.29 * box["height"]
    )
    assert "member 24 " in words.text_content()
    page.get_by_label("Layers", exact=True).focus()
    page.keyboard.press("End")
    assert words.text_content() == (
        "With 5 layers, member 24 hears all of 34 members, itself included."
    )
    page.get_by_role("button", name="Reset").click()
    assert words.text_content() == first


def test_nonsense_becomes_a_valid_state(page):
    """Whatever stands in the address, the figure has something to show."""
    first, edited = computed(page, [{}, {"member": "x", "layers": -1}])
    assert edited == first
