"""What must not get out: answers, the numbers of hidden cases, graders' keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from autograder import catalogue
from autograder.judging.cases import DEVELOPMENT, DrawnCase, drawn_cases, secret_seed
from autograder.publishing import contents
from autograder.publishing.stub import BEGIN, END

Numbers = npt.NDArray[Any]

PUBLIC = (  # what students are meant to see, besides the rails of the references
    "chapters/*.md",
    "chapters/figures/*.py",
    "convnets/*.py",
    "convnets/figures/*.js",
)
SHORT = 12  # characters of a line that may stand anywhere
SOLUTION = re.compile(rf"{BEGIN}\n(.*?){END}", re.DOTALL)
BITS = 20  # by which an array of whole numbers is known
DECIMALS = 7  # by which a drawn number is known


@dataclass(frozen=True)
class Secret:
    """Something that must not get out: any `needed` of its marks give it away."""

    name: str
    marks: tuple[bytes, ...]
    needed: int = 1

    def is_among(self, found: set[bytes]) -> bool:
        """Whether these marks give it away."""
        return sum(mark in found for mark in set(self.marks)) >= self.needed


def secrets(root: Path) -> tuple[Secret, ...]:
    """The lines of every answer, the numbers of every hidden case, and what full
    answers in words say.

    Hidden cases as the development seed draws them, and as the secret seed of
    this machine does. Raises AuthorError, and SetUpError for an unusable seed.
    """
    keys = graders_keys(root)
    hidden = {
        s: None for seed in {DEVELOPMENT, secret_seed()} for s in cases(root, seed)
    }
    return (*answer_lines(root, keys), *hidden, *key_lines(keys))


def plain(text: str) -> bytes:
    """Text with single spaces, as it is compared."""
    return " ".join(text.split()).encode()


def answer_lines(root: Path, keys: Sequence[str]) -> Iterator[Secret]:
    """Lines between the markers, but for those that students may see elsewhere."""
    sources = [p.read_text("utf-8") for p in (root / "solutions").glob("*.py")]
    seen = [SOLUTION.sub("", source) for source in sources]
    for pattern in PUBLIC:
        seen += [_without(keys, path) for path in root.glob(pattern)]
    public = plain("\n".join(seen))
    lines = {
        plain(line)
        for source in sources
        for answer in SOLUTION.findall(source)
        for line in answer.splitlines()
    }
    for line in sorted(lines):
        if len(line) > SHORT and line not in public:
            yield Secret(f"answer: {line.decode()}", (line,))


def key_lines(keys: Sequence[str]) -> Iterator[Secret]:
    """The lines of every question's key, as written and as a page would show them."""
    for line in keys:
        shown = re.sub(r"[*`$\\]", "", line)
        yield Secret(f"key: {line}", (plain(line), plain(shown)))


def graders_keys(root: Path) -> tuple[str, ...]:
    """What full answers in words say, in the whole book."""
    pages = contents.read(root).pages.values()
    return tuple(
        line for page in pages for asked in page.questions for line in asked.key
    )


def _without(keys: Sequence[str], path: Path) -> str:
    """A file's text without the graders' keys, which stand in chapters."""
    text = path.read_text("utf-8")
    for line in keys:
        text = text.replace(line, "")
    return text


def cases(root: Path, seed: bytes) -> Iterator[Secret]:
    """The arrays of hidden cases and of the answers to them, as bytes and digits.

    Not those that an author wrote down for a public case, too.
    """
    drawn = [d for e in catalogue.load(root) for d in drawn_cases(e, seed)]
    shipped = {a.tobytes() for d in drawn if d.case.public for a in _arrays_of(d)}
    for case in drawn:
        for array in () if case.case.public else _arrays_of(case):
            name, stored = f"hidden: {case.case.label}", array.tobytes()
            if is_telling(array) and stored not in shipped:
                yield Secret(name, (stored,))
            if len(digits := _in_digits(array)) >= 3:
                yield Secret(name, digits, needed=2)


def _arrays_of(drawn: DrawnCase) -> Iterator[Numbers]:
    """Every array in a case's arguments and in the answer to it."""
    return _arrays((drawn.call.args, dict(drawn.call.kwargs), drawn.expected.value))


def _arrays(value: Any) -> Iterator[Numbers]:
    """Every array of numbers in a tree of values."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind in "fi":
        yield value
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _arrays(item)


def is_telling(array: Numbers) -> bool:
    """Whether an array stands nowhere by chance.

    Six labels of two classes do: any long list of labels has them somewhere.
    """
    if array.size < 6:
        return False
    finite = array[np.isfinite(array)]
    return (
        bool(np.any(finite % 1)) or array.size * np.log2(len(np.unique(array))) >= BITS
    )


def _in_digits(array: Numbers) -> tuple[bytes, ...]:
    """The first numbers that are no simple fractions, cut off behind some decimals."""
    numbers = (abs(float(x)) for x in array.ravel()[:12])
    cut = (f"{x:.12f}"[: -12 + DECIMALS] for x in numbers if not _is_simple(x))
    return tuple(digits.encode() for digits in cut)


def _is_simple(x: float) -> bool:
    """Whether a number stands in many texts: a half, two thirds, seven twelfths."""
    if not np.isfinite(x):
        return True
    return any(abs(x * k - round(x * k)) < 1e-9 * k for k in range(1, 13))
