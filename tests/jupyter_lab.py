"""A real JupyterLab for browser tests, with a home of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

WAIT = 60_000  # milliseconds, for a machine that is busy with other things
OPTIONS = (
    "--no-browser --allow-root --ServerApp.ip=127.0.0.1 --ServerApp.port_retries=0 "
    "--IdentityProvider.token= --LabApp.extension_manager=readonly "
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate "
    "--LabApp.expose_app_in_browser=True"
).split()
# By default JupyterLab builds a cell when it comes into view; the tests look at all.
WHOLE = {"windowingMode": "none"}
QUIET = {"fetchNews": "false", "checkForUpdates": False}


@contextmanager
def jupyter_lab(folder: Path, home: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves a folder.

    home: a folder for its settings; pages reach its commands as `jupyterapp`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    places = {
        f"JUPYTER_{name}_DIR": str(home / name)
        for name in ("CONFIG", "DATA", "RUNTIME")
    }
    settings = home / "CONFIG" / "lab" / "user-settings" / "@jupyterlab"
    for name, content in (
        ("notebook-extension/tracker", WHOLE),
        ("apputils-extension/notification", QUIET),
    ):
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    with (home / "log").open("w+") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--ServerApp.port={port}"],
            cwd=folder,
            env=os.environ | places | {"HOME": str(home), "PATH": programs},
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api", server, home / "log")
            yield address
        finally:
            server.terminate()  # it ends the kernels that it started
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log when it does not."""
    end = time.monotonic() + WAIT / 1000
    while server.poll() is None and time.monotonic() < end:
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")
