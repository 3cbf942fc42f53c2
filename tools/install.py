"""Make .venv from requirements.lock, from nothing.

Run by make when the lock is newer than .venv. Only the standard library is
needed here.
"""

import re
import shutil
import subprocess
import sys
import venv
from compileall import compile_dir
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv"


def pip(*arguments: str) -> None:
    """Run the environment's own pip; stop with its words if it fails."""
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-qq"]
    subprocess.run([*command, "--disable-pip-version-check", *arguments], check=True)


def main() -> None:
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"Python 3.11 is needed, this is {found}: make PYTHON=python3.11")
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True, symlinks=True)
    pip("--no-compile", "-r", str(ROOT / "requirements.lock"))
    # pip would compile one file after the other, libraries' own tests among them.
    compile_dir(VENV / "lib", quiet=2, workers=0, rx=re.compile(r"/tests?/"))
    # The project itself, in place; its dependencies are the lock's.
    pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    # Where Python is told to write no bytecode, each process would compile this.
    for package in ("autograder", "convnets", "solutions"):
        compile_dir(ROOT / package, quiet=2, workers=0)
    (VENV / ".installed").touch()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"pip stopped with {error.returncode}; its reason stands above")
