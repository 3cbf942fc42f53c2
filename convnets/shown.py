"""What is shown: HTML in a notebook, the same as text everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

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
.cbh table{border-collapse:collapse;background:#fff;color:#1f2933}
.cbh td,.cbh th{padding:.15em .8em;text-align:left}
.cbh .dim{color:#52606d}
"""


def boxed(inner: str) -> str:
    """A piece of HTML in the course's own frame and colours."""
    return f'<style>{STYLE}</style><div class="cbh">{inner}</div>'


def show(html: str, text: str) -> bool:
    """Show one of the two; returns whether a notebook took the HTML.

    The notebook saves the text as well, for what cannot show HTML.
    """
    if not in_notebook():
        print(text)
        return False
    from IPython.display import display

    display({"text/html": html, "text/plain": text}, raw=True)
    return True


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook."""
    # IPython is there in a notebook; importing it elsewhere would cost time.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


@dataclass(frozen=True)
class Table:
    """Rows below a head, and a line that says what they come to."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    line: str

    def text(self) -> str:
        """The table for a terminal."""
        every = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*every, strict=True)]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
            for row in every
        ]
        return "\n".join([*map(str.rstrip, lines), self.line])

    def html(self) -> str:
        """The table for a notebook."""
        body = "".join(_row(row, "td") for row in self.rows)
        table = f"<table>{_row(self.head, 'th')}{body}</table>"
        return boxed(f"{table}<p>{escape(self.line)}</p>")


def _row(cells: Sequence[str], tag: str) -> str:
    inner = "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr>{inner}</tr>"
