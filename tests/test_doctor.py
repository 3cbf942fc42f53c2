"""`course doctor` as root and as an ordinary user, with and without namespaces.

Each run takes about five seconds of processor time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder import cli, sandbox
from autograder.catalogue import ROOT
from autograder.sandbox import LayerReport, Level, diagnosis
from autograder.sandbox.diagnosis import PROTECTS

NOBODY = 65534
DOCTOR = "from autograder.cli import main; main()"
# Refuses what a container refuses by default, then does the same.
CONTAINED = f"""\
import errno
import pyseccomp
rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
for name in ("unshare", "mount", "pivot_root", "setns"):
    rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
rules.load()
{DOCTOR}"""


def as_ordinary_user(program: str, *words: str, home: Path) -> list[Any]:
    """What `course doctor --json` says to somebody who is not root."""
    command = [sys.executable, "-W", "ignore", "-c", program, "doctor", *words]
    if os.geteuid() == 0:
        nobody = f"--reuid={NOBODY} --regid={NOBODY} --clear-groups".split()
        command = [*opened(home), str(which("setpriv")), *nobody, *command]
    found = subprocess.run(
        command,
        env={"PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "OMP_NUM_THREADS": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode in (0, 1), found.stderr
    reports: list[Any] = json.loads(found.stdout)
    return reports


def opened(home: Path) -> list[str]:
    """The start of a command that needs what lies in closed folders: they are
    replaced by open ones, for that command alone."""
    needed = {Path(path).resolve() for path in (sys.base_prefix, sys.prefix, ROOT)}
    closed = {path: _closed(path) for path in sorted(needed) if _closed(path)}
    if not closed:
        return []
    lines = []
    for number, path in enumerate(closed):
        hold = home / str(number)
        hold.mkdir()
        lines.append(f"mount --bind '{path}' '{hold}'")
    for folder in set(closed.values()):
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs '{folder}'")
    for number, path in enumerate(closed):
        lines.append(f"mkdir -p '{path}'; mount --bind '{home / str(number)}' '{path}'")
    script = "\n".join([*lines, 'exec "$@"'])
    return [str(which("unshare")), "--mount", "sh", "-c", script, "sh"]


def _closed(path: Path) -> Path | None:
    """The outermost folder above a path that others may not enter."""
    return next((p for p in reversed(path.parents) if not p.stat().st_mode & 1), None)


def missing(reports: Sequence[Any]) -> set[str]:
    """The names of what does not hold."""
    return {report["name"] for report in reports if not report["holds"]}


def test_an_ordinary_user_has_the_strongest_level(tmp_path: Path) -> None:
    """Without root and without Docker every layer holds and every attack is
    repelled, where the kernel lets users have namespaces."""
    reports = as_ordinary_user(DOCTOR, "--json", home=tmp_path)
    assert missing(reports) == set()
    assert sum(report["name"].startswith("attack") for report in reports) >= 10


def test_a_container_that_refuses_is_told_what_to_allow(tmp_path: Path) -> None:
    """Where namespaces are refused, each missing layer says why and what to set, and
    the level below is attacked and holds."""
    reports = as_ordinary_user(CONTAINED, "--json", home=tmp_path)
    names = "user mount pid network ipc uts".split()
    assert missing(reports) == {f"{name} namespace" for name in names}
    for report in reports:
        if not report["holds"]:
            assert "unshare" in report["missing"]
            assert "--security-opt" in report["remedy"]
    attacks = [r for r in reports if r["name"].startswith("attack")]
    assert {attack["level"] for attack in attacks} == {"confined"}


def reports(*bad: Level) -> list[LayerReport]:
    """A layer of each level, of which some are missing."""
    return [
        LayerReport(
            f"layer of {level.name}",
            level,
            level not in bad,
            "something",
            "it is not there" if level in bad else "",
            "Install it." if level in bad else "",
        )
        for level in Level
    ]


@pytest.mark.parametrize(
    ("bad", "last"),
    [
        ((), "the strongest"),
        ((Level.ISOLATED,), "`course grade --level confined` would run"),
        ((Level.CONFINED,), "`course grade --level process` would run"),
        (tuple(Level), "cannot be graded on this machine"),
    ],
)
def test_each_level_says_what_it_protects_from(bad: tuple[Level], last: str) -> None:
    """Every level is there with what it is for; what is missing has a reason and a
    remedy; the last line says at which level grading would run."""
    lines = list(diagnosis(reports(*bad)))
    text = "\n".join(lines)
    assert all(words in text for words in PROTECTS.values())
    assert text.count("it is not there") == text.count("Install it.") == len(bad)
    assert last in lines[-1]


def test_the_command_prints_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit status says whether all layers hold."""
    for bad, status in (((), 0), ((Level.ISOLATED,), 1)):
        monkeypatch.setattr(sandbox, "probe", lambda bad=bad: reports(*bad))
        result = CliRunner().invoke(cli.app, ["doctor"])
        assert result.exit_code == status
        assert f"isolated {'does not hold' if bad else 'holds'}" in result.output
