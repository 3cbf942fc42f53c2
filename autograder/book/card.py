"""The picture that a link to the book is shown with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.lib.stride_tricks import sliding_window_view

from convnets.palette import ACCENT, INK, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint

WIDTH, HEIGHT = 1200, 630  # pixels that link previews ask for
ALT = (
    "ConvNets by Hand. A window of three by three pixels in an image, times a "
    "kernel, summed, is one pixel of the output."
)
_DPI = 100
_UNIT = 46  # pixels that a cell is wide
_STEP = np.array([[1, 0, -1], [1, 0, -1], [1, 0, -1]])
_IMAGE = np.array(
    [
        [0, 1, 1, 3, 3],
        [0, 1, 2, 3, 3],
        [1, 1, 2, 2, 3],
        [1, 0, 2, 3, 2],
        [0, 1, 1, 3, 3],
    ]
)


def draw(path: Path) -> None:
    """Write the card as PNG: the title, and a convolution as it is computed."""
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=PAPER)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    ax.axis("off")
    ax.text(80, 130, "ConvNets by Hand", size=44, weight="bold", color=INK, va="center")
    says = "Write every operation yourself, check it at once, measure what it costs."
    ax.text(82, 205, says, size=19, color=MUTED, va="center")
    windows = sliding_window_view(_IMAGE, _STEP.shape)  # (3, 3, 3, 3)
    output = np.einsum("ijuv,uv->ij", windows, _STEP)
    _grid(ax, _IMAGE, INPUT, 160, 310, "image")
    _grid(ax, _STEP, WEIGHT, 530, 356, "kernel")
    _grid(ax, output, OUTPUT, 830, 356, "output")
    _frame(ax, 160 + 2 * _UNIT, 310, 3)
    _frame(ax, 830 + 2 * _UNIT, 356, 1)
    for x, sign in ((460, "∗"), (749, "=")):
        ax.text(x, 425, sign, size=34, color=INK, ha="center", va="center")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})


def _grid(
    ax: Axes, values: np.ndarray, colour: str, left: float, top: float, name: str
) -> None:
    """Numbers in squares from (left, top), and what they are above them."""
    for (row, column), value in np.ndenumerate(values):
        x, y = left + column * _UNIT, top + row * _UNIT
        face = tint(colour, 0.1 + 0.12 * abs(int(value)))
        ax.add_patch(Rectangle((x, y), _UNIT, _UNIT, facecolor=face, edgecolor=colour))
        text = str(value).replace("-", "−")
        middle = (x + _UNIT / 2, y + _UNIT / 2)
        ax.text(*middle, text, size=15, color=INK, ha="center", va="center")
    middle_of_all = left + values.shape[1] * _UNIT / 2
    ax.text(middle_of_all, top - 24, name, size=16, color=colour, ha="center")


def _frame(ax: Axes, x: float, y: float, cells: int) -> None:
    """Points at the window, and at what it becomes."""
    side = cells * _UNIT
    ax.add_patch(Rectangle((x, y), side, side, fill=False, edgecolor=ACCENT, lw=4))
