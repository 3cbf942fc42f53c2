"""How the exercises of the chapter `convolution` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st

from autograder.checks.draws import array, both, calls, dtypes, size, small, steps
from autograder.checks.forbidden_ops import SCIPY_CONV, TORCH_CONV, TORCH_UNFOLD
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
from solutions import convolution as solutions

# ---- output_size -----------------------------------------------------------


def count_positions(n, k, stride=1, padding=0, dilation=1):
    sizes = dict(n=n, k=k, stride=stride, dilation=dilation)
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 expected")
    span = dilation * (k - 1) + 1
    starts = range(-padding, n + padding - span + 1, stride)
    if padding < 0 or len(starts) == 0:
        raise ValueError("the kernel does not fit")
    return len(starts)


def divmod_size(n, k, stride=1, padding=0, dilation=1):
    for value in (n, k, stride, dilation):
        if value < 1:
            raise ValueError("a size below 1")
    room = n + 2 * padding - (k + (k - 1) * (dilation - 1))
    if padding < 0 or room < 0:
        raise ValueError("the kernel does not fit")
    whole, _ = divmod(room, stride)
    return whole + 1


def by_torch(n, k, stride=1, padding=0, dilation=1):
    if min(n, k, stride, dilation) < 1 or padding < 0:
        raise ValueError("out of range")
    if dilation * (k - 1) + 1 > n + 2 * padding:
        raise ValueError("does not fit")
    x, w = torch.zeros(1, 1, n), torch.zeros(1, 1, k)
    return F.conv1d(x, w, None, stride, padding, dilation).shape[-1]


def size_one_padding(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return (n + padding - dilation * (k - 1) - 1) // stride + 1


def size_forgets_one(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride


def size_rounds_up(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return -(-(n + 2 * padding - dilation * (k - 1) - 1) // stride) + 1


def size_no_dilation(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return (n + 2 * padding - k) // stride + 1


def size_dilates_k(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return (n + 2 * padding - dilation * k) // stride + 1


def size_true_division(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return (n + 2 * padding - dilation * (k - 1) - 1) / stride + 1


def size_ignores_stride(n, k, stride=1, padding=0, dilation=1):
    solutions.output_size(n, k, stride, padding, dilation)
    return n + 2 * padding - dilation * (k - 1)


def size_calls(draw):
    valid = draw(st.sampled_from([True, True, True, False]))
    n, k = small(draw, 1, 12), small(draw, 1, 5)
    stride, padding = small(draw, 1, 3), small(draw, 0, 3)
    dilation = small(draw, 1, 3)
    if valid:
        assume(size(n, k, stride, padding, dilation) >= 1)
        assume(dilation * (k - 1) + 1 <= n + 2 * padding)
    else:
        wrong = draw(st.sampled_from(["n", "k", "stride", "dilation", "fit"]))
        n = 0 if wrong == "n" else n
        k = {"k": 0, "fit": n + 2 * padding + 1}.get(wrong, k)
        stride = 0 if wrong == "stride" else stride
        dilation = 0 if wrong == "dilation" else dilation
    given = dict(stride=stride, padding=padding, dilation=dilation)
    default = dict(stride=1, padding=0, dilation=1)
    return Call((n, k), {a: b for a, b in given.items() if b != default[a]})


output_size = Exercise(
    solutions.output_size,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("sizes", 1, "Stride and padding, also where the stride leaves a rest."),
        Group("dilation and errors", 1, "Dilated kernels, and arguments that fail."),
    ],
    cases=[
        case("sizes", "a kernel of 3 on 5 pixels", 5, 3, public=True),
        case("sizes", "stride 2 that leaves a rest", 8, 3, stride=2, public=True),
        case("sizes", "a kernel as long as the input", 7, 7),
        case("sizes", "a single pixel", 1, 1),
        case("sizes", "padding alone", 9, 4, padding=2),
        case("sizes", "stride 3 and padding", 17, 4, stride=3, padding=1),
        case("sizes", "stride larger than the input", 5, 3, stride=11),
        case("sizes", "the kernel fits thanks to the padding", 2, 5, padding=2),
        case("sizes", "the first layer of a ResNet", 224, 7, stride=2, padding=3),
        case("sizes", "a wide image", 1919, 11, stride=4, padding=5),
        case("dilation and errors", "dilation 2", 9, 3, dilation=2, public=True),
        case("dilation and errors", "dilation that just fits", 7, 4, dilation=2),
        case("dilation and errors", "all at once", 31, 5, 3, 2, 4),
        case("dilation and errors", "dilation of one tap changes nothing", 6, 1,
             dilation=9),
        case("dilation and errors", "a kernel that does not fit", 3, 6, padding=1,
             public=True),
        case("dilation and errors", "a dilated kernel that does not fit", 6, 4,
             dilation=2),
        case("dilation and errors", "n below 1", 0, 1, padding=3),
        case("dilation and errors", "k below 1", 5, 0),
        case("dilation and errors", "stride below 1", 5, 3, stride=0),
        case("dilation and errors", "dilation below 1", 5, 3, dilation=0),
    ],
    explain=calls(size_calls),
    oracle=by_torch,
    alternatives=[count_positions, divmod_size],
    mistakes=[
        Mistake("the padding is added on one side only", size_one_padding),
        Mistake("the position at the start is not counted (+ 1 is missing)",
                size_forgets_one),
        Mistake("the division by the stride is rounded up", size_rounds_up),
        Mistake("the dilation is ignored", size_no_dilation),
        Mistake("a kernel of k taps is taken to span dilation * k pixels",
                size_dilates_k),
        Mistake("the division is / instead of //", size_true_division),
        Mistake("the stride is ignored", size_ignores_stride),
    ],
)  # fmt: skip

# ---- conv2d_loops and conv2d -----------------------------------------------


def torch_conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)  # its errors
    tensors = [torch.as_tensor(np.ascontiguousarray(a), dtype=torch.float64)
               for a in (x, w)]  # fmt: skip
    bias = None if b is None else torch.as_tensor(b, dtype=torch.float64)
    stride, padding, dilation = both(stride), both(padding), both(dilation)
    y = F.conv2d(*tensors, bias, stride, padding, dilation, groups)
    return y.numpy().astype(x.dtype)


def shift_and_add(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """One pass a tap: the whole output at once, over shifted images."""
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    padded = np.zeros((N, C, H + 2 * ph, W + 2 * pw), x.dtype)
    padded[:, :, ph : ph + H, pw : pw + W] = x
    h, v = size(H, kh, sh, ph, dh), size(W, kw, sw, pw, dw)
    y = np.zeros((N, groups, O // groups, h, v), x.dtype)
    split = padded.reshape(N, groups, I, *padded.shape[2:])
    kernels = w.reshape(groups, O // groups, I, kh, kw)
    for i in range(kh):
        for j in range(kw):
            seen = split[..., i * dh :: sh, j * dw :: sw][..., :h, :v]
            y += np.einsum("ngihw,goi->ngohw", seen, kernels[..., i, j])
    y = y.reshape(N, O, h, v)
    return y if b is None else y + b.reshape(1, -1, 1, 1)


def by_unfold(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Columns from torch's unfold, then one matrix product a group."""
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    stride, padding, dilation = both(stride), both(padding), both(dilation)
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    columns = F.unfold(torch.tensor(x, dtype=torch.float64), (kh, kw), dilation,
                       padding, stride).numpy()  # fmt: skip
    columns = columns.reshape(N, groups, I * kh * kw, -1)
    rows = w.reshape(groups, O // groups, I * kh * kw).astype(np.float64)
    h = size(H, kh, stride[0], padding[0], dilation[0])
    y = (rows @ columns).reshape(N, O, h, -1)
    return (y if b is None else y + b[:, None, None]).astype(x.dtype)


def by_fft(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """As a product of spectra, then every stride-th pixel."""
    shape = solutions.conv2d(x, w, b, stride, padding, dilation, groups).shape
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    size = padded.shape[2:]
    kernels = np.zeros((*w.shape[:2], *size))
    kernels[:, :, : dh * w.shape[2] : dh, : dw * w.shape[3] : dw] = w
    images = np.fft.rfft2(padded).reshape(len(x), groups, w.shape[1], size[0], -1)
    spectra = np.fft.rfft2(kernels).conj()  # conj: no flip
    spectra = spectra.reshape(groups, -1, *images.shape[2:])
    y = np.fft.irfft2(np.einsum("ngchw,gochw->ngohw", images, spectra), size)
    y = y.reshape(len(x), len(w), *size)[:, :, ::sh, ::sw][..., : shape[2], : shape[3]]
    y = y if b is None else y + b[:, None, None]
    return (y if x.dtype.kind == "f" else np.rint(y)).astype(x.dtype)


def in_fortran_order(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    return np.asfortranarray(
        solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    )


def five(function):
    """The same answer with the signature of conv2d_loops."""

    def conv2d_loops(x, w, b=None, stride=1, padding=0):
        return function(x, w, b, stride, padding)

    conv2d_loops.__doc__ = function.__doc__
    conv2d_loops.__wrapped__ = function
    return conv2d_loops


def loops_by_tap(x, w, b=None, stride=1, padding=0):
    """Every multiplication one by one, with a test instead of padding."""
    y = np.zeros_like(solutions.conv2d(x, w, b, stride, padding))
    (sh, sw), (ph, pw) = both(stride), both(padding)
    H, W = x.shape[2:]
    for n, o, i, j in np.ndindex(*y.shape):
        total = 0.0 if b is None else b[o]
        for c, u, v in np.ndindex(*w.shape[1:]):
            r, s = i * sh + u - ph, j * sw + v - pw
            if 0 <= r < H and 0 <= s < W:
                total = total + x[n, c, r, s] * w[o, c, u, v]
        y[n, o, i, j] = total
    return y


def conv_flips(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    return solutions.conv2d(
        x, w[:, :, ::-1, ::-1], b, stride, padding, dilation, groups
    )


def conv_ignores_stride(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return solutions.conv2d(x, w, b, 1, padding, dilation, groups)


def conv_swaps_stride(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    stride = both(stride)[::-1]
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_ignores_padding(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    return solutions.conv2d(x, w, b, stride, 0, dilation, groups)


def conv_swaps_padding(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    padding = both(padding)[::-1]
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_pads_edges(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    ph, pw = both(padding)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), mode="edge")
    return solutions.conv2d(x, w, b, stride, 0, dilation, groups)


def conv_pads_one_side(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    ph, pw = both(padding)
    x = np.pad(x, ((0, 0), (0, 0), (2 * ph, 0), (2 * pw, 0)))
    return solutions.conv2d(x, w, b, stride, 0, dilation, groups)


def conv_no_bias(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return solutions.conv2d(x, w, None, stride, padding, dilation, groups)


def conv_bias_on_columns(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, None, stride, padding, dilation, groups)
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return y if b is None else y + b


def conv_bias_per_tap(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return y if b is None else y + (w.shape[1] - 1) * b[:, None, None]


def conv_first_channel(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    keep = np.zeros_like(w)
    keep[:, 0] = w[:, 0]
    return solutions.conv2d(x, keep, b, stride, padding, dilation, groups).astype(
        y.dtype
    )


def conv_sums_filters_of_image(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return np.broadcast_to(y[:1], y.shape)


def conv_swaps_kernel_axes(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    w = w.transpose(0, 1, 3, 2)
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_ignores_dilation(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return solutions.conv2d(x, w, b, stride, padding, 1, groups)


def conv_swaps_dilation(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    dilation = both(dilation)[::-1]
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_one_group(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return solutions.conv2d(x[:, : w.shape[1]], w, b, stride, padding, dilation, 1)


def conv_interleaves_groups(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    order = np.arange(x.shape[1]).reshape(-1, groups).T.ravel()
    return solutions.conv2d(x[:, order], w, b, stride, padding, dilation, groups)


def conv_always_float64(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return y.astype(np.float64)


def conv_always_float32(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    x, w = x.astype(np.float32), w.astype(np.float32)
    b = None if b is None else b.astype(np.float32)
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups)


def conv_float32_inside(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    dtype = x.dtype
    solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    x, w = x.astype(np.float32), w.astype(np.float32)
    b = None if b is None else b.astype(np.float32)
    return solutions.conv2d(x, w, b, stride, padding, dilation, groups).astype(dtype)


def conv_changes_x(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    x *= 0
    return y


def conv_adds_into_bias(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    if b is not None:
        b += y.sum(axis=(0, 2, 3)).astype(b.dtype)
    return y


def conv_returns_tensor(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    y = solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    return torch.tensor(y)


def conv_checks_nothing(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    try:
        return solutions.conv2d(x, w, b, stride, padding, dilation, groups)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def conv_prints(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    print(solutions.conv2d(x, w, b, stride, padding, dilation, groups))


LOOP_MISTAKES = [
    Mistake("the kernel is flipped (that is a convolution in the mathematical sense; "
            "here it is a cross-correlation)", conv_flips),
    Mistake("the stride is ignored", conv_ignores_stride),
    Mistake("the vertical and the horizontal stride are exchanged", conv_swaps_stride),
    Mistake("the padding is ignored", conv_ignores_padding),
    Mistake("the vertical and the horizontal padding are exchanged",
            conv_swaps_padding),
    Mistake("the image is padded with its edge pixels instead of zeros",
            conv_pads_edges),
    Mistake("all the padding is put at the top and left", conv_pads_one_side),
    Mistake("the bias is left out", conv_no_bias),
    Mistake("the bias is added along the last axis instead of the channels",
            conv_bias_on_columns),
    Mistake("the bias is added once for each input channel", conv_bias_per_tap),
    Mistake("only the first input channel is used", conv_first_channel),
    Mistake("every image of the batch gets the answer of the first",
            conv_sums_filters_of_image),
    Mistake("the axes of the kernel are exchanged", conv_swaps_kernel_axes),
    Mistake("the result is float64 whatever came in", conv_always_float64),
    Mistake("the result is float32 whatever came in", conv_always_float32),
    Mistake("the sums are computed in float32", conv_float32_inside),
    Mistake("the image is changed in place", conv_changes_x),
    Mistake("the bias is changed in place", conv_adds_into_bias),
    Mistake("the result is a torch tensor", conv_returns_tensor),
    Mistake("bad arguments raise nothing", conv_checks_nothing),
    Mistake("the result is printed instead of returned", conv_prints),
]  # fmt: skip


def conv_call(draw, rich=False):
    """A small valid call; rich adds dilation and groups."""
    groups = draw(st.sampled_from([1, 1, 2])) if rich else 1
    N, I, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    kh, kw = small(draw, 1, 3), small(draw, 1, 3)
    H, W = small(draw, 1, 5), small(draw, 1, 5)
    given = dict(stride=steps(draw, 1, 2), padding=steps(draw, 0, 1))
    if rich:
        given["dilation"] = steps(draw, 1, 2)
    (ph, pw), (dh, dw) = both(given["padding"]), both(given.get("dilation", 1))
    assume(dh * (kh - 1) + 1 <= H + 2 * ph and dw * (kw - 1) + 1 <= W + 2 * pw)
    dtype = dtypes(draw)
    x = array(draw, N, I * groups, H, W, dtype=dtype)
    w = array(draw, O * groups, I, kh, kw, dtype=dtype)
    kwargs = {a: v for a, v in given.items() if v != (0 if a == "padding" else 1)}
    if groups > 1:
        kwargs["groups"] = groups
    if draw(st.booleans()):
        kwargs["b"] = array(draw, O * groups, dtype=dtype)
    return Call((x, w), kwargs)


def broken_call(draw, rich=False):
    """A small call whose arguments do not fit."""
    x, w = np.ones((1, 2, 3, 3)), np.ones((2, 2, 2, 2))
    wrong = [
        Call((x[0], w)),
        Call((x, w[0])),
        Call((x, w[:, :1])),
        Call((x, w), {"b": np.ones(3)}),
        Call((x, w), {"stride": 0}),
        Call((x, np.ones((2, 2, 4, 2)))),
    ]
    if rich:
        wrong += [
            Call((x, w), {"dilation": 0}),
            Call((x, w), {"dilation": 3}),
            Call((x, w), {"groups": 2}),
            Call((x, np.ones((3, 1, 2, 2))), {"groups": 2}),
        ]
    return draw(st.sampled_from(wrong))


def loop_calls(draw):
    broken = draw(st.sampled_from([False, False, False, True]))
    return broken_call(draw) if broken else conv_call(draw)


def rich_calls(draw):
    broken = draw(st.sampled_from([False, False, False, True]))
    return broken_call(draw, True) if broken else conv_call(draw, True)


ERROR_CASES = [
    case("dtype and errors", "x without a batch axis", normal(3, 6, 5),
         normal(2, 3, 2, 2)),
    case("dtype and errors", "w with three axes", normal(1, 3, 6, 5), normal(3, 2, 2)),
    case("dtype and errors", "channels of x and w that differ", normal(1, 3, 6, 5),
         normal(2, 4, 2, 2), public=True),
    case("dtype and errors", "a bias that does not fit", normal(1, 3, 6, 5),
         normal(2, 3, 2, 2), b=normal(3)),
    case("dtype and errors", "stride 0", normal(1, 3, 6, 5), normal(2, 3, 2, 2),
         stride=0),
    case("dtype and errors", "a horizontal stride of 0", normal(1, 3, 6, 5),
         normal(2, 3, 2, 2), stride=(1, 0)),
    case("dtype and errors", "a kernel that is too high", normal(1, 3, 6, 5),
         normal(2, 3, 9, 2), padding=(1, 3)),
    case("dtype and errors", "a kernel that is too wide", normal(1, 3, 6, 5),
         normal(2, 3, 2, 8), padding=(4, 1)),
]  # fmt: skip

PLAIN_CASES = [
    case("plain", "one image of 3 x 4, one 2 x 3 kernel, by hand",
         integers(1, 1, 3, 4), integers(1, 1, 2, 3), public=True),
    case("plain", "two images, three channels, four kernels, all sizes different",
         normal(2, 3, 7, 6), normal(4, 3, 3, 2), public=True),
    case("plain", "with a bias", normal(2, 3, 5, 8), normal(4, 3, 2, 3), b=normal(4),
         public=True),
    case("plain", "another size", normal(3, 2, 8, 5), normal(5, 2, 3, 4), b=normal(5)),
    case("plain", "a kernel as large as the image", normal(2, 3, 4, 5),
         normal(6, 3, 4, 5)),
    case("plain", "1 x 1 kernels", normal(2, 3, 5, 4), normal(7, 3, 1, 1), b=normal(7)),
    case("plain", "whole numbers", integers(1, 2, 4, 5), integers(4, 2, 2, 3),
         b=integers(4)),
    case("plain", "an image whose memory is not contiguous",
         strided(normal(2, 3, 6, 7)), strided(normal(4, 3, 2, 3))),
]  # fmt: skip

STRIDE_CASES = [
    case("stride and padding", "stride 2", normal(1, 2, 7, 8), normal(3, 2, 3, 2),
         stride=2, public=True),
    case("stride and padding", "padding 1", normal(1, 2, 5, 6), normal(3, 2, 3, 2),
         padding=1, public=True),
    case("stride and padding", "different strides", normal(2, 3, 9, 8),
         normal(4, 3, 2, 3), stride=(3, 2)),
    case("stride and padding", "different paddings", normal(2, 3, 6, 5),
         normal(4, 3, 3, 2), padding=(0, 2), b=normal(4)),
    case("stride and padding", "both different", normal(2, 3, 8, 7),
         normal(4, 3, 3, 4), stride=(2, 3), padding=(2, 1), b=normal(4)),
    case("stride and padding", "pairs given as lists", normal(1, 2, 7, 6),
         normal(3, 2, 2, 3), stride=[2, 1], padding=[1, 2]),
    case("stride and padding", "a stride larger than the kernel", normal(1, 2, 9, 11),
         normal(3, 2, 2, 1), stride=(4, 3)),
    case("stride and padding", "a kernel that fits thanks to the padding",
         normal(1, 2, 2, 3), normal(3, 2, 4, 3), padding=(2, 1)),
]  # fmt: skip

DTYPE_CASES = [
    case("dtype and errors", "float32 stays float32", normal(2, 3, 6, 5, dtype="float32"),
         normal(5, 3, 3, 2, dtype="float32"), b=normal(5, dtype="float32")),
    case("dtype and errors", "images of whole numbers of type int",
         integers(1, 2, 4, 5, dtype="int64"), integers(3, 2, 2, 3, dtype="int64"),
         any_dtype=True),
]  # fmt: skip

CONV_GROUPS = [
    Group("plain", 2, "Stride 1 and no padding, with and without a bias."),
    Group("stride and padding", 2, "Both, as an int and as a pair."),
    Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
]

conv2d_loops = Exercise(
    solutions.conv2d_loops,
    minutes=20,
    difficulty="standard",
    groups=CONV_GROUPS,
    cases=[*PLAIN_CASES, *STRIDE_CASES, *DTYPE_CASES, *ERROR_CASES],
    explain=calls(loop_calls),
    forbidden=[TORCH_CONV, SCIPY_CONV],
    oracle=five(torch_conv2d),
    equivalents={
        "line 23: padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw))) => "
        "padded = np.pad(x, ((0, 1), (0, 0), (ph, ph), (pw, pw)))":
        "an image more at the end, at which the loop over N does not look",
    },
    alternatives=[loops_by_tap, five(shift_and_add), five(by_unfold), five(by_fft),
                  five(in_fortran_order)],
    mistakes=[Mistake(m.says, five(m.function)) for m in LOOP_MISTAKES],
    image=True,
)  # fmt: skip

conv2d = Exercise(
    solutions.conv2d,
    minutes=30,
    difficulty="standard",
    groups=[
        *CONV_GROUPS[:2],
        Group("dilation and groups", 2, "Dilated kernels, and groups of channels."),
        CONV_GROUPS[2],
    ],
    cases=[
        *PLAIN_CASES,
        *STRIDE_CASES,
        case("dilation and groups", "dilation 2", normal(1, 2, 7, 6),
             normal(3, 2, 3, 2), dilation=2, public=True),
        case("dilation and groups", "two groups", normal(1, 4, 4, 5),
             normal(6, 2, 3, 2), groups=2, public=True),
        case("dilation and groups", "different dilations", normal(2, 3, 8, 9),
             normal(4, 3, 2, 3), dilation=(3, 2), b=normal(4)),
        case("dilation and groups", "three groups with a bias", normal(2, 6, 5, 4),
             normal(9, 2, 2, 3), groups=3, b=normal(9)),
        case("dilation and groups", "a group a channel", normal(2, 4, 5, 6),
             normal(8, 1, 3, 2), groups=4),
        case("dilation and groups", "everything at once", normal(2, 6, 11, 12),
             normal(4, 3, 3, 2), b=normal(4), stride=(2, 3), padding=(1, 2),
             dilation=(2, 3), groups=2),
        *DTYPE_CASES,
        *ERROR_CASES,
        case("dtype and errors", "groups that do not divide the channels",
             normal(1, 3, 6, 5), normal(2, 1, 2, 2), groups=2),
        case("dtype and errors", "groups that do not divide the kernels",
             normal(1, 4, 6, 5), normal(3, 2, 2, 2), groups=2),
        case("dtype and errors", "groups 0", normal(1, 4, 6, 5), normal(4, 2, 2, 2),
             groups=0),
        case("dtype and errors", "dilation 0", normal(1, 4, 6, 5), normal(4, 4, 2, 2),
             dilation=0),
        case("dtype and errors", "a dilated kernel that does not fit",
             normal(1, 4, 6, 5), normal(2, 4, 2, 3), dilation=(1, 3)),
    ],
    explain=calls(rich_calls),
    forbidden=[TORCH_CONV, SCIPY_CONV],
    oracle=torch_conv2d,
    equivalents={
        "line 29: padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw))) => "
        "padded = np.pad(x, ((0, 0), (0, 1), (ph, ph), (pw, pw)))":
        "a channel more at the end, which no group takes",
    },
    alternatives=[shift_and_add, by_unfold, by_fft, in_fortran_order],
    mistakes=[
        *LOOP_MISTAKES,
        Mistake("the dilation is ignored", conv_ignores_dilation),
        Mistake("the vertical and the horizontal dilation are exchanged",
                conv_swaps_dilation),
        Mistake("every group sees the channels of the first group", conv_one_group),
        Mistake("channels are dealt out to the groups in turn, not in blocks",
                conv_interleaves_groups),
    ],
    image=True,
)  # fmt: skip

# ---- im2col ----------------------------------------------------------------


def torch_unfold(x, kh, kw, stride=1, padding=0):
    solutions.im2col(x, kh, kw, stride, padding)
    stride, padding, dtype = both(stride), both(padding), x.dtype
    x = torch.tensor(x, dtype=torch.float64)
    return F.unfold(x, (kh, kw), 1, padding, stride).numpy().astype(dtype)


def columns_by_loops(x, kh, kw, stride=1, padding=0):
    """A column a position, then stacked."""
    out = np.zeros_like(solutions.im2col(x, kh, kw, stride, padding))
    (sh, sw), (ph, pw) = both(stride), both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    column = 0
    for top in range(0, padded.shape[2] - kh + 1, sh):
        for left in range(0, padded.shape[3] - kw + 1, sw):
            window = padded[:, :, top : top + kh, left : left + kw]
            out[:, :, column] = window.reshape(len(x), -1)
            column += 1
    return out


def columns_by_taps(x, kh, kw, stride=1, padding=0):
    """A row a tap: a strided slice of the image each."""
    length = solutions.im2col(x, kh, kw, stride, padding).shape[2]
    (sh, sw), (ph, pw) = both(stride), both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    N, C, H, W = padded.shape
    rows = [
        padded[:, :, i : H - kh + 1 + i : sh, j : W - kw + 1 + j : sw]
        for i in range(kh)
        for j in range(kw)
    ]
    return np.stack(rows, axis=2).reshape(N, C * kh * kw, length)


def columns_by_identity(x, kh, kw, stride=1, padding=0):
    """As a convolution with one kernel a tap."""
    N, C = solutions.im2col(x, kh, kw, stride, padding).shape[0], x.shape[1]
    taps = np.eye(C * kh * kw).reshape(-1, C, kh, kw)
    y = solutions.conv2d(x.astype(np.float64), taps, None, stride, padding)
    return y.reshape(N, C * kh * kw, -1).astype(x.dtype)


def cols_channels_last(x, kh, kw, stride=1, padding=0):
    y = solutions.im2col(x, kh, kw, stride, padding)
    N, _, L = y.shape
    return y.reshape(N, x.shape[1], kh * kw, L).transpose(0, 2, 1, 3).reshape(y.shape)


def cols_transposed(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kh, kw, stride, padding).transpose(0, 2, 1)


def cols_window_transposed(x, kh, kw, stride=1, padding=0):
    y = solutions.im2col(x, kh, kw, stride, padding)
    N, _, L = y.shape
    windows = y.reshape(N, x.shape[1], kh, kw, L)
    return windows.transpose(0, 1, 3, 2, 4).reshape(y.shape)


def cols_positions_transposed(x, kh, kw, stride=1, padding=0):
    y = solutions.im2col(x, kh, kw, stride, padding)
    w = size(x.shape[3], kw, both(stride)[1], both(padding)[1])
    return y.reshape(*y.shape[:2], -1, w).swapaxes(2, 3).reshape(y.shape)


def cols_reshape_only(x, kh, kw, stride=1, padding=0):
    """Reshapes without moving the window axes to the front."""
    shape = solutions.im2col(x, kh, kw, stride, padding).shape
    (sh, sw), (ph, pw) = both(stride), both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), (2, 3))
    return windows[:, :, ::sh, ::sw].reshape(shape)


def cols_ignores_stride(x, kh, kw, stride=1, padding=0):
    solutions.im2col(x, kh, kw, stride, padding)
    return solutions.im2col(x, kh, kw, 1, padding)


def cols_swaps_stride(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kh, kw, both(stride)[::-1], padding)


def cols_ignores_padding(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kh, kw, stride, 0)


def cols_swaps_padding(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kh, kw, stride, both(padding)[::-1])


def cols_swaps_window(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kw, kh, stride, padding)


def cols_flips(x, kh, kw, stride=1, padding=0):
    y = solutions.im2col(x, kh, kw, stride, padding)
    N, _, L = y.shape
    windows = y.reshape(N, x.shape[1], kh, kw, L)[:, :, ::-1, ::-1]
    return windows.reshape(y.shape)


def cols_float64(x, kh, kw, stride=1, padding=0):
    return solutions.im2col(x, kh, kw, stride, padding).astype(np.float64)


def cols_checks_nothing(x, kh, kw, stride=1, padding=0):
    try:
        return solutions.im2col(x, kh, kw, stride, padding)
    except ValueError:
        return np.zeros((1, 1, 1), x.dtype)


def column_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 3))
        wrong = [Call((x[0], 1, 1)), Call((x, 0, 1)), Call((x, 3, 1)), Call((x, 1, 4)),
                 Call((x, 1, 1), {"stride": 0})]  # fmt: skip
        return draw(st.sampled_from(wrong))
    call = conv_call(draw)
    kwargs = {k: v for k, v in call.kwargs.items() if k != "b"}
    return Call((call.args[0], *call.args[1].shape[2:]), kwargs)


im2col = Exercise(
    solutions.im2col,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("layout", 2, "Which pixel stands in which row and column."),
        Group("stride and padding", 1, "Both, as an int and as a pair."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("layout", "one image of 3 x 4, windows of 2 x 3, by hand",
             integers(1, 1, 3, 4), 2, 3, public=True),
        case("layout", "two channels, by hand", integers(1, 2, 3, 3), 2, 2, public=True,
             exempt="square on purpose: the first look at two channels"),
        case("layout", "a batch of different sizes", normal(2, 3, 6, 5), 3, 2),
        case("layout", "high windows", normal(2, 4, 7, 5), 4, 1),
        case("layout", "wide windows", normal(3, 2, 5, 7), 1, 4),
        case("layout", "one window as large as the image", normal(2, 3, 4, 5), 4, 5),
        case("layout", "single pixels", normal(2, 3, 4, 5), 1, 1),
        case("layout", "an image whose memory is not contiguous",
             strided(normal(2, 3, 6, 5)), 2, 3),
        case("stride and padding", "stride 2", integers(1, 2, 5, 6), 2, 3, stride=2,
             public=True),
        case("stride and padding", "different strides", normal(2, 3, 9, 7), 2, 3,
             stride=(3, 2)),
        case("stride and padding", "different paddings", normal(2, 3, 4, 5), 3, 2,
             padding=(2, 1)),
        case("stride and padding", "both different", normal(2, 2, 8, 6), 3, 4,
             stride=(1, 3), padding=(0, 2)),
        case("stride and padding", "a window that fits thanks to the padding",
             normal(1, 2, 2, 3), 4, 3, padding=(1, 2)),
        case("stride and padding", "pairs given as lists", normal(1, 2, 7, 6), 2, 3,
             stride=[2, 1], padding=[1, 2]),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 5, dtype="float32"), 3, 2),
        case("dtype and errors", "x without a batch axis", normal(3, 6, 5), 2, 3,
             public=True),
        case("dtype and errors", "kh below 1", normal(1, 3, 6, 5), 0, 3),
        case("dtype and errors", "kw below 1", normal(1, 3, 6, 5), 2, 0),
        case("dtype and errors", "stride 0", normal(1, 3, 6, 5), 2, 3, stride=0),
        case("dtype and errors", "a window that is too high", normal(1, 3, 6, 5), 9, 2,
             padding=(1, 3)),
        case("dtype and errors", "a window that is too wide", normal(1, 3, 6, 5), 2, 8,
             padding=(4, 1)),
    ],
    explain=calls(column_calls),
    forbidden=[TORCH_UNFOLD],
    oracle=torch_unfold,
    equivalents={
        "line 24: return rows_first.reshape(N, C * kh * kw, -1) => "
        "return rows_first.reshape(N, C * kh * kw, -2)":
        "NumPy takes any negative size for the one it has to find",
    },
    alternatives=[columns_by_loops, columns_by_taps, columns_by_identity],
    mistakes=[
        Mistake("the rows run over the window first and over the channels last",
                cols_channels_last),
        Mistake("rows and columns of the result are exchanged", cols_transposed),
        Mistake("the window is read column by column", cols_window_transposed),
        Mistake("the positions are visited column by column",
                cols_positions_transposed),
        Mistake("the windows are reshaped before their axes are moved to the front",
                cols_reshape_only),
        Mistake("the stride is ignored", cols_ignores_stride),
        Mistake("the vertical and the horizontal stride are exchanged",
                cols_swaps_stride),
        Mistake("the padding is ignored", cols_ignores_padding),
        Mistake("the vertical and the horizontal padding are exchanged",
                cols_swaps_padding),
        Mistake("height and width of the window are exchanged", cols_swaps_window),
        Mistake("the window is flipped", cols_flips),
        Mistake("the result is float64 whatever came in", cols_float64),
        Mistake("bad arguments raise nothing", cols_checks_nothing),
    ],
)  # fmt: skip

# ---- conv2d_backward -------------------------------------------------------


def torch_gradients(dy, x, w, stride=1, padding=0):
    solutions.conv2d_backward(dy, x, w, stride, padding)
    dtype = x.dtype
    dy, x, w = (torch.tensor(a, dtype=torch.float64) for a in (dy, x, w))
    x.requires_grad_(), w.requires_grad_()
    b = torch.zeros(len(w), dtype=torch.float64, requires_grad=True)
    F.conv2d(x, w, b, both(stride), both(padding)).backward(dy)
    return tuple(t.grad.numpy().astype(dtype) for t in (x, w, b))


def conv2d_forward(dy, x, w, stride=1, padding=0):
    def forward(x, w, b):
        return solutions.conv2d(x, w, b, stride, padding)

    return forward, (x, w, np.zeros(len(w)))


def gradients_by_loops(dy, x, w, stride=1, padding=0):
    """Each output pixel hands its gradient back to what it was made of."""
    solutions.conv2d_backward(dy, x, w, stride, padding)
    (sh, sw), (ph, pw) = both(stride), both(padding)
    kh, kw = w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for n, o, i, j in np.ndindex(*dy.shape):
        at = np.s_[n, :, i * sh : i * sh + kh, j * sw : j * sw + kw]
        dx[at] += dy[n, o, i, j] * w[o]
        dw[o] += dy[n, o, i, j] * padded[at]
    H, W = x.shape[2:]
    return dx[:, :, ph : ph + H, pw : pw + W], dw, dy.sum((0, 2, 3))


def gradients_by_columns(dy, x, w, stride=1, padding=0):
    """Through im2col and its transpose (fold)."""
    solutions.conv2d_backward(dy, x, w, stride, padding)
    dtype, kernel = x.dtype, w.shape[2:]
    stride, padding = both(stride), both(padding)
    columns = F.unfold(torch.tensor(x, dtype=torch.float64), kernel, 1, padding, stride)
    flat = torch.tensor(dy, dtype=torch.float64).flatten(2)  # (N, O, L)
    dw = torch.einsum("nol,nkl->ok", flat, columns).reshape(w.shape)
    rows = torch.tensor(w, dtype=torch.float64).flatten(1)  # (O, K)
    back = torch.einsum("nol,ok->nkl", flat, rows)
    dx = F.fold(back, x.shape[2:], kernel, 1, padding, stride)
    parts = (dx, dw, flat.sum((0, 2)))
    return tuple(part.numpy().astype(dtype) for part in parts)


def gradients_by_transpose(dy, x, w, stride=1, padding=0):
    """Two further convolutions: of the spread gradient with the flipped kernel,
    and of the image with the spread gradient."""
    solutions.conv2d_backward(dy, x, w, stride, padding)
    (sh, sw), (ph, pw) = both(stride), both(padding)
    (N, _, H, W), (O, _, kh, kw) = x.shape, w.shape
    spread = np.zeros((N, O, H + 2 * ph - kh + 1, W + 2 * pw - kw + 1), x.dtype)
    spread[:, :, ::sh, ::sw][:, :, : dy.shape[2], : dy.shape[3]] = dy
    flipped = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    around = np.pad(spread, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    dx = solutions.conv2d(around, flipped)[:, :, ph : ph + H, pw : pw + W]
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    dw = solutions.conv2d(padded.swapaxes(0, 1), spread.swapaxes(0, 1)).swapaxes(0, 1)
    return dx, dw, dy.sum(axis=(0, 2, 3))


def parts(**changes):
    """A mistake that changes one of the three gradients."""

    def conv2d_backward(dy, x, w, stride=1, padding=0):
        right = solutions.conv2d_backward(dy, x, w, stride, padding)
        named = dict(zip(("dx", "dw", "db"), right))
        for name, change in changes.items():
            named[name] = change(named[name], dy, x, w, stride, padding)
        return tuple(named.values())

    return conv2d_backward


def dx_overwrites(dx, dy, x, w, stride, padding):
    (sh, sw), (ph, pw) = both(stride), both(padding)
    (H, W), (kh, kw) = x.shape[2:], w.shape[2:]
    d_padded = np.zeros((*x.shape[:2], H + 2 * ph, W + 2 * pw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            rows = slice(i, i + sh * (dy.shape[2] - 1) + 1, sh)
            columns = slice(j, j + sw * (dy.shape[3] - 1) + 1, sw)
            d_padded[:, :, rows, columns] = np.einsum(
                "nohw,oc->nchw", dy, w[:, :, i, j]
            )
    return d_padded[:, :, ph : ph + H, pw : pw + W]


def dx_of_flipped(dx, dy, x, w, stride, padding):
    flipped = np.ascontiguousarray(w[:, :, ::-1, ::-1])
    return solutions.conv2d_backward(dy, x, flipped, stride, padding)[0]


def dx_not_cropped(dx, dy, x, w, stride, padding):
    ph, pw = both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    return solutions.conv2d_backward(dy, padded, w, stride, 0)[0]


def dx_cropped_wrong(dx, dy, x, w, stride, padding):
    return dx_not_cropped(dx, dy, x, w, stride, padding)[
        :, :, : x.shape[2], : x.shape[3]
    ]


def mean_over_batch(part, dy, x, w, stride, padding):
    return part / len(x)


def first_image(dw, dy, x, w, stride, padding):
    return solutions.conv2d_backward(dy[:1], x[:1], w, stride, padding)[1]


def dw_unpadded(dw, dy, x, w, stride, padding):
    ph, pw = both(padding)
    inner = np.zeros_like(x)
    inner[:, :, ph:, pw:] = x[:, :, : x.shape[2] - ph, : x.shape[3] - pw]
    return solutions.conv2d_backward(dy, inner, w, stride, padding)[1]


def dw_flipped(dw, dy, x, w, stride, padding):
    return dw[:, :, ::-1, ::-1]


def db_counts(db, dy, x, w, stride, padding):
    return np.full_like(db, dy.size / dy.shape[1])


def db_keeps_batch(db, dy, x, w, stride, padding):
    return dy.sum(axis=(2, 3))


def db_mean(db, dy, x, w, stride, padding):
    return dy.mean(axis=(0, 2, 3))


def backward_ignores_stride(dy, x, w, stride=1, padding=0):
    right = solutions.conv2d_backward(dy, x, w, stride, padding)
    (H, W), (kh, kw), (ph, pw) = x.shape[2:], w.shape[2:], both(padding)
    wide = np.zeros((*dy.shape[:2], H + 2 * ph - kh + 1, W + 2 * pw - kw + 1), x.dtype)
    wide[:, :, : dy.shape[2], : dy.shape[3]] = dy
    dx, dw, _ = solutions.conv2d_backward(wide, x, w, 1, padding)
    return dx, dw, right[2]


def backward_order(dy, x, w, stride=1, padding=0):
    dx, dw, db = solutions.conv2d_backward(dy, x, w, stride, padding)
    return dw, dx, db


def backward_two(dy, x, w, stride=1, padding=0):
    return solutions.conv2d_backward(dy, x, w, stride, padding)[:2]


def backward_float64(dy, x, w, stride=1, padding=0):
    right = solutions.conv2d_backward(dy, x, w, stride, padding)
    return tuple(part.astype(np.float64) for part in right)


def backward_changes_dy(dy, x, w, stride=1, padding=0):
    right = solutions.conv2d_backward(dy, x, w, stride, padding)
    dy *= 2
    return right


def backward_checks_nothing(dy, x, w, stride=1, padding=0):
    try:
        return solutions.conv2d_backward(dy, x, w, stride, padding)
    except ValueError:
        return np.zeros_like(x), np.zeros_like(w), np.zeros(len(w))


def backward_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        dy, x, w = np.ones((1, 2, 2, 2)), np.ones((1, 1, 3, 3)), np.ones((2, 1, 2, 2))
        wrong = [Call((dy[0], x, w)), Call((dy, x[0], w)), Call((dy, x, w[0])),
                 Call((dy[:, :1], x, w)), Call((dy, x, np.ones((2, 2, 2, 2)))),
                 Call((dy, x, w), {"stride": 0})]  # fmt: skip
        return draw(st.sampled_from(wrong))
    call = conv_call(draw)
    x, w = call.args
    given = {k: v for k, v in call.kwargs.items() if k != "b"}
    shape = solutions.conv2d(x, w, **given).shape
    return Call((array(draw, *shape, dtype=x.dtype.name), x, w), given)


conv2d_backward = Exercise(
    solutions.conv2d_backward,
    minutes=40,
    difficulty="challenge",
    results=("dx", "dw", "db"),
    groups=[
        Group("plain", 2, "Stride 1 and no padding: dx, dw and db."),
        Group("stride and padding", 2, "Both, as an int and as a pair."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("plain", "one image of 3 x 4, one 2 x 3 kernel, by hand",
             integers(1, 1, 2, 2), integers(1, 1, 3, 4), integers(1, 1, 2, 3),
             public=True),
        case("plain", "two images, all sizes different", normal(2, 4, 5, 5),
             normal(2, 3, 7, 6), normal(4, 3, 3, 2), public=True),
        case("plain", "another size", normal(3, 5, 6, 2), normal(3, 2, 8, 5),
             normal(5, 2, 3, 4)),
        case("plain", "a kernel as large as the image", normal(2, 6, 1, 1),
             normal(2, 3, 4, 5), normal(6, 3, 4, 5)),
        case("plain", "1 x 1 kernels", normal(2, 7, 5, 4), normal(2, 3, 5, 4),
             normal(7, 3, 1, 1)),
        case("plain", "arrays whose memory is not contiguous",
             strided(normal(2, 4, 5, 5)), strided(normal(2, 3, 6, 7)),
             strided(normal(4, 3, 2, 3))),
        case("stride and padding", "stride 2", normal(1, 3, 3, 4), normal(1, 2, 7, 8),
             normal(3, 2, 3, 2), stride=2, public=True),
        case("stride and padding", "padding 1", normal(1, 3, 5, 7), normal(1, 2, 5, 6),
             normal(3, 2, 3, 2), padding=1, public=True),
        case("stride and padding", "different strides that leave a rest",
             normal(2, 4, 3, 3), normal(2, 3, 10, 8), normal(4, 3, 2, 3),
             stride=(3, 2)),
        case("stride and padding", "different paddings", normal(2, 4, 4, 8),
             normal(2, 3, 6, 5), normal(4, 3, 3, 2), padding=(0, 2)),
        case("stride and padding", "both different", normal(2, 4, 5, 2),
             normal(2, 3, 8, 7), normal(4, 3, 3, 4), stride=(2, 3), padding=(2, 1)),
        case("stride and padding", "a stride larger than the kernel",
             normal(1, 3, 2, 4), normal(1, 2, 9, 11), normal(3, 2, 2, 1),
             stride=(4, 3)),
        case("stride and padding", "a kernel that fits thanks to the padding",
             normal(1, 3, 3, 3), normal(1, 2, 2, 3), normal(3, 2, 4, 3),
             padding=(2, 1)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 4, 4, 4, dtype="float32"), normal(2, 3, 6, 5, dtype="float32"),
             normal(4, 3, 3, 2, dtype="float32")),
        case("dtype and errors", "dy of another size than the output",
             normal(2, 4, 5, 5), normal(2, 3, 7, 7), normal(4, 3, 3, 2), public=True),
        case("dtype and errors", "dy with too few channels", normal(2, 3, 5, 5),
             normal(2, 3, 7, 6), normal(4, 3, 3, 2)),
        case("dtype and errors", "dy without a batch axis", normal(4, 5, 5),
             normal(1, 3, 7, 6), normal(4, 3, 3, 2)),
        case("dtype and errors", "x without a batch axis", normal(1, 4, 5, 5),
             normal(3, 7, 6), normal(4, 3, 3, 2)),
        case("dtype and errors", "w with three axes", normal(1, 4, 5, 5),
             normal(1, 3, 7, 6), normal(4, 3, 2)),
        case("dtype and errors", "channels of x and w that differ",
             normal(2, 4, 5, 5), normal(2, 3, 7, 6), normal(4, 2, 3, 2)),
        case("dtype and errors", "stride 0", normal(2, 4, 5, 5), normal(2, 3, 7, 6),
             normal(4, 3, 3, 2), stride=0),
        case("dtype and errors", "a kernel that does not fit", normal(2, 4, 1, 1),
             normal(2, 3, 4, 6), normal(4, 3, 8, 2), padding=(1, 2)),
    ],
    explain=calls(backward_calls),
    forbidden=[TORCH_CONV, SCIPY_CONV],
    forward=conv2d_forward,
    oracle=torch_gradients,
    equivalents={
        "line 39: db = dy.sum(axis=(0, 2, 3)) => db = dy.sum(axis=(2, 0, 3))":
        "a sum does not depend on the order of its axes",
        "line 39: db = dy.sum(axis=(0, 2, 3)) => db = dy.sum(axis=(0, 3, 2))":
        "a sum does not depend on the order of its axes",
    },
    alternatives=[gradients_by_loops, gradients_by_columns, gradients_by_transpose],
    mistakes=[
        Mistake("windows that overlap overwrite each other in dx instead of adding up",
                parts(dx=dx_overwrites)),
        Mistake("dx is computed with the flipped kernel", parts(dx=dx_of_flipped)),
        Mistake("the padding is not cut off dx", parts(dx=dx_not_cropped)),
        Mistake("the padding is cut off the wrong side of dx",
                parts(dx=dx_cropped_wrong)),
        Mistake("dw is the mean over the batch instead of the sum",
                parts(dw=mean_over_batch)),
        Mistake("dw takes only the first image of the batch", parts(dw=first_image)),
        Mistake("dw is computed with an image that is padded at the top and left only",
                parts(dw=dw_unpadded)),
        Mistake("dw is flipped", parts(dw=dw_flipped)),
        Mistake("db counts the pixels instead of adding up dy", parts(db=db_counts)),
        Mistake("db keeps the batch axis", parts(db=db_keeps_batch)),
        Mistake("db is the mean of dy instead of the sum", parts(db=db_mean)),
        Mistake("the stride is ignored", backward_ignores_stride),
        Mistake("the results come in another order than (dx, dw, db)", backward_order),
        Mistake("db is missing", backward_two),
        Mistake("the gradients are float64 whatever came in", backward_float64),
        Mistake("dy is changed in place", backward_changes_dy),
        Mistake("bad arguments raise nothing", backward_checks_nothing),
    ],
)  # fmt: skip
