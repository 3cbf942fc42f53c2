"""Notebook files, through nbformat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, v4

# nbformat marks itself as typed but leaves these functions without types.
_read: Any = nbformat.read
_node: Any = NotebookNode
_current: Any = v4


def read(path: Path) -> NotebookNode:
    """A notebook of ours. Raises OSError or ValueError."""
    notebook: NotebookNode = _read(path, as_version=4)
    return notebook


def parse(data: bytes) -> NotebookNode:
    """The file of a notebook that `to_bytes` made. Raises ValueError.

    Without validation against nbformat's schema, which takes longer than
    everything else that is done to a notebook.
    """
    notebook: NotebookNode = _current.reads(data.decode())
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise ValueError("no notebook of format 4")
    return notebook


def to_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook, as nbconvert's exporter writes it."""
    text: str = _current.writes(notebook)
    return (text if text.endswith("\n") else text + "\n").encode()


def display(data: dict[str, str]) -> NotebookNode:
    """An output of a cell, by kinds of media."""
    output: NotebookNode = _node(output_type="display_data", data=data, metadata={})
    return output
