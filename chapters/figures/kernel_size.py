"""Still figures of the chapter `kernel_size`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnets.palette import ACCENT, GRADIENT, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import canvas, caption, cell, drawing, numbers

Layer = tuple[int, int, int]  # kernel, stride, dilation
LOOKS = ((OUTPUT, "o", "-"), (WEIGHT, "s", "--"))


def glances(maps: Mapping[str, np.ndarray], seen: Sequence[int]) -> Figure:
    """Squared gradients (H, W) with the square of the theoretical field.

    maps: one panel a title; seen: the side of each panel's square, pixels.
    """
    figure, axes = canvas(4.8, 2.0, len(maps))
    violet = LinearSegmentedColormap.from_list("gradient", [PAPER, GRADIENT])
    panels = zip(axes, maps.items(), seen, strict=True)
    for ax, (title, share), side in panels:
        # The root of the squares, or only the brightest spots would show.
        strength = np.sqrt(share)
        ax.imshow(strength, cmap=violet, vmax=strength.max() / 2)
        corner = (len(share) - side) / 2 - 0.5
        box = Rectangle((corner, corner), side, side, fill=False, ls="--", ec=ACCENT)
        box.set_clip_on(False)
        ax.add_patch(box)
        ax.set_title(title)
        ax.axis("off")
    return figure


def cones(stacks: Mapping[str, Sequence[Layer]]) -> Figure:
    """The pixels that one output reads, layer by layer, one panel a stack."""
    figure, axes = canvas(5.4, 2.4, len(stacks))
    for ax, (title, layers) in zip(axes, stacks.items(), strict=True):
        _cone(ax, layers)
        ax.set_title(title)
    return figure


def _cone(ax: Axes, layers: Sequence[Layer]) -> None:
    """Output on top, input at the bottom, a line for each tap."""
    drawing(ax, 9, 5.6)
    rows = [{0}]
    for k, stride, dilation in reversed(layers):
        rows.append({stride * i + dilation * u for i in rows[-1] for u in range(k)})
    strides = [stride for _, stride, _ in layers]
    steps = [prod(strides[:level]) for level in range(len(layers), -1, -1)]
    # Each row is centred, and its pixels are as far apart as their fields.
    lefts = [
        4.5 - (max(row) * step + 1) / 2 for row, step in zip(rows, steps, strict=True)
    ]
    tops = [2.0 * level + 4 - 2 * len(layers) for level in range(len(rows))]
    places = [
        {i: (left + i * step, top) for i in row}
        for row, step, left, top in zip(rows, steps, lefts, tops, strict=True)
    ]
    for level, (k, stride, dilation) in enumerate(reversed(layers)):
        for i, (x, y) in places[level].items():
            for u in range(k):
                below, _ = places[level + 1][stride * i + dilation * u]
                ax.plot([x + 0.5, below + 0.5], [y + 1, y + 2], c=WEIGHT, lw=0.9)
    for level, row in enumerate(places):
        colour = INPUT if level == len(layers) else MUTED if level else OUTPUT
        for x, y in row.values():
            cell(ax, x, y, "", colour)
    caption(ax, 4.5, 5.4, f"sees {max(rows[-1]) + 1} pixels", INPUT)


def composed(k1: np.ndarray, k2: np.ndarray, k: np.ndarray) -> Figure:
    """Two kernels, and the one that does the work of both."""
    figure, ax = canvas(5.6, 2.4)
    between = 1.6
    width = k1.shape[1] + k2.shape[1] + k.shape[1] + 2 * between
    drawing(ax, width, len(k) + 0.9)
    left = 0.0
    for name, kernel in {"k1, first": k1, "k2, second": k2, "both in one": k}.items():
        colour = OUTPUT if kernel is k else WEIGHT
        top = 0.9 + (len(k) - len(kernel)) / 2
        numbers(ax, kernel, colour, (left, top))
        caption(ax, left + kernel.shape[1] / 2, top - 0.45, name, colour)
        left += kernel.shape[1] + between
    return figure


def depths(
    depth: Sequence[int],
    promised: Sequence[int],
    measured: Mapping[str, np.ndarray],
) -> Figure:
    """Side of the field against depth; measured arrays are (depths, seeds)."""
    figure, ax = canvas(5.4, 3.4)
    ax.plot(depth, promised, "D:", color=INPUT, label="can see")
    for (name, sides), (colour, marker, line) in zip(
        measured.items(), LOOKS, strict=True
    ):
        middle = np.median(sides, axis=1)
        spread = [middle - sides.min(axis=1), sides.max(axis=1) - middle]
        ax.errorbar(depth, middle, spread, color=colour, marker=marker, ls=line,
                    capsize=3, label=name)  # fmt: skip
    ax.set_xlabel("layers of 3 × 3")
    ax.set_ylabel("side of the square, pixels")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return figure


def strips(results: Mapping[str, np.ndarray], label: str) -> Figure:
    """Every run a dot, a line at their mean, one row a network."""
    figure, ax = canvas(5.4, 0.5 + 0.45 * len(results))
    for row, runs in enumerate(results.values()):
        ax.plot(runs, np.full(len(runs), row), "o", color=OUTPUT, alpha=0.55)
        ax.plot([np.mean(runs)] * 2, [row - 0.3, row + 0.3], color=ACCENT, lw=2)
    ax.set_yticks(range(len(results)), list(results))
    ax.set_ylim(len(results) - 0.5, -0.5)
    ax.set_xlabel(label)
    ax.grid(axis="x", color=MUTED, alpha=0.25)
    return figure


def orders(weights: Mapping[str, int]) -> Figure:
    """The weights of each order of kernels as bars, with their numbers."""
    figure, ax = canvas(5.4, 2.6)
    names, counts = list(weights), list(weights.values())
    ax.barh(names, counts, color=tint(WEIGHT, 0.45), edgecolor=WEIGHT)
    for row, count in enumerate(counts):
        ax.text(count, row, f"  {count:,}".replace(",", " "), va="center")
    ax.invert_yaxis()
    ax.margins(x=0.2)
    ax.set_xlabel("weights, where channels go 16 → 32 → 64 → 128")
    return figure
