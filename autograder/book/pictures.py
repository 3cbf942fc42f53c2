"""Photographs inside drawings, smaller and with every pixel as it was.

matplotlib puts pictures into its SVGs as PNG; WebP without loss is about half
as large, and every browser of the last years reads it.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image  # matplotlib brings it
from sphinx.application import Sphinx

_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


def setup(app: Sphinx) -> None:
    """Join the end of the build, when the pictures lie beside the pages."""
    app.connect("build-finished", _build_finished)


def lighter(svg: str) -> str:
    """The drawing with its PNGs as WebP, where that is shorter."""
    return _PNG.sub(lambda match: _shorter(match[0], b64decode(match[1])), svg)


def _build_finished(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    for path in Path(app.outdir, "_images").glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        if (light := lighter(text)) != text:
            path.write_text(light, encoding="utf-8")


def _shorter(address: str, png: bytes) -> str:
    """The picture's address, or that of the same pixels in fewer bytes."""
    file = BytesIO()
    Image.open(BytesIO(png)).save(file, "webp", lossless=True)
    webp = f"data:image/webp;base64,{b64encode(file.getvalue()).decode()}"
    return min(address, webp, key=len)
