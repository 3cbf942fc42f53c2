"""`make fuzz`: rubbish in large numbers, from a seed that is printed.

    python tests/fuzz [--frames 100000] [--notebooks 10000] [--graded 300]
                      [--seed N] [--only KIND:NUMBER]

A broken promise is printed with its kind and number; `--seed` and `--only`
try that one piece of rubbish again, with its traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

os.environ.setdefault("OMP_NUM_THREADS", "1")
TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rich.progress import track  # noqa: E402

from fuzz.tries import KINDS, Tries, made_tries  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description="Rubbish in large numbers.")
    for kind, usual in KINDS.items():
        parser.add_argument(f"--{kind}", type=int, default=usual)
    parser.add_argument("--seed", type=int, default=Random().getrandbits(32))
    parser.add_argument("--only", default="", metavar="KIND:NUMBER")
    arguments = vars(parser.parse_args())
    with tempfile.TemporaryDirectory() as folder, made_tries(Path(folder)) as tries:
        if arguments["only"]:
            kind, number = arguments["only"].split(":")
            print(tries.one(kind, arguments["seed"], int(number)))
            return
        print(f"seed {arguments['seed']}")
        broken = [_run(tries, k, arguments["seed"], arguments[k]) for k in KINDS]
    sys.exit(1 if any(broken) else 0)


def _run(tries: Tries, kind: str, seed: int, count: int) -> int:
    """Try so many of a kind; returns how many promises were broken."""
    came: Counter[str] = Counter()
    broken = 0
    for number in track(range(count), description=f"{kind:10}"):
        try:
            came[tries.one(kind, seed, number)] += 1
        except Exception as error:
            broken += 1
            print(f"--seed {seed} --only {kind}:{number}: {error!r:.300}")
    counts = ", ".join(f"{n} {what}" for what, n in came.most_common())
    print(f"{count} {kind}: {counts}; {broken} broken promises")
    return broken


if __name__ == "__main__":
    main()
