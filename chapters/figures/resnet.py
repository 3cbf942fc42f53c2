"""Still figures of the chapter `resnet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

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
from figures.style import arrow, canvas, caption

# Colour, marker and line of plain, skip, norm and both.
LOOKS = (
    (MUTED, "s", ":"),
    (INPUT, "o", "--"),
    (WEIGHT, "^", "-."),
    (OUTPUT, "D", "-"),
)


def blocks(names: Sequence[str], layers: Sequence[Sequence[str]]) -> Figure:
    """Blocks from top to bottom; all but the first have a shortcut.

    layers: what each block computes; an entry that begins with a number is a
    convolution, "+" is where the shortcut comes in.
    """
    figure, ax = canvas(6.2, 4.6)
    rows = max(map(len, layers))
    ax.set_xlim(0, 3.3 * len(names) - 0.3)
    ax.set_ylim(rows + 1.4, -1.1)
    ax.axis("off")
    for column, (name, parts) in enumerate(zip(names, layers, strict=True)):
        _block(ax, 3.3 * column + 1.2, name, parts, rows, shortcut=column > 0)
    return figure


def _block(
    ax: Axes, x: float, name: str, parts: Sequence[str], rows: int, shortcut: bool
) -> None:
    caption(ax, x, -0.8, name)
    top = (rows - len(parts)) / 2
    caption(ax, x, top - 0.25, "x", INPUT)
    arrow(ax, (x, top - 0.05), (x, top + 0.32))
    for i, part in enumerate(parts):
        y = top + i + 0.6
        _box(ax, x, y, part)
        arrow(ax, (x, y + 0.28), (x, y + (0.74 if i + 1 < len(parts) else 0.66)))
        if part == "+" and shortcut:
            _shortcut(ax, x, top, y)
    caption(ax, x, top + len(parts) + 0.5, "y", OUTPUT)


def _box(ax: Axes, x: float, y: float, text: str) -> None:
    colour = {True: WEIGHT, False: MUTED}[text[0].isdigit()]
    colour = ACCENT if text == "+" else colour
    half = 0.24 if text == "+" else 0.95
    box = FancyBboxPatch(
        (x - half, y - 0.26),
        2 * half,
        0.52,
        boxstyle="round,pad=0,rounding_size=0.12",
        facecolor=tint(colour, 0.15),
        edgecolor=colour,
        clip_on=False,
    )
    ax.add_patch(box)
    ax.text(x, y, text, ha="center", va="center", fontsize=9)


def _shortcut(ax: Axes, x: float, top: float, y: float) -> None:
    """The way around the branch, on its right."""
    side = x + 1.35
    ax.plot([x, side, side], [top, top, y], color=ACCENT, lw=2)
    style = {"arrowstyle": "-|>", "color": ACCENT, "lw": 2}
    ax.annotate("", xy=(x + 0.26, y), xytext=(side, y), arrowprops=style)


def histograms(before: np.ndarray, after: np.ndarray) -> Figure:
    """How often values occur in each channel of (N, C, H, W), twice."""
    figure, axes = canvas(6.2, 2.6, 2, sharey=True)
    looks = ((INPUT, "-"), (WEIGHT, "--"), (OUTPUT, ":"))
    for ax, x, title in zip(axes, (before, after), ("x", "y"), strict=True):
        low, high = x.min(), x.max()
        edges = np.linspace(low, high, 60)
        for c, (colour, line) in enumerate(looks):
            counts, _ = np.histogram(x[:, c], edges)
            ax.stairs(counts / counts.max(), edges, color=colour, ls=line, lw=1.8,
                      label=f"channel {c}")  # fmt: skip
        ax.set_xlabel(f"values of {title}")
        ax.set_yticks([])
    axes[0].set_ylabel("how often")
    axes[1].legend(frameon=False, fontsize=9, loc="upper right")
    return figure


def through(
    sizes: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
) -> Figure:
    """Size of each layer's output and of its weights' gradient.

    Both: from a kind of network to (layers, seeds).
    """
    figure = Figure(figsize=(6.2, 5.4), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    for ax, found in ((above, sizes), (below, gradients)):
        for (name, values), (colour, _, line) in zip(found.items(), LOOKS):  # noqa: B905
            layer = range(len(values))
            low, high = values.min(axis=1), values.max(axis=1)
            ax.fill_between(layer, low, high, color=colour, alpha=0.15, lw=0)
            middle = np.median(values, axis=1)
            ax.plot(layer, middle, ls=line, color=colour, lw=2, label=name)
        ax.set_yscale("log")
        ax.grid(axis="y", color=MUTED, lw=0.4, alpha=0.5)
    above.set_ylabel("size of the output")
    below.set_ylabel("gradient of the weights")
    below.set_xlabel("layer, 0 is the first")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    above.legend(frameon=False, ncol=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def way_back(size: float, skip: bool, norm: bool) -> list[float]:
    """Gradient behind each of 12 pairs of layers, the input first.

    size: of the weights, 1 is right for ReLUs; skip, norm: the parts.
    """
    draw = torch.Generator().manual_seed(1)

    def layer(x: torch.Tensor) -> torch.Tensor:
        y = x @ (size * torch.randn(16, 16, generator=draw) / 8**0.5)
        return (y - y.mean(0)) / (y.var(0) + 1e-5).sqrt() if norm else y

    places = [torch.randn(48, 16, generator=draw, requires_grad=True)]
    for _ in range(12):
        branch = layer(layer(places[-1]).relu())
        places.append((branch + places[-1] if skip else branch).relu())
    end = torch.randn(48, 16, generator=draw)
    back = torch.autograd.grad(places[-1], places, end)
    return [gradient.pow(2).mean().sqrt().item() for gradient in back]


def comes_back(left: Mapping[str, Sequence[float]]) -> Figure:
    """Bars of what is left of a gradient of 1, from the input to the end.

    left: from a kind to one number for each place.
    """
    figure = Figure(figsize=(6.2, 5), layout="constrained")
    axes = figure.subplots(len(left), 1, sharex=True)
    for ax, (name, sizes) in zip(axes, left.items(), strict=True):
        powers = np.log10(sizes)
        ax.bar(range(len(powers)), powers, color=GRADIENT, width=0.76)
        ax.axhline(0, color=INK, lw=0.8)
        most = max(2, np.ceil(np.abs(powers).max()))
        ax.set_ylim(-most, most)
        ax.set_yticks([-most, 0, most], [f"$10^{{{-most:.0f}}}$", "1",
                                         f"$10^{{{most:.0f}}}$"])  # fmt: skip
        ax.set_title(name, loc="left", fontsize=10)
        ax.set_xticks([0, len(powers) - 1], ["input", "end"])
    figure.supylabel("gradient that comes back", fontsize=10)
    return figure


def over_depth(depths: Sequence[int], right: Mapping[str, np.ndarray]) -> Figure:
    """Right answers over depth; a ring a network, a line through the means.

    right: from a kind to (depths, seeds) shares.
    """
    figure, ax = canvas(6.2, 3.6)
    places = np.arange(len(depths))
    for index, ((name, shares), (colour, marker, line)) in enumerate(
        zip(right.items(), LOOKS)  # noqa: B905
    ):
        aside = places + 0.05 * (index - 1.5)
        percent = 100 * shares
        look = {"color": colour, "marker": marker}
        ax.plot(aside, percent.mean(axis=1), ls=line, lw=2, ms=6, label=name,
                **look)  # fmt: skip
        for place, values in zip(aside, percent, strict=True):
            ax.plot([place] * len(values), values, ls="", ms=4, mfc=PAPER, **look)
    ax.set_xticks(places, [str(depth) for depth in depths])
    ax.set_xlabel("convolutions between the first and the mean")
    ax.set_ylabel("right answers on the\ndigits trained with, %")
    ax.legend(frameon=False, ncol=3, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def along(
    paths: Mapping[str, np.ndarray],
    gaps: Sequence[int],
    alike: Mapping[str, np.ndarray],
) -> Figure:
    """One derivative on the way between two digits, and how soon all change.

    paths: from a name to (steps,) derivatives; gaps: steps between two
    places; alike: from a kind to (gaps,) mean cosines.
    """
    figure = Figure(figsize=(6.2, 5.6), layout="constrained")
    grid = figure.add_gridspec(
        len(paths) + 1, 1, height_ratios=[1] * len(paths) + [2.6]
    )
    for row, (name, values) in enumerate(paths.items()):
        ax = figure.add_subplot(grid[row])
        share = np.linspace(0, 1, len(values))
        ax.plot(share, values / np.abs(values).max(), color=GRADIENT, lw=1)
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.set_yticks([])
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 1], ["one digit", "another"] if row + 1 == len(paths) else [])
    ax = figure.add_subplot(grid[-1])
    for (name, values), (colour, marker, line) in zip(alike.items(), LOOKS):  # noqa: B905
        ax.plot(gaps, values, ls=line, marker=marker, color=colour, lw=2, label=name)
    ax.axhline(0, color=INK, lw=0.6)
    ax.set_xscale("log", base=2)
    ax.set_xticks(
        gaps, [f"1/{gaps[-1] // gap}" if gap < gaps[-1] else "1" for gap in gaps]
    )
    ax.set_xlabel("share of the way between two places")
    ax.set_ylabel("cosine of\ntheir gradients")
    ax.legend(frameon=False, ncol=2, loc="lower left", bbox_to_anchor=(0, 1))
    return figure


def predictions(
    images: np.ndarray, guesses: np.ndarray, labels: np.ndarray, sure: np.ndarray
) -> Figure:
    """Digits (N, H, W) with the guess below; wrong ones are framed."""
    columns = 6
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(6.2, 1.45 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes[len(images) :]:
        ax.axis("off")
    for ax, image, guess, label, share in zip(
        axes, images, guesses, labels, sure, strict=False
    ):
        ax.imshow(image, cmap="gray_r")
        wrong = guess != label
        text = f"{guess}, not {label}" if wrong else f"{guess}"
        ax.set_title(f"{100 * share:.0f} %", fontsize=9, color=MUTED, pad=2)
        ax.set_xlabel(text, fontsize=10, color=ACCENT if wrong else INK, labelpad=2)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set(visible=True, color=ACCENT if wrong else MUTED,
                      lw=2 if wrong else 0.5)  # fmt: skip
    return figure
