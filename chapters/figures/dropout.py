"""Still figures of the chapter `dropout`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnets.palette import (
    ACCENT,
    INK,
    INPUT,
    MUTED,
    OUTPUT,
    PAPER,
    WEIGHT,
    tint,
)
from figures.style import arrow, canvas, caption, drawing, frame

# A line style and a marker each, so that colour is not alone in saying which.
LINES = ((INPUT, "o", "-"), (WEIGHT, "s", "--"), (OUTPUT, "^", ":"), (INK, "D", "-."))


def damaged(rows: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Figure:
    """Photographs with holes on the left, repaired on the right.

    rows: from a name to (photograph, kept, repaired), all (H, W).
    """
    figure = Figure(figsize=(5.8, 2.95 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for axes, (name, (photo, kept, repaired)) in zip(grid, rows.items(), strict=True):
        holes = np.where(kept[..., None], photo[..., None], to_rgb(tint(ACCENT, 0.45)))
        axes[0].imshow(holes, interpolation="nearest")
        axes[1].imshow(repaired, cmap="gray", vmin=0, vmax=1)
        axes[0].set_ylabel(name)
        for ax in axes:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
    grid[0, 0].set_title("dropped pixels in red")
    grid[0, 1].set_title("repaired from neighbours")
    return figure


def ways(rows: Mapping[str, tuple[np.ndarray, str]]) -> Figure:
    """What is kept (filled) and dropped (empty), a row of planes for each way.

    rows: from a name to (kept (planes, height, width), colour).
    """
    planes, height, width = next(iter(rows.values()))[0].shape
    left, step = 6.2, height + 0.8
    total = left + planes * (width + 0.8), len(rows) * step
    figure, ax = canvas(0.16 * total[0], 0.16 * total[1])
    drawing(ax, *total)
    for row, (name, (kept, colour)) in enumerate(rows.items()):
        middle = row * step + height / 2
        ax.text(0, middle, name, va="center", fontsize=10, color=colour)
        for plane, places in enumerate(kept):
            down, across = places.shape
            corner = (
                left + plane * (width + 0.8) + (width - across) / 2,
                middle - down / 2,
            )
            _places(ax, places, corner, colour)
    return figure


def _places(ax: Axes, kept: np.ndarray, at: tuple[float, float], colour: str) -> None:
    """A grid of squares: filled where kept, empty and dotted where dropped."""
    for (row, column), keep in np.ndenumerate(kept):
        look = {"facecolor": tint(colour, 0.4), "edgecolor": colour, "lw": 0.5}
        if not keep:
            look = {"facecolor": PAPER, "edgecolor": MUTED, "lw": 0.5, "ls": ":"}
        corner = (at[0] + column, at[1] + row)
        ax.add_patch(Rectangle(corner, 1, 1, clip_on=False, **look))


def squares(seeds: np.ndarray, kept: np.ndarray) -> Figure:
    """A table of seeds, and the map with the square that each of them drops.

    seeds: (rows, columns) bool; kept: (H, W) bool, computed by the caller.
    """
    (rows, columns), (H, W) = seeds.shape, kept.shape
    block, left = H - rows + 1, columns + 3
    figure, ax = canvas(0.32 * (left + W), 0.32 * (H + 1.2))
    drawing(ax, left + W, H + 1.2)
    top = 1 + (H - rows) / 2
    _places(ax, np.zeros_like(seeds), (0, top), MUTED)
    _places(ax, kept, (left, 1), INPUT)
    for row, column in np.argwhere(seeds):
        ax.plot(column + 0.5, top + row + 0.5, "o", color=ACCENT, ms=7)
        ax.plot(left + column + 0.5, 1 + row + 0.5, "o", color=ACCENT, ms=7)
        frame(ax, left + column, 1 + row, block, block, ACCENT)
    arrow(ax, (columns + 0.4, 1 + H / 2), (left - 0.4, 1 + H / 2))
    caption(ax, columns / 2, top - 0.5, "seeds", ACCENT)
    caption(ax, left + W / 2, 0.5, "what is kept of the map", INPUT)
    return figure


def noise(results: Mapping[str, Sequence[float]], names: Sequence[str]) -> Figure:
    """How large the noise of each way is, by how much was averaged before.

    results: from a way to one number for each of `names`.
    """
    figure, ax = canvas(5.8, 0.42 * len(results) + 1.2)
    for place, values in enumerate(results.values()):
        ax.plot([min(values), max(values)], [place, place], color=MUTED, lw=1)
    for index, name in enumerate(names):
        colour, marker, _ = LINES[index]
        across = [values[index] for values in results.values()]
        look = {"ls": "", "color": colour, "mfc": tint(colour, 0.4), "ms": 7}
        ax.plot(across, range(len(results)), marker, label=name, **look)
    ax.set_xscale("log")
    ax.set_xlabel("noise, as a share of the spread of the output")
    ax.set_yticks(range(len(results)), list(results))
    ax.invert_yaxis()
    ax.margins(y=0.1)
    ax.legend(
        frameon=False, ncol=len(names), loc="lower left", bbox_to_anchor=(-0.2, 1)
    )
    return figure


def refilled(scores: Mapping[str, Mapping[int, np.ndarray]]) -> Figure:
    """How much of what was dropped the neighbours tell, over the size of squares.

    scores: from a layer to, for each size, one number a photograph.
    """
    figure, ax = canvas(5.4, 3.2)
    blocks = sorted({block for of in scores.values() for block in of})
    for (name, of), (colour, marker, line) in zip(scores.items(), LINES, strict=False):
        at = [blocks.index(block) for block in of]
        middle = [np.median(values) for values in of.values()]
        low, high = ([f(v) for v in of.values()] for f in (np.min, np.max))
        ax.fill_between(at, low, high, color=tint(colour, 0.16), lw=0)
        ax.plot(at, middle, marker + line, color=colour, label=name)
    ax.axhline(0, color=MUTED, lw=0.8)
    ax.set_xticks(range(len(blocks)), ["single\nplaces", *map(str, blocks[1:])])
    ax.set_xlabel("side of the dropped squares")
    ax.set_ylabel("share told by the neighbours")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncol=3)
    return figure


def rates(
    asked: Sequence[float], got: Mapping[int, np.ndarray], theory: np.ndarray
) -> Figure:
    """The share that is dropped over the share that was asked for.

    got: from the side of a square to (asked, draws); theory: (asked,).
    """
    figure, ax = canvas(5.2, 3.6)
    ax.plot(asked, asked, color=MUTED, lw=1, label="as asked")
    ax.plot(asked, theory, color=ACCENT, lw=1.2, ls=(0, (5, 3)), label="1 − exp(−p)")
    for index, (block, shares) in enumerate(got.items()):
        colour, marker, line = LINES[index]
        aside = np.asarray(asked) + 0.006 * (index - 1)
        name = f"squares of {block}" if block > 1 else "single places"
        look = {"color": colour, "fmt": marker + line, "ms": 5, "lw": 1}
        spread = shares.std(axis=1)
        ax.errorbar(aside, shares.mean(axis=1), spread, label=name, **look)
    ax.set_xlabel("p, the share asked for")
    ax.set_ylabel("share dropped")
    ax.legend(frameon=False, loc="upper left")
    return figure


def gains(panels: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Points won by each way, a ring a pair of networks and a bar for the mean.

    panels: from a test to, for each way, differences in points.
    """
    figure, axes = canvas(5.8, 2.9, len(panels), sharey=True)
    for ax, (test, ways) in zip(axes, panels.items(), strict=True):
        ax.axvline(0, color=INK, lw=1)
        for place, points in enumerate(ways.values()):
            rings = {"mfc": "none", "color": OUTPUT, "ms": 6}
            ax.plot(points, [place] * len(points), "o", **rings)
            ax.plot(points.mean(), place, "|", color=ACCENT, ms=16, mew=2.5)
        ax.set_title(test)
        ax.set_yticks(range(len(ways)), list(ways))
        ax.set_xlabel("points against no dropout")
        ax.margins(y=0.15)
    axes[0].invert_yaxis()
    return figure
