"""The student bundle, away from the project."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from small_book import chapter, small_book

from autograder import folders
from autograder.errors import AuthorError
from autograder.publishing.bundle import (
    copy_figures,
    requirements,
    write_bundle,
    write_package,
    zipped,
)

NOTEBOOK = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book's bundle, unpacked from its zip."""
    folder = tmp_path_factory.mktemp("bundle")
    root = small_book(folder)
    notebooks = {"moving": NOTEBOOK}
    live = {"wires": {"weights": [1, 2]}}
    made = write_bundle(root, folder / "made", [chapter(root)], notebooks, live)
    with zipfile.ZipFile(made.archive) as archive:
        archive.extractall(folder / "student")
    return folder / "student" / "convnets-by-hand"


def alone(bundle: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run code as in the bundle's folder, where the project is not installed."""
    # -S: no .pth files, so no project in place; -P: no current folder; -B: no
    # byte code, which other tests would find in the bundle
    packages = sysconfig.get_path("purelib")
    head = f"import sys; sys.path += [{str(bundle)!r}, {packages!r}]\n"
    return subprocess.run(
        [sys.executable, "-S", "-P", "-B", "-c", head + code],
        cwd=bundle.parent,
        env={"PATH": "/usr/bin:/bin", "HOME": str(bundle.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


RIGHT = """
import numpy as np
import convnets
from convnets import check, progress
def moving_sum(x, k):
    return np.array([x[i : i + k].sum() for i in range(len(x) - k + 1)])
check("moving_sum")
progress()
print(convnets.__file__)
print([name for name in sys.modules if name.startswith(("autograder", "solutions"))])
"""


def test_check_works_in_the_bundle_alone(bundle: Path) -> None:
    """A right answer passes `check` with nothing but the bundle and its packages."""
    done = alone(bundle, RIGHT)
    assert done.returncode == 0, done.stderr
    *_, package, ours = done.stdout.splitlines()
    assert Path(package).is_relative_to(bundle)
    assert ours == "[]"


def test_check_refuses_a_wrong_answer_in_the_bundle(bundle: Path) -> None:
    """A wrong answer ends in CheckFailed, which names the exercise."""
    done = alone(bundle, RIGHT.replace(".sum()", ".max()"))
    assert done.returncode == 1
    assert "CheckFailed" in done.stderr
    assert "moving_sum" in done.stderr


def test_bundle_holds_what_the_readme_promises(bundle: Path) -> None:
    """Notebooks, figures, cases, data of live figures, requirements, licence."""
    names = {p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if p.is_file()}
    assert {
        "moving.ipynb",
        "README.md",
        "LICENSE",
        "requirements.txt",
        "figures/moving.py",
        "figures/grid.svg",
        "convnets/cases/moving_sum.npz",
        "convnets/cases/moving_mean.npz",
        "convnets/figures/wires.json",
        "convnets/exercises.json",
    } <= names
    assert not any("__pycache__" in name for name in names)
    assert json.loads((bundle / "convnets/figures/wires.json").read_text()) == {
        "weights": [1, 2]
    }
    readme = (bundle / "README.md").read_text()
    assert "| `moving.ipynb` | 2 | 1 | 8 | 15 |" in readme
    assert "jupyter lab moving.ipynb" in readme
    assert "{{" not in readme


def test_requirements_are_the_students_as_ranges(tmp_path: Path) -> None:
    """Only the student group, in ranges that hold the version of the lock."""
    root = small_book(tmp_path)
    lock = (root / "requirements.lock").read_text().splitlines()
    lines = [line.split("  # tested: ") for line in requirements(root).splitlines()]
    asked = {Requirement(line): tested for line, tested in lines}
    assert [requirement.name for requirement in asked] == [
        "numpy",
        "torch",
        "matplotlib",
        "jupyterlab",
        "anywidget",
        "scikit-learn",
        "scikit-image",
    ]
    for requirement, tested in asked.items():
        assert requirement.specifier.contains(tested)
        assert f"{requirement.name}=={tested}" in lock


def test_stale_lock_is_named(tmp_path: Path) -> None:
    """A package that students need and the lock lacks says to make the lock."""
    root = small_book(tmp_path)
    lock = root / "requirements.lock"
    kept = [ln for ln in lock.read_text().splitlines() if not ln.startswith("torch=")]
    lock.write_text("\n".join(kept))
    with pytest.raises(AuthorError, match=r"no torch.*`make lock`"):
        requirements(root)


def test_code_that_needs_references_stays_behind(tmp_path: Path) -> None:
    """What draws live figures with the references is not copied."""
    root = small_book(tmp_path)
    for name in ("live", "tables", "states"):
        code = root / "chapters" / "figures" / f"{name}.py"
        code.write_text("import solutions\n")
    copy_figures(root, tmp_path / "figures")
    assert sorted(p.name for p in (tmp_path / "figures").iterdir()) == [
        "grid.svg",
        "moving.py",
    ]


def test_package_has_the_cases_of_its_chapters_only(tmp_path: Path) -> None:
    """Without chapters there are no cases and no exercises."""
    write_package(tmp_path / "convnets", [], {})
    assert list((tmp_path / "convnets" / "cases").iterdir()) == []
    text = (tmp_path / "convnets" / "exercises.json").read_text()
    assert json.loads(text) == {"exercises": [], "questions": []}


def test_zip_depends_on_names_and_contents_only(tmp_path: Path) -> None:
    """Times and modes of the files leave no trace in the zip."""
    for name in ("a", "b"):
        file = tmp_path / name / "folder" / "sub" / "x.txt"
        file.parent.mkdir(parents=True)
        file.write_text("x")
    file.chmod(0o600)
    file.touch()
    first, second = (zipped(tmp_path / name / "folder") for name in ("a", "b"))
    assert first == second
    with zipfile.ZipFile(BytesIO(first)) as archive:
        assert archive.namelist() == ["folder/sub/x.txt"]


def test_replacing_keeps_the_old_folder_after_an_error(tmp_path: Path) -> None:
    """A folder is exchanged whole, or not at all, and nothing is left beside it."""
    target = tmp_path / "target"
    with folders.replacing(target) as fresh:
        (fresh / "one").write_text("1")

    def fail() -> None:
        with folders.replacing(target) as fresh:
            (fresh / "two").write_text("2")
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        fail()
    assert [path.name for path in target.iterdir()] == ["one"]
    with folders.replacing(target) as fresh:
        (fresh / "two").write_text("2")
    assert [path.name for path in target.iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_write_leaves_no_half_file(tmp_path: Path) -> None:
    """A file is written whole, readable by others, with nothing beside it."""
    path = tmp_path / "new" / "file.txt"
    folders.write(path, "text")
    assert path.read_text() == "text"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]
