"""What was done for a submission, so that it need not be done again.

A receipt says what a grade was made of and what it was made into, both as
digests. It is good while neither changed: the upload, the release, the checks,
the machinery; the autograded notebook and the page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder import folders
from autograder.grading.records import Grades, Record
from autograder.grading.worker import Done, Job, Plan


@dataclass(frozen=True)
class Receipt:
    """upload: the digest of a submission with all that its grade depends on;
    notebook: of the autograded notebook; grades: of what the page shows of the
    gradebook; verdicts: how many there are."""

    upload: str
    notebook: str
    grades: str
    scores: Mapping[str, float | None]
    unanswered: tuple[str, ...]
    trouble: str
    verdicts: int
    remarks: str = ""

    def record(self, job: Job) -> Record:
        """What is to be in the gradebook."""
        unanswered = frozenset(self.unanswered)
        place = (job.student, job.chapter, self.scores)
        return Record(*place, unanswered, job.timestamp, seen=True)


def digest(data: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def upload_digest(plan: Plan, job: Job) -> str:
    """Changes when anything does that a submission's grade depends on."""
    parts = [plan.depends(job.chapter), job.trouble, str(job.timestamp)]
    parts.append(digest(job.data))
    return digest("\n".join(parts).encode())


def grades_digest(grades: Grades) -> str:
    """Changes when the gradebook says something else of a submission."""
    said = {key: _ordered(value) for key, value in vars(grades).items()}
    return digest(json.dumps(said, sort_keys=True).encode())


def _ordered(value: object) -> object:
    return sorted(value) if isinstance(value, set) else value


def receipt(upload: str, done: Done, grades: Grades) -> Receipt:
    """The receipt for a submission whose notebook and page were written."""
    record = done.record
    return Receipt(
        upload,
        digest(done.notebook),
        grades_digest(grades),
        dict(record.scores),
        tuple(sorted(record.unanswered)),
        done.trouble,
        done.timings.computed + done.timings.looked_up,
        done.remarks,
    )


class Receipts:
    """The folder of receipts of a course, `<chapter>/<student>.json`."""

    def __init__(self, course: Path) -> None:
        self.folder = course / "receipts"

    def get(self, student: str, chapter: str) -> Receipt | None:
        """The receipt of a submission; None when there is none that is whole."""
        try:
            kept = json.loads(self._path(student, chapter).read_bytes())
            return Receipt(**kept | {"unanswered": tuple(kept["unanswered"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def put(self, student: str, chapter: str, made: Receipt) -> None:
        """Keep a receipt."""
        folders.write(self._path(student, chapter), json.dumps(asdict(made)))

    def _path(self, student: str, chapter: str) -> Path:
        return self.folder / chapter / f"{student}.json"
