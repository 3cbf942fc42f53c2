"""A question that is answered in words and graded by a person.

Its author writes one directive. What is asked goes to the page and to the
student's notebook; the key, for the graders, to nbgrader's source/ alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.errors import AuthorError
from autograder.publishing.myst import Directive, directive, parse
from autograder.publishing.stub import BEGIN, END
from autograder.publishing.wording import counted

NAME = "question"  # of the directive
PLACEHOLDER = "YOUR ANSWER HERE"  # what students replace by their answer
RULE = "---"  # the line between what is asked and the key
# Where nbgrader would cut a cell, or leave something in it.
MARKERS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")

_FORM = (
    "A question is\n"
    "```{question} name_of_the_question\n"
    ":points: 2\n"
    ":minutes: 10\n\n"
    "What is asked.\n\n"
    "---\n"
    "What a full answer says:\n"
    "for the graders, at least a line a point.\n"
    "```"
)


@dataclass(frozen=True)
class WrittenQuestion:
    """One question. text: what is asked, in MyST; key: what a full answer says,
    a line for each thing that earns a point, for the graders alone."""

    name: str
    points: int
    minutes: int
    text: str
    key: tuple[str, ...]

    @property
    def worth(self) -> str:
        """What it is worth and how it is graded, in one line."""
        return (
            f"{counted(self.points, 'point')} · about "
            f"{counted(self.minutes, 'minute')} · answered in words, "
            "graded by a person"
        )


def read(found: Directive) -> WrittenQuestion:
    """Read the directive. Raises AuthorError that says what it lacks."""
    name = found.argument
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise _trouble(name, "its name is not one word of a-z, 0-9 and _")
    unknown = sorted(set(found.options) - {"points", "minutes"})
    if unknown:
        raise _trouble(name, f"it has the unknown option '{unknown[0]}'")
    points, minutes = (_number(found, option) for option in ("points", "minutes"))
    if MARKERS.search(found.body):
        raise _trouble(name, "it holds one of nbgrader's markers")
    parts = re.split(rf"^{RULE}\s*$", found.body, flags=re.MULTILINE)
    if len(parts) != 2 or not parts[0].strip():
        raise _trouble(name, f"one line '{RULE}' has to part what is asked and the key")
    key = tuple(line.strip() for line in parts[1].splitlines() if line.strip())
    if len(key) < points:
        lines = counted(len(key), "line")
        worth = counted(points, "point")
        raise _trouble(name, f"its key has {lines}, and it is worth {worth}")
    return WrittenQuestion(name, points, minutes, parts[0].strip(), key)


def questions_in(text: str) -> list[WrittenQuestion]:
    """The questions of a Markdown cell, in order. Raises AuthorError.

    Each has to stand at the outermost level, between backticks or tildes:
    there it is found by whoever must not show the key.
    """
    if f"{{{NAME}}}" not in text:
        return []
    found = []
    for token in parse(text):
        item = directive(token)
        if item is None or item.name != NAME:
            continue
        if token.level or token.type != "fence":
            raise _trouble(
                item.argument, "it stands inside another block, or between colons"
            )
        found.append(read(item))
    return found


def answer_with_key(question: WrittenQuestion) -> str:
    """The answer cell of nbgrader's source notebook.

    `generate_assignment` puts the placeholder where the key stands.
    """
    about = f"**What a full answer says** ({counted(question.points, 'point')}):"
    lines = "\n".join(f"- {line}" for line in question.key)
    return f"{BEGIN}\n{about}\n\n{lines}\n{END}"


def key_in(source: str) -> list[str]:
    """Read back the key from a cell that `answer_with_key` made."""
    _, _, hidden = source.partition(f"{BEGIN}\n")
    hidden, _, _ = hidden.partition(f"\n{END}")
    return [line[2:] for line in hidden.splitlines() if line.startswith("- ")]


def _number(found: Directive, option: str) -> int:
    text = found.options.get(option, "")
    if not re.fullmatch(r"[1-9][0-9]?", text):
        came = f"':{option}: {text}'" if option in found.options else "none"
        raise _trouble(
            found.argument, f"':{option}:' has to be from 1 to 99, and there is {came}"
        )
    return int(text)


def _trouble(name: str, what: str) -> AuthorError:
    return AuthorError(f"Reading the question '{name}': {what}. {_FORM}")
