"""`make test`: everything that CI runs, in order, the quick things first.

    python tools/check.py [arguments for pytest]

Stops at the first step that fails, with that step's status.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chromium import found

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
BUNDLE = "_build/student/convnets-by-hand"

STEPS = (
    ("lock", ["python", "tools/lock.py", "--check"]),
    ("lint", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("spelling", ["codespell"]),
    ("types", ["mypy"]),
    ("site", ["course", "site"]),
    ("release", ["course", "release"]),
    ("bundle", ["python", "tools/try_bundle.py", BUNDLE, "--references"]),
)


def run(name: str, command: list[str]) -> None:
    """Run one step of ours and say how long it took."""
    print(f"== {name}: {' '.join(command)}", flush=True)
    start = time.monotonic()
    program = [str(BIN / command[0]), *command[1:]]
    # nbgrader calls alembic by name.
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    status = subprocess.run(program, cwd=ROOT, env=os.environ | {"PATH": path})
    print(f"== {name}: {time.monotonic() - start:.0f} s", flush=True)
    if status.returncode:
        sys.exit(status.returncode)


def chromium() -> None:
    """See that there is a Chromium for the browser tests; install one if root."""
    if found():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("== installing Debian's chromium", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=True)
        return
    done = subprocess.run([str(BIN / "playwright"), "install", "chromium"])
    if done.returncode:
        sys.exit(
            "The browser tests need Chromium, and none was found or could be "
            "installed. Install it with your system's packages (Debian: apt-get "
            "install chromium), then run make test again."
        )


def main() -> None:
    chromium()
    for name, command in STEPS:
        run(name, command)
    # One more than processors: much of the time, tests wait for limits to be reached.
    workers = str((os.cpu_count() or 1) + 1)
    # In the order of tests/conftest.py.
    share = ["-n", workers, "--dist", "loadgroup", "--no-loadscope-reorder"]
    run("tests", ["pytest", *share, *sys.argv[1:]])


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}; its reason stands above")
