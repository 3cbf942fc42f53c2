"""Still figures of the chapter `shufflenet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from convnets.palette import ACCENT, INK, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import arrow, canvas, caption, cell, drawing

Layer = tuple[str, int]


def pairs(
    images: np.ndarray, labels: np.ndarray, said: np.ndarray | None = None
) -> Figure:
    """Pairs of cards in two rows, with what is true and what a network says.

    images: (8, 2, 8, 8); labels, said: (8,), 1 for the same digit.
    """
    figure = Figure(figsize=(6.0, 3.0), layout="constrained")
    words = ("different", "same")
    for ax, image, label, place in zip(
        figure.subplots(2, 4).flat, images, labels, range(len(images)), strict=True
    ):
        drawing(ax, 17, 8)
        for card, left in ((image[0], 0), (image[1], 9)):
            box = (left, left + 8, 8, 0)
            ax.imshow(card, cmap="gray_r", vmin=0, vmax=1, extent=box)
            ax.add_patch(Rectangle((left, 0), 8, 8, fill=False, edgecolor=MUTED))
        ax.set_xlim(0, 17)
        ax.set_ylim(8, 0)
        wrong = said is not None and said[place] != label
        if said is None:
            title = words[label]
        else:
            title = f"says {words[said[place]]}" + (", wrong" if wrong else "")
        ax.set_title(title, color=ACCENT if wrong else INK)
    return figure


def stacks(
    panels: Mapping[str, tuple[Sequence[Layer], np.ndarray]], output: int
) -> Figure:
    """Layers with all their wires; the paths to one output are marked.

    panels: from a title to (layers, seen): the layers as `reach` takes them,
    and what it returns.
    """
    widths = [3.2 * len(layers) + 1.2 for layers, _ in panels.values()]
    figure = Figure(figsize=(6.2, 3.2), layout="constrained")
    axes = figure.subplots(1, len(panels), width_ratios=widths)
    for ax, (title, (layers, seen)) in zip(axes, panels.items(), strict=True):
        _stack(ax, layers, seen, output)
        count = int(seen[output].sum())
        ax.set_title(f"{title}:\noutput {output} sees {count} of {len(seen)}")
    return figure


def _stack(ax: Axes, layers: Sequence[Layer], seen: np.ndarray, output: int) -> None:
    """One panel of `stacks`: a column of channels, wires, a column, and so on."""
    C, step = len(seen), 3.2
    drawing(ax, len(layers) * step + 1.2, C * 1.15)
    marked = {output}
    paths: list[tuple[int, int, int, bool]] = []
    for place in reversed(range(len(layers))):
        wires = [(i, o) for i, o in np.ndindex(C, C) if _wired(layers[place], C, i, o)]
        paths += [(place, i, o, o in marked) for i, o in wires]
        marked = {i for i, o in wires if o in marked}
    for place, i, o, on in sorted(paths, key=lambda path: path[3]):
        x = [place * step + 1, (place + 1) * step + 0.1]
        y = [(c + 0.5) * 1.15 - 0.05 for c in (i, o)]
        colour = ACCENT if on else (WEIGHT if layers[place][0] == "conv" else MUTED)
        ax.plot(x, y, color=colour, lw=2 if on else 0.8, zorder=2 + on)
    for c in range(C):
        cell(ax, 0, c * 1.15, f"x{c}", INPUT, 0.45 if seen[output, c] else 0.1)
        for place in range(1, len(layers)):
            cell(ax, place * step + 0.05, c * 1.15, "", MUTED)
        right = len(layers) * step + 0.1
        cell(ax, right, c * 1.15, f"y{c}", OUTPUT, 0.45 if c == output else 0.1)


def _wired(layer: Layer, channels: int, i: int, o: int) -> bool:
    """Whether a wire of the layer leads from channel i to channel o."""
    kind, groups = layer
    each = channels // groups
    if kind == "conv":
        return i // each == o // each
    return i == o % groups * each + o // groups


def reached(panels: Mapping[str, np.ndarray]) -> Figure:
    """Tables of who sees whom, filled where an output sees an input."""
    figure, axes = canvas(6.2, 2.6, len(panels))
    for ax, (title, seen) in zip(axes, panels.items(), strict=True):
        C = len(seen)
        drawing(ax, C, C)
        for o, i in np.ndindex(C, C):
            on = bool(seen[o, i])
            face = tint(WEIGHT, 0.5) if on else PAPER
            box = Rectangle((i, o), 1, 1, facecolor=face, edgecolor=MUTED, lw=0.4)
            ax.add_patch(box)
        ax.set_title(f"{title}:\n{int(seen.sum())} of {C * C}")
        caption(ax, C / 2, C + 0.9, "inputs", INPUT)
    axes[0].text(
        -0.9, C / 2, "outputs", rotation=90, ha="center", va="center", color=OUTPUT
    )
    return figure


def units(panels: Mapping[str, tuple[Sequence[str], str, str]]) -> Figure:
    """Units as boxes from top to bottom, and the way around them.

    panels: from a title to (boxes of the branch, words of the way around, how
    both meet).
    """
    figure, axes = canvas(6.0, 4.4, len(panels))
    for ax, (title, (boxes, around, meet)) in zip(axes, panels.items(), strict=True):
        drawing(ax, 10, 2 * len(boxes) + 5)
        ax.set_title(title)
        tops = [1.6 + 2 * place for place in range(len(boxes))]
        for top, words in zip(tops, boxes, strict=True):
            loud = "shuffle" in words
            _box(ax, 3.9, top, 6, words, ACCENT if loud else WEIGHT)
            arrow(ax, (6.9, top - 0.7), (6.9, top))
        end = tops[-1] + 2.2
        caption(ax, 6.9, 0.5, "x", INPUT)
        arrow(ax, (6.9, tops[-1] + 1.3), (6.9, end))
        ax.plot(
            [6.4, 1.6, 1.6, 3.9],
            [0.5, 0.5, end + 0.6, end + 0.6],
            color=MUTED,
            zorder=0,
        )
        _box(ax, 0.05, 5.2, 3.1, around, INPUT, 2.2)
        _box(ax, 3.9, end, 6, meet, OUTPUT)
    return figure


def _box(
    ax: Axes,
    left: float,
    top: float,
    width: float,
    words: str,
    colour: str,
    height: float = 1.3,
) -> None:
    """A rounded box with words in its middle."""
    box = FancyBboxPatch(
        (left + 0.1, top + 0.1),
        width - 0.2,
        height - 0.2,
        boxstyle="round,pad=0.1",
        facecolor=tint(colour, 0.15),
        edgecolor=colour,
    )
    ax.add_patch(box)
    middle = (left + width / 2, top + height / 2)
    ax.text(*middle, words, ha="center", va="center", fontsize=8.5)


def accuracies(
    results: Mapping[str, Sequence[float]], what: str, bound: float | None = None
) -> Figure:
    """A dot for each trained network, and a line at each mean.

    results: from a name to the shares of right answers; what: on the axis;
    bound: a share that some cannot pass.
    """
    figure, ax = canvas(5.8, 0.5 * len(results) + 1.0)
    for place, right in enumerate(results.values()):
        percent = 100 * np.asarray(right)
        ax.plot([percent.min(), percent.max()], [place, place], color=MUTED, lw=1)
        ax.plot(percent, [place] * len(percent), "o", mfc="none", color=OUTPUT, ms=6)
        ax.plot(percent.mean(), place, "|", color=ACCENT, ms=14, mew=2.5)
    if bound is not None:
        ax.axvline(100 * bound, color=INK, ls="--", lw=1)
        ax.text(100 * bound, -0.6, " no sum passes here", va="center", fontsize=9)
    ax.set_yticks(range(len(results)), list(results))
    ax.set_ylim(len(results) - 0.5, -0.8)
    ax.set_xlabel(what)
    return figure
