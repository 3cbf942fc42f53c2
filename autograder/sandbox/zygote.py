"""A warm interpreter that forks one confined child per submission.

Started by the supervisor with nothing but a control socket. It holds no
secrets: it imports NumPy, torch, matplotlib, `convnets` and the sandbox, and
then forgets where the course lies. Commands, one datagram each:

    fork + a descriptor    a child that talks through it;
                           back: its pid + a pidfd
    reap <pid>             wait for a child that has ended;
                           back: its wait status
"""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import socket
import sys
import threading
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import convnets
from autograder.sandbox import child, seccomp
from autograder.sandbox.confine import Confinement, mapped_bytes
from autograder.sandbox.level import Level, Limits
from autograder.sandbox.namespaces import SYSTEM, Jail
from convnets import practice

READY = b"ready"


def main(settings: dict[str, Any]) -> None:
    """Warm up, move into the jail, serve until the supervisor is gone.

    settings: control (a descriptor), level, limits, root (where the course
    lies), folders (the interpreter's libraries), trains (see Sandbox).
    """
    control = socket.socket(fileno=settings["control"])
    try:
        warm(settings["trains"])
        confinement = prepare(settings)
        forget(settings["root"])
    except Exception as error:
        where = "".join(traceback.format_tb(error.__traceback__)[-1:])
        control.send(f"{type(error).__name__}: {error}\n{where}".encode()[:4000])
        return
    control.send(READY)
    Zygote(control, confinement).serve()


def warm(trains: bool) -> None:
    """Import what submissions import, and let each library set itself up."""
    torch.set_num_threads(1)
    a = np.ones((64, 64))
    _ = a @ a
    x, w = torch.ones(1, 3, 8, 8), torch.ones(4, 3, 3, 3)
    _ = torch.nn.functional.conv2d(x, w) @ torch.ones(6, 6)
    # Agg draws without a screen; its first import is slow and reads fonts.
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    importlib.import_module("matplotlib.pyplot")
    if trains:  # the first optimiser imports a second's worth of modules
        torch.optim.SGD([torch.nn.Parameter(torch.ones(1))])
    for module in pkgutil.iter_modules(convnets.__path__):
        importlib.import_module(f"convnets.{module.name}")
    practice.ENABLED = False  # a `check("name")` in a cell grades nothing here


def prepare(settings: dict[str, Any]) -> Confinement:
    """Make ready what every child applies to itself, and enter the jail."""
    if threading.active_count() != 1 or len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("a library has started a thread: forks would hang")
    # Should the machine run out of memory, children go before the grader.
    Path("/proc/self/oom_score_adj").write_text("1000")
    level = Level(settings["level"])
    folders = (*settings["folders"], *SYSTEM)
    mapped = mapped_bytes()
    program = seccomp.compile_filter() if level >= Level.CONFINED else b""
    jail = Jail(folders) if level >= Level.ISOLATED else None
    limits = Limits(**settings["limits"])
    return Confinement(level, limits, folders, program, mapped, jail)


def forget(root: str) -> None:
    """Drop the environment, the output and the path to the course."""
    os.environ.clear()
    sys.path[:] = [entry for entry in sys.path if entry != root]
    sys.path_importer_cache.pop(root, None)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    os.close(null)
    # Children then share the pages of all that was imported.
    gc.collect()
    gc.freeze()
    gc.enable()


@dataclass(frozen=True)
class Zygote:
    """Serves the supervisor."""

    control: socket.socket
    confinement: Confinement

    def serve(self) -> None:
        """Obey until the control socket closes."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.control, 64, 1)
            if message == b"fork":
                self._fork(descriptors[0])
            elif message.startswith(b"reap "):
                _, status = os.waitpid(int(message.split()[1]), 0)
                self.control.send(str(status).encode())
            else:
                return

    def _fork(self, end: int) -> None:
        jail = self.confinement.jail
        pid = jail.fork() if jail is not None else os.fork()
        if pid == 0:
            try:
                child.main(end, self.confinement)
            finally:
                os._exit(1)
        os.close(end)
        pidfd = os.pidfd_open(pid)
        socket.send_fds(self.control, [str(pid).encode()], [pidfd])
        os.close(pidfd)
