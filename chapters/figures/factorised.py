"""Still figures of the chapter `factorised`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from convnets.palette import ACCENT, INPUT, MUTED, OUTPUT, PAPER, WEIGHT
from figures.style import canvas

# Below zero blue with a minus sign, above zero brown with a plus sign.
SIGNED = LinearSegmentedColormap.from_list("signed", [INPUT, PAPER, WEIGHT])
SPOKEN = 0.3  # share of the largest value from which a sign is written


def stripes(
    angle: float, side: int = 11, wave: float = 4.0, stretch: float = 1.0
) -> np.ndarray:
    """A Gabor filter (side, side): stripes of one direction under a Gaussian.

    angle: by which upright stripes are turned, in degrees; wave: pixels from
    stripe to stripe; stretch: how many times as long as wide the Gaussian is.
    """
    half = side // 2
    v, u = np.mgrid[-half : half + 1, -half : half + 1]
    turn = np.radians(angle)
    across = u * np.cos(turn) + v * np.sin(turn)
    along = v * np.cos(turn) - u * np.sin(turn)
    width = 0.2 * side
    envelope = np.exp(-(across**2 + (along / stretch) ** 2) / (2 * width**2))
    return np.asarray(envelope * np.cos(2 * np.pi * across / wave))


def rings(side: int, wave: float = 4.0) -> np.ndarray:
    """Concentric rings (side, side), `wave` pixels apart: stripes of all directions."""
    place = np.arange(side) - (side - 1) / 2
    return np.asarray(np.cos(2 * np.pi * np.hypot(place[:, None], place) / wave))


def filters(kernels: Mapping[str, np.ndarray]) -> Figure:
    """Kernels (kh, kw) side by side, each titled by its key."""
    figure, axes = canvas(2.1 * len(kernels), 2.3, len(kernels), squeeze=False)
    for ax, (title, kernel) in zip(axes[0], kernels.items(), strict=True):
        _kernel(ax, kernel)
        ax.set_title(title)
    return figure


def _kernel(ax: Axes, kernel: np.ndarray) -> None:
    """One kernel in two colours, with signs where it is large."""
    most = float(np.abs(kernel).max()) or 1.0
    ax.imshow(kernel, cmap=SIGNED, vmin=-most, vmax=most, interpolation="nearest")
    for (row, column), value in np.ndenumerate(kernel):
        if abs(value) >= SPOKEN * most:
            sign = "+" if value > 0 else "−"
            ax.text(column, row, sign, ha="center", va="center", fontsize=7)
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set(visible=True, color=MUTED)


def compared(
    rows: Mapping[str, tuple[np.ndarray, np.ndarray]],
    answers: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Kernels beside their best column times row, and what both see.

    rows: from a name to a kernel and its approximation; answers: from the
    same names to the maps (H, W) that the two make of one image.
    """
    figure = Figure(figsize=(5.4, 1.35 * len(rows) + 0.3), layout="constrained")
    axes = figure.subplots(len(rows), 4, squeeze=False)
    for line, (name, pair) in zip(axes, rows.items(), strict=True):
        # One scale for both, so that what is lost is seen to be lost.
        limit = max(np.abs(answers[name][0]).max(), 1e-9)
        for ax, kernel in zip(line[:2], pair, strict=True):
            _kernel(ax, kernel)
        for ax, seen in zip(line[2:], answers[name], strict=True):
            ax.imshow(seen, cmap="gray", vmin=-limit, vmax=limit)
            ax.axis("off")
        line[0].set_ylabel(name)
    titles = ("filter", "column · row", "filter sees", "column · row sees")
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    return figure


def turning(
    angles: Sequence[float], shares: Mapping[str, Sequence[float]], half: float = 0.5
) -> Figure:
    """Shares of energy against the angle by which a filter is turned."""
    figure, ax = canvas(5.4, 3.2)
    looks = ((ACCENT, "-"), (OUTPUT, "--"), (WEIGHT, "-."), (INPUT, ":"))
    for (name, values), (colour, line) in zip(shares.items(), looks, strict=False):
        ax.plot(angles, values, color=colour, ls=line, lw=2, label=name)
    ax.axhline(half, color=MUTED, lw=0.7)
    ax.set_xticks(range(0, 181, 45), [f"{angle}°" for angle in range(0, 181, 45)])
    ax.set_ylim(0, 1.04)
    ax.set_xlabel("angle of the filter")
    ax.set_ylabel("share of energy")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return figure


def accuracies(
    lines: Mapping[str, Mapping[float, Sequence[float]]], dense: Sequence[float]
) -> Figure:
    """Accuracy against the number of pairs, each a list over seeds.

    lines: from a name to numbers of pairs with their accuracies; dense: the
    accuracies of the whole layer. Bars go from the worst seed to the best.
    """
    figure, ax = canvas(5.4, 3.6)
    ax.axhspan(min(dense), max(dense), color=MUTED, alpha=0.2, lw=0)
    ax.axhline(float(np.mean(dense)), color=MUTED, lw=1, label="dense 5 × 5")
    looks = ((ACCENT, "o", "-"), (WEIGHT, "s", "--"), (INPUT, "D", ""))
    for (name, points), (colour, marker, line) in zip(
        lines.items(), looks, strict=True
    ):
        pairs, seeds = list(points), np.array(list(points.values()))
        middle = seeds.mean(axis=1)
        spread = np.abs(np.stack([seeds.min(axis=1), seeds.max(axis=1)]) - middle)
        ax.errorbar(pairs, middle, spread, c=colour, marker=marker, ls=line or "none",
                    capsize=3, label=name)  # fmt: skip
    ax.set_xscale("log", base=2)
    every = {pairs for points in lines.values() for pairs in points}
    ticks = sorted(pairs for pairs in every if pairs == int(pairs))
    ax.set_xticks(ticks, [f"{pairs:g}" for pairs in ticks])
    ax.minorticks_off()
    ax.set_ylim(0, 1)
    ax.set_xlabel("channels in between (or as many weights)")
    ax.set_ylabel("accuracy on unseen digits")
    ax.legend(frameon=False, loc="lower right")
    return figure
