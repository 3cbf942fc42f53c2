"""Work handed out to processes, where one that dies costs nobody else anything.

Any `concurrent.futures.Executor` will do.
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
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """The worker died of this job, twice: once in company, once alone."""


@dataclass
class Pool(Generic[Job, Result]):
    """Keeps a few jobs running, and knows which could have killed a worker.

    width: how many run at a time. open_executor makes a fresh executor, at
    the start and after one broke.
    """

    task: Callable[[Job], Result]
    open_executor: Callable[[], Executor]
    width: int
    _running: dict[Future[Result], Job] = field(default_factory=dict)

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Result | Exception]]:
        """Each job with its result, or with what was raised, as they end.

        A dead worker breaks the whole executor, so all jobs that were running
        are tried once more, one at a time: the guilty one breaks it again.
        """
        waiting, suspects = deque(jobs), deque[Job]()
        executor = self.open_executor()
        try:
            while waiting or suspects or self._running:
                alone = bool(suspects)
                queue, width = (suspects, 1) if alone else (waiting, self.width)
                broken = self._submit(executor, queue, width)
                lost: list[Job] = []
                if not broken:
                    for job, outcome in self._ended():
                        if isinstance(outcome, BrokenExecutor):
                            lost.append(job)
                        else:
                            yield job, outcome
                if broken or lost:
                    lost += self._running.values()
                    self._running.clear()
                    executor.shutdown(wait=True, cancel_futures=True)
                    executor = self.open_executor()
                if alone and lost:
                    yield lost.pop(), WorkerLost("the worker died")
                suspects.extend(lost)
        finally:
            executor.shutdown(wait=True, cancel_futures=True)

    def _submit(self, executor: Executor, queue: deque[Job], width: int) -> bool:
        """Fill up to the width; True when the executor turns out to be broken."""
        while queue and len(self._running) < width:
            try:
                future = executor.submit(self.task, queue[0])
            except BrokenExecutor:
                return True
            self._running[future] = queue.popleft()
        return False

    def _ended(self) -> Iterator[tuple[Job, Result | Exception]]:
        ended, _ = wait(self._running, return_when=FIRST_COMPLETED)
        for future in ended:
            job, error = self._running.pop(future), future.exception()
            if error is None:
                yield job, future.result()
            elif isinstance(error, Exception):
                yield job, error
            else:
                raise error
