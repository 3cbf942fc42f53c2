"""Debian's PostgreSQL on loopback, in a temporary folder, as an ordinary user."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import create_engine

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


@dataclass
class Server:
    """A PostgreSQL server of our own, which can be stopped and started."""

    folder: Path
    port: int
    user: int | None  # whom it runs as, where the tests are root

    def run(self, program: str, *words: str) -> None:
        """Run one of its programs and see that it went well."""
        done = subprocess.run(
            [str(PROGRAMS[-1].with_name(program)), "-D", str(self.folder), *words],
            user=self.user,
            cwd=self.folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )
        assert done.returncode == 0, f"{program} {words} ended with {done.returncode}"

    def start(self) -> None:
        """Start it and wait until it answers; it listens on loopback alone."""
        sockets = f"-k {self.folder.parent} -h 127.0.0.1 -p {self.port}"
        quick = "-c fsync=off"
        self.run("pg_ctl", "-w", "-o", f"{sockets} {quick}", "start")

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        self.run("pg_ctl", "-w", "-m", "immediate", "stop")

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for a superuser that needs no password."""
        return f"postgresql+psycopg://grader@127.0.0.1:{self.port}/{database}"

    def fresh(self, database: str, like: str = "template1") -> str:
        """A new database, empty or with what another one holds."""
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {database} template {like}")
        engine.dispose()
        return self.url(database)


@contextmanager
def running() -> Iterator[Server]:
    """A new server; needs Debian's package `postgresql`."""
    place = Path(mkdtemp(prefix="postgres-"))
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root
        user = pwd.getpwnam("postgres").pw_uid
        os.chown(place, user, -1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = Server(place / "data", probe.getsockname()[1], user)
    try:
        made.run("initdb", "--no-sync", "-U", "grader", "-A", "trust", "-E", "UTF8")
        made.start()
        yield made
        made.stop()
    finally:
        shutil.rmtree(place, ignore_errors=True)
