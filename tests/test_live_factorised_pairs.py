"""The live figure of the chapter `factorised`: about 3 s."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from live_page import computed, loaded

from solutions.factorised import rank1, rank_energy

RENDER = """(state) => {
    const values = { state, first: {}, data: null };
    const listeners = [];
    const model = {
        get: (key) => values[key],
        set: (key, value) => {
            values[key] = value;
            listeners.forEach((listener) => listener());
        },
        on: (event, listener) => listeners.push(listener),
        save_changes: () => {},
    };
    window.values = values;
    document.body.replaceChildren();
    figure.render({ model, el: document.body });
}"""


@pytest.fixture
def page(browser):
    """A page that has loaded the figure."""
    with loaded(browser, "factorised_pairs") as page:
        yield page


def test_pairs_are_those_of_the_reference(page):
    """Energies and sums of pairs are the reference's, also for painted kernels."""
    rng = np.random.default_rng(0)
    painted = ["".join(map(str, rng.integers(0, 5, 81))) for _ in range(5)]
    states = [
        {"kernel": kernel, "angle": angle, "pairs": pairs}
        for kernel, angle, pairs in itertools.product(
            ("stripes", "edge", "line", "ring"), (0, 20, 45, 90, 155), (1, 3, 9)
        )
    ] + [{"kernel": "painted", "painted": text} for text in painted]
    results = computed(page, states)
    for state, result in zip(states, results, strict=True):
        kernel = np.array(result["kernel"])
        energy = rank_energy(kernel)
        np.testing.assert_allclose(result["energy"], energy, atol=1e-9)
        pairs = state.get("pairs", 1)
        lost = np.sum((kernel - result["sum"]) ** 2) / np.sum(kernel**2)
        assert lost == pytest.approx(1 - energy[pairs - 1], abs=1e-9)
        assert result["thin"] == pairs * sum(kernel.shape)
    # Far from a tie the best pair itself is the same.
    one = results[len(states) - 1]
    col, row, _ = rank1(np.array(one["kernel"]))
    np.testing.assert_allclose(one["sum"], col @ row, atol=1e-9)


def test_kernel_is_painted_by_keys_and_by_touch(page):
    """Arrow keys move, space paints, a press paints; the rest stays as it was."""
    page.evaluate(RENDER, {})
    before = np.array(computed(page, [{}])[0]["kernel"])
    board = page.get_by_role("application")
    board.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    state = page.evaluate("values.state")
    assert (state["kernel"], state["row"], state["column"]) == ("painted", 4, 5)
    levels = np.array([int(level) for level in state["painted"]]).reshape(9, 9)
    expected = np.round(2 * before / np.abs(before).max() + 1e-12) + 2
    expected[4, 5] = (expected[4, 5] + 1) % 5
    np.testing.assert_array_equal(levels, expected)
    box = board.bounding_box()
    place = {"x": 0.06 * box["width"], "y": 0.95 * box["height"]}
    board.click(position=place)
    state = page.evaluate("values.state")
    assert (state["row"], state["column"]) == (8, 0)


def test_nonsense_in_the_state_gives_a_figure(page):
    """States that somebody has edited are made valid."""
    states = [{"kernel": "x", "angle": 7, "pairs": 99, "painted": "012", "row": -4}]
    (result,) = computed(page, states)
    (first,) = computed(page, [{"angle": 0}])
    assert result["energy"] == first["energy"]
