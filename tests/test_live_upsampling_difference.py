"""The live figure of the chapter `upsampling`: about 3 s."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from live_page import computed, drawn

from solutions.upsampling import resize_conv2d, upsample_bilinear

TAPS = {
    "none": np.pad([[1.0]], 1),
    "smooth": np.outer([1, 2, 1], [1, 2, 1]) / 16,
    "sharpen": np.outer([-1, 4, -1], [-1, 4, -1]) / 4,
}


@pytest.fixture
def page(browser):
    """A page with nothing but the figure."""
    with drawn(browser, "upsampling_difference") as page:
        yield page


def reference(image, way, kernel, r):
    """The same by the reference functions; image: (32, 32)."""
    small = image.reshape(32 // r, r, 32 // r, r).mean(axis=(1, 3))[None, None]
    w = TAPS[kernel][None, None]
    if way == "nearest":
        return resize_conv2d(small, w, r)[0, 0]
    return resize_conv2d(upsample_bilinear(small, r), w, 1)[0, 0]


def test_pictures_are_those_of_the_reference(page):
    """Every picture, way, kernel and factor; and the chosen place is its sum."""
    settings = list(
        itertools.product(
            ("photograph", "slope", "edge", "wall"),
            ("nearest", "bilinear"),
            TAPS,
            (2, 4),
        )
    )
    keys = ("image", "way", "kernel", "factor")
    places = [{"row": (7 * i) % 32, "column": (11 * i) % 32} for i in range(48)]
    states = [
        {**dict(zip(keys, setting, strict=True)), **place}
        for setting, place in zip(settings, places, strict=True)
    ]
    results = computed(page, states)
    for state, setting, result in zip(states, settings, results, strict=True):
        image = np.array(result["image"])
        y = reference(image, *setting[1:])
        np.testing.assert_allclose(result["y"], y, atol=1e-9)
        lost = (y - image)[4:-4, 4:-4]
        assert result["error"] == pytest.approx(np.sqrt(np.mean(lost**2)), abs=1e-9)
        steps = np.diff(y[state["row"], 4:-4])
        assert result["low"] == pytest.approx(steps.min(), abs=1e-9)
        assert result["high"] == pytest.approx(steps.max(), abs=1e-9)
        total = sum(part["value"] * part["weight"] for part in result["parts"])
        assert total == pytest.approx(y[state["row"], state["column"]])


def test_what_the_text_says_can_be_seen(page):
    """Stairs on a slope: all of them, none, and none on a wall."""
    ways = [("nearest", "none"), ("nearest", "smooth"), ("bilinear", "random")]
    states = [
        {"image": "slope", "way": way, "kernel": kernel, "row": 9}
        for way, kernel in ways
    ]
    stairs = computed(page, [*states, {**states[0], "image": "wall"}])
    found = [(round(one["low"], 9), round(one["high"], 9)) for one in stairs]
    assert found == [(0, 16), (8, 8), (8, 8), (0, 0)]


def test_buttons_keys_and_fingers_move_the_figure(page):
    """A button chooses the upsampler, keys and a touch the place."""
    words = page.locator(".live-sum")
    assert words.text_content().startswith("Row 12, column 10: 1·")
    button = page.get_by_role("button", name="bilinear")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert words.text_content().count("·") == 4
    enlarged = page.get_by_role("application")
    enlarged.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert words.text_content().startswith("Row 31, column 31: ")
    enlarged.tap(position={"x": 2, "y": 2})
    assert words.text_content().startswith("Row 0, column 0: ")
    page.get_by_label("Picture", exact=True).select_option("wall")
    assert "0 grey levels" in page.locator(".live-numbers").text_content()
    page.get_by_role("button", name="Reset").click()
    assert words.text_content().startswith("Row 12, column 10: 1·")


def test_nonsense_becomes_a_valid_state(page):
    """Whatever stands in the address, the figure has something to show."""
    nonsense = {"image": 3, "way": "x", "factor": 3, "row": "y", "column": 99}
    (result,) = computed(page, [nonsense])
    (first,) = computed(page, [{"row": 0, "column": 31}])
    assert result == first
