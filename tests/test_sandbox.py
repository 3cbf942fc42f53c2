"""The sandbox with honest programs: what a notebook may expect works."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.errors import AuthorError
from autograder.sandbox import (
    Cell,
    CellOutcome,
    Level,
    Limits,
    Program,
    Sandbox,
    Session,
)
from convnets.answers import Answer, Call


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One warm sandbox for the whole file."""
    with Sandbox(Level.ISOLATED, Limits(printed_bytes=100)) as sandbox:
        yield sandbox


def run(sandbox: Sandbox, *sources: str) -> tuple[CellOutcome, ...]:
    """What came of cells c0, c1, …"""
    with opened(sandbox, *sources) as session:
        return session.outcomes


def opened(sandbox: Sandbox, *sources: str) -> Session:
    """A session of cells c0, c1, … each of which is asked for `f`."""
    cells = [Cell(f"c{i}", source, ("f",)) for i, source in enumerate(sources)]
    return sandbox.open(Program(tuple(cells)))


def called(sandbox: Sandbox, source: str, *args: object, **kwargs: object) -> Answer:
    """The answer of the `f` that a cell defines."""
    with opened(sandbox, source) as session:
        return session.call("f", Call(args, kwargs), seconds=5)


def test_cells_share_a_namespace(sandbox: Sandbox) -> None:
    """Cells run in the order given, each seeing what those before defined."""
    first, second = run(sandbox, "a = 2", "print(a + 1)")
    assert (first.kind, second.kind, second.printed) == ("ok", "ok", "3\n")


def test_trouble_stays_in_its_cell(sandbox: Sandbox) -> None:
    """A cell that raises says where, and the cells after it still run."""
    bad, good = run(sandbox, "x = 1\n\ny = x / 0\n", "print(x)")
    assert (bad.kind, bad.error, bad.line, bad.source) == (
        "raised",
        "ZeroDivisionError",
        3,
        "y = x / 0",
    )
    assert good.printed == "1\n"


@pytest.mark.parametrize(
    "source",
    ["def f(:", "x = \0", "x = '\ud800'", "(" * 5000, "return 1", "x = 1\n  y = 2"],
    ids=["grammar", "null byte", "surrogate", "nesting", "return", "indentation"],
)
def test_no_python(sandbox: Sandbox, source: str) -> None:
    """What cannot be compiled is a syntax outcome, not the end of the program."""
    bad, good = run(sandbox, source, "print('on')")
    assert (bad.kind, good.printed) == ("syntax", "on\n")


def test_syntax_error_names_the_line(sandbox: Sandbox) -> None:
    """A syntax error is reported with its line and source."""
    (bad,) = run(sandbox, "x = 1\ndef f(:\n    pass")
    assert (bad.line, bad.source) == (2, "def f(:")


def test_a_large_cell_is_not_run(sandbox: Sandbox) -> None:
    """A cell of 17 MB is refused with its size; the next one runs."""
    bad, good = run(sandbox, "#" * (17 << 20), "print('on')")
    assert bad.kind == "syntax"
    assert "bytes" in bad.message
    assert good.printed == "on\n"


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\n%load_ext autoreload\nx = 1",
        "%%time\nx = 1",
        "\n%%timeit -n 1\nx = 1",
        "%time x = 1",
        "!rm -rf /\nfiles = !ls\nx = 1",
        "x = 1\nx?",
        "x = 1\ndisplay(x)\nget_ipython().run_line_magic('pylab', '')",
        "from IPython.display import display, HTML\nx = 1\ndisplay(HTML('<b>'))",
        "from IPython import get_ipython\nget_ipython().magic('who')\nx = 1",
        "import matplotlib.pyplot as plt\nplt.imshow([[1]])\nplt.show()\nx = 1",
    ],
)
def test_what_notebooks_are_full_of(sandbox: Sandbox, source: str) -> None:
    """Magics, shell lines, display and plots do not break a cell."""
    first, second = run(sandbox, source, "print(x)")
    assert (first.kind, first.message) == ("ok", "")
    assert second.printed == "1\n"


def test_other_cell_magics_do_nothing(sandbox: Sandbox) -> None:
    """The cell of a magic for another language is left out."""
    (only,) = run(sandbox, "%%bash\nrm -rf / && exit 1")
    assert only.kind == "ok"


@pytest.mark.parametrize(
    "source",
    [
        "import scipy.signal; scipy.signal.convolve([1.0, 2.0], [1.0])",
        "import torch\nw = torch.ones(3, requires_grad=True)\n"
        "for _ in range(3):\n    (w ** 2).sum().backward()",
        "import numpy as np\nnp.fft.fft(np.ones(8)); np.linalg.svd(np.ones((4, 4)))",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool:\n    list(pool.map(str, range(9)))",
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass A:\n    x: int\n"
        "assert pickle.loads(pickle.dumps(A(1))) == A(1)",
        "import tempfile\nwith tempfile.TemporaryFile() as file:\n    file.write(b'1')",
        "import numpy as np\nnp.save('a.npy', np.ones(3)); np.load('a.npy')",
        "import matplotlib.pyplot as plt\nplt.plot([1]); plt.savefig('a.png')",
        "import warnings, sys\nwarnings.warn('careful')\nprint('x', file=sys.stderr)",
        "import convnets.answers, convnets.values",
        "import subprocess, multiprocessing, asyncio, socket",
        "import torch\nmodel = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3),"
        " torch.nn.BatchNorm2d(2))\noptim = torch.optim.Adam(model.parameters())\n"
        "model(torch.ones(2, 1, 8, 8)).sum().backward(); optim.step()",
    ],
)
def test_honest_code_runs(sandbox: Sandbox, source: str) -> None:
    """What a student's notebook may do is not in the sandbox's way."""
    (only,) = run(sandbox, source)
    assert (only.kind, only.error, only.message) == ("ok", "", "")


def test_there_is_no_input(sandbox: Sandbox) -> None:
    """Waiting for input ends at once."""
    (only,) = run(sandbox, "input()")
    assert only.error == "EOFError"


def test_printing_is_bounded(sandbox: Sandbox) -> None:
    """What a cell prints is kept up to the limit; the rest is dropped."""
    (only,) = run(sandbox, "print('é' * 1_000_000)")
    assert (only.kind, len(only.printed)) == ("ok", 50)


def test_captures_right_after_the_cell(sandbox: Sandbox) -> None:
    """The object bound right after its cell answers, not a later one."""
    cells = (Cell("a", "def f(): return 1", ("f",)), Cell("b", "def f(): return 2"))
    with sandbox.open(Program(cells)) as session:
        assert session.call("f", Call(), seconds=5).value == 1


def test_a_call_returns_values(sandbox: Sandbox) -> None:
    """Arrays go in and come out with dtype, shape and numbers."""
    x = np.arange(6.0, dtype="float32").reshape(2, 3)
    source = "def f(x, k=1):\n    print('hi')\n    return x.T * k, x.shape"
    answer = called(sandbox, source, x, k=2)
    y, shape = answer.value
    assert (answer.kind, shape, y.dtype) == ("returned", (2, 3), x.dtype)
    assert np.array_equal(y, 2 * x.T)
    assert answer.printed == "hi\n"
    assert 0 < answer.seconds < 5


def test_a_call_says_what_it_changed(sandbox: Sandbox) -> None:
    """An argument changed in place is named."""
    with opened(sandbox, "def f(x, w):\n    w += 1") as session:
        arguments = Call((np.ones(2), np.ones(2)))
        answer = session.call("f", arguments, seconds=5, names=("x", "w"))
    assert answer.changed == ("w",)


def test_a_call_that_raises(sandbox: Sandbox) -> None:
    """An exception comes back with its bases, message, line and source."""
    answer = called(sandbox, "def f():\n    raise KeyError('k')")
    assert (answer.kind, answer.error, answer.line) == ("raised", "KeyError", 2)
    assert "LookupError" in answer.bases
    assert answer.source == "raise KeyError('k')"


@pytest.mark.parametrize("source", ["g = 1", "f = 3", "def f(: pass"])
def test_missing(sandbox: Sandbox, source: str) -> None:
    """No such name, or nothing that can be called, is missing."""
    assert called(sandbox, source).kind == "missing"


def test_a_module_forward_and_backward(sandbox: Sandbox) -> None:
    """A torch module is built, given weights, run and differentiated inside."""
    source = "import torch\nclass f(torch.nn.Linear):\n    pass"
    weights = {"weight": np.full((1, 2), 2.0), "bias": np.zeros(1)}
    init = {"in_features": 2, "out_features": 1}
    call = Call((init, weights, [np.ones((3, 2))], np.ones((3, 1))), caller="module")
    with opened(sandbox, source) as session:
        answer = session.call("f", call, seconds=5)
    assert answer.kind == "returned", answer
    assert np.array_equal(answer.value["output"], np.full((3, 1), 4.0))
    assert np.array_equal(answer.value["d_inputs"][0], np.full((3, 2), 2.0))


def test_runs_are_repeatable(sandbox: Sandbox) -> None:
    """Two children draw the same random numbers and order sets alike."""
    source = (
        "import random, numpy, torch\ndef f():\n    return [random.random(),"
        " numpy.random.rand(), float(torch.rand(1)), list(set('abcdefgh'))]"
    )
    assert called(sandbox, source).value == called(sandbox, source).value


def test_sessions_side_by_side(sandbox: Sandbox) -> None:
    """Two open sessions answer in turn, each with its own state."""
    source = "n = {}\ndef f():\n    global n\n    n += 1\n    return n"
    with (
        opened(sandbox, source.format(0)) as one,
        opened(sandbox, source.format(10)) as two,
    ):
        values = [s.call("f", Call(), seconds=5).value for s in (one, two, one, two)]
    assert values == [1, 11, 2, 12]


def test_a_result_too_large_to_travel(sandbox: Sandbox) -> None:
    """A result above the frame's size comes back as a note of its size."""
    answer = called(sandbox, "import numpy\ndef f():\n    return numpy.ones(1 << 24)")
    assert answer.kind == "returned"
    assert "cannot be handed over (1342" in repr(answer.value)


def test_a_call_too_large_to_travel(sandbox: Sandbox) -> None:
    """A case whose inputs do not fit is the author's trouble."""
    with (
        opened(sandbox, "f = len") as session,
        pytest.raises(AuthorError, match="smaller"),
    ):
        session.call("f", Call((np.ones(1 << 24),)), seconds=5)


def test_a_lost_zygote_is_replaced(sandbox: Sandbox) -> None:
    """When the zygote is killed, open sessions and later ones go on."""
    with opened(sandbox, "def f(): return 1") as session:
        zygote = sandbox._zygote
        assert zygote is not None
        os.kill(zygote._process.pid, 9)
        zygote._process.wait()
        # The kernel ends its children a moment later.
        assert session._child is not None
        select.select([session._child.pidfd], [], [], 5)
        assert session.call("f", Call(), seconds=5).kind == "died"
        assert session.call("f", Call(), seconds=5).value == 1
    assert called(sandbox, "def f(): return 2").value == 2


def test_a_closed_session_is_dead(sandbox: Sandbox) -> None:
    """After close, calls say so and nothing is forked."""
    session = opened(sandbox, "def f(): return 1")
    session.close()
    assert session.call("f", Call(), seconds=5).kind == "died"
