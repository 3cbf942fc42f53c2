"""How the exercises of the chapter `depthwise` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import nn

from autograder.checks.draws import array, both, calls, dtypes, size, small, steps
from autograder.checks.forbidden_ops import SCIPY_CONV, TORCH_GROUPED_CONV
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
from solutions import depthwise as solutions

# ---- depthwise_conv2d ------------------------------------------------------


def torch_depthwise(x, w, stride=1, padding=0):
    solutions.depthwise_conv2d(x, w, stride, padding)  # its errors
    C, M, kh, kw = w.shape
    tensor = torch.tensor(x, dtype=torch.float64)
    kernels = torch.tensor(w, dtype=torch.float64).reshape(C * M, 1, kh, kw)
    y = F.conv2d(tensor, kernels, None, both(stride), both(padding), groups=C)
    return y.numpy().astype(x.dtype)


def depthwise_loops(x, w, stride=1, padding=0):
    y = np.zeros_like(solutions.depthwise_conv2d(x, w, stride, padding))
    (sh, sw), (ph, pw) = both(stride), both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    C, M, kh, kw = w.shape
    for n, o, i, j in np.ndindex(*y.shape):
        c, m = divmod(o, M)
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        y[n, o, i, j] = (window * w[c, m]).sum()
    return y


def depthwise_through_dense(x, w, stride=1, padding=0):
    """As an ordinary convolution with a block-diagonal weight."""
    solutions.depthwise_conv2d(x, w, stride, padding)
    C, M, kh, kw = w.shape
    dense = np.zeros((C * M, C, kh, kw))
    for c in range(C):
        dense[c * M : (c + 1) * M, c] = w[c]
    y = F.conv2d(torch.tensor(x, dtype=torch.float64), torch.tensor(dense), None,
                 both(stride), both(padding))  # fmt: skip
    return y.numpy().astype(x.dtype)


def depthwise_by_taps(x, w, stride=1, padding=0):
    """One pass a tap over shifted images."""
    shape = solutions.depthwise_conv2d(x, w, stride, padding).shape
    (sh, sw), (ph, pw) = both(stride), both(padding)
    C, M, kh, kw = w.shape
    h, v = shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = np.zeros((len(x), C, M, h, v), x.dtype)
    for i in range(kh):
        for j in range(kw):
            seen = padded[:, :, i::sh, j::sw][:, :, :h, :v]
            y += seen[:, :, None] * w[None, :, :, i, j, None, None]
    return y.reshape(shape)


def depthwise_per_channel(x, w, stride=1, padding=0):
    """A one-channel convolution for each channel, stacked."""
    solutions.depthwise_conv2d(x, w, stride, padding)
    image = torch.tensor(x, dtype=torch.float64)
    kernels = torch.tensor(w, dtype=torch.float64)
    maps = [
        F.conv2d(image[:, c : c + 1], kernels[c][:, None], None, both(stride),
                 both(padding))
        for c in range(len(w))
    ]  # fmt: skip
    return torch.cat(maps, dim=1).numpy().astype(x.dtype)


def dw_ignores_stride(x, w, stride=1, padding=0):
    solutions.depthwise_conv2d(x, w, stride, padding)
    return solutions.depthwise_conv2d(x, w, 1, padding)


def dw_swaps_stride(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w, both(stride)[::-1], padding)


def dw_ignores_padding(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w, stride, 0)


def dw_swaps_padding(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w, stride, both(padding)[::-1])


def dw_mixes_channels(x, w, stride=1, padding=0):
    y = solutions.depthwise_conv2d(x, w, stride, padding)
    N, CM, h, v = y.shape
    C, M = w.shape[:2]
    summed = y.reshape(N, C, M, h, v).sum(axis=1, keepdims=True)
    return np.broadcast_to(summed, (N, C, M, h, v)).reshape(y.shape)


def dw_sums_channels(x, w, stride=1, padding=0):
    y = solutions.depthwise_conv2d(x, w, stride, padding)
    return y.reshape(len(x), *w.shape[:2], *y.shape[2:]).sum(axis=1)


def dw_filter_first(x, w, stride=1, padding=0):
    y = solutions.depthwise_conv2d(x, w, stride, padding)
    C, M = w.shape[:2]
    split = y.reshape(len(x), C, M, *y.shape[2:])
    return split.swapaxes(1, 2).reshape(y.shape)


def dw_first_filter(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w[:, :1], stride, padding)


def dw_sums_filters(x, w, stride=1, padding=0):
    w = w.sum(axis=1, keepdims=True)
    return solutions.depthwise_conv2d(x, w, stride, padding)


def dw_same_filters(x, w, stride=1, padding=0):
    solutions.depthwise_conv2d(x, w, stride, padding)
    w = np.broadcast_to(w[:1], w.shape)
    return solutions.depthwise_conv2d(x, w, stride, padding)


def dw_flips(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w[:, :, ::-1, ::-1], stride, padding)


def dw_float64(x, w, stride=1, padding=0):
    return solutions.depthwise_conv2d(x, w, stride, padding).astype(np.float64)


def dw_float32(x, w, stride=1, padding=0):
    dtype = x.dtype
    solutions.depthwise_conv2d(x, w, stride, padding)
    x, w = x.astype(np.float32), w.astype(np.float32)
    return solutions.depthwise_conv2d(x, w, stride, padding).astype(dtype)


def dw_changes_x(x, w, stride=1, padding=0):
    y = solutions.depthwise_conv2d(x, w, stride, padding)
    x -= x.mean()
    return y


def dw_checks_nothing(x, w, stride=1, padding=0):
    try:
        return solutions.depthwise_conv2d(x, w, stride, padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def depthwise_valid(draw):
    """The arguments of a small valid call."""
    N, C, M = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    kh, kw = small(draw, 1, 3), small(draw, 1, 3)
    H, W = small(draw, 1, 5), small(draw, 1, 5)
    given = dict(stride=steps(draw, 1, 2), padding=steps(draw, 0, 1))
    ph, pw = both(given["padding"])
    assume(kh <= H + 2 * ph and kw <= W + 2 * pw)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    w = array(draw, C, M, kh, kw, dtype=dtype)
    kwargs = {a: v for a, v in given.items() if v != (0 if a == "padding" else 1)}
    return x, w, kwargs


def depthwise_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w = np.ones((1, 2, 3, 3)), np.ones((2, 2, 2, 2))
        wrong = [Call((x[0], w)), Call((x, w[0])), Call((x, w[:1])),
                 Call((x, w), {"stride": 0}), Call((x, np.ones((2, 1, 4, 2))))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    x, w, kwargs = depthwise_valid(draw)
    return Call((x, w), kwargs)


depthwise_conv2d = Exercise(
    solutions.depthwise_conv2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("plain", 2, "Filters of its own for each channel, in the right order."),
        Group("stride and padding", 1, "Both, as an int and as a pair."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("plain", "two channels, one filter each, by hand", integers(1, 2, 2, 3),
             integers(2, 1, 2, 2), public=True,
             exempt="the first look: one filter a channel, as in most networks"),
        case("plain", "two channels, three filters each", integers(1, 2, 3, 4),
             integers(2, 3, 2, 3), public=True),
        case("plain", "a batch of different sizes", normal(2, 3, 7, 6),
             normal(3, 2, 3, 2)),
        case("plain", "many filters a channel", normal(3, 2, 5, 8), normal(2, 5, 2, 4)),
        case("plain", "1 x 1 filters", normal(2, 4, 3, 5), normal(4, 3, 1, 1)),
        case("plain", "filters as large as the image", normal(2, 3, 4, 5),
             normal(3, 2, 4, 5)),
        case("plain", "whole numbers", integers(2, 3, 4, 5), integers(3, 2, 3, 2)),
        case("plain", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 6, 7)), strided(normal(3, 2, 2, 3))),
        case("stride and padding", "stride 2", normal(1, 2, 7, 8), normal(2, 3, 3, 2),
             stride=2, public=True),
        case("stride and padding", "padding 1", normal(1, 2, 5, 6), normal(2, 3, 3, 2),
             padding=1, public=True),
        case("stride and padding", "different strides", normal(2, 3, 9, 8),
             normal(3, 2, 2, 3), stride=(3, 2)),
        case("stride and padding", "different paddings", normal(2, 3, 6, 5),
             normal(3, 2, 3, 2), padding=(0, 2)),
        case("stride and padding", "both different", normal(2, 3, 8, 7),
             normal(3, 2, 3, 4), stride=(2, 3), padding=(2, 1)),
        case("stride and padding", "pairs given as lists", normal(1, 2, 7, 6),
             normal(2, 3, 2, 3), stride=[2, 1], padding=[1, 2]),
        case("stride and padding", "filters that fit thanks to the padding",
             normal(1, 3, 2, 3), normal(3, 2, 4, 3), padding=(2, 1)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 5, dtype="float32"), normal(3, 2, 3, 2, dtype="float32")),
        case("dtype and errors", "images of whole numbers of type int",
             integers(1, 2, 4, 5, dtype="int64"), integers(2, 3, 2, 3, dtype="int64"),
             any_dtype=True),
        case("dtype and errors", "filters for another number of channels",
             normal(1, 3, 6, 5), normal(2, 4, 2, 3), public=True),
        case("dtype and errors", "filters for one channel", normal(1, 3, 6, 5),
             normal(1, 4, 2, 3)),
        case("dtype and errors", "x without a batch axis", normal(3, 6, 5),
             normal(3, 2, 2, 3)),
        case("dtype and errors", "w with three axes", normal(1, 3, 6, 5),
             normal(3, 2, 3)),
        case("dtype and errors", "stride 0", normal(1, 3, 6, 5), normal(3, 2, 2, 3),
             stride=0),
        case("dtype and errors", "filters that are too high", normal(1, 3, 6, 5),
             normal(3, 2, 9, 3), padding=(1, 3)),
        case("dtype and errors", "filters that are too wide", normal(1, 3, 6, 5),
             normal(3, 2, 2, 8), padding=(4, 1)),
    ],
    explain=calls(depthwise_calls),
    forbidden=[TORCH_GROUPED_CONV, SCIPY_CONV],
    oracle=torch_depthwise,
    alternatives=[depthwise_loops, depthwise_through_dense, depthwise_by_taps,
                  depthwise_per_channel],
    mistakes=[
        Mistake("the stride is ignored", dw_ignores_stride),
        Mistake("the vertical and the horizontal stride are exchanged",
                dw_swaps_stride),
        Mistake("the padding is ignored", dw_ignores_padding),
        Mistake("the vertical and the horizontal padding are exchanged",
                dw_swaps_padding),
        Mistake("the channels are mixed, as in an ordinary convolution",
                dw_mixes_channels),
        Mistake("the channels are added up, so that only M output channels are left",
                dw_sums_channels),
        Mistake("output channels are ordered by filter, then channel "
                "(m * C + c instead of c * M + m)", dw_filter_first),
        Mistake("only the first filter of each channel is used", dw_first_filter),
        Mistake("the filters of a channel are added up", dw_sums_filters),
        Mistake("every channel gets the filters of the first", dw_same_filters),
        Mistake("the filters are flipped", dw_flips),
        Mistake("the result is float64 whatever came in", dw_float64),
        Mistake("the sums are computed in float32", dw_float32),
        Mistake("the image is changed in place", dw_changes_x),
        Mistake("bad arguments raise nothing", dw_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- depthwise_as_dense ----------------------------------------------------


def dense_by_probing(w):
    """What the filters answer to a single pixel in each channel."""
    solutions.depthwise_as_dense(w)
    C, M, kh, kw = w.shape
    pixel = np.zeros((C, C, 2 * kh - 1, 2 * kw - 1), w.dtype)
    pixel[np.arange(C), np.arange(C), kh - 1, kw - 1] = 1
    y = torch_depthwise(pixel, w)  # (C, C * M, kh, kw), mirrored
    return y[:, :, ::-1, ::-1].swapaxes(0, 1)


def dense_loops(w):
    dense = np.zeros_like(solutions.depthwise_as_dense(w))
    C, M = w.shape[:2]
    for c in range(C):
        for m in range(M):
            dense[c * M + m, c] = w[c, m]
    return dense


def dense_by_mask(w):
    """Every filter at every channel, times the identity."""
    solutions.depthwise_as_dense(w)
    C, M, kh, kw = w.shape
    eye = np.eye(C, dtype=w.dtype)
    return np.einsum("cmij,cd->cmdij", w, eye).reshape(C * M, C, kh, kw)


def dense_by_repeat(w):
    solutions.depthwise_as_dense(w)
    C, M, kh, kw = w.shape
    own = np.repeat(np.eye(C, dtype=w.dtype), M, axis=0)
    return own[:, :, None, None] * w.reshape(C * M, 1, kh, kw)


def dense_filter_first(w):
    C, M, kh, kw = w.shape
    dense = solutions.depthwise_as_dense(w).reshape(C, M, C, kh, kw)
    return dense.swapaxes(0, 1).reshape(C * M, C, kh, kw)


def dense_wraps(w):
    """Takes the channel from o % C instead of o // M."""
    dense = np.zeros_like(solutions.depthwise_as_dense(w))
    C, M, kh, kw = w.shape
    for o in range(C * M):
        dense[o, o % C] = w.reshape(C * M, kh, kw)[o]
    return dense


def dense_everywhere(w):
    solutions.depthwise_as_dense(w)
    C, M, kh, kw = w.shape
    return np.broadcast_to(w.reshape(C * M, 1, kh, kw), (C * M, C, kh, kw)).copy()


def dense_no_blocks(w):
    solutions.depthwise_as_dense(w)
    C, M, kh, kw = w.shape
    return w.reshape(C * M, 1, kh, kw)


def dense_keeps_five_axes(w):
    C, M, kh, kw = w.shape if w.ndim == 4 else solutions.depthwise_as_dense(w)
    return solutions.depthwise_as_dense(w).reshape(C, M, C, kh, kw)


def dense_transposed(w):
    return solutions.depthwise_as_dense(w).swapaxes(0, 1)


def dense_flips(w):
    return solutions.depthwise_as_dense(w)[:, :, ::-1, ::-1]


def dense_float64(w):
    return solutions.depthwise_as_dense(w).astype(np.float64)


def dense_first_filter(w):
    dense = solutions.depthwise_as_dense(w).copy()
    dense[np.arange(len(dense)) % w.shape[1] > 0] = 0
    return dense


def dense_checks_nothing(w):
    try:
        return solutions.depthwise_as_dense(w)
    except ValueError:
        return np.zeros((1, 1, 1, 1), w.dtype)


def dense_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return Call((np.ones((1, 1, 1)),))
    C, M = small(draw, 1, 3), small(draw, 1, 3)
    kh, kw = small(draw, 1, 2), small(draw, 1, 3)
    return Call((array(draw, C, M, kh, kw, dtype=dtypes(draw)),))


depthwise_as_dense = Exercise(
    solutions.depthwise_as_dense,
    minutes=10,
    difficulty="standard",
    groups=[
        Group("blocks", 2, "Each filter at its place, zeros everywhere else."),
        Group("dtype and errors", 1, "float32; a w with the wrong number of axes."),
    ],
    cases=[
        case("blocks", "two channels, one 1 x 2 filter each, by hand",
             integers(2, 1, 1, 2), public=True,
             exempt="the first look: one filter a channel"),
        case("blocks", "two channels, three filters each", integers(2, 3, 2, 1),
             public=True),
        case("blocks", "all sizes different", normal(3, 2, 4, 5)),
        case("blocks", "many filters a channel", normal(2, 5, 3, 4)),
        case("blocks", "many channels", normal(7, 3, 2, 1)),
        case("blocks", "a w whose memory is not contiguous", strided(normal(4, 3, 2, 5))),
        case("dtype and errors", "float32 stays float32",
             normal(3, 2, 4, 5, dtype="float32")),
        case("dtype and errors", "w with three axes", normal(3, 2, 4), public=True),
        case("dtype and errors", "w with five axes", normal(1, 3, 2, 4, 2)),
    ],
    explain=calls(dense_calls),
    oracle=dense_by_probing,
    alternatives=[dense_loops, dense_by_mask, dense_by_repeat],
    mistakes=[
        Mistake("output channels are ordered by filter, then channel "
                "(m * C + c instead of c * M + m)", dense_filter_first),
        Mistake("the input channel of output channel o is taken as o % C instead of "
                "o // M", dense_wraps),
        Mistake("the filters stand at every input channel, not only at their own",
                dense_everywhere),
        Mistake("the zeros for the other channels are missing", dense_no_blocks),
        Mistake("the axes of channels and filters are not joined",
                dense_keeps_five_axes),
        Mistake("input and output channels are exchanged", dense_transposed),
        Mistake("the filters are flipped", dense_flips),
        Mistake("only the first filter of each channel is kept", dense_first_filter),
        Mistake("the result is float64 whatever came in", dense_float64),
        Mistake("bad arguments raise nothing", dense_checks_nothing),
    ],
)  # fmt: skip

# ---- depthwise_backward_w --------------------------------------------------


def torch_gradient(dy, x, kh, kw, stride=1, padding=0):
    shape = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding).shape
    C, M = shape[:2]
    w = torch.zeros((C * M, 1, kh, kw), dtype=torch.float64, requires_grad=True)
    tensor = torch.tensor(x, dtype=torch.float64)
    y = F.conv2d(tensor, w, None, both(stride), both(padding), groups=C)
    y.backward(torch.tensor(dy, dtype=torch.float64))
    return w.grad.numpy().reshape(shape).astype(x.dtype)


def depthwise_forward(dy, x, kh, kw, stride=1, padding=0):
    def forward(w):
        return solutions.depthwise_conv2d(x, w, stride, padding)

    channels = x.shape[1]
    return forward, (np.zeros((channels, dy.shape[1] // channels, kh, kw)),)


def gradient_loops(dy, x, kh, kw, stride=1, padding=0):
    dw = np.zeros_like(solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding))
    (sh, sw), (ph, pw) = both(stride), both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    for n, o, i, j in np.ndindex(*dy.shape):
        c, m = divmod(o, dw.shape[1])
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        dw[c, m] += dy[n, o, i, j] * window
    return dw


def gradient_by_taps(dy, x, kh, kw, stride=1, padding=0):
    shape = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding).shape
    (sh, sw), (ph, pw) = both(stride), both(padding)
    (N, _, h, v), (C, M) = dy.shape, shape[:2]
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    split = dy.reshape(N, C, M, h, v)
    dw = np.empty(shape, x.dtype)
    for i in range(kh):
        for j in range(kw):
            met = padded[:, :, i::sh, j::sw][:, :, :h, :v]
            dw[:, :, i, j] = (split * met[:, :, None]).sum(axis=(0, 3, 4))
    return dw


def gradient_from_dense(dy, x, kh, kw, stride=1, padding=0):
    """The block diagonal of the gradient of an ordinary convolution."""
    shape = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding).shape
    C, M = shape[:2]
    w = torch.zeros((C * M, C, kh, kw), dtype=torch.float64, requires_grad=True)
    y = F.conv2d(torch.tensor(x, dtype=torch.float64), w, None, both(stride),
                 both(padding))  # fmt: skip
    y.backward(torch.tensor(dy, dtype=torch.float64))
    blocks = w.grad.numpy().reshape(C, M, C, kh, kw)
    return blocks[np.arange(C), :, np.arange(C)].astype(x.dtype)


def grad_mean(dy, x, kh, kw, stride=1, padding=0):
    return solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding) / len(x)


def grad_first_image(dy, x, kh, kw, stride=1, padding=0):
    solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    return solutions.depthwise_backward_w(dy[:1], x[:1], kh, kw, stride, padding)


def grad_keeps_batch(dy, x, kh, kw, stride=1, padding=0):
    solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    one = [solutions.depthwise_backward_w(dy[n : n + 1], x[n : n + 1], kh, kw, stride,
                                          padding) for n in range(len(x))]  # fmt: skip
    return np.stack(one)


def grad_flips(dy, x, kh, kw, stride=1, padding=0):
    return solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)[
        ..., ::-1, ::-1
    ]


def grad_filter_first(dy, x, kh, kw, stride=1, padding=0):
    """Reads the channels of dy as m * C + c."""
    dw = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    N, CM, h, v = dy.shape
    C, M = dw.shape[:2]
    dy = dy.reshape(N, M, C, h, v).swapaxes(1, 2).reshape(dy.shape)
    return solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)


def grad_flat(dy, x, kh, kw, stride=1, padding=0):
    dw = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    return dw.reshape(-1, 1, kh, kw)


def grad_ignores_stride(dy, x, kh, kw, stride=1, padding=0):
    solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    ph, pw = both(padding)
    h, v = x.shape[2] + 2 * ph - kh + 1, x.shape[3] + 2 * pw - kw + 1
    wide = np.zeros((*dy.shape[:2], h, v), dy.dtype)
    wide[:, :, : dy.shape[2], : dy.shape[3]] = dy
    return solutions.depthwise_backward_w(wide, x, kh, kw, 1, padding)


def grad_ignores_padding(dy, x, kh, kw, stride=1, padding=0):
    solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    ph, pw = both(padding)
    moved = np.zeros((*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw), x.dtype)
    moved[:, :, : x.shape[2], : x.shape[3]] = x
    return solutions.depthwise_backward_w(dy, moved, kh, kw, stride, 0)


def grad_mixes_channels(dy, x, kh, kw, stride=1, padding=0):
    solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    x = np.broadcast_to(x.sum(axis=1, keepdims=True), x.shape)
    return solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)


def grad_float64(dy, x, kh, kw, stride=1, padding=0):
    dw = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    return dw.astype(np.float64)


def grad_overwrites(dy, x, kh, kw, stride=1, padding=0):
    """Keeps the last image and position instead of the sum."""
    dw = solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    ph, pw = both(padding)
    sh, sw = both(stride)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    i, j = (dy.shape[2] - 1) * sh, (dy.shape[3] - 1) * sw
    window = padded[-1, :, i : i + kh, j : j + kw]
    last = dy[-1, :, -1, -1].reshape(dw.shape[:2])
    return last[:, :, None, None] * window[:, None]


def grad_checks_nothing(dy, x, kh, kw, stride=1, padding=0):
    try:
        return solutions.depthwise_backward_w(dy, x, kh, kw, stride, padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def gradient_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        dy, x = np.ones((1, 2, 2, 2)), np.ones((1, 2, 3, 3))
        wrong = [Call((dy[0], x, 2, 2)), Call((dy, x[0], 2, 2)), Call((dy, x, 0, 2)),
                 Call((dy[:, :1], x, 2, 2)), Call((dy, x, 3, 2)), Call((dy, x, 4, 2)),
                 Call((dy, x, 2, 2), {"stride": 0})]  # fmt: skip
        return draw(st.sampled_from(wrong))
    x, w, kwargs = depthwise_valid(draw)
    shape = solutions.depthwise_conv2d(x, w, **kwargs).shape
    dy = array(draw, *shape, dtype=x.dtype.name)
    return Call((dy, x, *w.shape[2:]), kwargs)


depthwise_backward_w = Exercise(
    solutions.depthwise_backward_w,
    minutes=25,
    difficulty="challenge",
    groups=[
        Group("plain", 2, "Stride 1 and no padding, summed over the batch."),
        Group("stride and padding", 1, "Both, as an int and as a pair."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("plain", "two channels, one filter each, by hand", integers(1, 2, 1, 2),
             integers(1, 2, 2, 3), 2, 2, public=True,
             exempt="the first look: one filter a channel"),
        case("plain", "two channels, three filters each", integers(1, 6, 2, 2),
             integers(1, 2, 3, 4), 2, 3, public=True),
        case("plain", "a batch of different sizes", normal(2, 6, 5, 5),
             normal(2, 3, 7, 6), 3, 2, public=True),
        case("plain", "many filters a channel", normal(3, 10, 4, 5),
             normal(3, 2, 5, 8), 2, 4),
        case("plain", "1 x 1 filters", normal(2, 12, 3, 5), normal(2, 4, 3, 5), 1, 1),
        case("plain", "filters as large as the image", normal(2, 6, 1, 1),
             normal(2, 3, 4, 5), 4, 5),
        case("plain", "arrays whose memory is not contiguous",
             strided(normal(2, 6, 5, 5)), strided(normal(2, 3, 6, 7)), 2, 3),
        case("stride and padding", "stride 2", normal(1, 6, 3, 4), normal(1, 2, 7, 8),
             3, 2, stride=2, public=True),
        case("stride and padding", "different strides that leave a rest",
             normal(2, 6, 3, 3), normal(2, 3, 10, 8), 2, 3, stride=(3, 2)),
        case("stride and padding", "different paddings", normal(2, 6, 4, 8),
             normal(2, 3, 6, 5), 3, 2, padding=(0, 2)),
        case("stride and padding", "both different", normal(2, 6, 5, 2),
             normal(2, 3, 8, 7), 3, 4, stride=(2, 3), padding=(2, 1)),
        case("stride and padding", "filters that fit thanks to the padding",
             normal(1, 6, 3, 3), normal(1, 3, 2, 3), 4, 3, padding=(2, 1)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 6, 4, 4, dtype="float32"), normal(2, 3, 6, 5, dtype="float32"),
             3, 2),
        case("dtype and errors", "dy of another size than the output",
             normal(2, 6, 5, 5), normal(2, 3, 7, 7), 3, 2, public=True),
        case("dtype and errors", "dy with channels that do not divide",
             normal(2, 7, 5, 5), normal(2, 3, 7, 6), 3, 2),
        case("dtype and errors", "dy of another batch", normal(3, 6, 5, 5),
             normal(2, 3, 7, 6), 3, 2),
        case("dtype and errors", "dy without a batch axis", normal(6, 5, 5),
             normal(1, 3, 7, 6), 3, 2),
        case("dtype and errors", "x without a batch axis", normal(1, 6, 5, 5),
             normal(3, 7, 6), 3, 2),
        case("dtype and errors", "kh below 1", normal(2, 6, 5, 5), normal(2, 3, 7, 6),
             0, 2),
        case("dtype and errors", "kw below 1", normal(2, 6, 5, 5), normal(2, 3, 7, 6),
             3, 0),
        case("dtype and errors", "stride 0", normal(2, 6, 5, 5), normal(2, 3, 7, 6),
             3, 2, stride=0),
        case("dtype and errors", "filters that do not fit", normal(2, 6, 1, 5),
             normal(2, 3, 4, 6), 8, 2, padding=(1, 0)),
    ],
    explain=calls(gradient_calls),
    forbidden=[TORCH_GROUPED_CONV, SCIPY_CONV],
    forward=depthwise_forward,
    oracle=torch_gradient,
    alternatives=[gradient_loops, gradient_by_taps, gradient_from_dense],
    mistakes=[
        Mistake("the mean over the batch is taken instead of the sum", grad_mean),
        Mistake("only the first image of the batch counts", grad_first_image),
        Mistake("the batch axis is kept", grad_keeps_batch),
        Mistake("the gradient is flipped", grad_flips),
        Mistake("the channels of dy are read as m * C + c instead of c * M + m",
                grad_filter_first),
        Mistake("the result has the layout (C * M, 1, kh, kw) of torch",
                grad_flat),
        Mistake("the stride is ignored", grad_ignores_stride),
        Mistake("the image is padded at the bottom and right only",
                grad_ignores_padding),
        Mistake("the channels of the image are mixed", grad_mixes_channels),
        Mistake("positions overwrite each other instead of adding up",
                grad_overwrites),
        Mistake("the result is float64 whatever came in", grad_float64),
        Mistake("bad arguments raise nothing", grad_checks_nothing),
    ],
)  # fmt: skip

# ---- conv_cost -------------------------------------------------------------


def cost_by_counting(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    """What torch itself holds, and one pass of it a pixel."""
    for value in (c_in, c_out, k, h_out, w_out, groups):
        if value < 1:
            raise ValueError("a size below 1")
    if c_in % groups or c_out % groups:
        raise ValueError("groups does not divide")
    layer = nn.Conv2d(c_in, c_out, k, groups=groups, bias=bias)
    params = sum(p.numel() for p in layer.parameters())
    return params, layer.weight.numel() * h_out * w_out


def cost_by_group(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    """Group by group."""
    solutions.conv_cost(c_in, c_out, k, h_out, w_out, groups, bias)
    params = macs = 0
    for _ in range(groups):
        weights = (c_in // groups) * (c_out // groups) * k**2
        params += weights
        macs += weights * h_out * w_out
    return params + bias * c_out, macs


def cost_as_numpy(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    """NumPy integers instead of Python's."""
    shape = np.array([c_out, c_in // groups if groups > 0 else 0, k, k])
    solutions.conv_cost(c_in, c_out, k, h_out, w_out, groups, bias)
    weights = shape.prod()
    return weights + np.int64(c_out * bool(bias)), weights * np.int64(h_out * w_out)


def cost(params, macs):
    """A mistake in the two formulas; the errors are right."""

    def conv_cost(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
        solutions.conv_cost(c_in, c_out, k, h_out, w_out, groups, bias)
        given = (c_in, c_out, k, h_out, w_out, groups, bias)
        return params(*given), macs(*given)

    return conv_cost


def right_params(i, o, k, h, w, g, b):
    return o * (i // g) * k * k + (o if b else 0)


def right_macs(i, o, k, h, w, g, b):
    return o * (i // g) * k * k * h * w


def cost_swapped(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    return solutions.conv_cost(c_in, c_out, k, h_out, w_out, groups, bias)[::-1]


def cost_checks_nothing(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    try:
        return solutions.conv_cost(c_in, c_out, k, h_out, w_out, groups, bias)
    except ValueError:
        return 0, 0


def cost_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        right = [2, 3, 1, 2, 2, 1]
        wrong = draw(st.integers(0, 6))
        if wrong == 6:
            return Call((2, 3, 1, 2, 2), {"groups": 2})
        right[wrong] = 0
        return Call(tuple(right[:5]), {"groups": right[5]})
    groups = small(draw, 1, 3)
    c_in, c_out = groups * small(draw, 1, 3), groups * small(draw, 1, 3)
    given = {"groups": groups} if groups > 1 else {}
    if draw(st.booleans()):
        given["bias"] = True
    k, h, w = small(draw, 1, 3), small(draw, 1, 3), small(draw, 1, 3)
    return Call((c_in, c_out, k, h, w), given)


conv_cost = Exercise(
    solutions.conv_cost,
    minutes=10,
    difficulty="warm-up",
    results=("params", "macs"),
    groups=[
        Group("counts", 1, "Parameters and operations without groups."),
        Group("groups, bias and errors", 2,
              "Grouped layers, with and without a bias; arguments that fail."),
    ],
    cases=[
        case("counts", "3 to 8 channels, 3 x 3, on 5 x 7", 3, 8, 3, 5, 7, public=True),
        case("counts", "1 x 1", 6, 4, 1, 9, 2),
        case("counts", "the first layer of a ResNet", 3, 64, 7, 112, 111),
        case("counts", "more operations than 32 bits hold", 512, 1024, 5, 640, 480),
        case("groups, bias and errors", "with a bias", 5, 2, 3, 4, 6, bias=True, public=True),
        case("groups, bias and errors", "two groups", 4, 6, 3, 5, 7, groups=2, public=True),
        case("groups, bias and errors", "depthwise, two filters a channel", 6, 12, 5, 8, 9,
             groups=6),
        case("groups, bias and errors", "three groups with a bias", 6, 9, 2, 3, 4, groups=3,
             bias=True),
        case("groups, bias and errors", "depthwise with a bias", 32, 32, 3, 14, 28, groups=32,
             bias=True),
        case("groups, bias and errors", "groups that do not divide c_in", 5, 6, 3, 4, 4, groups=3,
             public=True),
        case("groups, bias and errors", "groups that do not divide c_out", 6, 5, 3, 4, 7, groups=3),
        case("groups, bias and errors", "groups 0", 6, 5, 3, 4, 7, groups=0),
        case("groups, bias and errors", "c_in 0", 0, 5, 3, 4, 7),
        case("groups, bias and errors", "c_out 0", 6, 0, 3, 4, 7),
        case("groups, bias and errors", "k 0", 6, 5, 0, 4, 7),
        case("groups, bias and errors", "h_out 0", 6, 5, 3, 0, 7),
        case("groups, bias and errors", "w_out 0", 6, 5, 3, 4, 0),
    ],
    explain=calls(cost_calls),
    oracle=cost_by_counting,
    alternatives=[cost_by_group, cost_as_numpy],
    mistakes=[
        Mistake("the groups are ignored",
                cost(lambda i, o, k, h, w, g, b: o * i * k * k + (o if b else 0),
                     lambda i, o, k, h, w, g, b: o * i * k * k * h * w)),
        Mistake("groups divide both the input and the output channels",
                cost(lambda i, o, k, h, w, g, b:
                     (o // g) * (i // g) * k * k + (o if b else 0),
                     lambda i, o, k, h, w, g, b: (o // g) * (i // g) * k * k * h * w)),
        Mistake("adding the bias is counted as an operation",
                cost(right_params, lambda i, o, k, h, w, g, b:
                     (o * (i // g) * k * k + (o if b else 0)) * h * w)),
        Mistake("the bias is never counted as a parameter",
                cost(lambda i, o, k, h, w, g, b: o * (i // g) * k * k, right_macs)),
        Mistake("there is one bias for each input channel",
                cost(lambda i, o, k, h, w, g, b:
                     o * (i // g) * k * k + (i if b else 0), right_macs)),
        Mistake("the kernel is counted as k instead of k * k",
                cost(lambda i, o, k, h, w, g, b: o * (i // g) * k + (o if b else 0),
                     lambda i, o, k, h, w, g, b: o * (i // g) * k * h * w)),
        Mistake("the operations are those of a single output pixel",
                cost(right_params, lambda i, o, k, h, w, g, b: o * (i // g) * k * k)),
        Mistake("multiplications and additions are counted apart (a MAC is both)",
                cost(right_params, lambda i, o, k, h, w, g, b:
                     2 * o * (i // g) * k * k * h * w)),
        Mistake("the width is taken for the height, too",
                cost(right_params, lambda i, o, k, h, w, g, b:
                     o * (i // g) * k * k * w * w)),
        Mistake("the division gives floats",
                cost(lambda i, o, k, h, w, g, b: o * (i / g) * k * k + (o if b else 0),
                     lambda i, o, k, h, w, g, b: o * (i / g) * k * k * h * w)),
        Mistake("params and macs are exchanged", cost_swapped),
        Mistake("bad arguments raise nothing", cost_checks_nothing),
    ],
)  # fmt: skip

# ---- DepthwiseConv2d -------------------------------------------------------


class ConvWithInit(nn.Module):
    """The same layer, arguments by position, weights drawn another way."""

    def __init__(self, channels, kernel_size, stride=1, padding=0):
        super().__init__()
        if channels < 1:
            raise ValueError("channels must be at least 1")
        self.conv = nn.Conv2d(channels, channels, kernel_size, stride, padding, 1,
                              channels)  # fmt: skip
        nn.init.kaiming_uniform_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)

    def forward(self, x):
        return self.conv(x)


class ConvFunctional(nn.Module):
    """Holds a layer, and calls the function itself."""

    def __init__(self, channels, kernel_size, stride=1, padding=0):
        super().__init__()
        if channels < 1:
            raise ValueError("channels must be at least 1")
        self.channels, self.stride, self.padding = channels, stride, padding
        self.conv = nn.Conv2d(channels, channels, kernel_size, groups=channels)

    def forward(self, x):
        conv = self.conv
        return F.conv2d(x, conv.weight, conv.bias, self.stride, self.padding, 1,
                        self.channels)  # fmt: skip


class ConvByUnfold(nn.Module):
    """The layer's weights, the sum over unfolded windows."""

    def __init__(self, channels, kernel_size, stride=1, padding=0):
        super().__init__()
        if channels < 1:
            raise ValueError("channels must be at least 1")
        self.conv = nn.Conv2d(channels, channels, kernel_size, stride, padding,
                              groups=channels)  # fmt: skip

    def forward(self, x):
        c = self.conv
        N, C, H, _ = x.shape
        columns = F.unfold(x, c.kernel_size, 1, c.padding, c.stride)
        windows = columns.view(N, C, -1, columns.shape[-1])
        y = (windows * c.weight.view(C, -1, 1)).sum(2) + c.bias[:, None]
        return y.view(N, C, size(H, c.kernel_size[0], c.stride[0], c.padding[0]), -1)


def layer(make, forward=None, check=True):
    """A wrong layer: `make` builds the attribute conv (and may set others)."""

    class DepthwiseConv2d(nn.Module):
        def __init__(self, channels, kernel_size, stride=1, padding=0):
            super().__init__()
            if check and channels < 1:
                raise ValueError("channels must be at least 1")
            make(self, max(channels, 1), kernel_size, stride, padding)

        def forward(self, x):
            return forward(self, x) if forward else self.conv(x)

    return DepthwiseConv2d


def right_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, s, p, groups=c)


def dense_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, s, p)


def no_bias_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, s, p, groups=c, bias=False)


def no_stride_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, 1, p, groups=c)


def no_padding_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, s, 0, groups=c)


def swapped_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, max(p, 1) if isinstance(p, int) else p,
                          s, groups=c)  # fmt: skip


def renamed_layer(self, c, k, s, p):
    self.depthwise = nn.Conv2d(c, c, k, s, p, groups=c)


def extra_layer(self, c, k, s, p):
    right_layer(self, c, k, s, p)
    self.unused = nn.Parameter(torch.zeros(c))


def reflecting_layer(self, c, k, s, p):
    self.conv = nn.Conv2d(c, c, k, s, p, groups=c, padding_mode="replicate")


def layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return Call(({"channels": 0, "kernel_size": 1}, None, [], None), {}, "module")
    x, w, kwargs = depthwise_valid(draw)
    C, _, kh, kw = w.shape
    init = {"channels": C, "kernel_size": (kh, kw), **kwargs}
    weights = {"conv.weight": w[:, :1], "conv.bias": array(draw, C, dtype=x.dtype.name)}
    shape = solutions.depthwise_conv2d(x, w[:, :1], **kwargs).shape
    dy = array(draw, *shape, dtype=x.dtype.name)
    train = {"train": True} if draw(st.booleans()) else {}
    return Call((init, weights, [x], dy), train, "module")


def layer_case(group, label, init, C, kernel, x, dy, dtype="float64", **options):
    """A case of DepthwiseConv2d with drawn weights, inputs and gradient."""
    kh, kw = kernel
    weights = {
        "conv.weight": normal(C, 1, kh, kw, dtype=dtype),
        "conv.bias": normal(C, dtype=dtype),
    }
    init = {"channels": C, "kernel_size": kernel, **init}
    inputs, dy = [normal(*x, dtype=dtype)], normal(*dy, dtype=dtype)
    return case(group, label, init, weights, inputs, dy, caller="module", **options)


DepthwiseConv2d = Exercise(
    solutions.DepthwiseConv2d,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("stride, padding and errors", 1,
              "As nn.Conv2d takes them; float32; a number of channels below 1."),
    ],
    cases=[
        layer_case("forward and gradients", "three channels, 3 x 2 filters", {}, 3,
                   (3, 2), (2, 3, 5, 6), (2, 3, 3, 5), public=True),
        layer_case("forward and gradients", "another size, in train mode", {}, 4,
                   (2, 3), (3, 4, 6, 5), (3, 4, 5, 3), train=True),
        case("forward and gradients", "an int as kernel size",
             {"channels": 2, "kernel_size": 3},
             {"conv.weight": normal(2, 1, 3, 3), "conv.bias": normal(2)},
             [normal(2, 2, 5, 4)], normal(2, 2, 3, 2), caller="module"),
        layer_case("stride, padding and errors", "stride 2 and padding 1",
                   {"stride": 2, "padding": 1}, 3, (2, 3), (2, 3, 7, 6),
                   (2, 3, 4, 3), public=True),
        layer_case("stride, padding and errors", "different strides and paddings",
                   {"stride": (3, 1), "padding": (0, 2)}, 3, (2, 4), (2, 3, 8, 5),
                   (2, 3, 3, 6)),
        layer_case("stride, padding and errors", "float32 stays float32",
                   {"stride": (1, 2), "padding": (1, 0)}, 2, (3, 1), (2, 2, 4, 5),
                   (2, 2, 4, 3), dtype="float32"),
        case("stride, padding and errors", "no channels",
             {"channels": 0, "kernel_size": 3}, None, [], None, caller="module"),
    ],
    explain=calls(layer_calls),
    oracle=ConvByUnfold,
    alternatives=[ConvWithInit, ConvFunctional, ConvByUnfold],
    mistakes=[
        Mistake("groups is not given, so that the layer mixes channels",
                layer(dense_layer)),
        Mistake("the layer has no bias", layer(no_bias_layer)),
        Mistake("the stride is not passed on", layer(no_stride_layer)),
        Mistake("the padding is not passed on", layer(no_padding_layer)),
        Mistake("the stride and the padding are exchanged", layer(swapped_layer)),
        Mistake("the attribute is not called conv", layer(
            renamed_layer, lambda self, x: self.depthwise(x))),
        Mistake("there is a parameter that does nothing", layer(extra_layer)),
        Mistake("an activation follows the convolution", layer(
            right_layer, lambda self, x: torch.relu(self.conv(x)))),
        Mistake("the image is padded with its edge pixels instead of zeros",
                layer(reflecting_layer)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)", layer(
            right_layer, lambda self, x: self.conv(x.detach()))),
        Mistake("a number of channels below 1 raises nothing",
                layer(right_layer, check=False)),
    ],
)  # fmt: skip
