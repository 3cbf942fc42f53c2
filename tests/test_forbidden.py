"""What an exercise is about may not be called: both ways of finding it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch.nn.grad import conv2d_input

from autograder import catalogue
from autograder.checks.forbidden_ops import (
    TORCH_CONV,
    TORCH_CONV_TRANSPOSE,
    TORCH_GROUPED_CONV,
    TORCH_POOL,
    TORCH_UNFOLD,
)
from autograder.judging import forbidden
from autograder.judging.cases import DEVELOPMENT
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee
from autograder.model import Exercise, Forbidden, Verdict
from autograder.sandbox import Cell, Program, Sandbox
from convnets.answers import Call, invoke_here
from convnets.barred import first_match
from convnets.watch import Watch

BOOK = catalogue.load()
# Their oracles compute in another way than by the operation that is not accepted.
OTHERWISE = {
    "max_pool2d_backward",
    "global_avg_pool",
    "MultiHeadAttention",
    "SelfAttention2d",
}
# Of those about a call of SciPy, the oracle is torch.
GUARDED = [
    e
    for e in BOOK
    if e.oracle and any(r.ops for r in e.forbidden) and e.name not in OTHERWISE
]
WHY = "about writing it"


def program(*sources: str, name: str = "conv2d") -> Program:
    """Cells of a notebook, the last of which the exercise is taken from."""
    cells = [Cell(f"c{i}", source) for i, source in enumerate(sources[:-1])]
    return Program((*cells, Cell(name, sources[-1], (name,))))


def said(*sources: str, name: str = "conv2d") -> str:
    """What reading says of an answer to an exercise."""
    return forbidden.in_source(BOOK.exercise(name), program(*sources, name=name))


USED = [
    ("import torch", "def conv2d(x, w): return torch.conv2d(x, w)"),
    ("import torch.nn.functional as F", "def conv2d(x, w): return F.conv2d(x, w)"),
    ("from torch.nn.functional import conv2d as c", "def conv2d(x): return c(x)"),
    ("from torch.nn.functional import *", "def conv2d(x): return conv1d(x)"),
    ("from torch import nn", "def conv2d(x):\n    layer = nn.Conv2d(1, 1, 1)"),
    ("import torch as t", "def conv2d(x): return t.ops.aten.convolution(x)"),
    ("import torch", "def conv2d(x): return torch.nn.functional.conv_transpose2d(x)"),
    ("import torch", "f = getattr(torch, 'conv' + '2d')\ndef conv2d(x): return f(x)"),
    ("import torch", "conv2d = lambda x: vars(torch)['conv2d'](x)"),
    ("import torch", "conv2d = torch.conv2d"),
    ("import torch\nf, g = 1, torch", "def conv2d(x): return map(g.conv2d, x)"),
    ("def conv2d(x):\n    from scipy.signal import correlate2d as c\n    return c(x)",),
    ("import scipy.ndimage as i", "def conv2d(x): return i.convolve(x)"),
    ("import torch", "def h(x): return torch.conv2d(x)", "def conv2d(x): return h(x)"),
    ("import torch", "class A:\n    f = torch.conv2d", "def conv2d(x): return A.f(x)"),
    (
        "def conv2d(x):\n    import importlib\n"
        "    return importlib.import_module('torch').conv2d(x)",
    ),
    (
        "%matplotlib inline\n!ls\nif True:\n    from torch import conv2d",
        "def conv2d_(x): return conv2d(x)\nconv2d = conv2d",
    ),
    (
        "import torch\ndef same(f): return f",
        "def conv2d(x): return torch.conv2d(x)\nconv2d = same(conv2d)",
    ),
]


@pytest.mark.parametrize("sources", USED, ids=lambda sources: sources[-1][:40])
def test_reading_sees_the_call(sources: tuple[str, ...]) -> None:
    """Under any name, and through the student's own functions."""
    assert WHY in said(*sources)


FINE = [
    ("import torch.nn.functional as F", "def conv2d(x): return F.unfold(x, 3)"),
    ("def conv2d(x): return conv2d(x[1:])",),
    ("from torch import conv2d", "def conv2d(x): return [conv2d(y) for y in x]"),
    ("import torch.nn.functional as F", "def conv2d(F): return F.conv2d"),
    ("import torch", "def conv2d(x):\n    torch = mine\n    return torch.conv2d(x)"),
    ("import torch", "y = torch.conv2d(x)", "def conv2d(x): return x"),
    ("import torch\ndef compare(): return torch.conv2d", "def conv2d(x): return x"),
    ("def conv2d(x): return 'torch.conv2d'  # torch.conv2d",),
    ("import numpy as np", "def conv2d(x): return np.fft.rfft2(x)"),
]


@pytest.mark.parametrize("sources", FINE, ids=lambda sources: sources[-1][:40])
def test_reading_leaves_the_rest_alone(sources: tuple[str, ...]) -> None:
    """Own functions of that name, other cells and other operations are fine."""
    assert said(*sources) == ""


def test_the_sentence_names_the_place() -> None:
    """What was written, in which line, and what it is."""
    text = said(
        "import torch.nn.functional as F", "\ndef conv2d(x):\n  return F.conv2d"
    )
    assert "`F.conv2d` in line 3, that is torch.nn.functional.conv2d" in text


HOSTILE = [
    "-" * 100_000 + "1",
    "(" * 50_000,
    "a" + ".b" * 900,
    "a = a\n" * 5_000,
    "a = b\nb = a\n",
    "x = \0",
]


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_reading_ends_on_hostile_source(source: str) -> None:
    """Code that is nested, circular or no Python at all costs no time."""
    began = time.process_time()
    assert said(source, f"{source}\ndef conv2d(x): return a(x), {source[:2000]}") == ""
    assert time.process_time() - began < 5


X = torch.randn(1, 4, 6, 6, requires_grad=True)
DENSE, GROUPED = torch.randn(4, 4, 3, 3), torch.randn(4, 1, 3, 3)
ROUTES: list[tuple[Forbidden, Callable[[], object], bool]] = [
    (TORCH_CONV, lambda: torch.conv2d(X, DENSE), True),
    (TORCH_CONV, lambda: F.conv2d(X, DENSE, padding="same"), True),
    (TORCH_CONV, lambda: F.conv1d(X[:, :, 0], DENSE[..., 0]), True),
    (TORCH_CONV, lambda: F.conv3d(X[..., None], DENSE[..., None]), True),
    (TORCH_CONV, lambda: F.conv_transpose2d(X, DENSE), True),
    (TORCH_CONV, lambda: torch.nn.Conv2d(4, 4, 3)(X), True),
    (TORCH_CONV, lambda: conv2d_input(X.shape, DENSE, X[..., 2:, 2:]), True),
    (TORCH_CONV, lambda: torch.inference_mode()(lambda: F.conv2d(X, DENSE))(), True),
    (TORCH_CONV, lambda: F.unfold(X, 3), False),
    (TORCH_CONV, lambda: torch.einsum("nchw,ocij->no", X, DENSE), False),
    (TORCH_GROUPED_CONV, lambda: F.conv2d(X, DENSE).sum().backward(), False),
    (TORCH_GROUPED_CONV, lambda: F.conv2d(X, GROUPED, groups=4), True),
    (TORCH_GROUPED_CONV, lambda: F.conv2d(X, GROUPED, None, 1, 0, 1, 4), True),
    (TORCH_CONV_TRANSPOSE, lambda: F.conv_transpose2d(X, DENSE), True),
    (TORCH_CONV_TRANSPOSE, lambda: F.conv2d(X, DENSE).sum().backward(), False),
    (TORCH_CONV_TRANSPOSE, lambda: F.conv2d(X, DENSE), False),
    (TORCH_UNFOLD, lambda: torch.nn.Unfold(3)(X), True),
    (TORCH_UNFOLD, lambda: X.unfold(2, 3, 1).unfold(3, 3, 1), False),
    (TORCH_POOL, lambda: F.max_pool2d(X, 2), True),
    (TORCH_POOL, lambda: F.adaptive_avg_pool2d(X, 2), True),
    (TORCH_POOL, lambda: X.mean((2, 3)), False),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "run", "caught"), ROUTES)
def test_watching_sees_what_runs(
    rule: Forbidden, run: Callable[[], object], caught: bool
) -> None:
    """Every route to an operation ends in the same one, backward passes too."""
    with Watch() as watch:
        run()
    assert bool(first_match(watch.used, rule.ops)) is caught


def test_only_watched_calls_are_watched() -> None:
    """An answer tells what torch ran when the call asks for it."""
    call = Call((torch.ones(2).numpy(),))
    assert invoke_here(torch.as_tensor, call).used == ()
    watched = Call((torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1)), watch=True)
    assert "convolution" in invoke_here(torch.conv2d, watched).used


@pytest.mark.parametrize("exercise", GUARDED, ids=lambda e: e.name)
def test_the_oracle_as_an_answer_gets_nothing(exercise: Exercise) -> None:
    """Handing in the library's operation costs all points and says why."""
    assert exercise.oracle is not None
    verdict = Referee(DEVELOPMENT).judge(exercise, LocalSession(exercise.oracle))
    assert verdict.score == 0
    assert WHY in verdict.trouble
    assert not any(case.passed for case in verdict.cases)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One warm sandbox for the whole file."""
    with Sandbox() as sandbox:
        yield sandbox


RIGHT = (catalogue.ROOT / "solutions" / "convolution.py").read_text(encoding="utf-8")


def graded(sandbox: Sandbox, *sources: str) -> Verdict:
    """A notebook's verdict for conv2d_loops."""
    name = "conv2d_loops"
    with sandbox.open(program(*sources, name=name)) as session:
        return Referee(DEVELOPMENT).judge(BOOK.exercise(name), session)


CHEAT = """
def conv2d_loops(x, w, b=None, stride=1, padding=0):
    x, w = torch.as_tensor(x), torch.as_tensor(w)
    b = None if b is None else torch.as_tensor(b)
    return {call}(x, w, b, stride, padding).numpy()
"""


def test_a_cheat_gets_nothing_in_the_sandbox(sandbox: Sandbox) -> None:
    """Reading finds what is plain, watching what was put together by text."""
    plain = graded(sandbox, "import torch", CHEAT.format(call="torch.conv2d"))
    hidden = CHEAT.format(call="eval('torch.con' + 'v2d')")
    secret = graded(sandbox, "import torch", f"exec({hidden!r})")
    assert "`torch.conv2d` in line 5" in plain.trouble
    assert "torch ran it during a call" in secret.trouble
    assert plain.score == secret.score == 0


def test_comparing_with_torch_costs_nothing(sandbox: Sandbox) -> None:
    """A cell of one's own may call what the answer may not."""
    compare = (
        "import torch\ntorch.conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 1, 1))"
    )
    assert graded(sandbox, compare, RIGHT).passed
