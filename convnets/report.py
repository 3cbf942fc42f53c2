"""What `check` shows: a table and a picture in a notebook, text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from convnets import show, shown
from convnets.desk import headline

if TYPE_CHECKING:
    from convnets.practice import Tried


@dataclass(frozen=True)
class Report:
    """What came of the public cases.

    info: the exercise's public entry; warning: why they may not be of the answer.
    """

    name: str
    info: dict[str, Any]
    tried: Sequence[Tried]
    warning: str = ""

    @property
    def failure(self) -> Tried | None:
        """The first case that failed, with the smallest input among them."""
        return next((t for t in self.tried if t.difference), None)

    @property
    def passed(self) -> int:
        """How many cases passed."""
        return sum(t.difference is None for t in self.tried)

    def headline(self) -> str:
        """How many cases passed, in one line."""
        return headline(self.name, self.passed, self.info["public"])

    def hidden(self) -> list[str]:
        """What is graded besides: a line a group, and what is not accepted."""
        barred = self.info["forbidden"]
        return [
            f"{group['points']} "
            + ("point" if group["points"] == 1 else "points")
            + f" for {group['name']}: {group['about']} "
            + f"{group['hidden']} more hidden "
            + ("case." if group["hidden"] == 1 else "cases.")
            for group in self.info["groups"]
        ] + [
            f"Not accepted: {what}. The grader reads your code, too." for what in barred
        ]

    def text(self) -> str:
        """The report for a terminal."""
        lines = [self.headline(), *([self.warning] if self.warning else [])]
        lines += [f"  {_mark(t)} {t.label} ({t.group})" for t in self.tried]
        if failure := self.failure:
            lines += ["", f"First that fails: {failure.label}"]
            for title, body in _details(self.name, failure):
                lines += [f"{title}:", *(f"    {line}" for line in body.splitlines())]
        else:
            lines += ["Graded on hidden cases as well, other numbers and sizes:"]
            lines += [f"  {line}" for line in self.hidden()]
        return "\n".join(lines)

    def html(self) -> str:
        """The report for a notebook."""
        items = "".join(
            f'<li class="{"no" if t.difference else "ok"}"><b>{_mark(t)}</b> '
            f'{escape(t.label)} <span class="dim">({escape(t.group)})</span></li>'
            for t in self.tried
        )
        warning = f'<p class="no"><b>{escape(self.warning)}</b></p>' * bool(
            self.warning
        )
        tail = self._failure_html() if self.failure else self._hidden_html()
        return shown.boxed(
            f"<h4>{escape(self.headline())}</h4>{warning}<ul>{items}</ul>{tail}"
        )

    def _failure_html(self) -> str:
        failure = self.failure
        assert failure is not None
        assert failure.difference is not None
        parts = [f"<h4>First that fails: {escape(failure.label)}</h4>"]
        for title, body in _details(self.name, failure):
            tag = "p" if title == "What differs" else "pre"
            parts.append(
                f"<div><b>{title}</b><{tag} tabindex='0'>{escape(body)}</{tag}></div>"
            )
        picture = show.picture(failure.difference)
        heading = f"{parts[0]}{parts[1]}{parts[2]}"
        both = f'<div class="two">{parts[3]}{parts[4]}</div>'
        return heading + both + "".join(parts[5:]) + picture

    def _hidden_html(self) -> str:
        rows = "".join(f"<li>{escape(line)}</li>" for line in self.hidden())
        return (
            "<p>Graded on hidden cases as well, with other numbers and sizes:</p>"
            f"<ul>{rows}</ul>"
        )


def _mark(tried: Tried) -> str:
    return "fails" if tried.difference else "fine "


def _details(name: str, tried: Tried) -> list[tuple[str, str]]:
    from convnets.practice import names_of

    names = names_of(name)
    call = show.typed(name, tried.call, names)
    arrays = show.given(tried.call, names)
    assert tried.difference is not None
    expected, received = show.sides(tried.difference, tried.expected, tried.received)
    return [
        ("What differs", tried.difference.sentence + _hint(tried)),
        ("Called", f"{call}\n{arrays}".strip()),
        ("Expected", expected),
        ("Received", received),
    ]


def _hint(tried: Tried) -> str:
    """What to do in a notebook where the answer may be right."""
    if tried.received.kind == "missing":
        return " Run the cell with your answer, then this one again."
    if tried.received.error == "NameError":
        return (
            " If a cell above defines that name, run it first: Run, then Run All "
            "Above Selected Cell."
        )
    return ""


def display(report: Report) -> bool:
    """Show a report; returns whether it could be shown as HTML.

    A failing report in a terminal is left to the exception that follows.
    """
    if report.failure is not None and not shown.in_notebook():
        return False
    return shown.show(report.html(), report.text())
