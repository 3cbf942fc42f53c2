"""MyST roles as plain text."""

from __future__ import annotations

import re
from collections.abc import Callable

from autograder.publishing.references import Context, Label

Role = Callable[[str, Context], str]


def _explicit(content: str) -> tuple[str, str]:
    """`text <target>` as (text, target); `target` alone has no text."""
    match = re.fullmatch(r"(.+?)\s*<([^<>]+)>", content, re.DOTALL)
    return (match[1], match[2]) if match else ("", content.strip())


def _elsewhere(label: Label, context: Context) -> str:
    """Says where the thing is when it is not in this notebook."""
    if label.chapter != context.chapter:
        return f" of *{context.titles.get(label.chapter, label.chapter)}*"
    return " of the chapter's page" if label.left_out else ""


def _eq(content: str, context: Context) -> str:
    label = context.label(content.strip())
    return f"({label.number}){_elsewhere(label, context)}"


def _numref(content: str, context: Context) -> str:
    text, target = _explicit(content)
    label = context.label(target)
    if not label.number:
        raise context.trouble(
            f"'{target}' is a section, which has no number here",
            "Refer to it with the role 'ref'.",
        )
    shown = text.replace("%s", label.number).replace("{number}", label.number)
    return (shown or f"{label.kind} {label.number}") + _elsewhere(label, context)


def _ref(content: str, context: Context) -> str:
    text, target = _explicit(content)
    label = context.label(target)
    shown = text or (f"*{label.title}*" if label.title else "")
    shown = shown or f"{label.kind} {label.number}"
    return shown + _elsewhere(label, context)


def _doc(content: str, context: Context) -> str:
    text, target = _explicit(content)
    name = target.rpartition("/")[2].removesuffix(".md")
    if name not in context.titles:
        raise context.trouble(
            f"there is no page '{name}' in the book",
            f"The pages are {', '.join(context.titles)}.",
        )
    return text or f"*{context.titles[name]}*"


def _keys(content: str, context: Context) -> list[str]:
    keys = [key.strip() for key in content.split(",")]
    for key in keys:
        if key not in context.bibliography:
            raise context.trouble(
                f"the paper '{key}' is not in references.bib",
                "Add its entry, or mend the key.",
            )
        context.cited[key] = None
    return keys


def _cite_text(content: str, context: Context) -> str:
    papers = context.bibliography
    keys = _keys(content, context)
    return ", ".join(f"{papers.authors(key)} ({papers.year(key)})" for key in keys)


def _cite_parentheses(content: str, context: Context) -> str:
    papers = context.bibliography
    keys = _keys(content, context)
    inside = "; ".join(f"{papers.authors(key)}, {papers.year(key)}" for key in keys)
    return f"({inside})"


def _glue(content: str, context: Context) -> str:
    if context.numbers is None:
        raise context.trouble(
            f"the number '{content}' comes from the site's build, and there is none",
            "Run `course site` first.",
        )
    if content not in context.numbers:
        raise context.trouble(
            f"the site's build made no number '{content}'",
            "Glue it in a cell tagged 'site-only', then run `course site` again.",
        )
    return context.numbers[content]


ROLES: dict[str, Role] = {
    "cite": _cite_parentheses,
    "cite:p": _cite_parentheses,
    "cite:t": _cite_text,
    "doc": _doc,
    "eq": _eq,
    "glue:text": _glue,
    "numref": _numref,
    "ref": _ref,
}
