"""Put the public folder together, look for leaks in it, and publish it.

    python tools/publish.py --dry-run        _build/public, and nothing else
    python tools/publish.py --to CHECKOUT    also commit and push it there

CHECKOUT is a clone of the public repository, which holds nothing but what
was published: its files are replaced. The site and the bundle must be built.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from autograder.errors import CourseError, UsageError
from autograder.publishing.public import Published, assemble

ROOT = Path(__file__).parent.parent


def say(text: str) -> None:
    print(f"publish: {text}", flush=True)


def check_target(checkout: Path) -> None:
    """Refuse a folder that is no clone, or that holds this project itself."""
    if not (checkout / ".git").exists():
        raise UsageError(
            f"Publishing to {checkout}: it is no clone of a git repository. Clone the "
            "public repository there first."
        )
    if (checkout / "solutions").exists() or checkout.resolve() == ROOT.resolve():
        raise UsageError(
            f"Publishing to {checkout}: it has a folder 'solutions', so it is this "
            "project and not the public repository. Name another folder."
        )


def replace(checkout: Path, made: Published) -> None:
    """Make the clone's files those of the public folder."""
    for path in checkout.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(made.folder, checkout, dirs_exist_ok=True)


def push(checkout: Path) -> None:
    """Commit what changed, if anything did, and push it."""

    def git(*words: str, check: bool = True) -> int:
        return subprocess.run(["git", *words], cwd=checkout, check=check).returncode

    git("add", "--all")
    if git("diff", "--cached", "--quiet", check=False) == 0:
        say("nothing changed since it was published last")
        return
    name = ["-c", "user.name=publish", "-c", "user.email=publish@users.noreply.invalid"]
    # The private history stays private: no word of it in the message.
    git(*name, "commit", "--quiet", "--message", "Published")
    git("push", "--quiet", "origin", "HEAD")
    say("pushed")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--dry-run", action="store_true", help="publish nothing")
    way.add_argument("--to", type=Path, help="a clone of the public repository")
    options = parser.parse_args(arguments)
    if options.to:
        check_target(options.to)
    made = assemble(ROOT, say)
    say(f"{made.files} files, {made.size / 1e6:.0f} MB in {made.folder}; no leak found")
    for thing in made.missing:
        say(f"missing: {thing}")
    if options.to and made.missing:
        raise UsageError("Publishing: what is missing is named above. Add it first.")
    if options.to:
        replace(options.to, made)
        push(options.to)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CourseError as error:
        sys.exit(f"publish: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"publish: {error}; its reason stands above")
