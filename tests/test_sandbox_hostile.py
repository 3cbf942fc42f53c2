"""The sandbox with hostile and unlucky programs: each ends bounded and alone."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import autograder
from autograder.sandbox import Cell, Level, Limits, Program, Sandbox, Session
from convnets.answers import Answer, Call

MIB = 1 << 20
CELLS = 2.0  # seconds
LIMITS = Limits(
    cells_seconds=CELLS,
    memory_bytes=256 * MIB,
    tmp_bytes=8 * MIB,
    file_bytes=4 * MIB,
    forks=4,
)
HONEST = Cell("honest", "def honest(x):\n    return 2 * x", ("honest",))

# What never ends by itself.
ENDLESS = {
    "endless loop": "while True: pass",
    "loop that swallows everything": (
        "while True:\n    try:\n        while True: pass\n"
        "    except BaseException: pass"
    ),
    "sleep": "import time; time.sleep(1000)",
    "regular expression": "import re; re.match('(a+)+$', 'a' * 40 + 'b')",
    "pause": "import signal; signal.pause()",
    "lock": "import threading; a = threading.Lock(); a.acquire(); a.acquire()",
    "reading the channel": "import os\nwhile os.read(3, 1): pass",
    "gigabytes of output": "while True: print('x' * 1_000_000)",
    "gigabytes written below Python": (
        "import os\nwhile True: os.write(1, b'x' * 1_000_000)"
    ),
    "a message that never ends": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E"
    ),
}

# What a program may try, and the outcomes that are fine.
ENDINGS = {
    "exit": ("import sys; sys.exit(0)", "raised"),
    "quit": ("raise KeyboardInterrupt", "raised"),
    "hard exit": ("import os; os._exit(0)", "died"),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", "died"),
    "abort": ("import os; os.abort()", "died"),
    "illegal instruction": (
        "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7); m.write(b'\\x0f\\x0b')\n"
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()",
        "died",
    ),
    "alarm": ("import signal, time; signal.alarm(1); time.sleep(1.2)", "ok died"),
    "closing the channel": ("import os; os.close(3)", "died"),
    "recursion": ("def g(): return g()\ng()", "raised"),
    "unlimited recursion": (
        "import sys; sys.setrecursionlimit(10 ** 9)\ndef g(): return g()\ng()",
        "memory died timeout",
    ),
    "stack overflow": (
        "import sys; sys.setrecursionlimit(10 ** 9)\n"
        "class A:\n    def __getattr__(self, n): return getattr(self, n + 'x')\nA().x",
        "memory died",
    ),
    "one huge array": ("import numpy; numpy.ones(1 << 40)", "memory"),
    "a huge tensor": ("import torch; torch.ones(1 << 38)", "raised"),
    "many small objects": ("a = []\nwhile True: a.append(bytearray(99999))", "memory"),
    "mapped memory": (
        "import mmap\na = []\nwhile True: a.append(mmap.mmap(-1, 1 << 26))",
        "raised memory",
    ),
    "a memory file": ("import os; os.memfd_create('m')", "raised"),
    "an enormous message": ("raise ValueError('x' * 10_000_000)", "raised"),
    "a message that raises": (
        "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
        "raised",
    ),
    "fork": ("import os; os.fork()", "raised"),
    "a subprocess": ("import subprocess; subprocess.run(['true'])", "raised"),
    "multiprocessing": (
        "import multiprocessing as m; p = m.Process(target=print); p.start()",
        "raised",
    ),
    "threads": (
        "import threading, time\n"
        "while True: threading.Thread(target=time.sleep, args=(99,)).start()",
        "raised memory",
    ),
    "a huge file": (
        "with open('f', 'wb') as f:\n    while True: f.write(b'x' * 100_000)",
        "raised",
    ),
    "a full disk": (
        "for i in range(99):\n    open(str(i), 'wb').write(b'x' * 1_000_000)",
        "raised",
    ),
    "a sparse file": ("open('f', 'wb').truncate(1 << 40)", "raised"),
    "a million files": ("for i in range(10 ** 6): open(str(i), 'w')", "raised"),
    "deep folders": (
        "import os\nwhile True: os.mkdir('d'); os.chdir('d')",
        "raised timeout",
    ),
    "descriptors": ("import os\nwhile True: os.dup(1)", "raised"),
    "raising its limits": (
        "import resource as r\nr.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY,) * 2)",
        "raised",
    ),
    "signalling everyone": ("import os; os.kill(-1, 9)", "raised"),
}

# Bytes that hostile code writes to the channel in place of an answer.
FORGERIES = {
    "noise": "b'\\xff' * 64",
    "a huge length": "struct.pack('<I', 0xffffffff)",
    "a length and nothing": "struct.pack('<I', 1 << 20)",
    "an empty frame": "struct.pack('<I', 0)",
    "no JSON": "struct.pack('<II', 9, 5) + b'{{{{{'",
    "deep JSON": "struct.pack('<II', 500_004, 500_000) + b'[' * 500_000",
    "an answer of no request": "to_bytes({'kind': 'returned', 'value': 1, 'nonce': 0})",
    "an array of requests": "to_bytes({'kind': 'returned', 'nonce': np.ones(2)})",
    "a tensor of requests": "to_bytes({'kind': 'returned', 'nonce': torch.ones(2)})",
    "a list": "to_bytes([1, 2, 3])",
    "a verdict": "to_bytes({'passed': True, 'points': 100})",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One warm sandbox for the whole file: no test may harm the next."""
    with Sandbox(Level.ISOLATED, LIMITS) as sandbox:
        yield sandbox


def opened(sandbox: Sandbox, source: str) -> Session:
    """A session of a hostile cell, which may define f, and an honest one."""
    return sandbox.open(Program((Cell("bad", source, ("f",)), HONEST)))


def honest(session: Session) -> Answer:
    """The answer of the honest function of the same submission."""
    return session.call("honest", Call((21,)), seconds=5)


def test_endless_cells_end_in_time(sandbox: Sandbox) -> None:
    """Cells that never end are stopped, several at a time; others still count."""

    def attempt(source: str) -> tuple[str, Answer, float]:
        began = time.monotonic()
        with opened(sandbox, source) as session:
            answer = honest(session)
            return session.outcomes[0].kind, answer, time.monotonic() - began

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(ENDLESS, pool.map(attempt, ENDLESS.values()), strict=True))
    for name, (kind, answer, seconds) in found.items():
        assert (kind, answer.value) == ("timeout", 42), (name, answer)
        assert seconds < 2 * CELLS + 5, name


@pytest.mark.parametrize(("source", "kinds"), ENDINGS.values(), ids=ENDINGS)
def test_a_cell_ends_bounded(sandbox: Sandbox, source: str, kinds: str) -> None:
    """Whatever a cell does, it ends in time and the other cells' answers count."""
    began = time.monotonic()
    with opened(sandbox, source) as session:
        bad, good = session.outcomes
        assert bad.kind in kinds.split(), bad
        assert good.kind == "ok"
        assert honest(session).value == 42
    assert len(bad.message) <= 500
    assert len(bad.printed) <= LIMITS.printed_bytes
    assert time.monotonic() - began < 2 * CELLS + 3


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("while True: pass", "timeout"),
        ("import os; os._exit(0)", "died"),
        ("import ctypes; ctypes.string_at(0)", "died"),
        ("import sys; sys.exit(0)", "raised"),
        ("raise GeneratorExit", "raised"),
        ("return bytearray(1 << 40)", "memory"),
        ("import os; os.close(3)", "died"),
        ("print('x' * 10_000_000)", "returned"),
        ("return [[]] * 10_000_000", "returned timeout memory"),
    ],
)
def test_a_call_ends_bounded(sandbox: Sandbox, body: str, kinds: str) -> None:
    """A call that goes wrong fails alone: the next one is answered."""
    with opened(sandbox, f"def f():\n    {body}") as session:
        assert session.call("f", Call(), seconds=1).kind in kinds.split()
        assert honest(session).value == 42


def test_a_function_that_keeps_ending_is_given_up(sandbox: Sandbox) -> None:
    """After a handful of children its calls are "died" at no further cost, and other
    functions still answer."""
    with opened(sandbox, "def f():\n    import os; os._exit(0)") as session:
        for _ in range(LIMITS.forks):
            assert session.call("f", Call(), seconds=1).kind == "died"
        began = time.monotonic()
        assert session.call("f", Call(), seconds=1).message.endswith("too often")
        assert time.monotonic() - began < 0.05
        assert honest(session).value == 42
        assert session.losses["f", "died"] == LIMITS.forks


def test_cells_that_end_the_process_are_left_out(sandbox: Sandbox) -> None:
    """Several of them, also those that fill the memory and keep it, cost the others
    nothing; with too many the program is given up."""
    full = "a = []\nwhile True: a.append(bytearray(1 << 20))"
    dies = "import os; os._exit(1)"
    cells = [Cell(str(i), text) for i, text in enumerate([dies, full, dies])]
    with sandbox.open(Program((*cells, HONEST))) as session:
        kinds = [outcome.kind for outcome in session.outcomes]
        assert kinds == ["died", "memory", "died", "ok"]
        assert honest(session).value == 42
    cells = [Cell(str(i), dies) for i in range(9)]
    with sandbox.open(Program((*cells, HONEST))) as session:
        assert honest(session).kind == "died"


def test_two_endless_cells_are_given_up(sandbox: Sandbox) -> None:
    """Only one cell is left out; with two, calls time out without waiting."""
    loop = "while True: pass"
    cells = (Cell("a", loop), Cell("b", loop), HONEST)
    with sandbox.open(Program(cells)) as session:
        kinds = [outcome.kind for outcome in session.outcomes]
        began = time.monotonic()
        assert honest(session).kind == "timeout"
        assert time.monotonic() - began < 0.05
    assert kinds == ["timeout", "timeout", "not run"]


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_frame_is_malformed(sandbox: Sandbox, forged: str) -> None:
    """What is written to the channel but is no answer fails that call only."""
    source = (
        "import os, struct, time, torch\nimport numpy as np\n"
        "from autograder.sandbox.frames import to_bytes\n"
        f"def f():\n    os.write(3, {forged})\n    time.sleep(9)"
    )
    with opened(sandbox, source) as session:
        answer = session.call("f", Call(), seconds=0.5)
        assert answer.kind in ("malformed", "timeout"), answer
        assert answer.value is None
        assert honest(session).value == 42


def test_an_early_answer_does_not_count(sandbox: Sandbox) -> None:
    """A frame sent before its call is not taken for the call's answer."""
    source = (
        "import os\nfrom autograder.sandbox.frames import to_bytes\n"
        "def f():\n    return 1\n"
        "early = to_bytes({'kind': 'returned', 'value': 9, 'nonce': 0})\n"
        "import threading\n"
        "threading.Timer(0.1, lambda: os.write(3, early)).start()"
    )
    with opened(sandbox, source) as session:
        time.sleep(0.3)
        assert session.call("f", Call(), seconds=1).kind == "malformed"


def test_a_flood_does_not_fill_the_supervisor(sandbox: Sandbox) -> None:
    """Endless bytes on the channel cost the supervisor neither time nor memory."""
    source = (
        "import os\ndef f():\n"
        "    while True: os.write(3, b'\\x00\\x00\\x00\\x03' * 9999)"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with opened(sandbox, source) as session:
        answer = session.call("f", Call(), seconds=2)
        assert answer.kind in ("malformed", "timeout")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300 * 1024  # KiB


def test_objects_that_lie_do_not_travel(sandbox: Sandbox) -> None:
    """A result that equals everything arrives as a note of its type."""
    source = (
        "import numpy as np\n"
        "class Yes(np.ndarray):\n    __eq__ = lambda a, b: True\n"
        "class One(float):\n    __eq__ = lambda a, b: True\n"
        "def f():\n    return [np.ones(2).view(Yes), One(1), object()]"
    )
    with opened(sandbox, source) as session:
        answer = session.call("f", Call(), seconds=5)
    assert [type(value).__name__ for value in answer.value] == ["Opaque"] * 3


def test_patching_the_child_is_of_no_use(sandbox: Sandbox) -> None:
    """Rewriting the sandbox's own code inside the child forges no verdict."""
    source = (
        "import numpy, convnets.answers, autograder.sandbox.child as child\n"
        "numpy.allclose = lambda *a, **k: True\n"
        "child.invoke = lambda *a: convnets.answers.Answer('timeout', 'passed')\n"
        "def f():\n    return 1"
    )
    with opened(sandbox, source) as session:
        assert session.call("f", Call(), seconds=5).kind == "malformed"


def test_surrogates_do_not_arrive(sandbox: Sandbox) -> None:
    """Text that cannot be written to a file is repaired on arrival."""
    with opened(sandbox, "raise ValueError('\\ud800')") as session:
        session.outcomes[0].message.encode()


@pytest.mark.parametrize(
    "expression",
    [
        "open({root!r} + '/README.md').read()",
        "os.listdir({root!r})",
        "open('/etc/passwd').read()",
        "os.listdir('/proc')",
        "os.listdir('/root')",
        "__import__('solutions')",
        "__import__('autograder.checks')",
        "__import__('autograder.model')",
        "__import__('autograder.judging.referee')",
        "open('/student/../etc/hostname').read()",
        "os.open('/usr/lib', os.O_TMPFILE | os.O_RDWR)",
        "os.mkdir('/left')",
        "os.chmod('/student', 0o777) or os.chroot('/student')",
        "os.mknod('/student/disk', 0o60600, os.makedev(254, 0))",
        "os.readlink('/proc/self/exe')",
    ],
)
def test_nothing_secret_can_be_opened(sandbox: Sandbox, expression: str) -> None:
    """Files, folders and modules outside the libraries cannot be reached."""
    root = str(Path(autograder.__file__).parents[1])
    with opened(sandbox, f"import os\n{expression.format(root=root)}") as session:
        bad = session.outcomes[0]
    assert bad.kind == "raised", bad
    assert bad.error in (
        "FileNotFoundError",
        "ModuleNotFoundError",
        "OSError",
        "PermissionError",
    )


def test_nothing_secret_is_in_the_process(sandbox: Sandbox) -> None:
    """No reference, check, seed or environment is in the child's memory."""
    source = (
        "import gc, os, sys\n"
        "def f():\n"
        "    loaded = [m for m in sys.modules if m.startswith(('solutions', "
        "'autograder.')) and not m.startswith('autograder.sandbox')]\n"
        "    return loaded, sorted(os.environ), os.getpid(), sys.argv"
    )
    os.environ["COURSE_SECRET"] = "hidden"
    try:
        with opened(sandbox, source) as session:
            loaded, names, pid, arguments = session.call("f", Call(), seconds=5).value
    finally:
        del os.environ["COURSE_SECRET"]
    assert loaded == ["autograder.errors"]
    assert names == ["HOME", "LANG", "MPLCONFIGDIR", "TMPDIR", "USER"]
    assert (pid, arguments) == (1, [""])


def test_nothing_is_left_behind(sandbox: Sandbox) -> None:
    """A file, a changed module or a thread of one session is in no other."""
    source = (
        "import numpy, os, threading, time\nopen('left', 'w').write('x')\n"
        "numpy.left = 1\nthreading.Thread(target=time.sleep, args=(99,)).start()"
    )
    with opened(sandbox, source) as session:
        assert session.outcomes[0].kind == "ok"
    look = (
        "import numpy, os, threading\ndef f():\n    return (os.listdir('.'),"
        " hasattr(numpy, 'left'), threading.active_count())"
    )
    with opened(sandbox, look) as session:
        assert session.call("f", Call(), seconds=5).value == ([], False, 1)


def test_a_hostile_session_beside_an_honest_one(sandbox: Sandbox) -> None:
    """While one session burns, another opened before it still answers."""
    with opened(sandbox, "") as good:
        with opened(sandbox, "a = []\nwhile True: a.append(bytearray(1 << 20))") as bad:
            assert bad.outcomes[0].kind == "memory"
            assert honest(good).value == 42
        assert honest(good).value == 42


def test_every_child_is_gone(sandbox: Sandbox) -> None:
    """After all of this the zygote has no children and no descriptor is lost."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with opened(sandbox, "import os; os._exit(1)"):
            pass
    assert len(os.listdir("/proc/self/fd")) == before
    zygote = sandbox._zygote
    assert zygote is not None
    outer = zygote._process.pid
    inner = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
    assert len(inner) == 1
    children = Path(f"/proc/{inner[0]}/task/{inner[0]}/children").read_text()
    assert children == ""


def test_large_inputs_to_a_child_that_does_not_read(sandbox: Sandbox) -> None:
    """Sending to a stopped child ends at the call's deadline."""
    source = (
        "import threading, os, signal\n"
        "import autograder.sandbox.frames as frames, time\n"
        "frames.read = lambda fd: time.sleep(99)\ndef f(x):\n    return 1"
    )
    with sandbox.open(Program((Cell("bad", source, ("f",)),))) as session:
        began = time.monotonic()
        answer = session.call("f", Call((np.ones(1 << 22),)), seconds=0.5)
    assert answer.kind == "timeout"
    assert time.monotonic() - began < 2
