"""Still figures of the chapter `convolution`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnets.palette import ACCENT, GRADIENT, INPUT, MUTED, OUTPUT, WEIGHT
from figures.style import arrow, canvas, caption, cell, drawing, frame, numbers, plain
from figures.timing import Spread

# A line style and a marker each, so that colour is not alone in saying which.
LINES = (
    (ACCENT, "o", "-"),
    (OUTPUT, "s", "--"),
    (WEIGHT, "^", "-."),
    (INPUT, "D", ":"),
)


def pictures(images: Mapping[str, np.ndarray]) -> Figure:
    """Grey pictures side by side, each (H, W), titled by its key."""
    figure, axes = canvas(5.8, 2.4, len(images))
    for ax, (title, image) in zip(axes, images.items(), strict=True):
        # An edge map is centred: zero is mid grey, whatever its range.
        limit = np.percentile(np.abs(image), 99)
        low = 0 if image.min() >= 0 else -limit
        ax.imshow(image, cmap="gray", vmin=low, vmax=limit, interpolation="nearest")
        ax.set_title(title)
        ax.axis("off")
    return figure


def window(x: np.ndarray, w: np.ndarray, y: np.ndarray, at: tuple[int, int]) -> Figure:
    """One output value: the window it comes from, the kernel and the sum.

    x: (H, W); w: (kh, kw); y: (H', W'), computed by the caller; at: the
    (row, column) of the output value that is pointed at.
    """
    (H, W), (kh, kw), (h_out, w_out) = x.shape, w.shape, y.shape
    row, column = at
    kernel_left, out_left = W + 1.4, W + kw + 2.8
    width, height = out_left + w_out, H + 2.2
    figure, ax = canvas(0.37 * width, 0.37 * height)
    drawing(ax, width, height)
    numbers(ax, x, INPUT, (0, 1))
    numbers(ax, w, WEIGHT, (kernel_left, 2))
    numbers(ax, y, OUTPUT, (out_left, 1.5))
    frame(ax, column, 1 + row, kw, kh, ACCENT)
    frame(ax, out_left + column, 1.5 + row, 1, 1, ACCENT)
    caption(ax, W / 2, 0.5, f"image x, {H} × {W}", INPUT)
    caption(ax, kernel_left + kw / 2, 1.5, f"kernel w, {kh} × {kw}", WEIGHT)
    caption(ax, out_left + w_out / 2, 0.5, f"output y, {h_out} × {w_out}", OUTPUT)
    seen = x[row : row + kh, column : column + kw]
    pairs = zip(seen.flat, w.flat, strict=True)
    total = " + ".join(f"{plain(a)}·{plain(b)}" for a, b in pairs)
    caption(ax, width / 2, H + 1.8, f"{total} = {plain(y[at])}", ACCENT)
    return figure


def positions(rows: Sequence[Mapping[str, int]], size: Callable[..., int]) -> Figure:
    """Where windows stand along one axis, one line a setting.

    rows: keyword arguments of `size` (n, k, stride, padding, dilation);
    size: says how many windows there are.
    """
    heights = [0.6 * size(**row) + 3 for row in rows]
    figure, ax = canvas(4.6, 0.34 * sum(heights))
    drawing(ax, 13, sum(heights))
    top = 0.0
    for row, height in zip(rows, heights, strict=True):
        _one_setting(ax, top, row, size(**row))
        top += height
    return figure


def _one_setting(ax: Axes, top: float, row: Mapping[str, int], count: int) -> None:
    """The settings in words, a row of pixels, and the windows below it."""
    n, k, stride = row["n"], row["k"], row.get("stride", 1)
    padding, dilation = row.get("padding", 0), row.get("dilation", 1)
    said = ", ".join(f"{name} {value}" for name, value in row.items())
    windows = "1 window" if count == 1 else f"{count} windows"
    ax.text(0, top + 0.5, f"{said}: {windows}", va="center")
    for i in range(n + 2 * padding):
        real = padding <= i < padding + n
        colour, strength = (INPUT, 0.2) if real else (MUTED, 0)
        cell(ax, i, top + 1, "" if real else "0", colour, strength)
    for start in range(count):
        y = top + 2.4 + 0.6 * start
        taps = [start * stride + dilation * tap + 0.5 for tap in range(k)]
        ax.plot([taps[0], taps[-1]], [y, y], color=WEIGHT, lw=1.2)
        ax.plot(taps, [y] * k, "o", color=WEIGHT, ms=4.5)


def columns(
    x: np.ndarray, laid_out: np.ndarray, kh: int, kw: int, at: tuple[int, int]
) -> Figure:
    """An image and its matrix of windows, with one window pointed at.

    x: (H, W); laid_out: (kh * kw, H' * W'), computed by the caller; at: the
    (row, column) of the window.
    """
    H, W = x.shape
    rows, count = laid_out.shape
    row, column = at
    left = W + 2
    pointed = row * (W - kw + 1) + column
    figure, ax = canvas(0.36 * (left + count), 0.36 * (rows + 1.4))
    drawing(ax, left + count, rows + 1.4)
    top = 1 + (rows - H) / 2
    numbers(ax, x, INPUT, (0, top))
    frame(ax, column, top + row, kw, kh, ACCENT)
    numbers(ax, laid_out, INPUT, (left, 1), strength=0)
    frame(ax, left + pointed, 1, 1, rows, ACCENT)
    arrow(ax, (W + 0.3, top + H / 2), (left - 0.3, top + H / 2))
    caption(ax, W / 2, top - 0.5, "image x", INPUT)
    title = f"{rows} places in a window × {count} windows"
    caption(ax, left + count / 2, 0.5, title)
    return figure


def reach(maps: Mapping[str, np.ndarray]) -> Figure:
    """Gradients that arrive at the pixels, one grid (H, W) a title."""
    figure, axes = canvas(6.2, 2.2, len(maps))
    for ax, (title, gradient) in zip(axes, maps.items(), strict=True):
        H, W = gradient.shape
        drawing(ax, W, H)
        most = max(float(gradient.max()), 1)
        for (row, column), value in np.ndenumerate(gradient):
            strength = 0.55 * float(value) / most
            cell(ax, column, row, plain(value), GRADIENT, strength)
        ax.set_title(title)
    return figure


def growth(sizes: Sequence[int], table: Mapping[str, Sequence[Spread]]) -> Figure:
    """Median times against the side of the image, quartiles as bars."""
    figure, ax = canvas(5.4, 3.6)
    for (name, times), (colour, marker, line) in zip(table.items(), LINES, strict=True):
        median = np.array([time.median for time in times])
        below = median - [time.low for time in times]
        above = [time.high for time in times] - median
        look: dict[str, Any] = {
            "color": colour,
            "marker": marker,
            "ls": line,
            "capsize": 3,
        }
        ax.errorbar(sizes, median, yerr=[below, above], label=name, **look)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_xlabel("height and width of the image, pixels")
    ax.set_ylabel("time of one call, milliseconds")
    ax.legend(frameon=False)
    return figure
