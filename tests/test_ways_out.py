"""Ways out of a page, and to it: about 60 s with the pages built."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from autograder import catalogue
from autograder.book import addresses, card, changed, ways_out
from autograder.catalogue import ROOT
from autograder.errors import AuthorError
from autograder.publishing import contents, paper
from autograder.publishing.address import site_address
from autograder.publishing.start import start_cell

ADDRESS = "https://reader.example/book/"
COLAB = "https://colab.example/github/me/public/blob/main/student/{notebook}"


@cache
def soup(path: Path) -> BeautifulSoup:
    """A built page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def chapter(site: Path, name: str) -> BeautifulSoup:
    """A built page of the book."""
    return soup(site / "chapters" / f"{name}.html")


# ---- programs that open a notebook -------------------------------------------


def test_links_are_there_only_where_addresses_are() -> None:
    """Each program has a link to the students' notebook; none without a setting."""
    assert ways_out.links("pooling.ipynb", {}, False, "book.pdf") == []
    found = ways_out.links("pooling.ipynb", {"Colab": COLAB}, True, "book.pdf")
    assert [(link["text"], link["url"]) for link in found] == [
        (
            "Open in Colab",
            "https://colab.example/github/me/public/blob/main/student/pooling.ipynb",
        ),
        ("The whole book as PDF", "book.pdf"),
    ]


@pytest.mark.parametrize(
    ("address", "trouble"),
    [
        (COLAB, ""),
        (COLAB.replace("https", "http"), "https://"),
        (COLAB.replace("student/", "chapters/"), "no 'student/{notebook}'"),
        (COLAB.replace("{notebook}", "pooling.ipynb"), "no 'student/{notebook}'"),
        (COLAB.replace("me/public", "Me/Answers"), "with its answers"),
    ],
)
def test_addresses_never_lead_to_the_answers(address: str, trouble: str) -> None:
    """Only the published student folder is linked, never this repository."""
    found = ways_out.refusal(address, "me/answers")
    assert trouble in found
    assert bool(trouble) == bool(found)


@pytest.mark.parametrize(
    ("remote", "name"),
    [
        ("git@host.example:me/answers.git", "me/answers"),
        ("https://host.example/me/answers", "me/answers"),
        ("ssh://git@host.example:22/me/answers.git", "me/answers"),
        ("/srv/answers", ""),
    ],
)
def test_this_repository_is_known(tmp_path: Path, remote: str, name: str) -> None:
    """Owner and name are read from where the project is pushed to."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", remote)
    assert ways_out.origin(tmp_path) == name


# ---- the notebook's first cell -----------------------------------------------

FAKE_COLAB = """
import importlib.machinery, sys, types
for name in ("google", "google.colab", "google.colab.output"):
    sys.modules[name] = types.ModuleType(name)
output = sys.modules["google.colab.output"]
output.enable_custom_widget_manager = lambda: print("widgets")
sys.modules["google.colab"].output = output
"""


def run(cell: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a cell in a fresh Python in a folder; numpy and torch are there."""
    command = [sys.executable, "-c", f"import sys\nsys.path[0] = ''\n{WITHOUT}{cell}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


# The project itself is installed here; a student's Python does not have it.
WITHOUT = """
sys.meta_path = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
sys.path = [p for p in sys.path if not __import__("os").path.isdir(p + "/convnets")]
sys.path.insert(0, "")
"""


def bundle(folder: Path) -> Path:
    """A small stand-in for the bundle, where the site would have it."""
    path = folder / "downloads" / "convnets-by-hand.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("convnets-by-hand/convnets/__init__.py", "here = True")
    return path


def test_first_cell_is_silent_where_all_is_there(tmp_path: Path) -> None:
    """Beside the public package it says nothing and changes nothing."""
    (tmp_path / "convnets").mkdir()
    (tmp_path / "convnets" / "__init__.py").touch()
    done = run(start_cell(ADDRESS), tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_first_cell_says_what_is_missing(tmp_path: Path, address: str) -> None:
    """A notebook alone says in words what to unpack and where to read on."""
    done = run(start_cell(address), tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: This notebook cannot find convnets. ")
    assert "unpack convnets-by-hand.zip" in last
    assert "README.md" in last


def test_first_cell_fetches_the_bundle_in_colab(tmp_path: Path) -> None:
    """In Colab the published bundle is fetched, and its package can be imported."""
    bundle(tmp_path / "site")
    alone = tmp_path / "alone"
    alone.mkdir()
    cell = start_cell((tmp_path / "site").as_uri() + "/")
    done = run(f"{FAKE_COLAB}\n{cell}\nimport convnets; print(convnets.here)", alone)
    assert done.stdout.split() == ["widgets", "True"], done.stderr


# ---- what pages say of themselves --------------------------------------------


def test_address_of_the_site(tmp_path: Path) -> None:
    """It ends in a slash, is empty when it is not set, and is a whole address."""
    config = tmp_path / "_config.yml"
    assert site_address(tmp_path) == ""
    config.write_text("html:\n  baseurl: ''\n")
    assert site_address(tmp_path) == ""
    config.write_text("html:\n  baseurl: https://reader.example/book\n")
    assert site_address(tmp_path) == ADDRESS
    config.write_text("html:\n  baseurl: reader.example\n")
    with pytest.raises(AuthorError, match="is no address"):
        site_address(tmp_path)


def test_link_preview_has_whole_addresses() -> None:
    """Programs that show links get title, words, picture and address of the page."""
    about = addresses.described(
        '<meta content="a &amp; b" lang="en" name="description">'
    )
    written = addresses.preview("Book", "1 < 2", about, "chapters/x.html", ADDRESS)
    tags = BeautifulSoup(written, "html.parser")
    found = {tag["property"]: tag["content"] for tag in tags.select("[property]")}
    assert found["og:title"] == "1 < 2"
    assert found["og:description"] == "a & b"
    assert addresses.described('<meta content="x" name="robots">') == ""
    assert found["og:url"] == f"{ADDRESS}chapters/x.html"
    assert found["og:image"] == f"{ADDRESS}_static/card.png"


def test_card_is_a_picture_of_the_size_that_it_says(tmp_path: Path) -> None:
    """The card is a PNG of 1200 × 630, the same bytes each time it is drawn."""
    card.draw(tmp_path / "a.png")
    card.draw(tmp_path / "b.png")
    data = (tmp_path / "a.png").read_bytes()
    assert struct.unpack(">II", data[16:24]) == (card.WIDTH, card.HEIGHT)
    assert data == (tmp_path / "b.png").read_bytes()


def test_sitemap_lists_pages_with_their_days() -> None:
    """Every page with its whole address, and its day where git knows it."""
    pages = iter([("a.html", "2026-11-23"), ("b.html?x&y", "")])
    root = ElementTree.fromstring(addresses.sitemap(pages, ADDRESS))
    texts = [[part.text for part in entry] for entry in root]
    assert texts == [[f"{ADDRESS}a.html", "2026-11-23"], [f"{ADDRESS}b.html?x&y"]]


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_page_for_nothing_needs_no_other_file(address: str) -> None:
    """The 404 page is served at any path, so every address in it is a whole one."""
    page = BeautifulSoup(addresses.not_found("Book", address), "html.parser")
    assert page.select("script, img, link") == []
    links = [str(link["href"]) for link in page.select("a")]
    assert len(links) == (2 if address else 0)
    assert all(link.startswith(ADDRESS) for link in links)


def git(folder: Path, *words: str) -> None:
    """Run git as somebody, on a day of one's choice."""
    who = ["-c", "user.name=a", "-c", "user.email=a@b.example"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_pages_know_the_day_of_their_last_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file has its own newest day; without git, or all of it, there is none."""
    book = tmp_path / "book"
    (book / "chapters").mkdir(parents=True)
    assert changed.changes(book) == {}
    git(book, "init", "--quiet")
    for day, names in (("2026-01-02", ["a", "b"]), ("2026-03-04", ["b"])):
        for name in names:
            (book / "chapters" / f"{name}.md").write_text(day)
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"{day}T12:00:00Z")
        git(book, "add", ".")
        git(book, "commit", "--quiet", "-m", day)
    changed.changes.cache_clear()
    assert changed.changes(book) == {
        "chapters/a.md": date(2026, 1, 2),
        "chapters/b.md": date(2026, 3, 4),
    }
    git(tmp_path, "clone", "--quiet", "--depth", "1", book.as_uri(), "shallow")
    assert changed.changes(tmp_path / "shallow") == {}


# ---- the book's own pages ----------------------------------------------------


def pages() -> list[str]:
    """The names of the book's pages in order."""
    return list(contents.read(ROOT).pages)


def test_every_term_leads_to_where_it_is_taught(site: Path) -> None:
    """Each entry of the glossary has a link, and the section is there."""
    entries = chapter(site, "glossary").select("dl.glossary > dd")
    assert len(entries) > 50
    for entry in entries:
        link = entry.select_one("a.reference.internal")
        term = entry.find_previous_sibling("dt")
        assert link is not None, term
        file, _, place = str(link["href"]).partition("#")
        target = soup(site / "chapters" / file).find(id=place)
        assert target is not None, (term, link["href"])
        heading = target.find(["h1", "h2", "h3"])
        assert heading is not None
        # The text of the link is that of the section.
        assert link.get_text() in heading.get_text()


def test_terms_are_in_order() -> None:
    """The glossary is sorted, and no term stands in it twice."""
    text = (ROOT / "chapters" / "glossary.md").read_text()
    _, _, body = text.partition(":::{glossary}\n")
    terms = re.findall(r"(?:^|\n\n)(\S.*)", body.strip().removesuffix(":::").strip())
    assert len(terms) > 50
    assert terms == sorted(set(terms), key=str.lower)


def test_exercise_index_has_every_exercise(site: Path) -> None:
    """Each exercise and question: its points, minutes and difficulty, and a link
    that leads to it."""
    found = {}
    page = chapter(site, "exercises")
    for row in page.select("table tbody tr"):
        name, *said = (cell.get_text().strip() for cell in row.select("td"))
        found[name] = said
        link = row.select_one("a")
        assert link is not None
        file, _, place = str(link["href"]).partition("#")
        assert soup(site / "chapters" / file).find(id=place) is not None, name
    expected = {
        one.name: [str(one.points), str(one.minutes), one.difficulty]
        for one in catalogue.load()
    }
    for text in contents.read(ROOT).pages.values():
        for asked in text.questions:
            worth = [str(asked.points), str(asked.minutes), "answered in words"]
            expected[asked.name] = worth
    assert found == expected


def test_next_leads_through_the_whole_book(site: Path) -> None:
    """From the first page, 'next' visits every page in order, and 'previous' back."""
    ways = (("right-next", pages()), ("left-prev", pages()[::-1]))
    for button, names in ways:
        here, way = names[0], [names[0]]
        while link := chapter(site, here).select_one(f"a.{button}"):
            here = Path(urljoin("x/", str(link["href"]))).stem
            way.append(here)
        assert way == names


def test_pages_say_when_they_changed(site: Path) -> None:
    """A page that git knows has its day at its foot; a page that it does not, none."""
    for name in ("depthwise", "notation"):
        day = changed.changes(ROOT).get(f"chapters/{name}.md")
        said = chapter(site, name).select_one(".last-updated")
        assert (said is not None) == (day is not None)
        if said is not None and day is not None:
            assert f"{day.day} {day:%B %Y}" in said.get_text()


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("depthwise_as_dense", "depthwise"),
        ("checkerboard", "transposed"),
        ("Toeplitz", "glossary"),
    ],
)
def test_search_finds_what_is_on_the_pages(
    site: Path, browser: Browser, words: str, page: str
) -> None:
    """Exercises by name, words of the text, terms: also from a folder."""
    context = browser.new_context()
    tab = context.new_page()
    tab.goto((site / "search.html").as_uri() + f"?q={words}")
    tab.locator(f"#search-results a[href*='{page}.html']").first.wait_for()
    context.close()


# ---- the PDF -----------------------------------------------------------------

PRINTED = ("depthwise", "notation", "glossary")


@pytest.fixture
def printed(
    site: Path, browser: Browser, tmp_path: Path
) -> Iterator[tuple[Page, Path]]:
    """Three pages of the book, joined and printed."""
    book = [
        paper.Part("", ("chapters/depthwise",)),
        paper.Part("To look up", ("chapters/notation", "chapters/glossary")),
    ]
    file = tmp_path / "book.html"
    file.write_text(paper.join(site, book, "Three pages", site.as_uri()))
    page = browser.new_page()
    page.goto(file.as_uri())
    page.pdf(path=tmp_path / "book.pdf", outline=True, tagged=True)
    yield page, tmp_path / "book.pdf"
    page.close()


def test_links_inside_of_the_pdf_lead_somewhere(printed: tuple[Page, Path]) -> None:
    """Contents, references and glossary are links to places in the PDF."""
    reader = PdfReader(printed[1])
    places = {name.removeprefix("/") for name in reader.named_destinations}
    inside = []
    for page in reader.pages:
        for note in page.get("/Annots") or []:
            link = note.get_object()
            if "/Dest" in link:
                inside.append(str(link["/Dest"]).removeprefix("/"))
            elif "/A" in link:
                assert str(link["/A"]["/URI"]).startswith("https://"), link
    assert set(inside) <= places
    assert set(PRINTED) <= set(inside)
    assert sum(name.startswith("depthwise--") for name in inside) >= 10
    assert len(reader.outline) >= len(PRINTED)


def test_paper_has_pictures_and_open_boxes(printed: tuple[Page, Path]) -> None:
    """Live figures are stills and tables; hints are open; ids are unique."""
    page = printed[0]
    stills = page.locator(".live-still")
    assert stills.count() >= 1
    for picture in stills.all():
        assert picture.evaluate("(image) => image.naturalWidth") > 100
    tables = page.locator(".live-table").all()
    assert len(tables) == stills.count()
    assert all(table.is_visible() for table in tables)
    assert page.locator(".admonition.hint table").first.is_visible()
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("button, .course-mark, .headerlink").count() == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_paper_needs_the_site(tmp_path: Path) -> None:
    """Without a built page there is a message with the command."""
    book = [paper.Part("", ("chapters/index",))]
    with pytest.raises(AuthorError, match="make site"):
        paper.join(tmp_path, book, "Book", "..")


def test_paper_has_every_page_of_the_book() -> None:
    """The parts are those of the contents, in order."""
    found = [page for part in paper.parts(ROOT) for page in part.pages]
    assert found == [f"chapters/{name}" for name in pages()]
