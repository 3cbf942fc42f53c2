"""A share of `make fuzz`: rubbish is refused, and gets no points. Takes 10 s."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzz.tries import Tries, made_tries

SEED = 1  # `make fuzz` takes another each time


@pytest.fixture(scope="module")
def tries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tries]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with made_tries(folder) as made:
        yield made


@pytest.mark.parametrize(
    ("kind", "count", "wanted"),
    [
        ("frames", 2000, {"malformed", "died", "returned", "right all the same"}),
        ("notebooks", 100, {"refused", "rebuilt"}),
        ("outside", 20, {"the same"}),
        ("names", 2000, {"refused", "taken"}),
        ("filed", 200, {"none"}),
        ("graded", 8, {"points", "no points"}),
    ],
)
def test_rubbish_is_refused(
    tries: Tries, kind: str, count: int, wanted: set[str]
) -> None:
    """Whatever a student's side sends is an answer, or refused, and never a grade."""
    came = Counter(tries.one(kind, SEED, number) for number in range(count))
    assert wanted <= set(came)
