"""Still figures of the chapter `transposed`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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

# A line style and a marker each, so that colour is not alone in saying which.
LINES = (
    (ACCENT, "o", "-"),
    (WEIGHT, "s", "--"),
    (GRADIENT, "v", ":"),
    (INPUT, "D", "-."),
    (OUTPUT, "^", "-"),
    (INK, "P", "--"),
)


def greys(rows: Mapping[str, Mapping[str, np.ndarray]], reach: float) -> Figure:
    """Rows of grey pictures (H, W), each row and each picture with a title.

    Mid grey is a picture's mean; white and black are `reach` above and below.
    """
    columns = max(map(len, rows.values()))
    height = 5.8 / columns + 0.5
    figure = Figure(figsize=(5.8, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for axes, (name, images) in zip(grid, rows.items(), strict=True):
        axes[0].set_ylabel(name)
        for ax, (title, image) in zip(axes, images.items(), strict=True):
            middle = float(image.mean())
            limits = {"vmin": middle - reach, "vmax": middle + reach}
            ax.imshow(image, cmap="gray", interpolation="nearest", **limits)
            ax.set_title(title, fontsize=9)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
    return figure


def stamps(x: np.ndarray, w: np.ndarray, y: np.ndarray, stride: int) -> Figure:
    """Two neighbouring pixels, the kernel, and their stamps on the output.

    x: (H, W); w: (kh, kw); y: (H', W'), computed by the caller.
    """
    (H, W), (kh, kw), (h_out, w_out) = x.shape, w.shape, y.shape
    kernel_left, out_left = W + 1.4, W + kw + 2.8
    width, height = out_left + w_out, max(h_out, kh) + 1.2
    figure, ax = canvas(0.36 * width, 0.36 * height)
    drawing(ax, width, height)
    top = [1 + (h_out - side) / 2 for side in (H, kh)]
    numbers(ax, x, INPUT, (0, top[0]))
    numbers(ax, w, WEIGHT, (kernel_left, top[1]))
    numbers(ax, y, OUTPUT, (out_left, 1))
    for place, colour in enumerate((ACCENT, GRADIENT)):
        frame(ax, place, top[0], 1, 1, colour)
        frame(ax, out_left + place * stride, 1, kw, kh, colour)
    caption(ax, W / 2, top[0] - 0.5, "image x", INPUT)
    caption(ax, kernel_left + kw / 2, top[1] - 0.5, "kernel w", WEIGHT)
    caption(ax, out_left + w_out / 2, 0.5, "output y", OUTPUT)
    return figure


def overlaps(
    rows: Sequence[Mapping[str, int]], count: Callable[..., np.ndarray]
) -> Figure:
    """Stamps of a row of pixels and how many of them meet at each place.

    rows: keyword arguments of `count` (n, k, stride).
    """
    counts = [count(**row) for row in rows]
    heights = [0.55 * row["n"] + 3.2 for row in rows]
    width = max(map(len, counts))
    figure, ax = canvas(0.34 * width + 0.4, 0.34 * sum(heights))
    drawing(ax, width, sum(heights))
    top = 0.0
    for row, covered, height in zip(rows, counts, heights, strict=True):
        _stamped_row(ax, top, row, covered)
        top += height
    return figure


def _stamped_row(
    ax: Axes, top: float, row: Mapping[str, int], covered: np.ndarray
) -> None:
    """The settings in words, a line a stamp, and the counts below them."""
    said = ", ".join(f"{name} {value}" for name, value in row.items())
    ax.text(0, top + 0.5, said, va="center")
    for i in range(row["n"]):
        y, start = top + 1.4 + 0.55 * i, i * row["stride"]
        ends = [start + 0.12, start + row["k"] - 0.12]
        ax.plot(ends, [y, y], color=WEIGHT, lw=4, solid_capstyle="butt")
    bottom = top + 1.3 + 0.55 * row["n"]
    for place, value in enumerate(covered):
        strength = 0.6 * float(value) / max(int(covered.max()), 1)
        cell(ax, place, bottom, plain(float(value)), OUTPUT, strength)


def spread(x: np.ndarray, wide: np.ndarray, kernel: tuple[int, int]) -> Figure:
    """An image, and the same image with zeros between and around its pixels.

    x: (H, W); wide: (H', W'), computed by the caller; kernel: height and width
    of the window that is framed in the top left corner.
    """
    (H, W), (h_out, w_out) = x.shape, wide.shape
    left = W + 2
    figure, ax = canvas(0.36 * (left + w_out), 0.36 * (h_out + 1.2))
    drawing(ax, left + w_out, h_out + 1.2)
    top = 1 + (h_out - H) / 2
    numbers(ax, x, INPUT, (0, top))
    arrow(ax, (W + 0.3, top + H / 2), (left - 0.3, top + H / 2))
    for (row, column), value in np.ndenumerate(wide):
        colour, strength = (INPUT, 0.15) if value else (MUTED, 0)
        cell(ax, left + column, 1 + row, plain(value), colour, strength)
    frame(ax, left, 1, kernel[1], kernel[0], WEIGHT)
    caption(ax, W / 2, top - 0.5, "image x", INPUT)
    caption(ax, left + w_out / 2, 0.5, "zeros between and around", INPUT)
    return figure


def shuffle(x: np.ndarray, y: np.ndarray) -> Figure:
    """Channels (C, H, W) on the left and the map (H', W') they become.

    The values name their cells: 10 times the channel plus the place.
    """
    C, H, W = x.shape
    left, height = W + 2, C * (H + 0.5) + 0.7
    figure, ax = canvas(0.4 * (left + y.shape[1]), 0.4 * height)
    drawing(ax, left + y.shape[1], height)
    for c in range(C):
        _named(ax, x[c], (0, 1 + c * (H + 0.5)))
    top = 1 + (height - 1.2 - y.shape[0]) / 2
    arrow(ax, (W + 0.3, height / 2), (left - 0.3, height / 2))
    _named(ax, y, (left, top))
    caption(ax, W / 2, 0.5, f"{C} channels", INPUT)
    caption(ax, left + y.shape[1] / 2, top - 0.5, "one channel", OUTPUT)
    return figure


def _named(ax: Axes, values: np.ndarray, at: tuple[float, float]) -> None:
    """A grid whose cells are named and tinted after the channel they are from."""
    colours = (INPUT, WEIGHT, OUTPUT, GRADIENT)
    for (row, column), value in np.ndenumerate(values):
        channel, place = divmod(int(value), 10)
        text = f"{'abcd'[channel]}{place}"
        cell(ax, at[0] + column, at[1] + row, text, colours[channel], 0.2)


def patterns(
    steps: Sequence[int],
    shares: Mapping[str, np.ndarray],
    floor: float,
    flats: Mapping[str, np.ndarray],
) -> Figure:
    """Above: share of the pattern over training. Below: its height on a wall.

    shares: (seeds, steps) each; floor: share in the photographs themselves;
    flats: (seeds, 2) each, grey levels before and after training.
    """
    figure = Figure(figsize=(5.6, 6.4), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=(3, 2))
    _shares(above, steps, shares, floor)
    _flats(below, flats)
    return figure


def _shares(
    ax: Axes, steps: Sequence[int], shares: Mapping[str, np.ndarray], floor: float
) -> None:
    """Medians with bars from the smallest to the largest seed."""
    places = np.arange(len(steps))
    for index, ((name, share), (colour, marker, line)) in enumerate(
        zip(shares.items(), LINES, strict=True)
    ):
        middle = np.median(share, axis=0)
        error = [middle - share.min(axis=0), share.max(axis=0) - middle]
        aside = places + 0.05 * (index - 2.5)
        look = {"color": colour, "marker": marker, "ls": line, "ms": 5}
        ax.errorbar(aside, middle, error, label=name, elinewidth=0.8, **look)
    ax.axhline(floor, color=MUTED, lw=1)
    # Beside the plot, where no line can pass.
    beside = ax.get_yaxis_transform()
    ax.text(1.01, floor, "photograph", color=MUTED, va="center", transform=beside)
    ax.set_yscale("log")
    ax.set_xticks(places, [str(step) for step in steps])
    ax.set_xlabel("steps of training")
    ax.set_ylabel("share of the variance\nbetween phases")
    # Above the plot, where no line can pass.
    ax.legend(frameon=False, ncol=3, loc="lower left", bbox_to_anchor=(0, 1))


def _flats(ax: Axes, flats: Mapping[str, np.ndarray]) -> None:
    """A hollow mark a seed before training, a full one after it."""
    for place, levels in enumerate(flats.values()):
        look = {"ls": "", "color": ACCENT, "clip_on": False}
        before, after = levels.T
        height = np.full(len(levels), place)
        ax.plot(before, height - 0.16, "o", mfc=PAPER, **look)
        ax.plot(after, height + 0.16, "D", ms=5, mfc=tint(ACCENT, 0.5), **look)
    ax.set_yticks(range(len(flats)), list(flats))
    ax.invert_yaxis()
    ax.set_xlim(left=0)
    ax.set_xlabel("pattern on a plain grey wall, grey levels of 255")
    ax.plot([], [], "o", color=ACCENT, mfc=PAPER, label="before training")
    ax.plot([], [], "D", color=ACCENT, mfc=tint(ACCENT, 0.5), label="after")
    ax.legend(frameon=False, loc="lower right")
