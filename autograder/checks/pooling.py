"""How the exercises of the chapter `pooling` are graded."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from autograder.checks.draws import array, both, calls, dtypes, small, steps
from autograder.checks.forbidden_ops import TORCH_POOL
from autograder.model import (
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
)
from convnets.answers import Call
from convnets.functions import FUNCTIONS
from solutions import pooling as solutions

# ---- avg_pool2d ------------------------------------------------------------


def torch_average(x, k, stride=None, padding=0, count_include_pad=True):
    solutions.avg_pool2d(x, k, stride, padding)  # its errors
    stride = None if stride is None else both(stride)
    y = F.avg_pool2d(
        torch.tensor(x, dtype=torch.float64), both(k), stride, both(padding),
        count_include_pad=count_include_pad,
    )  # fmt: skip
    return y.numpy().astype(x.dtype)


def averaged(x, k, stride, padding, count_include_pad, mean, rest=False):
    """Window by window: `mean` of its pixels (n, C, real pixels) and its size.

    rest: what is left over at the bottom and right gets windows, too.
    """
    shape = solutions.avg_pool2d(x, k, stride, padding).shape
    kh, kw = both(k)
    sh, sw = both(k if stride is None else stride)
    ph, pw = both(padding)
    if rest:
        # A window that would begin behind the image is left out.
        shape = (
            *shape[:2],
            *(
                min(-((w - n - 2 * p) // s), (n + p - 1) // s) + 1
                for n, w, s, p in zip(x.shape[2:], (kh, kw), (sh, sw), (ph, pw))
            ),
        )
    y = np.empty(shape, x.dtype)
    for i, j in np.ndindex(*shape[2:]):
        top, left = i * sh - ph, j * sw - pw
        window = x[:, :, max(top, 0) : top + kh, max(left, 0) : left + kw]
        real = window.reshape(*shape[:2], window.shape[2] * window.shape[3])
        n = kh * kw if count_include_pad else max(real.shape[2], 1)
        y[:, :, i, j] = mean(real, n)
    return y


def shared(real, n):
    return real.sum(axis=2) / n


def average_by_windows(x, k, stride=None, padding=0, count_include_pad=True):
    return averaged(x, k, stride, padding, count_include_pad, shared)


def average_by_taps(x, k, stride=None, padding=0, count_include_pad=True):
    """One slice a tap, added up; the places of real pixels likewise."""
    shape = solutions.avg_pool2d(x, k, stride, padding).shape
    (kh, kw), (ph, pw) = both(k), both(padding)
    sh, sw = both(k if stride is None else stride)
    rows, columns = shape[2:]
    framed = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    real = np.pad(np.ones_like(x[:1, :1]), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    total, count = 0, 0
    for u, v in np.ndindex(kh, kw):
        place = np.s_[:, :, u::sh, v::sw], np.s_[:, :, :rows, :columns]
        total = total + framed[place[0]][place[1]]
        count = count + (1 if count_include_pad else real[place[0]][place[1]])
    return total / np.asarray(count, x.dtype)


def average_by_convolution(x, k, stride=None, padding=0, count_include_pad=True):
    solutions.avg_pool2d(x, k, stride, padding)
    ones = torch.ones(1, 1, *both(k), dtype=torch.float64)
    given = {"stride": both(k if stride is None else stride), "padding": both(padding)}

    def sums(images):
        flat = torch.tensor(images, dtype=torch.float64).flatten(0, 1)[:, None]
        return F.conv2d(flat, ones, **given).numpy()

    real = np.ones_like(x[:1, :1])
    count = math.prod(both(k)) if count_include_pad else sums(real)
    y = sums(x) / count
    return y.reshape(*x.shape[:2], *y.shape[2:]).astype(x.dtype)


def average_by_matrices(x, k, stride=None, padding=0, count_include_pad=True):
    """One matrix for rows and one for columns; a mean of means."""
    shape = solutions.avg_pool2d(x, k, stride, padding).shape
    sizes = zip(both(k), both(k if stride is None else stride), both(padding))
    left, right = (
        pooling_matrix(x.shape[axis], shape[axis], *given, count_include_pad)
        for axis, given in zip((2, 3), sizes)
    )
    return (left @ x @ right.T).astype(x.dtype)


def pooling_matrix(n, n_out, k, stride, padding, count_include_pad):
    """(n_out, n): the share of each pixel of a row in each mean."""
    first = np.arange(n_out)[:, None] * stride - padding
    inside = (np.arange(n) >= first) & (np.arange(n) < first + k)
    return inside / (k if count_include_pad else inside.sum(axis=1, keepdims=True))


def pool_with(**changes):
    """A wrong answer: other arguments than those given.

    changes: functions of the arguments as a dict; where the changed call
    makes no sense, the answer is what the reference gives.
    """

    def answer(x, k, stride=None, padding=0, count_include_pad=True):
        y = solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
        given = {"k": k, "stride": stride, "padding": padding,
                 "count_include_pad": count_include_pad}  # fmt: skip
        given |= {name: change(given) for name, change in changes.items()}
        try:
            return solutions.avg_pool2d(x, **given)
        except ValueError:
            return y

    return answer


def swapped(name):
    """Exchanges both entries of an argument."""
    return lambda given: None if given[name] is None else both(given[name])[::-1]


def sums_not_means(x, k, stride=None, padding=0, count_include_pad=True):
    return averaged(
        x, k, stride, padding, count_include_pad, lambda real, n: real.sum(axis=2)
    )


def maximum_not_mean(x, k, stride=None, padding=0, count_include_pad=True):
    return averaged(
        x, k, stride, padding, count_include_pad, lambda real, n: real.max(axis=2)
    )


def divides_by_a_square(x, k, stride=None, padding=0, count_include_pad=True):
    kh, kw = both(k)
    y = solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
    return (y * kw / kh).astype(x.dtype)


def average_of_edges(x, k, stride=None, padding=0, count_include_pad=True):
    """The frame repeats the outermost pixels instead of zeros."""
    solutions.avg_pool2d(x, k, stride, padding)
    ph, pw = both(padding)
    framed = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), mode="edge")
    stride = k if stride is None else stride
    return solutions.avg_pool2d(framed, k, stride)


def average_keeps_rest(x, k, stride=None, padding=0, count_include_pad=True):
    """A last window for the rows and columns that are left over."""
    return averaged(x, k, stride, padding, count_include_pad, shared, rest=True)


def average_over_channels(x, k, stride=None, padding=0, count_include_pad=True):
    y = solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
    return np.broadcast_to(y.mean(axis=1, keepdims=True), y.shape).copy()


def average_float64(x, k, stride=None, padding=0, count_include_pad=True):
    y = solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
    return y.astype(np.float64)


def average_changes_x(x, k, stride=None, padding=0, count_include_pad=True):
    y = solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
    x /= 2
    return y


def average_checks_nothing(x, k, stride=None, padding=0, count_include_pad=True):
    try:
        return solutions.avg_pool2d(x, k, stride, padding, count_include_pad)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def average_errors():
    """One call for each line of the docstring's Raises."""
    x = np.ones((1, 1, 2, 3))
    return [
        Call((x[0], 2)), Call((x, 0)), Call((x, 2), {"stride": 0}),
        Call((x, 2), {"padding": -1}), Call((x, 2), {"padding": 2}), Call((x, 3)),
    ]  # fmt: skip


def average_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(average_errors()))
    k, kwargs = steps(draw, 1, 3), {}
    paddings = (0, 0)
    if draw(st.booleans()):
        kwargs["stride"] = steps(draw, 1, 3)
    if draw(st.booleans()):
        kwargs["padding"] = paddings = tuple(small(draw, 0, w // 2) for w in both(k))
    if draw(st.booleans()):
        kwargs["count_include_pad"] = False
    # Images into which the window fits.
    sides = [small(draw, max(w - 2 * p, 1), 4) for w, p in zip(both(k), paddings)]
    shape = [small(draw, 1, 2) for _ in "NC"] + sides
    return Call((array(draw, *shape, dtype=dtypes(draw)), k), kwargs)


avg_pool2d = Exercise(
    solutions.avg_pool2d,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("windows", 2, "Windows and strides, as an int and as a pair."),
        Group("padding", 2, "A frame of zeros, counted and not counted."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("windows", "2 x 4 pixels, windows of 2, by hand", integers(1, 1, 2, 4), 2,
             public=True),
        case("windows", "different strides", integers(1, 2, 4, 5), 2, stride=(1, 2),
             public=True),
        case("windows", "a window that is wider than high", normal(2, 3, 6, 8), (2, 3)),
        case("windows", "windows that overlap", normal(2, 3, 7, 6), (3, 2), stride=1),
        case("windows", "windows with gaps between", normal(2, 2, 7, 9), (2, 1),
             stride=(3, 4)),
        case("windows", "rows and columns that are left over", normal(2, 3, 8, 7), 3),
        case("windows", "one window for the whole image", normal(2, 3, 4, 6), (4, 6)),
        case("windows", "windows of one pixel with a stride", normal(2, 2, 5, 6), 1,
             stride=(2, 3)),
        case("windows", "pairs given as lists", normal(1, 3, 6, 7), [2, 3],
             stride=[3, 1]),
        case("windows", "whole numbers", integers(2, 3, 6, 4), (3, 2), stride=(2, 1)),
        case("windows", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 5)), (2, 3), stride=(2, 1)),
        case("padding", "one zero on every side", integers(1, 1, 2, 3), 2, padding=1,
             public=True),
        case("padding", "the zeros do not count", integers(1, 1, 2, 3), 2, padding=1,
             count_include_pad=False, public=True),
        case("padding", "different paddings", normal(2, 3, 5, 6), (5, 3), stride=2,
             padding=(2, 1)),
        case("padding", "different paddings that do not count", normal(2, 3, 5, 6),
             (5, 3), stride=2, padding=(2, 1), count_include_pad=False),
        case("padding", "padding on one axis", normal(2, 3, 4, 7), (3, 4), stride=(1, 2),
             padding=(0, 2)),
        case("padding", "padding on one axis, not counted", normal(2, 3, 4, 7), (4, 3),
             stride=(2, 1), padding=(2, 0), count_include_pad=False),
        case("padding", "no padding, and it does not count", normal(2, 3, 6, 5), (3, 2),
             count_include_pad=False),
        case("padding", "rows left over behind the padding", normal(2, 3, 6, 9), 4,
             stride=(4, 5), padding=(1, 2), count_include_pad=False),
        case("padding", "a window wider than the image", normal(2, 3, 2, 3), (3, 5),
             stride=(2, 1), padding=(1, 2), count_include_pad=False),
        case("padding", "paddings given as a list", normal(1, 3, 6, 7), 3,
             padding=[1, 0], count_include_pad=False),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 5, 6, dtype="float32"), (3, 2), stride=2, padding=1),
        case("dtype and errors", "float32, zeros that do not count",
             normal(2, 3, 5, 6, dtype="float32"), (3, 2), stride=2, padding=1,
             count_include_pad=False),
        case("dtype and errors", "k larger than the image", normal(1, 2, 3, 4), (2, 5),
             public=True),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3), 2),
        case("dtype and errors", "k below 1", normal(1, 2, 4, 3), (2, 0)),
        case("dtype and errors", "stride 0", normal(1, 2, 4, 3), 2, stride=(0, 1)),
        case("dtype and errors", "a padding below 0", normal(1, 2, 4, 3), 2,
             padding=(0, -1)),
        case("dtype and errors", "a padding above half of the window",
             normal(1, 2, 4, 3), (3, 2), padding=(2, 1)),
    ],
    explain=calls(average_calls),
    oracle=torch_average,
    equivalents={
        "line 29: return windows[:, :, ::sh, ::sw].sum(axis=(4, 5)) => "
        "return windows[:, :, ::sh, ::sw].sum(axis=(5, 4))":
        "a sum over the same two axes",
    },
    forbidden=[TORCH_POOL],
    alternatives=[average_by_windows, average_by_taps, average_by_convolution,
                  average_by_matrices],
    mistakes=[
        Mistake("the stride is ignored and windows lie side by side",
                pool_with(stride=lambda given: None)),
        Mistake("the stride is 1 where none is given",
                pool_with(stride=lambda given: given["stride"] or 1)),
        Mistake("the vertical and the horizontal stride are exchanged",
                pool_with(stride=swapped("stride"))),
        Mistake("height and width of the window are exchanged",
                pool_with(k=swapped("k"))),
        Mistake("the padding is ignored", pool_with(padding=lambda given: 0)),
        Mistake("the vertical and the horizontal padding are exchanged",
                pool_with(padding=swapped("padding"))),
        Mistake("the zeros of the padding count although they shall not",
                pool_with(count_include_pad=lambda given: True)),
        Mistake("the zeros of the padding do not count although they shall",
                pool_with(count_include_pad=lambda given: False)),
        Mistake("the padding repeats the outermost pixels", average_of_edges),
        Mistake("the sum is not divided", sums_not_means),
        Mistake("the largest value is taken instead of the mean", maximum_not_mean),
        Mistake("the sum is divided by kh * kh instead of kh * kw",
                divides_by_a_square),
        Mistake("rows and columns that are left over get a window of their own",
                average_keeps_rest),
        Mistake("the mean is taken over the channels, too", average_over_channels),
        Mistake("the result is float64 whatever came in", average_float64),
        Mistake("the image is changed in place", average_changes_x),
        Mistake("bad arguments raise nothing", average_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- avg_pool_as_conv ------------------------------------------------------


def kernels_by_gradient(channels, k):
    """What each pixel of a window adds to its mean."""
    solutions.avg_pool_as_conv(channels, k)
    x = torch.zeros(1, channels, *both(k), dtype=torch.float64, requires_grad=True)
    F.avg_pool2d(x, both(k)).sum().backward()
    return x.grad[0][:, None].numpy()


def kernels_by_view(channels, k):
    solutions.avg_pool_as_conv(channels, k)
    return np.broadcast_to(np.float64(1 / math.prod(both(k))), (channels, 1, *both(k)))


def kernels_by_normalising(channels, k):
    solutions.avg_pool_as_conv(channels, k)
    ones = torch.ones(channels, 1, *both(k), dtype=torch.float64)
    return (ones / ones.sum(dim=(1, 2, 3), keepdim=True)).numpy()


def kernels_by_column_and_row(channels, k):
    solutions.avg_pool_as_conv(channels, k)
    kh, kw = both(k)
    one = np.outer(np.ones(kh) / kh, np.ones(kw) / kw)
    return np.stack([one[None]] * channels)


def kernels_of(change):
    """A wrong answer made of the right one: change(w, channels, kh, kw)."""
    return lambda channels, k: change(
        solutions.avg_pool_as_conv(channels, k), channels, *both(k)
    )


def kernels_check_nothing(channels, k):
    try:
        return solutions.avg_pool_as_conv(channels, k)
    except ValueError:
        return np.zeros((1, 1, 1, 1))


def kernel_calls(draw):
    channels, k = small(draw, 1, 3), steps(draw, 1, 3)
    wrong = draw(st.sampled_from(["", "", "", "channels", "k"]))
    return Call((0 if wrong == "channels" else channels, 0 if wrong == "k" else k))


avg_pool_as_conv = Exercise(
    solutions.avg_pool_as_conv,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("square windows", 1, "Windows given by one number."),
        Group("pairs and errors", 1, "Windows that are not square; numbers below 1."),
    ],
    cases=[
        case("square windows", "two channels, windows of 2 x 2", 2, 2, public=True,
             exempt="equal numbers are what is asked for"),
        case("square windows", "five channels, windows of 3 x 3", 5, 3,
             exempt="equal numbers are what is asked for"),
        case("square windows", "one channel", 1, 7),
        case("square windows", "windows of one pixel", 4, 1),
        case("pairs and errors", "windows of 2 x 3", 4, (2, 3), public=True),
        case("pairs and errors", "a tall window as a list", 3, [5, 2]),
        case("pairs and errors", "no channels", 0, 2, public=True),
        case("pairs and errors", "k below 1", 3, 0),
        case("pairs and errors", "a pair with an entry below 1", 3, (2, -1)),
    ],
    explain=calls(kernel_calls),
    oracle=kernels_by_gradient,
    alternatives=[kernels_by_view, kernels_by_normalising, kernels_by_column_and_row],
    mistakes=[
        Mistake("the kernels are ones, which sum up and do not average",
                kernels_of(lambda w, c, kh, kw: np.ones_like(w))),
        Mistake("the weights are 1 / k, as for a window in one dimension",
                kernels_of(lambda w, c, kh, kw: w * kw)),
        Mistake("the channels are averaged, too: all weights together make 1",
                kernels_of(lambda w, c, kh, kw: w / c)),
        Mistake("each kernel has a slice for every channel, as in a dense layer",
                kernels_of(lambda w, c, kh, kw: np.repeat(w, c, axis=1))),
        Mistake("height and width of the window are exchanged",
                kernels_of(lambda w, c, kh, kw: w.swapaxes(2, 3))),
        Mistake("the axis of length 1 is missing",
                kernels_of(lambda w, c, kh, kw: w[:, 0])),
        Mistake("the first two axes are exchanged",
                kernels_of(lambda w, c, kh, kw: w.swapaxes(0, 1))),
        Mistake("the kernels are float32",
                kernels_of(lambda w, c, kh, kw: w.astype(np.float32))),
        Mistake("bad arguments raise nothing", kernels_check_nothing),
    ],
)  # fmt: skip

# ---- global_avg_pool -------------------------------------------------------


def torch_global(x):
    solutions.global_avg_pool(x)
    pooled = F.adaptive_avg_pool2d(torch.tensor(x, dtype=torch.float64), 1)
    return pooled[:, :, 0, 0].numpy().astype(x.dtype)


def global_by_loops(x):
    y = np.zeros_like(solutions.global_avg_pool(x))
    for n, c in np.ndindex(*y.shape):
        y[n, c] = sum(float(pixel) for pixel in x[n, c].ravel()) / x[n, c].size
    return y


def global_by_product(x):
    """A matrix product with a vector of shares."""
    solutions.global_avg_pool(x)
    flat = x.reshape(*x.shape[:2], -1)
    return flat @ np.full(flat.shape[2], 1 / flat.shape[2], x.dtype)


def global_by_einsum(x):
    solutions.global_avg_pool(x)
    N, C, H, W = x.shape
    return np.einsum("nchw->cn", x).T / (H * W)


def global_by_means(x):
    solutions.global_avg_pool(x)
    return x.mean(axis=2).mean(axis=2)


def global_of(change):
    """A wrong answer: change(x), the errors as they should be."""

    def answer(x):
        solutions.global_avg_pool(x)
        return change(x)

    return answer


def global_checks_nothing(x):
    try:
        return solutions.global_avg_pool(x)
    except ValueError:
        return np.zeros((1, 1), x.dtype)


def global_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 2, 2, 3))
        return draw(st.sampled_from([Call((x[0],)), Call((x[:, :, :0],))]))
    shape = [small(draw, 1, 2) for _ in "NC"] + [small(draw, 1, 3) for _ in "HW"]
    return Call((array(draw, *shape, dtype=dtypes(draw)),))


global_avg_pool = Exercise(
    solutions.global_avg_pool,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("means", 1, "One number for each channel of each image."),
        Group("dtype and errors", 1, "float32; arrays that are no batch of maps."),
    ],
    cases=[
        case("means", "two channels of 2 x 3 pixels", integers(1, 2, 2, 3), public=True),
        case("means", "a batch", normal(3, 4, 5, 6)),
        case("means", "maps of one row", normal(2, 5, 1, 7)),
        case("means", "maps of one pixel", normal(4, 3, 1, 1)),
        case("means", "whole numbers", integers(3, 2, 4, 5)),
        case("means", "maps whose memory is not contiguous",
             strided(normal(2, 3, 4, 5))),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 5, dtype="float32")),
        case("dtype and errors", "one map without a batch axis", normal(3, 4, 5),
             public=True),
        case("dtype and errors", "five axes", normal(2, 3, 4, 5, 2)),
        case("dtype and errors", "maps without columns", np.zeros((2, 3, 4, 0))),
    ],
    explain=calls(global_calls),
    oracle=torch_global,
    equivalents={
        "line 13: return x.mean(axis=(2, 3)) => return x.mean(axis=(3, 2))":
        "a mean over the same two axes",
    },
    forbidden=[TORCH_POOL],
    alternatives=[global_by_loops, global_by_product, global_by_einsum,
                  global_by_means],
    mistakes=[
        Mistake("two axes of length 1 are left: (N, C, 1, 1)",
                global_of(lambda x: x.mean(axis=(2, 3), keepdims=True))),
        Mistake("the sum is not divided", global_of(lambda x: x.sum(axis=(2, 3)))),
        Mistake("the largest value is taken instead of the mean",
                global_of(lambda x: x.max(axis=(2, 3)))),
        Mistake("the median is taken instead of the mean",
                global_of(lambda x: np.median(x, axis=(2, 3)).astype(x.dtype))),
        Mistake("only the rows are averaged", global_of(lambda x: x.mean(axis=2))),
        Mistake("the channels are averaged, and the batch and pixels are kept",
                global_of(lambda x: x.mean(axis=1))),
        Mistake("the batch is averaged, too",
                global_of(lambda x: x.mean(axis=(0, 2, 3)))),
        Mistake("batch and channels are exchanged",
                global_of(lambda x: x.mean(axis=(2, 3)).T)),
        Mistake("the result is float64 whatever came in",
                global_of(lambda x: x.mean(axis=(2, 3)).astype(np.float64))),
        Mistake("bad arguments raise nothing", global_checks_nothing),
    ],
)  # fmt: skip

# ---- adaptive_avg_pool2d ---------------------------------------------------


def torch_adaptive(x, out):
    solutions.adaptive_avg_pool2d(x, out)
    pooled = F.adaptive_avg_pool2d(torch.tensor(x, dtype=torch.float64), both(out))
    return pooled.numpy().astype(x.dtype)


def window_ends(n, n_out):
    """First row and the row behind the last, for each row of the result."""
    i = np.arange(n_out)
    return i * n // n_out, ((i + 1) * n + n_out - 1) // n_out


def adapted(x, out, ends, mean=np.mean):
    """Windows between the given ends, as `window_ends` says them."""
    shape = solutions.adaptive_avg_pool2d(x, out).shape
    y = np.empty(shape, x.dtype)
    rows, columns = (zip(*ends(x.shape[a], shape[a])) for a in (2, 3))
    columns = list(columns)
    for i, (top, bottom) in enumerate(rows):
        for j, (left, right) in enumerate(columns):
            y[:, :, i, j] = mean(x[:, :, top:bottom, left:right], axis=(2, 3))
    return y


def adaptive_by_floats(x, out):
    """The ends by rounding down and up."""

    def ends(n, n_out):
        # Fractions that floats cannot hold must not round over a whole number.
        i = np.arange(n_out + 1) * n
        low = np.floor(i[:-1] / n_out + 1e-9).astype(int)
        return low, np.ceil(i[1:] / n_out - 1e-9).astype(int)

    return adapted(x, out, ends)


def adaptive_by_matrices(x, out):
    shape = solutions.adaptive_avg_pool2d(x, out).shape
    left, right = (adaptive_matrix(x.shape[a], shape[a]) for a in (2, 3))
    return np.einsum("ih,nchw,jw->ncij", left, x, right).astype(x.dtype)


def adaptive_matrix(n, n_out):
    first, end = (side[:, None] for side in window_ends(n, n_out))
    inside = (np.arange(n) >= first) & (np.arange(n) < end)
    return inside / inside.sum(axis=1, keepdims=True)


def adaptive_by_sums(x, out):
    """Differences of running sums, in float64."""
    shape = solutions.adaptive_avg_pool2d(x, out).shape
    total = np.zeros((*x.shape[:2], x.shape[2] + 1, x.shape[3] + 1))
    total[:, :, 1:, 1:] = x.astype(np.float64).cumsum(axis=2).cumsum(axis=3)
    (top, bottom), (left, right) = (window_ends(x.shape[a], shape[a]) for a in (2, 3))
    rows = total[:, :, bottom] - total[:, :, top]
    y = (rows[..., right] - rows[..., left]) / np.outer(bottom - top, right - left)
    return y.astype(x.dtype)


def adaptive_with(ends, mean=np.mean):
    return lambda x, out: adapted(x, out, ends, mean)


def ends_without_overlap(n, n_out):
    first, _ = window_ends(n, n_out)
    return first, np.maximum((np.arange(n_out) + 1) * n // n_out, first + 1)


def ends_of_equal_windows(n, n_out):
    """Windows of n // n_out rows; what is left over is left out."""
    k = max(n // n_out, 1)
    first = np.minimum(np.arange(n_out) * k, n - 1)
    return first, first + k


def ends_of_stride(n, n_out):
    """The stride rounded down, windows as large as fit."""
    stride = max(n // n_out, 1)
    k = max(n - (n_out - 1) * stride, 1)
    first = np.minimum(np.arange(n_out) * stride, n - 1)
    return first, first + k


def ends_of_long_windows(n, n_out):
    """The right starts, and all windows as long as the longest may be."""
    first, _ = window_ends(n, n_out)
    return first, np.minimum(first - (-n // n_out), n)


def ends_of_one(n, n_out):
    first, _ = window_ends(n, n_out)
    return first, first + 1


def adaptive_swapped(x, out):
    solutions.adaptive_avg_pool2d(x, out)
    return solutions.adaptive_avg_pool2d(x, both(out)[::-1])


def adaptive_as_window(x, out):
    """Reads out as the size of a window."""
    y = solutions.adaptive_avg_pool2d(x, out)
    if any(k > n for k, n in zip(both(out), x.shape[2:])):
        return y
    return solutions.avg_pool2d(x, out)


def adaptive_bilinear(x, out):
    solutions.adaptive_avg_pool2d(x, out)
    images = torch.tensor(x, dtype=torch.float64)
    y = F.interpolate(images, both(out), mode="bilinear", align_corners=False)
    return y.numpy().astype(x.dtype)


def adaptive_float64(x, out):
    return solutions.adaptive_avg_pool2d(x, out).astype(np.float64)


def adaptive_checks_nothing(x, out):
    try:
        return solutions.adaptive_avg_pool2d(x, out)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def adaptive_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 3))
        return draw(
            st.sampled_from([Call((x[0], 2)), Call((x, 0)), Call((x[:, :, :0], 1))])
        )
    shape = [small(draw, 1, 2) for _ in "NC"] + [small(draw, 1, 5) for _ in "HW"]
    return Call((array(draw, *shape, dtype=dtypes(draw)), steps(draw, 1, 4)))


adaptive_avg_pool2d = Exercise(
    solutions.adaptive_avg_pool2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("sizes that divide", 1, "Windows that lie side by side."),
        Group("sizes that do not divide", 2,
              "Windows that overlap, and results larger than the image."),
        Group("dtype and errors", 1, "float32; sizes that cannot be."),
    ],
    cases=[
        case("sizes that divide", "2 x 6 pixels to 1 x 3", integers(1, 1, 2, 6), (1, 3),
             public=True),
        case("sizes that divide", "a batch, 6 x 4 to 3 x 2", normal(2, 3, 6, 4), (3, 2)),
        case("sizes that divide", "to one pixel", normal(3, 2, 5, 4), 1),
        case("sizes that divide", "to the same size", normal(2, 3, 3, 4), (3, 4)),
        case("sizes that divide", "a size given as a list", normal(2, 3, 8, 9), [4, 3]),
        case("sizes that do not divide", "5 columns to 3", integers(1, 1, 2, 5), (2, 3),
             public=True),
        case("sizes that do not divide", "7 x 10 to 3 x 4", normal(2, 3, 7, 10), (3, 4)),
        case("sizes that do not divide", "one number for both", normal(2, 3, 8, 11), 5),
        case("sizes that do not divide", "one less than the image", normal(2, 3, 5, 7),
             (4, 6)),
        case("sizes that do not divide", "windows of unequal length",
             normal(2, 3, 11, 13), (7, 4)),
        case("sizes that do not divide", "larger than the image", normal(2, 3, 2, 3),
             (5, 4)),
        case("sizes that do not divide", "whole numbers", integers(2, 3, 5, 8), (2, 3)),
        case("sizes that do not divide", "an image whose memory is not contiguous",
             strided(normal(2, 3, 7, 5)), (2, 3)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 7, 5, dtype="float32"), (3, 2)),
        case("dtype and errors", "a size below 1", normal(1, 2, 4, 3), (2, 0),
             public=True),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3), 2),
        case("dtype and errors", "an image without rows", np.zeros((1, 2, 0, 3)), 1),
    ],
    explain=calls(adaptive_calls),
    oracle=torch_adaptive,
    equivalents={
        "line 24: y[:, :, i, j] = window.mean(axis=(2, 3)) => "
        "y[:, :, i, j] = window.mean(axis=(3, 2))":
        "a mean over the same two axes",
    },
    forbidden=[TORCH_POOL],
    alternatives=[adaptive_by_floats, adaptive_by_matrices, adaptive_by_sums],
    mistakes=[
        Mistake("the end of a window is rounded down, so that windows never overlap",
                adaptive_with(ends_without_overlap)),
        Mistake("all windows have H // H' rows, and the rest of the image is left out",
                adaptive_with(ends_of_equal_windows)),
        Mistake("one window size and one stride are used for the whole image",
                adaptive_with(ends_of_stride)),
        Mistake("every window is as long as the longest has to be",
                adaptive_with(ends_of_long_windows)),
        Mistake("the first pixel of each window is taken instead of the mean",
                adaptive_with(ends_of_one)),
        Mistake("the sum is not divided", adaptive_with(window_ends, np.sum)),
        Mistake("the largest value is taken instead of the mean",
                adaptive_with(window_ends, np.max)),
        Mistake("rows and columns of the result are exchanged", adaptive_swapped),
        Mistake("out is read as the size of a window", adaptive_as_window),
        Mistake("values are interpolated between pixels", adaptive_bilinear),
        Mistake("the result is float64 whatever came in", adaptive_float64),
        Mistake("bad arguments raise nothing", adaptive_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- blur_pool2d -----------------------------------------------------------


def torch_blur(x, stride=2):
    solutions.blur_pool2d(x, stride)
    return blurred(x, stride).astype(x.dtype)


def blurred(x, stride, taps=(1, 2, 1), mode="reflect"):
    """A depthwise convolution of the padded image, in float64."""
    column = torch.tensor(taps, dtype=torch.float64)
    kernel = torch.outer(column, column) / column.sum() ** 2
    images = torch.tensor(x, dtype=torch.float64)
    p = len(taps) // 2
    framed = F.pad(images, (p, p, p, p), mode=mode)
    kernels = kernel.expand(x.shape[1], 1, -1, -1)
    return F.conv2d(framed, kernels, stride=both(stride), groups=len(kernels)).numpy()


def blur_by_windows(x, stride=2):
    solutions.blur_pool2d(x, stride)
    kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], x.dtype) / 16
    framed = np.pad(x, [(0, 0)] * 2 + [(1, 1)] * 2, mode="reflect")
    windows = sliding_window_view(framed, (3, 3), axis=(2, 3))
    sh, sw = both(stride)
    return np.einsum("ncijuv,uv->ncij", windows[:, :, ::sh, ::sw], kernel)


def blur_by_matrices(x, stride=2):
    """A matrix for rows and one for columns, with the mirror in them."""
    solutions.blur_pool2d(x, stride)
    left, right = (blur_matrix(n, s) for n, s in zip(x.shape[2:], both(stride)))
    return (left @ x @ right.T).astype(x.dtype)


def blur_matrix(n, stride):
    matrix = np.zeros((n, n))
    for i in range(n):
        for u, tap in ((-1, 0.25), (0, 0.5), (1, 0.25)):
            matrix[i, n - 1 - abs(n - 1 - abs(i + u))] += tap
    return matrix[::stride]


def blur_twice_by_two(x, stride=2):
    """[1, 2, 1] is [1, 1] twice."""
    solutions.blur_pool2d(x, stride)
    y = np.pad(x, [(0, 0)] * 2 + [(1, 1)] * 2, mode="reflect")
    for _ in range(2):
        y = (y[:, :, 1:] + y[:, :, :-1]) / 2
        y = (y[..., 1:] + y[..., :-1]) / 2
    sh, sw = both(stride)
    return y[:, :, ::sh, ::sw]


def blur_of(change):
    """A wrong answer: change(x, stride), the errors as they should be."""

    def answer(x, stride=2):
        solutions.blur_pool2d(x, stride)
        return change(x, stride).astype(x.dtype)

    return answer


def strides(y, stride):
    sh, sw = both(stride)
    return y[:, :, ::sh, ::sw]


def blur_after(x, stride):
    """Keeps pixels first, then blurs what is left."""
    kept = strides(x, stride)
    framed = np.pad(kept, [(0, 0)] * 2 + [(1, 1)] * 2, mode="edge")
    return blurred(framed, 1)[:, :, 1:-1, 1:-1]


def blur_rows_only(x, stride):
    framed = np.pad(x, [(0, 0)] * 2 + [(0, 0), (1, 1)], mode="reflect")
    y = (framed[..., :-2] + 2 * framed[..., 1:-1] + framed[..., 2:]) / 4
    return strides(y, stride)


def blur_from_one(x, stride):
    sh, sw = both(stride)
    return blurred(x, 1)[:, :, sh - 1 :: sh, sw - 1 :: sw]


def blur_float64(x, stride=2):
    return solutions.blur_pool2d(x, stride).astype(np.float64)


def blur_ignores_stride(x, stride=2):
    solutions.blur_pool2d(x, stride)
    return solutions.blur_pool2d(x)


def blur_changes_x(x, stride=2):
    y = solutions.blur_pool2d(x, stride)
    x /= 16
    return y


def blur_checks_nothing(x, stride=2):
    try:
        return solutions.blur_pool2d(x, stride)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def blur_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 3))
        return draw(
            st.sampled_from(
                [Call((x[0],)), Call((x, 0)), Call((x[:, :, :1],)), Call((x[..., :1],))]
            )
        )
    shape = [small(draw, 1, 2) for _ in "NC"] + [small(draw, 2, 4) for _ in "HW"]
    kwargs = {"stride": steps(draw, 1, 3)} if draw(st.booleans()) else {}
    return Call((array(draw, *shape, dtype=dtypes(draw)),), kwargs)


blur_pool2d = Exercise(
    solutions.blur_pool2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("blur", 2, "The kernel, the mirrored edges, stride 2."),
        Group("strides", 1, "Other strides, as an int and as a pair."),
        Group("dtype and errors", 1, "float32; images too small to mirror."),
    ],
    cases=[
        case("blur", "3 x 4 pixels, by hand", integers(1, 1, 3, 4), public=True),
        case("blur", "a batch of odd height", normal(2, 3, 7, 6)),
        case("blur", "odd width", normal(2, 3, 4, 9)),
        case("blur", "the smallest image that can be mirrored", normal(3, 2, 2, 3)),
        case("blur", "whole numbers", integers(2, 3, 5, 6)),
        case("blur", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 5))),
        case("strides", "stride 1 blurs and keeps the size", integers(1, 2, 2, 4), 1,
             public=True),
        case("strides", "stride 3", normal(2, 3, 8, 9), 3),
        case("strides", "different strides", normal(2, 3, 7, 8), stride=(3, 2)),
        case("strides", "a stride on one axis, as a list", normal(2, 3, 6, 5), [1, 3]),
        case("strides", "a stride larger than the image", normal(2, 3, 4, 5), (6, 2)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 5, 6, dtype="float32")),
        case("dtype and errors", "an image of one row", normal(1, 2, 1, 4), public=True),
        case("dtype and errors", "an image of one column", normal(1, 2, 5, 1)),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3)),
        case("dtype and errors", "stride 0", normal(1, 2, 4, 3), (2, 0)),
    ],
    explain=calls(blur_calls),
    oracle=torch_blur,
    alternatives=[blur_by_windows, blur_by_matrices, blur_twice_by_two],
    mistakes=[
        Mistake("the frame is filled with zeros",
                blur_of(lambda x, s: blurred(x, s, mode="constant"))),
        Mistake("the outermost pixels are repeated in the frame instead of mirrored",
                blur_of(lambda x, s: blurred(x, s, mode="replicate"))),
        Mistake("the image is continued from its other side",
                blur_of(lambda x, s: blurred(x, s, mode="circular"))),
        Mistake("all nine pixels weigh the same",
                blur_of(lambda x, s: blurred(x, s, (1, 1, 1)))),
        Mistake("the sum is not divided", blur_of(lambda x, s: 16 * blurred(x, s))),
        Mistake("the sum is divided by 4 instead of 16",
                blur_of(lambda x, s: 4 * blurred(x, s))),
        Mistake("the image is blurred along its rows only", blur_of(blur_rows_only)),
        Mistake("nothing is blurred", blur_of(strides)),
        Mistake("pixels are left out first, and what remains is blurred",
                blur_of(blur_after)),
        Mistake("the first rows and columns are skipped: pixels stride - 1, "
                "2 * stride - 1 and so on are kept", blur_of(blur_from_one)),
        Mistake("the vertical and the horizontal stride are exchanged",
                blur_of(lambda x, s: blurred(x, both(s)[::-1]))),
        Mistake("the stride is always 2", blur_ignores_stride),
        Mistake("the result is float64 whatever came in", blur_float64),
        Mistake("the image is changed in place", blur_changes_x),
        Mistake("bad arguments raise nothing", blur_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- shift_error -----------------------------------------------------------


def error_by_concatenation(f, x):
    solutions.shift_error(f, x)
    y, moved = f(x), f(np.concatenate([x[..., -1:], x[..., :-1]], axis=-1))
    return np.abs(y - moved).sum() / np.abs(y).sum()


def error_by_index(f, x):
    solutions.shift_error(f, x)
    moved = f(x[..., np.arange(x.shape[-1]) - 1])
    return float(np.linalg.norm((f(x) - moved).ravel(), 1)
                 / np.linalg.norm(f(x).ravel(), 1))  # fmt: skip


def error_with_torch(f, x):
    solutions.shift_error(f, x)
    moved = torch.from_numpy(x.copy()).roll(1, dims=-1).numpy()
    y, other = (torch.from_numpy(np.ascontiguousarray(f(a))) for a in (x, moved))
    return (torch.mean((y - other).abs()) / torch.mean(y.abs())).item()


def error_of(ratio, shift=lambda x: np.roll(x, 1, axis=-1)):
    """A wrong answer: ratio(y, moved) of f(x) and f(shift(x))."""

    def answer(f, x):
        solutions.shift_error(f, x)
        with np.errstate(all="ignore"):
            return float(ratio(f(x), f(shift(x))))

    return answer


def right_ratio(y, moved):
    return np.abs(y - moved).mean() / np.abs(y).mean()


def with_zeros(x):
    moved = np.zeros_like(x)
    moved[..., 1:] = x[..., :-1]
    return moved


def error_of_difference(f, x):
    """f of the difference instead of the difference of f."""
    solutions.shift_error(f, x)
    return float(np.abs(f(x - np.roll(x, 1, axis=-1))).mean() / np.abs(f(x)).mean())


def error_rolls_result(f, x):
    """Moves the result, and not the image."""
    solutions.shift_error(f, x)
    return float(right_ratio(f(x), np.roll(f(x), 1, axis=-1)))


def error_against_moved_result(f, x):
    """f of the moved image against the moved f: what an aligned move leaves."""
    solutions.shift_error(f, x)
    moved = f(np.roll(x, 1, axis=-1))
    return float(right_ratio(np.roll(f(x), 1, axis=-1), moved))


def error_over_x(f, x):
    solutions.shift_error(f, x)
    return float(np.abs(f(x) - f(np.roll(x, 1, axis=-1))).mean() / np.abs(x).mean())


def error_changes_x(f, x):
    error = solutions.shift_error(f, x)
    x[...] = np.roll(x, 1, axis=-1)
    return error


def error_checks_nothing(f, x):
    try:
        return solutions.shift_error(f, x)
    except ValueError:
        return 0.0


def error_calls(draw):
    name = draw(st.sampled_from(list(FUNCTIONS)))
    shape = [small(draw, 1, 2) for _ in "NC"] + [small(draw, 1, 3) for _ in "HW"]
    x = array(draw, *shape)
    if draw(st.sampled_from([False, False, False, True])):
        x = x[0]
    return Call((name, x), caller="with function")


def called_with(group, label, name, x, public=False):
    """A case that names the function."""
    return case(group, label, name, x, caller="with function", public=public)


shift_error = Exercise(
    solutions.shift_error,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("the ratio", 2, "Functions that notice the move, more or less."),
        Group("edges and errors", 1,
              "Functions that notice nothing; nothing to compare with."),
    ],
    cases=[
        called_with("the ratio", "every second pixel of 1 x 4", "every_second",
                    integers(1, 1, 1, 4), public=True),
        called_with("the ratio", "squares of 2 x 3 pixels", "squares",
                    integers(1, 1, 2, 3), public=True),
        called_with("the ratio", "every second pixel of a batch", "every_second",
                    normal(2, 3, 6, 7)),
        called_with("the ratio", "squares of a batch", "squares", normal(3, 2, 5, 4)),
        called_with("the ratio", "running sums", "running_sums", normal(2, 3, 4, 6)),
        called_with("the ratio", "the brightest of each column", "brightest_in_column",
                    normal(2, 3, 5, 4)),
        called_with("the ratio", "whole numbers", "running_sums", integers(2, 2, 3, 5)),
        called_with("the ratio", "an image whose memory is not contiguous",
                    "every_second", strided(normal(2, 3, 4, 5))),
        called_with("edges and errors", "the brightest pixel notices nothing",
                    "brightest", integers(1, 2, 3, 2), public=True),
        called_with("edges and errors", "an image of one column", "squares",
                    normal(2, 3, 5, 1)),
        called_with("edges and errors", "two columns change places", "every_second",
                    normal(2, 3, 3, 2)),
        called_with("edges and errors", "a function that returns zeros", "black",
                    normal(1, 2, 3, 4), public=True),
        called_with("edges and errors", "x without a batch axis", "squares",
                    normal(2, 3, 4)),
    ],
    explain=calls(error_calls),
    oracle=error_by_concatenation,
    alternatives=[error_by_concatenation, error_by_index, error_with_torch],
    mistakes=[
        Mistake("the image moves to the left",
                error_of(right_ratio, lambda x: np.roll(x, -1, axis=-1))),
        Mistake("the image moves down instead of to the right",
                error_of(right_ratio, lambda x: np.roll(x, 1, axis=-2))),
        Mistake("the image moves by two pixels",
                error_of(right_ratio, lambda x: np.roll(x, 2, axis=-1))),
        Mistake("the last pixel of a row comes in at the next row: no axis is named",
                error_of(right_ratio, lambda x: np.roll(x, 1))),
        Mistake("zeros come in on the left", error_of(right_ratio, with_zeros)),
        Mistake("the difference is not divided",
                error_of(lambda y, moved: np.abs(y - moved).mean())),
        Mistake("it is divided by the mean of the moved result",
                error_of(lambda y, moved: np.abs(y - moved).mean()
                         / max(np.abs(moved).mean(), 1e-9))),
        Mistake("it is divided by the mean of x instead of f(x)", error_over_x),
        Mistake("the absolute value is forgotten: differences cancel",
                error_of(lambda y, moved: (y - moved).mean() / np.abs(y).mean())),
        Mistake("differences are squared",
                error_of(lambda y, moved: ((y - moved) ** 2).mean() / (y**2).mean())),
        Mistake("the largest difference is taken instead of the mean",
                error_of(lambda y, moved: np.abs(y - moved).max() / np.abs(y).max())),
        Mistake("f is taken of the difference, instead of the difference of f",
                error_of_difference),
        Mistake("f(x) is moved, and not x", error_rolls_result),
        Mistake("f of the moved image is compared with the moved f(x)",
                error_against_moved_result),
        Mistake("the image is changed in place", error_changes_x),
        Mistake("bad arguments raise nothing", error_checks_nothing),
    ],
)  # fmt: skip

# ---- pool_budget -----------------------------------------------------------


def budget_by_building(layers, h, w):
    """Builds the layers in torch, and looks at what they are and make."""
    solutions.pool_budget(layers, h, w)  # its errors
    x, macs, activations = None, 0, 0
    for kind, *numbers in layers:
        if kind == "conv":
            c_in, c_out, k = numbers
            conv = torch.nn.Conv2d(c_in, c_out, k, bias=False, device="meta")
            x = torch.empty(1, c_in, h, w, device="meta") if x is None else x
            x = conv(F.pad(x, ((k - 1) // 2, k // 2) * 2))
            macs += conv.weight.numel() * x.shape[2] * x.shape[3]
        else:
            x = F.avg_pool2d(x, numbers[0])
        activations += x.numel()
    return {"macs": macs, "rf": field_from_output(layers), "activations": activations}


def field_from_output(layers):
    rf = 1
    for kind, *numbers in layers[::-1]:
        k = numbers[-1]
        rf = rf + k - 1 if kind == "conv" else rf * k
    return rf


def budget_recursive(layers, h, w):
    """The first layer, and the budget of the others on what it leaves."""
    solutions.pool_budget(layers, h, w)
    return dict(zip(("macs", "rf", "activations"), budget_of_rest(layers, 0, h, w)))


def budget_of_rest(layers, channels, h, w):
    if len(layers) == 0:
        return 0, 1, 0
    kind, *numbers = layers[0]
    k = numbers[-1]
    if kind == "pool":
        h, w = h // k, w // k
        macs, rf, activations = budget_of_rest(layers[1:], channels, h, w)
        return macs, rf * k, activations + channels * h * w
    c_in, c_out, k = numbers
    macs, rf, activations = budget_of_rest(layers[1:], c_out, h, w)
    return macs + c_in * c_out * k**2 * h * w, rf + k - 1, activations + c_out * h * w


def budget_with_numpy(layers, h, w):
    """A table of sizes first, then sums over its rows."""
    solutions.pool_budget(layers, h, w)
    k = np.array([layer[-1] for layer in layers], np.int64)
    pools = np.array([layer[0] == "pool" for layer in layers], bool)
    jumps = np.cumprod(np.where(pools, k, 1))
    channels, macs = [], 0
    for layer, jump in zip(layers, jumps):
        channels.append(layer[2] if layer[0] == "conv" else channels[-1])
        if layer[0] == "conv":
            # Dividing step by step, rounding down, is dividing once.
            macs += layer[1] * layer[2] * layer[3] ** 2 * (h // jump) * (w // jump)
    before = np.concatenate([[1], jumps])[: len(k)]
    activations = (np.array(channels, np.int64) * (h // jumps) * (w // jumps)).sum()
    rf = 1 + ((k - 1) * before).sum()
    return {"macs": np.int64(macs), "rf": rf, "activations": activations}


def budget(step, start=(0, 1, 0), checked=True):
    """A wrong answer: `step` changes a dict of what is known after a layer.

    It holds macs, rf, activations, jump, channels, h and w, and the layer's
    own k, and c_in and c_out or None.
    """

    def answer(layers, h, w):
        try:
            solutions.pool_budget(layers, h, w)
        except ValueError:
            if checked:
                raise
            return {"macs": 0, "rf": 1, "activations": 0}
        now = dict(zip(("macs", "rf", "activations"), start))
        now |= {"jump": 1, "channels": 0, "h": h, "w": w}
        for number, layer in enumerate(layers):
            pool = layer[0] == "pool"
            now |= {"k": layer[-1], "pool": pool, "number": number}
            now |= {"c_in": None if pool else layer[1]}
            before = now["channels"] if pool else layer[2]
            now |= {"channels": before}
            now = after(now) | step(now)
        return {name: now[name] for name in ("macs", "rf", "activations")}

    return answer


def after(now):
    """The right step."""
    k, jump, channels, h, w = (now[a] for a in ("k", "jump", "channels", "h", "w"))
    rf, macs = now["rf"] + (k - 1) * jump, now["macs"]
    if now["pool"]:
        h, w, jump = h // k, w // k, jump * k
    else:
        macs += now["c_in"] * channels * k * k * h * w
    activations = now["activations"] + channels * h * w
    return now | {"rf": rf, "macs": macs, "activations": activations, "h": h, "w": w,
                  "jump": jump}  # fmt: skip


def step_pool_macs(now):
    """A MAC for each number that is pooled."""
    made = after(now)["activations"] - now["activations"]
    return {"macs": now["macs"] + made * now["k"] ** 2} if now["pool"] else {}


def step_no_shrink(now):
    return {"h": now["h"], "w": now["w"],
            "activations": now["activations"]
            + now["channels"] * now["h"] * now["w"]}  # fmt: skip


def step_rounds_up(now):
    if not now["pool"]:
        return {}
    h, w = (-(-now[side] // now["k"]) for side in "hw")
    return {"h": h, "w": w,
            "activations": now["activations"] + now["channels"] * h * w}  # fmt: skip


def step_convs_only(now):
    return {"activations": now["activations"]} if now["pool"] else {}


def step_last_only(now):
    return {"activations": after(now)["activations"] - now["activations"]}


def step_before_pool(now):
    """Counts what goes into a pool instead of what comes out."""
    return {"activations": step_no_shrink(now)["activations"]}


def step_one_kernel(now):
    if now["pool"]:
        return {}
    made = now["c_in"] * now["channels"] * now["k"] * now["h"] * now["w"]
    return {"macs": now["macs"] + made}


def step_no_channels_in(now):
    if now["pool"]:
        return {}
    made = now["channels"] * now["k"] ** 2 * now["h"] * now["w"]
    return {"macs": now["macs"] + made}


def step_params(now):
    """Weights instead of operations."""
    if now["pool"]:
        return {}
    return {"macs": now["macs"] + now["c_in"] * now["channels"] * now["k"] ** 2}


def step_pool_is_blind(now):
    return {"rf": now["rf"]} if now["pool"] else {}


def step_no_jump(now):
    return {"jump": 1}


def step_own_jump(now):
    """The stride of a pool widens its own window, too."""
    return {"rf": now["rf"] + (now["k"] - 1) * after(now)["jump"]}


def step_jumps_add(now):
    return {"jump": now["jump"] + now["k"] - 1} if now["pool"] else {}


def budget_with_image(layers, h, w):
    """The pixels of the image count as activations, too."""
    found = solutions.pool_budget(layers, h, w)
    pixels = layers[0][1] * h * w if layers else 0
    return found | {"activations": found["activations"] + pixels}


def budget_from_behind(layers, h, w):
    """The field when the layers are read from the output on."""
    found = solutions.pool_budget(layers, h, w)
    return found | {"rf": field_from_output(layers[::-1])}


def budget_square(layers, h, w):
    solutions.pool_budget(layers, h, w)
    return solutions.pool_budget(layers, h, h)


def budget_pops(layers, h, w):
    found = solutions.pool_budget(layers, h, w)
    layers.clear()
    return found


def budget_errors():
    """One call for each line of the docstring's Raises."""
    conv = ("conv", 1, 2, 3)
    return [
        Call(([conv, ("mean", 2)], 4, 5)), Call(([("conv", 1, 2)], 4, 5)),
        Call(([("conv", 1, 0, 3)], 4, 5)), Call(([conv, ("pool", 0)], 4, 5)),
        Call(([conv], 0, 5)), Call(([conv], 4, 0)), Call(([conv, conv], 4, 5)),
        Call(([("pool", 2), conv], 4, 5)), Call(([conv, ("pool", 5)], 4, 5)),
    ]  # fmt: skip


def budget_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(budget_errors()))
    layers, channels, jump = [], small(draw, 1, 2), 1
    for number in range(small(draw, 0, 5)):
        if number and draw(st.booleans()):
            layers.append(("pool", small(draw, 2, 3)))
            jump *= layers[-1][1]
        else:
            c_out = small(draw, 1, 3)
            layers.append(("conv", channels, c_out, small(draw, 1, 3)))
            channels = c_out
    h, w = (small(draw, jump, jump + 4) for _ in "hw")
    return Call((layers, h, w))


FOUR = [("conv", 3, 8, 3), ("pool", 2), ("conv", 8, 12, 5), ("pool", 3),
        ("conv", 12, 20, 3)]  # fmt: skip
VGG16 = [
    layer
    for c_in, c_out, count in [
        (3, 64, 2),
        (64, 128, 2),
        (128, 256, 3),
        (256, 512, 3),
        (512, 512, 3),
    ]
    for layer in [
        ("conv", c_in, c_out, 3),
        *[("conv", c_out, c_out, 3)] * (count - 1),
        ("pool", 2),
    ]
]

pool_budget = Exercise(
    solutions.pool_budget,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("counts", 2, "Convolutions with and without pooling."),
        Group("sizes that do not divide", 1, "Rows and columns that are left over."),
        Group("edges", 1, "No layers, and layers that cannot be."),
    ],
    cases=[
        case("counts", "two convolutions, by hand",
             [("conv", 1, 2, 3), ("conv", 2, 4, 3)], 4, 6, public=True),
        case("counts", "the same with a pool between",
             [("conv", 1, 2, 3), ("pool", 2), ("conv", 2, 4, 3)], 4, 6, public=True),
        case("counts", "five layers", FOUR, 24, 30),
        case("counts", "two pools in a row",
             [("conv", 2, 3, 5), ("pool", 2), ("pool", 3), ("conv", 3, 7, 3)], 12, 18),
        case("counts", "1 x 1 kernels see no further",
             [("conv", 3, 5, 1), ("pool", 2), ("conv", 5, 4, 1)], 8, 6),
        case("counts", "a pool of one pixel",
             [("conv", 3, 5, 3), ("pool", 1), ("conv", 5, 2, 3)], 7, 9),
        case("counts", "a pool at the end", [("conv", 2, 6, 7), ("pool", 4)], 8, 12),
        case("counts", "layers given as lists",
             [["conv", 2, 6, 3], ["pool", 2], ["conv", 6, 5, 3]], 6, 10),
        case("counts", "the convolutions and pools of VGG-16", VGG16, 224, 320),
        case("sizes that do not divide", "5 x 7 pixels and windows of 2",
             [("conv", 1, 3, 3), ("pool", 2), ("conv", 3, 2, 3)], 5, 7, public=True),
        case("sizes that do not divide", "rows left over twice", FOUR, 23, 29),
        case("sizes that do not divide", "three pools",
             [("conv", 4, 3, 3), ("pool", 2), ("conv", 3, 5, 5), ("pool", 2),
              ("conv", 5, 6, 3), ("pool", 2)], 15, 31),
        case("sizes that do not divide", "one window is left",
             [("conv", 2, 5, 3), ("pool", 4), ("conv", 5, 3, 3)], 7, 11),
        case("edges", "no layers", [], 5, 7),
        case("edges", "no convolution after the first", [("conv", 3, 8, 5)], 6, 9,
             public=True),
        case("edges", "a pool with as many rows as there are",
             [("conv", 3, 4, 3), ("pool", 5), ("conv", 4, 2, 3)], 5, 8),
        case("edges", "channels that do not fit",
             [("conv", 3, 4, 3), ("pool", 2), ("conv", 5, 2, 3)], 8, 6, public=True),
        case("edges", "a pool as the first layer", [("pool", 2), ("conv", 3, 4, 3)], 8, 6),
        case("edges", "a window that does not fit any more",
             [("conv", 3, 4, 3), ("pool", 3), ("pool", 3)], 8, 9),
        case("edges", "a layer of another kind", [("conv", 3, 4, 3), ("relu", 2)], 8, 6),
        case("edges", "a convolution without a kernel", [("conv", 3, 4)], 8, 6),
        case("edges", "a pool with two numbers", [("conv", 3, 4, 3), ("pool", 2, 2)], 8, 6),
        case("edges", "a kernel of size 0", [("conv", 3, 4, 0)], 8, 6),
        case("edges", "a window of size 0", [("conv", 3, 4, 3), ("pool", 0)], 8, 6),
        case("edges", "h below 1", [("conv", 3, 4, 3)], 0, 6),
        case("edges", "w below 1", [("conv", 3, 4, 3)], 8, 0),
    ],
    explain=calls(budget_calls),
    oracle=budget_by_building,
    equivalents={
        "line 26: if kind == 'conv': => if kind <= 'conv':":
        "of the two kinds only 'conv' is not behind 'conv' in the alphabet",
        "line 30: h, w, jump = (h // k, w // k, jump * k) => "
        "h, w, jump = (w // k, h // k, jump * k)":
        "each side is divided by the same k, and only h * w is used",
    },
    alternatives=[budget_by_building, budget_recursive, budget_with_numpy],
    mistakes=[
        Mistake("pooling counts as MACs, too", budget(step_pool_macs)),
        Mistake("pooling leaves the image as large as it was", budget(step_no_shrink)),
        Mistake("rows that are left over get a window of their own",
                budget(step_rounds_up)),
        Mistake("the outputs of pools are no activations", budget(step_convs_only)),
        Mistake("only the last layer's output is counted as activations",
                budget(step_last_only)),
        Mistake("what goes into a pool is counted instead of what comes out",
                budget(step_before_pool)),
        Mistake("the pixels of the image count as activations, too",
                budget_with_image),
        Mistake("kernels have k weights instead of k * k", budget(step_one_kernel)),
        Mistake("the input channels are forgotten in the MACs",
                budget(step_no_channels_in)),
        Mistake("weights are counted instead of operations", budget(step_params)),
        Mistake("a pool's own window does not widen the receptive field",
                budget(step_pool_is_blind)),
        Mistake("pools do not widen the steps of later layers", budget(step_no_jump)),
        Mistake("the stride of a pool widens its own window, too",
                budget(step_own_jump)),
        Mistake("the strides of pools are added up instead of multiplied",
                budget(step_jumps_add)),
        Mistake("the receptive field is computed from the output to the input",
                budget_from_behind),
        Mistake("the image is taken to be square, h x h", budget_square),
        Mistake("a receptive field of 0 is there before the first layer",
                budget(lambda now: {}, start=(0, 0, 0))),
        Mistake("the list of layers is changed in place", budget_pops),
        Mistake("layers that cannot be raise nothing",
                budget(lambda now: {}, checked=False)),
    ],
)  # fmt: skip
