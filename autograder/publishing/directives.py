"""MyST directives as plain Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from autograder.errors import AuthorError
from autograder.publishing import quiz
from autograder.publishing.myst import ADMONITIONS, Directive, parse
from autograder.publishing.references import Context

Write = Callable[[str, Context], str]  # MyST to plain Markdown, for what is inside


@dataclass(frozen=True)
class Job:
    """A directive to turn into Markdown, where it stands, and a way inside."""

    found: Directive
    context: Context
    write: Write

    def inside(self, text: str) -> str:
        """A text inside the directive, as plain Markdown."""
        here = replace(self.context, line=self.context.line + self.found.body_line)
        return self.write(text, here).strip()


def display(formula: str, number: str = "") -> str:
    r"""A displayed formula; several lines (`\\`) get the environment they need."""
    formula = formula.strip("\n")
    several = "\\\\" in formula or re.search(r"(?<!\\)&", formula)
    if several and "\\begin{" not in formula:
        formula = f"\\begin{{aligned}}\n{formula}\n\\end{{aligned}}"
    tag = f"\n\\tag{{{number}}}" if number else ""
    return f"$$\n{formula}{tag}\n$$"


def folded(summary: str, text: str) -> str:
    """Text that shows when its summary (Markdown) is chosen."""
    shown = MarkdownIt().renderInline(summary)
    return f"<details>\n<summary>{shown}</summary>\n\n{text}\n\n</details>"


def caption(kind: str, number: str, text: str) -> str:
    """The line below a figure or above a table."""
    return f"**{kind} {number}.** {text}"


def _admonition(job: Job) -> str:
    found = job.found
    title, body = ADMONITIONS[found.name], found.body
    if found.name == "admonition":
        title = job.inside(found.argument)
    elif found.argument:
        body = f"{found.argument}\n{body}"
    text = job.inside(body)
    if "dropdown" in found.options.get("class", "").split():
        return folded(title, text)
    return "\n".join(
        f"> {line}".rstrip() for line in f"**{title}**\n\n{text}".split("\n")
    )


def _math(job: Job) -> str:
    options = job.found.options
    formula = f"{job.found.argument}\n{job.found.body}".strip()
    label = options.get("label") or options.get("name")
    return display(formula, job.context.label(label).number if label else "")


def _number(job: Job) -> str:
    """The number of what has a caption; it needs a name to have one."""
    name = job.found.options.get("name")
    if not name:
        raise job.context.trouble(
            f"the directive '{job.found.name}' has a caption and no name",
            "Give it a line ':name: fig-…' so that it has a number.",
        )
    return job.context.label(name).number


def _figure(job: Job) -> str:
    path = job.found.argument
    if not (job.context.folder / path).is_file() or not path.startswith("figures/"):
        raise job.context.trouble(
            f"the picture '{path}' is no file below chapters/figures",
            "Pictures lie there, because students get that folder; mend the path.",
        )
    alt = job.found.options.get("alt", "").replace("[", "(").replace("]", ")")
    picture = f"![{' '.join(alt.split())}]({path})"
    if not job.found.body.strip():
        return picture
    below = caption("Figure", _number(job), job.inside(job.found.body))
    return f"{picture}\n\n{below}"


def _list_table(job: Job) -> str:
    rows = [[job.inside(cell) for cell in row] for row in _rows(job)]
    header = int(job.found.options.get("header-rows", "0") or 0)
    width = max(map(len, rows))
    head = rows[:1] if header else [[""] * width]
    lines = [*head, ["---"] * width, *rows[len(head) if header else 0 :]]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    if not job.found.argument:
        return table
    title = job.inside(job.found.argument)
    return f"{caption('Table', _number(job), title)}\n\n{table}"


def _rows(job: Job) -> list[list[str]]:
    """The cells of a list-table: items of the inner lists, each on one line."""
    lines = job.found.body.splitlines()
    rows: list[list[str]] = []
    for token in parse(job.found.body):
        if token.type == "list_item_open" and token.level == 1:
            rows.append([])
        elif token.type == "list_item_open" and token.level == 3 and token.map:
            first, *rest = lines[slice(*token.map)]
            first = re.sub(r"^\s*(?:[-*+](?:\s+|$)){1,2}", "", first)
            cell = " ".join([first, *map(str.strip, rest)]).strip()
            rows[-1].append(cell.replace("|", "\\|"))
    if not rows or not all(rows):
        raise job.context.trouble(
            "a list-table has no rows with cells",
            "Write each row as '* - cell' and its other cells as '  - cell'.",
        )
    return rows


def _quiz(job: Job) -> str:
    try:
        questions = quiz.parse(job.found.body)
    except AuthorError as error:
        raise job.context.trouble(str(error), "") from None
    parts: list[str] = []
    for number, question in enumerate(questions, start=1):
        parts.append(f"**Question {number}.** {job.inside(question.text)}")
        letters = "ABCDEFGHIJ"[: len(question.answers)]
        chosen = list(zip(letters, question.answers, strict=False))
        parts.append(
            "\n".join(f"- **{letter}.** {job.inside(a.text)}" for letter, a in chosen)
        )
        for letter, answer in chosen:
            verdict = "Yes." if answer.correct else "No."
            reason = f"**{verdict}** {job.inside(answer.because)}"
            parts.append(folded(html.escape(f"You chose {letter}"), reason))
    return "\n\n".join(parts)


def _bibliography(job: Job) -> str:
    return ""  # a notebook that cites has its list of papers at the end


DIRECTIVES: dict[str, Callable[[Job], str]] = {
    **dict.fromkeys(ADMONITIONS, _admonition),
    "bibliography": _bibliography,
    "figure": _figure,
    "list-table": _list_table,
    "math": _math,
    "quiz": _quiz,
}
