"""The levels of isolation, the self-test, and machines where they do not hold."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import SetUpError
from autograder.sandbox import (
    Cell,
    LayerReport,
    Level,
    Program,
    Sandbox,
    level_that_holds,
    probe,
    process,
    supervisor,
)
from autograder.sandbox.attacks import ATTACKS
from autograder.sandbox.probe import _attempt_attack, _refused, _targets
from convnets.answers import Call


@pytest.fixture(scope="module")
def weakest() -> Iterator[Sandbox]:
    """A sandbox of the lowest level."""
    with Sandbox(Level.PROCESS) as sandbox:
        yield sandbox


def test_what_holds_here_is_attacked() -> None:
    """Every layer holds, every attack is repelled, at the highest level."""
    reports = probe()
    assert [report for report in reports if not report.holds] == []
    attacks = [report for report in reports if report.name.startswith("attack")]
    assert len(attacks) == len(ATTACKS)
    assert {report.level for report in attacks} == {Level.ISOLATED}


@pytest.mark.parametrize(
    "name", ["read a file", "open a socket", "start a process", "see other processes"]
)
def test_the_attacks_work_where_nothing_stops_them(weakest: Sandbox, name: str) -> None:
    """An attack that is repelled above gets through one level too low."""
    (attack,) = (attack for attack in ATTACKS if attack.name == name)
    with _targets() as targets:
        report = _attempt_attack(weakest, attack, Level.PROCESS, targets)
    assert not report.holds
    assert report.missing.startswith("it got ")


@pytest.mark.parametrize("name", ["write a file", "use open descriptors"])
def test_the_lowest_level_keeps_its_promises(weakest: Sandbox, name: str) -> None:
    """A process of its own has no descriptors and can make no file grow."""
    (attack,) = (attack for attack in ATTACKS if attack.name == name)
    with _targets() as targets:
        report = _attempt_attack(weakest, attack, Level.PROCESS, targets)
    assert report.holds, report


def test_the_middle_level_runs_programs_and_repels() -> None:
    """Without namespaces programs run, and its attacks are repelled as well."""
    source = "import matplotlib.pyplot, numpy, torch\ndef f(x):\n    return x + 1"
    program = Program((Cell("c", source, ("f",)),))
    with Sandbox(Level.CONFINED) as sandbox, _targets() as targets:
        with sandbox.open(program) as session:
            assert session.call("f", Call((1,)), seconds=5).value == 2
        reports = [
            _attempt_attack(sandbox, attack, Level.CONFINED, targets)
            for attack in ATTACKS
        ]
    assert [report for report in reports if not report.holds] == []


def test_another_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS the sandbox says that grading needs Linux, and what needs none."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SetUpError, match=r"darwin.*Linux virtual machine"):
        Sandbox().start()
    assert not any(report.holds for report in probe())
    with pytest.raises(SetUpError, match="darwin"):
        level_that_holds()


def test_an_installed_solution_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """References among the packages, where submissions may read, stop the start."""
    (tmp_path / "solutions").mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(SetUpError, match="editable"):
        Sandbox().start()


def test_a_zygote_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What went wrong in the zygote is in the message."""
    monkeypatch.setattr(process, "ROOT", str(tmp_path))
    with pytest.raises(SetUpError, match="No module named 'autograder'"):
        Sandbox().start()


def test_a_child_that_cannot_be_confined_is_refused(
    weakest: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that reports a missing layer runs nothing."""
    missing = "landlock_create_ruleset: this kernel has no Landlock"
    monkeypatch.setattr(supervisor, "_confined", lambda child: missing)
    with pytest.raises(SetUpError, match="PROCESS: landlock_create_ruleset"):
        weakest.open(Program((Cell("c", "x = 1"),)))


def test_a_refused_layer_says_what_was_refused() -> None:
    """A layer that cannot be had is reported with the kernel's reason."""

    def refuse() -> None:
        raise PermissionError("unshare: Operation not permitted")

    assert "unshare: Operation not permitted" in _refused(refuse)
    assert _refused(lambda: None) == ""


def test_the_level_is_that_of_the_weakest_layer() -> None:
    """One layer or attack that fails at a level takes that level away."""
    reports = [
        LayerReport("process", Level.PROCESS, True, ""),
        LayerReport("landlock", Level.CONFINED, True, ""),
        LayerReport("attack: fork", Level.ISOLATED, False, "", "it got a process"),
    ]
    assert level_that_holds(reports) is Level.CONFINED
    reports[0] = LayerReport("process", Level.PROCESS, False, "", "it is", "Do.")
    with pytest.raises(SetUpError, match=r"process: it is\. Do\."):
        level_that_holds(reports)
