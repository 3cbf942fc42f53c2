"""Work handed out to processes, where one that dies costs nobody else anything.

Any `concurrent.futures.Executor` will do; `cluster.py` has those that there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Generic, Self, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """The worker died of this job, twice: once in company, once alone."""


@dataclass
class Pool(Generic[Job, Result]):
    """Keeps a few jobs running, and knows which could have killed a worker.

    open_executor makes a fresh executor, with the first job and after one
    broke, and says how many jobs it is to be given at a time.
    """

    task: Callable[[Job], Result]
    open_executor: Callable[[], tuple[Executor, int]]
    _executor: Executor | None = None
    _width: int = 1
    _running: dict[Future[Result], Job] = field(default_factory=dict)

    def run(
        self, jobs: Iterable[Job], meanwhile: Callable[[], object] | None = None
    ) -> Iterator[tuple[Job, Result | Exception]]:
        """Each job with its result, or with what was raised, as they end.

        Jobs are asked for when there is room for them. A dead worker breaks the
        whole executor, so all jobs that were running are tried once more, one at
        a time: the guilty one breaks it again. meanwhile: called once, when the
        first of them are at work.
        """
        waiting, suspects = _Queue(jobs), _Queue[Job]()
        while waiting or suspects or self._running:
            alone = bool(suspects)
            broken = self._submit(suspects if alone else waiting, alone)
            if meanwhile is not None:
                meanwhile()
                meanwhile = None
            lost: list[Job] = []
            if not broken:
                for job, outcome in self._ended():
                    if isinstance(outcome, BrokenExecutor):
                        lost.append(job)
                    else:
                        yield job, outcome
            if broken or lost:
                lost += self._running.values()
                self.close()
            if alone and lost:
                yield lost.pop(), WorkerLost("the worker died")
            suspects.extend(lost)

    def close(self) -> None:
        """End the workers; another run starts new ones."""
        self._running.clear()
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _submit(self, queue: _Queue[Job], alone: bool) -> bool:
        """Fill up to the width; True when the executor turns out to be broken."""
        if queue and self._executor is None:
            self._executor, self._width = self.open_executor()
        while queue and len(self._running) < (1 if alone else self._width):
            assert self._executor is not None
            try:
                future = self._executor.submit(self.task, queue.first())
            except BrokenExecutor:
                return True
            self._running[future] = queue.take()
        return False

    def _ended(self) -> Iterator[tuple[Job, Result | Exception]]:
        ended, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in ended:
            job = self._running.pop(future)
            if future.cancelled():  # by the executor: nobody here does
                yield job, BrokenExecutor("the work was dropped")
                continue
            error = future.exception()
            if error is None:
                yield job, future.result()
            elif isinstance(error, Exception):
                yield job, error
            else:
                raise error


class _Queue(Generic[Job]):
    """Jobs in order, of which no more are made than the first."""

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self._more = iter(jobs)
        self._made: deque[Job] = deque()

    def __bool__(self) -> bool:
        if not self._made:
            self._made.extend(islice(self._more, 1))
        return bool(self._made)

    def first(self) -> Job:
        return self._made[0]

    def take(self) -> Job:
        return self._made.popleft()

    def extend(self, jobs: Iterable[Job]) -> None:
        self._made.extend(jobs)
