"""The live figure of the chapter `fast_convolution`: about 2 s."""

from __future__ import annotations

import itertools

import live_page
import numpy as np
import pytest
from live_page import loaded

from solutions.fast_convolution import conv_as_matrix


@pytest.fixture(scope="module")
def computed(browser):
    """Computes the figure's states in a browser."""
    with loaded(browser, "fast_convolution_matrix") as page:
        yield lambda states: live_page.computed(page, states)


def test_the_matrix_is_the_references(computed):
    """For every kernel, each weight stands where conv_as_matrix puts it."""
    sizes = list(itertools.product(range(1, 6), range(1, 7)))
    states = [{"rows": kh, "columns": kw} for kh, kw in sizes]
    for (kh, kw), result in zip(sizes, computed(states), strict=True):
        taps = np.arange(1, kh * kw + 1).reshape(kh, kw)
        matrix = conv_as_matrix(taps, 5, 6)
        np.testing.assert_array_equal(np.array(result["taps"]) + 1, matrix)
        assert result["filled"] == np.count_nonzero(matrix)


def test_rows_are_windows_and_columns_are_stamps(computed):
    """What is framed is the chosen row's window and the chosen column's readers."""
    places = [(0, 0), (3, 9), (11, 29), (7, 16)]
    states = [{"output": row, "pixel": column} for row, column in places]
    matrix = conv_as_matrix(np.ones((2, 3)), 5, 6)
    for (row, column), result in zip(places, computed(states), strict=True):
        assert result["window"] == list(np.flatnonzero(matrix[row]))
        assert result["readers"] == list(np.flatnonzero(matrix[:, column]))


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    first, edited = computed([{}, {"rows": 99, "columns": None, "output": 5}])
    assert edited == first
    (inside,) = computed([{"rows": 5, "columns": 6, "output": 99, "pixel": -4}])
    assert (inside["window"], inside["readers"]) == (list(range(30)), [0])
