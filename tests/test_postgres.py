"""PostgreSQL as the gradebook: the same rows, and it may be restarted.

Debian's server runs here on loopback in a temporary folder, as an ordinary user.
Takes about half a minute.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from course_folder import hand_in, make_course, nbgrader
from postgres_server import PROGRAMS, Server, running
from rows import rows
from sqlalchemy import create_engine, inspect

from autograder import catalogue
from autograder.cli import main
from autograder.errors import SetUpError, UsageError
from autograder.grading import gradebook, ipynb
from autograder.grading.grade import grade
from autograder.grading.gradebook import DATABASE
from autograder.grading.recorder import Recorder
from autograder.grading.records import Record
from autograder.sample.desk import desk_of

CHAPTER = "depthwise"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A running server."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def released(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder that was released into the database `released`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DATABASE, server.fresh("released"))
        return make_course(tmp_path_factory.mktemp("far"), [CHAPTER])


@pytest.fixture
def at_server(
    server: Server, released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, str]:
    """A course folder whose gradebook is a database of its own, and the URL."""
    url = server.fresh(f"book_{os.urandom(4).hex()}", like="released")
    monkeypatch.setenv(DATABASE, url)
    return shutil.copytree(released, tmp_path / "far"), url


def fill(course: Path, students: int) -> None:
    """Hand in notebooks: right, wrong, and one that cannot be read."""
    desk = desk_of(course, catalogue.load(only=[CHAPTER]).chapter(CHAPTER))
    for number in range(students):
        notebook = desk.right()
        cell = notebook.cells[desk.index(notebook, desk.names[0])]
        cell.source += f"\n# {number}"
        if number == 1:
            cell.source = f"def {desk.names[0]}(*args):\n    return {number}"
        data = ipynb.to_bytes(notebook) if number != 2 else b"no notebook"
        path = hand_in(course, f"s{number:02}", CHAPTER, data)
        (path.parent / "timestamp.txt").write_text(f"2026-10-{number + 1:02} 12:00 UTC")


def test_rows_are_those_of_sqlite(
    at_server: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A course that was released, graded with `--db` and graded again has the rows
    on the server that it has in gradebook.db; nbgrader's commands work with it."""
    course, url = at_server
    fill(course, 4)
    monkeypatch.delenv(DATABASE)
    words = ["grade", "--jobs", "1", CHAPTER, "--course", str(course), "--db", url]
    monkeypatch.setattr(sys, "argv", ["course", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert not (course / "gradebook.db").exists()
    exported = nbgrader(course, "export", "--to", "grades.csv")
    assert exported.returncode == 0, exported.stderr
    assert (course / "grades.csv").read_text().count("s0") == 4
    monkeypatch.delenv(DATABASE)
    local = make_course(tmp_path / "local", [CHAPTER])
    fill(local, 4)
    grade(local, [CHAPTER], jobs=1)
    assert rows(url) == rows(local / "gradebook.db")
    assert rows(url)["how many"] != [(0, 0, 0, 0)]
    monkeypatch.setenv(DATABASE, url)
    before = rows(url)
    assert grade(course, [CHAPTER], jobs=1).timings.computed == 0
    assert rows(url) == before


def test_the_schema_is_made_once(server: Server) -> None:
    """Of several that open an empty database at the same time, all succeed, and
    there is one set of tables with one version."""
    url = server.fresh("at_once")
    with ThreadPoolExecutor(6) as threads:
        for opened in threads.map(lambda _: gradebook.opened(url), range(6)):
            opened.close()
    engine = create_engine(url)
    with engine.connect() as connection:
        versions = connection.exec_driver_sql("select * from alembic_version").all()
    assert len(versions) == 1
    assert {"grade", "submitted_notebook"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def small_book(url: str) -> None:
    """Release an assignment with one exercise into a database."""
    book = gradebook.opened(url)
    book.add_assignment("small")
    book.add_notebook("small", "small")
    book.add_solution_cell("f", "small", "small")
    book.add_grade_cell("check_f", "small", "small", max_score=2, cell_type="code")
    book.close()


def a_batch(number: int) -> list[Record]:
    """Ten students' records."""
    moment = datetime(2026, 10, 1)
    return [
        Record(f"s{number}{i}", "small", {"check_f": float(i)}, frozenset(), moment)
        for i in range(10)
    ]


def test_a_restart_in_the_middle_costs_nothing(server: Server) -> None:
    """Batches recorded before, while and after the server is down are all there,
    each once."""
    url = server.fresh("restarted")
    small_book(url)
    with Recorder(url, patience=60) as recorder:
        recorder.record(a_batch(0))
        server.stop()
        back = threading.Timer(1.5, server.start)
        back.start()
        recorder.record(a_batch(1))
        back.join()
        recorder.record(a_batch(2))
        grades = recorder.grades(["small"])
    assert len(grades) == 30
    assert rows(url)["how many"] == [(30, 30, 30, 30)]


def test_two_recorders_at_once(server: Server) -> None:
    """Two that write the same students at the same time both get through, and
    every row is there once."""
    url = server.fresh("together")
    small_book(url)

    def write(_: int) -> None:
        with Recorder(url) as recorder:
            for number in range(4):
                recorder.record(a_batch(number))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, range(2)))
    assert rows(url)["how many"] == [(40, 40, 40, 40)]


def test_a_server_that_stays_away_is_one_message(server: Server) -> None:
    """Nobody listens, no such database, or no URL at all: a message each, without
    the password."""
    nobody = "postgresql+psycopg://grader:secret@127.0.0.1:1/none"
    with pytest.raises(SetUpError, match=r"refused|failed") as told:
        Recorder(nobody, patience=0)
    assert "secret" not in str(told.value)
    with pytest.raises(SetUpError, match="does not exist"):
        Recorder(server.url("nowhere"), patience=0)
    with pytest.raises(UsageError, match=r"postgresql\+psycopg://"):
        Recorder("gradebook on the server")
