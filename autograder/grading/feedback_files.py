"""Feedback pages where nbgrader keeps them, with what the gradebook says now.

`course feedback` writes them where `nbgrader generate_feedback` does, and that
command makes the same pages through `FeedbackExporter`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat import NotebookNode

from autograder import folders
from autograder.grading import ipynb
from autograder.grading.feedback import page
from autograder.grading.recorder import Recorder, gradebook_url


def write_pages(course: Path, chapters: Sequence[str]) -> int:
    """Write the page of everyone who was graded anew; returns how many there are.

    Raises UsageError.
    """
    with Recorder(gradebook_url(course)) as recorder:
        every = recorder.grades(chapters)
    written = 0
    for (student, chapter), grades in every.items():
        path = course / "autograded" / student / chapter / f"{chapter}.ipynb"
        if path.is_file():
            html = page(ipynb.read(path), grades)
            at = course / "feedback" / student / chapter / f"{chapter}.html"
            folders.write(at, html)
            written += 1
    return written


class FeedbackExporter(Exporter):
    """nbgrader's way to the same page: `GenerateFeedback.exporter_class`."""

    def _file_extension_default(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]  # text, as in its own exporters
        self, nb: NotebookNode, resources: Any = None, **kw: Any
    ) -> tuple[str, Any]:
        """Called by nbgrader for each autograded notebook that has grades."""
        notebook, resources = super().from_notebook_node(nb, resources, **kw)
        kept = resources["nbgrader"]
        student, chapter = kept["student"], kept["assignment"]
        with Recorder(kept["db_url"]) as recorder:
            grades = recorder.grades([chapter], student)
        return page(notebook, grades[student, chapter]), resources
