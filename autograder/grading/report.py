"""The page for staff: how a class did, what went wrong most, what it took.

Made of the autograded notebooks, the gradebook and the summary of the last run
of `course grade`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbformat import NotebookNode

from autograder import folders
from autograder.errors import UsageError
from autograder.grading import ipynb, words
from autograder.grading.graded import Graded, Sheet, filed
from autograder.grading.pages import render
from autograder.grading.program import key, mark, role
from autograder.grading.recorder import Recorder, gradebook_url
from autograder.grading.records import Grades
from autograder.grading.remarks import remarks
from autograder.model import Explanation
from autograder.publishing.question import key_in

COMMON = 15  # diagnoses that the page lists


@dataclass(frozen=True)
class Submission:
    """One graded notebook and what the gradebook says of it."""

    student: str
    chapter: str
    graded: Graded
    grades: Grades

    @property
    def remarks(self) -> str:
        """What staff should know of how it ran."""
        return remarks(self.graded)

    @property
    def link(self) -> str:
        """Where its feedback page is, seen from the report."""
        parts = ("..", "feedback", self.student, self.chapter, f"{self.chapter}.html")
        return "/".join(quote(part, safe=".") for part in parts)


@dataclass
class ExerciseCount:
    """How a class did on one exercise."""

    chapter: str
    name: str
    points: int
    full: int = 0
    part: int = 0
    none: int = 0
    total: float = 0.0

    @property
    def handed_in(self) -> int:
        """How many submissions there are."""
        return self.full + self.part + self.none

    @property
    def mean(self) -> float:
        """The mean of the points."""
        return self.total / self.handed_in

    def add(self, score: float, most: float) -> None:
        """Count one submission."""
        self.total += score
        if score >= most:
            self.full += 1
        elif score > 0:
            self.part += 1
        else:
            self.none += 1


@dataclass
class Asked:
    """How far a question is that is answered in words.

    key: what a full answer says; total: of the points that people gave;
    waiting: the students whose answers nobody has graded.
    """

    chapter: str
    name: str
    points: int
    key: Sequence[str]
    graded: int = 0
    unanswered: int = 0
    total: float = 0.0
    waiting: list[str] = field(default_factory=list)

    def add(self, grades: Grades) -> None:
        """Count one submission."""
        score, _ = grades.cells.get(self.name, (0.0, 0.0))
        if self.name in grades.ungraded:
            self.waiting.append(grades.student)
        elif self.name in grades.by_hand:
            self.graded += 1
            self.total += score
        else:
            self.unanswered += 1


@dataclass
class Reason:
    """Something that was said to several students."""

    exercise: str
    says: str
    students: list[str] = field(default_factory=list)


def write_report(course: Path) -> Path:
    """Write report/index.html in the course folder, and return its path.

    Raises UsageError when nothing was graded yet.
    """
    submissions = _submissions(course)
    if not submissions:
        raise UsageError(
            f"Writing the report: nothing in {course} was graded yet. "
            "Run `course grade` first."
        )
    path = course / "report" / "index.html"
    keys: dict[str, list[str]] = {}
    for chapter in {submission.chapter for submission in submissions}:
        keys |= _keys(course, chapter)
    folders.write(path, page(submissions, _last_run(course), keys))
    return path


def page(
    submissions: Sequence[Submission],
    run: dict[str, Any] | None,
    keys: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The report as a page that stands alone.

    keys: what full answers in words say, by question.
    """
    known = run["chapters"] if run else []  # in the book's order
    chapters = [c for c in known if any(s.chapter == c for s in submissions)]
    chapters += sorted({s.chapter for s in submissions} - set(chapters))
    return render(
        "report.html",
        chapters=chapters,
        submissions={c: [s for s in submissions if s.chapter == c] for c in chapters},
        students=len({s.student for s in submissions}),
        counts=_counts(submissions, chapters),
        asked=_asked(submissions, chapters, keys or {}),
        reasons=_reasons(submissions),
        troubles=[s for s in submissions if s.graded.trouble],
        remarked=[s for s in submissions if s.remarks],
        waiting=sum(len(s.grades.ungraded) for s in submissions),
        again=sum(len(s.grades.waiting & s.grades.by_hand) for s in submissions),
        run=run,
    )


def _submissions(course: Path) -> list[Submission]:
    """Every autograded notebook that the gradebook knows."""
    names = sorted(path.name for path in (course / "release").glob("*/"))
    with Recorder(gradebook_url(course)) as recorder:
        grades = recorder.grades(names)
    found = []
    for (student, chapter), kept in sorted(grades.items()):
        path = course / "autograded" / student / chapter / f"{chapter}.ipynb"
        if path.is_file():
            graded = _slim(filed(ipynb.parse(path.read_bytes())))
            found.append(Submission(student, chapter, graded, kept))
    return found


def _slim(graded: Graded) -> Graded:
    """What the report needs of a submission: all of a class are in memory."""
    kept = [cell for cell in graded.notebook.cells if role(cell) == "question"]
    for cell in kept:
        cell.source = ""
    sheets = []
    for sheet in graded.sheets:
        said = sheet.verdict.explanation
        few = Explanation("", "", "", "", "", "", said.diagnoses) if said else None
        verdict = replace(sheet.verdict, cases=(), printed="", explanation=few)
        sheets.append(Sheet(verdict, ()))
    node: Any = NotebookNode  # nbformat has no types here
    return replace(graded, notebook=node(cells=kept), sheets=tuple(sheets))


def _keys(course: Path, chapter: str) -> dict[str, list[str]]:
    """What full answers in words say, by question, from the instructor's notebook.

    Empty where that is not in the course folder: it helps, and decides nothing.
    """
    try:
        source = ipynb.read(course / "source" / chapter / f"{chapter}.ipynb")
    except (OSError, ValueError):
        return {}
    return {key(cell): key_in(cell.source) for cell in words.questions(source)}


def _last_run(course: Path) -> dict[str, Any] | None:
    try:
        run: dict[str, Any] = json.loads((course / "run.json").read_bytes())
    except (OSError, ValueError):
        return None
    return run


def _score(submission: Submission, sheet: Sheet) -> tuple[float, float]:
    verdict = sheet.verdict
    kept = (verdict.score, float(verdict.points))
    return submission.grades.cells.get(f"check_{verdict.exercise}", kept)


def _counts(
    submissions: Iterable[Submission], chapters: Sequence[str]
) -> list[ExerciseCount]:
    counts: dict[tuple[str, str], ExerciseCount] = {}
    for submission in submissions:
        for sheet in submission.graded.sheets:
            verdict = sheet.verdict
            place = (submission.chapter, verdict.exercise)
            new = ExerciseCount(*place, verdict.points)
            counts.setdefault(place, new).add(*_score(submission, sheet))
    return sorted(counts.values(), key=lambda count: chapters.index(count.chapter))


def _asked(
    submissions: Iterable[Submission],
    chapters: Sequence[str],
    keys: Mapping[str, Sequence[str]],
) -> list[Asked]:
    """The questions that are answered in words, in the book's order."""
    found: dict[str, Asked] = {}
    for submission in submissions:
        for cell in words.questions(submission.graded.notebook):
            name, points = key(cell), int(mark(cell)["points"])
            new = Asked(submission.chapter, name, points, keys.get(name, ()))
            found.setdefault(name, new).add(submission.grades)
    return sorted(found.values(), key=lambda asked: chapters.index(asked.chapter))


def _reasons(submissions: Iterable[Submission]) -> list[Reason]:
    """The diagnoses given most often, and to whom."""
    reasons: dict[tuple[str, str], Reason] = {}
    for submission in submissions:
        for sheet in submission.graded.sheets:
            explanation = sheet.verdict.explanation
            for says in explanation.diagnoses if explanation else ():
                place = (sheet.verdict.exercise, says)
                reason = reasons.setdefault(place, Reason(*place))
                reason.students.append(submission.student)
    often = Counter({place: len(r.students) for place, r in reasons.items()})
    return [reasons[place] for place, _ in often.most_common(COMMON)]
