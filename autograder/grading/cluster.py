"""Where the work is done: processes here, or workers of dask.distributed.

Workers of dask are trusted as the grader itself: they get the secret seed, and
whoever reaches their scheduler can run anything on them. Beyond one machine,
connections are to be encrypted with certificates on both sides (`tls://`).
docs/decisions/beyond-one-machine.md says how.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from typing import Any

from autograder import catalogue
from autograder.errors import SetUpError, UsageError
from autograder.grading import early
from autograder.grading.worker import Plan

Opened = tuple[Executor, int]
WORKERS_SECONDS = 300.0  # for the first worker to come, with its imports done
AHEAD = 2  # jobs a thread has at a time, so that none waits for the network


def processes(plan: Plan, width: int) -> Opened:
    """Processes of this machine.

    Spawned, not forked: a worker must not inherit what this process holds.
    """
    trains = catalogue.trains(plan.releases)
    start = partial(early.start, plan.level, plan.limits, trains, pickle.dumps(plan))
    return ProcessPoolExecutor(width, get_context("spawn"), initializer=start), width


def opener(
    name: str, address: str | None, plan: Plan, width: int
) -> Callable[[], Opened]:
    """What opens the executor of a name, "processes" or "dask".

    address: of a dask scheduler; without one, a cluster is started here.
    Raises UsageError for an address that nobody would use.
    """
    if name == "processes":
        if address:
            raise UsageError(
                f"Grading with processes of this machine: the scheduler {address} "
                "would not be used. Say --executor dask, or leave it out."
            )
        return partial(processes, plan, width)
    return partial(dask, plan, width, address)


def dask(plan: Plan, width: int, address: str | None) -> Opened:
    """Workers of dask.distributed.

    Raises SetUpError where the scheduler or its workers cannot be reached.
    """
    distributed = _distributed()
    if address is None:
        place = distributed.LocalCluster(
            n_workers=width, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        )
    else:
        place = None
    try:
        client = distributed.Client(place or address, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        raise SetUpError(_unreachable(address, error)) from None
    opened = DaskExecutor(client, place, plan)
    try:
        client.wait_for_workers(1, WORKERS_SECONDS)
        threads = sum(client.nthreads().values())
    except (OSError, distributed.TimeoutError) as error:
        opened.shutdown()
        raise SetUpError(_unreachable(address, error)) from None
    return opened, AHEAD * threads


def _distributed() -> Any:
    """The library, imported only where it is used: its group is optional."""
    try:
        import distributed
    except ImportError as error:
        raise SetUpError(
            f"Starting dask: {error}. Install the packages of the group `far` in "
            "pyproject.toml, on every machine."
        ) from None
    return distributed


def _unreachable(address: str | None, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"Reaching the dask scheduler {address}: {reason}. See that `dask scheduler` "
        "and `dask worker` run there, that the address is right, and, for tls://, "
        "that DASK_DISTRIBUTED__COMM__TLS__CA_FILE, ...__CLIENT__CERT and "
        "...__CLIENT__KEY name files of the same authority."
    )


class DaskExecutor(Executor):
    """`Client.get_executor`, with our workplaces on the workers.

    Dask gives the job of a worker that died to another one; a job that costs
    several workers their life comes back as KilledWorker.
    """

    def __init__(self, client: Any, place: Any, plan: Plan) -> None:
        self._client = client
        self._place = place
        self._name = f"convnets-{plan.key}"
        client.register_plugin(_plugin(plan), name=self._name)
        self._executor = client.get_executor(pure=False)

    def submit(self, task: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand work to any of the workers."""
        future: Future[Any] = self._executor.submit(task, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the workers, who go on for others; end those started here."""
        # A scheduler that is gone, or slow to answer, has taken or will take its
        # benches with it; the grades are already here.
        for leave in (
            partial(self._executor.shutdown, wait=False),
            partial(self._client.unregister_worker_plugin, self._name),
            self._client.close,
        ):
            with suppress(Exception):
                leave()
        if self._place is not None:
            self._place.close()


def _plugin(plan: Plan) -> Any:
    """Puts a bench on every worker, also on one that comes later."""

    class Workplace(_distributed().WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: Any) -> None:
            from autograder.grading.worker import HERE

            HERE.expect(plan)

        def teardown(self, worker: Any) -> None:
            from autograder.grading.worker import HERE

            HERE.forget(plan.key)

    return Workplace()
