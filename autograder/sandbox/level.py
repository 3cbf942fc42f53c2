"""How strictly a submission is confined, and how much it may use."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from convnets.values import MAX_FRAME

MIB = 1 << 20


class Level(IntEnum):
    """Isolation, weakest first; each level includes those below it."""

    PROCESS = 1
    """A process of its own: limits, no environment, no file descriptors."""
    CONFINED = 2
    """Landlock, a system-call filter, no new privileges. Nothing is writable."""
    ISOLATED = 3
    """User, mount, pid, net, ipc and uts namespaces, a private tmpfs."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    cells_seconds: wall time of all its cells together.
    memory_bytes: address space on top of what the warm interpreter maps.
    printed_bytes: kept of what a cell prints; the rest is dropped.
    answer_bytes: of one answer on its way to the referee.
    processes: threads, its own included; no process may be started at all.
    file_bytes, tmp_bytes, tmp_files: of one file, and of the private tmpfs.
    open_files: file descriptors.
    cpu_seconds: a backstop for the case that the supervisor itself is gone.
    forks: children that one function may use up before its calls are "died".
    """

    cells_seconds: float = 20.0
    memory_bytes: int = 2048 * MIB
    printed_bytes: int = 64 * 1024
    answer_bytes: int = MAX_FRAME
    processes: int = 32
    file_bytes: int = 64 * MIB
    tmp_bytes: int = 64 * MIB
    tmp_files: int = 4096
    open_files: int = 64
    cpu_seconds: int = 3600
    forks: int = 3
