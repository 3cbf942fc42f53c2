"""A small table of numbers as HTML: the columns by their headers, and a caption."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Integral, Real

from autograder.errors import AuthorError

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def table(caption: str, columns: Mapping[str, Sequence[str | float]]) -> str:
    """The table as HTML. Its first column names the rows.

    It has a place in the order of the tab key, because it may be wider than the
    page. Raises AuthorError when there is no caption or no row, when the columns
    are not equally long, or when a cell is neither a text nor a finite number.
    """
    if not caption.strip():
        raise AuthorError("the table has no caption. Write it as the docstring.")
    if not columns or not all(len(cells) for cells in columns.values()):
        raise AuthorError("the table, or one of its columns, is empty.")
    lengths = {header: len(cells) for header, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise AuthorError(f"the table's columns have different lengths: {lengths}.")
    kinds = [_kind(cells) for cells in columns.values()]
    heads = _row("th", kinds, columns, "col")
    rows = (_row("td", kinds, row) for row in zip(*columns.values(), strict=True))
    return (
        '<div class="live-table pst-scrollable-table-container" tabindex="0" '
        'role="group" aria-label="Numbers of the figure">\n'
        f'<table class="table"><caption><span>{escape(caption.strip())}</span>'
        "</caption>\n"
        f"<thead>\n{heads}</thead>\n<tbody>\n{''.join(rows)}</tbody></table></div>\n"
    )


def shown(cell: str | float) -> str:
    """A cell as text; of a number that is not whole, three digits.

    Raises AuthorError when it is neither a text nor a finite number.
    """
    if isinstance(cell, str):
        return cell
    if not isinstance(cell, Real) or not math.isfinite(cell):
        raise AuthorError(f"a cell is {cell!r}; a text or a number was expected.")
    number = float(cell)
    if isinstance(cell, Integral) or (number.is_integer() and abs(number) < 1e6):
        return _signed(f"{int(cell):,}")
    rounded = float(f"{number:.3g}")
    if 1e-3 <= abs(rounded) < 1e6:
        return _signed(f"{rounded:,g}")
    digits, power = f"{number:.1e}".split("e")
    return _signed(f"{float(digits):g} × 10{str(int(power)).translate(_RAISED)}")


def _signed(text: str) -> str:
    """With a minus sign, and groups of three digits apart."""
    return text.replace("-", "−").replace(",", "\u202f")


def _kind(cells: Iterable[str | float]) -> str:
    """The attribute of a column's cells: numbers stand on the right."""
    words = any(isinstance(cell, str) for cell in cells)
    return "" if words else ' class="live-number"'


def _row(
    tag: str, kinds: Sequence[str], cells: Iterable[str | float], scope: str = "row"
) -> str:
    """A row, whose first cell is a header."""
    parts: list[str] = []
    for kind, cell in zip(kinds, cells, strict=True):
        name = tag if parts or tag == "th" else "th"
        head = f' scope="{scope}"' if name == "th" else ""
        parts.append(f"<{name}{head}{kind}>{escape(shown(cell))}</{name}>")
    return f"<tr>{''.join(parts)}</tr>\n"
