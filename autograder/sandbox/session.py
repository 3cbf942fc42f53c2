"""One submission in the sandbox: its cells, then calls, however it behaves."""

from __future__ import annotations

import time
from collections import Counter
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
_LEFT_OUT = 4  # cells that may end the process; of endless ones, one
BAD = ("timeout", "memory", "died", "malformed")  # kinds of answers


class Session:
    """Talks to one child after another, each having run the same cells.

    Cells that end the process or fill the memory are left out in the next
    attempt, so that the exercises of other cells are still graded. A function
    that ends it again and again is given up, and the others are still called.
    losses: how often a call of each name ended badly, by kind of answer.
    """

    def __init__(
        self, fork: Callable[[], Child], limits: Limits, program: Program
    ) -> None:
        self._fork = fork
        self._limits = limits
        self.program = program
        self._child: Child | None = None
        self._ended: Counter[str] = Counter()  # children, by the name called
        self._spent = 0.0  # seconds in cells
        self._fatal: dict[int, CellOutcome] = {}  # by position
        self._over: Answer | None = None
        self.losses: Counter[tuple[str, str]] = Counter()
        self.outcomes = self._begin()

    def _begin(self) -> tuple[CellOutcome, ...]:
        """Fork a child that has run the cells; `_over` where that fails."""
        while True:
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
            if self._hopeless():
                outcome = outcomes[fatal]
                self._over = Answer(outcome.kind, message=outcome.message)
                return outcomes

    def _hopeless(self) -> bool:
        """Whether too many cells had to be left out, or they took too long."""
        endless = sum(outcome.kind == "timeout" for outcome in self._fatal.values())
        many = endless > 1 or len(self._fatal) > _LEFT_OUT
        return many or not self._in_time()

    def _in_time(self) -> bool:
        return self._spent < _ATTEMPTS * self._limits.cells_seconds

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
                if outcome.kind == "memory":
                    child.end()  # what fills it may stay, and fail the others
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
        if self._ended[name] >= self._limits.forks:
            return Answer("died", message="it ended the process too often")
        if self._child is None and self._over is None:
            if self._in_time():
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
            self._ended[name] += 1
            answer = Answer(lost.kind, message=lost.message)
        if answer.kind in BAD:
            self.losses[name, answer.kind] += 1
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
