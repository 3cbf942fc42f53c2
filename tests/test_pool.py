"""A worker that dies costs nobody else anything. Takes a few seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from autograder.grading.pool import Pool, WorkerLost


def square(number: int) -> int:
    """Squares; dies of 13, raises for 7."""
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        raise ValueError("seven")
    return number * number


def executor() -> tuple[Executor, int]:
    """Two processes that share nothing with this one."""
    return ProcessPoolExecutor(2, get_context("spawn")), 2


@pytest.mark.parametrize("deadly", [[13], [13, 13]])
def test_a_deadly_job_is_found_out(deadly: list[int]) -> None:
    """Each job but the deadly ones has its result, wherever those stand; what a
    job raises comes with it."""
    jobs = [1, 2, *deadly, 3, 7, 4]
    with Pool(square, executor) as pool:
        outcomes = list(pool.run(jobs))
    assert sorted(job for job, _ in outcomes) == sorted(jobs)
    for job, outcome in outcomes:
        if job == 13:
            assert isinstance(outcome, WorkerLost)
        elif job == 7:
            assert repr(outcome) == "ValueError('seven')"
        else:
            assert outcome == job * job


def test_no_jobs_no_results() -> None:
    """Nothing to do ends at once, and starts no process."""

    def never() -> tuple[Executor, int]:
        raise AssertionError("an executor was opened")

    assert list(Pool(square, never).run([])) == []


def test_jobs_are_asked_for_when_there_is_room() -> None:
    """Of many jobs no more exist at a time than are running, and one."""
    made: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(100, 140):
            made.append(number)
            yield number

    with Pool(square, executor) as pool:
        for ended, _ in enumerate(pool.run(jobs())):
            assert len(made) - ended <= 4


class Dropping(Executor):
    """Drops the first piece of work, as a scheduler does that is restarted."""

    def __init__(self, drops: bool) -> None:
        self.drops = drops

    def submit(self, task: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.drops:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(task(*args))
        return future


def test_dropped_work_is_done_elsewhere() -> None:
    """What an executor cancels is given to a new one."""
    opened = iter([Dropping(True), Dropping(False)])
    with Pool(square, lambda: (next(opened), 3)) as pool:
        outcomes = list(pool.run([1, 2, 3, 4]))
    assert sorted(outcomes) == [(1, 1), (2, 4), (3, 9), (4, 16)]


def test_a_run_that_is_left_ends_its_workers() -> None:
    """Whoever stops asking for results leaves no process behind."""
    made: list[ProcessPoolExecutor] = []

    def remembered() -> tuple[Executor, int]:
        made.append(ProcessPoolExecutor(1, get_context("spawn")))
        return made[-1], 1

    with Pool(square, remembered) as pool:
        next(pool.run(range(100)))
    assert made[0]._processes is None


@pytest.mark.parametrize("module", ["convnets.practice", "autograder.grading.worker"])
def test_dear_libraries_are_imported_when_they_are_needed(module: str) -> None:
    """A worker starts its sandbox, and a notebook checks NumPy, without them."""
    late = "{'torch', 'nbgrader', 'sklearn', 'matplotlib'}"
    code = f"import sys, {module}; sys.exit(str({late} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "set()"
