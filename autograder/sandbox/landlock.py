"""Landlock: what a process may open, whoever it runs as.

Everything that the running kernel can control is controlled; only the paths
given here are let through.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable

from autograder.sandbox import kernel

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE = 1 << 14
READ = READ_FILE | READ_DIR
# Remove, make folders, files, pipes and links; no devices, no sockets.
CHANGE = sum(1 << bit for bit in (4, 5, 7, 8, 10, 12, 13))
WRITE = READ | WRITE_FILE | TRUNCATE | CHANGE
_FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

# File-system rights known to each version of the interface.
_RIGHTS_SINCE = ((5, 16), (3, 15), (2, 14), (1, 13))
_NETWORK = 0b11  # bind and connect TCP, since 4
_SCOPES = 0b11  # abstract Unix sockets and signals, since 6


def restrict(readable: Iterable[str], writable: Iterable[str]) -> None:
    """Let this process open only what lies below these paths.

    Paths that do not exist or cannot be reached are left out. Raises OSError
    where the kernel has no Landlock.
    """
    abi = kernel.landlock_abi()
    if not abi:
        raise OSError("landlock_create_ruleset: this kernel has no Landlock")
    handled = (1 << next(n for since, n in _RIGHTS_SINCE if abi >= since)) - 1
    attributes = (ctypes.c_uint64 * 3)(handled, _NETWORK, _SCOPES)
    known = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = kernel.landlock_create(attributes, known)
    for paths, rights in ((readable, READ), (writable, WRITE)):
        for path in paths:
            _allow(ruleset, path, rights & handled)
    kernel.landlock_restrict(ruleset)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        folder = stat.S_ISDIR(os.fstat(fd).st_mode)
        kernel.landlock_allow(ruleset, rights if folder else rights & _FILE_RIGHTS, fd)
    finally:
        os.close(fd)
