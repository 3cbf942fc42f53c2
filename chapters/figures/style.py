"""What every still figure has in common: format, type, and grids of numbers."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.core.getipython import get_ipython
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib_inline.backend_inline import set_matplotlib_formats

from convnets.palette import INK, MUTED, PAPER, tint

SETTINGS: dict[str, Any] = {
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    # A white card, so that a figure reads the same on a dark page.
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    # The same picture gets the same bytes.
    "svg.hashsalt": "convnets",
}


def use() -> None:
    """Draw every figure of this notebook in the book's style, as SVG."""
    mpl.rcParams.update(SETTINGS)
    if get_ipython() is not None:
        set_matplotlib_formats("svg")


def canvas(
    width: float, height: float, panels: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """A figure of width x height inches and its axes: one, or an array of them."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(1, panels, **options)


def drawing(ax: Axes, width: float, height: float) -> None:
    """Make axes a sheet of squares: x to the right, y down, no ticks."""
    ax.set_xlim(0, width)
    ax.set_ylim(height, 0)
    ax.set_aspect("equal")
    ax.axis("off")


def cell(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    colour: str,
    strength: float = 0.15,
    line: float = 0.8,
) -> None:
    """A unit square at column x and row y with a text in the middle."""
    face = tint(colour, strength) if strength else PAPER
    # Clipping would cut half of the line off at the sheet's edge.
    box = Rectangle(
        (x, y), 1, 1, facecolor=face, edgecolor=colour, lw=line, clip_on=False
    )
    ax.add_patch(box)
    ax.text(x + 0.5, y + 0.52, text, ha="center", va="center", fontsize=9)


def plain(value: float) -> str:
    """A number as it is printed: a minus sign, no trailing zeros."""
    return f"{value:g}".replace("-", "−")


def numbers(
    ax: Axes,
    values: np.ndarray,
    colour: str,
    at: tuple[float, float] = (0, 0),
    strength: float = 0.15,
) -> None:
    """A matrix as a grid of cells; at is the (column, row) of its corner."""
    left, top = at
    for (row, column), value in np.ndenumerate(values):
        cell(ax, left + column, top + row, plain(value), colour, strength)


def frame(
    ax: Axes, x: float, y: float, width: float, height: float, colour: str
) -> None:
    """A heavy outline around some cells."""
    box = Rectangle(
        (x, y), width, height, fill=False, edgecolor=colour, lw=2.6, clip_on=False
    )
    ax.add_patch(box)


def caption(ax: Axes, x: float, y: float, text: str, colour: str = INK) -> None:
    """A line of words, centred at x."""
    ax.text(x, y, text, ha="center", va="center", color=colour, fontsize=10)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow from one point to another."""
    style = {"arrowstyle": "-|>", "color": MUTED, "lw": 1.4}
    ax.annotate("", xy=end, xytext=start, arrowprops=style)
