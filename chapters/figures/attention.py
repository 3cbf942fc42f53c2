"""Still figures of the chapter `attention`."""

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
from figures.style import arrow, canvas, caption, cell, drawing, frame, numbers
from figures.timing import Spread


def side_by_side(images: Mapping[str, np.ndarray]) -> Figure:
    """Grey pictures (H, W) from 0 to 1, each below its title."""
    figure, row = canvas(5.6, 3.0, len(images), squeeze=False)
    for ax, (title, image) in zip(row[0], images.items(), strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set_title(title)
        ax.axis("off")
    return figure


def steps(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, weights: np.ndarray, out: np.ndarray
) -> Figure:
    """Queries, keys and values, the weights, and the means, as numbers.

    q: (Nq, d); k: (Nk, d); v: (Nk, dv); weights: (Nq, Nk) and out: (Nq, dv),
    computed by the caller. The first query and all that comes of it is framed.
    """
    (Nq, d), (Nk, dv) = q.shape, v.shape
    middle, right = d + 1.6, d + Nk + 3.2
    low = 2.2 + max(d, Nk)
    width, height = right + dv, low + Nq + 0.1
    figure, ax = canvas(0.5 * width, 0.5 * height)
    drawing(ax, width, height)
    numbers(ax, q, INPUT, (0, low))
    numbers(ax, k.T, INPUT, (middle, low - 1.2 - d))
    numbers(ax, np.round(weights, 2), WEIGHT, (middle, low))
    numbers(ax, v, INPUT, (right, low - 1.2 - Nk))
    numbers(ax, np.round(out, 2), OUTPUT, (right, low))
    for left, across in ((0, d), (middle, Nk), (right, dv)):
        frame(ax, left, low, across, 1, ACCENT)
    caption(ax, d / 2, low - 0.4, "queries", INPUT)
    caption(ax, middle + Nk / 2, low - 1.6 - d, "a key in each column", INPUT)
    caption(ax, right + dv / 2, low - 1.6 - Nk, "values", INPUT)
    caption(ax, middle + Nk / 2, low - 0.4, "weights", WEIGHT)
    caption(ax, right + dv / 2, low - 0.4, "means", OUTPUT)
    return figure


def spread_out(
    sizes: Sequence[int], shares: Mapping[str, np.ndarray], uniform: float
) -> Figure:
    """Entropy of the weights over d. shares: (seeds, sizes) in bits each."""
    figure, ax = canvas(5.6, 3.0)
    looks = ((OUTPUT, "o", "-"), (ACCENT, "s", "--"))
    for (name, bits), (colour, mark, line) in zip(shares.items(), looks, strict=True):
        ax.fill_between(sizes, bits.min(0), bits.max(0), color=tint(colour, 0.3), lw=0)
        ax.plot(sizes, bits.mean(0), line, marker=mark, ms=5, color=colour, label=name)
    ax.axhline(uniform, color=MUTED, lw=1)
    ax.text(sizes[0], uniform, "all keys alike", color=MUTED, va="bottom")
    ax.set_xscale("log", base=2)
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.set_ylim(0, uniform * 1.15)
    ax.set_xlabel("features d of queries and keys")
    ax.set_ylabel("entropy of the weights, bits")
    ax.legend(frameon=False)
    return figure


def costs(
    sides: Sequence[int],
    counts: Mapping[str, Sequence[float]],
    times: Mapping[str, Sequence[Spread]],
) -> Figure:
    """MACs (left) and milliseconds (right) over the side of a map."""
    figure, (left, right) = canvas(6.4, 3.0, 2)
    looks = ((OUTPUT, "o", "-"), (WEIGHT, "s", "--"))
    for name, (colour, mark, line) in zip(counts, looks, strict=True):
        look = {"color": colour, "marker": mark, "ls": line, "ms": 5}
        left.plot(sides, [count / 1e6 for count in counts[name]], label=name, **look)
        middle = [spread.median for spread in times[name]]
        low = [spread.median - spread.low for spread in times[name]]
        high = [spread.high - spread.median for spread in times[name]]
        right.errorbar(sides, middle, [low, high], elinewidth=0.8, **look)
    for ax, title in ((left, "million MACs"), (right, "milliseconds")):
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_xticks(sides, [f"{side}" for side in sides])
        ax.set_xlabel("side of the map, places")
        ax.set_title(title)
        ax.grid(axis="y", color=MUTED, lw=0.4, alpha=0.5)
    left.legend(frameon=False)
    return figure


def cut(x: np.ndarray, t: np.ndarray, p: int) -> Figure:
    """An image (H, W), cut into patches, and its tokens (T, p * p) in rows."""
    (H, W), (T, D) = x.shape, t.shape
    left, height = W + 2.4, max(H, T) + 1.2
    figure, ax = canvas(0.36 * (left + D), 0.36 * height)
    drawing(ax, left + D, height)
    colours = (INPUT, WEIGHT, OUTPUT, GRADIENT, ACCENT, MUTED)
    top = 1 + (height - 1.2 - H) / 2
    for (row, column), value in np.ndenumerate(x):
        token = row // p * (W // p) + column // p
        cell(ax, column, top + row, f"{value:g}", colours[token % 6], 0.2)
    for row, column in np.ndindex(H // p, W // p):
        frame(ax, column * p, top + row * p, p, p, colours[row * (W // p) + column])
    arrow(ax, (W + 0.4, height / 2), (left - 0.6, height / 2))
    for (token, feature), value in np.ndenumerate(t):
        cell(ax, left + feature, 1 + token, f"{value:g}", colours[token % 6], 0.2)
    caption(ax, W / 2, top - 0.5, "image", INK)
    caption(ax, left + D / 2, 0.5, "a token in each row", INK)
    return figure


def places(positions: np.ndarray, likeness: np.ndarray) -> Figure:
    """Position vectors (n, d), a row a place, and their dot products (n, n)."""
    figure, (left, right) = canvas(6.2, 3.0, 2, width_ratios=(4, 3))
    shown = left.imshow(positions, cmap="coolwarm", vmin=-1, vmax=1, aspect="auto")
    left.set(xlabel="feature", ylabel="place", title="the vectors")
    figure.colorbar(shown, ax=left, shrink=0.8)
    shown = right.imshow(likeness, cmap="viridis")
    right.set(xlabel="place", title="their dot products")
    figure.colorbar(shown, ax=right, shrink=0.8)
    return figure


def gates(x: np.ndarray, gate: np.ndarray, y: np.ndarray) -> Figure:
    """Channels (C, H, W), the gate (C,) of each, and what is let through."""
    C, H, W = x.shape
    middle, right = W + 3.4, W + 6.4
    figure, ax = canvas(0.5 * (right + W), 0.5 * (C * (H + 0.5) + 0.8))
    drawing(ax, right + W, C * (H + 0.5) + 0.8)
    for c in range(C):
        top = 1 + c * (H + 0.5)
        numbers(ax, x[c], INPUT, (0, top))
        line = top + H / 2
        ax.text(W + 1.5, line, f"mean {x[c].mean():.1f}", ha="center", va="center")
        cell(ax, middle, line - 0.5, f"{gate[c]:.2f}", WEIGHT, 0.6 * float(gate[c]))
        arrow(ax, (middle + 1.3, line), (right - 0.3, line))
        numbers(ax, np.round(y[c], 1), OUTPUT, (right, top))
    caption(ax, W / 2, 0.5, "channels", INPUT)
    caption(ax, middle + 0.5, 0.5, "gates", WEIGHT)
    caption(ax, right + W / 2, 0.5, "result", OUTPUT)
    return figure


def scenes(images: np.ndarray, titles: Sequence[object]) -> Figure:
    """Grey pictures (n, H, W) in a row, ink dark, with titles."""
    figure, row = canvas(6.4, 1.9, len(images), squeeze=False)
    for ax, image, title in zip(row[0], images, titles, strict=True):
        _picture(ax, image)
        ax.set_title(str(title))
    return figure


def _picture(ax: Axes, image: np.ndarray) -> None:
    ax.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(True)


def followed(right: Mapping[str, np.ndarray], chance: float) -> Figure:
    """Right answers of each kind of network: a ring a run, a bar their mean."""
    figure, ax = canvas(6.0, 0.42 * len(right) + 0.9)
    for place, shares in enumerate(right.values()):
        ax.barh(place, shares.mean(), 0.6, color=tint(OUTPUT, 0.35), edgecolor=OUTPUT)
        height = place + np.linspace(-0.12, 0.12, len(shares))
        ax.plot(shares, height, "o", mfc=PAPER, mec=INK, ms=5)
    ax.axvline(chance, color=MUTED, lw=1, ls="--")
    # Above the plot, where no bar can pass.
    beside = ax.get_xaxis_transform()
    ax.text(chance, 1.02, "guessing among the four", ha="center", color=MUTED,
            transform=beside)  # fmt: skip
    ax.set_yticks(range(len(right)), list(right))
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("right answers on unseen digits")
    return figure


def attended(
    images: np.ndarray, weights: np.ndarray, titles: Sequence[str], p: int
) -> Figure:
    """Where the arrow looks: each picture (n, H, W), its patches tinted.

    weights: (n, H / p, W / p), from 0 to 1; the largest is written down.
    """
    columns = 5
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(6.4, 1.75 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).flat
    for ax, image, shares, title in zip(grid, images, weights, titles, strict=True):
        weighted(ax, image, shares, p)
        ax.set_title(title, fontsize=9)
    return figure


def weighted(ax: Axes, image: np.ndarray, shares: np.ndarray, p: int) -> None:
    """A picture (H, W), each patch tinted by its weight; the largest is framed."""
    _picture(ax, image)
    for (i, j), share in np.ndenumerate(shares):
        corner = (j * p - 0.5, i * p - 0.5)
        ax.add_patch(Rectangle(corner, p, p, color=ACCENT, alpha=0.5 * share, lw=0))
    i, j = np.unravel_index(shares.argmax(), shares.shape)
    look = {"fill": False, "ec": ACCENT, "lw": 2}
    ax.add_patch(Rectangle((j * p - 0.5, i * p - 0.5), p, p, **look))


def looking(
    image: np.ndarray, shares: Mapping[str, np.ndarray], place: tuple[int, int], p: int
) -> Figure:
    """A picture and the weights of one of its patches, for several settings."""
    figure, row = canvas(6.0, 2.4, len(shares), squeeze=False)
    for ax, (title, weights) in zip(row[0], shares.items(), strict=True):
        weighted(ax, image, weights / weights.max(), p)
        corner = (place[1] * p - 0.5, place[0] * p - 0.5)
        look = {"fill": False, "ec": INPUT, "lw": 2, "ls": "--"}
        ax.add_patch(Rectangle(corner, p, p, **look))
        ax.set_title(title)
    return figure
