"""`course collect`: packed submissions and archives that are not what they say."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.grading.collect import MAX_INNER, Collection, collect
from autograder.grading.ingest import MAX_BYTES

CHAPTERS = ("convolution", "fast_convolution")
WORK = b'{"cells": []}'


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course folder in which two chapters were released."""
    for chapter in CHAPTERS:
        path = tmp_path / "course" / "release" / chapter / f"{chapter}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(WORK)
    return tmp_path / "course"


def zipped(members: dict[str | zipfile.ZipInfo, bytes]) -> bytes:
    """A zip with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def archive(course: Path, name: str, members: dict[str, bytes]) -> Path:
    """A zip file beside the course folder."""
    path = course.parent / name
    path.write_bytes(zipped(members))
    return path


def submitted(course: Path) -> dict[str, bytes]:
    """Every file below submitted/, by its path there."""
    folder = course / "submitted"
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def reasons(made: Collection) -> str:
    """Why things were left alone."""
    return "\n".join(f"{left.name}: {left.reason}" for left in made.refused)


def test_a_packed_submission_goes_to_its_student(course: Path) -> None:
    """`anna_convnets.zip` becomes submitted/anna/<chapter>/<chapter>.ipynb."""
    file = archive(course, "anna_convnets.zip", {f"{c}.ipynb": WORK for c in CHAPTERS})
    made = collect(course, [file])
    assert [(c.student, c.chapter) for c in made.collected] == [
        ("anna", chapter) for chapter in CHAPTERS
    ]
    assert submitted(course) == {f"anna/{c}/{c}.ipynb": WORK for c in CHAPTERS}
    assert made.refused == []


@pytest.mark.parametrize(
    "inside",
    [
        # Moodle: a folder a student; Canvas: a file a student, and its numbers
        {"Anna Bell_77_assignsubmission_file_/x.zip": {"convolution.ipynb": WORK}},
        {"Anna Bell_77_assignsubmission_file_/convolution.ipynb": WORK},
        {"Anna Bell_123_456_convolution.ipynb": WORK},
        {"Anna Bell_123_456_convolution-2.ipynb": WORK},
        {"Anna Bell_123_456_convnets.zip": {"convolution (1).ipynb": WORK}},
        # the whole folder instead of the packed file
        {"Anna Bell_1.zip": {"convnets-by-hand/convolution.ipynb": WORK}},
    ],
)
def test_a_platforms_archive_is_sorted_by_student(course: Path, inside: dict) -> None:
    """The name that the platform gave decides, however the work lies inside."""
    members = {k: zipped(v) if isinstance(v, dict) else v for k, v in inside.items()}
    members["Ben_9_convnets.zip"] = zipped({"fast_convolution.ipynb": b"{}"})
    members["__MACOSX/._convolution.ipynb"] = b"litter"
    made = collect(course, [archive(course, "all.zip", members)])
    assert reasons(made) == ""
    assert submitted(course) == {
        "Anna Bell/convolution/convolution.ipynb": WORK,
        "Ben/fast_convolution/fast_convolution.ipynb": b"{}",
    }


def test_the_whole_folder_as_a_zip_is_one_students(course: Path) -> None:
    """A bundle that was zipped by hand belongs to whom the archive is named after."""
    inside = {"convnets-by-hand/convolution.ipynb": WORK}
    collect(course, [archive(course, "anna.zip", inside)])
    assert list(submitted(course)) == ["anna/convolution/convolution.ipynb"]


@pytest.mark.parametrize("name", ["convnets.zip", "submission (1).zip", "_.zip"])
def test_a_name_that_says_nobody_is_asked_about(course: Path, name: str) -> None:
    """Without a student's name nothing is guessed; --student says whose it is."""
    file = archive(course, name, {"convolution.ipynb": WORK})
    assert "does not say whose it is" in reasons(collect(course, [file]))
    assert submitted(course) == {}
    made = collect(course, [file], student="anna")
    assert [item.student for item in made.collected] == ["anna"]


def test_names_with_underscores_are_matched_by_an_own_pattern(course: Path) -> None:
    """--match says where the student's name ends."""
    file = archive(course, "u_1234_convnets.zip", {"convolution.ipynb": WORK})
    made = collect(course, [file], match=r"(?P<student>u_\d+)_.*")
    assert [item.student for item in made.collected] == ["u_1234"]
    for match in ("(", ".*"):
        with pytest.raises(UsageError, match="--match"):
            collect(course, [file], match=match)


def test_work_that_was_collected_before_stays(course: Path) -> None:
    """The same again is no news; other work needs --replace."""
    first = archive(course, "anna_1.zip", {"convolution.ipynb": WORK})
    other = archive(course, "anna_2.zip", {"convolution.ipynb": b"other"})
    collect(course, [first])
    assert collect(course, [first]).collected[0].news == "as before"
    assert "Say --replace" in reasons(collect(course, [other]))
    assert submitted(course)["anna/convolution/convolution.ipynb"] == WORK
    collect(course, [other], replace=True)
    assert submitted(course)["anna/convolution/convolution.ipynb"] == b"other"


@pytest.mark.parametrize(
    "name",
    [
        "../../../out/convolution.ipynb",
        "/tmp/out/convolution.ipynb",
        "..\\..\\out\\convolution.ipynb",
        "C:\\out\\convolution.ipynb",
        "release/convolution/convolution.ipynb",
        "a/" * 900 + "convolution.ipynb",
    ],
)
def test_no_path_in_an_archive_is_followed(course: Path, name: str) -> None:
    """Whatever a member's path says, the notebook goes where its student's go."""
    file = archive(course, "anna_1.zip", {name: WORK})
    collect(course, [file], student="anna")
    assert submitted(course) == {"anna/convolution/convolution.ipynb": WORK}
    assert (course / "release/convolution/convolution.ipynb").read_bytes() == WORK
    files = [path for path in course.parent.rglob("*") if path.is_file()]
    assert len(files) == len(CHAPTERS) + 2


@pytest.mark.parametrize(
    "folder",
    ["..", ".", "-rf", "a\nb", "x" * 200, "<b>", "*", "a\x1b[2J", "a\u202eb", ".ssh"],
)
def test_a_student_whose_name_cannot_be_is_refused(course: Path, folder: str) -> None:
    """Folders of a platform's archive become ids only where ids can be that."""
    members = {f"{folder}/convolution.ipynb": WORK, "ben/convolution.ipynb": WORK}
    made = collect(course, [archive(course, "all.zip", members)])
    assert list(submitted(course)) == ["ben/convolution/convolution.ipynb"]
    assert len(made.refused) == 1
    assert not set("\x1b\u202e") & set(reasons(made))


def test_links_devices_and_passwords_are_refused(course: Path) -> None:
    """Only plain files are read, and none behind a password."""
    members: dict[str | zipfile.ZipInfo, bytes] = {}
    for student, kind in {
        "a": stat.S_IFLNK,
        "b": stat.S_IFCHR,
        "c": stat.S_IFIFO,
    }.items():
        info = zipfile.ZipInfo(f"{student}/convolution.ipynb")
        info.create_system, info.external_attr = 3, (kind | 0o777) << 16
        members[info] = b"/etc/passwd"
    members["d/convolution.ipynb"] = WORK
    data = bytearray(zipped(members))
    # the flag of a password, in the last entry of the directory
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    file = course.parent / "all.zip"
    file.write_bytes(data)
    made = collect(course, [file])
    assert submitted(course) == {}
    assert reasons(made).count("not a file") == 3
    assert "d/convolution.ipynb: It has a password" in reasons(made)


def test_a_bomb_is_read_no_further_than_a_notebook_may_be(course: Path) -> None:
    """A member that unpacks to more than is graded is refused, others are not."""
    bomb = zipped({"convolution.ipynb": bytes(MAX_BYTES + 1)})
    assert len(bomb) < MAX_BYTES // 100
    nest = zipped({f"{n}.zip": bomb for n in range(3)})
    many = zipped({f"{n}/convolution.ipynb": b"" for n in range(MAX_INNER + 1)})
    members = {
        "a_1.zip": bomb,
        "b_1.zip": nest,
        "c_1.zip": many,
        "d_1.zip": b"no archive",
        "e_1.zip": bomb[:-40],
        "f_1.zip": zipped({"convolution.ipynb": WORK}),
    }
    made = collect(course, [archive(course, "all.zip", members)])
    assert list(submitted(course)) == ["f/convolution/convolution.ipynb"]
    said = reasons(made)
    assert "a_1.zip/convolution.ipynb: It is larger than 20 MB" in said
    assert said.count("archive in an archive") == 3
    assert f"It has {MAX_INNER + 1} files" in said
    assert said.count("It is no zip that can be read") == 2


def test_of_equal_names_the_first_counts(course: Path) -> None:
    """Duplicates and names that differ in case do not change what was taken."""
    file = course.parent / "anna_1.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("convolution.ipynb", WORK)
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("convolution.ipynb", b"second")
        packed.writestr("Convolution.ipynb", b"third")
    made = collect(course, [file])
    assert submitted(course) == {"anna/convolution/convolution.ipynb": WORK}
    assert "came before it" in reasons(made)
    assert "No chapter is called 'Convolution'" in reasons(made)


def test_a_link_in_submitted_is_not_written_through(course: Path) -> None:
    """A folder that is a link leads nowhere."""
    (course / "submitted").mkdir()
    (course / "submitted" / "anna").symlink_to(course / "release")
    file = archive(course, "anna_1.zip", {"convolution.ipynb": b"other"})
    assert "holds a link" in reasons(collect(course, [file]))
    assert (course / "release/convolution/convolution.ipynb").read_bytes() == WORK


def test_a_wrong_call_is_explained(course: Path, tmp_path: Path) -> None:
    """No zip, no such file, nothing released: each says what to do."""
    text = tmp_path / "anna.txt"
    text.write_text("hello")
    for file in (text, tmp_path / "nowhere.zip"):
        with pytest.raises(UsageError, match="cannot be read as a zip"):
            collect(course, [file])
    with pytest.raises(UsageError, match="course release"):
        collect(tmp_path / "empty", [text])


def test_the_verb_says_what_it_did(course: Path) -> None:
    """Status 0 when something was collected, 1 when nothing could be."""
    good = archive(course, "anna_1.zip", {"convolution.ipynb": WORK})
    bad = archive(course, "ben_1.zip", {"essay.ipynb": json.dumps({}).encode()})
    command = [sys.executable, "-c", "from autograder.cli import main; main()"]
    for file, status, says in [
        (good, 0, "collected anna convolution"),
        (bad, 1, "essay"),
    ]:
        done = subprocess.run(
            [*command, "collect", str(file), "--course", str(course)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (status, "")
        assert says in done.stdout
