"""What a process and all that it started cost, for `tools/bench.py`."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

COURSE = [sys.executable, "-c", "from autograder.cli import main; main()"]


@dataclass
class Cost:
    """What grading some submissions took. peak: MiB of the largest process."""

    name: str
    count: int
    seconds: float = 0.0
    cpu: float = 0.0
    peak: float = 0.0

    @property
    def each(self) -> float:
        """Seconds by the clock for one submission."""
        return self.seconds / self.count

    @property
    def cpu_each(self) -> float:
        """Processor seconds for one submission."""
        return self.cpu / self.count


def run(name: str, count: int, command: Sequence[str], cwd: Path, **more: str) -> Cost:
    """Run a command; stop with its words when it fails.

    Processor time is that of the process and of everything that it waited for.
    Memory is looked at five times a second: the kernel's own peak begins with that
    of whoever started the process.
    """
    programs = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": programs, "OMP_NUM_THREADS": "1"} | more
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=said, stderr=said
        )
        ended, peaks = threading.Event(), [0.0]
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, peaks))
        watcher.start()
        _, status, used = os.wait4(process.pid, 0)
        ended.set()
        watcher.join()
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            words = said.read().decode("utf-8", "replace")[-2000:]
            sys.exit(f"{name}: {' '.join(command)} failed:\n{words}")
    cpu = used.ru_utime + used.ru_stime
    return Cost(name, count, seconds, cpu, max(peaks))


def memory(process: psutil.Process) -> float:
    """MiB that are resident; nothing of a process that has ended."""
    try:
        return float(process.memory_info().rss) / (1 << 20)
    except psutil.Error:
        return 0.0


def _watch(pid: int, ended: threading.Event, peaks: list[float]) -> None:
    while not ended.wait(0.2):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            peaks.append(max(map(memory, family)))


def table(costs: Sequence[Cost], base: Cost) -> str:
    """A row a way of grading; the ratio is to `base`, by the clock."""
    rows = [
        "way                     n   each a s   s each  CPU s each  peak MiB  "
        f"times {base.name}"
    ]
    rows += [
        f"{c.name:20}{c.count:5}{1 / c.each:11.2f}{c.each:9.3f}{c.cpu_each:12.3f}"
        f"{c.peak:10.0f}{base.each / c.each:13.1f}"
        for c in costs
    ]
    return "\n".join(rows)
