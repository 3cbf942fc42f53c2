"""All submissions of tests/threats/ beside honest ones, graded once by the command.

The time limits are short ones; everything else is what staff get.
"""

from __future__ import annotations

import atexit
import importlib.util
import multiprocessing
import os
import resource
import secrets
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import ModuleType
from unittest.mock import patch

import numpy as np
from course_folder import copy_of_released, hand_in, released
from rows import rows
from threat_board import CHAPTER, Board, Entry, Targets
from typer.testing import CliRunner

from autograder import catalogue, cli
from autograder.catalogue import ROOT
from autograder.grading import grade as stage
from autograder.grading import ipynb
from autograder.judging.cases import DEVELOPMENT, drawn_cases
from autograder.publishing.secrets import Numbers, Secret
from autograder.sample.desk import Desk, desk_of
from autograder.sandbox import Limits

FOLDER = Path(__file__).parent / "threats"
MIB = 1 << 20
SEED = DEVELOPMENT.hex()  # the run's own seed, which is not DEVELOPMENT itself
LIMITS = Limits(
    cells_seconds=3.0,
    memory_bytes=512 * MIB,
    answer_bytes=16 * MIB,
    tmp_bytes=8 * MIB,
    tmp_files=500,
    file_bytes=4 * MIB,
    forks=4,
)


@dataclass(frozen=True)
class ThreatFile:
    """A file of the corpus. tests: that keep its promise elsewhere."""

    module: ModuleType
    stem: str

    @property
    def lines(self) -> tuple[int, ...]:
        """What it claims of the list in tests/threats/README.md."""
        return tuple(self.module.LINES)

    @property
    def tests(self) -> tuple[str, ...]:
        """Node ids of tests elsewhere that keep its promise."""
        return tuple(getattr(self.module, "TESTS", ()))

    def entries(self, desk: Desk, targets: Targets) -> list[Entry]:
        """What it hands in."""
        board = Board(desk, self.stem.replace("_", "-"), targets)
        if hasattr(self.module, "hand_in"):
            self.module.hand_in(board)
        return board.entries


@cache
def threat_files() -> tuple[ThreatFile, ...]:
    """Every file of the corpus, by name."""
    return tuple(_load(path) for path in sorted(FOLDER.glob("*.py")))


def _load(path: Path) -> ThreatFile:
    spec = importlib.util.spec_from_file_location(f"threats_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return ThreatFile(module, path.stem)


def temporary(prefix: str) -> Path:
    """A folder that lasts as long as this process."""
    folder = Path(mkdtemp(prefix=prefix))
    atexit.register(rmtree, folder, ignore_errors=True)
    return folder


@dataclass(frozen=True)
class Run:
    """What one run of `course grade` left and said. peak: MiB of the largest
    process that it waited for."""

    course: Path
    summary: stage.GradeSummary
    terminal: str
    peak: float


def run_grade(course: Path, *words: str) -> Run:
    """Run the command, with short time limits. Fails where it does."""
    # In a process of its own: this one has waited for browsers, too.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as own:
        return own.submit(_run_grade, course, words).result()


def _run_grade(course: Path, words: Sequence[str]) -> Run:
    found: list[stage.GradeSummary] = []

    def graded(*args: object, **kwargs: object) -> stage.GradeSummary:
        found.append(limited(*args, **kwargs))
        return found[0]

    limited = partial(stage.grade, limits=LIMITS)
    command = ["grade", CHAPTER, "--course", str(course), *words]
    with patch.object(stage, "grade", graded):
        result = CliRunner().invoke(cli.app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return Run(course, found[0], result.output, peak)


@dataclass(frozen=True)
class GradedThreats(Run):
    """The graded corpus. files: entries by file; connected: whether anybody
    reached the service that the thieves knew of."""

    files: dict[str, list[Entry]]
    targets: Targets
    planted: tuple[str, ...]
    connected: bool

    def scores(self, student: str) -> dict[str, float | None]:
        """What the gradebook says of a student, by exercise."""
        return {
            row[3].removeprefix("check_"): row[4]
            for row in rows(self.course / "gradebook.db")["grade"]
            if row[1] == student
        }

    def page(self, student: str) -> Path:
        """A student's feedback page."""
        return self.course / "feedback" / student / CHAPTER / f"{CHAPTER}.html"

    def written(self, student: str) -> str:
        """Everything that grading wrote for a student."""
        texts = []
        for room in ("feedback", "autograded"):
            for path in sorted((self.course / room / student).rglob("*")):
                if path.is_file():
                    texts.append(path.read_text(encoding="utf-8"))
        return "\n".join(texts)


HONEST = ("a-honest", "honest-otherwise", "honest-wrong", "z-honest")


def honest(desk: Desk) -> dict[str, bytes]:
    """Honest work by student: right, right in another way, wrong, not begun."""
    right = {name: answers.reference for name, answers in desk.answers.items()}
    other = {name: answers.alternatives[0] for name, answers in desk.answers.items()}
    wrong = {name: answers.mistakes[0][1] for name, answers in desk.answers.items()}
    made = (
        desk.right(),
        desk.notebook(other),
        desk.notebook(wrong),
        desk.notebook(dict(list(right.items())[:2]), helpers=False),
    )
    notebooks = zip(HONEST, made, strict=True)
    return {student: ipynb.to_bytes(notebook) for student, notebook in notebooks}


@cache
def graded() -> GradedThreats:
    """The whole corpus, graded once in this process."""
    course = copy_of_released(temporary("threats-"))
    desk = desk_of(course, catalogue.load().chapter(CHAPTER))
    with _planted(course) as (targets, planted, service):
        files = {f.stem: f.entries(desk, targets) for f in threat_files()}
        for entry in (entry for entries in files.values() for entry in entries):
            _hand_in(course, entry)
        for student, data in honest(desk).items():
            hand_in(course, student, CHAPTER, data)
        run = run_grade(course)
        connected = _reached(service)
    return GradedThreats(
        run.course, run.summary, run.terminal, run.peak,
        files, targets, planted, connected,
    )  # fmt: skip


@cache
def graded_alone() -> Run:
    """The honest work of the same class without anybody else's."""
    return run_grade(class_of(temporary("honest-")))


def class_of(folder: Path) -> Path:
    """A course folder with honest work that is not graded yet."""
    course = copy_of_released(folder)
    desk = desk_of(course, catalogue.load().chapter(CHAPTER))
    for student, data in honest(desk).items():
        hand_in(course, student, CHAPTER, data)
    return course


def _hand_in(course: Path, entry: Entry) -> None:
    if entry.sample is None:
        assert entry.fill is not None
        entry.fill(course / "submitted")
        return
    path = hand_in(course, entry.student, CHAPTER, entry.sample.data)
    if entry.fill is not None:
        entry.fill(path.parent)


@contextmanager
def _planted(
    course: Path,
) -> Iterator[tuple[Targets, tuple[str, ...], socket.socket]]:
    """Secrets where a thief would look, and a service on this machine."""
    canaries = tuple(f"canary-{secrets.token_hex(8)}" for _ in range(3))
    folder = temporary("secrets-")
    folder.chmod(0o755)  # so that it is not its mode that protects it
    key, seed_file = folder / "key", folder / "seed"
    key.write_text(canaries[0], encoding="utf-8")
    seed_file.write_text(SEED, encoding="utf-8")
    (course / "submitted").mkdir(exist_ok=True)
    (course / "submitted" / "roster.csv").write_text(canaries[1], encoding="utf-8")
    files = (
        key,
        seed_file,
        course / "gradebook.db",
        course / "nbgrader_config.py",
        course / "source" / CHAPTER / f"{CHAPTER}.ipynb",
        course / "submitted" / "roster.csv",
        course / "submitted" / HONEST[0] / CHAPTER / f"{CHAPTER}.ipynb",
        ROOT / "solutions" / f"{CHAPTER}.py",
        ROOT / "autograder" / "checks" / f"{CHAPTER}.py",
    )
    known = {"COURSE_TOKEN": canaries[2], "COURSE_SEED_FILE": str(seed_file)}
    with (
        patch.dict(os.environ, known),
        socket.create_server(("127.0.0.1", 0)) as service,
    ):
        port = service.getsockname()[1]
        yield Targets(course, files, port, folder / "mark"), (*canaries, SEED), service


def _reached(service: socket.socket) -> bool:
    service.settimeout(0)
    try:
        service.accept()
    except BlockingIOError:
        return False
    return True


@cache
def secret_lines() -> tuple[str, ...]:
    """Lines of references and checks that were not given out."""
    release = released() / "release" / CHAPTER / f"{CHAPTER}.ipynb"
    given = release.read_text(encoding="utf-8")
    return tuple(sorted(s for s in set(_lines_of_code()) if s not in given))


def _lines_of_code() -> Iterator[str]:
    solutions = (ROOT / "solutions" / f"{CHAPTER}.py").read_text(encoding="utf-8")
    for part in solutions.split("### BEGIN SOLUTION")[1:]:
        yield from _telling(part.partition("### END SOLUTION")[0].splitlines())
    checks = ROOT / "autograder" / "checks" / f"{CHAPTER}.py"
    yield from _telling(checks.read_text(encoding="utf-8").splitlines())


def _telling(lines: Sequence[str]) -> Iterator[str]:
    """Lines of code that say something, without sentences for students."""
    for line in map(str.strip, lines):
        if len(line) > 40 and '"' not in line and "#" not in line:
            yield line


@cache
def hidden_numbers() -> tuple[Secret, ...]:
    """Inputs of hidden cases as this run drew them: in bytes, in full, and as pages
    show numbers. One number may stand somewhere by chance, three of one input not."""
    found = []
    for exercise in catalogue.load().chapter(CHAPTER).exercises:
        for drawn in drawn_cases(exercise, SEED.encode()):
            for x in drawn.call.args if not drawn.case.public else ():
                if isinstance(x, np.ndarray) and (x != np.round(x)).any():
                    label = f"{exercise.name}: {drawn.case.label}"
                    found += _of_array(label, x)
    return tuple(found)


def _of_array(label: str, x: Numbers) -> Iterator[Secret]:
    values = [float(v) for v in x.flat[:12] if v != round(v)]
    yield Secret(label, (np.ascontiguousarray(x).tobytes()[:8].hex().encode(),))
    for shown in ({f"{v:.6g}" for v in values}, {repr(v)[:9] for v in values}):
        telling = tuple(v.encode() for v in shown if len(v) > 6)
        if len(telling) >= 3:
            yield Secret(label, telling, needed=3)
