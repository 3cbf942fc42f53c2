"""How a training goes: progress while it runs, its curve afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convnets.palette import ACCENT, INPUT, MUTED, OUTPUT, WEIGHT
from figures import style

COLOURS = (INPUT, WEIGHT, OUTPUT, ACCENT)
LINES = ("-", "--", "-.", ":")


class Progress:
    """One line that says how far a training is; give it as `report`.

    total: how many times it will be called. name: of what is trained.
    `losses` has what it was told.
    """

    def __init__(self, total: int, name: str = "training") -> None:
        self.total = total
        self.name = name
        self.losses: list[float] = []
        self._start = perf_counter()
        self._line = display(self._text(), raw=True, display_id=True)

    def __call__(self, epoch: int, loss: float) -> None:
        """Epoch number `epoch` has ended, counted from 0, with this loss."""
        self.losses.append(float(loss))
        if self._line is not None:  # there is none outside a notebook
            self._line.update(self._text(), raw=True)

    def _text(self) -> dict[str, str]:
        words = f"{self.name}: {len(self.losses)} of {self.total} epochs"
        if self.losses:
            seconds = perf_counter() - self._start
            words += f", loss {self.losses[-1]:.3f}, {seconds:.1f} s"
        return {"text/plain": words}


def curves(
    histories: Mapping[str, Sequence[Sequence[float]]], what: str = "training loss"
) -> Figure:
    """A learning curve for each name: a thin line a run, and their mean.

    histories: from a name to the losses (or another number, `what`) of each
    of its runs, a number an epoch.
    """
    figure, ax = style.canvas(6, 3)
    for (name, runs), colour, line in zip(histories.items(), COLOURS, LINES):  # noqa: B905
        epochs = range(1, len(runs[0]) + 1)
        if len(runs) > 1:
            for run in runs:
                ax.plot(epochs, run, color=colour, lw=0.6, alpha=0.5)
        mean = [sum(values) / len(values) for values in zip(*runs, strict=True)]
        ax.plot(epochs, mean, line, color=colour, lw=2, label=name)
    ax.set_xlabel("epoch")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel(what)
    ax.grid(axis="y", color=MUTED, lw=0.4, alpha=0.5)
    if len(histories) > 1:
        ax.legend(frameon=False)
    return figure
