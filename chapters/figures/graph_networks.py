"""Still figures of the chapter `graph_networks`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnets.palette import ACCENT, INK, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import canvas, drawing

COLOURS = (INPUT, WEIGHT, OUTPUT)
MARKS = ("o", "s", "^")


# Where the members of the karate club are drawn, x to the right and y down.
CLUB = np.array([
    (49, 44), (34, 41), (53, 31), (60, 40), (68, 51), (60, 57), (47, 57),
    (71, 39), (32, 31), (53, 21), (80, 51), (31, 55), (84, 45), (40, 34),
    (4, 20), (7, 16), (61, 68), (23, 50), (13, 12), (23, 34), (22, 9),
    (15, 47), (33, 8), (67, 13), (96, 21), (94, 26), (43, 4), (71, 21),
    (63, 21), (53, 9), (14, 28), (64, 29), (32, 20), (38, 19),
])  # fmt: skip
# Who met whom, and in how many places (Zachary, 1977, as networkx has it).
MET = np.array([
    (0, 1, 4), (0, 2, 5), (0, 3, 3), (0, 4, 3), (0, 5, 3), (0, 6, 3),
    (0, 7, 2), (0, 8, 2), (0, 10, 2), (0, 11, 3), (0, 12, 1), (0, 13, 3),
    (0, 17, 2), (0, 19, 2), (0, 21, 2), (0, 31, 2), (1, 2, 6), (1, 3, 3),
    (1, 7, 4), (1, 13, 5), (1, 17, 1), (1, 19, 2), (1, 21, 2), (1, 30, 2),
    (2, 3, 3), (2, 7, 4), (2, 8, 5), (2, 9, 1), (2, 13, 3), (2, 27, 2),
    (2, 28, 2), (2, 32, 2), (3, 7, 3), (3, 12, 3), (3, 13, 3), (4, 6, 2),
    (4, 10, 3), (5, 6, 5), (5, 10, 3), (5, 16, 3), (6, 16, 3), (8, 30, 3),
    (8, 32, 3), (8, 33, 4), (9, 33, 2), (13, 33, 3), (14, 32, 3), (14, 33, 2),
    (15, 32, 3), (15, 33, 4), (18, 32, 1), (18, 33, 2), (19, 33, 1), (20, 32, 3),
    (20, 33, 1), (22, 32, 2), (22, 33, 3), (23, 25, 5), (23, 27, 4), (23, 29, 3),
    (23, 32, 5), (23, 33, 4), (24, 25, 2), (24, 27, 3), (24, 31, 2), (25, 31, 7),
    (26, 29, 4), (26, 33, 2), (27, 33, 4), (28, 31, 2), (28, 33, 2), (29, 32, 4),
    (29, 33, 2), (30, 32, 3), (30, 33, 3), (31, 32, 4), (31, 33, 4), (32, 33, 5),
])  # fmt: skip
LEFT = np.isin(
    range(34), [9, 14, 15, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33]
)


def _lines(ax: Axes, places: np.ndarray, edges: np.ndarray) -> None:
    for source, target in edges:
        ax.plot(*places[[source, target]].T, color=MUTED, lw=0.5, alpha=0.6, zorder=1)
    ax.axis("off")
    ax.margins(0.06)


def signed(
    places: np.ndarray,
    edges: np.ndarray,
    states: Mapping[str, np.ndarray],
    truth: np.ndarray,
) -> Figure:
    """Graphs side by side; blue is above 0, orange below, white 0.

    places: (V, 2); edges: (E, 2); states: from a title to numbers (V,), drawn
    in shares of the largest; truth: (V,) bool, the shape of the node.
    """
    figure, row = canvas(6.6, 3.1, len(states), squeeze=False)
    for ax, (title, values) in zip(row[0], states.items(), strict=True):
        _lines(ax, places, edges)
        top = np.abs(values).max()
        for node, value in enumerate(values):
            colour = INPUT if value > 0 else WEIGHT
            face = tint(colour, 0.25 + 0.75 * abs(value) / top) if value else PAPER
            mark = MARKS[int(truth[node])]
            ax.plot(*places[node], mark, ms=9, mfc=face, mec=INK, mew=0.8, zorder=2)
        ax.set_title(title)
    return figure


def messages(
    places: np.ndarray, edges: np.ndarray, x: np.ndarray, y: np.ndarray
) -> Figure:
    """A small directed graph before and after: numbers (V,) in its nodes."""
    figure, (left, right) = canvas(6.0, 2.4, 2)
    for ax, values, colour, title in (
        (left, x, INPUT, "before"),
        (right, y, OUTPUT, "the sum of what arrives"),
    ):
        for source, target in edges:
            look = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.4}
            look |= {"shrinkA": 14, "shrinkB": 14, "connectionstyle": "arc3,rad=0.12"}
            ax.annotate("", xy=places[target], xytext=places[source], arrowprops=look)
        for place, value in zip(places, values, strict=True):
            ax.plot(*place, "o", ms=25, mfc=tint(colour), mec=colour)
            ax.text(*place, f"{value:g}", ha="center", va="center")
        ax.set_xlim(-0.4, 2.4)
        ax.set_ylim(-0.5, 1.5)
        ax.axis("off")
        ax.set_title(title, color=colour)
    return figure


def pictures(images: Mapping[str, np.ndarray]) -> Figure:
    """Grey pictures (H, W) side by side, each from its own least to most."""
    figure, row = canvas(6.6, 2.5, len(images), squeeze=False)
    for ax, (title, image) in zip(row[0], images.items(), strict=True):
        low, high = np.percentile(image, [1, 99])
        ax.imshow(image, cmap="gray", vmin=low, vmax=high)
        ax.set_title(title)
        ax.axis("off")
    return figure


def fading(
    rounds: Sequence[int], spreads: np.ndarray, right: Mapping[str, np.ndarray]
) -> Figure:
    """How far apart members are (left), and how many are placed right (right)."""
    figure, (left, beside) = canvas(6.6, 2.9, 2)
    left.semilogy(rounds, spreads, "o-", color=INPUT, ms=4)
    left.set_title("largest − smallest number")
    looks = ((ACCENT, "s", "--"), (OUTPUT, "o", "-"))
    for (name, counts), (colour, mark, line) in zip(right.items(), looks, strict=True):
        beside.plot(rounds, counts, line, marker=mark, color=colour, ms=4, label=name)
    beside.set_title("members placed right, of 34")
    beside.set_ylim(14, 35)
    beside.legend(frameon=False)
    for ax in (left, beside):
        ax.set_xlabel("rounds of averaging")
        ax.grid(axis="y", color=MUTED, lw=0.4, alpha=0.5)
    return figure


def depths(layers: Sequence[int], right: Mapping[str, np.ndarray]) -> Figure:
    """Accuracy over depth. right: from a name to (seeds, depths)."""
    figure, ax = canvas(5.6, 3.0)
    looks = ((OUTPUT, "o", "-"), (WEIGHT, "^", ":"), (ACCENT, "s", "--"))
    for (name, shares), (colour, mark, line) in zip(right.items(), looks, strict=True):
        ax.fill_between(
            layers, shares.min(0), shares.max(0), color=tint(colour, 0.3), lw=0
        )
        ax.plot(layers, shares.mean(0), line, marker=mark, color=colour, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(layers, [str(n) for n in layers])
    ax.set_ylim(0, 1)
    ax.set_xlabel("layers")
    ax.set_ylabel("right on a new graph")
    ax.legend(frameon=False)
    return figure


def bars(right: Mapping[str, np.ndarray], chance: float, what: str) -> Figure:
    """A bar a network, its mean; a ring a run; chance as a dashed line."""
    figure, ax = canvas(6.0, 0.42 * len(right) + 0.9)
    for place, shares in enumerate(right.values()):
        ax.barh(place, shares.mean(), 0.6, color=tint(OUTPUT, 0.35), edgecolor=OUTPUT)
        height = place + np.linspace(-0.12, 0.12, len(shares))
        ax.plot(shares, height, "o", mfc=PAPER, mec=INK, ms=5)
    ax.axvline(chance, color=MUTED, lw=1, ls="--")
    ax.text(chance, 1.02, "guessing", ha="center", color=MUTED,
            transform=ax.get_xaxis_transform())  # fmt: skip
    ax.set_yticks(range(len(right)), list(right))
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel(what)
    return figure


def classified(
    places: np.ndarray, edges: np.ndarray, found: Mapping[str, np.ndarray],
    truth: np.ndarray
) -> Figure:  # fmt: skip
    """Nodes in the colour and shape of the class found; a red ring where wrong."""
    figure, row = canvas(6.6, 3.3, len(found), squeeze=False)
    for ax, (title, classes) in zip(row[0], found.items(), strict=True):
        _lines(ax, places, edges)
        for node, group in enumerate(classes):
            wrong = group != truth[node]
            ax.plot(*places[node], MARKS[group], ms=7, mfc=tint(COLOURS[group], 0.6),
                    mec=ACCENT if wrong else INK, mew=2 if wrong else 0.6)  # fmt: skip
        ax.set_title(title)
    return figure


def hops(
    places: np.ndarray, edges: np.ndarray, chosen: int, steps: np.ndarray, most: int
) -> Figure:
    """A graph, its nodes shaded by their distance (V,) from one of them."""
    figure, ax = canvas(5.0, 3.6)
    drawing(ax, 100, 72)
    _lines(ax, places, edges)
    for node, far in enumerate(steps):
        face = tint(INPUT, 0.8 - 0.2 * far) if far <= most else PAPER
        edge = ACCENT if node == chosen else INK
        ax.plot(*places[node], "o", ms=15, mfc=face, mec=edge, mew=2 if far == 0 else 1)
        ax.text(*places[node], str(node), ha="center", va="center", fontsize=7,
                color=PAPER if far == 0 else INK)  # fmt: skip
    return figure
