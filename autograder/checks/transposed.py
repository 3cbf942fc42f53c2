"""How the exercises of the chapter `transposed` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st

from autograder.checks.draws import array, both, calls, dtypes, small, steps
from autograder.checks.forbidden_ops import TORCH_CONV_TRANSPOSE, TORCH_PIXEL_SHUFFLE
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
from solutions import transposed as solutions

# ---- overlap_count ---------------------------------------------------------


def torch_counts(n, k, stride):
    solutions.overlap_count(n, k, stride)  # its errors
    ones = torch.ones(1, 1, n, dtype=torch.float64), torch.ones(1, 1, k).double()
    return F.conv_transpose1d(*ones, stride=stride)[0, 0].long().numpy()


def counts_by_bins(n, k, stride):
    solutions.overlap_count(n, k, stride)
    places = np.add.outer(np.arange(n) * stride, np.arange(k))
    return np.bincount(places.ravel(), minlength=(n - 1) * stride + k)


def counts_by_formula(n, k, stride):
    """Between the first and the last stamp that reach a place."""
    place = np.arange(len(solutions.overlap_count(n, k, stride)))
    last = np.minimum(place // stride, n - 1)
    first = np.maximum(-((k - 1 - place) // stride), 0)
    return last - first + 1


def counts_by_taps(n, k, stride):
    counts = np.zeros_like(solutions.overlap_count(n, k, stride))
    for tap in range(k):
        counts[tap::stride][:n] += 1
    return counts


def counts_unbounded(n, k, stride):
    """As if the row of stamps had no ends."""
    place = np.arange(len(solutions.overlap_count(n, k, stride)))
    return (k - 1 - place % stride) // stride + 1


def counts_no_overlap(n, k, stride):
    return (solutions.overlap_count(n, k, stride) > 0).astype(np.int64)


def counts_gaps(n, k, stride):
    return np.maximum(solutions.overlap_count(n, k, stride), 1)


def counts_exchanged(n, k, stride):
    solutions.overlap_count(n, k, stride)
    return solutions.overlap_count(n, stride, k)


def counts_all_places(n, k, stride):
    """One place too many behind the last stamp."""
    counts = solutions.overlap_count(n, k, stride)
    return np.concatenate([counts, np.zeros(max(n * stride - len(counts), 1), int)])


def counts_stride_one(n, k, stride):
    solutions.overlap_count(n, k, stride)
    return solutions.overlap_count(n, k, 1)


def counts_float(n, k, stride):
    return solutions.overlap_count(n, k, stride).astype(float)


def counts_readers(n, k, stride):
    """How many windows of a convolution read each of n pixels."""
    solutions.overlap_count(n, k, stride)
    counts = np.zeros(n, np.int64)
    for start in range(0, n - k + 1, stride):
        counts[start : start + k] += 1
    return counts


def counts_checks_nothing(n, k, stride):
    try:
        return solutions.overlap_count(n, k, stride)
    except ValueError:
        return np.zeros(1, np.int64)


def count_calls(draw):
    n, k, stride = small(draw, 1, 5), small(draw, 1, 5), small(draw, 1, 4)
    wrong = draw(st.sampled_from(["", "", "", "n", "k", "stride"]))
    given = {"n": n, "k": k, "stride": stride}
    return Call(tuple(0 if name == wrong else given[name] for name in given))


overlap_count = Exercise(
    solutions.overlap_count,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("counts", 2, "Every place of the output, both ends included."),
        Group("gaps and errors", 1, "Strides above the kernel; sizes below 1."),
    ],
    cases=[
        case("counts", "4 pixels, kernel 3, stride 2", 4, 3, 2, public=True),
        case("counts", "5 pixels, kernel 4, stride 2", 5, 4, 2, public=True),
        case("gaps and errors", "3 pixels, kernel 2, stride 4", 3, 2, 4, public=True),
        case("counts", "stride 1", 9, 4, 1),
        case("counts", "stamps that touch", 6, 3, 3),
        case("counts", "a kernel of 5 and stride 3", 8, 5, 3),
        case("counts", "a kernel of 7 and stride 2", 6, 7, 2),
        case("counts", "a kernel longer than all steps together", 3, 11, 2),
        case("gaps and errors", "a kernel of one tap", 5, 1, 3),
        case("counts", "a single pixel", 1, 6, 4),
        case("counts", "a long row", 120, 9, 4),
        case("gaps and errors", "n below 1", 0, 3, 2, public=True),
        case("gaps and errors", "k below 1", 5, 0, 2),
        case("gaps and errors", "stride below 1", 5, 3, 0),
    ],
    explain=calls(count_calls),
    oracle=torch_counts,
    alternatives=[counts_by_bins, counts_by_formula, counts_by_taps],
    mistakes=[
        Mistake("the ends of the row are forgotten: fewer stamps reach them",
                counts_unbounded),
        Mistake("stamps that overlap count once", counts_no_overlap),
        Mistake("places that no stamp covers count 1 instead of 0", counts_gaps),
        Mistake("kernel and stride are exchanged", counts_exchanged),
        Mistake("the result goes on behind the last stamp", counts_all_places),
        Mistake("the stride is ignored", counts_stride_one),
        Mistake("the counts are floats", counts_float),
        Mistake("the windows of an ordinary convolution are counted, which read the "
                "n pixels", counts_readers),
        Mistake("bad arguments raise nothing", counts_checks_nothing),
    ],
)  # fmt: skip

# ---- conv_transpose2d ------------------------------------------------------


def torch_transposed(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    tensors = [torch.tensor(a, dtype=torch.float64) for a in (x, w)]
    bias = None if b is None else torch.tensor(b, dtype=torch.float64)
    y = F.conv_transpose2d(
        *tensors, bias, both(stride), both(padding), both(output_padding)
    )
    return y.numpy().astype(x.dtype)


def stamped(x, w, b, stride, padding, output_padding, add=True):
    """Stamp by stamp; add=False lets a stamp cover those below it."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    (sh, sw), (ph, pw) = both(stride), both(padding)
    kh, kw = w.shape[2:]
    full = np.zeros((*shape[:2], shape[2] + 2 * ph, shape[3] + 2 * pw), x.dtype)
    for n, h, v in np.ndindex(len(x), *x.shape[2:]):
        place = full[n, :, h * sh : h * sh + kh, v * sw : v * sw + kw]
        stamp = (x[n, :, h, v, None, None, None] * w).sum(axis=0)
        place[...] = place + stamp if add else stamp
    y = full[:, :, ph : ph + shape[2], pw : pw + shape[3]]
    return y if b is None else y + b[:, None, None].astype(x.dtype)


def transposed_by_stamps(x, w, b=None, stride=1, padding=0, output_padding=0):
    return stamped(x, w, b, stride, padding, output_padding)


def transposed_by_zeros(x, w, b=None, stride=1, padding=0, output_padding=0):
    """An ordinary convolution of the spread image with the turned kernel."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    (sh, sw), (ph, pw), (oh, ow) = both(stride), both(padding), both(output_padding)
    (N, I, H, W), (kh, kw) = x.shape, w.shape[2:]
    spread = np.zeros((N, I, (H - 1) * sh + 2 * kh - 1 + oh,
                       (W - 1) * sw + 2 * kw - 1 + ow))  # fmt: skip
    spread[:, :, kh - 1 :: sh, kw - 1 :: sw][:, :, :H, :W] = x
    turned = np.ascontiguousarray(w[:, :, ::-1, ::-1].swapaxes(0, 1), float)
    y = F.conv2d(torch.tensor(spread), torch.tensor(turned)).numpy()
    y = y[:, :, ph : ph + shape[2], pw : pw + shape[3]]
    y = y if b is None else y + b[:, None, None]
    return y.astype(x.dtype)


def transposed_by_gradient(x, w, b=None, stride=1, padding=0, output_padding=0):
    """The gradient of an ordinary convolution with respect to its image."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    image = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    dy, kernels = (torch.tensor(a, dtype=torch.float64) for a in (x, w))
    F.conv2d(image, kernels, None, both(stride), both(padding)).backward(dy)
    y = image.grad.numpy() if b is None else image.grad.numpy() + b[:, None, None]
    return y.astype(x.dtype)


def transposed_by_matrix(x, w, b=None, stride=1, padding=0, output_padding=0):
    """The transpose of the matrix of an ordinary convolution, by probing it."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    size = int(np.prod(shape[1:]))
    pixels = torch.eye(size, dtype=torch.float64).reshape(size, *shape[1:])
    kernels = torch.tensor(w, dtype=torch.float64)
    seen = F.conv2d(pixels, kernels, None, both(stride), both(padding))
    y = seen.reshape(size, -1).numpy() @ x.reshape(len(x), -1).T.astype(float)
    y = y.T.reshape(shape)
    return (y if b is None else y + b[:, None, None]).astype(x.dtype)


def ct_overwrites(x, w, b=None, stride=1, padding=0, output_padding=0):
    return stamped(x, w, b, stride, padding, output_padding, add=False)


def ct_flips(x, w, b=None, stride=1, padding=0, output_padding=0):
    w = w[:, :, ::-1, ::-1] if w.ndim == 4 else w
    return solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)


def ct_output_first(x, w, b=None, stride=1, padding=0, output_padding=0):
    """Reads the numbers of w as (O, I, kh, kw)."""
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    I, O, kh, kw = w.shape
    w = w.reshape(O, I, kh, kw).swapaxes(0, 1)
    return solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)


def ct_one_channel(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    x, w = x[:, -1:], w[-1:]
    return solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)


def ct_stride_one(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return solutions.conv_transpose2d(x, w, b, 1, padding)


def ct_swaps_stride(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    stride, extra = both(stride)[::-1], both(output_padding)
    extra = tuple(min(o, s - 1) for o, s in zip(extra, stride))
    return solutions.conv_transpose2d(x, w, b, stride, padding, extra)


def ct_keeps_frame(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return solutions.conv_transpose2d(x, w, b, stride, 0, output_padding)


def ct_adds_frame(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    y = solutions.conv_transpose2d(x, w, b, stride, 0, output_padding)
    ph, pw = both(padding)
    return np.pad(y, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


def ct_swaps_padding(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    padding = both(padding)[::-1]
    return solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)


def ct_cuts_one_side(x, w, b=None, stride=1, padding=0, output_padding=0):
    """The right size, but all that is cut off is cut at the bottom and right."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    y = solutions.conv_transpose2d(x, w, b, stride, 0, output_padding)
    return y[:, :, : shape[2], : shape[3]]


def ct_no_output_padding(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return solutions.conv_transpose2d(x, w, b, stride, padding)


def ct_empty_output_padding(x, w, b=None, stride=1, padding=0, output_padding=0):
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    y = solutions.conv_transpose2d(x, w, b, stride, padding)
    rest = [(0, more - less) for more, less in zip(shape, y.shape)]
    return np.pad(y, rest)


def ct_output_padding_first(x, w, b=None, stride=1, padding=0, output_padding=0):
    """The added rows and columns at the top and left."""
    shape = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding).shape
    y = solutions.conv_transpose2d(x, w, b, stride, padding)
    return np.pad(y, [(more - less, 0) for more, less in zip(shape, y.shape)])


def ct_no_bias(x, w, b=None, stride=1, padding=0, output_padding=0):
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return solutions.conv_transpose2d(x, w, None, stride, padding, output_padding)


def ct_bias_each_stamp(x, w, b=None, stride=1, padding=0, output_padding=0):
    y = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    if b is None:
        return y
    counted = solutions.conv_transpose2d(
        np.ones_like(x[:, :1]), np.ones_like(w[:1]), None, stride, padding,
        output_padding)  # fmt: skip
    return y + (counted - 1) * b[:, None, None].astype(x.dtype)


def ct_float64(x, w, b=None, stride=1, padding=0, output_padding=0):
    y = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return y.astype(np.float64)


def ct_float32(x, w, b=None, stride=1, padding=0, output_padding=0):
    dtype = x.dtype
    solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    x, w = x.astype(np.float32), w.astype(np.float32)
    y = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    return y.astype(dtype)


def ct_changes_x(x, w, b=None, stride=1, padding=0, output_padding=0):
    y = solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    x *= 2
    return y


def ct_checks_nothing(x, w, b=None, stride=1, padding=0, output_padding=0):
    try:
        return solutions.conv_transpose2d(x, w, b, stride, padding, output_padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def transposed_errors():
    """One call for each line of the docstring's Raises."""
    x, w = np.ones((1, 2, 3, 2)), np.ones((2, 3, 2, 2))
    return [
        Call((x[0], w)), Call((x, w[0])), Call((x, w[:1])), Call((x, w, np.ones(2))),
        Call((x, w), {"stride": 0}), Call((x, w), {"padding": -1}),
        Call((x, w), {"output_padding": 1}), Call((x, w), {"padding": (0, 2)}),
        Call((x, w), {"stride": 2, "output_padding": -1}),
    ]  # fmt: skip


def transposed_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(transposed_errors()))
    N, I, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3)
    (H, W), (kh, kw) = ((small(draw, 1, 3), small(draw, 1, 3)) for _ in range(2))
    given = dict(stride=steps(draw, 1, 3), padding=steps(draw, 0, 1))
    (sh, sw), (ph, pw) = both(given["stride"]), both(given["padding"])
    oh, ow = small(draw, 0, min(sh - 1, 2)), small(draw, 0, min(sw - 1, 2))
    assume((H - 1) * sh - 2 * ph + kh + oh > 0)
    assume((W - 1) * sw - 2 * pw + kw + ow > 0)
    kwargs = {a: v for a, v in given.items() if v != (0 if a == "padding" else 1)}
    if oh or ow:
        kwargs["output_padding"] = oh if oh == ow else (oh, ow)
    dtype = dtypes(draw)
    x, w = array(draw, N, I, H, W, dtype=dtype), array(draw, I, O, kh, kw, dtype=dtype)
    if draw(st.booleans()):
        kwargs = {"b": array(draw, O, dtype=dtype), **kwargs}
    return Call((x, w), kwargs)


LARGER = "what lies beyond the stamps and the cut stays zero and is cut off"

conv_transpose2d = Exercise(
    solutions.conv_transpose2d,
    minutes=35,
    difficulty="challenge",
    groups=[
        Group("stamps", 2, "Stride 1 and above, all channels, a bias."),
        Group("sizes", 2, "Padding and output padding, as an int and as a pair."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("stamps", "2 x 3 pixels, one 2 x 3 kernel, by hand", integers(1, 1, 2, 3),
             integers(1, 1, 2, 3), public=True,
             exempt="the first look: one channel in and out"),
        case("stamps", "2 x 3 pixels, stride 2, two channels to three",
             integers(1, 2, 2, 3), integers(2, 3, 3, 4), stride=2, public=True),
        case("stamps", "with a bias", integers(1, 2, 2, 3), integers(2, 3, 3, 2),
             integers(3), stride=2, public=True),
        case("stamps", "a batch of different sizes", normal(2, 3, 4, 5),
             normal(3, 5, 3, 2), normal(5), stride=2),
        case("stamps", "stride 1", normal(2, 4, 5, 3), normal(4, 2, 2, 3), normal(2)),
        case("stamps", "different strides", normal(2, 3, 3, 4), normal(3, 2, 4, 3),
             stride=(3, 2)),
        case("stamps", "strides given as a list", normal(1, 2, 3, 4),
             normal(2, 4, 3, 4), stride=[1, 3]),
        case("stamps", "a stride larger than the kernel", normal(2, 3, 2, 4),
             normal(3, 4, 2, 1), normal(4), stride=(4, 3)),
        case("stamps", "stamps that touch without overlap", normal(2, 3, 3, 4),
             normal(3, 2, 2, 3), stride=(2, 3)),
        case("stamps", "1 x 1 kernels", normal(2, 3, 3, 5), normal(3, 4, 1, 1),
             stride=2),
        case("stamps", "whole numbers", integers(2, 3, 2, 3), integers(3, 4, 4, 3),
             integers(4), stride=2),
        case("stamps", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 4, 3)), strided(normal(3, 4, 3, 2)), stride=2),
        case("sizes", "padding 1 with stride 2", normal(1, 2, 3, 4), normal(2, 3, 4, 3),
             stride=2, padding=1, public=True),
        case("sizes", "output padding 1 with stride 2", normal(1, 2, 3, 4),
             normal(2, 3, 2, 3), normal(3), stride=2, padding=1, output_padding=1,
             public=True),
        case("sizes", "different paddings", normal(2, 3, 4, 5), normal(3, 2, 5, 4),
             stride=2, padding=(2, 1)),
        case("sizes", "padding on one axis", normal(2, 3, 4, 5), normal(3, 2, 3, 4),
             padding=(0, 2)),
        case("sizes", "different output paddings", normal(2, 3, 3, 4),
             normal(3, 5, 5, 4), normal(5), stride=3, padding=(2, 2),
             output_padding=(1, 2)),
        case("sizes", "output padding on one axis", normal(2, 3, 3, 4),
             normal(3, 2, 3, 4), stride=(2, 3), padding=1, output_padding=(1, 0)),
        case("sizes", "output padding that no stamp reaches", normal(2, 3, 3, 4),
             normal(3, 2, 2, 3), normal(2), stride=3, output_padding=(2, 1)),
        case("sizes", "padding as wide as the kernel", normal(2, 3, 4, 5),
             normal(3, 2, 2, 3), stride=2, padding=(2, 3)),
        case("sizes", "pairs given as lists", normal(1, 2, 4, 3), normal(2, 3, 4, 3),
             stride=[3, 2], padding=[1, 2], output_padding=[2, 1]),
        case("sizes", "so much padding that one row is left", normal(2, 3, 2, 4),
             normal(3, 2, 3, 2), stride=2, padding=(2, 1)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 3, dtype="float32"), normal(3, 2, 2, 3, dtype="float32"),
             normal(2, dtype="float32"), stride=2, padding=1),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 4, 3, dtype="float32"), normal(3, 2, 2, 3, dtype="float32"),
             normal(2), stride=2,
             public=True),
        case("dtype and errors", "float32 images with a float64 bias",
             normal(2, 3, 4, 3, dtype="float32"), normal(3, 2, 2, 3, dtype="float32"),
             normal(2), stride=2),
        case("dtype and errors", "images of whole numbers of type int",
             integers(1, 2, 3, 4, dtype="int64"), integers(2, 3, 3, 2, dtype="int64"),
             stride=2, any_dtype=True),
        case("dtype and errors", "w with the input channels in second place",
             normal(1, 2, 4, 3), normal(5, 2, 2, 3), public=True),
        case("dtype and errors", "b for the input channels", normal(1, 2, 4, 3),
             normal(2, 5, 2, 3), normal(2)),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3),
             normal(2, 5, 2, 3)),
        case("dtype and errors", "w with three axes", normal(1, 2, 4, 3),
             normal(2, 5, 2)),
        case("dtype and errors", "stride 0", normal(1, 2, 4, 3), normal(2, 5, 2, 3),
             stride=0),
        case("dtype and errors", "a padding below 0", normal(1, 2, 4, 3),
             normal(2, 5, 2, 3), padding=(0, -1)),
        case("dtype and errors", "an output padding below 0", normal(1, 2, 4, 3),
             normal(2, 5, 2, 3), stride=2, output_padding=-1),
        case("dtype and errors", "an output padding as large as the stride",
             normal(1, 2, 4, 3), normal(2, 5, 2, 3), stride=(3, 2),
             output_padding=(1, 2)),
        case("dtype and errors", "nothing is left", normal(1, 2, 2, 4),
             normal(2, 5, 2, 3), padding=(2, 0)),
    ],
    explain=calls(transposed_calls),
    oracle=torch_transposed,
    forbidden=[TORCH_CONV_TRANSPOSE],
    equivalents={
        "line 37: canvas = np.zeros((N, O, h_out + 2 * ph, w_out + 2 * pw), x.dtype) => "
        "canvas = np.zeros((N, O, h_out + 2 + ph, w_out + 2 * pw), x.dtype)":
        LARGER,
        "line 37: canvas = np.zeros((N, O, h_out + 2 * ph, w_out + 2 * pw), x.dtype) => "
        "canvas = np.zeros((N, O, h_out + 3 * ph, w_out + 2 * pw), x.dtype)":
        LARGER,
        "line 37: canvas = np.zeros((N, O, h_out + 2 * ph, w_out + 2 * pw), x.dtype) => "
        "canvas = np.zeros((N, O, h_out + 2 * ph, w_out + 3 * pw), x.dtype)":
        LARGER,
    },
    alternatives=[transposed_by_stamps, transposed_by_zeros, transposed_by_gradient,
                  transposed_by_matrix],
    mistakes=[
        Mistake("stamps that overlap cover each other instead of adding up",
                ct_overwrites),
        Mistake("the kernels are flipped", ct_flips),
        Mistake("w is read with the output channels first", ct_output_first),
        Mistake("only the last input channel is used", ct_one_channel),
        Mistake("the stride is ignored", ct_stride_one),
        Mistake("the vertical and the horizontal stride are exchanged",
                ct_swaps_stride),
        Mistake("the padding is ignored", ct_keeps_frame),
        Mistake("the padding is put around the output instead of being cut off",
                ct_adds_frame),
        Mistake("the vertical and the horizontal padding are exchanged",
                ct_swaps_padding),
        Mistake("the padding is cut off at the bottom and right only",
                ct_cuts_one_side),
        Mistake("the output padding is ignored", ct_no_output_padding),
        Mistake("the output padding is filled with zeros, though stamps reach there",
                ct_empty_output_padding),
        Mistake("the output padding is put at the top and left",
                ct_output_padding_first),
        Mistake("the bias is left out", ct_no_bias),
        Mistake("the bias is added with each stamp", ct_bias_each_stamp),
        Mistake("the result is float64 whatever came in", ct_float64),
        Mistake("the sums are computed in float32", ct_float32),
        Mistake("the image is changed in place", ct_changes_x),
        Mistake("bad arguments raise nothing", ct_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- zero_insert -----------------------------------------------------------


def torch_spread(x, stride):
    """A transposed convolution that stamps a one for each pixel."""
    solutions.zero_insert(x, stride)
    one = torch.ones(x.shape[1], 1, 1, 1, dtype=torch.float64)
    spread = F.conv_transpose2d(
        torch.tensor(x, dtype=torch.float64), one, stride=both(stride), groups=len(one)
    )
    return spread.numpy().astype(x.dtype)


def spread_loops(x, stride):
    spread = np.zeros_like(solutions.zero_insert(x, stride))
    sh, sw = both(stride)
    for n, c, h, v in np.ndindex(*x.shape):
        spread[n, c, h * sh, v * sw] = x[n, c, h, v]
    return spread


def spread_by_tiles(x, stride):
    """Each pixel in the corner of a tile of zeros; the last tiles are cut."""
    shape = solutions.zero_insert(x, stride).shape
    corner = np.zeros(both(stride), x.dtype)
    corner[0, 0] = 1
    return np.kron(x, corner)[:, :, : shape[2], : shape[3]]


def spread_by_matrices(x, stride):
    h, v = solutions.zero_insert(x, stride).shape[2:]
    sh, sw = both(stride)
    rows, columns = np.eye(h, dtype=x.dtype)[:, ::sh], np.eye(v, dtype=x.dtype)[::sw]
    return rows @ x @ columns


def zi_trailing(x, stride):
    solutions.zero_insert(x, stride)
    (sh, sw), (N, C, H, W) = both(stride), x.shape
    spread = np.zeros((N, C, H * sh, W * sw), x.dtype)
    spread[:, :, ::sh, ::sw] = x
    return spread


def zi_one_more(x, stride):
    """`stride` zeros between two pixels instead of stride - 1."""
    solutions.zero_insert(x, stride)
    return solutions.zero_insert(x, tuple(s + 1 for s in both(stride)))


def zi_repeats(x, stride):
    """Copies of the pixel instead of zeros."""
    shape = solutions.zero_insert(x, stride).shape
    sh, sw = both(stride)
    wide = np.repeat(np.repeat(x, sh, axis=2), sw, axis=3)
    return wide[:, :, : shape[2], : shape[3]]


def zi_swaps(x, stride):
    return solutions.zero_insert(x, both(stride)[::-1])


def zi_rows_only(x, stride):
    solutions.zero_insert(x, stride)
    return solutions.zero_insert(x, (both(stride)[0], 1))


def zi_nothing(x, stride):
    solutions.zero_insert(x, stride)
    return x.copy()


def zi_slices(x, stride):
    """Leaves pixels out instead of spreading them."""
    solutions.zero_insert(x, stride)
    sh, sw = both(stride)
    return x[:, :, ::sh, ::sw]


def zi_float64(x, stride):
    return solutions.zero_insert(x, stride).astype(np.float64)


def zi_checks_nothing(x, stride):
    try:
        return solutions.zero_insert(x, stride)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def spread_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 3))
        wrong = [Call((x[0], 2)), Call((x, 0)), Call((x, (2, 0)))]
        return draw(st.sampled_from(wrong))
    N, C = small(draw, 1, 2), small(draw, 1, 2)
    H, W = small(draw, 1, 3), small(draw, 1, 3)
    stride = steps(draw, 1, 3)
    return Call((array(draw, N, C, H, W, dtype=dtypes(draw)), stride))


zero_insert = Exercise(
    solutions.zero_insert,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("places", 2, "Every pixel at its place, zeros between, none behind."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("places", "2 x 3 pixels, stride 2", integers(1, 1, 2, 3), 2, public=True),
        case("places", "different strides", integers(1, 2, 2, 3), (3, 2), public=True),
        case("places", "a batch of different sizes", normal(2, 3, 4, 5), 3),
        case("places", "stride 1 inserts nothing", normal(2, 3, 4, 5), 1),
        case("places", "wide but not high", normal(3, 2, 5, 4), (1, 4)),
        case("places", "strides given as a list", normal(2, 3, 3, 2), [4, 2]),
        case("places", "one row", normal(2, 3, 1, 4), (5, 3)),
        case("places", "an image whose memory is not contiguous",
             strided(normal(2, 3, 4, 3)), (2, 3)),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 4, 3, dtype="float32"), 2,
             public=True),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 3, dtype="float32"), 2),
        case("dtype and errors", "whole numbers of type int",
             integers(2, 3, 2, 4, dtype="int64"), (2, 3), any_dtype=True),
        case("dtype and errors", "x without a batch axis", normal(3, 4, 5), 2,
             public=True),
        case("dtype and errors", "x with five axes", normal(1, 2, 3, 4, 2), 2),
        case("dtype and errors", "stride 0", normal(2, 3, 4, 5), 0),
        case("dtype and errors", "one stride below 1", normal(2, 3, 4, 5), (2, 0)),
    ],
    explain=calls(spread_calls),
    oracle=torch_spread,
    alternatives=[spread_loops, spread_by_tiles, spread_by_matrices],
    mistakes=[
        Mistake("zeros follow the last row and column", zi_trailing),
        Mistake("stride zeros stand between two pixels instead of stride - 1",
                zi_one_more),
        Mistake("the pixels are repeated instead of zeros inserted", zi_repeats),
        Mistake("the vertical and the horizontal stride are exchanged", zi_swaps),
        Mistake("only the rows are spread", zi_rows_only),
        Mistake("nothing is inserted", zi_nothing),
        Mistake("pixels are left out instead of spread", zi_slices),
        Mistake("the result is float64 whatever came in", zi_float64),
        Mistake("bad arguments raise nothing", zi_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- output_padding_for ----------------------------------------------------


def torch_output_padding(n, k, stride, padding):
    """The one of all output paddings that gives the right size."""
    solutions.output_padding_for(n, k, stride, padding)
    w = torch.zeros(1, 1, k)
    small_row = F.conv1d(torch.zeros(1, 1, n), w, None, stride, padding)
    plain = (small_row.shape[2] - 1) * stride - 2 * padding + k
    return n - plain


def output_padding_by_counting(n, k, stride, padding):
    """The pixels that the last window leaves over."""
    solutions.output_padding_for(n, k, stride, padding)
    starts = range(0, n + 2 * padding - k + 1, stride)
    return n + 2 * padding - (starts[-1] + k)


def output_padding_by_trying(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    places = (n + 2 * padding - k) // stride
    sizes = [places * stride - 2 * padding + k + extra for extra in range(stride)]
    return sizes.index(n)


def op_no_padding(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return (n - k) % stride


def op_one_padding(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return (n + padding - k) % stride


def op_negative(n, k, stride, padding):
    return -solutions.output_padding_for(n, k, stride, padding) % stride


def op_of_size(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return n % stride


def op_off_by_one(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return (n + 2 * padding - k + 1) % stride


def op_largest(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return stride - 1


def op_none(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return 0


def op_quotient(n, k, stride, padding):
    solutions.output_padding_for(n, k, stride, padding)
    return (n + 2 * padding - k) // stride


def op_of_output(n, k, stride, padding):
    """Takes n for the short row."""
    solutions.output_padding_for(n, k, stride, padding)
    return ((n - 1) * stride - 2 * padding + k) % stride


def op_float(n, k, stride, padding):
    return float(solutions.output_padding_for(n, k, stride, padding))


def op_checks_nothing(n, k, stride, padding):
    try:
        return solutions.output_padding_for(n, k, stride, padding)
    except ValueError:
        return 0


def output_padding_calls(draw):
    n, k = small(draw, 1, 12), small(draw, 1, 5)
    stride, padding = small(draw, 1, 4), small(draw, 0, 3)
    wrong = draw(
        st.sampled_from(["", "", "", "", "n", "k", "stride", "padding", "fit"])
    )
    assume(k <= n + 2 * padding)
    given = {"n": n, "k": k, "stride": stride, "padding": padding}
    if wrong == "fit":
        given["k"] = n + 2 * padding + 1
    elif wrong:
        given[wrong] = -1 if wrong == "padding" else 0
    return Call(tuple(given.values()))


output_padding_for = Exercise(
    solutions.output_padding_for,
    minutes=10,
    difficulty="standard",
    groups=[
        Group("sizes", 2, "The one number that brings the length back."),
        Group("edges and errors", 1, "Long strides; sizes that do not fit."),
    ],
    cases=[
        case("sizes", "8 pixels, kernel 3, stride 2, padding 1", 8, 3, 2, 1,
             public=True),
        case("sizes", "7 pixels, kernel 3, stride 2, padding 1", 7, 3, 2, 1,
             public=True),
        case("sizes", "15 pixels, kernel 4, stride 4, padding 0", 15, 4, 4, 0,
             public=True),
        case("sizes", "the first layer of a ResNet", 224, 7, 2, 3),
        case("sizes", "stride 3", 19, 5, 3, 2),
        case("sizes", "stride 5 without padding", 23, 4, 5, 0),
        case("sizes", "stride 4 and padding 1", 30, 5, 4, 1),
        case("edges and errors", "a kernel that fits thanks to the padding", 2, 5, 4, 2),
        case("edges and errors", "more padding than the kernel is long", 11, 2, 5, 4),
        case("edges and errors", "a stride longer than the row", 4, 1, 9, 1),
        case("sizes", "stride 1", 10, 3, 1, 1),
        case("edges and errors", "a kernel that does not fit", 4, 7, 2, 1, public=True),
        case("edges and errors", "n below 1", 0, 1, 2, 1),
        case("edges and errors", "k below 1", 5, 0, 2, 1),
        case("edges and errors", "stride below 1", 5, 3, 0, 1),
        case("edges and errors", "padding below 0", 5, 3, 2, -1),
    ],
    explain=calls(output_padding_calls),
    oracle=torch_output_padding,
    alternatives=[output_padding_by_counting, output_padding_by_trying],
    mistakes=[
        Mistake("the padding is left out", op_no_padding),
        Mistake("the padding is counted on one side only", op_one_padding),
        Mistake("what is missing to the next multiple of the stride is returned, not "
                "what is left over", op_negative),
        Mistake("the rest of n divided by the stride is returned", op_of_size),
        Mistake("one pixel too many is counted", op_off_by_one),
        Mistake("the largest output padding is returned, stride - 1", op_largest),
        Mistake("no output padding is returned", op_none),
        Mistake("the steps of the window are returned, // instead of %", op_quotient),
        Mistake("n is taken for the length of the short row", op_of_output),
        Mistake("the result is a float", op_float),
        Mistake("bad arguments raise nothing", op_checks_nothing),
    ],
)  # fmt: skip

# ---- pixel_shuffle and pixel_unshuffle -------------------------------------


def torch_shuffle(x, r):
    solutions.pixel_shuffle(x, r)
    return F.pixel_shuffle(torch.tensor(x, dtype=torch.float64), r).numpy().astype(
        x.dtype)  # fmt: skip


def shuffle_by_slices(x, r):
    y = np.empty_like(solutions.pixel_shuffle(x, r))
    for i in range(r):
        for j in range(r):
            y[:, :, i::r, j::r] = x[:, i * r + j :: r * r]
    return y


def shuffle_by_index(x, r):
    N, C, H, W = solutions.pixel_shuffle(x, r).shape
    c, h, v = np.ogrid[:C, :H, :W]
    return x[:, c * r * r + h % r * r + v % r, h // r, v // r]


def shuffle_by_stamps(x, r):
    """A transposed convolution whose kernels have a single one."""
    C = solutions.pixel_shuffle(x, r).shape[1]
    w = torch.eye(C * r * r, dtype=torch.float64).reshape(C * r * r, C, r, r)
    y = F.conv_transpose2d(torch.tensor(x, dtype=torch.float64), w, stride=r)
    return y.numpy().astype(x.dtype)


def ps_channels_last(x, r):
    """Reads channel (i * r + j) * C + c, as TensorFlow's depth_to_space."""
    solutions.pixel_shuffle(x, r)
    N, channels, H, W = x.shape
    parts = x.reshape(N, r * r, -1, H, W).swapaxes(1, 2)
    return solutions.pixel_shuffle(parts.reshape(x.shape), r)


def ps_transposed_tiles(x, r):
    """Channel j * r + i goes to row i, column j."""
    solutions.pixel_shuffle(x, r)
    N, channels, H, W = x.shape
    parts = x.reshape(N, -1, r, r, H, W).swapaxes(2, 3)
    return solutions.pixel_shuffle(parts.reshape(x.shape), r)


def ps_reshape_only(x, r):
    return x.reshape(solutions.pixel_shuffle(x, r).shape)


def ps_mosaic(x, r):
    """The r * r maps side by side instead of interleaved."""
    N, C, H, W = solutions.pixel_shuffle(x, r).shape
    parts = x.reshape(N, C, r, r, H // r, W // r)
    return parts.transpose(0, 1, 2, 4, 3, 5).reshape(N, C, H, W)


def ps_rows_and_columns(x, r):
    """Rows interleaved with the horizontal place, columns with the vertical."""
    N, C, H, W = solutions.pixel_shuffle(x, r).shape
    parts = x.reshape(N, C, r, r, H // r, W // r)
    return parts.transpose(0, 1, 5, 2, 4, 3).reshape(N, C, W, H)


def ps_first_only(x, r):
    """Repeats the first of the r * r channels."""
    solutions.pixel_shuffle(x, r)
    first = x[:, :: r * r]
    return np.repeat(np.repeat(first, r, axis=2), r, axis=3)


def ps_float64(x, r):
    return solutions.pixel_shuffle(x, r).astype(np.float64)


def ps_checks_nothing(x, r):
    try:
        return solutions.pixel_shuffle(x, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def shuffle_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 4, 1, 2))
        wrong = [Call((x[0], 2)), Call((x[:, :3], 2)), Call((x, 0)), Call((x, 3))]
        return draw(st.sampled_from(wrong))
    N, C, r = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3)
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    return Call((array(draw, N, C * r * r, H, W, dtype=dtypes(draw)), r))


pixel_shuffle = Exercise(
    solutions.pixel_shuffle,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("order", 2, "Every number at its place, for several channels."),
        Group("dtype and errors", 1, "float32; channels that do not divide."),
    ],
    cases=[
        case("order", "four channels of 1 x 2 make one of 2 x 4",
             integers(1, 4, 1, 2), 2, public=True,
             exempt="the first look: a single channel"),
        case("order", "two channels behind the shuffle", integers(1, 8, 2, 3), 2,
             public=True),
        case("order", "a batch of different sizes", normal(3, 20, 2, 4), 2),
        case("order", "factor 3", normal(2, 18, 4, 3), 3),
        case("order", "factor 4", normal(2, 48, 2, 3), 4),
        case("order", "factor 1", normal(2, 5, 3, 4), 1),
        case("order", "a single pixel in each channel", normal(2, 27, 1, 1), 3),
        case("order", "maps whose memory is not contiguous",
             strided(normal(2, 12, 3, 2)), 2),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 12, 3, 5, dtype="float32"), 2,
             public=True),
        case("dtype and errors", "float32 stays float32",
             normal(2, 12, 3, 5, dtype="float32"), 2),
        case("dtype and errors", "whole numbers of type int",
             integers(2, 12, 2, 3, dtype="int64"), 2, any_dtype=True),
        case("dtype and errors", "six channels and factor 2", normal(1, 6, 2, 3), 2,
             public=True),
        case("dtype and errors", "channels that r divides, but not r * r",
             normal(1, 6, 2, 3), 3),
        case("dtype and errors", "r below 1", normal(1, 4, 2, 3), 0),
        case("dtype and errors", "x without a batch axis", normal(4, 2, 3), 2),
    ],
    explain=calls(shuffle_calls),
    oracle=torch_shuffle,
    forbidden=[TORCH_PIXEL_SHUFFLE],
    equivalents={
        "line 19: parts = x.reshape(N, C, r, r, H, W) => "
        "parts = x.reshape(C, N, r, r, H, W)":
        "the two axes stay neighbours in this order until they are joined again",
    },
    alternatives=[shuffle_by_slices, shuffle_by_index, shuffle_by_stamps],
    mistakes=[
        Mistake("the channels are read place first, (i * r + j) * C + c",
                ps_channels_last),
        Mistake("i and j are exchanged: the tiles are filled column by column",
                ps_transposed_tiles),
        Mistake("the axes are not moved before the reshape", ps_reshape_only),
        Mistake("the r * r maps stand side by side instead of interleaved", ps_mosaic),
        Mistake("rows and columns are exchanged", ps_rows_and_columns),
        Mistake("only the first of the r * r channels is used", ps_first_only),
        Mistake("the result is float64 whatever came in", ps_float64),
        Mistake("bad arguments raise nothing", ps_checks_nothing),
    ],
    image=True,
)  # fmt: skip


def torch_unshuffle(x, r):
    solutions.pixel_unshuffle(x, r)
    return F.pixel_unshuffle(torch.tensor(x, dtype=torch.float64), r).numpy().astype(
        x.dtype)  # fmt: skip


def unshuffle_by_slices(x, r):
    y = np.empty_like(solutions.pixel_unshuffle(x, r))
    for place in range(r * r):
        i, j = divmod(place, r)
        y[:, place :: r * r] = x[:, :, i::r, j::r]
    return y


def unshuffle_by_windows(x, r):
    """unfold with windows that touch."""
    shape = solutions.pixel_unshuffle(x, r).shape
    columns = F.unfold(torch.tensor(x, dtype=torch.float64), r, stride=r)
    return columns.numpy().reshape(shape).astype(x.dtype)


def unshuffle_by_kernels(x, r):
    """A convolution whose kernels have a single one."""
    solutions.pixel_unshuffle(x, r)
    C = x.shape[1]
    w = torch.eye(C * r * r, dtype=torch.float64).reshape(C * r * r, C, r, r)
    y = F.conv2d(torch.tensor(x, dtype=torch.float64), w, stride=r)
    return y.numpy().astype(x.dtype)


def pu_channels_last(x, r):
    y = solutions.pixel_unshuffle(x, r)
    N, channels, H, W = y.shape
    return y.reshape(N, -1, r * r, H, W).swapaxes(1, 2).reshape(y.shape)


def pu_transposed_tiles(x, r):
    y = solutions.pixel_unshuffle(x, r)
    N, channels, H, W = y.shape
    return y.reshape(N, -1, r, r, H, W).swapaxes(2, 3).reshape(y.shape)


def pu_reshape_only(x, r):
    return x.reshape(solutions.pixel_unshuffle(x, r).shape)


def pu_mosaic(x, r):
    """Cuts the image into r x r large parts instead of every r-th pixel."""
    N, channels, H, W = solutions.pixel_unshuffle(x, r).shape
    parts = x.reshape(N, -1, r, H, r, W)
    return parts.transpose(0, 1, 2, 4, 3, 5).reshape(N, channels, H, W)


def pu_shuffles(x, r):
    """The shuffle itself, where it can be done."""
    solutions.pixel_unshuffle(x, r)
    return solutions.pixel_shuffle(x, r)


def pu_drops(x, r):
    """Keeps one pixel of each tile."""
    solutions.pixel_unshuffle(x, r)
    return x[:, :, ::r, ::r]


def pu_float64(x, r):
    return solutions.pixel_unshuffle(x, r).astype(np.float64)


def pu_checks_nothing(x, r):
    try:
        return solutions.pixel_unshuffle(x, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def unshuffle_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 4))
        wrong = [Call((x[0], 2)), Call((x, 0)), Call((x, 4)),
                 Call((x.swapaxes(2, 3), 4))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    N, C, r = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3)
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    return Call((array(draw, N, C, H * r, W * r, dtype=dtypes(draw)), r))


pixel_unshuffle = Exercise(
    solutions.pixel_unshuffle,
    minutes=10,
    difficulty="standard",
    groups=[
        Group("order", 2, "The exact inverse of pixel_shuffle."),
        Group("dtype and errors", 1, "float32; sizes that do not divide."),
    ],
    cases=[
        case("order", "one channel of 2 x 4 makes four of 1 x 2",
             integers(1, 1, 2, 4), 2, public=True,
             exempt="the first look: a single channel"),
        case("order", "two channels", integers(1, 2, 4, 6), 2, public=True),
        case("order", "a batch of different sizes", normal(3, 5, 4, 8), 2),
        case("order", "factor 3", normal(2, 4, 9, 6), 3),
        case("order", "factor 4", normal(2, 3, 8, 12), 4),
        case("order", "factor 1", normal(2, 5, 3, 4), 1),
        case("order", "a single tile", normal(2, 2, 3, 3), 3,
             exempt="tiles are square; other cases have more of them"),
        case("order", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 4)), 2),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 4, dtype="float32"), 2),
        case("dtype and errors", "whole numbers of type int",
             integers(2, 3, 4, 6, dtype="int64"), 2, any_dtype=True),
        case("dtype and errors", "five rows and factor 2", normal(1, 3, 5, 4), 2,
             public=True),
        case("dtype and errors", "four columns and factor 3", normal(1, 9, 6, 4), 3),
        case("dtype and errors", "r below 1", normal(1, 4, 2, 3), 0),
        case("dtype and errors", "x without a batch axis", normal(4, 2, 6), 2),
    ],
    explain=calls(unshuffle_calls),
    oracle=torch_unshuffle,
    forbidden=[TORCH_PIXEL_SHUFFLE],
    equivalents={
        "line 17: tiles = x.reshape(N, C, H // r, r, W // r, r) => "
        "tiles = x.reshape(C, N, H // r, r, W // r, r)":
        "the two axes stay neighbours in this order until they are joined again",
    },
    alternatives=[unshuffle_by_slices, unshuffle_by_windows, unshuffle_by_kernels],
    mistakes=[
        Mistake("the channels are ordered place first, (i * r + j) * C + c",
                pu_channels_last),
        Mistake("i and j are exchanged: the tiles are read column by column",
                pu_transposed_tiles),
        Mistake("the axes are not moved between the reshapes", pu_reshape_only),
        Mistake("the image is cut into r x r large parts instead of small tiles",
                pu_mosaic),
        Mistake("the shuffle is done instead of its inverse", pu_shuffles),
        Mistake("one pixel of each tile is kept, the others are lost", pu_drops),
        Mistake("the result is float64 whatever came in", pu_float64),
        Mistake("bad arguments raise nothing", pu_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- icnr ------------------------------------------------------------------


def icnr_as_published(w, r):
    """Enlarge the kernels by repetition, then unshuffle them (Aitken et al.)."""
    solutions.icnr(w, r)
    maps = torch.tensor(w, dtype=torch.float64).swapaxes(0, 1)  # (I, C, kh, kw)
    large = F.interpolate(maps, scale_factor=r, mode="nearest")
    return F.pixel_unshuffle(large, r).swapaxes(0, 1).numpy().astype(w.dtype)


def icnr_loops(w, r):
    kernels = np.empty_like(solutions.icnr(w, r))
    for o in range(len(kernels)):
        kernels[o] = w[o // (r * r)]
    return kernels


def icnr_by_view(w, r):
    shape = solutions.icnr(w, r).shape
    return np.broadcast_to(w[:, None], (len(w), r * r, *w.shape[1:])).reshape(shape)


def icnr_by_matrix(w, r):
    solutions.icnr(w, r)
    pick = np.kron(np.eye(len(w), dtype=w.dtype), np.ones((r * r, 1), w.dtype))
    return np.tensordot(pick, w, axes=1)


def icnr_tiles(w, r):
    solutions.icnr(w, r)
    return np.tile(w, (r * r, 1, 1, 1))


def icnr_r_times(w, r):
    solutions.icnr(w, r)
    return np.repeat(w, r, axis=0)


def icnr_scaled(w, r):
    return (solutions.icnr(w, r) / (r * r)).astype(w.dtype)


def icnr_input_axis(w, r):
    solutions.icnr(w, r)
    return np.repeat(w, r * r, axis=1)


def icnr_one_place(w, r):
    """Zeros for all but the first of the r * r kernels."""
    kernels = solutions.icnr(w, r).copy()
    kernels[np.arange(len(kernels)) % (r * r) > 0] = 0
    return kernels


def icnr_one_kernel(w, r):
    """The first kernel everywhere."""
    kernels = solutions.icnr(w, r)
    return np.broadcast_to(w[:1], kernels.shape).copy()


def icnr_large(w, r):
    """Makes the kernels larger instead of more."""
    solutions.icnr(w, r)
    return np.repeat(np.repeat(w, r, axis=2), r, axis=3)


def icnr_float64(w, r):
    return solutions.icnr(w, r).astype(np.float64)


def icnr_checks_nothing(w, r):
    try:
        return solutions.icnr(w, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), w.dtype)


def icnr_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        w = np.ones((2, 1, 1, 2))
        return draw(
            st.sampled_from([Call((w[0], 2)), Call((w, 0)), Call((w[None], 2))])
        )
    C, I, r = small(draw, 1, 3), small(draw, 1, 2), small(draw, 1, 3)
    kh, kw = small(draw, 1, 2), small(draw, 1, 2)
    return Call((array(draw, C, I, kh, kw, dtype=dtypes(draw)), r))


icnr = Exercise(
    solutions.icnr,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("kernels", 2, "One kernel for all channels that become one."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("kernels", "two 1 x 2 kernels, factor 2", integers(2, 1, 1, 2), 2,
             public=True),
        case("kernels", "three kernels of two input channels, factor 2",
             integers(3, 2, 2, 3), 2, public=True),
        case("kernels", "factor 3", normal(4, 3, 3, 2), 3),
        case("kernels", "factor 4 and 1 x 1 kernels", normal(3, 5, 1, 1), 4),
        case("kernels", "as many channels as places", normal(4, 3, 2, 3), 2),
        case("kernels", "factor 1", normal(3, 2, 3, 4), 1),
        case("kernels", "kernels whose memory is not contiguous",
             strided(normal(3, 4, 2, 3)), 3),
        case("dtype and errors", "float32 stays float32",
             normal(3, 2, 3, 4, dtype="float32"), 2),
        case("dtype and errors", "w with three axes", normal(3, 2, 4), 2, public=True),
        case("dtype and errors", "w with five axes", normal(2, 3, 2, 4, 2), 2),
        case("dtype and errors", "r below 1", normal(3, 2, 3, 4), 0),
    ],
    explain=calls(icnr_calls),
    oracle=icnr_as_published,
    alternatives=[icnr_loops, icnr_by_view, icnr_by_matrix],
    mistakes=[
        Mistake("all kernels follow each other r * r times, instead of each one "
                "r * r times in a row", icnr_tiles),
        Mistake("each kernel is repeated r times only", icnr_r_times),
        Mistake("the kernels are divided by r * r", icnr_scaled),
        Mistake("the input channels are repeated instead of the kernels",
                icnr_input_axis),
        Mistake("only one of the r * r kernels is set, the others are zero",
                icnr_one_place),
        Mistake("the first kernel stands everywhere", icnr_one_kernel),
        Mistake("the kernels are made larger instead of more", icnr_large),
        Mistake("the result is float64 whatever came in", icnr_float64),
        Mistake("bad arguments raise nothing", icnr_checks_nothing),
    ],
)  # fmt: skip
