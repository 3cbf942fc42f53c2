"""Still figures of the chapter `depthwise`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from convnets.palette import ACCENT, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import canvas, caption, cell, drawing
from figures.timing import Spread


def wires(layers: Mapping[str, np.ndarray]) -> Figure:
    """Which output channel hears which input channel, one panel a layer.

    layers: from a title to a bool array (O, C), True where there is a filter.
    """
    figure, axes = canvas(5.8, 2.6, len(layers))
    for ax, (title, heard) in zip(axes, layers.items(), strict=True):
        _one_layer(ax, heard)
        ax.set_title(f"{title}:\n{int(heard.sum())} filters")
    return figure


def _one_layer(ax: Axes, heard: np.ndarray) -> None:
    """Input channels on the left, output channels on the right, wires between."""
    outputs, inputs = heard.shape
    height = max(outputs, inputs) * 1.3
    drawing(ax, 7, height)
    left = (np.arange(inputs) + 0.5) * height / inputs - 0.5
    right = (np.arange(outputs) + 0.5) * height / outputs - 0.5
    for o, c in np.argwhere(heard):
        ax.plot([2, 5], [left[c] + 0.5, right[o] + 0.5], color=WEIGHT, lw=1.4)
    for c in range(inputs):
        cell(ax, 1, left[c], f"x{c}", INPUT)
    for o in range(outputs):
        cell(ax, 5, right[o], f"y{o}", OUTPUT)


def blocks(dense: np.ndarray, filters: int) -> Figure:
    """The kernels of a dense weight (C*M, C, kh, kw), one tile each.

    Rows are output channels, columns input channels; tiles that are zero
    throughout are left empty. filters: M, how many rows belong together.
    """
    outputs, channels, kh, kw = dense.shape
    figure, ax = canvas(5.4, 4.4)
    drawing(ax, channels * (kw + 1), outputs * (kh + 1))
    strongest = np.abs(dense).max()
    for o, c in np.ndindex(outputs, channels):
        x, y = c * (kw + 1) + 0.5, o * (kh + 1) + 0.5
        _tile(ax, x, y, dense[o, c] / strongest)
    for o in range(outputs):
        name = f"output {o}  (c = {o // filters}, m = {o % filters})"
        ax.text(-0.5, o * (kh + 1) + (kh + 1) / 2, name, ha="right", va="center")
    for c in range(channels):
        caption(ax, c * (kw + 1) + (kw + 1) / 2, -0.9, f"input {c}", INPUT)
    return figure


def _tile(ax: Axes, left: float, top: float, kernel: np.ndarray) -> None:
    """One kernel (kh, kw) with values from -1 to 1, or an empty box."""
    kh, kw = kernel.shape
    for row, column in np.ndindex(kh, kw) if kernel.any() else ():
        value = float(kernel[row, column])
        face = tint(WEIGHT if value > 0 else INPUT, abs(value), PAPER)
        ax.add_patch(Rectangle((left + column, top + row), 1, 1, facecolor=face))
        sign = "+" if value > 0 else "−"
        middle = (left + column + 0.5, top + row + 0.5)
        ax.text(*middle, sign, ha="center", va="center", fontsize=7)
    outline = Rectangle((left, top), kw, kh, fill=False, edgecolor=MUTED, lw=0.7)
    ax.add_patch(outline)


def promise(
    widths: Sequence[int],
    promised: Sequence[float],
    measured: Mapping[str, Sequence[Spread]],
    suspects: Mapping[str, Spread],
) -> Figure:
    """Above: gain promised by counting, and measured. Below: times to compare.

    measured: quotients of times, one line each; suspects: milliseconds, one
    bar each.
    """
    figure = Figure(figsize=(5.4, 5.2), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2))
    _gains(above, widths, promised, measured)
    _bars(below, suspects)
    return figure


def _gains(
    ax: Axes,
    widths: Sequence[int],
    promised: Sequence[float],
    measured: Mapping[str, Sequence[Spread]],
) -> None:
    """Lines over the number of channels."""
    ax.plot(widths, promised, "D:", color=INPUT, label="promised by MACs")
    looks = (("o-", ACCENT), ("s--", OUTPUT))
    for (name, gains), (style, colour) in zip(measured.items(), looks, strict=True):
        median = np.array([gain.median for gain in gains])
        down = median - [gain.low for gain in gains]
        up = [gain.high for gain in gains] - median
        look: dict[str, Any] = {"fmt": style, "c": colour, "capsize": 3, "label": name}
        ax.errorbar(widths, median, [down, up], **look)
    ax.set_xscale("log", base=2)
    ax.set_xticks(widths, [str(width) for width in widths])
    ax.set_ylim(bottom=0)
    ax.set_xlabel("channels")
    ax.set_ylabel("times faster than dense")
    # Above the plot, where no line can pass.
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))


def _bars(ax: Axes, suspects: Mapping[str, Spread]) -> None:
    """Horizontal bars with their medians written beside them."""
    names, times = list(suspects), list(suspects.values())
    medians = [time.median for time in times]
    spread = [
        [time.median - time.low for time in times],
        [time.high - time.median for time in times],
    ]
    face = tint(WEIGHT, 0.45)
    ax.barh(names, medians, xerr=spread, color=face, edgecolor=WEIGHT, capsize=3)
    for place, time in enumerate(times):
        ax.text(time.high, place, f"  {time.median:.2g}", va="center")
    ax.invert_yaxis()
    ax.margins(x=0.2)
    ax.set_xlabel("time of one call, milliseconds")
