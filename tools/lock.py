"""Resolve the dependency groups of pyproject.toml into requirements.lock.

    python tools/lock.py            write the lock
    python tools/lock.py --check    exit 1 if pyproject.toml changed since

pip resolves, because pip finds a CPU build of torch that lies on a machine;
the lock keeps names and versions only, so that it names no registry and no
file of the machine that made it. docs/decisions/lock.md says more.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"


def groups() -> dict[str, list[str]]:
    """The dependency groups, as pyproject.toml declares them."""
    text = (ROOT / "pyproject.toml").read_text()
    return tomllib.loads(text)["dependency-groups"]


def digest() -> str:
    """What the lock depends on, in twelve characters."""
    text = json.dumps(groups(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def resolve() -> list[str]:
    """Ask pip which versions it would install, without installing."""
    options = "--dry-run -qq --progress-bar off --ignore-installed --report -".split()
    wanted = [requirement for group in groups().values() for requirement in group]
    report = subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "setuptools>=77", *wanted],
        check=True,
        stdout=subprocess.PIPE,
    )
    pins = []
    for item in json.loads(report.stdout)["install"]:
        meta = item["metadata"]
        # "2.13.0+cpu" is a local build; others get theirs by the public version
        version = meta["version"].split("+")[0]
        pins.append(f"{meta['name'].lower()}=={version}")
    return sorted(pins)


def main() -> int:
    if "--check" in sys.argv:
        fresh = LOCK.exists() and digest() in LOCK.read_text().split("\n", 1)[0]
        if not fresh:
            print("requirements.lock is older than pyproject.toml: make lock")
        return 0 if fresh else 1
    head = f"# groups {digest()} - made by `make lock`, do not edit\n"
    LOCK.write_text(head + "\n".join(resolve()) + "\n")
    print(f"wrote {LOCK.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
