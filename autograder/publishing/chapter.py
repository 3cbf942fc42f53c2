"""A chapter as cells with roles, read from its text notebook.

What each role means is told in ARCHITECTURE.md; the site and release read
chapters through here, so that they agree on it.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jupytext.myst import MystMetadataParsingError, myst_to_notebook
from nbformat import NotebookNode

from autograder.errors import AuthorError
from autograder.publishing.question import WrittenQuestion, questions_in

Kind = Literal["markdown", "code", "raw"]
ROLES = ("setup", "given", "exercise", "site-only")


@dataclass(frozen=True)
class Cell:
    """One cell: `names` is what a `given` or `exercise` cell imports.

    role: one of ROLES, or empty. line: where it starts in the chapter's file.
    """

    kind: Kind
    source: str
    line: int
    role: str = ""
    names: tuple[str, ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """The source of `solutions/<chapter>.py`, read and never imported."""

    path: Path
    text: str

    @property
    def digest(self) -> str:
        """Changes when anything in the module does."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def source(self, name: str) -> str:
        """The source of one top-level name, decorators included.

        Raises AuthorError when the module does not define it.
        """
        for node in ast.parse(self.text).body:
            if name in _defines(node):
                decorators = getattr(node, "decorator_list", [])
                first = min([node.lineno, *(item.lineno for item in decorators)])
                return self._lines(first, node.end_lineno or first)
        raise AuthorError(
            f"Reading {self.path.name}: it does not define '{name}' at its top "
            "level, but a chapter imports it. Write it there, or mend the import."
        )

    def _lines(self, first: int, last: int) -> str:
        """Lines first to last, and the indented comments that follow them.

        A marker at the end of a function is such a comment; to the syntax
        tree the function ends before it.
        """
        lines = self.text.splitlines()
        end = last
        for number in range(last, len(lines)):
            if lines[number].lstrip().startswith("#") and lines[number][0].isspace():
                end = number + 1
            elif lines[number].strip():
                break
        return "\n".join(lines[first - 1 : end])


@dataclass(frozen=True)
class Chapter:
    """A chapter's cells in order. reference is None when it has no exercises.

    questions: those answered in words, which stand in its Markdown cells.
    """

    name: str
    path: Path
    cells: tuple[Cell, ...]
    reference: Reference | None
    metadata: dict[str, Any] = field(default_factory=dict)
    questions: tuple[WrittenQuestion, ...] = ()

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of its exercises, in the order they are met."""
        return tuple(
            name
            for cell in self.cells
            if cell.role == "exercise"
            for name in cell.names
        )

    @property
    def title(self) -> str:
        """Its first heading, or its name."""
        for cell in self.cells:
            for line in cell.source.splitlines() if cell.kind == "markdown" else ():
                if line.startswith("# "):
                    return line[2:].strip()
        return self.name


def read(path: Path) -> Chapter:
    """Read a chapter's file; its reference is looked for in ../solutions.

    Raises AuthorError for a file that cannot be read and for cells that do
    not keep to their roles.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuthorError(
            f"Reading the chapter {path.name}: {error}. Chapters are UTF-8 text "
            "notebooks named in _toc.yml."
        ) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Chapter:
    """Read a chapter's text as `read` does; the path is only looked up."""
    try:
        notebook = _notebook(text)
    except (MystMetadataParsingError, ValueError) as error:
        raise AuthorError(f"Reading the chapter {path.name}: {error}") from None
    metadata = dict(notebook.metadata)
    lines = metadata.pop("source_map")
    cells = tuple(
        _cell(cell, line + 1, path)
        for cell, line in zip(notebook.cells, lines, strict=True)
    )
    _once_each(cells, path)
    reference = _reference(path, cells)
    questions = _questions(cells, path)
    return Chapter(path.stem, path, cells, reference, metadata, questions)


@lru_cache(maxsize=64)  # a release asks for each chapter several times
def _notebook(text: str) -> NotebookNode:
    notebook: NotebookNode = myst_to_notebook(text, add_source_map=True)
    return notebook


def _cell(cell: Any, line: int, path: Path) -> Cell:
    where = f"{path.name}, cell at line {line}"
    tags: list[str] = list(cell.metadata.get("tags", []))
    roles = [tag for tag in tags if tag in ROLES]
    if len(roles) > 1:
        raise AuthorError(
            f"{where}: it has the roles {' and '.join(roles)}. "
            "A cell has at most one; take the others out of its tags."
        )
    role = roles[0] if roles else ""
    names: tuple[str, ...] = ()
    if role in ("given", "exercise"):
        names = _imported(cell.source, role, path.stem, where)
    elif role != "site-only" and cell.cell_type == "code":
        _no_reference(cell.source, where)
    return Cell(cell.cell_type, cell.source, line, role, names, dict(cell.metadata))


def _imported(source: str, role: str, chapter: str, where: str) -> tuple[str, ...]:
    """The names that the cell's one import brings, or AuthorError."""
    wanted = "one name" if role == "exercise" else "names"
    fix = (
        f"{where}: the cell tagged '{role}' has to be exactly "
        f"`from solutions.{chapter} import …`, {wanted} without 'as'"
    )
    try:
        body = ast.parse(source).body
    except SyntaxError as error:
        raise AuthorError(f"{fix}; it is no Python: {error.msg}.") from None
    if len(body) != 1 or not isinstance(body[0], ast.ImportFrom):
        raise AuthorError(f"{fix}; it has {len(body)} statements or another kind.")
    statement = body[0]
    names = tuple(alias.name for alias in statement.names)
    if statement.level or statement.module != f"solutions.{chapter}":
        raise AuthorError(f"{fix}; it imports from '{statement.module}'.")
    if any(alias.asname for alias in statement.names) or "*" in names:
        raise AuthorError(f"{fix}; it renames them or imports everything.")
    if role == "exercise" and len(names) != 1:
        raise AuthorError(f"{fix}; it imports {', '.join(names)}.")
    return names


def _no_reference(source: str, where: str) -> None:
    """A cell that students run too must not need the references."""
    if re.search(r"^\s*(from|import)\s+solutions\b", source, re.MULTILINE):
        raise AuthorError(
            f"{where}: it imports from 'solutions', which students do not have. "
            "Tag it 'exercise', 'given' or 'site-only'."
        )


def _once_each(cells: Sequence[Cell], path: Path) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        for name in cell.names:
            if name in seen:
                raise AuthorError(
                    f"{path.name}, cell at line {cell.line}: '{name}' was already "
                    f"imported at line {seen[name]}. Each name is imported once."
                )
            seen[name] = cell.line


def _questions(cells: Sequence[Cell], path: Path) -> tuple[WrittenQuestion, ...]:
    """The chapter's questions; no name is an exercise's or another question's."""
    found: list[WrittenQuestion] = []
    taken = {name for cell in cells for name in cell.names}
    for cell in cells:
        where = f"{path.name}, cell at line {cell.line}"
        try:
            asked = questions_in(cell.source) if cell.kind == "markdown" else []
        except AuthorError as error:
            raise AuthorError(f"{where}: {error}") from None
        for question in asked:
            if question.name in taken:
                raise AuthorError(
                    f"{where}: the name '{question.name}' is already given. "
                    "Call the question something else."
                )
            taken.add(question.name)
            found.append(question)
    return tuple(found)


def _reference(path: Path, cells: Sequence[Cell]) -> Reference | None:
    """The chapter's reference module; every name that is imported is in it."""
    names = [name for cell in cells for name in cell.names]
    if not names:
        return None
    source = path.parent.parent / "solutions" / f"{path.stem}.py"
    if not source.is_file():
        raise AuthorError(
            f"Reading the chapter {path.name}: it imports {', '.join(names)} but "
            f"there is no solutions/{source.name}. Write the reference there."
        )
    reference = Reference(source, source.read_text(encoding="utf-8"))
    for name in names:
        reference.source(name)
    return reference


def _defines(node: ast.stmt) -> tuple[str, ...]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return (node.name,)
    if isinstance(node, ast.Assign):
        return tuple(t.id for t in node.targets if isinstance(t, ast.Name))
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return (node.target.id,)
    return ()
