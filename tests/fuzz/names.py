"""Names from outside: of students, and whatever is printed of a submission."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from autograder.errors import SubmissionTrouble
from autograder.grading.ingest import printable
from autograder.grading.uploads import check_student_id

PIECES = (
    "..", "/", "\\", "~", "$HOME", "*", "?", "[a]", "\x00", "\n", "\t", "\x1b[2J",
    "=1+1", "@", "+", "-", ".", " ", "'", '"', "<b>", "&amp;", "%2e", "CON", "nul",
    "\u202e", "\u200b", "\ud800", "é", "e\u0301", "ß", "日本", "💥", "a", "B", "7", "_",
)  # fmt: skip


def try_name(random: Random) -> str:
    """A name is refused with a sentence, or it is fit for a folder."""
    name = random.choice(("", "", "ada", "_7", "Ünal"))
    name += "".join(_piece(random) for _ in range(random.randint(0, 3)))
    assert all(c in "\n\t" or c.isprintable() for c in printable(name))
    try:
        check_student_id(name)
    except SubmissionTrouble as trouble:
        return shown(str(trouble))
    root = Path("/course/submitted")
    assert (root / name).parent == root
    assert Path(name).name == name
    name.encode("utf-8")
    assert name.isprintable()
    assert name[0] not in "=+-@.'\" "
    return "taken"


def _piece(random: Random) -> str:
    kind = random.random()
    if kind < 0.4:
        return random.choice("ab.-_ 9")
    if kind < 0.6:
        return chr(random.randrange(sys.maxunicode + 1))
    return random.choice(PIECES)


def shown(sentence: str) -> str:
    """What comes of a refusal, whose sentence must be fit for a terminal."""
    assert sentence.isprintable(), f"{sentence!r} cannot be shown"
    return "refused"
