"""`make faults`: SIGKILL at 50 moments of a run over 200 submissions.

python tests/faults [--submissions 200] [--kills 50] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

os.environ.setdefault("OMP_NUM_THREADS", "1")
TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from faults.killed import finish, killed, make_class, start  # noqa: E402


def said(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the grader, many times.")
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=Random().getrandbits(32))
    options = parser.parse_args()
    said(f"seed {options.seed}")
    random = Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        course = make_class(Path(folder), options.submissions, random)
        calm = Path(shutil.copytree(course, Path(folder) / "calm"))
        began = time.monotonic()
        finish(start(calm))
        seconds = time.monotonic() - began
        said(f"undisturbed: {seconds:.1f} s")
        outcome = killed(course, calm, seconds, options.kills, random, said)
    print(outcome)
    sys.exit(0 if outcome.good else 1)


if __name__ == "__main__":
    main()
