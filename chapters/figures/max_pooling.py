"""Still figures of the chapter `max_pooling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from convnets.palette import (
    ACCENT,
    GRADIENT,
    INK,
    INPUT,
    MUTED,
    OUTPUT,
    PAPER,
    WEIGHT,
)
from figures.style import canvas, caption, cell, drawing, frame, numbers, plain

VIOLET = LinearSegmentedColormap.from_list("gradient", [PAPER, GRADIENT])


def windows(x: np.ndarray, y: np.ndarray, places: np.ndarray, k: int) -> Figure:
    """An image cut into k x k windows, their maxima, and the maxima's places.

    x: (H, W); y, places: (H / k, W / k), computed by the caller.
    """
    H, W = x.shape
    figure, ax, top = _sheet(x.shape, y.shape)
    hit = np.isin(np.arange(H * W).reshape(H, W), places)
    for (row, column), value in np.ndenumerate(x):
        strength = 0.55 if hit[row, column] else 0.1
        cell(ax, column, top + row, plain(value), INPUT, strength)
    for i, j in np.ndindex(*y.shape):
        frame(ax, j * k, top + i * k, k, k, INK)
    caption(ax, W / 2, top - 0.5, "image x", INPUT)
    _beside(ax, W + 1.3, {"maxima y": (y, OUTPUT), "places": (places, MUTED)})
    return figure


def handed(x: np.ndarray, dx: np.ndarray, dy: np.ndarray, places: np.ndarray) -> Figure:
    """An image with its gradient, the gradient that came, and its places.

    x, dx: (H, W), dx below the values where it is not 0; dy, places: (H', W').
    """
    H, W = x.shape
    figure, ax, top = _sheet(x.shape, dy.shape)
    for row, column in np.ndindex(H, W):
        _pixel(ax, column, top + row, x[row, column], dx[row, column])
    for row, column in np.argwhere(dx):
        frame(ax, column, top + row, 1, 1, GRADIENT)
    caption(ax, W / 2, top - 0.5, "image x, and dx in bold", INPUT)
    _beside(ax, W + 1.3, {"dy": (dy, GRADIENT), "places": (places, MUTED)})
    return figure


def _sheet(
    image: tuple[int, ...], output: tuple[int, ...]
) -> tuple[Figure, Axes, float]:
    """Room for an image and, beside it, two grids; and the image's first row."""
    (H, W), (h, w) = image, output
    width, height = W + 1.3 + w, max(H + 1, 2 * h + 2.2)
    figure, ax = canvas(0.44 * width, 0.44 * height)
    drawing(ax, width, height)
    return figure, ax, 1 + (height - 1 - H) / 2


def _beside(ax: Axes, left: float, grids: Mapping[str, tuple[np.ndarray, str]]) -> None:
    """Grids of one size below each other, each with its name."""
    top = 1.0
    for name, (values, colour) in grids.items():
        h, w = values.shape
        caption(ax, left + w / 2, top - 0.5, name, colour)
        numbers(ax, values, colour, (left, top))
        top += h + 1.2


def _pixel(ax: Axes, x: float, y: float, value: float, gradient: float) -> None:
    """A pixel's value, and below it its gradient, if there is one."""
    if not gradient:
        cell(ax, x, y, plain(value), INPUT, 0.12)
        return
    cell(ax, x, y, "", GRADIENT, 0.2)
    middle = {"ha": "center", "va": "center", "fontsize": 9}
    ax.text(x + 0.5, y + 0.28, plain(value), **middle)
    ax.text(x + 0.5, y + 0.74, plain(gradient), weight="bold", color=GRADIENT, **middle)


def maps(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Rows of gradient maps (H, W) from 0, white, to 1, violet."""
    columns = max(map(len, rows.values()))
    figure = Figure(figsize=(5.8, 2.05 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        axes[0].set_ylabel(name)
        for ax, (title, image) in zip(axes, images.items(), strict=True):
            ax.imshow(image, cmap=VIOLET, vmin=0, vmax=1, interpolation="nearest")
            ax.set_title(title, fontsize=10)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=MUTED)
    return figure


def pictures(rows: Sequence[Mapping[str, np.ndarray]]) -> Figure:
    """Rows of grey pictures (H, W) from 0, black, to 1, white, with titles."""
    columns = max(map(len, rows))
    height = 5.8 / columns + 0.4
    figure = Figure(figsize=(5.8, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, images in zip(grid, rows, strict=True):
        for ax, (title, image) in zip(axes, images.items(), strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set_title(title, fontsize=9)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
    return figure


def stages(
    names: Sequence[str], images: Mapping[str, Mapping[str, np.ndarray]]
) -> Figure:
    """How far two tie rules are from the first, from stage to stage.

    names: of the stages; images: for each image and rule (seeds, stages).
    """
    figure, panels = canvas(5.8, 3.2, len(images), sharey=True)
    for ax, (title, rules) in zip(panels, images.items(), strict=True):
        _fall(ax, rules)
        ax.set_title(title)
        ax.set_xticks(range(len(names)), names)
        ax.set_xlim(-0.4, len(names) - 0.6)
    panels[0].set_yscale("log")
    panels[0].set_ylabel("distance to “first”,\nrelative")
    panels[0].legend(frameon=False, loc="lower left")
    return figure


def _fall(ax: Axes, rules: Mapping[str, np.ndarray]) -> None:
    """A line a rule, with bars from the smallest to the largest seed."""
    looks = ((OUTPUT, "o", "-"), (WEIGHT, "s", "--"), (ACCENT, "v", ":"))
    for (name, values), (colour, marker, line) in zip(
        rules.items(), looks, strict=False
    ):
        middle = np.median(values, axis=0)
        error = [middle - values.min(axis=0), values.max(axis=0) - middle]
        look = {"color": colour, "marker": marker, "ls": line, "ms": 6, "capsize": 3}
        ax.errorbar(range(len(middle)), middle, error, label=name, **look)
