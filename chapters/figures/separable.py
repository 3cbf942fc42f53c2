"""Still figures of the chapter `separable`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from convnets.palette import ACCENT, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import arrow, canvas, caption, drawing, frame, numbers


def steps(
    x: np.ndarray,
    w_dw: np.ndarray,
    maps: np.ndarray,
    w_pw: np.ndarray,
    y: np.ndarray,
) -> Figure:
    """Both steps of a separable convolution, in numbers.

    x: (2, H, W); w_dw: (2, kh, kw); maps: (2, H', W'); w_pw: (2, 2);
    y: (2, H', W'). One output value and what it is mixed from are framed.
    """
    figure, ax = canvas(6.2, 3.1)
    H, W = x.shape[1:]
    kh, kw = w_dw.shape[1:]
    h, v = maps.shape[1:]
    # Left edges: image, filters, maps, mixing weights, output.
    at = np.cumsum([0, W + 1, kw + 1, v + 1.2, 2 + 1.2])
    drawing(ax, at[-1] + v, 2 * H + 3.2)
    for c in range(2):
        top = 1.6 + c * (H + 1.2)
        middle = top + H / 2
        numbers(ax, x[c], INPUT, (0, top))
        numbers(ax, w_dw[c], WEIGHT, (at[1], middle - kh / 2))
        numbers(ax, maps[c], MUTED, (at[2], middle - h / 2))
        numbers(ax, y[c], OUTPUT, (at[4], middle - h / 2))
        frame(ax, at[2], middle - h / 2, 1, 1, ACCENT)
        arrow(ax, (at[1] + kw + 0.1, middle), (at[2] - 0.1, middle))
    centre = 1.6 + H + 0.6
    numbers(ax, w_pw, WEIGHT, (at[3], centre - 1))
    frame(ax, at[3], centre - 1, 2, 1, ACCENT)
    frame(ax, at[4], 1.6 + H / 2 - h / 2, 1, 1, ACCENT)
    names = ("x", "own filter", "maps", "mix", "y")
    widths = (W, kw, v, 2, v)
    colours = (INPUT, WEIGHT, MUTED, WEIGHT, OUTPUT)
    for left, name, width, colour in zip(at, names, widths, colours, strict=True):
        caption(ax, left + width / 2, 0.6, name, colour)
    return figure


def accuracies(results: Mapping[str, Sequence[float]], sizes: Sequence[int]) -> Figure:
    """A dot for each trained network, a line for each kind.

    results: from the kind's name to the share of right answers, one a seed;
    sizes: parameters of one network of each kind.
    """
    figure, ax = canvas(5.6, 2.8)
    names = [
        f"{name}\n{size:,} parameters"
        for name, size in zip(results, sizes, strict=True)
    ]
    for place, right in enumerate(results.values()):
        percent = 100 * np.asarray(right)
        ax.plot([percent.min(), percent.max()], [place, place], color=MUTED, lw=1)
        ax.plot(percent, [place] * len(percent), "o", mfc="none", color=OUTPUT, ms=6)
        ax.plot(percent.mean(), place, "|", color=ACCENT, ms=16, mew=2.5)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.margins(y=0.12)
    ax.set_xlabel("right answers on unseen digits, %")
    return figure


def ranks(
    right: np.ndarray,
    errors: Mapping[str, Sequence[float]],
    rivals: Mapping[str, float],
) -> Figure:
    """What is left of trained layers, over the filters kept for each channel.

    right: (ranks, seeds) shares of right answers; errors: from a name to
    (ranks,) relative errors of the kernels; rivals: accuracies to compare with.
    """
    figure = Figure(figsize=(5.6, 5.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    kept = np.arange(1, len(right) + 1)
    percent = 100 * right
    band = tint(OUTPUT, 0.2)
    above.fill_between(kept, percent.min(axis=1), percent.max(axis=1), color=band)
    above.plot(kept, percent.mean(axis=1), "o-", color=OUTPUT, label="taken apart")
    looks = (("--", INPUT), (":", ACCENT))
    for (name, rival), (line, colour) in zip(rivals.items(), looks, strict=True):
        above.axhline(100 * rival, ls=line, color=colour, label=name)
    above.set_ylabel("right answers, %")
    above.legend(frameon=False, loc="lower right")
    marks = (("o-", WEIGHT), ("s--", MUTED))
    for (name, error), (look, colour) in zip(errors.items(), marks, strict=True):
        below.plot(kept, 100 * np.asarray(error), look, color=colour, label=name)
    below.set_ylabel("error of the kernels, %")
    below.set_xlabel("filters kept for each channel (rank)")
    below.set_xticks(kept)
    below.legend(frameon=False)
    return figure


def rebuilt(w: np.ndarray, filters: np.ndarray, again: np.ndarray) -> Figure:
    """Kernels, the few filters behind them, and the kernels made of those.

    w, again: (O, k, k); filters: (M, k, k).
    """
    rows = {
        f"{len(w)} kernels": (w, WEIGHT),
        f"{len(filters)} filter{'s' * (len(filters) > 1)}": (filters, WEIGHT),
        "rebuilt": (again, OUTPUT),
    }
    figure = Figure(figsize=(6.0, 2.3), layout="constrained")
    panels = figure.subplots(len(rows), 1)
    k, step = w.shape[-1], w.shape[-1] + 1
    for ax, (title, (kernels, colour)) in zip(panels, rows.items(), strict=True):
        drawing(ax, len(w) * step, k)
        ax.text(-1, k / 2, title, ha="right", va="center", color=colour)
        strongest = np.abs(kernels).max()
        for place, kernel in enumerate(kernels):
            _tile(ax, place * step, kernel / strongest)
    return figure


def _tile(ax: Axes, left: float, kernel: np.ndarray) -> None:
    """A kernel as squares (positive) and discs (negative), as large as its taps."""
    k = len(kernel)
    outline = Rectangle((left, 0), k, k, facecolor=PAPER, edgecolor=MUTED, lw=0.5)
    ax.add_patch(outline)
    for (row, column), value in np.ndenumerate(kernel):
        side = 0.9 * np.sqrt(abs(value))
        x, y = left + column + 0.5, row + 0.5
        if value > 0:
            corner = (x - side / 2, y - side / 2)
            ax.add_patch(Rectangle(corner, side, side, facecolor=WEIGHT))
        else:
            ax.add_patch(Circle((x, y), side / 2, facecolor=PAPER, edgecolor=INPUT))
