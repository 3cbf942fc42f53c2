"""How the exercises of the chapter `separable` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import nn

from autograder.checks.draws import array, both, calls, dtypes, small, steps
from autograder.checks.forbidden_ops import TORCH_CONV
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
from solutions import separable as solutions

# ---- pointwise_conv2d ------------------------------------------------------


def torch_pointwise(x, w, b=None):
    solutions.pointwise_conv2d(x, w, b)  # its errors
    image, kernels = (torch.tensor(a, dtype=torch.float64) for a in (x, w))
    bias = None if b is None else torch.tensor(b, dtype=torch.float64)
    return F.conv2d(image, kernels[:, :, None, None], bias).numpy().astype(x.dtype)


def pointwise_loops(x, w, b=None):
    """Pixel by pixel, a matrix times a column of channels."""
    y = np.zeros_like(solutions.pointwise_conv2d(x, w, b))
    for n, i, j in np.ndindex(len(x), *x.shape[2:]):
        y[n, :, i, j] = w @ x[n, :, i, j] + (0 if b is None else b)
    return y


def pointwise_by_matmul(x, w, b=None):
    """One matrix product an image, over its pixels in a row."""
    solutions.pointwise_conv2d(x, w, b)
    N, C, H, W = x.shape
    y = w @ x.reshape(N, C, H * W)
    if b is not None:
        y = y + b.reshape(-1, 1)
    return y.reshape(N, -1, H, W).astype(x.dtype)


def pointwise_by_linear(x, w, b=None):
    """As a fully connected layer on channels-last pixels."""
    solutions.pointwise_conv2d(x, w, b)
    y = x.transpose(0, 2, 3, 1) @ w.T
    y = y if b is None else y + b
    return y.transpose(0, 3, 1, 2).astype(x.dtype)


def pointwise_by_channels(x, w, b=None):
    """Adds one weighted channel after another."""
    y = np.zeros_like(solutions.pointwise_conv2d(x, w, b))
    for c in range(x.shape[1]):
        y += x[:, c, None] * w[:, c, None, None]
    return y if b is None else (y + b[:, None, None]).astype(x.dtype)


def pw_ignores_bias(x, w, b=None):
    solutions.pointwise_conv2d(x, w, b)
    return solutions.pointwise_conv2d(x, w)


def pw_subtracts_bias(x, w, b=None):
    solutions.pointwise_conv2d(x, w, b)
    return solutions.pointwise_conv2d(x, w, None if b is None else -b)


def pw_bias_per_channel(x, w, b=None):
    """Adds the bias once for each input channel."""
    solutions.pointwise_conv2d(x, w, b)
    return solutions.pointwise_conv2d(x, w, None if b is None else b * x.shape[1])


def pw_reshapes_weight(x, w, b=None):
    """Reads w as (C, O): a reshape where nothing or a transpose is due."""
    solutions.pointwise_conv2d(x, w, b)
    return solutions.pointwise_conv2d(x, w.reshape(w.shape[::-1]).T, b)


def pw_wrong_axis_order(x, w, b=None):
    """Leaves the output channel where tensordot puts it: in front."""
    return np.moveaxis(solutions.pointwise_conv2d(x, w, b), 1, 0)


def pw_channels_last(x, w, b=None):
    return np.moveaxis(solutions.pointwise_conv2d(x, w, b), 1, -1)


def pw_transposes_image(x, w, b=None):
    return solutions.pointwise_conv2d(x, w, b).swapaxes(2, 3)


def pw_reshapes_pixels(x, w, b=None):
    """Reshapes (N, C, H, W) to (N * H * W, C) without moving the channels."""
    shape = solutions.pointwise_conv2d(x, w, b).shape
    N, C, H, W = x.shape
    y = x.reshape(-1, C) @ w.T + (0 if b is None else b)
    return y.reshape(N, H, W, -1).transpose(0, 3, 1, 2).reshape(shape).astype(x.dtype)


def pw_mixes_batch(x, w, b=None):
    y = solutions.pointwise_conv2d(x, w, b)
    return np.broadcast_to(y.mean(axis=0, keepdims=True), y.shape).astype(x.dtype)


def pw_relu(x, w, b=None):
    return np.maximum(solutions.pointwise_conv2d(x, w, b), 0)


def pw_float64(x, w, b=None):
    return solutions.pointwise_conv2d(x, w, b).astype(np.float64)


def pw_float32(x, w, b=None):
    solutions.pointwise_conv2d(x, w, b)
    parts = [None if a is None else a.astype(np.float32) for a in (x, w, b)]
    return solutions.pointwise_conv2d(*parts).astype(x.dtype)


def pw_changes_x(x, w, b=None):
    y = solutions.pointwise_conv2d(x, w, b)
    x *= 2
    return y


def pw_checks_nothing(x, w, b=None):
    try:
        return solutions.pointwise_conv2d(x, w, b)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def pointwise_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w = np.ones((1, 2, 2, 2)), np.ones((3, 2))
        wrong = [Call((x[0], w)), Call((x, w[0])), Call((x, w[:, :1])),
                 Call((x, w, np.ones(2))), Call((x, w, np.ones((3, 1))))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    N, C, O = small(draw, 1, 2), small(draw, 1, 3), small(draw, 1, 3)
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    w = array(draw, O, C, dtype=dtype)
    given = (array(draw, O, dtype=dtype),) if draw(st.booleans()) else ()
    return Call((x, w, *given))


pointwise_conv2d = Exercise(
    solutions.pointwise_conv2d,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("mixing", 2, "The channels of each pixel are mixed by w."),
        Group("bias", 1, "One for each output channel, where it is given."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("mixing", "two channels to three, by hand", integers(1, 2, 1, 2),
             integers(3, 2), public=True),
        case("mixing", "a batch, all sizes different", normal(2, 3, 4, 5),
             normal(6, 3), public=True),
        case("mixing", "fewer channels out than in", normal(3, 7, 2, 5), normal(4, 7)),
        case("mixing", "one channel out", normal(2, 5, 4, 3), normal(1, 5)),
        case("mixing", "one channel in", normal(2, 1, 3, 4), normal(5, 1)),
        case("mixing", "a single pixel", normal(4, 3, 1, 1), normal(2, 3)),
        case("mixing", "as many channels out as in", normal(2, 4, 3, 5), normal(4, 4)),
        case("mixing", "whole numbers", integers(2, 3, 5, 4), integers(2, 3)),
        case("mixing", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 4, 5)), strided(normal(6, 3))),
        case("bias", "a bias by hand", integers(1, 2, 1, 3), integers(2, 2),
             integers(2), public=True),
        case("bias", "a batch with a bias", normal(3, 4, 5, 2), normal(6, 4),
             normal(6)),
        case("bias", "a bias given by name", normal(2, 3, 4, 5), normal(7, 3),
             b=normal(7)),
        case("bias", "a bias whose memory is not contiguous", normal(2, 3, 4, 5),
             normal(6, 3), strided(normal(6))),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 5, dtype="float32"), normal(6, 3, dtype="float32"),
             normal(6, dtype="float32")),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 4, 5, dtype="float32"), normal(6, 3), normal(6),
             public=True),
        case("dtype and errors", "float32 images, float64 weights",
             normal(2, 3, 4, 5, dtype="float32"), normal(6, 3), normal(6)),
        case("dtype and errors", "images of whole numbers of type int",
             integers(2, 3, 4, 5, dtype="int64"), integers(6, 3, dtype="int64"),
             any_dtype=True),
        case("dtype and errors", "weights for another number of channels",
             normal(2, 3, 4, 5), normal(6, 4), public=True),
        case("dtype and errors", "weights for one channel", normal(2, 3, 4, 5),
             normal(6, 1)),
        case("dtype and errors", "a w with four axes", normal(2, 3, 4, 5),
             normal(6, 3, 1, 1)),
        case("dtype and errors", "x without a batch axis", normal(3, 4, 5),
             normal(6, 3)),
        case("dtype and errors", "a bias for each input channel", normal(2, 3, 4, 5),
             normal(6, 3), normal(3)),
        case("dtype and errors", "a bias of one number", normal(2, 3, 4, 5),
             normal(6, 3), normal(1)),
        case("dtype and errors", "a bias with two axes", normal(2, 3, 4, 5),
             normal(6, 3), normal(6, 1)),
    ],
    explain=calls(pointwise_calls),
    oracle=torch_pointwise,
    forbidden=[TORCH_CONV],
    equivalents={
        "line 24: return np.moveaxis(y, 0, 1).astype(x.dtype) => "
        "return np.moveaxis(y, 1, 0).astype(x.dtype)":
        "moving either of two neighbours past the other exchanges them",
    },
    alternatives=[pointwise_loops, pointwise_by_matmul, pointwise_by_linear,
                  pointwise_by_channels],
    mistakes=[
        Mistake("the bias is ignored", pw_ignores_bias),
        Mistake("the bias is subtracted", pw_subtracts_bias),
        Mistake("the bias is added once for each input channel", pw_bias_per_channel),
        Mistake("w is reshaped to (C, O) and transposed back, which moves its numbers",
                pw_reshapes_weight),
        Mistake("the output channels stand before the batch", pw_wrong_axis_order),
        Mistake("the output channels stand last", pw_channels_last),
        Mistake("rows and columns of the image are exchanged", pw_transposes_image),
        Mistake("the image is reshaped to (N * H * W, C) without moving the channels "
                "to the end first", pw_reshapes_pixels),
        Mistake("the images of the batch are mixed", pw_mixes_batch),
        Mistake("an activation follows", pw_relu),
        Mistake("the result is float64 whatever came in", pw_float64),
        Mistake("the sums are computed in float32", pw_float32),
        Mistake("the image is changed in place", pw_changes_x),
        Mistake("bad arguments raise nothing", pw_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- separable_conv2d ------------------------------------------------------


def torch_separable(x, w_dw, w_pw, stride=1, padding=0):
    solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)  # its errors
    C, M, kh, kw = w_dw.shape
    image, own, mix = (torch.tensor(a, dtype=torch.float64) for a in (x, w_dw, w_pw))
    own = own.reshape(C * M, 1, kh, kw)
    maps = F.conv2d(image, own, None, both(stride), both(padding), groups=C)
    return F.conv2d(maps, mix[:, :, None, None]).numpy().astype(x.dtype)


def separable_loops(x, w_dw, w_pw, stride=1, padding=0):
    """The formula, output value by output value."""
    y = np.zeros_like(solutions.separable_conv2d(x, w_dw, w_pw, stride, padding))
    (sh, sw), (ph, pw) = both(stride), both(padding)
    C, M, kh, kw = w_dw.shape
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    for n, i, j in np.ndindex(len(x), *y.shape[2:]):
        window = padded[n, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        maps = [(window[c] * w_dw[c, m]).sum() for c in range(C) for m in range(M)]
        y[n, :, i, j] = w_pw @ np.array(maps)
    return y


def separable_through_dense(x, w_dw, w_pw, stride=1, padding=0):
    """As one dense convolution with the merged kernel."""
    solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    w = torch.tensor(merge_loops(w_dw, w_pw), dtype=torch.float64)
    image = torch.tensor(x, dtype=torch.float64)
    y = F.conv2d(image, w, None, both(stride), both(padding))
    return y.numpy().astype(x.dtype)


def separable_by_taps(x, w_dw, w_pw, stride=1, padding=0):
    """Shifted images one tap after another, then one matrix product."""
    shape = solutions.separable_conv2d(x, w_dw, w_pw, stride, padding).shape
    (sh, sw), (ph, pw) = both(stride), both(padding)
    C, M, kh, kw = w_dw.shape
    (h, v), N = shape[2:], len(x)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    maps = np.zeros((N, C, M, h, v))
    for i, j in np.ndindex(kh, kw):
        seen = padded[:, :, i::sh, j::sw][:, :, :h, :v]
        maps += seen[:, :, None] * w_dw[None, :, :, i, j, None, None]
    y = w_pw @ maps.reshape(N, C * M, h * v)
    return y.reshape(shape).astype(x.dtype)


def sep_of(change):
    """A mistake that changes the arguments; the errors are right."""

    def separable_conv2d(x, w_dw, w_pw, stride=1, padding=0):
        solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
        changed = change(x, w_dw, w_pw, stride, padding)
        return solutions.separable_conv2d(*changed)

    return separable_conv2d


def filter_first(w_dw, w_pw):
    """The columns of w_pw, read as m * C + c."""
    C, M = w_dw.shape[:2]
    return w_pw.reshape(-1, M, C).swapaxes(1, 2).reshape(w_pw.shape)


def sep_filter_first(x, w_dw, w_pw, stride, padding):
    return x, w_dw, filter_first(w_dw, w_pw), stride, padding


def sep_relu(x, w_dw, w_pw, stride=1, padding=0):
    solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    maps = np.eye(w_pw.shape[1], dtype=x.dtype)
    y = np.maximum(solutions.separable_conv2d(x, w_dw, maps, stride, padding), 0)
    return np.einsum("nkhw,ok->nohw", y, w_pw).astype(x.dtype)


def sep_pads_twice(x, w_dw, w_pw, stride=1, padding=0):
    """Pads before the pointwise step, too."""
    y = solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    ph, pw = both(padding)
    return np.pad(y, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


def sep_strides_twice(x, w_dw, w_pw, stride=1, padding=0):
    """Gives the stride to the pointwise step, too."""
    y = solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    sh, sw = both(stride)
    return y[:, :, ::sh, ::sw]


def sep_depthwise_only(x, w_dw, w_pw, stride=1, padding=0):
    solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    maps = np.eye(w_pw.shape[1], dtype=w_pw.dtype)
    return solutions.separable_conv2d(x, w_dw, maps, stride, padding)


def sep_first_filter(x, w_dw, w_pw, stride, padding):
    first = w_pw.reshape(-1, *w_dw.shape[:2])[:, :, 0]
    return x, w_dw[:, :1], first, stride, padding


def sep_sums_filters(x, w_dw, w_pw, stride, padding):
    """Adds the filters of a channel, and their mixing weights, up."""
    mix = w_pw.reshape(-1, *w_dw.shape[:2]).sum(axis=2)
    return x, w_dw.sum(axis=1, keepdims=True), mix, stride, padding


def sep_float64(x, w_dw, w_pw, stride=1, padding=0):
    y = solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    return y.astype(np.float64)


def sep_float32(x, w_dw, w_pw, stride=1, padding=0):
    parts = [a.astype(np.float32) for a in (x, w_dw, w_pw)]
    y = solutions.separable_conv2d(*parts, stride, padding)
    return y.astype(x.dtype)


def sep_changes_w(x, w_dw, w_pw, stride=1, padding=0):
    y = solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    w_dw *= 2
    return y


def sep_checks_nothing(x, w_dw, w_pw, stride=1, padding=0):
    try:
        return solutions.separable_conv2d(x, w_dw, w_pw, stride, padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def separable_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, own, mix = np.ones((1, 2, 3, 3)), np.ones((2, 2, 2, 2)), np.ones((3, 4))
        wrong = [Call((x[0], own, mix)), Call((x, own[0], mix)),
                 Call((x, own, mix[0])), Call((x, own[:1], mix[:, :2])),
                 Call((x, own, mix[:, :2])), Call((x, own, mix), {"stride": 0}),
                 Call((x, np.ones((2, 2, 4, 2)), mix))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    N, C, M = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    kh, kw = small(draw, 1, 3), small(draw, 1, 3)
    H, W, O = small(draw, 1, 4), small(draw, 1, 5), small(draw, 1, 3)
    given = dict(stride=steps(draw, 1, 2), padding=steps(draw, 0, 1))
    ph, pw = both(given["padding"])
    assume(kh <= H + 2 * ph and kw <= W + 2 * pw)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    own = array(draw, C, M, kh, kw, dtype=dtype)
    mix = array(draw, O, C * M, dtype=dtype)
    kwargs = {a: v for a, v in given.items() if v != (0 if a == "padding" else 1)}
    return Call((x, own, mix), kwargs)


separable_conv2d = Exercise(
    solutions.separable_conv2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("plain", 2, "Both steps, with one and with several filters a channel."),
        Group("stride and padding", 1, "They belong to the depthwise step."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("plain", "two channels, one filter each, by hand", integers(1, 2, 2, 3),
             integers(2, 1, 2, 2), integers(3, 2), public=True,
             exempt="the first look: one filter a channel, as in most networks"),
        case("plain", "two channels, three filters each", integers(1, 2, 3, 4),
             integers(2, 3, 2, 3), integers(5, 6), public=True),
        case("plain", "a batch of different sizes", normal(2, 3, 7, 6),
             normal(3, 2, 3, 2), normal(4, 6)),
        case("plain", "many filters a channel", normal(3, 2, 5, 8),
             normal(2, 5, 2, 4), normal(3, 10)),
        case("plain", "1 x 1 filters", normal(2, 4, 3, 5), normal(4, 3, 1, 1),
             normal(7, 12)),
        case("plain", "filters as large as the image", normal(2, 3, 4, 5),
             normal(3, 2, 4, 5), normal(4, 6)),
        case("plain", "one channel out", normal(2, 3, 5, 4), normal(3, 2, 2, 3),
             normal(1, 6)),
        case("plain", "whole numbers", integers(2, 3, 4, 5), integers(3, 2, 3, 2),
             integers(5, 6)),
        case("plain", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 6, 7)), strided(normal(3, 2, 2, 3)),
             strided(normal(4, 6))),
        case("stride and padding", "stride 2", normal(1, 2, 7, 8), normal(2, 3, 3, 2),
             normal(4, 6), stride=2, public=True),
        case("stride and padding", "padding 1", normal(1, 2, 5, 6),
             normal(2, 3, 3, 2), normal(4, 6), padding=1, public=True),
        case("stride and padding", "different strides", normal(2, 3, 9, 8),
             normal(3, 2, 2, 3), normal(5, 6), stride=(3, 2)),
        case("stride and padding", "different paddings", normal(2, 3, 6, 5),
             normal(3, 2, 3, 2), normal(4, 6), padding=(0, 2)),
        case("stride and padding", "both different", normal(2, 3, 8, 7),
             normal(3, 2, 3, 4), normal(4, 6), stride=(2, 3), padding=(2, 1)),
        case("stride and padding", "pairs given as lists", normal(1, 2, 7, 6),
             normal(2, 3, 2, 3), normal(4, 6), stride=[2, 1], padding=[1, 2]),
        case("stride and padding", "filters that fit thanks to the padding",
             normal(1, 3, 2, 3), normal(3, 2, 4, 3), normal(4, 6), padding=(2, 1)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 5, dtype="float32"), normal(3, 2, 3, 2, dtype="float32"),
             normal(4, 6, dtype="float32")),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 6, 5, dtype="float32"), normal(3, 2, 3, 2), normal(4, 6),
             public=True),
        case("dtype and errors", "float32 images, float64 weights",
             normal(2, 3, 6, 5, dtype="float32"), normal(3, 2, 3, 2), normal(4, 6)),
        case("dtype and errors", "images of whole numbers of type int",
             integers(1, 2, 4, 5, dtype="int64"), integers(2, 3, 2, 3, dtype="int64"),
             integers(4, 6, dtype="int64"), any_dtype=True),
        case("dtype and errors", "a mix of another number of maps",
             normal(1, 3, 6, 5), normal(3, 2, 2, 3), normal(4, 3), public=True),
        case("dtype and errors", "filters for another number of channels",
             normal(1, 3, 6, 5), normal(2, 4, 2, 3), normal(5, 8)),
        case("dtype and errors", "filters for one channel", normal(1, 3, 6, 5),
             normal(1, 4, 2, 3), normal(5, 4)),
        case("dtype and errors", "x without a batch axis", normal(3, 6, 5),
             normal(3, 2, 2, 3), normal(4, 6)),
        case("dtype and errors", "w_dw with three axes", normal(1, 3, 6, 5),
             normal(3, 2, 3), normal(4, 6)),
        case("dtype and errors", "w_pw with four axes", normal(1, 3, 6, 5),
             normal(3, 2, 2, 3), normal(4, 6, 1, 1)),
        case("dtype and errors", "stride 0", normal(1, 3, 6, 5), normal(3, 2, 2, 3),
             normal(4, 6), stride=0),
        case("dtype and errors", "padding -1", normal(1, 3, 6, 5),
             normal(3, 2, 2, 3), normal(4, 6), padding=-1),
        case("dtype and errors", "filters that are too high", normal(1, 3, 6, 5),
             normal(3, 2, 9, 3), normal(4, 6), padding=(1, 3)),
        case("dtype and errors", "filters that are too wide", normal(1, 3, 6, 5),
             normal(3, 2, 2, 8), normal(4, 6), padding=(4, 1)),
    ],
    explain=calls(separable_calls),
    oracle=torch_separable,
    equivalents={
        "line 30: mix = w_pw.reshape(-1, C, M) => mix = w_pw.reshape(-2, C, M)":
        "NumPy takes any negative size for the one it has to find",
    },
    alternatives=[separable_loops, separable_through_dense, separable_by_taps],
    mistakes=[
        Mistake("the stride is ignored", sep_of(
            lambda x, own, mix, s, p: (x, own, mix, 1, p))),
        Mistake("the vertical and the horizontal stride are exchanged", sep_of(
            lambda x, own, mix, s, p: (x, own, mix, both(s)[::-1], p))),
        Mistake("the stride is applied again in the pointwise step",
                sep_strides_twice),
        Mistake("the padding is ignored", lambda x, own, mix, stride=1, padding=0:
                solutions.separable_conv2d(x, own, mix, stride)),
        Mistake("the vertical and the horizontal padding are exchanged",
                lambda x, own, mix, stride=1, padding=0: solutions.separable_conv2d(
                    x, own, mix, stride, both(padding)[::-1])),
        Mistake("the padding is applied again in the pointwise step", sep_pads_twice),
        Mistake("the columns of w_pw are read by filter, then channel "
                "(m * C + c instead of c * M + m)", sep_of(sep_filter_first)),
        Mistake("an activation stands between the two steps", sep_relu),
        Mistake("the pointwise step is missing", sep_depthwise_only),
        Mistake("only the first filter of each channel is used",
                sep_of(sep_first_filter)),
        Mistake("the filters of a channel are added up, and so are their weights",
                sep_of(sep_sums_filters)),
        Mistake("the filters are flipped", sep_of(
            lambda x, own, mix, s, p: (x, own[:, :, ::-1, ::-1], mix, s, p))),
        Mistake("the result is float64 whatever came in", sep_float64),
        Mistake("the sums are computed in float32", sep_float32),
        Mistake("the filters are changed in place", sep_changes_w),
        Mistake("bad arguments raise nothing", sep_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- merge_separable -------------------------------------------------------


def merge_by_probing(w_dw, w_pw):
    """What both steps answer to a single pixel in each channel."""
    solutions.merge_separable(w_dw, w_pw)
    C, M, kh, kw = w_dw.shape
    pixel = np.zeros((C, C, 2 * kh - 1, 2 * kw - 1))
    pixel[np.arange(C), np.arange(C), kh - 1, kw - 1] = 1
    y = torch_separable(pixel, w_dw, w_pw)  # (C, O, kh, kw), turned
    return y[:, :, ::-1, ::-1].swapaxes(0, 1).astype(w_dw.dtype)


def merge_loops(w_dw, w_pw):
    solutions.merge_separable(w_dw, w_pw)
    C, M, kh, kw = w_dw.shape
    w = np.zeros((len(w_pw), C, kh, kw), w_dw.dtype)
    for o, c, m in np.ndindex(len(w_pw), C, M):
        w[o, c] += w_pw[o, c * M + m] * w_dw[c, m]
    return w


def merge_by_matmul(w_dw, w_pw):
    """A matrix product for each channel."""
    solutions.merge_separable(w_dw, w_pw)
    C, M, kh, kw = w_dw.shape
    mix = w_pw.reshape(-1, C, M).swapaxes(0, 1)  # (C, O, M)
    w = mix @ w_dw.reshape(C, M, kh * kw)
    return w.swapaxes(0, 1).reshape(-1, C, kh, kw).astype(w_dw.dtype)


def merge_through_blocks(w_dw, w_pw):
    """The mixing matrix times the depthwise step as a block-diagonal matrix."""
    solutions.merge_separable(w_dw, w_pw)
    C, M, kh, kw = w_dw.shape
    blocks = np.zeros((C * M, C, kh, kw), np.result_type(w_dw, w_pw))
    for k in range(C * M):
        blocks[k, k // M] = w_dw[k // M, k % M]
    return np.tensordot(w_pw, blocks, 1).astype(w_dw.dtype)


def merge_of(change):
    """A mistake in the arguments; the errors are right."""

    def merge_separable(w_dw, w_pw):
        solutions.merge_separable(w_dw, w_pw)
        return solutions.merge_separable(*change(w_dw, w_pw))

    return merge_separable


def after_merge(change):
    """A mistake in the result; the errors are right."""

    def merge_separable(w_dw, w_pw):
        return change(solutions.merge_separable(w_dw, w_pw), w_dw, w_pw)

    return merge_separable


def merge_first_filter(w_dw, w_pw):
    first = w_pw.reshape(-1, *w_dw.shape[:2])[:, :, 0]
    return w_dw[:, :1], first


def merge_sums_filters(w_dw, w_pw):
    mix = w_pw.reshape(-1, *w_dw.shape[:2]).sum(axis=2)
    return w_dw.sum(axis=1, keepdims=True), mix


def merge_keeps_filters(w, w_dw, w_pw):
    C, M, kh, kw = w_dw.shape
    parts = w_pw.reshape(-1, C, M, 1, 1) * w_dw
    return parts.reshape(-1, C * M, kh, kw).astype(w_dw.dtype)


def merge_sums_channels(w, w_dw, w_pw):
    return np.broadcast_to(w.sum(axis=1, keepdims=True), w.shape).copy()


def merge_checks_nothing(w_dw, w_pw):
    try:
        return solutions.merge_separable(w_dw, w_pw)
    except ValueError:
        return np.zeros((1, 1, 1, 1), w_dw.dtype)


def merge_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        own, mix = np.ones((2, 2, 1, 2)), np.ones((3, 4))
        wrong = [Call((own[0], mix)), Call((own, mix[0])), Call((own, mix[:, :2])),
                 Call((own, mix[:, :1]))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    C, M, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3)
    kh, kw = small(draw, 1, 2), small(draw, 1, 3)
    dtype = dtypes(draw)
    own = array(draw, C, M, kh, kw, dtype=dtype)
    return Call((own, array(draw, O, C * M, dtype=dtype)))


merge_separable = Exercise(
    solutions.merge_separable,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("kernels", 2, "One dense kernel for each output and input channel."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("kernels", "two channels, one 1 x 2 filter each, by hand",
             integers(2, 1, 1, 2), integers(3, 2), public=True,
             exempt="the first look: one filter a channel"),
        case("kernels", "two channels, three filters each", integers(2, 3, 2, 1),
             integers(4, 6), public=True),
        case("kernels", "all sizes different", normal(3, 2, 4, 5), normal(7, 6)),
        case("kernels", "many filters a channel", normal(2, 5, 3, 4), normal(3, 10)),
        case("kernels", "many channels", normal(7, 3, 2, 1), normal(4, 21)),
        case("kernels", "one channel out", normal(3, 2, 2, 3), normal(1, 6)),
        case("kernels", "whole numbers", integers(3, 2, 3, 2), integers(5, 6)),
        case("kernels", "arrays whose memory is not contiguous",
             strided(normal(4, 3, 2, 5)), strided(normal(5, 12))),
        case("dtype and errors", "float32 stays float32",
             normal(3, 2, 4, 5, dtype="float32"), normal(7, 6, dtype="float32")),
        case("dtype and errors", "the dtype of float32 kernels",
             normal(3, 2, 4, 5, dtype="float32"), normal(7, 6),
             public=True),
        case("dtype and errors", "float32 filters, a float64 mix",
             normal(3, 2, 4, 5, dtype="float32"), normal(7, 6)),
        case("dtype and errors", "a mix of another number of maps",
             normal(3, 2, 4, 5), normal(7, 3), public=True),
        case("dtype and errors", "a mix of one map", normal(3, 2, 4, 5), normal(7, 1)),
        case("dtype and errors", "a mix of twice as many maps", normal(3, 2, 4, 5),
             normal(7, 12)),
        case("dtype and errors", "w_dw with three axes", normal(3, 4, 5),
             normal(7, 12)),
        case("dtype and errors", "w_pw with four axes", normal(3, 2, 4, 5),
             normal(7, 6, 1, 1)),
    ],
    explain=calls(merge_calls),
    oracle=merge_by_probing,
    equivalents={
        "line 14: mix = w_pw.reshape(-1, C, M) => mix = w_pw.reshape(-2, C, M)":
        "NumPy takes any negative size for the one it has to find",
    },
    alternatives=[merge_loops, merge_by_matmul, merge_through_blocks],
    mistakes=[
        Mistake("the columns of w_pw are read by filter, then channel "
                "(m * C + c instead of c * M + m)", merge_of(
                    lambda own, mix: (own, filter_first(own, mix)))),
        Mistake("only the first filter of each channel is used",
                merge_of(merge_first_filter)),
        Mistake("the filters of a channel are added up, and so are their weights",
                merge_of(merge_sums_filters)),
        Mistake("the filters of a channel are weighted, but not added up",
                after_merge(merge_keeps_filters)),
        Mistake("the kernels are added up over the input channels",
                after_merge(merge_sums_channels)),
        Mistake("input and output channels are exchanged",
                after_merge(lambda w, own, mix: w.swapaxes(0, 1))),
        Mistake("the kernels are flipped",
                after_merge(lambda w, own, mix: w[:, :, ::-1, ::-1])),
        Mistake("height and width of the kernels are exchanged",
                after_merge(lambda w, own, mix: w.swapaxes(2, 3))),
        Mistake("the kernels are left flat, as (O, C, kh * kw)",
                after_merge(lambda w, own, mix: w.reshape(*w.shape[:2], -1))),
        Mistake("the result is float64 whatever came in",
                after_merge(lambda w, own, mix: w.astype(np.float64))),
        Mistake("bad arguments raise nothing", merge_checks_nothing),
    ],
)  # fmt: skip

# ---- separable_svd ---------------------------------------------------------


def svd_by_eigenvectors(w, rank):
    """Projects on the strongest eigenvectors of each channel's taps."""
    solutions.separable_svd(w, rank)
    O, C, kh, kw = w.shape
    flat = w.reshape(O, C, -1).swapaxes(0, 1).astype(np.float64)
    _, axes = np.linalg.eigh(flat.swapaxes(1, 2) @ flat)  # ascending
    own = axes[:, :, ::-1][:, :, :rank]  # (C, kh * kw, rank)
    mix = flat @ own  # (C, O, rank)
    own = own.swapaxes(1, 2).reshape(C, rank, kh, kw)
    mix = mix.swapaxes(0, 1).reshape(O, C * rank)
    return own.astype(w.dtype), mix.astype(w.dtype)


def svd_by_torch(w, rank):
    """Channel by channel, the singular values in the filters, signs turned."""
    solutions.separable_svd(w, rank)
    O, C, kh, kw = w.shape
    own, mix = [], []
    for c in range(C):
        u, s, vh = torch.linalg.svd(torch.tensor(w[:, c].reshape(O, -1)))
        own.append(-(s[:rank, None] * vh[:rank]).numpy())
        mix.append(-u[:, :rank].numpy())
    return np.stack(own).reshape(C, rank, kh, kw), np.concatenate(mix, axis=1)


def svd_shared_evenly(w, rank):
    """The root of each singular value on both sides, weakest filter first."""
    solutions.separable_svd(w, rank)
    O, C, kh, kw = w.shape
    own = np.zeros((C, rank, kh, kw), w.dtype)
    mix = np.zeros((O, C * rank), w.dtype)
    for c in range(C):
        u, s, vt = np.linalg.svd(w[:, c].reshape(O, kh * kw), full_matrices=False)
        for m in range(rank):
            k, root = rank - 1 - m, np.sqrt(s[rank - 1 - m])
            own[c, m] = (root * vt[k]).reshape(kh, kw)
            mix[:, c * rank + m] = root * u[:, k]
    return own, mix


def svd_mixed_basis(w, rank):
    """The best factors in another basis: products stay, factors change."""
    own, mix = svd_by_eigenvectors(w, rank)
    O, C, kh, kw = w.shape
    turn = np.triu(np.ones((rank, rank))) + np.eye(rank)
    own = np.einsum("mk,ckij->cmij", turn, own)
    mix = np.einsum("ock,km->ocm", mix.reshape(O, C, rank), np.linalg.inv(turn))
    return own.astype(w.dtype), mix.reshape(O, C * rank).astype(w.dtype)


def svd_of(change):
    """A mistake in the two factors; the errors are right."""

    def separable_svd(w, rank):
        return change(*solutions.separable_svd(w, rank), w, rank)

    return separable_svd


def svd_no_values(own, mix, w, rank):
    """Forgets the singular values."""
    lengths = np.sqrt((mix**2).sum(axis=0))
    return own, (mix / np.where(lengths > 0, lengths, 1)).astype(w.dtype)


def svd_values_twice(own, mix, w, rank):
    return own, (mix * np.sqrt((mix**2).sum(axis=0))).astype(w.dtype)


def svd_weakest(own, mix, w, rank):
    """Keeps the smallest singular values instead of the largest."""
    O, C, kh, kw = w.shape
    own, mix = solutions.separable_svd(w, min(O, kh * kw))
    kept = own[:, -rank:]
    return kept, mix.reshape(O, C, -1)[:, :, -rank:].reshape(O, -1)


def svd_v_not_transposed(own, mix, w, rank):
    """Takes columns of what np.linalg.svd returns as vt for the filters."""
    O, C, kh, kw = w.shape
    flat = w.reshape(O, C, kh * kw).swapaxes(0, 1)
    vt = np.linalg.svd(flat)[2]  # (C, kh * kw, kh * kw)
    return vt[:, :, :rank].swapaxes(1, 2).reshape(own.shape), mix


def svd_all_channels(own, mix, w, rank):
    """One set of filters for all channels, from the matrix (O * C, kh * kw)."""
    O, C, kh, kw = w.shape
    u, s, vt = np.linalg.svd(w.reshape(O * C, kh * kw), full_matrices=False)
    own = np.broadcast_to(vt[:rank].reshape(1, -1, kh, kw), (C, len(vt[:rank]), kh, kw))
    return own.copy(), (u[:, :rank] * s[:rank]).reshape(O, -1)


def svd_reshapes_channels(own, mix, w, rank):
    """Reads w as (C, O, kh, kw) without moving its axes."""
    O, C, kh, kw = w.shape
    return solutions.separable_svd(w.reshape(C, O, kh, kw).swapaxes(0, 1), rank)


def svd_rank_one(own, mix, w, rank):
    """One filter, however many are asked for; the rest stays zero."""
    own, mix = own.copy(), mix.reshape(len(w), -1, rank).copy()
    own[:, 1:], mix[:, :, 1:] = 0, 0
    return own, mix.reshape(len(w), -1)


def svd_mix_by_filter(own, mix, w, rank):
    O, C = w.shape[:2]
    return own, mix.reshape(O, C, rank).swapaxes(1, 2).reshape(O, C * rank)


def svd_transposed_taps(own, mix, w, rank):
    """Flattens the taps column by column, and back row by row."""
    C, _, kh, kw = own.shape
    return own.swapaxes(2, 3).reshape(C, rank, kh, kw), mix


def svd_cuts(own, mix, w, rank):
    """Takes the first kernels for the filters, fits the mix by least squares."""
    O, C, kh, kw = w.shape
    own = w[:rank].swapaxes(0, 1)  # (C, rank, kh, kw)
    flat = own.reshape(C, rank, kh * kw)
    mix = [w[:, c].reshape(O, -1) @ np.linalg.pinv(flat[c]) for c in range(C)]
    return own, np.stack(mix, axis=1).reshape(O, C * rank).astype(w.dtype)


def svd_merged(own, mix, w, rank):
    """Returns the approximation itself."""
    return solutions.merge_separable(own, mix)


def svd_changes_w(w, rank):
    factors = solutions.separable_svd(w, rank)
    w -= solutions.merge_separable(*factors)
    return factors


def svd_checks_nothing(w, rank):
    try:
        return solutions.separable_svd(w, rank)
    except ValueError:
        return np.zeros((1, 1, 1, 1), w.dtype), np.zeros((1, 1), w.dtype)


def svd_calls(draw):
    """Small kernels whose best approximation is unique."""
    if draw(st.sampled_from([False, False, False, True])):
        w = np.arange(12.0).reshape(3, 1, 2, 2)
        wrong = [Call((w, 0)), Call((w, 4)), Call((w[:, :, :1], 3)), Call((w[0], 1))]
        return Call(*draw(st.sampled_from([(c.args, {}) for c in wrong])), MERGED)
    O, C = small(draw, 1, 3), small(draw, 1, 2)
    kh, kw = small(draw, 1, 2), small(draw, 1, 3)
    rank = small(draw, 1, min(O, kh * kw))
    w = array(draw, O, C, kh, kw, dtype=dtypes(draw))
    s = np.linalg.svd(w.reshape(O, C, -1).swapaxes(0, 1), compute_uv=False)
    s = np.pad(s.astype(float), ((0, 0), (0, 1)))  # (C, min(O, kh * kw) + 1)
    kept, cut = s[:, rank - 1], s[:, rank]
    # Where they are equal either may be kept; where both vanish, neither counts.
    assume(np.all((cut < 0.9 * kept) | (kept < 1e-5 * s.max())))
    return Call((w, rank), {}, MERGED)


MERGED = "merged separable"

separable_svd = Exercise(
    solutions.separable_svd,
    minutes=30,
    difficulty="challenge",
    groups=[
        Group("one filter", 1, "Rank 1: the best single filter for each channel."),
        Group("more filters", 2, "Any rank, up to the one at which nothing is lost."),
        Group("dtype and errors", 1, "float32; ranks that are too small or large."),
    ],
    cases=[
        case("one filter", "three 1 x 2 kernels on one channel, by hand",
             integers(3, 1, 1, 2), 1, caller=MERGED, public=True),
        case("one filter", "two channels", normal(4, 2, 2, 3), 1, caller=MERGED,
             public=True),
        case("one filter", "many kernels", normal(9, 3, 3, 2), 1, caller=MERGED),
        case("one filter", "a single kernel", normal(1, 3, 2, 3), 1, caller=MERGED),
        case("one filter", "1 x 1 kernels", normal(5, 3, 1, 1), 1, caller=MERGED),
        case("more filters", "rank 2", integers(5, 2, 2, 3), 2, caller=MERGED,
             public=True),
        case("more filters", "all sizes different, rank 3", normal(7, 2, 4, 5), 3,
             caller=MERGED),
        case("more filters", "more taps than kernels, every rank kept",
             normal(4, 3, 2, 5), 4, caller=MERGED),
        case("more filters", "more kernels than taps, every rank kept",
             normal(8, 3, 2, 3), 6, caller=MERGED),
        case("more filters", "one rank short of all", normal(6, 2, 3, 4), 5,
             caller=MERGED),
        case("more filters", "kernels whose memory is not contiguous",
             strided(normal(5, 3, 2, 4)), 2, caller=MERGED),
        case("more filters", "kernels that are zero", np.zeros((4, 2, 2, 3)), 2,
             caller=MERGED, exempt="nothing to approximate: the result must be zero"),
        case("more filters", "channels of very different size",
             np.random.default_rng(1).standard_normal((5, 3, 2, 4))
             * np.array([1e-3, 1.0, 30.0])[:, None, None], 2, caller=MERGED),
        case("dtype and errors", "float32 stays float32",
             normal(5, 3, 2, 4, dtype="float32"), 2, caller=MERGED),
        case("dtype and errors", "rank 0", normal(5, 3, 2, 4), 0, caller=MERGED,
             public=True),
        case("dtype and errors", "a rank below 0", normal(5, 3, 2, 4), -1,
             caller=MERGED),
        case("dtype and errors", "a rank above the number of kernels",
             normal(5, 3, 2, 4), 6, caller=MERGED),
        case("dtype and errors", "a rank above the number of taps",
             normal(9, 3, 2, 3), 7, caller=MERGED),
        case("dtype and errors", "w with three axes", normal(5, 3, 4), 2,
             caller=MERGED),
    ],
    explain=calls(svd_calls),
    oracle=svd_by_eigenvectors,
    equivalents={
        "line 20: flat = w.reshape(O, C, kh * kw).swapaxes(0, 1) => "
        "flat = w.reshape(O, C, kh * kw).swapaxes(1, 0)":
        "exchanging two axes does not depend on which is named first",
        "line 21: u, s, vt = np.linalg.svd(flat, full_matrices=False) => "
        "u, s, vt = np.linalg.svd(flat, full_matrices=True)":
        "the further columns and rows are cut off with those above the rank",
        "line 21: u, s, vt = np.linalg.svd(flat, full_matrices=False) => "
        "u, s, vt = np.linalg.svd(flat)":
        "the further columns and rows are cut off with those above the rank",
        "line 24: return (w_dw, mix.swapaxes(0, 1).reshape(O, C * rank)) => "
        "return (w_dw, mix.swapaxes(1, 0).reshape(O, C * rank))":
        "exchanging two axes does not depend on which is named first",
    },
    alternatives=[svd_by_eigenvectors, svd_by_torch, svd_shared_evenly,
                  svd_mixed_basis],
    mistakes=[
        Mistake("the singular values are left out", svd_of(svd_no_values)),
        Mistake("the singular values are used on both sides",
                svd_of(svd_values_twice)),
        Mistake("the smallest singular values are kept", svd_of(svd_weakest)),
        Mistake("the columns of vt are taken for the filters instead of its rows",
                svd_of(svd_v_not_transposed)),
        Mistake("all channels share one set of filters", svd_of(svd_all_channels)),
        Mistake("w is reshaped to (C, O, …) without moving its axes",
                svd_of(svd_reshapes_channels)),
        Mistake("only one filter is kept, whatever the rank", svd_of(svd_rank_one)),
        Mistake("the columns of w_pw are ordered by filter, then channel "
                "(m * C + c instead of c * M + m)", svd_of(svd_mix_by_filter)),
        Mistake("the taps are flattened in another order than they are put back",
                svd_of(svd_transposed_taps)),
        Mistake("the first kernels are taken for the filters instead of the best",
                svd_of(svd_cuts)),
        Mistake("the approximation is returned instead of its two factors",
                svd_of(svd_merged)),
        Mistake("the two factors are exchanged",
                svd_of(lambda own, mix, w, rank: (mix, own))),
        Mistake("the filters are left flat, as (C, rank, kh * kw)",
                svd_of(lambda own, mix, w, rank: (own.reshape(len(own), rank, -1),
                                                  mix))),
        Mistake("the mix keeps three axes, as (O, C, rank)",
                svd_of(lambda own, mix, w, rank: (own, mix.reshape(len(w), -1, rank)))),
        Mistake("the factors are float64 whatever came in",
                svd_of(lambda own, mix, w, rank: (own.astype(np.float64),
                                                  mix.astype(np.float64)))),
        Mistake("w is changed in place", svd_changes_w),
        Mistake("bad arguments raise nothing", svd_checks_nothing),
    ],
)  # fmt: skip

# ---- SeparableConv2d -------------------------------------------------------


class Checked(nn.Module):
    """The checks that the stub gives."""

    def __init__(self, c_in, c_out):
        super().__init__()
        if min(c_in, c_out) < 1:
            raise ValueError("at least one channel was expected")


class SeparableWithInit(Checked):
    """The same layers, made by position and drawn another way."""

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
        super().__init__(c_in, c_out)
        self.pointwise = nn.Conv2d(c_in, c_out, 1, bias=False)
        self.depthwise = nn.Conv2d(c_in, c_in, kernel_size, stride, padding, 1, c_in,
                                   False)  # fmt: skip
        for layer in (self.depthwise, self.pointwise):
            nn.init.kaiming_uniform_(layer.weight)

    def forward(self, x):
        x = self.depthwise(x)
        return self.pointwise(x)


class SeparableFunctional(Checked):
    """Holds the layers, and calls the functions itself."""

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
        super().__init__(c_in, c_out)
        self.how = {"stride": stride, "padding": padding, "groups": c_in}
        self.depthwise = nn.Conv2d(c_in, c_in, kernel_size, groups=c_in, bias=False)
        self.pointwise = nn.Conv2d(c_in, c_out, 1, bias=False)

    def forward(self, x):
        maps = F.conv2d(x, self.depthwise.weight, **self.how)
        return torch.einsum("nchw,oc->nohw", maps, self.pointwise.weight[:, :, 0, 0])


class SeparableMerged(Checked):
    """Merges both weights on the way, and runs one dense convolution."""

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
        super().__init__(c_in, c_out)
        self.depthwise = nn.Conv2d(c_in, c_in, kernel_size, stride, padding,
                                   groups=c_in, bias=False)  # fmt: skip
        self.pointwise = nn.Conv2d(c_in, c_out, 1, bias=False)

    def forward(self, x):
        own = self.depthwise
        merged = self.pointwise.weight * own.weight.swapaxes(0, 1)
        return F.conv2d(x, merged, None, own.stride, own.padding)


class SeparableStridesLate(Checked):
    """The stride on the pointwise layer: wasteful, and the same numbers."""

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
        super().__init__(c_in, c_out)
        self.depthwise = nn.Conv2d(c_in, c_in, kernel_size, 1, padding,
                                   groups=c_in, bias=False)  # fmt: skip
        self.pointwise = nn.Conv2d(c_in, c_out, 1, stride, bias=False)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


def layer(make=None, forward=None, check=True):
    """A wrong layer: `make` changes what the right one has built."""

    class SeparableConv2d(nn.Module):
        def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
            super().__init__()
            if check and min(c_in, c_out) < 1:
                raise ValueError("at least one channel was expected")
            c_in, c_out = max(c_in, 1), max(c_out, 1)
            self.depthwise = nn.Conv2d(c_in, c_in, kernel_size, stride, padding,
                                       groups=c_in, bias=False)  # fmt: skip
            self.pointwise = nn.Conv2d(c_in, c_out, 1, bias=False)
            if make:
                make(self, c_in, c_out, kernel_size, stride, padding)

        def forward(self, x):
            if forward:
                return forward(self, x)
            return self.pointwise(self.depthwise(x))

    return SeparableConv2d


def dense_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, s, p, bias=False)


def biased_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, s, p, groups=i)
    self.pointwise = nn.Conv2d(i, o, 1)


def no_stride_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, 1, p, groups=i, bias=False)


def no_padding_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, s, 0, groups=i, bias=False)


def padding_late_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, s, 0, groups=i, bias=False)
    self.pointwise = nn.Conv2d(i, o, 1, 1, p, bias=False)


def pointwise_first_layer(self, i, o, k, s, p):
    self.pointwise = nn.Conv2d(i, o, 1, bias=False)
    self.depthwise = nn.Conv2d(o, o, k, s, p, groups=o, bias=False)


def wide_layer(self, i, o, k, s, p):
    self.pointwise = nn.Conv2d(i, o, k, padding="same", bias=False)


def renamed_layer(self, i, o, k, s, p):
    self.conv, self.mix = self.depthwise, self.pointwise
    del self.depthwise, self.pointwise


def replicate_layer(self, i, o, k, s, p):
    self.depthwise = nn.Conv2d(i, i, k, s, p, groups=i, bias=False,
                               padding_mode="replicate")  # fmt: skip


def extra_layer(self, i, o, k, s, p):
    self.unused = nn.Parameter(torch.zeros(o))


def layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        wrong = draw(
            st.sampled_from([{"c_in": 0, "c_out": 1}, {"c_in": 1, "c_out": 0}])
        )
        return Call(({**wrong, "kernel_size": 1}, None, [], None), {}, "module")
    x, own, kwargs = layer_parts(draw)
    C, _, kh, kw = own.shape
    O = small(draw, 1, 3)
    mix = array(draw, O, C, 1, 1, dtype=x.dtype.name)
    init = {"c_in": C, "c_out": O, "kernel_size": (kh, kw), **kwargs}
    weights = {"depthwise.weight": own, "pointwise.weight": mix}
    y = solutions.separable_conv2d(x, own, mix[:, :, 0, 0], **kwargs)
    dy = array(draw, *y.shape, dtype=x.dtype.name)
    train = {"train": True} if draw(st.booleans()) else {}
    return Call((init, weights, [x], dy), train, "module")


def layer_parts(draw):
    """A small image, filters of their own for its channels, and the options."""
    N, C = small(draw, 1, 2), small(draw, 1, 2)
    kh, kw = small(draw, 1, 3), small(draw, 1, 3)
    H, W = small(draw, 1, 4), small(draw, 1, 5)
    given = dict(stride=steps(draw, 1, 2), padding=steps(draw, 0, 1))
    ph, pw = both(given["padding"])
    assume(kh <= H + 2 * ph and kw <= W + 2 * pw)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    own = array(draw, C, 1, kh, kw, dtype=dtype)
    kwargs = {a: v for a, v in given.items() if v != (0 if a == "padding" else 1)}
    return x, own, kwargs


def layer_case(group, label, init, sizes, kernel, x, dy, dtype="float64", **options):
    """A case with drawn weights, inputs and gradient; sizes: (c_in, c_out)."""
    c_in, c_out = sizes
    weights = {
        "depthwise.weight": normal(c_in, 1, *kernel, dtype=dtype),
        "pointwise.weight": normal(c_out, c_in, 1, 1, dtype=dtype),
    }
    init = {"c_in": c_in, "c_out": c_out, "kernel_size": kernel, **init}
    inputs, dy = [normal(*x, dtype=dtype)], normal(*dy, dtype=dtype)
    return case(group, label, init, weights, inputs, dy, caller="module", **options)


SeparableConv2d = Exercise(
    solutions.SeparableConv2d,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("stride, padding and errors", 1,
              "They belong to the depthwise layer; float32; channels below 1."),
    ],
    cases=[
        layer_case("forward and gradients", "three channels to five, 3 x 2 filters",
                   {}, (3, 5), (3, 2), (2, 3, 5, 6), (2, 5, 3, 5), public=True),
        layer_case("forward and gradients", "fewer channels out, in train mode", {},
                   (4, 2), (2, 3), (3, 4, 6, 5), (3, 2, 5, 3), train=True),
        layer_case("forward and gradients", "1 x 1 filters", {}, (3, 4), (1, 1),
                   (2, 3, 5, 6), (2, 4, 5, 6)),
        case("forward and gradients", "an int as kernel size",
             {"c_in": 2, "c_out": 3, "kernel_size": 3},
             {"depthwise.weight": normal(2, 1, 3, 3),
              "pointwise.weight": normal(3, 2, 1, 1)},
             [normal(2, 2, 5, 4)], normal(2, 3, 3, 2), caller="module"),
        layer_case("stride, padding and errors", "stride 2 and padding 1",
                   {"stride": 2, "padding": 1}, (3, 4), (2, 3), (2, 3, 7, 6),
                   (2, 4, 4, 3), public=True),
        layer_case("stride, padding and errors", "different strides and paddings",
                   {"stride": (3, 1), "padding": (0, 2)}, (3, 5), (2, 4),
                   (2, 3, 8, 5), (2, 5, 3, 6)),
        layer_case("stride, padding and errors", "float32 stays float32",
                   {"stride": (1, 2), "padding": (1, 0)}, (2, 3), (3, 1),
                   (2, 2, 4, 5), (2, 3, 4, 3), dtype="float32"),
        case("stride, padding and errors", "no channels in",
             {"c_in": 0, "c_out": 2, "kernel_size": 3}, None, [], None,
             caller="module"),
        case("stride, padding and errors", "no channels out",
             {"c_in": 2, "c_out": 0, "kernel_size": 3}, None, [], None,
             caller="module"),
    ],
    explain=calls(layer_calls),
    oracle=SeparableMerged,
    alternatives=[SeparableWithInit, SeparableFunctional, SeparableMerged,
                  SeparableStridesLate],
    mistakes=[
        Mistake("groups is not given, so that the first layer mixes channels",
                layer(dense_layer)),
        Mistake("the layers have biases", layer(biased_layer)),
        Mistake("the stride is not passed on", layer(no_stride_layer)),
        Mistake("the padding is not passed on", layer(no_padding_layer)),
        Mistake("the pointwise layer gets the padding", layer(padding_late_layer)),
        Mistake("the pointwise layer comes first", layer(
            pointwise_first_layer, lambda self, x: self.depthwise(self.pointwise(x)))),
        Mistake("the pointwise layer has kernels larger than 1 x 1",
                layer(wide_layer)),
        Mistake("an activation stands between the two layers", layer(
            None, lambda self, x: self.pointwise(torch.relu(self.depthwise(x))))),
        Mistake("the attributes are not called depthwise and pointwise", layer(
            renamed_layer, lambda self, x: self.mix(self.conv(x)))),
        Mistake("the image is padded with its edge pixels instead of zeros",
                layer(replicate_layer)),
        Mistake("there is a parameter that does nothing", layer(extra_layer)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)", layer(
            None, lambda self, x: self.pointwise(self.depthwise(x).detach()))),
        Mistake("a number of channels below 1 raises nothing", layer(check=False)),
    ],
)  # fmt: skip
