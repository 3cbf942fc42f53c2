"""One submission in the sandbox: its cells, then calls, however it behaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from autograder.sandbox import exchange
from autograder.sandbox.exchange import Lost
from autograder.sandbox.level import Limits
from autograder.sandbox.process import Child
from autograder.sandbox.program import CellOutcome, Program
from convnets.answers import Answer, Call

_ATTEMPTS = 3  # times that the cells' whole time may be spent


class Session:
    """Talks to one child after another, each having run the same cells.

    A cell that ends the process is left out in one second attempt, so that
    the exercises of other cells are still graded.
    """

    def __init__(
        self, fork: Callable[[], Child], limits: Limits, program: Program
    ) -> None:
        self._fork = fork
        self._limits = limits
        self.program = program
        self._child: Child | None = None
        self._forks = 0
        self._spent = 0.0  # seconds in cells
        self._fatal: dict[int, CellOutcome] = {}  # by position
        self._over: Answer | None = None
        self.outcomes = self._begin()

    def _begin(self) -> tuple[CellOutcome, ...]:
        """Fork a child that has run the cells; `_over` where that fails."""
        while True:
            self._forks += 1
            child = self._fork()
            try:
                outcomes, fatal = self._run_cells(child)
            except BaseException:  # ours, or Ctrl-C: nobody else has the child
                child.end()
                raise
            if fatal is None:
                self._child = child
                return outcomes
            self._fatal[fatal] = outcomes[fatal]
            if len(self._fatal) > 1 or not self._may_fork():
                outcome = outcomes[fatal]
                self._over = Answer(outcome.kind, message=outcome.message)
                return outcomes

    def _may_fork(self) -> bool:
        in_time = self._spent < _ATTEMPTS * self._limits.cells_seconds
        return self._forks < self._limits.forks and in_time

    def _run_cells(self, child: Child) -> tuple[tuple[CellOutcome, ...], int | None]:
        """Outcomes, and the position of the cell that ended the child."""
        began = time.monotonic()
        deadline = began + self._limits.cells_seconds
        fatal: int | None = None
        outcomes = []
        for position, cell in enumerate(self.program.cells):
            outcome = self._fatal.get(position) or CellOutcome(cell.id, "not run")
            if fatal is None and position not in self._fatal:
                printed_bytes = self._limits.printed_bytes
                outcome = exchange.run_cell(child, cell, deadline, printed_bytes)
                fatal = position if child.ended else None
            outcomes.append(outcome)
        self._spent += time.monotonic() - began
        return tuple(outcomes), fatal

    def call(
        self, name: str, call: Call, *, seconds: float, names: tuple[str, ...] = ()
    ) -> Answer:
        """Call what a cell captured under a name; waits at most `seconds`.

        names: of the positional arguments, for `Answer.changed`. Never raises
        for what the submission does; AuthorError for a call that cannot
        travel, SetUpError where no child can be had.
        """
        if self._child is None and self._over is None:
            if self._may_fork():
                self._begin()
            else:
                self._over = Answer("died", message="the program ended too often")
        if self._over is not None or self._child is None:
            return self._over or Answer("died", message="the session is closed")
        began = time.monotonic()
        try:
            answer = exchange.call(self._child, name, call, names, began + seconds)
        except Lost as lost:
            self._child = None
            answer = Answer(lost.kind, message=lost.message)
        return replace(answer, seconds=time.monotonic() - began)

    def again(self) -> Session:
        """The same program in a child that was not called yet."""
        return Session(self._fork, self._limits, self.program)

    def close(self) -> None:
        """End the child; every later call is "died"."""
        self._over = Answer("died", message="the session is closed")
        if self._child is not None:
            self._child.end()
            self._child = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
