"""Live figures in a notebook: `live.figure("convolution_window", stride=2)`.

The same ES module draws the figure on the book's page.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convnets import palette

if TYPE_CHECKING:
    import anywidget

FOLDER = Path(__file__).parent / "figures"


def figure(name: str, **state: Any) -> anywidget.AnyWidget:
    """Show a live figure.

    state: where it starts, say `stride=2`; afterwards `.state` says where
    the reader left it. Raises ValueError for a name that there is not.
    """
    data_file = FOLDER / f"{name}.json"
    module(name)  # complains about the name before a widget is made
    data = json.loads(data_file.read_text("utf-8")) if data_file.is_file() else None
    return _widget_class(name)(state=state, first=state, data=data)


def names() -> list[str]:
    """The figures that there are."""
    return sorted(path.stem for path in FOLDER.glob("*.js") if path.stem != "kit")


def module(name: str) -> str:
    """The ES module of a figure, the kit that all figures share in front."""
    if name not in names():
        raise ValueError(
            f"there is no live figure {name!r}; there are {', '.join(names())}"
        )
    kit, own = FOLDER / "kit.js", FOLDER / f"{name}.js"
    return kit.read_text("utf-8") + "\n" + own.read_text("utf-8")


def style() -> str:
    """The style sheet of all figures, with the book's colours."""
    return palette.css() + (FOLDER / "live.css").read_text("utf-8")


@cache
def _widget_class(name: str) -> type[anywidget.AnyWidget]:
    # Imported late: everything else in this package works without a notebook.
    import anywidget
    import traitlets

    class LiveFigure(anywidget.AnyWidget):
        """One live figure."""

        _esm = module(name)
        _css = style()
        state = traitlets.Dict().tag(sync=True)
        first = traitlets.Dict().tag(sync=True)
        data = traitlets.Any(None, allow_none=True).tag(sync=True)

    return LiveFigure
