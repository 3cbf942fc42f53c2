"""What a worker's process does first: it starts its sandbox, and then imports
the grader. Both take more than a second, and neither needs the other.

So nothing but the sandbox is imported here.
"""

from __future__ import annotations

import gc
import pickle
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from autograder.errors import CourseError
from autograder.sandbox import Level, Limits, Sandbox


@dataclass(frozen=True)
class Starting:
    """A sandbox that is being started, in a thread of its own."""

    sandbox: Sandbox
    thread: threading.Thread

    def close(self) -> None:
        """End it."""
        self.thread.join()  # or it would find its sandbox dead, and start another
        self.sandbox.close()


def starting(sandbox: Sandbox) -> Starting:
    """Begin to start a sandbox; what goes wrong is said when it is used."""
    thread = threading.Thread(target=_start, args=(sandbox,), daemon=True)
    thread.start()
    return Starting(sandbox, thread)


def _start(sandbox: Sandbox) -> None:
    with suppress(CourseError):
        sandbox.start()


def start(level: Level, limits: Limits | None, trains: bool, plan: bytes) -> None:
    """Make ready a process that works for one plan and then ends.

    plan: pickled, because reading it imports the grader.
    """
    sandbox = starting(Sandbox(level, limits, trains))
    gc.disable()  # until the worker is warm; imports take a quarter less time
    from autograder.grading import worker

    worker.start(pickle.loads(plan), sandbox, time.process_time())
