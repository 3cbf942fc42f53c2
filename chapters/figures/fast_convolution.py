"""Still figures of the chapter `fast_convolution`, and matrices for large tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from convnets.palette import ACCENT, INK, INPUT, MUTED, OUTPUT, WEIGHT
from figures.style import canvas, caption, cell, drawing, frame, numbers, plain
from figures.timing import Spread

# Where polynomials are evaluated, the gentlest points first; the last is infinity.
POINTS = (0, 1, -1, 2, -2, 0.5, -0.5, 4, -4)


def tile_matrices(m: int, k: int = 3) -> tuple[np.ndarray, ...]:
    """The matrices B, G, A of F(m x m, k x k), by the way of Cook and Toom.

    With n = m + k - 1: B is (n, n), G is (n, k) and A is (n, m).
    Raises ValueError where too few points are listed.
    """
    n = m + k - 1
    if not 1 < n <= len(POINTS) + 1:
        raise ValueError(f"tiles of {n} pixels; 2 to {len(POINTS) + 1} were expected")
    points = np.array(POINTS[: n - 1], float)

    def powers(count: int) -> np.ndarray:
        """1, p, p², … for each point, and the highest alone for infinity."""
        rows = np.vander(points, count, increasing=True)
        return np.vstack([rows, np.eye(count)[-1]])

    others = [np.delete(points, i) for i in range(n - 1)]
    scale = [np.prod(p - rest) for p, rest in zip(points, others, strict=True)]
    by = np.array([*scale, 1.0])
    return np.linalg.inv(powers(n)) * by, powers(k) / by[:, None], powers(m)


def matrix(w: np.ndarray, T: np.ndarray, size: tuple[int, int], row: int) -> Figure:
    """A kernel (kh, kw), its matrix, and one row of the matrix as a window.

    size: rows and columns of the image; row: the one that is pointed at.
    """
    (kh, kw), (outputs, pixels), (h, w_in) = w.shape, T.shape, size
    w_out = w_in - kw + 1
    figure, ax = canvas(0.4 * (pixels + 2), 0.4 * (outputs + h + 4))
    drawing(ax, pixels + 2, outputs + h + 4)
    left = 2 + pixels - w_in
    for place in range(pixels):
        cell(ax, left + place % w_in, 1 + place // w_in, f"x{place}", INPUT)
        caption(ax, 2.5 + place, h + 2.6, f"x{place}", INPUT)
    numbers(ax, w, WEIGHT, (2, 1 + (h - kh) / 2))
    caption(ax, 2 + kw / 2, 0.5 + (h - kh) / 2, "kernel", WEIGHT)
    caption(ax, left + w_in / 2, 0.5, "image", INPUT)
    window = (row % w_out, row // w_out)
    frame(ax, left + window[0], 1 + window[1], kw, kh, ACCENT)
    for (r, c), value in np.ndenumerate(T):
        text, colour = (plain(value), WEIGHT) if value else ("", MUTED)
        cell(ax, 2 + c, h + 3.2 + r, text, colour, 0.2 if value else 0, 0.5)
    for r in range(outputs):
        caption(ax, 1.3, h + 3.7 + r, f"y{r}", OUTPUT)
    frame(ax, 2, h + 3.2 + row, pixels, 1, ACCENT)
    return figure


def pattern(
    w: np.ndarray, T: np.ndarray, size: tuple[int, int], row: int, column: int
) -> Figure:
    """Where a matrix is not zero, with a row and a column pointed at.

    w: (kh, kw), whose taps are told by letters; size: of the image.
    """
    outputs, pixels = T.shape
    letter = {value: "abcdefghijklmnopqrstuvwxyz"[n] for n, value in enumerate(w.flat)}
    figure, ax = canvas(0.2 * pixels, 0.2 * (outputs + 2))
    drawing(ax, pixels, outputs + 2)
    for (r, c), value in np.ndenumerate(T):
        text, colour = (letter[value], WEIGHT) if value else ("", MUTED)
        cell(ax, c, r + 2, text, colour, 0.2 if value else 0, 0.4)
    frame(ax, 0, 2 + row, pixels, 1, ACCENT)
    frame(ax, column, 2, 1, outputs, ACCENT)
    (kh, kw), (h, w_in) = w.shape, size
    title = f"a {kh} × {kw} kernel on {h} × {w_in} pixels: {outputs} × {pixels} entries"
    caption(ax, pixels / 2, 0.9, title)
    return figure


def wrapped(x: np.ndarray, y: np.ndarray, k: int) -> Figure:
    """A row x of pixels on a circle: its windows of k, and what they give.

    y: as many values as x has, computed by the caller.
    """
    n = len(x)
    figure, ax = canvas(0.42 * (n + k + 3), 0.42 * (n * 0.5 + 4.4))
    drawing(ax, n + k + 3, n * 0.5 + 4.4)
    for place in range(n + k - 1):
        colour, strength = (INPUT, 0.2) if place < n else (MUTED, 0)
        cell(ax, 3 + place, 0.2, plain(x[place % n]), colour, strength)
    ax.plot([3 + n, 3 + n], [0, n * 0.5 + 1.7], color=ACCENT, ls="--", lw=1.2)
    for start in range(n):
        height, colour = 1.8 + start * 0.5, WEIGHT if start <= n - k else ACCENT
        taps = [3.5 + start + tap for tap in range(k)]
        ax.plot(taps, [height] * k, "o-", color=colour, ms=4.5, lw=1.2)
        fits = start <= n - k
        value, ink, pale = plain(y[start]), OUTPUT if fits else ACCENT, 0.2 * fits
        cell(ax, 3 + start, n * 0.5 + 2.1, value, ink, pale)
    for height, name in ((0.7, "row x"), (n * 0.5 + 2.6, "output")):
        ax.text(2.6, height, name, ha="right", va="center")
    ax.text(3.1 + n, n * 0.5 + 2.6, "← cut off", va="center", color=ACCENT)
    ax.text(3.1 + n, 1.55, "the row again", va="top", color=MUTED, fontsize=9)
    return figure


def tiles(size: tuple[int, int]) -> Figure:
    """Windows of 4 x 4 pixels and the tiles of 2 x 2 outputs that they give."""
    h, w = size
    left = w + 2.5
    figure, ax = canvas(0.32 * (left + w - 2), 0.32 * (h + 1.2))
    drawing(ax, left + w - 2, h + 1.2)
    for r, c in np.ndindex(h, w):
        cell(ax, c, 1 + r, "", INPUT)
    for r, c in np.ndindex(h - 2, w - 2):
        cell(ax, left + c, 2 + r, "", OUTPUT)
    for step, colour in ((0, ACCENT), (2, INK)):
        frame(ax, step, 1, 4, 4, colour)
        frame(ax, left + step, 2, 2, 2, colour)
    caption(ax, w / 2, 0.4, f"image, {h} × {w}", INPUT)
    caption(ax, left + w / 2 - 1, 0.4, f"output, {h - 2} × {w - 2}", OUTPUT)
    return figure


def crossovers(
    kernels: Sequence[int],
    direct: Mapping[str, Sequence[Spread]],
    spectra: Mapping[str, Mapping[str, Sequence[Spread] | float]],
) -> Figure:
    """Time against kernel size, a panel for each setting.

    direct: one line a panel; spectra: the other lines of the same panels;
    a single number is drawn as a level. Milliseconds.
    """
    figure = Figure(figsize=(5.6, 6.8), layout="constrained")
    panels = figure.subplots(len(direct), 1, sharex=True, squeeze=False)[:, 0]
    looks = (("s--", ACCENT), ("^:", WEIGHT), ("D-.", INK), ("v:", INPUT))
    for ax, (title, times) in zip(panels, direct.items(), strict=True):
        _line(ax, kernels, times, "o-", OUTPUT, "PyTorch, direct")
        for (name, values), (fmt, colour) in zip(
            spectra[title].items(), looks, strict=False
        ):
            if isinstance(values, float):
                level = [values] * len(kernels)
                ax.errorbar(kernels, level, fmt=fmt, c=colour, label=name)
            else:
                _line(ax, kernels, values, fmt, colour, name)
        ax.set_yscale("log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_locator(NullLocator())
        ax.set_ylabel("milliseconds an image")
        # Above the plot, where no line can pass.
        ax.legend(title=title, frameon=False, ncol=2, fontsize=9, alignment="left",
                  loc="lower left", bbox_to_anchor=(0, 1))  # fmt: skip
    panels[-1].set_xscale("log")
    panels[-1].set_xticks(kernels, [str(k) for k in kernels])
    panels[-1].minorticks_off()
    panels[-1].set_xlabel("height and width of the kernel")
    return figure


def _line(
    ax: Axes,
    places: Sequence[int],
    times: Sequence[Spread],
    fmt: str,
    colour: str,
    name: str,
) -> None:
    """Medians with quartiles as bars."""
    median = np.array([time.median for time in times])
    below = median - [time.low for time in times]
    above = [time.high for time in times] - median
    look: dict[str, Any] = {"fmt": fmt, "c": colour, "capsize": 2, "label": name}
    ax.errorbar(places, median, [below, above], **look)


def gains(widths: Sequence[int], lines: Mapping[str, Sequence[float]]) -> Figure:
    """How many times as fast as something else, against the channels."""
    figure, ax = canvas(5.4, 3.6)
    looks = ((INPUT, "D", ":"), (ACCENT, "o", "-"), (WEIGHT, "^", "-."))
    for (name, values), (colour, marker, line) in zip(
        lines.items(), looks, strict=True
    ):
        ax.plot(widths, values, color=colour, marker=marker, ls=line, label=name)
    ax.axhline(1, color=MUTED, lw=1)
    ax.text(widths[0], 1.04, "equally fast", color=MUTED, va="bottom", fontsize=9)
    ax.set_xscale("log", base=2)
    ax.set_xticks(widths, [str(width) for width in widths])
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.minorticks_off()
    ax.set_xlabel("channels")
    ax.set_ylabel("times as fast")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def roundings(
    sizes: Sequence[int], errors: Mapping[str, np.ndarray], saved: Sequence[float]
) -> Figure:
    """Relative errors (seeds, sizes) of tiles m x m, a line for each number format.

    saved: multiplications for an output. Errors that are not finite are drawn
    at the upper edge as arrows.
    """
    figure, ax = canvas(5.4, 3.8)
    looks = ((OUTPUT, "o", "-"), (ACCENT, "s", "--"))
    places = np.arange(len(sizes))
    for (name, error), (colour, marker, line) in zip(
        errors.items(), looks, strict=True
    ):
        kept = np.isfinite(error).all(axis=0)
        middle = np.median(error[:, kept], axis=0)
        reach = [middle - error[:, kept].min(0), error[:, kept].max(0) - middle]
        look = {"color": colour, "marker": marker, "ls": line, "label": name}
        ax.errorbar(places[kept], middle, reach, capsize=3, **look)
        for place in places[~kept]:
            ax.text(place, 0.96, "overflow", color=colour, ha="center", va="top",
                    transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_yscale("log")
    names = ["direct", *(f"F({m}×{m})" for m in sizes[1:])]
    ax.set_xticks(places, [f"{n}\n{s:.3g}" for n, s in zip(names, saved, strict=True)])
    ax.set_xlim(-0.4, len(sizes) - 0.6)
    ax.set_xlabel("tiles, and multiplications for an output")
    ax.set_ylabel("relative error")
    ax.legend(frameon=False, loc="lower right")
    return figure
