"""What `check` shows: a table and a picture in a notebook, text elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from convnets import show

if TYPE_CHECKING:
    from convnets.practice import Tried

STYLE = """
.cbh{font-family:system-ui,sans-serif;font-size:14px;line-height:1.45;color:#1f2933;
background:#fff;border:1px solid #c3c9d1;border-radius:6px;padding:.7em 1em;
max-width:60em}
.cbh h4{margin:0 0 .4em;font-size:15px;color:#1f2933}
.cbh ul{list-style:none;margin:0;padding:0}.cbh li{margin:.1em 0}
.cbh .ok b{color:#17653a}.cbh .no b{color:#a12018}
.cbh pre{background:#f3f5f7;color:#1f2933;padding:.5em;overflow:auto;margin:.2em 0;
font-size:13px;line-height:1.3}
.cbh .two{display:flex;gap:1em;flex-wrap:wrap}.cbh .two>div{flex:1 1 16em;min-width:0}
.cbh table{border-collapse:collapse}.cbh td,.cbh th{padding:.15em .8em;text-align:left}
.cbh .dim{color:#52606d}
"""


@dataclass(frozen=True)
class Report:
    """What came of the public cases. info: the exercise's public entry."""

    name: str
    info: dict[str, Any]
    tried: Sequence[Tried]
    seconds: float

    @property
    def failure(self) -> Tried | None:
        """The first case that failed, with the smallest input among them."""
        return next((t for t in self.tried if t.difference), None)

    def headline(self) -> str:
        """How many cases passed, in one line."""
        passed = sum(t.difference is None for t in self.tried)
        total = self.info["public"]
        if passed == total:
            return f"{self.name}: all {total} public cases pass."
        return f"{self.name}: {passed} of {total} public cases pass."

    def hidden(self) -> list[str]:
        """What is graded besides: a line a group, and what is not accepted."""
        barred = self.info["forbidden"]
        return [
            f"{group['points']} "
            + ("point" if group["points"] == 1 else "points")
            + f" for {group['name']}: {group['about']} "
            + f"{group['hidden']} more hidden cases."
            for group in self.info["groups"]
        ] + [
            f"Not accepted: {what}. The grader reads your code, too." for what in barred
        ]

    def text(self) -> str:
        """The report for a terminal."""
        lines = [self.headline()]
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
        tail = self._failure_html() if self.failure else self._hidden_html()
        return (
            f'<style>{STYLE}</style><div class="cbh"><h4>{escape(self.headline())}</h4>'
            f"<ul>{items}</ul>{tail}</div>"
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
        ("What differs", tried.difference.sentence),
        ("Called", f"{call}\n{arrays}".strip()),
        ("Expected", expected),
        ("Received", received),
    ]


def display(report: Report, failed: bool) -> bool:
    """Show a report; returns whether it could be shown as HTML.

    A failing report in a terminal is left to the exception that follows.
    """
    if _in_notebook():
        from IPython.display import HTML
        from IPython.display import display as show_html

        show_html(HTML(report.html()))
        return True
    if not failed:
        print(report.text())
    return False


def display_progress(
    entries: Sequence[dict[str, Any]],
    results: dict[str, tuple[int, int]],
    questions: Sequence[dict[str, Any]] = (),
) -> None:
    """Show a row an exercise, what is left, and a row a question in words."""
    rows = []
    for entry in entries:
        passed, total = results.get(entry["name"], (None, entry["public"]))
        state = "not checked yet" if passed is None else f"{passed} of {total} pass"
        rows.append([entry["chapter"], entry["name"], str(entry["points"]), state])
    for asked in questions:
        state = "in words: a person grades it"
        rows.append([asked["chapter"], asked["name"], str(asked["points"]), state])
    done = [e for e in entries if results.get(e["name"]) == (e["public"],) * 2]
    left = sum(e["points"] for e in entries) - sum(e["points"] for e in done)
    line = (
        f"{len(done)} of {len(entries)} exercises pass their public cases; "
        f"{left} points are left."
    )
    if questions:
        by_hand = sum(asked["points"] for asked in questions)
        line += f" Answers in words are worth another {by_hand}."
    head = ["chapter", "exercise or question", "points", "public cases"]
    if _in_notebook():
        from IPython.display import HTML
        from IPython.display import display as show_html

        show_html(HTML(_table(head, rows, line)))
    else:
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        for row in [head, *rows]:
            cells = (c.ljust(w) for c, w in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())
        print(line)


def _table(head: list[str], rows: list[list[str]], line: str) -> str:
    def row(cells: list[str], tag: str) -> str:
        inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
        return f"<tr>{inner}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    return (
        f'<style>{STYLE}</style><div class="cbh"><table>{row(head, "th")}{body}'
        f"</table><p>{escape(line)}</p></div>"
    )


def _in_notebook() -> bool:
    # IPython is there in a notebook; importing it elsewhere would cost time.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
