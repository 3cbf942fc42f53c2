"""What staff and students open of the whole corpus runs no script and asks nobody.

Every feedback page, the report and the formgrader, in Chromium.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from shutil import copy, copytree

import pytest
import test_formgrader
from playwright.sync_api import Browser, Page, Route
from test_formgrader import WAIT
from threat_class import GradedThreats, graded, threat_files

GROUP = "threats"  # shares the graded corpus with test_threats.py
MARKUP = next(f.module.MARKUP for f in threat_files() if f.stem == "markup")
# nbgrader's page asks for it, whatever a student wrote; here it gets no answer.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
lab = test_formgrader.lab  # a JupyterLab in the folder that `course` says


@pytest.fixture(scope="module", name="corpus")
def corpus_fixture() -> GradedThreats:
    """The graded corpus."""
    return graded()


HOSTILE = ("markup", "terminal", "formulas")  # files whose names or texts are


@pytest.fixture(scope="module")
def course(corpus: GradedThreats, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder with the submissions of three files: the formgrader takes a
    minute to list all of them."""
    course = tmp_path_factory.mktemp("small") / "course"
    students = [entry.student for stem in HOSTILE for entry in corpus.files[stem]]
    for room in ("source", "release"):
        copytree(corpus.course / room, course / room)
    for room in ("submitted", "autograded"):
        for student in students:
            if (corpus.course / room / student).is_dir():
                copytree(corpus.course / room / student, course / room / student)
    for name in ("gradebook.db", "nbgrader_config.py"):
        copy(corpus.course / name, course)
    keep_only(course / "gradebook.db", students)
    return course


def keep_only(gradebook: Path, students: Sequence[str]) -> None:
    """Forget all other students."""
    with closing(sqlite3.connect(gradebook)) as book, book:
        names = ", ".join("?" * len(students))
        book.execute(f"delete from student where id not in ({names})", students)
        book.execute(
            f"delete from submitted_assignment where student_id not in ({names})",
            students,
        )
        for table, column, above in (
            ("submitted_notebook", "assignment_id", "submitted_assignment"),
            ("grade", "notebook_id", "submitted_notebook"),
            ("comment", "notebook_id", "submitted_notebook"),
        ):
            book.execute(
                f"delete from {table} where {column} not in (select id from {above})"
            )


class Watched:
    """A page, and what it asked for besides its own files and data."""

    def __init__(self, page: Page, own: tuple[str, ...]) -> None:
        self.page = page
        self.own = (*own, "data:", "about:")
        self.asked: list[str] = []
        page.set_default_timeout(WAIT)
        page.route("**", self._route)
        page.on("dialog", lambda dialog: self.asked.append(dialog.message))

    def _route(self, route: Route) -> None:
        if route.request.url.startswith(self.own):
            route.continue_()
        else:
            if not route.request.url.startswith(MATHJAX):
                self.asked.append(route.request.url)
            route.abort()

    def ran(self) -> list[str]:
        """What a script of a student's did on the page that is open."""
        owned = self.page.evaluate("window.owned")
        links = self.page.locator("[href^='javascript:'][href*=owned]").count()
        found = [f"owned: {owned}"] if owned else []
        return found + ["a link that runs"] * links + self.asked


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own."""
    page = browser.new_page()
    yield page
    page.close()


def test_the_markup_would_run(page: Page) -> None:
    """On a page that lets it, the markup of the corpus runs and asks."""
    watched = Watched(page, ())
    stays = MARKUP.replace('http-equiv="refresh"', "")
    page.set_content(f"<div>{stays}</div>", wait_until="commit")
    page.wait_for_function("window.owned")
    assert any("owned.invalid" in url for url in watched.asked)


def test_pages_run_nothing(page: Page, corpus: GradedThreats) -> None:
    """No feedback page and no report runs a script or makes a request."""
    pages = [corpus.course / "report" / "index.html"]
    pages += sorted((corpus.course / "feedback").glob("*/*/*.html"))
    assert len(pages) == 1 + len(corpus.summary.lines)
    for path in pages:
        watched = Watched(page, (path.as_uri(),))
        page.goto(path.as_uri())
        page.locator("h1").first.wait_for()
        assert watched.ran() == [], path.name
        page.unroute("**")


def test_the_formgrader_runs_nothing(
    page: Page, lab: str, corpus: GradedThreats
) -> None:
    """The lists of the formgrader, and each submission with markup, show it as text."""
    watched = Watched(page, (lab, lab.replace("http", "ws")))
    for name in ("assignments", "submissions/depthwise", "students"):
        page.goto(f"{lab}/formgrader/manage_{name}")
        page.locator("#main-table a").first.wait_for()
        page.wait_for_load_state("networkidle")
        assert watched.ran() == [], name
    test_formgrader.open_table(page, lab)
    assert watched.ran() == []
    students = [e.student for e in corpus.files["markup"] if e.sample is not None]
    rows = [page.get_by_role("link", name=name, exact=True) for name in students]
    for address in [row.get_attribute("href") for row in rows]:
        page.goto(f"{lab}{address}" if str(address).startswith("/") else str(address))
        page.locator("input.score").first.wait_for()
        page.wait_for_load_state("networkidle")
        assert watched.ran() == [], address
