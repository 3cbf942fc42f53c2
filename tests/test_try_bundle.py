"""`tools/try_bundle.py` notices what would fail at a student's."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder import catalogue
from autograder.publishing.bundle import write_package

TRY = catalogue.ROOT / "tools" / "try_bundle.py"


def code(source: str, **marks: Any) -> dict[str, Any]:
    """A code cell; marks: nbgrader's."""
    metadata = {"nbgrader": marks} if marks else {}
    return {"cell_type": "code", "metadata": metadata, "source": source}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle with the public package and no notebook."""
    write_package(tmp_path / "convnets", [], {})
    return tmp_path


def tried(bundle: Path, *cells: dict[str, Any]) -> tuple[int, str]:
    """Try a bundle with a notebook of these cells: exit status, what was said."""
    (bundle / "small.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    done = subprocess.run(
        [sys.executable, str(TRY), str(bundle)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_it_runs_to_the_first_exercise_and_no_further(bundle: Path) -> None:
    """What stands before the first answer runs; the stub and what follows do not."""
    stub = code("raise NotImplementedError()", solution=True)
    status, said = tried(bundle, code("from convnets import check"), stub, stub)
    assert (status, "1 notebooks" in said) == (0, True)
    assert not list(bundle.rglob("__pycache__"))


def test_a_cell_that_fails_is_shown_with_its_error(bundle: Path) -> None:
    """Before the first exercise, nothing may fail; the words of the error are told."""
    status, said = tried(bundle, code("import figures_that_are_not_there"))
    assert status == 1
    assert "small.ipynb: Traceback" in said
    assert "No module named 'figures_that_are_not_there'" in said


@pytest.mark.parametrize(
    "source",
    ["type Shape = tuple", "def f[T](x: T) -> T: ...", "try: ...\nexcept* E: ..."],
)
def test_syntax_of_newer_pythons_is_named(bundle: Path, source: str) -> None:
    """Code that Python 3.10 cannot read, in the package or in a notebook's cell."""
    parsed = runpy.run_path(str(TRY))["parsed"]
    assert parsed(bundle) == []
    (bundle / "convnets" / "new.py").write_text(source, "utf-8")
    cells = {"cells": [code("x = 1"), code(source, solution=True)]}
    (bundle / "small.ipynb").write_text(json.dumps(cells), "utf-8")
    assert [line.partition(":")[0] for line in parsed(bundle)] == [
        "convnets/new.py",
        "small.ipynb cell 2",
    ]
