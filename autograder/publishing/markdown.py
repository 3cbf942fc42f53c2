"""MyST Markdown to plain Markdown that any notebook program renders.

Directives, roles, targets and comments are replaced where they stand; every
other line stays as its author wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from autograder.errors import AuthorError
from autograder.publishing import question
from autograder.publishing.directives import DIRECTIVES, Job, caption, display
from autograder.publishing.myst import Directive, directive, parse
from autograder.publishing.question import WrittenQuestion
from autograder.publishing.references import Context
from autograder.publishing.roles import ROLES

if TYPE_CHECKING:
    from markdown_it.token import Token

# What the site understands and plain Markdown does not.
REFUSED = {
    "footnote_ref": "a footnote",
    "footnote_anchor": "a footnote",
    "substitution_inline": "a substitution",
    "substitution_block": "a substitution",
}
# What stands before a block that is in a quotation or a list.
PREFIX = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*")


@dataclass(frozen=True)
class Live:
    """A live figure: a cell of its own in a notebook."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    caption: str = ""


Piece = str | Live | WrittenQuestion


def to_pieces(text: str, context: Context) -> list[Piece]:
    """A Markdown cell as plain texts, and the live figures and questions between
    them; what a question says is plain Markdown, too.

    Raises AuthorError for a directive or a role that is not known.
    """
    lines = text.split("\n")
    pieces: list[Piece] = []
    start = 0
    for token in parse(text):
        found = _directive(token, context)
        if not found or found.name not in OWN_CELLS or token.level or not token.map:
            continue
        first, last = token.map
        pieces.append(_part(lines, start, first, context))
        read = OWN_CELLS[found.name]
        pieces.append(read(found, replace(context, line=context.line + first)))
        start = last
    pieces.append(_part(lines, start, len(lines), context))
    return [piece for piece in pieces if piece]


def _part(lines: list[str], first: int, last: int, context: Context) -> str:
    here = replace(context, line=context.line + first)
    return to_plain("\n".join(lines[first:last]), here).strip("\n")


def to_plain(text: str, context: Context) -> str:
    """A text without live figures as plain Markdown. Raises AuthorError."""
    lines = text.split("\n")
    tokens = parse(text)
    seen: dict[int, int] = {}  # how far each line was read: table cells share one
    for token in tokens:
        if token.type in REFUSED:
            raise _refused(token, context)
        if token.type == "inline":
            _replace_roles(token, lines, seen, context)
    for token in reversed(tokens):  # from the end, so that line numbers hold
        new = _block(token, context)
        if new is not None and token.map:
            _replace_block(lines, token.map[0], token.map[1], new)
    return "\n".join(lines)


def _replace_roles(
    token: Token, lines: list[str], seen: dict[int, int], context: Context
) -> None:
    """Put text for the roles into the lines that an inline token came from."""
    if not token.map:
        return
    first = token.map[0]
    content = token.content
    for child in token.children or []:
        _refuse_child(child, token, context)
    roles = [c for c in token.children or [] if c.type == "myst_role"]
    for role in reversed(roles):
        start, end = role.meta["span"]
        line = content.count("\n", 0, start)
        if "\n" in content[start:end]:
            raise context.trouble(
                f"the role '{role.meta['name']}' goes over the end of a line",
                "Write it on one line.",
                first + line,
            )
        text = _role(role, context, first + line)
        content = content[:start] + text + content[end:]
    pairs = zip(token.content.split("\n"), content.split("\n"), strict=True)
    for number, (old, new) in enumerate(pairs, start=first):
        at = lines[number].find(old, seen.get(number, 0))
        if at < 0:
            # an escaped bar in a table: the line is not what was read
            if old != new:
                raise context.trouble(
                    "a role in a table cell with an escaped bar cannot be placed",
                    "Write the row as a list-table.",
                    number,
                )
            continue
        lines[number] = lines[number][:at] + new + lines[number][at + len(old) :]
        seen[number] = at + len(new)


def _role(role: Token, context: Context, line: int) -> str:
    name = str(role.meta["name"])
    here = replace(context, line=context.line + line)
    if name not in ROLES:
        raise here.trouble(
            f"the role '{name}' has no plain Markdown",
            f"Known roles: {', '.join(ROLES)}.",
        )
    return ROLES[name](role.content, here)


def _refuse_child(child: Token, parent: Token, context: Context) -> None:
    line = parent.map[0] if parent.map else 0
    if child.type in REFUSED:
        raise _refused(child, context, line)
    target = str(child.attrGet("href") or "") if child.type == "link_open" else ""
    if target.startswith("#") or re.search(r"\.(md|ipynb)(#|$)", target):
        raise context.trouble(
            f"the link to '{target}' leads nowhere in a notebook",
            "Use the role 'doc' for a page, 'ref' for a section.",
            line,
        )


def _refused(token: Token, context: Context, line: int = 0) -> AuthorError:
    return context.trouble(
        f"{REFUSED[token.type]} has no plain Markdown",
        "Write it into the sentence.",
        token.map[0] if token.map else line,
    )


def _block(token: Token, context: Context) -> str | None:
    """What a block becomes; None where it stays as it is."""
    if token.type in ("myst_target", "myst_line_comment"):
        return ""
    if token.type == "math_block_label":
        return display(token.content, context.label(token.info).number)
    if token.type == "math_block":
        return display(token.content)
    found = _directive(token, context)
    if found is None or not token.map:
        return None
    here = replace(context, line=context.line + token.map[0])
    if found.name in OWN_CELLS:
        raise here.trouble(
            f"the directive '{found.name}' stands inside another block",
            "It becomes a cell of its own; put it at the outermost level.",
        )
    if found.name not in DIRECTIVES:
        raise here.trouble(
            f"the directive '{found.name}' has no plain Markdown",
            f"Known directives: {', '.join(sorted([*DIRECTIVES, *OWN_CELLS]))}.",
        )
    return DIRECTIVES[found.name](Job(found, here, to_plain))


def _directive(token: Token, context: Context) -> Directive | None:
    try:
        return directive(token)
    except AuthorError as error:
        line = token.map[0] if token.map else 0
        raise context.trouble(str(error), "", line) from None


def _replace_block(lines: list[str], first: int, last: int, new: str) -> None:
    """Put a block in place of lines, indented or quoted as they were."""
    if not new and last < len(lines) and not lines[last].strip():
        last += 1  # nothing is left: neither is the blank line after it
    match = PREFIX.match(lines[first])
    prefix = match.group() if match else ""
    rest = re.sub(r"[^\s>]", " ", prefix)
    block = list(_prefixed(new, prefix, rest))
    # A blank line on both sides keeps the neighbours' paragraphs apart.
    if block and first and lines[first - 1].strip(" >") and prefix == rest:
        block.insert(0, rest.rstrip())
    if block and last < len(lines) and lines[last].strip(" >"):
        block.append(rest.rstrip())
    lines[first:last] = block


def _prefixed(text: str, first: str, rest: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n") if text else []):
        yield ((rest if number else first) + line).rstrip()


def _live(found: Directive, context: Context) -> Live:
    """A live figure's name, parameters (its YAML body) and caption."""
    try:
        parameters = yaml.safe_load(found.body) or {}
    except yaml.YAMLError as error:
        raise context.trouble(
            f"the live figure's YAML is broken: {error}", ""
        ) from None
    if not isinstance(parameters, dict):
        raise context.trouble(
            "the live figure's body is no list of 'name: value'", "Mend its YAML."
        )
    text = found.options.get("caption", "")
    if not text:
        return Live(found.argument, parameters)
    name = found.options.get("name", "")
    if not name:
        raise context.trouble(
            "a live figure has a caption and no name",
            "Give it a line ':name: live-…' so that it has a number.",
        )
    number = context.label(name).number
    below = caption("Figure", number, to_plain(text, context).strip())
    return Live(found.argument, parameters, below)


def _question(found: Directive, context: Context) -> WrittenQuestion:
    """A question whose texts are plain Markdown."""
    asked = question.read(found)
    here = replace(context, line=context.line + found.body_line)
    text = to_plain(asked.text, here).strip()
    key = tuple(to_plain(line, here).strip() for line in asked.key)
    return replace(asked, text=text, key=key)


# Directives that become cells of their own in a notebook.
OWN_CELLS: dict[str, Callable[[Directive, Context], Piece]] = {
    "live": _live,
    question.NAME: _question,
}
