"""Every threat of tests/threats/README.md, handed in and graded with `course grade`.

All submissions of tests/threats/ are graded in one run beside honest ones; each
file is then looked at alone.
"""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copy, copytree

import pytest
from course_folder import hand_in
from nbgrader.api import Gradebook
from page_audit import Audit
from rows import rows
from threat_board import Entry
from threat_class import (
    FOLDER,
    HONEST,
    LIMITS,
    MIB,
    GradedThreats,
    ThreatFile,
    class_of,
    graded,
    graded_alone,
    hidden_numbers,
    run_grade,
    secret_lines,
    threat_files,
)

from autograder import catalogue
from autograder.catalogue import ROOT
from autograder.grading import ipynb
from autograder.grading.export import write_table
from autograder.grading.program import role
from autograder.grading.uploads import named
from autograder.publishing.secrets import Secret
from autograder.sample.desk import desk_of, found_wrong
from autograder.sandbox import Cell, Level, Program, Sandbox
from convnets.answers import Call

GROUP = "threats"  # shares the graded corpus with test_staff_pages.py
FILES = threat_files()
CHAPTER = catalogue.load().chapter("depthwise")
GRADE = """\
import sys
from pathlib import Path
from autograder.grading.grade import grade
if __name__ == "__main__":
    grade(Path(sys.argv[1]), ["depthwise"], jobs=1)"""
POINTS = {exercise.name: float(exercise.points) for exercise in CHAPTER.exercises}


@pytest.fixture(scope="module", name="corpus")
def corpus_fixture() -> GradedThreats:
    """The graded corpus."""
    return graded()


@pytest.fixture(scope="module")
def weakest() -> Iterator[Sandbox]:
    """A sandbox of the lowest level."""
    with Sandbox(Level.PROCESS, LIMITS) as sandbox:
        yield sandbox


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_threat_gains_nothing(corpus: GradedThreats, file: ThreatFile) -> None:
    """Scores are what the work earns, nothing secret is written for the student,
    and the summary tells staff what happened."""
    wrong = [
        f"{entry.student}: {fault}"
        for entry in corpus.files[file.stem]
        for fault in faults(corpus, file, entry)
    ]
    assert not wrong, "\n".join(wrong)


def faults(corpus: GradedThreats, file: ThreatFile, entry: Entry) -> list[str]:
    """What came of one submission that should not have."""
    if entry.sample is None:
        return list(faults_of_refused(corpus, entry))
    page = Audit(corpus.page(entry.student).read_text(encoding="utf-8"))
    scores = corpus.scores(entry.student)
    found = list(found_wrong(entry.sample, POINTS, scores, page.text))
    found += page.faults
    words = getattr(file.module, "FORBIDDEN", ())
    found += leaks(corpus, entry.student, entry.sample.data.decode("utf-8", "replace"))
    found += [f"'{w}' is written" for w in words if w in corpus.written(entry.student)]
    told = corpus.terminal.splitlines()
    lines = [line for line in told if line.startswith(f"  {entry.student}, ")]
    if entry.summary and not any(entry.summary in line for line in lines):
        found.append(f"the summary says {lines}, expected '{entry.summary}'")
    if not entry.summary and lines:
        found.append(f"the summary says {lines}, expected nothing")
    return found


def faults_of_refused(corpus: GradedThreats, entry: Entry) -> list[str]:
    """A refused folder has a reason in the summary, and no trace elsewhere."""
    reasons = [r.reason for r in corpus.summary.refused]
    name = named(entry.student)[1:-1]
    found = [r for r in reasons if f"{name}'" in r or f'{name}"' in r]
    found = [r for r in found if entry.summary in r]
    return [] if found else [f"no reason '{entry.summary}' in {reasons}"]


def leaks(corpus: GradedThreats, student: str, submitted: str) -> list[str]:
    """Secrets in what was written for a student who did not bring them along."""
    text = corpus.written(student)
    found = [s for s in (*corpus.planted, *secret_lines()) if s in text]
    found = [s for s in found if s not in submitted]
    found += [s.name for s in hidden_numbers() if s.is_among(marks(s, text))]
    return [f"'{s}' leaks" for s in found]


def marks(secret: Secret, text: str) -> set[bytes]:
    """Those of a secret's marks that stand in a text."""
    return {mark for mark in secret.marks if mark.decode() in text}


def test_there_is_something_to_look_for(corpus: GradedThreats) -> None:
    """Every kind of secret is known, and a planted one would be found."""
    assert len(secret_lines()) > 100
    assert len(hidden_numbers()) > 100
    assert all(path.is_file() for path in corpus.targets.files)
    page = corpus.page("z-honest")
    before, brought = page.read_text(encoding="utf-8"), corpus.written("z-honest")
    kinds = [*corpus.planted, secret_lines()[-1]]
    kinds += [" ".join(m.decode() for m in s.marks) for s in hidden_numbers()[:3]]
    for planted in kinds:
        page.write_text(before + planted, encoding="utf-8")
        assert leaks(corpus, "z-honest", brought) != [], planted
    page.write_text(before, encoding="utf-8")
    assert leaks(corpus, "z-honest", brought) == []


def test_everybody_else_is_graded_as_if_alone(corpus: GradedThreats) -> None:
    """Honest work beside all of this has the rows, the notebooks and the pages that
    it has in a class of its own."""
    alone = graded_alone()
    beside = rows(corpus.course / "gradebook.db")
    for table, found in rows(alone.course / "gradebook.db").items():
        if table not in ("how many", "course"):
            assert [row for row in beside[table] if set(HONEST) & set(row)] == found
    assert_same_files(alone.course, corpus.course)


def assert_same_files(alone: Path, course: Path) -> None:
    """Honest work has the same notebooks and pages in both. Mistakes are left out:
    the search for a small input that shows one is bounded in time."""
    for student in HONEST:
        for room in ("autograded", "feedback"):
            for path in (alone / room / student).rglob("*.*"):
                other = course / path.relative_to(alone)
                same = without_times(other) == without_times(path)
                assert same or student == "honest-wrong", path


def without_times(path: Path) -> str:
    """A file without what a verdict says it took."""
    return re.sub(r'"seconds": [\d.e-]+', "", path.read_text(encoding="utf-8"))


def test_submissions_alike_read_alike(corpus: GradedThreats) -> None:
    """Failing one hidden case or another gives the same page."""
    for file in FILES:
        if getattr(file.module, "ALIKE", False):
            entries = corpus.files[file.stem]
            assert len(entries) > 1
            pages = [
                corpus.page(e.student).read_text(encoding="utf-8") for e in entries
            ]
            plain = {
                p.replace(e.student, "") for p, e in zip(pages, entries, strict=True)
            }
            assert len(plain) == 1


def test_the_run_is_bounded(corpus: GradedThreats) -> None:
    """No submission takes more than its limits allow, on a busy machine, and no
    process of the run more memory than an interpreter and a child's limit."""
    slow = {line.student: line.seconds for line in corpus.summary.lines}
    assert {name: s for name, s in slow.items() if s > 120} == {}
    assert corpus.peak < 700 + LIMITS.memory_bytes / MIB


def test_the_report_says_what_happened(corpus: GradedThreats) -> None:
    """What the summary says of a submission is on the staff's report."""
    page = (corpus.course / "report" / "index.html").read_text(encoding="utf-8")
    report = Audit(page)
    assert report.faults == []
    told = {entry.summary for file in FILES for entry in corpus.files[file.stem]}
    assert len(told) > 20
    assert [words for words in told if words not in report.text] == []


@pytest.mark.parametrize(
    "name", ["files-by-path", "files-processes", "files-homes", "network-sockets"]
)
def test_a_theft_would_work(corpus: GradedThreats, weakest: Sandbox, name: str) -> None:
    """Where nothing but a process of its own stops it, a theft has loot to tell of."""
    entries = [entry for file in FILES for entry in corpus.files[file.stem]]
    (sample,) = (entry.sample for entry in entries if entry.student == name)
    assert sample is not None
    sources = [cell["source"] for cell in json.loads(sample.data)["cells"]]
    (attack,) = (text for text in map("".join, sources) if "def attempt(" in text)
    source = f"{attack}\n\n\ndef stolen():\n    return len(loot)"
    with weakest.open(Program((Cell("theft", source, ("stolen",)),))) as session:
        assert session.call("stolen", Call(), seconds=5).value > 0


def test_nothing_was_reached_or_left(corpus: GradedThreats) -> None:
    """No service was connected to, no marker written, no room has a trace of a
    refused name."""
    assert not corpus.connected
    assert not corpus.targets.marker.exists()
    students = {line.student for line in corpus.summary.lines}
    for room in ("autograded", "feedback"):
        assert {path.name for path in (corpus.course / room).iterdir()} == students
    assert {
        row[0] for row in rows(corpus.course / "gradebook.db")["student"]
    } == students


def test_the_terminal_shows_printable_text(corpus: GradedThreats) -> None:
    """No control sequence and no direction mark reaches the terminal, nor a file
    that staff read there."""
    lines = corpus.terminal.split("\n")
    assert len(lines) > len(corpus.summary.refused)
    assert [line for line in lines if not line.isprintable()] == []


def test_the_last_one_handed_in_counts(tmp_path: Path) -> None:
    """Handing in again without the test cells, or something that is no notebook,
    keeps no score of the one before."""
    course = Path(copytree(graded_alone().course, tmp_path / "course"))
    desk = desk_of(course, CHAPTER)
    stubs = desk.notebook({}, helpers=False)
    stubs.cells = [cell for cell in stubs.cells if role(cell) != "grade"]
    hand_in(course, "a-honest", CHAPTER.name, ipynb.to_bytes(stubs))
    hand_in(course, "honest-otherwise", CHAPTER.name, b"gone")
    run_grade(course)
    grades = rows(course / "gradebook.db")["grade"]
    for student in ("a-honest", "honest-otherwise"):
        assert {row[4] for row in grades if row[1] == student} == {0.0}
    before = rows(graded_alone().course / "gradebook.db")["grade"]
    others = [row for row in grades if row[1] in ("honest-wrong", "z-honest")]
    assert others == [row for row in before if row in others]


def test_a_killed_grader_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """SIGKILL in the middle of a run, and the run after it has the same grades as
    one that nobody disturbed. Its workers end with the killed one."""
    course = class_of(tmp_path)
    killed = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", GRADE, str(course)], cwd=ROOT
    )
    while killed.poll() is None and not list((course / "verdicts").glob("*/*.json")):
        time.sleep(0.02)
    children = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text()
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    end = time.monotonic() + 20
    assert children
    while any(map(alive, children.split())) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(alive, children.split()))
    run = run_grade(course)
    assert run.summary.timings.looked_up > 0
    alone = graded_alone().course
    assert rows(course / "gradebook.db") == rows(alone / "gradebook.db")
    assert_same_files(alone, course)


def alive(pid: str) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False


def test_the_exported_table_has_no_formula(
    corpus: GradedThreats, tmp_path: Path
) -> None:
    """Nothing in the table of the corpus, whatever people are called, is taken for
    a formula."""
    copy(corpus.course / "gradebook.db", tmp_path)
    names = ("=1+1", "@SUM(A1)", "\t=1", "+cmd|'/C calc'!A0")
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        for name, student in zip(names, sorted(HONEST), strict=True):
            gradebook.update_or_create_student(
                student, first_name=name, last_name=f" {name}", email=name
            )
    made = tmp_path / "grades.csv"
    assert write_table(tmp_path, made) > len(corpus.summary.lines)
    with made.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert sum(name in cell for cell in cells for name in names) >= 3 * len(names)
    starts = {cell.lstrip(" ")[:1] for cell in cells}
    assert starts & set("=+-@\t\r\n") == set()


def test_every_line_is_claimed() -> None:
    """Each threat of the list is claimed by a file, and tests that a file points to
    exist."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    listed = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert listed == list(range(1, 47))
    assert {line for file in FILES for line in file.lines} == set(listed)
    for file in FILES:
        assert file.module.__doc__
        assert file.tests or hasattr(file.module, "hand_in")
        for test in file.tests:
            path, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), test


def test_no_deadline_reads_the_wall_clock() -> None:
    """A clock that is set back or a leap second moves no deadline: trusted code
    measures with the clock that only goes forward."""
    wall = re.compile(r"\btime\.time\(|datetime\.(now|utcnow|today)\(|date\.today\(")
    for folder in ("sandbox", "judging", "grading"):
        for path in (ROOT / "autograder" / folder).glob("*.py"):
            assert not wall.search(path.read_text(encoding="utf-8")), path.name
