"""The start-up self-test: what holds on this machine, tried out.

Each layer is asked for in a throw-away process, then a child of the highest
level that could be had is attacked from inside, by code like a student's.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import SetUpError
from autograder.sandbox.attacks import ATTACKS, Attack
from autograder.sandbox.level import Level
from autograder.sandbox.program import Cell, Program
from autograder.sandbox.supervisor import Sandbox
from convnets.answers import Call


@dataclass(frozen=True)
class LayerReport:
    """Whether one layer holds here, or one attack was repelled.

    level: the level that needs it. missing: what was refused, or what the
    attack got; empty where it holds. remedy: how to get it.
    """

    name: str
    level: Level
    holds: bool
    protects: str
    missing: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class _Layer:
    name: str
    level: Level
    protects: str
    remedy: str
    attempt: Callable[[], None]  # raises where it cannot be had


def _attempt_landlock() -> None:
    from autograder.sandbox import kernel

    if not kernel.landlock_abi():
        raise OSError("this kernel has no Landlock")


def _attempt_filter() -> None:
    from autograder.sandbox import kernel, seccomp

    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    seccomp.install(seccomp.compile_filter())


def _attempt_namespace(name: str) -> None:
    from autograder.sandbox import kernel

    flags = kernel.CLONE_NEWUSER if os.geteuid() else 0
    kernel.unshare(flags | getattr(kernel, f"CLONE_NEW{name}"))


def _attempt_user() -> None:
    from autograder.sandbox import kernel
    from autograder.sandbox.namespaces import become_nobody

    # As the child will do it: not as root.
    become_nobody()
    kernel.unshare(kernel.CLONE_NEWUSER)


_NAMESPACES = (
    "Run on Linux 5.12 or later. In a container, allow `unshare` and `mount` "
    "(Docker: --security-opt seccomp=unconfined --security-opt "
    "apparmor=unconfined --cap-add SYS_ADMIN). Where the kernel refuses "
    "ordinary users: sysctl user.max_user_namespaces=10000, on Ubuntu also "
    "kernel.apparmor_restrict_unprivileged_userns=0."
)
_LAYERS = (
    _Layer(
        "process",
        Level.PROCESS,
        "limits on memory, time, threads and files; no environment",
        "Grade on Linux, in a virtual machine or a container elsewhere.",
        lambda: None,
    ),
    _Layer(
        "landlock",
        Level.CONFINED,
        "files outside the libraries, signals and TCP",
        "Boot Linux 5.13 or later with `landlock` in the kernel's lsm= list.",
        _attempt_landlock,
    ),
    _Layer(
        "seccomp",
        Level.CONFINED,
        "starting processes, sockets, tracing, mounting",
        "Install libseccomp2 (Debian: apt install libseccomp2).",
        _attempt_filter,
    ),
    _Layer(
        "user namespace",
        Level.ISOLATED,
        "the privileges of the user who grades",
        _NAMESPACES,
        _attempt_user,
    ),
    *(
        _Layer(
            f"{name} namespace",
            Level.ISOLATED,
            protects,
            _NAMESPACES,
            functools.partial(_attempt_namespace, flag),
        )
        for name, flag, protects in (
            ("mount", "NS", "the file tree: only libraries and a private home"),
            ("pid", "PID", "other processes; ends all that a submission started"),
            ("network", "NET", "every network, loopback included"),
            ("ipc", "IPC", "shared memory and message queues"),
            ("uts", "UTS", "the name of the machine"),
        )
    ),
)


def probe() -> list[LayerReport]:
    """Try every layer, then attack the highest level that can be had.

    Where an attack gets through, the next lower level is attacked as well.
    Takes a few seconds: a zygote is started. Never raises.
    """
    if sys.platform != "linux":
        missing = f"this is {sys.platform}"
        return [_report(layer, missing) for layer in _LAYERS]
    reports = [_report(layer, _refused(layer.attempt)) for layer in _LAYERS]
    for level in sorted(Level, reverse=True):
        if _holds(level, reports):
            reports += _attack(level)
            if _holds(level, reports):
                break
    return reports


def _holds(level: Level, reports: list[LayerReport]) -> bool:
    return all(report.holds for report in reports if report.level <= level)


def level_that_holds(reports: list[LayerReport] | None = None) -> Level:
    """The highest level of which every layer and attack report is good.

    reports: of a probe made before. Raises SetUpError where there is none.
    """
    reports = probe() if reports is None else reports
    for level in sorted(Level, reverse=True):
        if _holds(level, reports):
            return level
    bad = next(report for report in reports if not report.holds)
    raise SetUpError(
        f"Looking for a level of isolation: {bad.name}: {bad.missing}. {bad.remedy}"
    )


def _report(layer: _Layer, missing: str) -> LayerReport:
    return LayerReport(
        layer.name,
        layer.level,
        not missing,
        layer.protects,
        missing,
        layer.remedy if missing else "",
    )


def _refused(attempt: Callable[[], None]) -> str:
    """Why an attempt fails in a process of its own; empty where it does not."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except BaseException as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode()[:2000])
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    return said or (f"it ended with status {status}" if status else "")


def _attack(level: Level) -> list[LayerReport]:
    """Run every attack that a level promises to repel, in one child of it."""
    try:
        with Sandbox(level) as sandbox, _targets() as targets:
            return [
                _attempt_attack(sandbox, attack, level, targets)
                for attack in ATTACKS
                if attack.level <= level
            ]
    except SetUpError as error:
        return [LayerReport("sandbox", level, False, "all of it", str(error))]


def _attempt_attack(
    sandbox: Sandbox, attack: Attack, level: Level, targets: dict[str, str | int]
) -> LayerReport:
    program = Program((Cell("attack", attack.source, ("attack",)),))
    with sandbox.open(program) as session:
        answer = session.call("attack", Call((targets,)), seconds=10)
    if answer.kind == "returned":
        missing = "" if answer.value is None else f"it got {str(answer.value)[:200]}"
    else:
        missing = f"the attack could not be tried: {answer.kind} {answer.message}"
    return LayerReport(
        f"attack: {attack.name}", level, not missing, attack.protects, missing
    )


@contextlib.contextmanager
def _targets() -> Iterator[dict[str, str | int]]:
    """Things worth attacking: a file, a listening socket, a process."""
    with (
        tempfile.NamedTemporaryFile("w", prefix="secret-") as secret,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        secret.write("secret")
        secret.flush()
        Path(secret.name).chmod(0o666)  # so that not its mode protects it
        yield {
            "file": secret.name,
            "folder": tempfile.gettempdir(),
            "port": server.getsockname()[1],
            "pid": os.getpid(),
        }
