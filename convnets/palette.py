"""One colour a role, in every picture of the book.

A colour never says something on its own: a label, a pattern or a place says
it too. The page's style sheet and the live figures take these colours as CSS
custom properties (`--cn-input`, …) from `css()`.
"""

from __future__ import annotations

# On white (PAPER) each has a contrast of 4.5 or more, so text may wear it.
INPUT = "#1d5fbf"  # blue: what goes in, x
WEIGHT = "#b0500f"  # orange brown: the kernel, w
OUTPUT = "#0f7566"  # teal: what comes out, y
GRADIENT = "#7a3fc4"  # violet: dy, dx, dw
ACCENT = "#bc1a4b"  # crimson: what the text points at
INK = "#1f2328"  # lines and words
MUTED = "#5c636b"  # axes, grids, what matters less
PAPER = "#ffffff"

LIGHT = {
    "input": INPUT,
    "weight": WEIGHT,
    "output": OUTPUT,
    "gradient": GRADIENT,
    "accent": ACCENT,
    "ink": INK,
    "muted": MUTED,
    "paper": PAPER,
}

# The same roles on a dark page.
DARK = {
    "input": "#82b4ff",
    "weight": "#ffb27a",
    "output": "#5fd6c2",
    "gradient": "#caa6ff",
    "accent": "#ff8fab",
    "ink": "#e6e9ed",
    "muted": "#a3abb5",
    "paper": "#14181e",
}


def tint(colour: str, share: float = 0.15, paper: str = PAPER) -> str:
    """A pale version of `#rrggbb` for areas: `share` of it, the rest paper."""
    mixed = (
        round(
            share * int(colour[i : i + 2], 16) + (1 - share) * int(paper[i : i + 2], 16)
        )
        for i in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def css() -> str:
    """The roles as CSS custom properties, for light and for dark pages."""
    light = _properties(LIGHT)
    dark = _properties(DARK)
    return (
        f":root {{{light}}}\n"
        f"html[data-theme='dark'], body[data-jp-theme-light='false'] {{{dark}}}\n"
        f"@media print {{ html[data-theme='dark'] {{{light}}} }}\n"
    )


def _properties(roles: dict[str, str]) -> str:
    lines = [f"  --cn-{role}: {colour};" for role, colour in roles.items()]
    for role in ("input", "weight", "output", "gradient", "accent"):
        pale = tint(roles[role], 0.18, roles["paper"])
        lines.append(f"  --cn-{role}-pale: {pale};")
    return "\n" + "\n".join(lines) + "\n"
