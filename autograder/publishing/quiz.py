"""A quiz as its author writes it: the YAML body of the `quiz` directive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from autograder.errors import AuthorError

_FORM = (
    "A quiz is a list of questions:\n"
    "- question: …\n"
    "  answers:\n"
    "    - text: …\n"
    "      correct: true\n"
    "      because: …\n"
    "    - text: …\n"
    "      because: …"
)


@dataclass(frozen=True)
class Answer:
    """A choice, and the reason that is shown to who chooses it (Markdown)."""

    text: str
    correct: bool
    because: str


@dataclass(frozen=True)
class Question:
    """A question with two or more answers, at least one right and one wrong."""

    text: str
    answers: tuple[Answer, ...]


def parse(text: str) -> list[Question]:
    """Read the body of a quiz.

    Raises AuthorError that names the question and what it lacks.
    """
    try:
        # BaseLoader leaves every scalar as it is typed: `text: 1.0` stays 1.0.
        body = yaml.load(text, yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise AuthorError(
            f"Reading a quiz: its YAML is broken: {error}\n"
            f"Quote a text that holds a colon. {_FORM}"
        ) from None
    if not isinstance(body, list) or not body:
        raise AuthorError(f"Reading a quiz: it is no list of questions. {_FORM}")
    return [_question(item, number) for number, item in enumerate(body, start=1)]


def _question(item: Any, number: int) -> Question:
    where = f"Reading a quiz, question {number}"
    fields = _fields(item, {"question", "answers"}, where)
    answers = fields.get("answers")
    if not isinstance(answers, list) or len(answers) < 2:
        raise AuthorError(f"{where}: it needs a list of two or more answers. {_FORM}")
    read = tuple(
        _answer(answer, f"{where}, answer {index}")
        for index, answer in enumerate(answers, start=1)
    )
    right = sum(answer.correct for answer in read)
    if not 0 < right < len(read):
        raise AuthorError(
            f"{where}: {right} of {len(read)} answers are right; at least one has "
            "to be right and one wrong. Write 'correct: true' at the right ones."
        )
    return Question(_text(fields, "question", where), read)


def _answer(item: Any, where: str) -> Answer:
    fields = _fields(item, {"text", "correct", "because"}, where)
    correct = fields.get("correct", "false")
    if correct not in ("true", "false"):
        raise AuthorError(f"{where}: 'correct' is {correct!r}, not true or false.")
    because = _text(fields, "because", where)
    return Answer(_text(fields, "text", where), correct == "true", because)


def _fields(item: Any, known: set[str], where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise AuthorError(f"{where}: {item!r} has no fields. {_FORM}")
    unknown = sorted(set(item) - known)
    if unknown:
        raise AuthorError(
            f"{where}: unknown field '{unknown[0]}'. "
            f"The fields are {', '.join(sorted(known))}."
        )
    return item


def _text(fields: dict[str, Any], name: str, where: str) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or not text.strip():
        raise AuthorError(f"{where}: '{name}' is missing or empty. {_FORM}")
    return text.strip()
