"""What the self-test tries from inside: one small program an attack.

Each defines `attack(targets)`, which returns None when it was repelled and
otherwise what it got. targets: file, folder, port, pid.
"""

from __future__ import annotations

from dataclasses import dataclass

from autograder.sandbox.level import Level


@dataclass(frozen=True)
class Attack:
    """level: the lowest at which it must be repelled."""

    name: str
    level: Level
    protects: str
    source: str


ATTACKS = (
    Attack(
        "read a file",
        Level.CONFINED,
        "references, seeds, other submissions",
        """
def attack(targets):
    try:
        return open(targets["file"]).read()
    except OSError:
        return None
""",
    ),
    Attack(
        "write a file",
        Level.PROCESS,
        "the machine's disk",
        """
def attack(targets):
    import os
    home = os.environ["HOME"]  # its own tmpfs
    for folder in (targets["folder"], "/var/tmp", "/dev/shm", "/"):
        path = os.path.join(folder, "left-behind")
        if os.path.realpath(folder) == home:
            continue
        try:
            with open(path, "w") as file:
                file.write("something")
        except OSError:
            continue
        finally:
            if os.path.exists(path):
                os.remove(path)
        return path
""",
    ),
    Attack(
        "open a socket",
        Level.CONFINED,
        "networks and local services",
        """
def attack(targets):
    import socket
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            try:
                socket.socket(family, kind)
            except OSError:
                continue
            return f"a socket of {family}, {kind}"
""",
    ),
    Attack(
        "start a process",
        Level.CONFINED,
        "what runs after the submission has been graded",
        """
def attack(targets):
    import os
    for start in (os.fork, lambda: os.posix_spawn("/bin/true", ["true"], {})):
        try:
            pid = start()
        except OSError:
            continue
        if pid == 0:
            os._exit(0)
        return "a process"
""",
    ),
    Attack(
        "signal the grader",
        Level.CONFINED,
        "the grader and other submissions",
        """
def attack(targets):
    import os
    for pid in (targets["pid"], os.getppid(), -1):
        try:
            os.kill(pid, 0)
        except OSError:
            continue
        return f"process {pid}"
""",
    ),
    Attack(
        "read the grader's memory",
        Level.CONFINED,
        "everything that the grader knows",
        """
def attack(targets):
    import ctypes, os
    libc = ctypes.CDLL(None)
    for pid in (targets["pid"], os.getppid()):
        try:
            return open(f"/proc/{pid}/mem", "rb").name
        except OSError:
            pass
        if libc.ptrace(16, pid, None, None) == 0:
            return f"traced process {pid}"
""",
    ),
    Attack(
        "see other processes",
        Level.CONFINED,
        "names and arguments of what else runs here",
        """
def attack(targets):
    import os
    try:
        return os.listdir("/proc")
    except OSError:
        return None
""",
    ),
    Attack(
        "gain privileges",
        Level.CONFINED,
        "the machine",
        """
def attack(targets):
    import ctypes, os
    libc = ctypes.CDLL(None)
    if libc.unshare(0x10000000) == 0:
        return "a user namespace"
    if libc.mount(b"proc", b"/student", b"proc", 0, None) == 0:
        return "a mount"
    try:
        os.setuid(0)
    except OSError:
        return None
    return "root"
""",
    ),
    Attack(
        "read the environment",
        Level.PROCESS,
        "tokens and paths in environment variables",
        """
def attack(targets):
    import os
    known = {"HOME", "TMPDIR", "MPLCONFIGDIR", "USER", "LANG"}
    return {k: v for k, v in os.environ.items() if k not in known} or None
""",
    ),
    Attack(
        "use open descriptors",
        Level.PROCESS,
        "files and sockets of the grader",
        """
def attack(targets):
    import os
    found = []
    for fd in range(4, 1024):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found or None
""",
    ),
)
