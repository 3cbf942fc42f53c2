"""A graded submission, and how its verdicts stand in the notebook.

The autograded notebook is the rebuilt notebook whose grade cells say what was
found, as nbgrader's formgrader shows it. The same verdicts lie in the cells'
metadata, so that feedback and report need nothing but the notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from nbformat import NotebookNode

from autograder.grading.ingest import printable
from autograder.grading.ipynb import display
from autograder.grading.program import exercise_of, role
from autograder.grading.store import from_dict, to_dict
from autograder.model import CaseVerdict, Exercise, Explanation, Verdict

KEY = "convnets"  # our place in the metadata of cells and notebooks
Fragment = Callable[["Sheet"], str]  # a sheet as HTML
SHOWN = 4000  # characters of any one text that a student's code can shape


@dataclass(frozen=True)
class GroupScore:
    """What one group of cases earned. passed, cases: of its public cases."""

    name: str
    about: str
    points: int
    earned: float
    passed: int
    cases: int


@dataclass(frozen=True)
class Sheet:
    """One exercise of a submission: the verdict, split over its groups."""

    verdict: Verdict
    groups: tuple[GroupScore, ...]


@dataclass(frozen=True)
class Graded:
    """One graded notebook.

    trouble: a sentence when it could not be graded as it was; notes: sentences
    about what was odd in it; source: the notebook, rebuilt, without verdicts.
    """

    notebook: NotebookNode
    sheets: tuple[Sheet, ...]
    trouble: str = ""
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The points of all its exercises together."""
        return sum(sheet.verdict.score for sheet in self.sheets)


def sheet(exercise: Exercise, verdict: Verdict) -> Sheet:
    """Split a verdict over the groups of its exercise, fit to be shown."""
    groups = []
    for group in exercise.groups:
        cases = [case for case in verdict.cases if case.group == group.name]
        full = bool(cases) and all(case.passed for case in cases)
        earned = float(group.points) if full else 0.0
        public = [case.passed for case in cases if case.public]
        score = GroupScore(
            group.name, group.about, group.points, earned, sum(public), len(public)
        )
        groups.append(score)
    return Sheet(_shown(verdict), tuple(groups))


def zero(exercise: Exercise, trouble: str) -> Sheet:
    """The sheet of an exercise that could not be tried, and why."""
    return sheet(exercise, Verdict(exercise.name, 0.0, exercise.points, (), trouble))


def _shown(verdict: Verdict) -> Verdict:
    """What a student may see of a verdict: of hidden cases the group's points
    alone, and every text that their code can shape made safe."""
    explanation = verdict.explanation
    if explanation is not None:
        explanation = replace(
            explanation,
            call=printable(explanation.call, SHOWN),
            given=printable(explanation.given, SHOWN),
            expected=printable(explanation.expected, SHOWN),
            received=printable(explanation.received, SHOWN),
            message=printable(explanation.message, SHOWN),
        )
    return replace(
        verdict,
        trouble=printable(verdict.trouble, SHOWN),
        printed=printable(verdict.printed, SHOWN),
        explanation=explanation,
        cases=tuple(_shown_case(case) for case in verdict.cases if case.public),
    )


def _shown_case(case: CaseVerdict) -> CaseVerdict:
    return replace(case, message=printable(case.message, SHOWN))


def file_verdicts(graded: Graded) -> NotebookNode:
    """Put verdicts, trouble and notes into the notebook's metadata."""
    notebook = graded.notebook
    by_name = {sheet.verdict.exercise: sheet for sheet in graded.sheets}
    notebook.metadata[KEY] = {"trouble": graded.trouble, "notes": list(graded.notes)}
    for cell in notebook.cells:
        if role(cell) == "grade" and exercise_of(cell) in by_name:
            found = by_name[exercise_of(cell)]
            cell.metadata[KEY] = {
                "verdict": to_dict(found.verdict),
                "groups": [asdict(group) for group in found.groups],
            }
    return notebook


def filed_sheet(cell: Mapping[str, Any]) -> Sheet | None:
    """The sheet that `file_verdicts` put into a grade cell."""
    filed = cell["metadata"].get(KEY)
    if role(cell) != "grade" or not filed:
        return None
    groups = tuple(GroupScore(**group) for group in filed["groups"])
    return Sheet(from_dict(filed["verdict"]), groups)


def filed(notebook: NotebookNode) -> Graded:
    """Read back what `file_verdicts` wrote into a notebook."""
    kept = notebook.metadata.get(KEY, {})
    found = (filed_sheet(cell) for cell in notebook.cells)
    sheets = tuple(sheet for sheet in found if sheet is not None)
    notes = tuple(kept.get("notes", ()))
    return Graded(notebook, sheets, kept.get("trouble", ""), notes)


def show_verdicts(notebook: NotebookNode, fragment: Fragment) -> NotebookNode:
    """Write the outputs of the grade cells, and leave no other output.

    fragment: a function from a Sheet to HTML. nbgrader takes any stream on
    stderr for a failure, so everything is display_data.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        found = filed_sheet(cell)
        cell.execution_count = None
        cell.outputs = list(_outputs(found, fragment)) if found else []
    return notebook


def _outputs(found: Sheet, fragment: Fragment) -> Iterator[NotebookNode]:
    yield display({"text/html": fragment(found), "text/plain": in_words(found)})
    explanation = found.verdict.explanation
    if explanation is not None and explanation.picture:
        text = "a picture of the difference"
        yield display({"image/svg+xml": explanation.picture, "text/plain": text})


def in_words(found: Sheet) -> str:
    """A sheet as plain text: the score, then what failed and why."""
    verdict = found.verdict
    lines = [f"{verdict.exercise}: {verdict.score:g} of {verdict.points} points"]
    if verdict.trouble:
        lines.append(verdict.trouble)
    for group in found.groups:
        lines.append(
            f"  {group.name}: {group.earned:g} of {group.points} points, "
            f"{group.passed} of {group.cases} public cases pass"
        )
    lines += [f"  - {case.label}: {case.message}" for case in failed(verdict)]
    if verdict.explanation is not None:
        lines += _in_words(verdict.explanation)
    return "\n".join(lines)


def _in_words(explanation: Explanation) -> Sequence[str]:
    lines = [explanation.message, f"  call      {explanation.call}"]
    lines += [f"  given     {explanation.given}"] if explanation.given else []
    lines += [f"  expected  {explanation.expected}"]
    lines += [f"  received  {explanation.received}"]
    likely = "Your result is what one gets when"
    return lines + [f"{likely} {says}." for says in explanation.diagnoses]


def failed(verdict: Verdict) -> list[CaseVerdict]:
    """The public cases that do not pass, in order."""
    return [case for case in verdict.cases if not case.passed]
