"""The trusted end of the zygote: starting it, forking children, killing them."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SetUpError
from autograder.sandbox.frames import Channel
from autograder.sandbox.level import Level, Limits

ROOT = str(Path(__file__).resolve().parents[2])
START_SECONDS = 60.0  # a cold disk: torch alone is hundreds of megabytes
COMMAND_SECONDS = 10.0
END_SECONDS = 5.0  # for the kernel, after SIGKILL

# Runs in an interpreter without site packages and without the current folder
# on its path; the libraries' folders are the only ones added for good. Imports
# take a quarter less time while nobody looks for garbage.
_BOOT = """
import gc, json, sys
gc.disable()
settings = json.loads(sys.argv[1])
sys.path += [settings["root"], *settings["folders"][1:]]
from autograder.sandbox.zygote import main
main(settings)
"""
# One thread each: a forked child would wait for threads that were not forked.
_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",  # sets in the same order in every run
    "LANG": "C.UTF-8",
}


class ZygoteTrouble(Exception):
    """The zygote did not do as it was told; it is to be replaced."""


@dataclass
class Child:
    """A forked child: the channel to it, and a handle that outlives its pid."""

    channel: Channel
    pid: int  # as the zygote counts
    pidfd: int
    zygote: ZygoteProcess
    ended: bool = False

    def wait(self, seconds: float) -> int | None:
        """Its wait status once it has ended, None while it lives.

        Raises ZygoteTrouble.
        """
        ending = select.poll()  # unlike select, at home with any descriptor
        ending.register(self.pidfd, select.POLLIN)
        if not ending.poll(seconds * 1000):
            return None
        return self.zygote.reap(self.pid)

    def end(self, grace: float = 0.0) -> int | None:
        """Kill it, and all that it started, unless it ends by itself before.

        Returns its wait status, or None where it was killed or lost.
        """
        if self.ended:
            return None
        self.ended = True
        try:
            status = self.wait(grace)
            if status is None:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
                self.wait(END_SECONDS)
            return status
        except (ZygoteTrouble, ProcessLookupError):
            return None
        finally:
            self.channel.close()
            os.close(self.pidfd)


class ZygoteProcess:
    """One running zygote and the way to command it; safe to share by threads."""

    def __init__(self, level: Level, limits: Limits, trains: bool = False) -> None:
        """Start it and wait until it is warm. Raises SetUpError."""
        self._limits = limits
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            settings = _settings(theirs.fileno(), level, limits, trains)
            try:
                self._process = _start(settings, theirs.fileno())
            except OSError as error:  # an interpreter that this user may not run
                self._control.close()
                raise SetUpError(_refusal(level, str(error))) from None
        self._control.settimeout(START_SECONDS)
        trouble = self._first_words()
        if trouble:
            self.close()
            raise SetUpError(_refusal(level, trouble))
        self._control.settimeout(COMMAND_SECONDS)

    def _first_words(self) -> str:
        """What it says when it has started: empty, or the reason it did not."""
        errors = self._process.stderr
        assert errors is not None
        with errors:
            try:
                said = self._control.recv(4096).decode("utf-8", "replace")
            except TimeoutError:
                return f"it was not ready within {START_SECONDS:.0f} s"
            if not said:
                said = errors.read(1 << 20).decode("utf-8", "replace")[-2000:]
        return "" if said == "ready" else said or "it ended without a word"

    def fork(self) -> Child:
        """A new child, not yet known to be confined. Raises ZygoteTrouble."""
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
                said, descriptors, _, _ = socket.recv_fds(self._control, 64, 1)
            pid, pidfd = int(said), descriptors[0]
        except (OSError, ValueError, IndexError) as error:
            ours.close()
            raise ZygoteTrouble(f"no child came: {error}") from None
        return Child(Channel(ours, self._limits.answer_bytes), pid, pidfd, self)

    def reap(self, pid: int) -> int:
        """The wait status of a child that has ended. Raises ZygoteTrouble."""
        try:
            with self._lock:
                self._control.send(f"reap {pid}".encode())
                return int(self._control.recv(64))
        except (OSError, ValueError) as error:
            raise ZygoteTrouble(f"no status came: {error}") from None

    def close(self) -> None:
        """End it and all of its children."""
        self._control.close()
        self._process.kill()
        self._process.wait()


def _start(settings: str, control: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-s", "-S", "-c", _BOOT, settings],
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[control],
        cwd="/",
        start_new_session=True,  # Ctrl-C is the supervisor's affair
    )


def _settings(control: int, level: Level, limits: Limits, trains: bool) -> str:
    paths = sysconfig.get_paths()
    # The standard library first; then what must be added to the path.
    names = ("stdlib", "purelib", "platlib")
    folders = dict.fromkeys(os.path.realpath(paths[name]) for name in names)
    return json.dumps(
        {
            "control": control,
            "level": level,
            "limits": dataclasses.asdict(limits),
            "root": ROOT,
            "folders": list(folders),
            "trains": trains,
        }
    )


def _refusal(level: Level, trouble: str) -> str:
    return (
        f"Starting the sandbox at level {level.name}: {trouble.strip()}. "
        "Submissions are graded only where this level holds; "
        "`course doctor` shows each layer and how to get it."
    )
