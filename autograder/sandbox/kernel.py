"""Linux system calls that Python 3.11 has no function for, through the C library.

Each raises OSError with the call's name, so that a refusal names the layer
that is missing. Numbers and structures: the kernel's own headers.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38

# Calls younger than 5.1 have one number on every architecture.
_MOUNT_SETATTR = 442
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT_SELF = 446

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_CAPABILITY_VERSION_3 = 0x20080522


def _call(name: str, *arguments: Any) -> int:
    return _checked(name, getattr(_libc, name)(*arguments))


def _syscall(name: str, number: int, *arguments: Any) -> int:
    # Variadic: whatever is not a pointer must be passed as a whole word.
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(name, _libc.syscall(ctypes.c_long(number), *words))


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Move this process into new namespaces."""
    _call("unshare", flags)


def setns(fd: int, kind: int) -> None:
    """Join the namespace behind a descriptor."""
    _call("setns", fd, kind)


def prctl(option: int, value: int | ctypes.c_void_p, extra: Any = 0) -> None:
    """Change a property of this process."""
    words = [ctypes.c_ulong(v) if isinstance(v, int) else v for v in (value, extra)]
    zero = ctypes.c_ulong(0)
    _call("prctl", option, *words, zero, zero)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount a file system, or change how one is mounted."""
    texts = [text.encode() or None for text in (source, target, kind)]
    _call("mount", *texts, ctypes.c_ulong(flags), data.encode() or None)


def umount(target: str, flags: int) -> None:
    """Take a mount away."""
    _call("umount2", target.encode(), flags)


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root; the old root stays reachable as `old`."""
    _call("pivot_root", new.encode(), old.encode())


def restrict_mount(target: str, attributes: int, *, recursive: bool) -> None:
    """Set attributes of a mount, and of those below it."""
    wanted = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    flags = _AT_RECURSIVE if recursive else 0
    size = ctypes.sizeof(wanted)
    path = target.encode()
    _syscall("mount_setattr", _MOUNT_SETATTR, _AT_FDCWD, path, flags, wanted, size)


def drop_capabilities() -> None:
    """Give up every capability for good."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())


def landlock_abi() -> int:
    """The version of Landlock that this kernel offers; 0 is none."""
    try:
        return _syscall("landlock", _LANDLOCK_CREATE_RULESET, None, 0, 1)
    except OSError:
        return 0


def landlock_create(attributes: ctypes.Array[ctypes.c_uint64], size: int) -> int:
    """A new set of Landlock rules, as a descriptor."""
    name = "landlock_create_ruleset"
    return _syscall(name, _LANDLOCK_CREATE_RULESET, attributes, size, 0)


def landlock_allow(ruleset: int, rights: int, parent: int) -> None:
    """Allow rights on what lies below the descriptor `parent`."""
    # The kernel's structure is packed: eight bytes, then four.
    rule = ctypes.create_string_buffer(
        rights.to_bytes(8, "little") + parent.to_bytes(4, "little"), 12
    )
    _syscall("landlock_add_rule", _LANDLOCK_ADD_RULE, ruleset, 1, rule, 0)


def landlock_restrict(ruleset: int) -> None:
    """Apply a set of rules to this thread and all that it starts."""
    _syscall("landlock_restrict_self", _LANDLOCK_RESTRICT_SELF, ruleset, 0)
