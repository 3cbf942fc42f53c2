"""What sample students answer to questions that are graded by a person."""

from __future__ import annotations

from collections.abc import Mapping

# By question: a full answer, one with a part of it, and a wrong one.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "why_shares_are_added": (
        """\
If $k = s = 2$ the windows lie side by side. Each pixel is in one window only,
so `=` and `+=` do the same to zeros.

With $k = 3$, $s = 2$ two neighbours have one row (or column) in common, e.g.
rows 0–2 and 2–4 share row 2. There `dx` only keeps what the last tap wrote, and
the shares of the other windows are lost. In the corners where a shared row
crosses a shared column it is four windows.

Why the sum: if I nudge such a pixel, *all* outputs that see it move. The loss
changes by the sum of those effects, which is the chain rule.""",
        """\
It is right for 2 × 2 because nothing overlaps. For 3 × 3 with stride 2 the
windows overlap, and `=` overwrites. I think one adds because every window needs
the pixel.""",
        """\
`+=` is needed because dx starts with random numbers. <b>With stride 2</b> they
are zero by chance.""",
    ),
}
