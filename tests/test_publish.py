"""Publishing: what is put together, what stops it, what the workflow does."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from small_book import chapter, read, small_book, with_numbers

from autograder.catalogue import ROOT
from autograder.errors import AuthorError, UsageError
from autograder.publishing import public
from autograder.publishing.leaks import Search
from autograder.publishing.release import release_chapters
from autograder.publishing.secrets import answer_lines, graders_keys, key_lines

ANSWER = "return moving_sum(x, k) / k"
PAGE = "<!DOCTYPE html><title>A page</title><p>return rows + columns</p>"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small book, its bundle, and a site of one page."""
    root = small_book(tmp_path_factory.mktemp("publish"))
    build = with_numbers(root / "_build")
    release_chapters(read(root), build, [chapter(root)], [chapter(root)])
    for name in ("index.html", "_static/own.js"):
        path = build / "html" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE)
    return root


def search(root: Path) -> Search:
    """Looks for the small book's answers and keys."""
    keys = graders_keys(root)
    return Search([*answer_lines(root, keys), *key_lines(keys)])


def put_together(root: Path) -> public.Published:
    """What `make publish` does, with the small book's secrets."""
    return public.assemble(root, search=search(root))


def tool() -> ModuleType:
    """tools/publish.py as a module."""
    spec = importlib.util.spec_from_file_location(
        "publish_tool", ROOT / "tools" / "publish.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_public_folder_has_the_site_and_the_notebooks(released: Path) -> None:
    """Pages, downloads, the unpacked bundle, what Binder reads, and no source."""
    made = put_together(released)
    names = {p.relative_to(made.folder).as_posix() for p in made.folder.rglob("*")}
    assert {
        "index.html",
        ".nojekyll",
        "downloads/moving.ipynb",
        "downloads/convnets-by-hand.zip",
        "student/moving.ipynb",
        "student/convnets/cases/moving_sum.npz",
        "binder/requirements.txt",
        "binder/runtime.txt",
    } <= names
    assert not any("solutions" in name or "autograder" in name for name in names)
    assert made.files == sum(p.is_file() for p in made.folder.rglob("*"))
    assert [text.split(":")[0] for text in made.missing] == ["html", "the PDF"]


@pytest.mark.parametrize(
    "place",
    [
        "html/index.html",
        "html/_static/own.js",
        "student/convnets-by-hand/moving.ipynb",
        "student/convnets-by-hand/notes.py",
        "student/convnets-by-hand.zip",
        "pdf/book.html",
    ],
)
def test_a_planted_leak_stops_it(released: Path, place: str) -> None:
    """A line of an answer anywhere: an error that names the file, and what was
    put together before stays as it was."""
    before = put_together(released)
    (before.folder / "kept").touch()
    path = released / "_build" / place
    old = path.read_bytes() if path.exists() else None
    plant(path)
    try:
        with pytest.raises(AuthorError, match=re.escape(ANSWER)) as caught:
            put_together(released)
    finally:
        path.unlink() if old is None else path.write_bytes(old)
    assert path.name in str(caught.value)
    assert (before.folder / "kept").exists()
    assert put_together(released).files == before.files


def plant(path: Path) -> None:
    """Put a line of an answer into a file, as such a file would hold it."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("convnets-by-hand/own.py", ANSWER)
    elif path.suffix == ".ipynb":
        notebook = json.loads(path.read_text())
        notebook["cells"][0]["source"] = ["text\n", f"    {ANSWER}\n"]
        path.write_text(json.dumps(notebook))
    elif path.suffix == ".html":
        words = ANSWER.split(" ")
        path.write_text(PAGE + " ".join(f"<b>{word}</b>" for word in words))
    else:
        path.write_text(f"    {ANSWER}\n")


def test_nothing_is_published_without_site_or_notebooks(tmp_path: Path) -> None:
    """What is not built is named, with the command that builds it."""
    root = small_book(tmp_path)
    with pytest.raises(AuthorError, match="make site"):
        put_together(root)
    (root / "_build" / "html").mkdir(parents=True)
    (root / "_build" / "html" / "index.html").write_text(PAGE)
    with pytest.raises(AuthorError, match="make release"):
        put_together(root)


def git(folder: Path, *words: str) -> str:
    """What git prints."""
    done = subprocess.run(
        ["git", *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone of an empty public repository."""
    git(tmp_path, "init", "--quiet", "--bare", "public.git")
    git(tmp_path, "clone", "--quiet", "public.git", "checkout")
    return tmp_path / "checkout"


def test_published_files_are_pushed(
    released: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public repository gets the public folder, and loses what it had."""
    publish = tool()
    made = put_together(released)
    complete = public.Published(made.folder, made.files, made.size, ())
    monkeypatch.setattr(publish, "assemble", lambda root, say: complete)
    (checkout / "old.html").write_text("old")
    publish.main(["--to", str(checkout)])
    pushed = git(checkout.parent / "public.git", "ls-tree", "-r", "--name-only", "HEAD")
    assert "student/moving.ipynb" in pushed.splitlines()
    assert len(pushed.splitlines()) == made.files
    publish.main(["--to", str(checkout)])  # nothing changed: nothing to commit
    assert git(checkout, "log", "--format=%s|%an") == "Published|publish\n"


def test_this_project_is_never_overwritten(checkout: Path) -> None:
    """A folder that is no clone, or that holds the answers, is refused."""
    publish = tool()
    with pytest.raises(UsageError, match="no clone"):
        publish.main(["--to", str(checkout.parent)])
    (checkout / "solutions").mkdir()
    with pytest.raises(UsageError, match="solutions"):
        publish.main(["--to", str(checkout)])


def test_incomplete_is_not_pushed(
    released: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an address or the PDF nothing is pushed."""
    publish = tool()
    made = put_together(released)
    monkeypatch.setattr(publish, "assemble", lambda root, say: made)
    with pytest.raises(UsageError, match="what is missing"):
        publish.main(["--to", str(checkout)])
    assert [path.name for path in checkout.iterdir()] == [".git"]


# ---- the workflow ----------------------------------------------------------


def steps() -> list[dict[str, object]]:
    """The steps of the publishing workflow."""
    path = ROOT / ".github" / "workflows" / "publish.yml"
    return list(yaml.safe_load(path.read_text())["jobs"]["publish"]["steps"])


def test_workflow_runs_make_targets_only() -> None:
    """Whatever the workflow runs is a target of the Makefile, in this order."""
    commands = [str(step["run"]).split() for step in steps() if "run" in step]
    assert [command[0] for command in commands] == ["make"] * len(commands)
    targets = [command[1] for command in commands]
    assert targets == ["test", "pdf", "publish", "publish"]
    makefile = (ROOT / "Makefile").read_text()
    for target in targets:
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)
    recipe = subprocess.run(
        ["make", "--dry-run", "--always-make", "publish"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "tools/publish.py --dry-run" in recipe


def test_workflow_hides_nothing_and_may_write_nothing_here() -> None:
    """It reads this repository, uses GitHub's own actions and one named secret."""
    text = (ROOT / ".github" / "workflows" / "publish.yml").read_text()
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    used = [str(step["uses"]) for step in steps() if "uses" in step]
    assert all(name.startswith("actions/") for name in used)
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"PUBLIC_DEPLOY_KEY"}
    # Dates of pages need the whole history.
    assert steps()[0]["with"] == {"fetch-depth": 0, "persist-credentials": False}
