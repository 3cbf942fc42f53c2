"""How the exercises of the chapter `max_pooling` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st

from autograder.checks.draws import array, both, calls, dtypes, small, steps
from autograder.checks.forbidden_ops import TORCH_POOL
from autograder.model import (
    Drawn,
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
)
from convnets.answers import Call
from solutions import max_pooling as solutions


def below_zero(*shape: int, dtype: str = "float64") -> Drawn:
    """Whole numbers from -4 to -1, in which maxima are often equal."""
    return integers(*shape, low=-4, high=0, dtype=dtype)


def few(*shape: int, dtype: str = "float64") -> Drawn:
    """Only -1 and 1: most windows have several maxima."""
    return integers(*shape, low=-1, high=1, dtype=dtype)


def far_below(*shape: int) -> Drawn:
    """Below every number that one may think is small enough for a border."""
    return Drawn(lambda rng: -1e12 * rng.integers(1, 5, shape))


def geometry(x, k, stride=None, padding=0):
    """Window, stride and padding as pairs, and the size of the output."""
    window, border = both(k), both(padding)
    step = window if stride is None else both(stride)
    size = tuple(
        (n + 2 * p - m) // s + 1
        for n, m, s, p in zip(x.shape[2:], window, step, border)
    )
    return window, step, border, size


# ---- max_pool2d ------------------------------------------------------------


def torch_max_pool(x, k, stride=None, padding=0):
    solutions.max_pool2d(x, k, stride, padding)  # its errors
    window, step, border, _ = geometry(x, k, stride, padding)
    tensor = torch.from_numpy(np.ascontiguousarray(x))
    y, places = F.max_pool2d(tensor, window, step, border, return_indices=True)
    return y.numpy(), places.numpy()


def pool_by_loops(x, k, stride=None, padding=0):
    """Window by window over the pixels that there are."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), size = geometry(x, k, stride, padding)
    N, C, H, W = x.shape
    y, argmax = np.zeros((N, C, *size), x.dtype), np.zeros((N, C, *size), np.int64)
    for n, c, i, j in np.ndindex(*y.shape):
        top, left = i * sh - ph, j * sw - pw
        best = None
        for p in range(max(top, 0), min(top + kh, H)):
            for q in range(max(left, 0), min(left + kw, W)):
                if best is None or x[n, c, p, q] > x[n, c].flat[best]:
                    best = p * W + q
        y[n, c, i, j], argmax[n, c, i, j] = x[n, c].flat[best], best
    return y, argmax


def pool_by_taps(x, k, stride=None, padding=0):
    """The best so far, one tap of all windows at a time."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    border = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x, border, constant_values=-np.inf)
    number = np.arange(x[0, 0].size).reshape(x.shape[2:])
    numbers = np.pad(number, border[2:], constant_values=-1)
    y = np.full((*x.shape[:2], h, v), -np.inf, x.dtype)
    argmax = np.zeros(y.shape, np.int64)
    for i in range(kh):
        for j in range(kw):
            seen = padded[:, :, i::sh, j::sw][:, :, :h, :v]
            place = np.broadcast_to(numbers[i::sh, j::sw][:h, :v], seen.shape)
            better = seen > y
            y, argmax = np.where(better, seen, y), np.where(better, place, argmax)
    return y, argmax


def pool_by_unfold(x, k, stride=None, padding=0):
    """Values and places cut into windows alike, the border below all values."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    low = float(x.min()) - 1
    tensor = F.pad(torch.tensor(x), (pw, pw, ph, ph), value=low)
    flat = tensor.unfold(2, kh, sh).unfold(3, kw, sw).flatten(-2)
    rows = torch.arange(h)[:, None, None, None] * sh - ph
    columns = torch.arange(v)[:, None, None] * sw - pw
    rows, columns = rows + torch.arange(kh)[:, None], columns + torch.arange(kw)
    places = (rows * x.shape[3] + columns).flatten(-2).expand(flat.shape)
    best = (flat == flat.amax(-1, keepdim=True)).to(torch.uint8).argmax(-1, True)
    y, argmax = flat.gather(-1, best), places.gather(-1, best)
    return y[..., 0].numpy(), argmax[..., 0].numpy()


def pool_by_sorting(x, k, stride=None, padding=0):
    """A stable sort of all windows; a list and Fortran order come out."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    border = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x.astype(float), border, constant_values=-np.inf)
    y, argmax = (np.zeros((*x.shape[:2], h, v), order="F") for _ in range(2))
    for i, j in np.ndindex(h, v):
        window = padded[:, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        flat = window.reshape(*x.shape[:2], -1)
        best = np.argsort(-flat, axis=-1, kind="stable")[..., 0]
        y[:, :, i, j] = flat.max(axis=-1)
        rows, columns = i * sh - ph + best // kw, j * sw - pw + best % kw
        argmax[:, :, i, j] = rows * x.shape[3] + columns
    return [y.astype(x.dtype), argmax.astype(np.int64)]


def mp_zero_border(x, k, stride=None, padding=0):
    """Zeros over the border; one of them is taken for the nearest pixel."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y, argmax = solutions.max_pool2d(padded, k, stride)
    rows, columns = np.divmod(argmax, padded.shape[3])
    H, W = x.shape[2:]
    rows, columns = np.clip(rows - ph, 0, H - 1), np.clip(columns - pw, 0, W - 1)
    return y, rows * W + columns


def mp_place_in_padded(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    ph, pw = both(padding)
    rows, columns = np.divmod(argmax, x.shape[3])
    return y, (rows + ph) * (x.shape[3] + 2 * pw) + columns + pw


def mp_place_in_window(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    (_, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    rows, columns = np.divmod(argmax, x.shape[3])
    rows = rows - (np.arange(h)[:, None] * sh - ph)
    columns = columns - (np.arange(v) * sw - pw)
    return y, rows * kw + columns


def mp_last_of_equals(x, k, stride=None, padding=0):
    """By pooling the image turned by 180 degrees, with a border that fits."""
    solutions.max_pool2d(x, k, stride, padding)
    (kh, kw), (sh, sw), (ph, pw), (h, v) = geometry(x, k, stride, padding)
    border = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x, border, constant_values=-np.inf)
    padded = padded[:, :, : (h - 1) * sh + kh, : (v - 1) * sw + kw]
    turned = padded[:, :, ::-1, ::-1]
    y, argmax = solutions.max_pool2d(turned, k, stride)
    y, argmax = y[:, :, ::-1, ::-1], argmax[:, :, ::-1, ::-1]
    rows, columns = np.divmod(argmax, turned.shape[3])
    rows = turned.shape[2] - 1 - rows - ph
    columns = turned.shape[3] - 1 - columns - pw
    return y, rows * x.shape[3] + columns


def mp_stride_one(x, k, stride=None, padding=0):
    return solutions.max_pool2d(x, k, 1 if stride is None else stride, padding)


def mp_ignores_stride(x, k, stride=None, padding=0):
    solutions.max_pool2d(x, k, stride, padding)
    return solutions.max_pool2d(x, k, None, padding)


def mp_swaps_stride(x, k, stride=None, padding=0):
    stride = stride if stride is None else both(stride)[::-1]
    return solutions.max_pool2d(x, k, stride, padding)


def mp_swaps_window(x, k, stride=None, padding=0):
    solutions.max_pool2d(x, k, stride, padding)
    return solutions.max_pool2d(x, both(k)[::-1], stride, padding)


def mp_ignores_padding(x, k, stride=None, padding=0):
    solutions.max_pool2d(x, k, stride, padding)
    return solutions.max_pool2d(x, k, stride)


def mp_swaps_padding(x, k, stride=None, padding=0):
    solutions.max_pool2d(x, k, stride, padding)
    return solutions.max_pool2d(x, k, stride, both(padding)[::-1])


def mp_ceil(x, k, stride=None, padding=0):
    """Room for one more window at the bottom and on the right, where pixels are."""
    solutions.max_pool2d(x, k, stride, padding)
    window, step, border, size = geometry(x, k, stride, padding)
    sides = zip(x.shape[2:], window, step, border, size)
    left = [n + 2 * p - ((c - 1) * s + m) for n, m, s, p, c in sides]
    more = [s - r if r > p else 0 for r, s, p in zip(left, step, border)]
    rest = ((0, 0), (0, 0), (0, more[0]), (0, more[1]))
    wide = np.pad(x, rest, constant_values=-np.inf)
    y, argmax = solutions.max_pool2d(wide, k, stride, padding)
    rows, columns = np.divmod(argmax, wide.shape[3])
    return y, rows * x.shape[3] + columns


def mp_by_height(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    rows, columns = np.divmod(argmax, x.shape[3])
    return y, rows * x.shape[2] + columns


def mp_by_columns(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    rows, columns = np.divmod(argmax, x.shape[3])
    return y, columns * x.shape[2] + rows


def mp_place_in_batch(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    N, C, H, W = x.shape
    return y, argmax + H * W * np.arange(N * C).reshape(N, C, 1, 1)


def mp_largest_size(x, k, stride=None, padding=0):
    """The value whose absolute value is largest."""
    _, argmax = solutions.max_pool2d(abs(x), k, stride, padding)
    N, C = x.shape[:2]
    y = np.take_along_axis(x.reshape(N, C, -1), argmax.reshape(N, C, -1), axis=2)
    return y.reshape(argmax.shape), argmax


def mp_values_only(x, k, stride=None, padding=0):
    return solutions.max_pool2d(x, k, stride, padding)[0]


def mp_places_first(x, k, stride=None, padding=0):
    return solutions.max_pool2d(x, k, stride, padding)[::-1]


def mp_float64(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    return y.astype(np.float64), argmax


def mp_float_places(x, k, stride=None, padding=0):
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    return y, argmax.astype(np.float64)


def mp_changes_x(x, k, stride=None, padding=0):
    """Strikes each maximum out."""
    y, argmax = solutions.max_pool2d(x, k, stride, padding)
    x[...] = np.where(x == x.max(), -np.inf, x)
    return y, argmax


def mp_checks_nothing(x, k, stride=None, padding=0):
    try:
        return solutions.max_pool2d(x, k, stride, padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype), np.zeros((1, 1, 1, 1), np.int64)


def pool_errors():
    """One call for each line of the docstring's Raises."""
    x = -np.ones((1, 2, 3, 4))
    return [
        Call((x[0], 2)), Call((x, 0)), Call((x, 2), {"stride": 0}),
        Call((x, 2), {"padding": -1}), Call((x, 2), {"padding": 2}),
        Call((x, (2, 3)), {"padding": (1, 2)}), Call((x, (4, 2))), Call((x, (2, 5))),
    ]  # fmt: skip


def pool_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(pool_errors()))
    k = steps(draw, 1, 3)
    kh, kw = both(k)
    kwargs = {}
    if draw(st.booleans()):
        kwargs["stride"] = steps(draw, 1, 3)
    if draw(st.booleans()):
        ph, pw = small(draw, 0, kh // 2), small(draw, 0, kw // 2)
        kwargs["padding"] = ph if ph == pw else (ph, pw)
    ph, pw = both(kwargs.get("padding", 0))
    N, C, H, W = (small(draw, 1, most) for most in (2, 2, 4, 5))
    assume(kh <= H + 2 * ph and kw <= W + 2 * pw)
    return Call((array(draw, N, C, H, W, dtype=dtypes(draw)), k), kwargs)


max_pool2d = Exercise(
    solutions.max_pool2d,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("windows", 2, "Sizes and strides, as an int and as a pair."),
        Group("equals and borders", 2, "Equal maxima; windows over the border."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("windows", "4 x 6 pixels in windows of 2 x 2, by hand",
             integers(1, 1, 4, 6), 2, public=True),
        case("windows", "windows of 3 x 2 with stride 1", integers(1, 2, 4, 5), (3, 2),
             stride=1, public=True),
        case("windows", "a batch of different sizes", normal(2, 3, 8, 6), 2),
        case("windows", "a rest that no window reaches", normal(2, 3, 8, 7), (3, 2)),
        case("windows", "windows that overlap", normal(2, 3, 9, 8), 3, stride=2),
        case("windows", "different strides", normal(3, 2, 9, 8), (2, 3), stride=(3, 2)),
        case("windows", "a stride larger than the window", normal(2, 3, 9, 11),
             (2, 1), stride=(4, 3)),
        case("windows", "windows of one pixel", normal(2, 3, 4, 5), 1, stride=(2, 1)),
        case("windows", "a window as large as the image", normal(2, 3, 4, 5), (4, 5)),
        case("windows", "all values below zero", below_zero(2, 3, 7, 6), (2, 3)),
        case("windows", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 7)), (2, 3), stride=2),
        case("windows", "pairs given as lists", normal(1, 2, 7, 6), [3, 2],
             stride=[1, 2]),
        case("equals and borders", "windows with several maxima", few(1, 2, 4, 6), 2,
             public=True),
        case("equals and borders", "values below zero and padding 1",
             below_zero(1, 1, 4, 5), 3, stride=2, padding=1, public=True),
        case("equals and borders", "equal maxima in windows that overlap",
             few(2, 3, 7, 6), (3, 2), stride=(1, 2)),
        case("equals and borders", "padding without a stride", normal(2, 3, 7, 9), 2,
             padding=1),
        case("equals and borders", "different paddings", below_zero(2, 3, 6, 7), (3, 4),
             stride=(2, 3), padding=(1, 2)),
        case("equals and borders", "padding on one axis", below_zero(2, 2, 5, 8),
             (2, 4), stride=1, padding=(0, 2)),
        case("equals and borders", "equal maxima at the border", few(2, 3, 8, 5),
             (4, 3), stride=(3, 1), padding=(2, 1)),
        case("equals and borders", "padding given as a list", below_zero(1, 2, 5, 6),
             (2, 4), stride=2, padding=[1, 2]),
        case("equals and borders", "a window that fits thanks to the padding",
             below_zero(2, 3, 2, 3), (4, 5), padding=(2, 1)),
        case("equals and borders", "values far below zero", far_below(2, 3, 6, 5),
             3, stride=2, padding=1),
        case("dtype and errors", "the dtype of a float32 image",
             below_zero(2, 3, 6, 5, dtype="float32"), (3, 2), padding=(1, 0),
             public=True),
        case("dtype and errors", "float32 stays float32",
             below_zero(2, 3, 6, 5, dtype="float32"), (3, 2), padding=(1, 0)),
        case("dtype and errors", "float32 with places beyond 2 to the power of 15",
             normal(1, 1, 190, 210, dtype="float32"), (19, 21)),
        case("dtype and errors", "padding of more than half a window",
             normal(1, 3, 6, 5), (2, 3), padding=(1, 2), public=True),
        case("dtype and errors", "x without a batch axis", normal(3, 6, 5), 2),
        case("dtype and errors", "a window of size 0", normal(1, 3, 6, 5), (0, 2)),
        case("dtype and errors", "stride 0", normal(1, 3, 6, 5), 2, stride=(1, 0)),
        case("dtype and errors", "a padding below 0", normal(1, 3, 6, 5), 2,
             padding=-1),
        case("dtype and errors", "a window that is too high", normal(1, 3, 6, 5),
             (9, 2), padding=(1, 0)),
        case("dtype and errors", "a window that is too wide", normal(1, 3, 6, 5),
             (2, 6)),
    ],
    explain=calls(pool_calls),
    oracle=torch_max_pool,
    forbidden=[TORCH_POOL],
    results=("y", "argmax"),
    alternatives=[pool_by_loops, pool_by_taps, pool_by_unfold, pool_by_sorting],
    mistakes=[
        Mistake("the border is filled with zeros, which beat values below zero",
                mp_zero_border),
        Mistake("argmax counts places in the padded image", mp_place_in_padded),
        Mistake("argmax counts places inside each window", mp_place_in_window),
        Mistake("of equal maxima the last one is taken", mp_last_of_equals),
        Mistake("a stride of None is taken for 1", mp_stride_one),
        Mistake("the stride is ignored", mp_ignores_stride),
        Mistake("the vertical and the horizontal stride are exchanged",
                mp_swaps_stride),
        Mistake("height and width of the window are exchanged", mp_swaps_window),
        Mistake("the padding is ignored", mp_ignores_padding),
        Mistake("the vertical and the horizontal padding are exchanged",
                mp_swaps_padding),
        Mistake("a last window that does not fit is kept", mp_ceil),
        Mistake("the row is multiplied by the height, not by the width", mp_by_height),
        Mistake("places are counted column by column", mp_by_columns),
        Mistake("places are counted through the whole batch", mp_place_in_batch),
        Mistake("the value farthest from zero is taken", mp_largest_size),
        Mistake("only y is returned, without argmax", mp_values_only),
        Mistake("argmax is returned before y", mp_places_first),
        Mistake("y is float64 whatever came in", mp_float64),
        Mistake("the places are floats", mp_float_places),
        Mistake("maxima are struck out in x itself", mp_changes_x),
        Mistake("bad arguments raise nothing", mp_checks_nothing),
    ],
)  # fmt: skip

# ---- places that have been remembered --------------------------------------


def some_places(*shape: int, pixels: int) -> Drawn:
    """Places below `pixels`, some of them several times."""
    return Drawn(lambda rng: rng.integers(0, pixels, shape))


def own_places(N: int, C: int, h: int, v: int, pixels: int) -> Drawn:
    """Places below `pixels`, in each image no place twice."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        picks = [rng.permutation(pixels)[: h * v] for _ in range(N * C)]
        return np.array(picks).reshape(N, C, h, v)

    return Drawn(draw)


def windows_of(shape: tuple[int, ...], k: int, stride: int) -> np.ndarray:
    """The places that a max pooling of an image of this shape remembers."""
    x = np.random.default_rng(sum(shape)).standard_normal(shape)
    return solutions.max_pool2d(x, k, stride)[1]


def seen_at(argmax: np.ndarray, shape: tuple[int, ...], dtype: str = "float64"):
    """Values that images of this shape have at these places."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        x = rng.standard_normal(shape).astype(dtype).reshape(*shape[:2], -1)
        flat = argmax.reshape(*shape[:2], -1)
        return np.take_along_axis(x, flat, axis=2).reshape(argmax.shape)

    return Drawn(draw)


def place_calls(draw, consistent):
    """Values or gradients, places and a shape; all small.

    consistent: values with the same place are equal.
    """
    N, C, h, v = (
        small(draw, 1, 2),
        small(draw, 1, 2),
        small(draw, 1, 2),
        small(draw, 1, 2),
    )
    H, W = small(draw, 1, 3), small(draw, 1, 4)
    count = N * C * h * v
    flat = st.lists(st.integers(0, H * W - 1), min_size=count, max_size=count)
    argmax = np.array(draw(flat)).reshape(N, C, h, v)
    dtype = dtypes(draw)
    if not consistent:
        return Call((array(draw, N, C, h, v, dtype=dtype), argmax, (N, C, H, W)))
    x = array(draw, N, C, H * W, dtype=dtype)
    y = np.take_along_axis(x, argmax.reshape(N, C, -1), axis=2)
    return Call((y.reshape(N, C, h, v), argmax, (N, C, H, W)))


def place_errors():
    """One call for each line of Raises of the two that take places."""
    values, argmax = np.ones((1, 2, 1, 2)), np.array([[[[0, 1]], [[2, 3]]]])
    return [
        Call((values[0], argmax[0], (1, 2, 2, 3))),
        Call((values, argmax[:, :1], (1, 2, 2, 3))),
        Call((values, argmax, (2, 2, 3))), Call((values, argmax, (2, 2, 2, 3))),
        Call((values, argmax, (1, 1, 2, 3))), Call((values, argmax, (1, 2, 0, 3))),
        Call((values, argmax, (1, 2, 1, 3))), Call((values, argmax - 1, (1, 2, 2, 3))),
    ]  # fmt: skip


def gradient_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(place_errors()))
    return place_calls(draw, consistent=False)


def unpool_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(place_errors()))
    return place_calls(draw, consistent=True)


ANY_NEGATIVE = "NumPy takes any negative size for the one it has to find"

# ---- max_pool2d_backward ---------------------------------------------------


def torch_gradient(dy, argmax, shape):
    """Through the gradient of looking values up."""
    solutions.max_pool2d_backward(dy, argmax, shape)
    N, C, H, W = shape
    x = torch.zeros(N, C, H * W, dtype=torch.float64, requires_grad=True)
    places = torch.from_numpy(np.ascontiguousarray(argmax)).flatten(2)
    slopes = torch.tensor(dy, dtype=torch.float64).flatten(2)
    x.gather(2, places).backward(slopes)
    return x.grad.view(N, C, H, W).numpy().astype(dy.dtype)


def looked_up(dy, argmax, shape):
    """The forward pass: the values at the places."""

    def forward(x):
        flat = x.reshape(*shape[:2], -1)
        places = argmax.reshape(*shape[:2], -1)
        return np.take_along_axis(flat, places, axis=2).reshape(dy.shape)

    return forward, (np.zeros(shape),)


def back_by_loops(dy, argmax, shape):
    dx = np.zeros_like(solutions.max_pool2d_backward(dy, argmax, shape))
    for n, c, i, j in np.ndindex(*dy.shape):
        row, column = divmod(int(argmax[n, c, i, j]), shape[3])
        dx[n, c, row, column] += dy[n, c, i, j]
    return dx


def back_by_counting(dy, argmax, shape):
    """bincount with weights, over one long row of all pixels."""
    solutions.max_pool2d_backward(dy, argmax, shape)
    N, C, H, W = shape
    images = np.arange(N * C).reshape(N, C, 1, 1)
    places = (images * H * W + argmax).ravel()
    dx = np.bincount(places, weights=dy.ravel(), minlength=N * C * H * W)
    return dx.reshape(shape).astype(dy.dtype)


def back_by_scatter(dy, argmax, shape):
    solutions.max_pool2d_backward(dy, argmax, shape)
    N, C, H, W = shape
    dx = torch.zeros(N, C, H * W, dtype=torch.tensor(dy).dtype)
    places = torch.from_numpy(np.ascontiguousarray(argmax)).flatten(2)
    dx.scatter_add_(2, places, torch.tensor(dy).flatten(2))
    return dx.view(N, C, H, W).numpy()


def back_by_matrix(dy, argmax, shape):
    """One-hot rows, one for each window, summed."""
    solutions.max_pool2d_backward(dy, argmax, shape)
    pixels = np.arange(shape[2] * shape[3])
    hot = argmax[..., None] == pixels  # (N, C, H', W', H * W)
    dx = (hot * dy[..., None]).sum(axis=(2, 3))
    return dx.reshape(shape).astype(dy.dtype)


def mb_overwrites(dy, argmax, shape):
    dx = np.zeros_like(solutions.max_pool2d_backward(dy, argmax, shape))
    for n, c, i, j in np.ndindex(*dy.shape):
        dx[n, c].flat[argmax[n, c, i, j]] = dy[n, c, i, j]
    return dx


def mb_first_window(dy, argmax, shape):
    """Keeps what came first to a place."""
    dx = np.zeros_like(solutions.max_pool2d_backward(dy, argmax, shape))
    for n, c, i, j in reversed(list(np.ndindex(*dy.shape))):
        dx[n, c].flat[argmax[n, c, i, j]] = dy[n, c, i, j]
    return dx


def mb_averages(dy, argmax, shape):
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    count = solutions.max_pool2d_backward(np.ones_like(dy), argmax, shape)
    return dx / np.maximum(count, 1)


def mb_ones(dy, argmax, shape):
    return solutions.max_pool2d_backward(np.ones_like(dy), argmax, shape)


def mb_by_height(dy, argmax, shape):
    """Row and column from the height, and wrapped where they do not fit."""
    dx = np.zeros_like(solutions.max_pool2d_backward(dy, argmax, shape))
    H, W = shape[2:]
    for n, c, i, j in np.ndindex(*dy.shape):
        row, column = divmod(int(argmax[n, c, i, j]), H)
        dx[n, c, row % H, column % W] += dy[n, c, i, j]
    return dx


def mb_by_columns(dy, argmax, shape):
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    N, C, H, W = shape
    return dx.reshape(N, C, W, H).swapaxes(2, 3)


def mb_sums_images(dy, argmax, shape):
    """The gradient of all images at the places of each."""
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    return np.broadcast_to(dx.sum(axis=0, keepdims=True), shape)


def mb_first_image(dy, argmax, shape):
    """Reads the places of the first image and channel for all."""
    solutions.max_pool2d_backward(dy, argmax, shape)
    argmax = np.broadcast_to(argmax[:1, :1], dy.shape)
    return solutions.max_pool2d_backward(dy, argmax, shape)


def mb_flat(dy, argmax, shape):
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    return dx.reshape(*shape[:2], -1)


def mb_float64(dy, argmax, shape):
    return solutions.max_pool2d_backward(dy, argmax, shape).astype(np.float64)


def mb_float32(dy, argmax, shape):
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    return dx.astype(np.float32).astype(dy.dtype)


def mb_changes_dy(dy, argmax, shape):
    dx = solutions.max_pool2d_backward(dy, argmax, shape)
    dy *= 0
    return dx


def mb_checks_nothing(dy, argmax, shape):
    try:
        return solutions.max_pool2d_backward(dy, argmax, shape)
    except ValueError:
        return np.zeros((1, 1, 1, 1), dy.dtype)


BY_HAND = np.array([[[[0, 1, 1], [7, 1, 5]]]])
WRONG = np.array([[[[0, 3], [3, 12]], [[1, 2], [2, 5]]]])

max_pool2d_backward = Exercise(
    solutions.max_pool2d_backward,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("one window a pixel", 1, "Every place belongs to one window at most."),
        Group("sums", 2, "Places that are the maximum of several windows."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("one window a pixel", "2 x 3 windows on 4 x 6 pixels",
             integers(1, 1, 2, 3), own_places(1, 1, 2, 3, 24), (1, 1, 4, 6),
             public=True),
        case("one window a pixel", "a batch of different sizes", normal(2, 3, 4, 2),
             own_places(2, 3, 4, 2, 56), (2, 3, 8, 7)),
        case("one window a pixel", "a single window", normal(3, 2, 1, 1),
             own_places(3, 2, 1, 1, 20), (3, 2, 4, 5)),
        case("one window a pixel", "as many windows as pixels", normal(2, 3, 4, 5),
             own_places(2, 3, 4, 5, 20), (2, 3, 4, 5)),
        case("one window a pixel", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 2, 4)), strided(own_places(2, 3, 2, 4, 30)),
             (2, 3, 5, 6)),
        case("sums", "a pixel that is the maximum of three windows, by hand",
             integers(1, 1, 2, 3), BY_HAND, (1, 1, 3, 4), public=True),
        case("sums", "two images with three channels", normal(2, 3, 3, 4),
             some_places(2, 3, 3, 4, pixels=12), (2, 3, 2, 6), public=True),
        case("sums", "many windows on few pixels", normal(2, 3, 7, 5),
             some_places(2, 3, 7, 5, pixels=6), (2, 3, 3, 2)),
        case("sums", "windows that overlap", normal(2, 3, 4, 5),
             windows_of((2, 3, 9, 11), 3, 2), (2, 3, 9, 11)),
        case("sums", "windows that begin at each pixel", normal(3, 2, 5, 4),
             windows_of((3, 2, 7, 6), 3, 1), (3, 2, 7, 6)),
        case("sums", "one pixel gets everything", normal(2, 3, 4, 3),
             some_places(2, 3, 4, 3, pixels=1), (2, 3, 5, 2),
             exempt="all places are the first pixel, and dy differs"),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 3, 4, dtype="float32"),
             some_places(2, 3, 3, 4, pixels=20), (2, 3, 4, 5),
             public=True),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 3, 4, dtype="float32"),
             some_places(2, 3, 3, 4, pixels=20), (2, 3, 4, 5)),
        case("dtype and errors", "float64 sums in float64", normal(1, 2, 5, 6),
             some_places(1, 2, 5, 6, pixels=6), (1, 2, 3, 2)),
        case("dtype and errors", "a place that is not in the image",
             normal(1, 2, 2, 2), WRONG, (1, 2, 3, 4), public=True),
        case("dtype and errors", "a place below 0", normal(1, 2, 2, 2), WRONG - 1,
             (1, 2, 5, 4)),
        case("dtype and errors", "argmax of another size than dy", normal(1, 2, 3, 2),
             WRONG, (1, 2, 5, 4)),
        case("dtype and errors", "dy without a batch axis", normal(2, 2, 2), WRONG[0],
             (1, 2, 5, 4)),
        case("dtype and errors", "a shape of three sizes", normal(1, 2, 2, 2), WRONG,
             (2, 5, 4)),
        case("dtype and errors", "a shape with another number of channels",
             normal(1, 2, 2, 2), WRONG, (1, 3, 5, 4)),
        case("dtype and errors", "a shape with another number of images",
             normal(1, 2, 2, 2), WRONG, (2, 2, 5, 4)),
        case("dtype and errors", "a shape without rows", normal(1, 2, 2, 2), WRONG,
             (1, 2, 0, 4)),
    ],
    explain=calls(gradient_calls),
    oracle=torch_gradient,
    forward=looked_up,
    forbidden=[TORCH_POOL],
    equivalents={
        "line 19: np.add.at(dx, (image, argmax.reshape(N * C, -1)), "
        "dy.reshape(N * C, -1)) => np.add.at(dx, (image, argmax.reshape(N * C, -2)), "
        "dy.reshape(N * C, -1))": ANY_NEGATIVE,
        "line 19: np.add.at(dx, (image, argmax.reshape(N * C, -1)), "
        "dy.reshape(N * C, -1)) => np.add.at(dx, (image, argmax.reshape(N * C, -1)), "
        "dy.reshape(N * C, -2))": ANY_NEGATIVE,
    },
    alternatives=[back_by_loops, back_by_counting, back_by_scatter, back_by_matrix],
    mistakes=[
        Mistake("of several windows with the same maximum only the last one counts: "
                "`dx[places] = dy`, and also `dx[places] += dy`", mb_overwrites),
        Mistake("of several windows with the same maximum only the first one counts",
                mb_first_window),
        Mistake("windows with the same maximum are averaged, not added up",
                mb_averages),
        Mistake("windows are counted, and dy is not used", mb_ones),
        Mistake("places are split into row and column by the height", mb_by_height),
        Mistake("places are read column by column", mb_by_columns),
        Mistake("the gradients of all images are added up", mb_sums_images),
        Mistake("the places of the first channel are used for all", mb_first_image),
        Mistake("rows and columns are left in one axis", mb_flat),
        Mistake("the result is float64 whatever came in", mb_float64),
        Mistake("the sums are computed in float32", mb_float32),
        Mistake("dy is changed in place", mb_changes_dy),
        Mistake("bad arguments raise nothing", mb_checks_nothing),
    ],
)  # fmt: skip

# ---- max_unpool2d ----------------------------------------------------------


def torch_unpool(y, argmax, shape):
    solutions.max_unpool2d(y, argmax, shape)
    places = torch.from_numpy(np.ascontiguousarray(argmax))
    values = torch.from_numpy(np.ascontiguousarray(y))
    return torch.ops.aten.max_unpool2d(values, places, list(shape[2:])).numpy()


def unpool_by_loops(y, argmax, shape):
    x = np.zeros_like(solutions.max_unpool2d(y, argmax, shape))
    for n, c, i, j in np.ndindex(*y.shape):
        row, column = divmod(int(argmax[n, c, i, j]), shape[3])
        x[n, c, row, column] = y[n, c, i, j]
    return x


def unpool_by_index(y, argmax, shape):
    """One long row of all pixels."""
    solutions.max_unpool2d(y, argmax, shape)
    N, C, H, W = shape
    x = np.zeros(N * C * H * W, y.dtype)
    x[argmax + H * W * np.arange(N * C).reshape(N, C, 1, 1)] = y
    return x.reshape(shape)


def unpool_by_mean(y, argmax, shape):
    """Add, then divide by how often each place was met."""
    total = solutions.max_pool2d_backward(y.astype(float), argmax, shape)
    count = solutions.max_pool2d_backward(np.ones(y.shape), argmax, shape)
    return (total / np.maximum(count, 1)).astype(y.dtype)


def unpool_by_scatter(y, argmax, shape):
    solutions.max_unpool2d(y, argmax, shape)
    places = torch.from_numpy(np.ascontiguousarray(argmax)).flatten(2)
    values = torch.tensor(y).flatten(2)
    x = torch.zeros(shape[0], shape[1], shape[2] * shape[3], dtype=values.dtype)
    return x.scatter(2, places, values).view(*shape).numpy()


def mu_adds(y, argmax, shape):
    return solutions.max_pool2d_backward(y, argmax, shape)


def mu_by_height(y, argmax, shape):
    x = np.zeros_like(solutions.max_unpool2d(y, argmax, shape))
    H, W = shape[2:]
    for n, c, i, j in np.ndindex(*y.shape):
        row, column = divmod(int(argmax[n, c, i, j]), H)
        x[n, c, row % H, column % W] = y[n, c, i, j]
    return x


def mu_by_columns(y, argmax, shape):
    x = solutions.max_unpool2d(y, argmax, shape)
    N, C, H, W = shape
    return x.reshape(N, C, W, H).swapaxes(2, 3)


def mu_ones(y, argmax, shape):
    return solutions.max_unpool2d(np.ones_like(y), argmax, shape)


def mu_first_image(y, argmax, shape):
    solutions.max_unpool2d(y, argmax, shape)
    argmax = np.broadcast_to(argmax[:1, :1], y.shape)
    return solutions.max_unpool2d(y, argmax, shape)


def mu_keeps_largest(y, argmax, shape):
    """The larger of the value and the zero that was there."""
    return np.maximum(solutions.max_unpool2d(y, argmax, shape), 0)


def mu_infinite(y, argmax, shape):
    x = solutions.max_unpool2d(y, argmax, shape)
    there = solutions.max_unpool2d(np.ones_like(y), argmax, shape) > 0
    return np.where(there, x, np.array(-np.inf, y.dtype))


def mu_in_order(y, argmax, shape):
    """Fills from the first pixel on, whatever the places are."""
    x = np.zeros_like(solutions.max_unpool2d(y, argmax, shape))
    flat = x.reshape(*shape[:2], -1)
    values = y.reshape(*shape[:2], -1)[:, :, : flat.shape[2]]
    flat[:, :, : values.shape[2]] = values
    return flat.reshape(shape)


def mu_flat(y, argmax, shape):
    x = solutions.max_unpool2d(y, argmax, shape)
    return x.reshape(*shape[:2], -1)


def mu_float64(y, argmax, shape):
    return solutions.max_unpool2d(y, argmax, shape).astype(np.float64)


def mu_changes_argmax(y, argmax, shape):
    """Makes the places count through the whole batch, in place."""
    x = solutions.max_unpool2d(y, argmax, shape)
    N, C, H, W = shape
    argmax += 1 + H * W * np.arange(N * C).reshape(N, C, 1, 1)
    return x


def mu_checks_nothing(y, argmax, shape):
    try:
        return solutions.max_unpool2d(y, argmax, shape)
    except ValueError:
        return np.zeros((1, 1, 1, 1), y.dtype)


OVERLAP = windows_of((2, 3, 8, 7), 3, 2)
CROWDED = windows_of((2, 3, 5, 6), 3, 1)

max_unpool2d = Exercise(
    solutions.max_unpool2d,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("places", 2, "Every value at its place, once."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("places", "2 x 3 values on 4 x 6 pixels", integers(1, 1, 2, 3),
             own_places(1, 1, 2, 3, 24), (1, 1, 4, 6), public=True),
        case("places", "a value that three windows share", seen_at(BY_HAND, (1, 1, 3, 4)),
             BY_HAND, (1, 1, 3, 4), public=True),
        case("places", "a batch of different sizes", normal(2, 3, 4, 2),
             own_places(2, 3, 4, 2, 56), (2, 3, 8, 7)),
        case("places", "values of windows that overlap", seen_at(OVERLAP, (2, 3, 8, 7)),
             OVERLAP, (2, 3, 8, 7)),
        case("places", "values of windows that begin at each pixel",
             seen_at(CROWDED, (2, 3, 5, 6)), CROWDED, (2, 3, 5, 6)),
        case("places", "all values below zero", below_zero(2, 3, 3, 2),
             own_places(2, 3, 3, 2, 20), (2, 3, 4, 5)),
        case("places", "as many values as pixels", normal(2, 3, 4, 5),
             own_places(2, 3, 4, 5, 20), (2, 3, 4, 5)),
        case("places", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 2, 4)), strided(own_places(2, 3, 2, 4, 30)),
             (2, 3, 5, 6)),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 3, 2, dtype="float32"), own_places(2, 3, 3, 2, 20),
             (2, 3, 4, 5),
             public=True),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 3, 2, dtype="float32"), own_places(2, 3, 3, 2, 20),
             (2, 3, 4, 5)),
        case("dtype and errors", "a place that is not in the image",
             normal(1, 2, 2, 2), WRONG, (1, 2, 3, 4), public=True),
        case("dtype and errors", "a place below 0", normal(1, 2, 2, 2), WRONG - 1,
             (1, 2, 5, 4)),
        case("dtype and errors", "argmax of another size than y", normal(1, 2, 3, 2),
             WRONG, (1, 2, 5, 4)),
        case("dtype and errors", "y without a batch axis", normal(2, 2, 2), WRONG[0],
             (1, 2, 5, 4)),
        case("dtype and errors", "a shape of three sizes", normal(1, 2, 2, 2), WRONG,
             (2, 5, 4)),
        case("dtype and errors", "a shape with another number of channels",
             normal(1, 2, 2, 2), WRONG, (1, 3, 5, 4)),
        case("dtype and errors", "a shape with another number of images",
             normal(1, 2, 2, 2), WRONG, (2, 2, 5, 4)),
        case("dtype and errors", "a shape without columns", normal(1, 2, 2, 2), WRONG,
             (1, 2, 5, 0)),
    ],
    explain=calls(unpool_calls),
    oracle=torch_unpool,
    forbidden=[TORCH_POOL],
    equivalents={
        "line 20: places = argmax.reshape(N * C, -1) => "
        "places = argmax.reshape(N * C, -2)": ANY_NEGATIVE,
        "line 21: np.put_along_axis(x, places, y.reshape(N * C, -1), axis=1) => "
        "np.put_along_axis(x, places, y.reshape(N * C, -2), axis=1)": ANY_NEGATIVE,
    },
    alternatives=[unpool_by_loops, unpool_by_index, unpool_by_mean, unpool_by_scatter],
    mistakes=[
        Mistake("values with the same place are added up, as gradients are", mu_adds),
        Mistake("places are split into row and column by the height", mu_by_height),
        Mistake("places are read column by column", mu_by_columns),
        Mistake("the places are marked with ones, and y is not used", mu_ones),
        Mistake("the places of the first channel are used for all", mu_first_image),
        Mistake("values below zero are lost to the zeros around them",
                mu_keeps_largest),
        Mistake("the pixels around are minus infinity", mu_infinite),
        Mistake("the values fill the image from its first pixel on", mu_in_order),
        Mistake("rows and columns are left in one axis", mu_flat),
        Mistake("the result is float64 whatever came in", mu_float64),
        Mistake("the places are changed in place", mu_changes_argmax),
        Mistake("bad arguments raise nothing", mu_checks_nothing),
    ],
)  # fmt: skip

# ---- gradient_mass ---------------------------------------------------------


def torch_mass(x, k, stride):
    """From the gradient that torch's own pooling sends back."""
    solutions.gradient_mass(x, k, stride)
    tensor = torch.tensor(x, requires_grad=True)
    F.max_pool2d(tensor, both(k), both(stride)).sum().backward()
    return (tensor.grad != 0).double().mean().item()


def mass_by_sets(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    _, argmax = pool_by_loops(x, k, stride)
    met = {(n, c, argmax[n, c, i, j]) for n, c, i, j in np.ndindex(*argmax.shape)}
    return len(met) / x.size


def mass_by_marks(x, k, stride):
    """Marks the maximum of each window in a map of bools."""
    solutions.gradient_mass(x, k, stride)
    (kh, kw), (sh, sw), _, (h, v) = geometry(x, k, stride)
    marks = np.zeros(x.shape, bool)
    for n, c, i, j in np.ndindex(*x.shape[:2], h, v):
        at = np.s_[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        row, column = np.unravel_index(x[at].argmax(), (kh, kw))
        marks[at][row, column] = True
    return marks.mean()  # a float of NumPy


def mass_by_unique(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    _, argmax = pool_by_taps(x, k, stride)
    images = np.arange(len(x) * x.shape[1]).reshape(*x.shape[:2], 1, 1)
    return float(len(np.unique(images * x[0, 0].size + argmax)) / x.size)


def gm_windows(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    *_, (h, v) = geometry(x, k, stride)
    return h * v / (x.shape[2] * x.shape[3])


def gm_by_stride(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    sh, sw = both(stride)
    return 1 / (sh * sw)


def gm_all_equals(x, k, stride):
    """Every pixel that equals the maximum of a window it is in."""
    solutions.gradient_mass(x, k, stride)
    (kh, kw), (sh, sw), _, (h, v) = geometry(x, k, stride)
    marks = np.zeros(x.shape, bool)
    for n, c, i, j in np.ndindex(*x.shape[:2], h, v):
        at = np.s_[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        marks[at] |= x[at] == x[at].max()
    return float(marks.mean())


def gm_last(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    _, argmax = mp_last_of_equals(x, k, stride)
    dy = np.ones(argmax.shape)
    return float(np.mean(solutions.max_pool2d_backward(dy, argmax, x.shape) > 0))


def gm_places_only(x, k, stride):
    """Does not tell the images and channels apart."""
    solutions.gradient_mass(x, k, stride)
    _, argmax = solutions.max_pool2d(x, k, stride)
    return len(np.unique(argmax)) / (x.shape[2] * x.shape[3])


def gm_first_image(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    return solutions.gradient_mass(x[:1, :1], k, stride)


def gm_count(x, k, stride):
    return float(round(solutions.gradient_mass(x, k, stride) * x.size))


def gm_of_windows(x, k, stride):
    """Divided by the number of outputs."""
    mass = solutions.gradient_mass(x, k, stride)
    *_, (h, v) = geometry(x, k, stride)
    return mass * x.shape[2] * x.shape[3] / (h * v)


def gm_without(x, k, stride):
    return 1 - solutions.gradient_mass(x, k, stride)


def gm_swaps_stride(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    return solutions.gradient_mass(x, k, both(stride)[::-1])


def gm_swaps_window(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    return solutions.gradient_mass(x, both(k)[::-1], stride)


def gm_own_stride(x, k, stride):
    solutions.gradient_mass(x, k, stride)
    return solutions.gradient_mass(x, k, k)


def gm_checks_nothing(x, k, stride):
    try:
        return solutions.gradient_mass(x, k, stride)
    except ValueError:
        return 0.0


def mass_calls(draw):
    x = array(draw, small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 4),
              small(draw, 1, 5))  # fmt: skip
    k, stride = steps(draw, 1, 3), steps(draw, 1, 3)
    if draw(st.sampled_from([False, False, False, True])):
        wrong = [(x[0], k, stride), (x, 0, stride), (x, k, 0), (x, 7, stride)]
        return Call(draw(st.sampled_from(wrong)))
    assume(both(k)[0] <= x.shape[2] and both(k)[1] <= x.shape[3])
    return Call((x, k, stride))


gradient_mass = Exercise(
    solutions.gradient_mass,
    minutes=10,
    difficulty="standard",
    groups=[
        Group("shares", 2, "Windows side by side and windows that overlap."),
        Group("equals and errors", 1, "Equal maxima; arguments that do not fit."),
    ],
    cases=[
        case("shares", "5 x 4 pixels, windows of 3 x 2 that overlap, by hand",
             integers(1, 1, 5, 4), (3, 2), 1, public=True),
        case("shares", "windows of 2 x 2 and a rest", normal(1, 2, 5, 7), 2, 2,
             public=True),
        case("shares", "windows of 3 x 3 that overlap", normal(2, 3, 9, 8), 3, 2),
        case("shares", "windows that begin at each pixel", normal(3, 2, 7, 9), (2, 3),
             1),
        case("shares", "different strides", normal(2, 3, 8, 11), (4, 3), (2, 1)),
        case("shares", "large windows", normal(2, 3, 9, 10), (7, 5), (1, 2)),
        case("shares", "gaps between windows", normal(2, 3, 11, 9), (2, 3), (3, 4)),
        case("shares", "pairs given as lists", normal(2, 2, 6, 7), [3, 2], [2, 1]),
        case("shares", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 7)), (3, 2), 1),
        case("equals and errors", "many equal maxima", few(1, 2, 4, 5), 2, 1,
             public=True),
        case("equals and errors", "many equal maxima in a batch", few(2, 3, 7, 6),
             (3, 2), (1, 2)),
        case("equals and errors", "values below zero", below_zero(2, 3, 6, 8), 3,
             (1, 2)),
        case("equals and errors", "a float32 image", few(2, 2, 6, 5, dtype="float32"),
             (2, 3), 1),
        case("equals and errors", "a window that is too high", normal(1, 2, 4, 6),
             (5, 2), 1, public=True),
        case("equals and errors", "a window that is too wide", normal(1, 2, 4, 6),
             (2, 7), 1),
        case("equals and errors", "x without a batch axis", normal(2, 4, 6), 2, 1),
        case("equals and errors", "a window of size 0", normal(1, 2, 4, 6), (2, 0), 1),
        case("equals and errors", "stride 0", normal(1, 2, 4, 6), 2, 0),
    ],
    explain=calls(mass_calls),
    oracle=torch_mass,
    forbidden=[TORCH_POOL],
    equivalents={
        "line 21: return float(np.mean(dx > 0)) => return float(np.mean(dx != 0))":
        "a sum of gradients that are 1 is never below 0",
    },
    alternatives=[mass_by_sets, mass_by_marks, mass_by_unique],
    mistakes=[
        Mistake("windows are counted: a pixel that wins in two of them counts twice",
                gm_windows),
        Mistake("the share is one over the stride in both directions", gm_by_stride),
        Mistake("every pixel that equals a maximum counts, not the first alone",
                gm_all_equals),
        Mistake("of equal maxima the last one is taken", gm_last),
        Mistake("a place counts once for all images and channels", gm_places_only),
        Mistake("only the first channel of the first image is counted",
                gm_first_image),
        Mistake("the pixels are counted, and not divided by their number", gm_count),
        Mistake("the number of pixels is divided by the number of windows",
                gm_of_windows),
        Mistake("the share of the pixels without gradient is returned", gm_without),
        Mistake("the vertical and the horizontal stride are exchanged",
                gm_swaps_stride),
        Mistake("height and width of the window are exchanged", gm_swaps_window),
        Mistake("the stride is ignored: windows stand side by side", gm_own_stride),
        Mistake("bad arguments raise nothing", gm_checks_nothing),
    ],
)  # fmt: skip
