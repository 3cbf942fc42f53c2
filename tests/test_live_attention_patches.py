"""The live figure of the chapter `attention`: about 3 s."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from live_page import computed, drawn

from solutions.attention import attention, patchify, sinusoidal_positions


@pytest.fixture
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "attention_patches") as page:
        yield page


def tokens_of(lines, patch, positions):
    """Tokens (T, d) by the references: pixels, and positions of row and column."""
    pixels = np.array([[int(ink) for ink in line] for line in lines]) / 9
    tokens = patchify(pixels[None, None], patch)[0]
    across = 8 // patch
    clock = sinusoidal_positions(across, 8)
    i, j = np.divmod(np.arange(across**2), across)
    return np.hstack([tokens, positions * clock[i], positions * clock[j]])


def test_weights_are_those_of_the_reference(page):
    """Each patch of each digit attends as `attention` says."""
    digits = page.evaluate("() => window.figure.DIGITS")
    settings = list(
        itertools.product(digits, (1, 2, 4), (0.05, 1, 5), (0, 0.5, 2), (0, 3))
    )
    keys = ("digit", "patch", "temperature", "positions", "place")
    states = [dict(zip(keys, setting, strict=True)) for setting in settings]
    for state, result in zip(states, computed(page, states), strict=True):
        tokens = tokens_of(digits[state["digit"]], state["patch"], state["positions"])
        _, weights = attention(tokens / state["temperature"], tokens, tokens)
        row = weights[state["place"]]
        np.testing.assert_allclose(result["weights"], row, atol=1e-12)
        bits = -(row * np.log2(np.maximum(row, 1e-300))).sum()
        assert result["entropy"] == pytest.approx(bits, abs=1e-9)


def test_empty_patches_attend_alike_without_positions(page):
    """As the chapter's text says: a patch without ink gives all the same weight."""
    (dark,) = computed(page, [{"digit": "seven", "patch": 1, "place": 63}])
    np.testing.assert_allclose(dark["weights"], 1 / 64)
    state = {"digit": "seven", "patch": 1, "place": 63, "positions": 2}
    (near,) = computed(page, [state])
    assert np.argmax(near["weights"]) == 63


def test_keys_and_fingers_move_the_figure(page):
    """Keys and a touch choose the patch, a slider its size; Reset brings it back."""
    words = page.locator(".live-sum")
    assert words.text_content().startswith("The patch in row 1, column 2 ")
    board = page.get_by_role("application")
    board.focus()
    page.keyboard.press("ArrowDown")
    assert words.text_content().startswith("The patch in row 2, column 2 ")
    box = board.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] - 9, box["y"] + 9)
    assert words.text_content().startswith("The patch in row 0, column 3 ")
    page.get_by_label("Patch size", exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert words.text_content().startswith("The patch in row 0, column 6 ")
    page.get_by_role("button", name="Reset").click()
    assert words.text_content().startswith("The patch in row 1, column 2 ")


def test_nonsense_becomes_a_valid_state(page):
    """Whatever stands in the address, the figure has something to show."""
    nonsense = {"digit": "x", "patch": 3, "temperature": -1, "place": "y"}
    first, edited = computed(page, [{"place": 0}, nonsense])
    assert edited == first
