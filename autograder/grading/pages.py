"""What feedback and report pages share: templates, style, safe text.

Pages stand alone: no script, no request to anywhere, which a content security
policy in each page says to the browser as well. All text is escaped by the
template engine; markup comes only from templates and from the filters here.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from convnets.palette import DARK, LIGHT, tint

TEMPLATES = Path(__file__).parent.parent / "templates"


def points(score: float) -> str:
    """Points as people write them: 2, 1.5, at most two decimals."""
    return f"{score:.2f}".rstrip("0").rstrip(".")


def ticks(text: str) -> Markup:
    """Escaped text in which `words` between backticks are set as code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def data_uri(svg: str) -> str:
    """A picture as the address of an <img>, where no script in it can run."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def style() -> Markup:
    """The style sheet of all pages, light and dark."""
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{{_roles(DARK)}}} }}"
    rules = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return Markup(f":root {{{_roles(LIGHT)}}}\n{dark}\n{rules}")


def _roles(colours: dict[str, str]) -> str:
    more = {
        "line": tint(colours["muted"], 0.4, colours["paper"]),
        "panel": tint(colours["muted"], 0.12, colours["paper"]),
    }
    return "".join(f"--{role}: {value};" for role, value in (colours | more).items())


def environment() -> Environment:
    """The template engine: everything escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(ticks=ticks, data_uri=data_uri)
    made.globals.update(points=points)
    return made


ENVIRONMENT = environment()


def render(template: str, **values: Any) -> str:
    """A page or a part of one."""
    return ENVIRONMENT.get_template(template).render(css=style(), **values)
