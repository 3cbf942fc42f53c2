"""A worker that dies costs nobody else anything. Takes a few seconds."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from autograder.grading.pool import Pool, WorkerLost


def square(number: int) -> int:
    """Squares; dies of 13, raises for 7."""
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        raise ValueError("seven")
    return number * number


def executor() -> Executor:
    """Two processes that share nothing with this one."""
    return ProcessPoolExecutor(2, get_context("spawn"))


@pytest.mark.parametrize("deadly", [[13], [13, 13]])
def test_a_deadly_job_is_found_out(deadly: list[int]) -> None:
    """Each job but the deadly ones has its result, wherever those stand; what a
    job raises comes with it."""
    jobs = [1, 2, *deadly, 3, 7, 4]
    outcomes = list(Pool(square, executor, 2).run(jobs))
    assert sorted(job for job, _ in outcomes) == sorted(jobs)
    for job, outcome in outcomes:
        if job == 13:
            assert isinstance(outcome, WorkerLost)
        elif job == 7:
            assert repr(outcome) == "ValueError('seven')"
        else:
            assert outcome == job * job


def test_no_jobs_no_results() -> None:
    """Nothing to do ends at once."""
    assert list(Pool(square, executor, 2).run([])) == []


def test_a_run_that_is_left_ends_its_workers() -> None:
    """Whoever stops asking for results leaves no process behind."""
    made: list[ProcessPoolExecutor] = []

    def remembered() -> Executor:
        made.append(ProcessPoolExecutor(1, get_context("spawn")))
        return made[-1]

    running = Pool(square, remembered, 1).run(range(100))
    next(running)
    running.close()
    assert made[0]._processes is None
