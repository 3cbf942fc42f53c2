"""The `exercise-index` directive: every exercise of the book, by chapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder.catalogue import ChapterExercises
from autograder.publishing import chapter as chapters
from autograder.publishing.chapter import Chapter
from autograder.publishing.wording import counted

_HEAD = "| name | points | minutes | difficulty |\n|:--|--:|--:|:--|"


def setup(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("exercise-index", ExerciseIndex)


class ExerciseIndex(SphinxDirective):
    """A section a chapter, with a row for each exercise and question."""

    def run(self) -> list[nodes.Node]:
        """The sections, in the book's order."""
        # Loads torch and every check: only for a book that has an index.
        from autograder import catalogue

        root = Path(self.env.srcdir)
        for file in ("_toc.yml", "autograder/checks", "chapters"):
            for path in sorted((root / file).glob("*.*")) or [root / file]:
                self.env.note_dependency(str(path))
        texts = [section(one) for one in catalogue.load(root).chapters]
        made = self.parse_text_to_nodes("\n\n".join(texts), allow_section_headings=True)
        for part in made:
            if isinstance(part, nodes.section):
                part["classes"].append("exercise-index")
        return made


def section(graded: ChapterExercises) -> str:
    """A chapter's heading, sums and table, in MyST."""
    page = chapters.read(graded.path)
    rows = list(_rows(graded, page))
    points = sum(row[1] for row in rows)
    minutes = sum(row[2] for row in rows)
    table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    return (
        f"## {page.title}\n\n"
        f"{counted(len(rows), 'exercise')} in {{doc}}`{graded.name}`: "
        f"{counted(points, 'point')}, about {counted(minutes, 'minute')}.\n\n"
        f"{_HEAD}\n{table}"
    )


def _rows(
    graded: ChapterExercises, page: Chapter
) -> Iterator[tuple[str, int, int, str]]:
    """What stands in the table, in the order in which the chapter has it."""
    known = {exercise.name: exercise for exercise in graded.exercises}
    for name in page.exercises:
        one = known[name]
        link = f"[`{name}`](#exercise-{name})"
        yield link, one.points, one.minutes, one.difficulty
    for asked in page.questions:
        link = f"[`{asked.name}`](#question-{asked.name})"
        yield link, asked.points, asked.minutes, "answered in words"
