"""The command line as a person meets it: exit statuses, JSON, messages."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from autograder import catalogue
from autograder.cli import main
from autograder.judging import attempt
from autograder.judging.cases import DEVELOPMENT, SEED_FILE
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee

RIGHT = (catalogue.ROOT / "solutions" / "depthwise.py").read_text(encoding="utf-8")
NAME = "depthwise_as_dense"
COURSE = [sys.executable, "-c", "from autograder.cli import main; main()"]


def course(*words: str, **environment: str) -> CompletedProcess[str]:
    """Run `course` in a process of its own, as a shell does."""
    return subprocess.run(
        [*COURSE, *words],
        cwd=catalogue.ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> tuple[int, str, str]:
    """Run `course` in this process: exit status, output, errors."""
    monkeypatch.setattr(sys, "argv", ["course", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    output = capsys.readouterr()
    return int(ended.value.code or 0), output.out, " ".join(output.err.split())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """`run("try", …)` gives (status, output, errors)."""
    return lambda *words: here(capsys, monkeypatch, *words)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A file whose answer flips the filters."""
    path = tmp_path / "wrong.py"
    flipped = RIGHT.replace("= w  # the block", "= w[..., ::-1, ::-1]  # the block")
    path.write_text(flipped, encoding="utf-8")
    return path


def test_full_marks_are_status_0(tmp_path: Path) -> None:
    """A right answer: status 0, its points, and the labels of its cases."""
    path = tmp_path / "right.py"
    path.write_text(RIGHT, encoding="utf-8")
    done = course("try", NAME, str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "depthwise_as_dense: 3 of 3 points" in done.stdout
    assert "passed  blocks - all sizes different" in done.stdout


def test_json_has_the_verdict_alone(wrong: Path) -> None:
    """Less than full marks: status 1, and JSON that a program can read."""
    done = course("try", NAME, str(wrong), "--json")
    assert done.returncode == 1
    verdict = json.loads(done.stdout)
    assert {"exercise", "score", "points", "passed", "trouble", "cases"} <= set(verdict)
    assert (verdict["exercise"], verdict["points"]) == (NAME, 3)
    assert verdict["score"] < 3
    for case in verdict["cases"]:
        assert {"label", "group", "passed", "message"} <= set(case)
    assert verdict["explanation"]["diagnoses"] == ["the filters are flipped"]


def test_words_say_what_json_says() -> None:
    """The verdict in words has the points, the messages and the diagnosis."""
    exercise = catalogue.load().exercise(NAME)
    flips = next(m for m in exercise.mistakes if m.says == "the filters are flipped")
    verdict = Referee(DEVELOPMENT).judge(exercise, LocalSession(flips.function))
    lines = "\n".join(attempt.in_words(verdict))
    assert f"{NAME}: {verdict.score:g} of 3 points" in lines
    assert "Your result is what one gets when the filters are flipped." in lines


def test_an_unknown_exercise_is_status_2(run, wrong: Path) -> None:
    """One message that names those that are there."""
    status, out, err = run("try", "conv3d", str(wrong))
    assert (status, out) == (2, "")
    assert "There is no exercise 'conv3d'. There are: output_size" in err


def test_an_unreadable_file_is_status_2(run, tmp_path: Path) -> None:
    """A file that is not there, a folder, and one that is no text."""
    status, _, err = run("try", NAME, str(tmp_path / "none.py"))
    assert (status, "No such file" in err, "Name a Python file" in err) == (
        2,
        True,
        True,
    )
    status, _, err = run("try", NAME, str(tmp_path))
    assert (status, "Is a directory" in err) == (2, True)
    binary = tmp_path / "binary.py"
    binary.write_bytes(b"\xff\xfe\x00")
    status, _, err = run("try", NAME, str(binary))
    assert (status, "no UTF-8 text" in err) == (2, True)


def test_a_missing_seed_is_status_2(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seed file that is named has to be there, and long enough."""
    monkeypatch.setenv(SEED_FILE, str(tmp_path / "seed"))
    status, _, err = run("verify", NAME)
    assert (status, "openssl rand" in err) == (2, True)
    (tmp_path / "seed").write_bytes(b"short")
    status, _, err = run("verify", NAME)
    assert (status, "at least 16 are needed" in err) == (2, True)


def test_verify_names_every_promise(run) -> None:
    """One exercise: a line a promise, a count, status 0."""
    status, out, _ = run("verify", "output_size")
    assert status == 0
    assert out.count("kept   output_size: ") == 12
    assert "12 promises kept, 0 broken" in out


def test_verify_of_nothing_is_status_2(run) -> None:
    """An exercise that is not there is the call's trouble, not a broken promise."""
    status, _, err = run("verify", "conv3d")
    assert (status, "There is no exercise 'conv3d'" in err) == (2, True)


def test_a_full_disk_is_status_2(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trouble of the machine names the file and the reason, without a traceback."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.json")

    monkeypatch.setattr("autograder.grading.grade.grade", full)
    status, _, said = run("grade", "--course", tmp_path)
    assert status == 2
    assert "run.json: No space left on device." in " ".join(said.split())
    assert "run the same command again" in " ".join(said.split())
