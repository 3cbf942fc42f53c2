"""Grading on workers of dask.distributed gives the same gradebook.

Takes about half a minute: a scheduler and four workers, each with a sandbox.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask
import pytest
import trustme
from course_folder import hand_in, make_course
from rows import rows

from autograder import catalogue
from autograder.errors import SetUpError, UsageError
from autograder.grading import ipynb
from autograder.grading.grade import grade
from autograder.sample.desk import desk_of

CHAPTER = "depthwise"
STUDENTS = 12
SETTING = "DASK_DISTRIBUTED__COMM__"


def free_port() -> int:
    """A port of the loopback interface that nobody listens to now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(host: str, port: int) -> None:
    """Until somebody listens, a minute at most."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection((host, port), timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < until, "the scheduler did not start"
            time.sleep(0.1)


@dataclass
class Cluster:
    """A scheduler and workers, each a process, as an administrator starts them."""

    address: str
    settings: dict[str, str]
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> None:
        """Run `dask scheduler` or `dask worker`; both end with this test."""
        command = [sys.executable, "-m", "dask", *words]
        environment = os.environ | self.settings | {"OMP_NUM_THREADS": "1"}
        log = (self.folder / "dask.log").open("ab")
        with log:
            self.processes.append(
                subprocess.Popen(
                    command, env=environment, cwd=self.folder, stdout=log, stderr=log
                )
            )

    def start_all(self, workers: int) -> None:
        """A scheduler and so many workers of one thread, without nannies: one
        that is killed does not come back."""
        port = self.address.rpartition(":")[2]
        common = ["--no-dashboard", "--protocol", self.address.partition(":")[0]]
        self.start("scheduler", "--host", "127.0.0.1", "--port", port, *common)
        wait_for("127.0.0.1", int(port))
        for _ in range(workers):
            few = ["--nthreads", "1", "--no-nanny", "--host", "127.0.0.1"]
            self.start("worker", self.address, *few, *common)

    def kill(self, numbers: range) -> None:
        """End workers as a power failure does."""
        for number in numbers:
            self.processes[1 + number].send_signal(signal.SIGKILL)

    def end(self) -> None:
        """End what still runs."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()


@contextmanager
def cluster(folder: Path, workers: int, **settings: str) -> Iterator[Cluster]:
    """A running cluster; with certificates among the settings, over TLS."""
    protocol = "tls" if settings else "tcp"
    made = Cluster(f"{protocol}://127.0.0.1:{free_port()}", settings, folder)
    try:
        made.start_all(workers)
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with a class of right, wrong and unreadable notebooks."""
    course = make_course(tmp_path_factory.mktemp("far"), [CHAPTER])
    desk = desk_of(course, catalogue.load(only=[CHAPTER]).chapter(CHAPTER))
    for number in range(STUDENTS):
        notebook = desk.right()
        cell = notebook.cells[desk.index(notebook, desk.names[0])]
        cell.source += f"\n# {number}"
        if number % 6 == 5:
            cell.source = f"def {desk.names[0]}(*args):\n    return {number}"
        data = ipynb.to_bytes(notebook) if number != 7 else b"no notebook"
        hand_in(course, f"s{number:02}", CHAPTER, data)
    return course


@pytest.fixture(scope="module")
def undisturbed(handed_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, graded by processes of this machine."""
    return graded(handed_in, tmp_path_factory.mktemp("here"))


def copied(handed_in: Path, folder: Path) -> Path:
    """A folder of one's own with the same submissions."""
    return Path(shutil.copytree(handed_in, folder / "course"))


def graded(handed_in: Path, folder: Path, **how: Any) -> Path:
    """Grade the class in a folder of its own."""
    course = copied(handed_in, folder)
    grade(course, [CHAPTER], jobs=1, **how)
    return course


def pages(course: Path) -> dict[str, bytes]:
    """Every feedback page, by its place."""
    room = course / "feedback"
    return {str(p.relative_to(room)): p.read_bytes() for p in room.rglob("*.html")}


def same(one: Path, other: Path) -> bool:
    """Whether two course folders hold the same grades and pages."""
    assert rows(one / "gradebook.db")["how many"][0][0] > 0
    assert rows(one / "gradebook.db") == rows(other / "gradebook.db")
    assert len(pages(one)) == STUDENTS
    return pages(one) == pages(other)


def test_two_of_four_workers_die(
    handed_in: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """A run over a scheduler that loses half of its workers in the middle ends
    with the gradebook and the pages of an undisturbed one."""
    course = copied(handed_in, tmp_path)
    with cluster(tmp_path, workers=4) as far:
        killed: list[float] = []

        def kill() -> None:
            while not list((course / "verdicts").rglob("*.json")):
                time.sleep(0.05)  # until the first results are here
            far.kill(range(2))
            killed.append(time.monotonic())

        threading.Thread(target=kill, daemon=True).start()
        grade(course, [CHAPTER], executor="dask", scheduler=far.address)
        alive = [process.poll() is None for process in far.processes]
    assert killed
    assert alive == [True, False, False, True, True]
    assert same(course, undisturbed)


def certificates(folder: Path) -> dict[str, str]:
    """Settings of dask for one authority and one certificate of it, for all."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    roles = ("SCHEDULER", "WORKER", "CLIENT")
    made = {f"{SETTING}TLS__{role}__CERT": "cert.pem" for role in roles}
    made |= {f"{SETTING}TLS__{role}__KEY": "key.pem" for role in roles}
    made |= {f"{SETTING}TLS__CA_FILE": "ca.pem"}
    made = {name: str(folder / file) for name, file in made.items()}
    return made | {f"{SETTING}REQUIRE_ENCRYPTION": "True"}


def test_connections_need_certificates_of_one_authority(
    handed_in: Path,
    undisturbed: Path,
    tmp_path: Path,
) -> None:
    """Over TLS, a grader with the authority's certificate gets the grades; one
    with a certificate of its own making, or with none, gets no connection."""
    good = certificates(tmp_path)
    strange = tmp_path / "strange"
    strange.mkdir()
    with cluster(tmp_path, 1, **good) as far:
        for settings in (good, certificates(strange), {}):
            with with_settings(settings, "30s" if settings is good else "3s"):
                how: Any = {"executor": "dask", "scheduler": far.address}
                if settings is good:
                    assert same(graded(handed_in, tmp_path / "a", **how), undisturbed)
                else:
                    course = copied(handed_in, tmp_path / str(len(settings)))
                    with pytest.raises(SetUpError, match="Reaching the dask"):
                        grade(course, [CHAPTER], **how)
                    assert not (course / "autograded").exists()


@contextmanager
def with_settings(settings: dict[str, str], patience: str) -> Iterator[None]:
    """Dask's configuration as a new process with these variables has it."""
    found: dict[str, object] = {"distributed.comm.timeouts.connect": patience}
    for name, value in settings.items():
        key = name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
        found[key] = value == "True" or value
    with dask.config.set(found):
        yield


def test_a_cluster_of_this_machine(
    handed_in: Path, undisturbed: Path, tmp_path: Path
) -> None:
    """Without an address, dask's workers are started here and end with the run."""
    assert same(graded(handed_in, tmp_path, executor="dask"), undisturbed)


def test_a_scheduler_that_is_not_there(handed_in: Path, tmp_path: Path) -> None:
    """An address where nobody listens, or that would not be used, is one message,
    and nothing is graded."""
    course = copied(handed_in, tmp_path)
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with with_settings({}, "1s"), pytest.raises(SetUpError, match=nobody):
        grade(course, [CHAPTER], executor="dask", scheduler=nobody)
    with pytest.raises(UsageError, match="--executor dask"):
        grade(course, [CHAPTER], scheduler=nobody)
    assert not (course / "autograded").exists()
