"""Still figures of the chapter `upsampling`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

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
from figures.style import canvas, caption, drawing

# The piece of Grace Hopper's photograph in the live figure upsampling_difference.
FACE = (slice(24, 56), slice(28, 60))  # of photograph(6)


def pictures(rows: Mapping[str, Mapping[str, np.ndarray]], reach: float = 64) -> Figure:
    """Rows of grey pictures (H, W), from 0 to 255, each row with a title.

    A picture whose name begins with "difference" is shown with zero in mid
    grey, and with white and black `reach` above and below.
    """
    columns = max(map(len, rows.values()))
    height = 4.8 / columns + 0.2
    figure = Figure(figsize=(4.8, height * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for place, (axes, (name, images)) in enumerate(
        zip(grid, rows.items(), strict=True)
    ):
        axes[0].set_ylabel(name)
        for ax, (title, image) in zip(axes, images.items(), strict=True):
            signed = title.startswith("difference")
            low, high = (-reach, reach) if signed else (0, 255)
            ax.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
            if not place:
                ax.set_title(title, fontsize=9)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
    return figure


def centres(x: np.ndarray, copied: np.ndarray, lines: np.ndarray) -> Figure:
    """A row of pixels (W,) and two larger rows (r W,) over the same ground.

    All are drawn at the centres of their pixels.
    """
    W, r = len(x), len(lines) // len(x)
    own, fine = np.arange(W) + 0.5, (np.arange(W * r) + 0.5) / r
    figure, ax = canvas(5.6, 2.9)
    ax.plot([0, *own, W], [x[0], *x, x[-1]], color=MUTED, lw=1)
    ax.plot(fine, copied, "s", color=WEIGHT, mfc=PAPER, ms=6, label="copied")
    ax.plot(fine, lines, "o", color=OUTPUT, ms=6, label="on the lines")
    look = {"color": INPUT, "ms": 11, "mfc": tint(INPUT, 0.3), "ls": "", "zorder": 0}
    ax.plot(own, x, "D", label="small image", **look)
    for edge in range(W + 1):
        ax.axvline(edge, color=MUTED, lw=0.6, ls=":")
    ax.set_xticks(fine, [str(i) for i in range(W * r)], fontsize=9)
    ax.set_xlim(0, W)
    ax.set_xlabel("pixel of the large row; dotted: where the small pixels meet")
    ax.set_ylabel("value")
    ax.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def two_copies(taps: Sequence[str]) -> Figure:
    """How the two copies of a pixel stamp a turned kernel (w0, w1, w2)."""
    figure, ax = canvas(4.3, 1.9)
    drawing(ax, 10.7, 4.7)
    turned = list(taps[::-1])
    for row, name in enumerate(("1st copy", "2nd copy")):
        ax.text(0, 0.95 + 1.3 * row, name, va="center")
        for place, tap in enumerate(turned):
            left = 2.6 + 2 * (place + row)
            _wide(ax, left, 0.45 + 1.3 * row, tap, WEIGHT)
    ax.text(0, 4.05, "sum", va="center")
    parts = [[*turned, ""], ["", *turned]]
    for place, both in enumerate(zip(*parts, strict=True)):
        said = " + ".join(tap for tap in both if tap)
        _wide(ax, 2.6 + 2 * place, 3.55, said, OUTPUT)
    ax.plot([2.6, 10.6], [3.25, 3.25], color=INK, lw=1)
    return figure


def _wide(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A cell that is twice as wide as high."""
    look = {"facecolor": tint(colour), "edgecolor": colour, "lw": 0.8}
    ax.add_patch(Rectangle((x, y), 2, 1, clip_on=False, **look))
    caption(ax, x + 1, y + 0.52, text)


def waves(
    frequencies: np.ndarray, powers: Mapping[str, np.ndarray], limit: float
) -> Figure:
    """Power of the rows' waves against their frequency, on a logarithmic scale."""
    figure, ax = canvas(5.6, 3.4)
    looks = ((INK, "-"), (WEIGHT, "--"), (OUTPUT, "-."))
    for (name, power), (colour, line) in zip(powers.items(), looks, strict=True):
        ax.plot(frequencies, power, color=colour, ls=line, lw=1.8, label=name)
    ax.axvline(limit, color=MUTED, lw=1)
    ax.text(limit + 0.006, 0.97, "here the small\nimage ends",
            color=MUTED, va="top", transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_yscale("log")
    least = min(powers[name].min() for name in ("photograph", "copies"))
    ax.set_ylim(bottom=least / 1e4)
    ax.set_xlim(0, 0.5)
    ax.set_xlabel("waves per pixel")
    ax.set_ylabel("power")
    ax.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def meeting(
    names: Sequence[str], pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> Figure:
    """Arrows from before to after a convolution, one line a photograph.

    pairs: from an upsampler to two arrays (photographs,), in multiples of what
    the photograph has.
    """
    figure, ax = canvas(5.8, 0.36 * len(names) + 1.1)
    looks = ((WEIGHT, "s", -0.14), (OUTPUT, "o", 0.14))
    for (way, (before, after)), (colour, marker, aside) in zip(
        pairs.items(), looks, strict=True
    ):
        places = np.arange(len(names)) + aside
        look = {"color": colour, "marker": marker, "ls": "", "ms": 6}
        ax.plot(before, places, mfc=PAPER, label=way, **look)
        ax.plot(after, places, label=f"{way}, best 3 × 3", **look)
        for start, end, y in zip(before, after, places, strict=True):
            arrow = {"arrowstyle": "->", "color": colour, "lw": 1.2,
                     "shrinkA": 4, "shrinkB": 4}  # fmt: skip
            ax.annotate("", (end, y), (start, y), arrowprops=arrow)
    ax.axvline(1, color=MUTED, lw=1)
    ax.text(1, 1.01, "photograph", color=MUTED, ha="center",
            transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_xscale("log")
    ticks = (0.03, 0.1, 0.3, 1, 3)
    ax.set_xticks(ticks, [f"× {tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("share of fine waves, compared with the photograph's")
    ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(-0.1, 1.05))
    return figure


def times(rows: Mapping[str, tuple[float, float, float, float]]) -> Figure:
    """Bars for counted and measured cost of each way, the first way being 1.

    rows: from a name to (MACs, median time, first and third quartile).
    """
    figure, ax = canvas(5.6, 0.62 * len(rows) + 0.9)
    places = np.arange(len(rows))
    macs, median, low, high = np.array(list(rows.values())).T
    ax.barh(places - 0.18, macs, 0.34, color=tint(GRADIENT, 0.35),
            edgecolor=GRADIENT, hatch="//", label="MACs, counted")  # fmt: skip
    ax.barh(places + 0.18, median, 0.34, xerr=[median - low, high - median],
            color=tint(ACCENT, 0.35), edgecolor=ACCENT, label="time, measured",
            error_kw={"ecolor": INK, "elinewidth": 1})  # fmt: skip
    ax.set_yticks(places, list(rows))
    ax.invert_yaxis()
    ax.set_xlabel("compared with the first")
    ax.legend(frameon=False, ncols=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure
