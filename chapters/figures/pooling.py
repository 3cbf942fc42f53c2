"""Still figures of the chapter `pooling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
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
    tint,
)
from figures.style import arrow, canvas, caption, cell, drawing, frame, numbers, plain


def pictures(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Figure:
    """Rows of grey pictures (H, W) from 0, black, to 1, each with a title."""
    columns = max(map(len, rows.values()))
    titled = any(title.strip() for images in rows.values() for title in images)
    height = 5.8 / columns + 0.12 + 0.2 * titled
    figure = Figure(figsize=(5.8, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        axes[0].set_ylabel(name)
        for ax in axes[len(images) :]:
            ax.axis("off")
        for ax, (title, image) in zip(axes, images.items(), strict=False):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            if titled:
                ax.set_title(title, fontsize=9)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set(visible=True, color=MUTED, linewidth=0.5)
    return figure


def digits(rows: Mapping[str, np.ndarray]) -> Figure:
    """Rows of digits (n, H, W), dark on light."""
    pages = {
        name: {" " * place: 1 - image for place, image in enumerate(images)}
        for name, images in rows.items()
    }
    return pictures(pages)


def framed_windows(
    x: np.ndarray, outputs: Mapping[str, np.ndarray], window: tuple[int, int]
) -> Figure:
    """An image in a frame of zeros, two windows, and their means.

    x: (H, W); outputs: (H', W') each, computed by the caller with one zero on
    every side and windows side by side.
    """
    (H, W), (kh, kw) = x.shape, window
    left = W + 3.4
    h_out, w_out = next(iter(outputs.values())).shape
    width, height = left + w_out + 0.6, len(outputs) * (h_out + 1.2)
    figure, ax = canvas(0.42 * width, 0.42 * height)
    drawing(ax, width, height)
    top = 1 + (height - H - 3) / 2
    for row, column in np.ndindex(H + 2, W + 2):
        inside = 0 < row <= H and 0 < column <= W
        value = x[row - 1, column - 1] if inside else 0
        look = (INPUT, 0.15) if inside else (MUTED, 0)
        cell(ax, column, top + row, plain(float(value)), *look)
    frame(ax, 0, top, kw, kh, ACCENT)
    frame(ax, kw, top, kw, kh, GRADIENT)
    caption(ax, W / 2 + 1, top - 0.5, "image in its frame", INPUT)
    for place, (name, y) in enumerate(outputs.items()):
        down = place * (h_out + 1.2) + 1
        numbers(ax, y, OUTPUT, (left, down))
        frame(ax, left, down, 1, 1, ACCENT)
        frame(ax, left + 1, down, 1, 1, GRADIENT)
        caption(ax, left + w_out / 2, down - 0.5, name, OUTPUT)
    arrow(ax, (W + 2.2, top + H / 2 + 1), (left - 0.3, top + H / 2 + 1))
    return figure


def spans(
    settings: Sequence[tuple[int, int]], ends: Mapping[tuple[int, int], list]
) -> Figure:
    """A row of pixels for each setting, and its windows below it.

    settings: pixels and places of the result; ends: for each setting the
    pairs (first, behind the last), computed by the caller.
    """
    heights = [0.55 * out + 2.2 for _, out in settings]
    width = max(n for n, _ in settings)
    figure, ax = canvas(0.42 * (width + 3), 0.36 * sum(heights))
    drawing(ax, width + 3, sum(heights))
    top = 0.0
    for (n, out), height in zip(settings, heights, strict=True):
        for pixel in range(n):
            cell(ax, pixel, top + 0.3, str(pixel), INPUT)
        ax.text(n + 0.4, top + 0.8, f"{n} → {out}", va="center")
        for place, (first, end) in enumerate(ends[n, out]):
            y = top + 1.75 + 0.55 * place
            ax.plot([first + 0.1, end - 0.1], [y, y], color=OUTPUT, lw=4,
                    solid_capstyle="butt")  # fmt: skip
        top += height
    return figure


def errors(
    ways: Sequence[str], measured: Mapping[str, Sequence[float]], unit: str
) -> Figure:
    """How much each way changes, a mark for each kind of image."""
    figure, ax = canvas(5.6, 0.42 * len(ways) + 1.0)
    looks = (("o", ACCENT), ("D", INPUT))
    for (name, values), (marker, colour) in zip(measured.items(), looks, strict=True):
        ax.plot(values, range(len(ways)), marker, ls="", color=colour, label=name,
                mfc=tint(colour, 0.4), ms=7, clip_on=False)  # fmt: skip
    for place in range(len(ways)):
        ax.axhline(place, color=MUTED, lw=0.4, zorder=0)
    ax.set_yticks(range(len(ways)), ways)
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.set_xlabel(unit)
    ax.legend(frameon=False, ncol=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def gaps(worlds: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]]) -> Figure:
    """Right answers on known and unseen digits, a panel a world.

    worlds: for each pooling the two, in per cent, (seeds,) each.
    """
    figure, axes = canvas(5.8, 3.4, len(worlds), sharey=True)
    for ax, (world, kinds) in zip(axes, worlds.items(), strict=True):
        for place, (known, unseen) in enumerate(kinds.values()):
            _gap(ax, place, known, unseen)
        ax.set_title(world)
        ax.set_yticks(range(len(kinds)), list(kinds))
        ax.set(xlim=(0, 104), xticks=[0, 50, 100])
        ax.set_xlabel("right answers, %")
    axes[0].invert_yaxis()
    marks = {"ls": "", "color": INK}
    axes[0].plot([], [], "o", mfc=PAPER, label="learnt", **marks)
    axes[0].plot([], [], "D", ms=5, mfc=INK, label="unseen", **marks)
    figure.legend(frameon=False, ncol=2, loc="outside upper right")
    return figure


def _gap(ax: Axes, place: int, known: np.ndarray, unseen: np.ndarray) -> None:
    """A bar from unseen to known, and a mark for each seed."""
    ends = [unseen.mean(), known.mean()]
    ax.plot(ends, [place, place], color=tint(WEIGHT, 0.35), lw=6,
            solid_capstyle="butt", zorder=1)  # fmt: skip
    look = {"ls": "", "color": INK, "clip_on": False}
    ax.plot(known, np.full(len(known), place), "o", mfc=PAPER, ms=6, **look)
    ax.plot(unseen, np.full(len(unseen), place), "D", mfc=INK, ms=4, **look)


def rows_of_bars(signal: np.ndarray, outputs: Mapping[str, np.ndarray]) -> Figure:
    """The still picture of the live figure: a row and its poolings.

    signal: (2, n), before and after the move; outputs: (2, n') each.
    """
    figure = Figure(figsize=(5.6, 0.95 * (len(outputs) + 1)), layout="constrained")
    axes = figure.subplots(len(outputs) + 1, 1)
    rows = {"input": signal, **outputs}
    for ax, (name, (before, now)) in zip(axes, rows.items(), strict=True):
        colour = INPUT if name == "input" else OUTPUT
        place = np.arange(len(now)) + 0.5
        ax.bar(place, now, 0.8, color=tint(colour, 0.2), edgecolor=colour)
        ax.hlines(before, place - 0.5, place + 0.5, color=ACCENT, lw=1.8)
        ax.set_xlim(0, len(now))
        ax.set(xticks=[], yticks=[], ylim=(0, 9.5))
        ax.spines["left"].set_visible(False)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
    return figure
