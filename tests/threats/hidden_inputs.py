"""Hidden inputs, carried out by whatever a function says or answers.

Messages, names of exceptions and types, prints, warnings and what was kept from
one call to the next: the feedback shows none of a hidden case's numbers, nor
the source of a check or a line of a reference.
"""

from threat_board import Board

LINES = (4, 5)

# `said` is what the test looks for in everything that grading wrote.
SAID = """\
import sys
import warnings

SEEN = []


def said(x):
    x = np.ascontiguousarray(x)
    SEEN.append(f"{x.tobytes()[:8].hex()} {float(x.flat[0])!r}")
    return " ".join(SEEN)"""
WAYS = {
    "message": "raise ValueError(said(x))",
    "error-name": "raise type(said(x), (ValueError,), {})()",
    "type-name": "return type(said(x), (), {})()",
    "text": "return said(x)",
    "note": "error = ValueError(); error.add_note(said(x)); raise error",
    "chained": "raise ValueError from RuntimeError(said(x))",
    "source-line": 'exec(compile("1 / 0  # " + said(x), said(x), "exec"))',
    "changed-input": "said(x); x[...] = 0; return x",
    "shape": "said(x); return np.zeros((abs(hash(SEEN[-1])) % 997, 1, 1, 1))",
}
ALSO = """


_honest = depthwise_conv2d


def depthwise_conv2d(x, *args, **kwargs):
    {do}
    return _honest(x, *args, **kwargs)"""
SPEECH = {
    "print": "print(said(x)); print(said(x), file=sys.stderr)",
    "warning": "warnings.warn(said(x))",
    "display": "display(said(x))",
}


def hand_in(board: Board) -> None:
    exercise = "depthwise_conv2d"
    for name, body in WAYS.items():
        function = f"def {exercise}(x, *args, **kwargs):\n    {body}"
        board.answer(name, exercise, f"{SAID}\n\n\n{function}")
    for name, do in SPEECH.items():
        right = board.source(exercise) + ALSO.format(do=do)
        board.answer(name, exercise, f"{SAID}\n\n\n{right}", marks="full")
