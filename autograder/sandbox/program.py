"""What a sandbox runs, and what it says of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A code cell. captures: names looked up right after it ran."""

    id: str
    source: str
    captures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """Cells that run in this order in one namespace."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CellOutcome:
    """What came of a cell.

    kind is one of
      ok        it ran to its end
      raised    error, message, line and source say what and where
      syntax    it is no Python; line and source say where
      timeout   the clock ran out while it ran
      memory    the memory ran out while it ran
      died      the process ended while it ran; message says how
      not run   a cell before it ended the program
    """

    id: str
    kind: str
    error: str = ""
    message: str = ""
    line: int | None = None
    source: str = ""
    printed: str = ""
    seconds: float = 0.0
