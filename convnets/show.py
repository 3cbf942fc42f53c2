"""Calls, values and differences as text and as small pictures.

Pictures are SVG, written here without matplotlib, because `check` has to
answer at once and feedback pages may run no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from convnets.answers import Answer, Call
from convnets.compare import Difference
from convnets.functions import source
from convnets.tensors import is_tensor

SHOWN = 100  # entries of an array up to which all of them are written


def typed(name: str, call: Call, names: Sequence[str] = ()) -> str:
    """The call as one would type it: `conv2d(x, w, stride=2)`."""
    if call.caller == "module":
        return _typed_module(name, call)
    if call.caller == "trained":
        training = Call(call.args[:-1])
        return f"{typed(name, training, names)}.eval()(*new)"
    words = [
        names[i] if i < len(names) and _is_big(value) else short(value)
        for i, value in enumerate(call.args)
    ]
    if call.caller == "with function":
        words[0] = call.args[0]
    words += [
        f"{key}={key if _is_big(value) else short(value)}"
        for key, value in call.kwargs.items()
    ]
    return f"{name}({', '.join(words)})"


def _typed_module(name: str, call: Call) -> str:
    init = ", ".join(f"{key}={short(value)}" for key, value in call.args[0].items())
    mode = "train" if call.kwargs.get("train") else "eval"
    seed = call.kwargs.get("seed")
    seeded = "" if seed is None else f"torch.manual_seed({seed}); "
    return f"{seeded}{name}({init}).{mode}()(x)"


def given(call: Call, names: Sequence[str] = ()) -> str:
    """The arrays of a call, one below the other, with shape and dtype."""
    if call.caller == "module":
        _, weights, inputs, dy = call.args
        parts = {f"x{i or ''}": value for i, value in enumerate(inputs)}
        parts |= dict(weights or {})
        parts |= {"gradient of the output": dy} if dy is not None else {}
    else:
        if call.caller == "trained":
            names = (*names[: len(call.args) - 1], "new")
        parts = {
            names[i] if i < len(names) else f"argument {i + 1}": value
            for i, value in enumerate(call.args)
        } | dict(call.kwargs)
    lines = [f"{k} = {text(v)}" for k, v in parts.items() if _is_big(v)]
    if call.caller == "with function":
        lines.insert(0, source(call.args[0]))
    return "\n".join(lines)


def sides(
    difference: Difference, expected: Answer, received: Answer
) -> tuple[str, str]:
    """Expected and received as text: the part that differs, or the whole."""
    if difference.kind == "measure":
        return difference.expected, difference.received
    if difference.where and difference.kind in ("value", "finite"):
        return text(difference.expected), text(difference.received)
    plane = difference.index[:-2] if difference.index else ()
    return answer_text(expected, plane), answer_text(received, plane)


def answer_text(answer: Answer, plane: tuple[int, ...] = ()) -> str:
    """What came of a call, in a line or an array; plane: see `text`."""
    if answer.kind == "returned":
        return text(answer.value, plane)
    if answer.kind == "raised":
        return f"{answer.error}: {answer.message}" if answer.message else answer.error
    return f"({answer.kind})"


def short(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        return f"<{kind(value)}>"
    return repr(value)


def kind(value: Any) -> str:
    """`float64 (2, 3)` for an array, the type's name for all else."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if is_tensor(value):
        name = str(value.dtype).removeprefix("torch.")
        return f"tensor {name} {tuple(value.shape)}"
    return type(value).__name__


def text(value: Any, plane: tuple[int, ...] = ()) -> str:
    """A value written out; large planes are cut in the middle, and of an array of
    many planes one is written: the first, or the one with the index `plane`."""
    if isinstance(value, np.ndarray) or is_tensor(value):
        array: Any = value.detach().numpy() if is_tensor(value) else value
        head = kind(value)
        if array.ndim > 2 and array.size > SHOWN:
            at = plane if len(plane) == array.ndim - 2 else (0,) * (array.ndim - 2)
            head += f", of which [{', '.join(map(str, at))}] is"
            array = array[at]
        body = np.array2string(array, precision=5, threshold=SHOWN, suppress_small=True)
        return f"{head}\n{body}" if array.ndim else f"{head} {body}"
    if isinstance(value, tuple | list) and any(map(_is_big, value)):
        return "\n".join(f"[{i}] {text(item)}" for i, item in enumerate(value))
    if isinstance(value, dict):
        return "\n".join(f"{key}: {text(item)}" for key, item in value.items())
    return repr(value)


def _is_big(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray | dict)
        or is_tensor(value)
        or (isinstance(value, tuple | list) and any(map(_is_big, value)))
    )


# ---- pictures --------------------------------------------------------------

CELL, GAP, HEAD = 34, 26, 22


def picture(difference: Difference) -> str:
    """Expected and received as two grids of numbers, differing cells marked.

    An SVG, for the plane in which the first differing entry lies; empty where
    the two have no plane of the same size, at most 12 x 12.
    """
    planes = _planes(difference)
    if planes is None:
        return ""
    expected, received, wrong, where = planes
    rows, columns = expected.shape
    width, height = columns * CELL, rows * CELL
    marks = int(wrong.sum())
    title = (
        f"Expected and received side by side{where}: "
        f"{marks} of {wrong.size} entries differ."
    )
    low = float(min(expected.min(), _finite(received).min(initial=0)))
    high = float(max(expected.max(), _finite(received).max(initial=0)))
    none = np.zeros_like(wrong)
    body = _grid(expected, none, 0, low, high, f"expected{where}")
    body += _grid(received, wrong, width + GAP, low, high, f"received{where}")
    total = 2 * width + GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="-2 0 {total + 4} {height + HEAD + 4}" width="{total + 4}" '
        f'style="max-width:100%;height:auto" font-family="sans-serif" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>'
        f'<rect x="-2" width="{total + 4}" height="{height + HEAD + 4}" '
        f'fill="#ffffff"/>{body}</svg>'
    )


def _planes(
    difference: Difference,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, str] | None:
    expected, received = difference.expected, difference.received
    index = difference.index
    if not isinstance(expected, np.ndarray) or index is None or expected.ndim < 2:
        return None
    if expected.dtype.kind not in "fiub" or received.dtype.kind not in "fiub":
        return None
    outer = index[:-2]
    plane, other = expected[outer].astype(float), received[outer].astype(float)
    if max(plane.shape) > 12 or not np.isfinite(plane).all():
        return None
    wrong = ~np.isclose(plane, other, 1e-5, 1e-8)
    where = f" [{', '.join(map(str, outer))}]" if outer else ""
    return plane, other, wrong, where


def _finite(array: np.ndarray) -> np.ndarray:
    finite: np.ndarray = array[np.isfinite(array)]
    return finite


def _grid(
    plane: np.ndarray,
    wrong: np.ndarray,
    left: int,
    low: float,
    high: float,
    title: str,
) -> str:
    parts = [f'<text x="{left}" y="15" font-size="13" fill="#1f2933">{title}</text>']
    for (i, j), value in np.ndenumerate(plane):
        shade = (value - low) / (high - low) if high > low else 0.0
        shade = float(np.clip(np.nan_to_num(shade), 0, 1))
        grey = round(255 - 70 * shade)
        x, y = left + j * CELL, HEAD + i * CELL
        stroke = (
            'stroke="#b42318" stroke-width="2.5"'
            if wrong[i, j]
            else 'stroke="#c3c9d1" stroke-width="1"'
        )
        parts.append(
            f'<rect x="{x + 1.5}" y="{y + 1.5}" width="{CELL - 3}" '
            f'height="{CELL - 3}" fill="rgb({grey},{grey},{grey})" {stroke}/>'
            f'<text x="{x + CELL / 2}" y="{y + CELL / 2 + 4}" font-size="11" '
            f'text-anchor="middle" fill="#1f2933">{_brief(value)}</text>'
        )
    return "".join(parts)


def _brief(value: float) -> str:
    if not np.isfinite(value):
        return str(value)
    if abs(value) >= 1000 or 0 < abs(value) < 0.01:
        return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
    return f"{value:.3g}"
