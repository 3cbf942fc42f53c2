"""Everything that is taken from a child before it sees a student's code."""

from __future__ import annotations

import os
import resource
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import kernel, landlock, seccomp
from autograder.sandbox.level import Level, Limits
from autograder.sandbox.namespaces import DEVICES, HOME, Jail, become_nobody

ENVIRONMENT = {
    "HOME": HOME,
    "TMPDIR": HOME,
    "MPLCONFIGDIR": HOME,
    "USER": "student",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True)
class Confinement:
    """What the zygote prepares once and every child applies to itself."""

    level: Level
    limits: Limits
    folders: tuple[str, ...]  # what may be read
    filter: bytes  # the compiled system-call filter
    mapped: int  # bytes of address space before a student's code runs
    jail: Jail | None

    def apply(self) -> None:
        """Confine this process, for good; it must have one thread.

        The order matters: each step needs something that a later one takes.
        Raises OSError, which names the call that was refused.
        """
        if self.jail is not None:
            self.jail.isolate(self.limits.tmp_bytes, self.limits.tmp_files)
        become_nobody()
        # After the change of user, which would clear it.
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        private = self.jail is not None
        set_limits(self.limits, self.mapped, private=private)
        os.chdir(HOME if private else "/")
        # What was found before may be another folder now, or none.
        tempfile.tempdir = HOME if private else None
        os.umask(0o022)
        if self.level >= Level.CONFINED:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            readable = (*self.folders, *DEVICES[1:])
            writable = (DEVICES[0], HOME) if private else DEVICES[:1]
            landlock.restrict(readable, writable)
            kernel.drop_capabilities()
            seccomp.install(self.filter)


def set_limits(limits: Limits, mapped: int, *, private: bool) -> None:
    """Set the kernel's limits of this process.

    private: it has a file system and a count of processes of its own. Where
    it has not, no file can grow, and the user's other processes count.
    """
    others = 0 if private else _tasks_of_user()
    for kind, value in (
        (resource.RLIMIT_AS, mapped + limits.memory_bytes),
        (resource.RLIMIT_NPROC, others + limits.processes),
        (resource.RLIMIT_FSIZE, limits.file_bytes if private else 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
    ):
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(kind, (value, value))


def _tasks_of_user() -> int:
    """Threads that run as this user; the kernel's limit counts them all."""
    user, tasks = os.geteuid(), 0
    for process in Path("/proc").glob("[0-9]*/task"):
        try:
            if process.stat().st_uid == user:
                tasks += len(os.listdir(process))
        except OSError:  # it has ended meanwhile
            continue
    return tasks


def mapped_bytes() -> int:
    """Address space of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
