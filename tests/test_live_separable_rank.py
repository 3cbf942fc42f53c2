"""The live figure `separable_rank` in a browser: about 3 s."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from live_page import computed, drawn

from solutions.separable import merge_separable, separable_svd

LAYERS = ("edges", "bars", "stripes", "random numbers")


@pytest.fixture
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "separable_rank") as page:
        yield page


def test_kernels_are_rebuilt_as_the_reference_rebuilds_them(page):
    """Error, weights and, where they are unique, kernels are the reference's."""
    settings = list(itertools.product(LAYERS, range(1, 13)))
    states = [{"layer": layer, "rank": rank} for layer, rank in settings]
    unique = 0
    for (_, rank), result in zip(settings, computed(page, states), strict=True):
        w = np.array(result["kernels"]).reshape(12, 1, 5, 5)
        w_dw, w_pw = separable_svd(w, rank)
        expected = merge_separable(w_dw, w_pw)
        error = np.linalg.norm(expected - w) / np.linalg.norm(w)
        np.testing.assert_allclose(result["error"], error, atol=1e-8)
        assert result["separable"] == w_dw.size + w_pw.size
        assert result["dense"] == w.size
        s = np.append(np.linalg.svd(w.reshape(12, 25), compute_uv=False), 0)
        if s[rank - 1] > 1.01 * s[rank] and s[rank - 1] > 1e-9:
            unique += 1
            rebuilt = np.array(result["rebuilt"]).reshape(w.shape)
            np.testing.assert_allclose(rebuilt, expected, atol=1e-8)
    assert unique > 15


def test_chosen_kernel_is_the_mix_that_is_shown(page):
    """Filters times the numbers below them add up to the rebuilt kernel."""
    for layer, kernel in itertools.product(LAYERS, (0, 5, 11)):
        (result,) = computed(page, [{"layer": layer, "rank": 4, "kernel": kernel}])
        mixed = np.array(result["mix"]) @ np.array(result["filters"])
        np.testing.assert_allclose(mixed, result["rebuilt"][kernel], atol=1e-12)


def test_edges_need_two_filters_and_bars_three(page):
    """As the chapter's text says."""
    for layer, enough in (("edges", 2), ("bars", 3)):
        states = [{"layer": layer, "rank": rank} for rank in (enough - 1, enough)]
        before, after = (result["error"] for result in computed(page, states))
        assert before > 0.1
        assert after < 1e-8


def test_keys_and_fingers_move_the_figure(page):
    """The slider changes the number of filters, keys and a touch the kernel."""
    words = page.locator(".live-sum")
    assert "is approximately a multiple of the one filter" in words.text_content()
    page.get_by_label("Filters", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert "is exactly a mix of the 2 filters" in words.text_content()
    kernels = page.get_by_role("application")
    kernels.focus()
    page.keyboard.press("ArrowDown")
    assert words.text_content().startswith("Kernel 7 ")
    box = kernels.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 9, box["y"] + 9)
    assert words.text_content().startswith("Kernel 5 ")
    page.get_by_label("Kernels", exact=True).select_option("random numbers")
    assert "is approximately" in words.text_content()
    page.get_by_role("button", name="Reset").click()
    assert words.text_content().startswith("Kernel 1 is approximately")


def test_nonsense_becomes_a_valid_state(page):
    """Whatever stands in the address, the figure has something to show."""
    nonsense = {"layer": "x", "rank": 99, "kernel": "y"}
    (result,) = computed(page, [nonsense])
    assert result["rank"] == 1
    assert len(result["rebuilt"]) == 12
