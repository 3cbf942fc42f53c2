"""From an uploaded file to cells that can be looked at.

An upload is hostile until read: sizes come before parsing, links and devices
are not opened, and of what is parsed only four things per cell are kept: its
kind, its source, its id and nbgrader's name for it. Metadata, points and
outputs of the upload go no further.
"""

from __future__ import annotations

import json
import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.errors import SubmissionTrouble
from autograder.grading import nbgrader_rules

MAX_BYTES = 20 << 20  # of a notebook file, outputs and pictures included
MAX_CELLS = 2000
MAX_CODE = 400_000  # bytes of JSON that the sources of a notebook may fill


@dataclass(frozen=True)
class SubmittedCell:
    """What is kept of a cell. grade_id and cell_id are claims, not facts."""

    kind: str
    source: str
    grade_id: str = ""
    cell_id: str = ""


def read_upload(path: Path) -> bytes:
    """The bytes of a notebook file. Raises SubmissionTrouble."""
    if path.parent.is_symlink():
        raise SubmissionTrouble(
            "The folder of the submission is a link; hand in the files themselves."
        )
    data = _read_plain(path, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise SubmissionTrouble(
            f"{path.name} is larger than {MAX_BYTES >> 20} MB; clear the outputs "
            "(Kernel, Restart and Clear Outputs), save and hand in again."
        )
    return data


def read_timestamp(folder: Path) -> datetime | None:
    """When the submission was handed in (UTC, as nbgrader keeps it), if its
    timestamp.txt says so in a way that can be read."""
    try:
        text = _read_plain(folder / "timestamp.txt", 100).decode().strip()
        moment: datetime | None = nbgrader_rules.moment(text) if text else None
    except (SubmissionTrouble, ValueError, OverflowError, TypeError, AttributeError):
        return None
    return moment


def _read_plain(path: Path, limit: int) -> bytes:
    """Up to limit + 1 bytes, only ever of a regular file.

    Raises SubmissionTrouble.
    """
    # O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise SubmissionTrouble(
            f"There is no file {path.name} in the submission; hand in the notebook "
            "under the name it was given out with."
        ) from None
    except OSError as error:
        raise SubmissionTrouble(
            f"{path.name} cannot be opened ({error.strerror}); it must be a plain "
            "file, not a link or a device."
        ) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SubmissionTrouble(f"{path.name} is not a plain file.")
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit + 1)


def read_cells(data: bytes) -> tuple[SubmittedCell, ...]:
    """The cells of a notebook of format 3 or 4.

    Raises SubmissionTrouble with a sentence for student and staff.
    """
    document = _document(data)
    version = document.get("nbformat")
    if version == 4:
        raw = document.get("cells")
    elif version == 3:
        raw = _version_3(document)
    else:
        raise SubmissionTrouble(
            f"The notebook says it has format {on_one_line(str(version), 20)}; "
            "formats 3 and 4 are read. Open it in Jupyter, save it and hand it in "
            "again."
        )
    if not isinstance(raw, list) or not raw:
        raise SubmissionTrouble("The notebook has no cells.")
    if len(raw) > MAX_CELLS:
        raise SubmissionTrouble(
            f"The notebook has {len(raw)} cells, at most {MAX_CELLS} are read."
        )
    cells = tuple(_cell(entry) for entry in raw if isinstance(entry, dict))
    _check_amount_of_code(cells)
    return cells


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SubmissionTrouble(
            "The file is not UTF-8 text, so it is no notebook; was another file "
            "renamed to .ipynb?"
        ) from None
    except RecursionError:
        raise SubmissionTrouble("The file is nested too deeply.") from None
    except ValueError as error:
        raise SubmissionTrouble(
            f"The file is not JSON, so it is no notebook ({_where(error)}). Open it "
            "in Jupyter; if it does not open there, hand in a copy that does."
        ) from None
    if not isinstance(document, dict):
        raise SubmissionTrouble("The file is JSON, but no notebook.")
    return document


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}"
    return "a number with too many digits"


def _version_3(document: dict[str, Any]) -> list[Any]:
    sheets = document.get("worksheets")
    sheets = sheets if isinstance(sheets, list) else []
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
    return [cell for cells in lists if isinstance(cells, list) for cell in cells]


def _cell(entry: dict[str, Any]) -> SubmittedCell:
    kind = entry.get("cell_type")
    source = entry.get("source", entry.get("input", ""))  # "input" in format 3
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = entry.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    marks = metadata.get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    # Colab keeps the id of a cell in its metadata.
    cell_id = entry.get("id", metadata.get("id"))
    return SubmittedCell(
        kind if kind in ("code", "markdown", "raw") else "markdown",
        _whole(source) if isinstance(source, str) else "",
        grade_id if isinstance(grade_id, str) else "",
        cell_id if isinstance(cell_id, str) else "",
    )


def _check_amount_of_code(cells: Sequence[SubmittedCell]) -> None:
    size = sum(len(json.dumps(cell.source)) for cell in cells)
    if size > MAX_CODE:
        raise SubmissionTrouble(
            f"The cells hold {size // 1000} kB of text, at most {MAX_CODE // 1000} "
            "are read; take pasted data out of the notebook."
        )


def _whole(text: str) -> str:
    """The text with halves of surrogate pairs replaced, so that it encodes."""
    pairs = text.encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "replace")


def printable(text: str, length: int = 500) -> str:
    """Text that can be shown: no control or direction characters, not endless.

    Line breaks and tabs stay.
    """
    kept = "".join(c for c in _whole(text) if c in "\n\t" or _shows(c))
    return kept if len(kept) <= length else kept[: length - 1] + "…"


def on_one_line(text: str, length: int) -> str:
    """Printable text without line breaks, for a sentence or a list."""
    return printable(" ".join(_whole(text).split()), length)


def _shows(character: str) -> bool:
    # Besides control and direction characters: line and paragraph separators.
    hidden = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return unicodedata.category(character) not in hidden
