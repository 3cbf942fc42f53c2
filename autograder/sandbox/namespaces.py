"""Namespaces: a root with nothing in it but libraries, and nobody else around.

The zygote moves into a jail once, after its imports: an empty root with the
library folders bound read-only, no /proc, no /sys, no home. Every child then
gets namespaces of its own and a private tmpfs as its home.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from autograder.sandbox import kernel

NOBODY = 65534
HOME = "/student"  # the private tmpfs; not /tmp, where the course may lie
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
# What the C library reads when a shared library is loaded late.
SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)

_CHILD = (
    kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWNS
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
)
_ZYGOTE = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID


def become_nobody() -> None:
    """Give up root: user and group 65534, no other groups, no capabilities.

    For anyone but root this does nothing.
    """
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # A change of user makes /proc/self unreadable, and the maps are there.
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


class Jail:
    """What the zygote keeps: ways back to /proc and to its own pid namespace."""

    def __init__(self, folders: Iterable[str]) -> None:
        """Move this process into the jail. It must have one thread.

        Forks: the caller goes on as process 1 of a new pid namespace, and the
        process that it was only waits for it. Raises OSError, which names the
        call that was refused.
        """
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
        if os.geteuid() == 0:
            # As root the folders can be reached even below a closed home.
            kernel.unshare(kernel.CLONE_NEWNS)
            _enter_root(folders)
            become_nobody()
            self._enter_user_namespace(_ZYGOTE)
        else:
            self._enter_user_namespace(_ZYGOTE)
            _enter_root(folders)
        _become_first_process()
        self._pids = os.open("self/ns/pid", os.O_RDONLY, dir_fd=self._proc)

    def _enter_user_namespace(self, flags: int) -> None:
        user, group = os.geteuid(), os.getegid()
        kernel.unshare(flags)
        for name, text in (
            ("uid_map", f"{NOBODY} {user} 1"),
            ("setgroups", "deny"),
            ("gid_map", f"{NOBODY} {group} 1"),
        ):
            fd = os.open(f"self/{name}", os.O_WRONLY, dir_fd=self._proc)
            os.write(fd, text.encode())
            os.close(fd)

    def fork(self) -> int:
        """Fork a child that is process 1 of a pid namespace of its own."""
        kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
        if pid:
            # A second pid namespace can only be made from one's own.
            kernel.setns(self._pids, kernel.CLONE_NEWPID)
        return pid

    def isolate(self, tmp_bytes: int, tmp_files: int) -> None:
        """In a child: namespaces of its own and a private tmpfs as home."""
        self._enter_user_namespace(_CHILD)
        kernel.mount(
            "tmpfs",
            HOME,
            "tmpfs",
            kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC,
            f"size={tmp_bytes},nr_inodes={tmp_files},mode=700",
        )


def _enter_root(folders: Iterable[str]) -> None:
    """Replace / by an empty tmpfs with the folders bound read-only."""
    kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", "/tmp", "tmpfs", flags, "size=1m,mode=755")
    os.mkdir("/tmp/.old")
    kernel.pivot_root("/tmp", "/tmp/.old")
    os.chdir("/")
    read_only = kernel.MOUNT_ATTR_RDONLY | kernel.MOUNT_ATTR_NOSUID
    for folder in _outermost(folders):
        _bind(folder, read_only | kernel.MOUNT_ATTR_NODEV)
    for device in DEVICES:
        _bind(device, read_only)
    os.mkdir(HOME)
    if not os.path.exists("/tmp"):
        os.symlink(HOME, "/tmp")
    kernel.umount("/.old", kernel.MNT_DETACH)
    os.rmdir("/.old")
    kernel.restrict_mount("/", kernel.MOUNT_ATTR_RDONLY, recursive=False)


def _bind(path: str, attributes: int) -> None:
    source = Path("/.old" + path)
    target = Path(path)
    if source.is_symlink():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.readlink(source))
        return
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    else:
        return
    kernel.mount(str(source), path, "", kernel.MS_BIND | kernel.MS_REC)
    kernel.restrict_mount(path, attributes, recursive=True)


def _outermost(folders: Iterable[str]) -> list[str]:
    """The folders that lie in no other of them."""
    found: list[str] = []
    for folder in sorted(set(folders)):
        if not any(Path(folder).is_relative_to(outer) for outer in found):
            found.append(folder)
    return found


def _become_first_process() -> None:
    """Go on as process 1 of the pid namespace made before.

    When either process ends, the kernel ends the other and all that they
    started.
    """
    pid = os.fork()
    if pid:
        os.closerange(3, 1024)
        _, status = os.waitpid(pid, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 9)
