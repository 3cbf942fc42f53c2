"""The sandbox as the rest of the grader sees it."""

from __future__ import annotations

import sys
import sysconfig
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from autograder.errors import SetUpError
from autograder.sandbox.frames import Closed
from autograder.sandbox.level import Level, Limits
from autograder.sandbox.process import Child, ZygoteProcess, ZygoteTrouble
from autograder.sandbox.program import Program
from autograder.sandbox.session import Session
from convnets.values import Malformed

CONFINE_SECONDS = 10.0


class Sandbox:
    """Runs hostile programs, each in a confined child of one warm zygote.

    Sessions may be open at the same time and in several threads.
    """

    def __init__(
        self,
        level: Level = Level.ISOLATED,
        limits: Limits | None = None,
        trains: bool = False,
    ) -> None:
        """trains: whether programs are expected to use torch's optimisers. They
        can either way; the first to do so would take a second longer."""
        self.level = level
        self.limits = limits or Limits()
        self._trains = trains
        self._lock = threading.Lock()
        self._zygote: ZygoteProcess | None = None

    def start(self) -> None:
        """Start the zygote and see one child confined.

        Raises SetUpError where the level does not hold on this machine.
        """
        _check_machine()
        try:
            self.fork().end()
        except BaseException:
            self.close()
            raise

    def open(self, program: Program) -> Session:
        """Run the cells of a program in a fresh child.

        Raises SetUpError; whatever the program does is in the session.
        """
        return Session(self.fork, self.limits, program)

    def fork(self) -> Child:
        """A confined child. Raises SetUpError."""
        try:
            child = self._warm_zygote().fork()
        except ZygoteTrouble:
            # Once: a zygote that was killed, or a machine that was asleep.
            self.close()
            try:
                child = self._warm_zygote().fork()
            except ZygoteTrouble as error:
                raise SetUpError(f"Forking a child of the sandbox: {error}") from None
        trouble = _confined(child)
        if trouble:
            child.end()
            raise SetUpError(
                f"Confining a child at level {self.level.name}: {trouble}. "
                "`course doctor` shows each layer and how to get it."
            )
        return child

    def _warm_zygote(self) -> ZygoteProcess:
        with self._lock:
            if self._zygote is None:
                self._zygote = ZygoteProcess(self.level, self.limits, self._trains)
            return self._zygote

    def close(self) -> None:
        """End the zygote and every child; a later `open` starts a new one."""
        with self._lock:
            if self._zygote is not None:
                self._zygote.close()
                self._zygote = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _check_machine() -> None:
    if sys.platform != "linux":
        raise SetUpError(
            f"Starting the sandbox: this is {sys.platform}, and grading needs "
            "Linux. Grade in a Linux virtual machine or container; students' "
            "notebooks and the website need no sandbox."
        )
    packages = Path(sysconfig.get_path("purelib"))
    for name in ("solutions", "autograder"):
        if (packages / name).exists():
            raise SetUpError(
                f"Starting the sandbox: `{name}` is installed in {packages}, "
                "where submissions may read. Install the course in place: "
                "pip install --editable ."
            )


def _confined(child: Child) -> str:
    """Wait for a child's word that it is confined; empty, or what went wrong."""
    try:
        said = child.channel.receive(time.monotonic() + CONFINE_SECONDS)
    except TimeoutError:
        return f"it was not ready within {CONFINE_SECONDS:.0f} s"
    except (Closed, Malformed) as error:
        return f"it ended before it was ready ({type(error).__name__})"
    return str(said["trouble"])
