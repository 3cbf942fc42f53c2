"""From answers to verdicts: points, words, counterexamples, diagnoses."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import catalogue
from autograder.grading.feedback import fragment
from autograder.grading.graded import in_words, sheet
from autograder.judging.cases import DEVELOPMENT, drawn_cases
from autograder.judging.counterexample import key, smallest
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee
from autograder.model import Exercise, Mistake, Verdict
from autograder.sandbox import Cell, Limits, Program, Sandbox
from convnets.answers import Answer, Call
from convnets.compare import Rules
from convnets.values import pack
from solutions import depthwise

BOOK = catalogue.load()
DENSE = BOOK.exercise("depthwise_as_dense")
SIZES = BOOK.exercise("output_size")


def judged(exercise: Exercise, function: Callable[..., Any]) -> Verdict:
    """A function of ours, graded."""
    return Referee(DEVELOPMENT).judge(exercise, LocalSession(function))


def test_points_are_earned_by_group() -> None:
    """A group whose cases all pass earns its points, any other none."""

    def always_float64(w: np.ndarray) -> np.ndarray:
        return depthwise.depthwise_as_dense(w).astype(np.float64)

    verdict = judged(DENSE, always_float64)
    earned = {g.name: g.earned for g in sheet(DENSE, verdict).groups}
    assert earned == {"blocks": 2.0, "dtype and errors": 0.0}
    assert verdict.score == 2
    assert [c.label for c in verdict.cases if not c.passed] == ["float32 stays float32"]


class Slow:
    """A session in which no call ends."""

    outcomes: Sequence[Any] = ()
    calls = 0

    def call(self, name: str, call: Call, **options: Any) -> Answer:
        """Say that the clock ran out."""
        self.calls += 1
        return Answer("timeout")


def test_two_timeouts_end_the_tries() -> None:
    """Two calls may run out of time; the rest fails without being made, and the
    message says how long ours takes."""
    session = Slow()
    verdict = Referee(DEVELOPMENT).judge(SIZES, session)
    assert session.calls == 2
    assert verdict.score == 0
    assert (
        "stopped after 5 s; the reference needs less than" in verdict.cases[0].message
    )
    assert "Not tried" in verdict.cases[-1].message


@pytest.mark.parametrize("exercise", [DENSE, SIZES], ids=lambda e: e.name)
def test_hidden_messages_carry_no_numbers(exercise: Exercise) -> None:
    """Whatever goes wrong, a hidden case says the same."""
    for mistake in exercise.mistakes:
        verdict = judged(exercise, mistake.function)
        hidden = [c for c in verdict.cases if not (c.public or c.passed)]
        assert not any(re.search(r"\d", case.message) for case in hidden)


@pytest.mark.parametrize("exercise", [DENSE, SIZES], ids=lambda e: e.name)
def test_what_is_shown_is_no_score_case(exercise: Exercise) -> None:
    """Every explanation shows an input that no hidden case has."""
    hidden = [
        pack((d.call.args, dict(d.call.kwargs)))
        for d in drawn_cases(exercise, DEVELOPMENT)
        if not d.case.public
    ]
    asked: list[bytes] = []

    class Recording(LocalSession):
        def call(self, name: str, call: Call, **options: Any) -> Answer:
            asked.append(pack((call.args, dict(call.kwargs))))
            return super().call(name, call, **options)

    for mistake in exercise.mistakes:
        asked.clear()
        verdict = Referee(DEVELOPMENT).judge(exercise, Recording(mistake.function))
        assert verdict.explanation is not None
        tried_for_show = asked[len(exercise.cases) :]
        assert tried_for_show
        if not any(isinstance(a, int) for a in exercise.cases[0].call.args):
            assert not set(tried_for_show) & set(hidden)


def test_two_mistakes_that_fit_are_both_named() -> None:
    """Mistakes that cannot be told apart are named together."""
    flips = next(m for m in DENSE.mistakes if "flipped" in m.says)
    twin = Mistake("the filters are turned by 180 degrees", flips.function)
    both = Exercise(
        DENSE.reference, 1, "warm-up", DENSE.groups, DENSE.cases, DENSE.explain,
        mistakes=[flips, twin],
    )  # fmt: skip
    found = judged(both, flips.function).explanation
    assert found is not None
    assert found.diagnoses == (flips.says, twin.says)


def test_no_diagnosis_is_invented() -> None:
    """A wrong answer of no listed kind is explained, and has no likely cause."""
    noise = np.random.default_rng(0)

    def anything(w: np.ndarray) -> np.ndarray:
        dense = depthwise.depthwise_as_dense(w)
        return dense + noise.standard_normal(dense.shape).astype(dense.dtype)

    found = judged(DENSE, anything).explanation
    assert found is not None
    assert found.diagnoses == ()


# ---- what goes wrong besides mathematics, in the sandbox --------------------

RIGHT = """import numpy as np
def depthwise_as_dense(w):
    if w.ndim != 4:
        raise ValueError("w has four axes")
    C, M, kh, kw = w.shape
    dense = np.zeros((C * M, C, kh, kw), w.dtype)
    for o in range(C * M):
        dense[o, o // M] = w[o // M, o % M]
    return dense
"""
SLIPS = {
    "missing": ("x = 1", "nothing called `depthwise_as_dense`"),
    "renamed": (
        RIGHT.replace("def depthwise_as_dense", "def depthwise_as_Dense"),
        "They define `depthwise_as_Dense`: was it renamed?",
    ),
    "overwritten": (RIGHT + "depthwise_as_dense = 3", "but overwritten"),
    "no arguments": (
        RIGHT.replace("dense(w)", "dense()"),
        "takes 0 positional arguments but 1 was given. Does the signature",
    ),
    "too many arguments": (
        RIGHT.replace("dense(w)", "dense(w, stride)"),
        "missing 1 required positional argument: 'stride'. Does the signature",
    ),
    "None": (RIGHT.replace("return dense", "dense"), "returned None. Is there"),
    "print": (RIGHT.replace("return dense", "print(dense)"), "printed instead"),
    "tensor": (
        "import torch\n" + RIGHT.replace("return dense", "return torch.tensor(dense)"),
        "is a torch tensor; a NumPy array was expected. Convert it",
    ),
    "changed input": (
        RIGHT.replace("return dense", "w *= 2; return dense"),
        "changed its argument w",
    ),
    "stub": (
        "def depthwise_as_dense(w):\n    raise NotImplementedError()",
        "is not written yet: the stub still raises",
    ),
    "syntax": (
        RIGHT.replace("M, kh, kw = w.shape", "M, kh, kw = = w.shape"),
        "is not valid Python in line 5, `C, M, kh, kw = = w.shape`: invalid syntax",
    ),
    "crash at import": (
        "import no_such_library\n" + RIGHT,
        "ModuleNotFoundError: No module named 'no_such_library' in line 1",
    ),
    "error": (
        RIGHT.replace("return dense", "return dense[10**6]"),
        "raised IndexError: index 1000000 is out of bounds",
    ),
    "endless call": (
        RIGHT.replace("return dense", "\n    while True: pass"),
        "took too long: it was stopped after 0.5 s; the reference needs less than",
    ),
    "endless cell": (RIGHT + "while True: pass", "did not end in time"),
    "memory": (
        RIGHT.replace("return dense", "return np.ones(1 << 40)"),
        "ran out of memory",
    ),
    "exit": (RIGHT.replace("return dense", "import os; os._exit(0)"), "process ended"),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One warm sandbox for the whole file, which waits less long than usual."""
    with Sandbox(limits=Limits(cells_seconds=2.0)) as sandbox:
        yield sandbox


def graded(sandbox: Sandbox, source: str, seconds: float = 0.5) -> Verdict:
    """The verdict of a cell, as a submission's."""
    exercise = Exercise(
        DENSE.reference, 1, "warm-up", DENSE.groups, DENSE.cases, DENSE.explain,
        mistakes=DENSE.mistakes, seconds=seconds,
    )  # fmt: skip
    cell = Cell(exercise.name, source, (exercise.name,))
    with sandbox.open(Program((cell,))) as session:
        return Referee(DEVELOPMENT).judge(exercise, session)


@pytest.mark.parametrize("slip", SLIPS)
def test_slips_have_words_of_their_own(sandbox: Sandbox, slip: str) -> None:
    """Trouble that is not about mathematics is told apart, with what to do."""
    source, words = SLIPS[slip]
    verdict = graded(sandbox, source)
    found = verdict.explanation.message if verdict.explanation else ""
    said = [verdict.trouble, found, *(case.message for case in verdict.cases)]
    assert words in "\n".join(said)
    assert not verdict.passed


def test_the_right_answer_passes_here_too(sandbox: Sandbox) -> None:
    """The slips above lose their points for nothing else."""
    assert graded(sandbox, RIGHT, seconds=5).passed


SPY = """
import numpy as np
seen = []
def depthwise_as_dense(w):
    seen.append(w.tolist())
    print("spied", w.tolist(), w.shape, w.sum())
    {leak}
"""
LEAKS = {
    "prints": "return w",
    "raises": "raise KeyError(repr(seen))",
    "raises the error that is due": "raise ValueError(repr(seen))",
    "returns": "return np.array([repr(seen)])",
    "returns a text": "return repr(seen)",
    "returns everything": "return {repr(seen): seen}",
    "as a type": "return type('T' + repr(seen), (), {})()",
    "as an error's name": "raise type('E' + repr(seen), (Exception,), {})()",
}


@pytest.mark.parametrize("leak", LEAKS)
def test_hidden_inputs_cannot_be_carried_out(sandbox: Sandbox, leak: str) -> None:
    """Printed, raised or returned, nothing of a hidden input is in the verdict,
    or the feedback, whatever call it was kept from."""
    verdict = graded(sandbox, SPY.format(leak=LEAKS[leak]))
    found = sheet(DENSE, verdict)
    texts = [repr(verdict), fragment(found), in_words(found)]
    for drawn in drawn_cases(DENSE, DEVELOPMENT):
        if drawn.case.public:
            continue
        for number in drawn.call.args[0].ravel()[:20].tolist():
            short = f"{abs(number):.6g}"
            assert not any(short in text for text in texts), (drawn.case.label, short)


def test_a_call_that_is_hidden_is_never_shown() -> None:
    """An input of a score case that the search happens on is passed over."""
    exercise = catalogue.load().exercise("output_size")
    wrong = LocalSession(lambda n, k, stride=1, padding=0, dilation=1: -1)

    def first(hidden: frozenset[bytes]) -> Call:
        found = smallest(
            exercise,
            lambda call: wrong.call("output_size", call, seconds=1),
            lambda call: Rules(),
            hidden,
        )
        assert found is not None
        return found.call

    shown = first(frozenset())
    assert key(first(frozenset({key(shown)}))) != key(shown)


# In a process of its own: prints the inputs that a search asks about.
ASKED = """\
import sys
sys.path.insert(0, ".")
if sys.argv[1:]:
    import loaded
from autograder import catalogue
from autograder.judging.counterexample import smallest
from convnets.answers import invoke_here
from convnets.compare import Rules

size = catalogue.load(only=["convolution"]).exercise("output_size")


def ask(call):
    print(call.args, call.kwargs)
    return invoke_here(size.reference, call)


smallest(size, ask, lambda call: Rules())"""


def test_inputs_do_not_depend_on_what_is_loaded(tmp_path: Path) -> None:
    """Numbers in the source of other modules are not drawn, and a search leaves
    nothing in the folder where it runs: it may be the course folder."""
    numbers = "\n".join(f"A{n} = {n}" for n in range(2, 40))
    (tmp_path / "loaded.py").write_text(numbers, encoding="utf-8")
    asked = [
        subprocess.run(
            [sys.executable, "-c", ASKED, *words],
            cwd=tmp_path, check=True, capture_output=True, text=True,
        ).stdout
        for words in ([], ["loaded"])
    ]  # fmt: skip
    assert asked[0] == asked[1]
    assert asked[0].count("\n") > 100
    assert {path.name for path in tmp_path.iterdir()} <= {"loaded.py", "__pycache__"}


def test_without_shrinking_all_but_the_input_is_the_same() -> None:
    """What `course verify` judges by: scores, messages and likely causes."""
    for mistake in DENSE.mistakes:
        session = LocalSession(mistake.function)
        whole = Referee(DEVELOPMENT).judge(DENSE, session)
        quick = Referee(DEVELOPMENT, shrinks=False).judge(DENSE, session)
        assert (quick.score, quick.cases) == (whole.score, whole.cases)
        assert quick.explanation is not None
        assert whole.explanation is not None
        assert quick.explanation.diagnoses == whole.explanation.diagnoses
