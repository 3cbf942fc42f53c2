"""Stock nbgrader and otter-grader on the same submissions, for `tools/bench.py`."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from costs import Cost, run

OTTER = "otter-grader==7.0.0"
# An exercise as otter tests it: the public cases that `check` tries.
OTTER_TEST = '''\
OK_FORMAT = True
test = {{"name": "{name}", "points": {points}, "suites": [{{
    "cases": [{{"code": r"""
>>> from convnets.practice import outcome
>>> _, passed, cases = outcome("{name}", {name})
>>> passed == cases
True
""", "hidden": False, "locked": False}}],
    "scored": True, "setup": "", "teardown": "", "type": "doctest"}}]}}
'''


def stock(course: Path, chapter: str, count: int) -> Cost:
    """nbgrader with its own settings, in a copy of the course folder."""
    config = course / "nbgrader_config.py"
    config.write_text('c = get_config()\nc.CourseDirectory.course_id = "stock"\n')
    shutil.rmtree(course / "autograded", ignore_errors=True)
    nbgrader = [sys.executable, "-m", "nbgrader"]
    costs = [
        run("stock nbgrader", count, [*nbgrader, verb, chapter], course)
        for verb in ("autograde", "generate_feedback")
    ]
    seconds = sum(cost.seconds for cost in costs)
    cpu = sum(cost.cpu for cost in costs)
    return Cost("stock nbgrader", count, seconds, cpu, max(c.peak for c in costs))


def otter_program(folder: Path, release: Path) -> Path | None:
    """otter-grader in an environment of its own, or None, with a message.

    NumPy, torch and the students' package it finds in ours and in the release.
    """
    program = folder / "venv" / "bin" / "otter"
    if not program.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder / "venv", with_pip=True, symlinks=True)
        pip = [str(program.with_name("pip")), "install", "-qq"]
        done = subprocess.run([*pip, "--disable-pip-version-check", OTTER])
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            print(f"otter-grader is left out: {OTTER} could not be installed")
            return None
    (own,) = (folder / "venv" / "lib").glob("*/site-packages")
    (ours,) = (Path(sys.executable).parent.parent / "lib").glob("*/site-packages")
    (own / "bench.pth").write_text(f"{release}\n{ours}\n")
    return program


def otter(
    program: Path, submissions: list[Path], points: dict[str, int], folder: Path
) -> Cost:
    """`otter run` on each submission, with a test for each exercise."""
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / "autograder.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("otter_config.json", "{}")
        for name, most in points.items():
            text = OTTER_TEST.format(name=name, points=most)
            archive.writestr(f"tests/{name}.py", text)
    total = Cost("otter-grader", len(submissions))
    results = folder / "results.json"
    for submission in submissions:
        command = [str(program), "run", "-a", str(packed), "-o", str(folder)]
        command += ["--no-logo", str(submission)]
        one = run("otter", 1, command, folder, PYTHONPATH="")
        total.seconds += one.seconds
        total.cpu += one.cpu
        total.peak = max(total.peak, one.peak)
        if "failed" in (said := results.read_text()):
            sys.exit(f"otter-grader found a right answer wrong:\n{said[:2000]}")
    return total
