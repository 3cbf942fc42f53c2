"""Notebook files, through nbformat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

# nbformat marks itself as typed but leaves these functions without types.
_read: Any = nbformat.read
_writes: Any = nbformat.writes
_node: Any = NotebookNode


def read(path: Path) -> NotebookNode:
    """A notebook of ours. Raises OSError or ValueError."""
    notebook: NotebookNode = _read(path, as_version=4)
    return notebook


def to_bytes(notebook: NotebookNode) -> bytes:
    """The file of a notebook, as nbconvert's exporter writes it."""
    text: str = _writes(notebook, version=4)
    return (text if text.endswith("\n") else text + "\n").encode()


def display(data: dict[str, str]) -> NotebookNode:
    """An output of a cell, by kinds of media."""
    output: NotebookNode = _node(output_type="display_data", data=data, metadata={})
    return output
