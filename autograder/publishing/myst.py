"""MyST Markdown as tokens whose place in the text is known.

The parser is the one that builds the site, so that release and site see the
same directives and roles, and neither looks into code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from docutils.parsers.rst.directives.misc import TestDirective
from mdit_py_plugins.myst_role.index import myst_role
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.base import DocutilsRenderer
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser

from autograder.errors import AuthorError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

ADMONITIONS = {
    "note": "Note",
    "tip": "Tip",
    "hint": "Hint",
    "important": "Important",
    "warning": "Warning",
    "seealso": "See also",
    "admonition": "",
}


@dataclass(frozen=True)
class Directive:
    """A directive's parts. body_line: lines from its fence to its body."""

    name: str
    argument: str
    options: dict[str, str]
    body: str
    body_line: int


def parse(text: str) -> list[Token]:
    """The tokens of a text.

    A block's `map` is [first line, line after the last], counted from 0. A
    role's `meta["span"]` is its place in the `content` of its inline token.
    """
    return _parser().parse(text)


@cache
def _parser() -> MarkdownIt:
    # substitution is on so that a use of it is noticed, and refused.
    extensions = {"amsmath", "colon_fence", "dollarmath", "substitution"}
    parser = create_md_parser(
        MdParserConfig(enable_extensions=extensions), DocutilsRenderer
    )
    parser.inline.ruler.at("myst_role", _role_with_span)
    return parser


def _role_with_span(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = myst_role(state, silent)
    if found and not silent:
        state.tokens[-1].meta["span"] = (start, state.pos)
    return found


def directive(token: Token) -> Directive | None:
    """Read a fence as a directive; None for a plain fence or another token.

    Raises AuthorError for options that cannot be read.
    """
    if token.type not in ("fence", "colon_fence") or not token.info.startswith("{"):
        return None
    name, _, first = token.info[1:].partition("}")
    # docutils' own test directive takes any option and any argument
    parsed = parse_directive_text(TestDirective, first.strip(), token.content)
    if parsed.warnings:
        raise AuthorError(
            f"reading the options of the directive '{name}': "
            f"{parsed.warnings[0].msg}. Options are lines like ':name: fig-window'."
        )
    options = {key: str(value or "") for key, value in parsed.options.items()}
    argument = " ".join(parsed.arguments)
    return Directive(
        name, argument, options, "\n".join(parsed.body), parsed.body_offset + 1
    )
