"""How the exercises of the chapter `kernel_size` are graded."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import SCIPY_CONV
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
from solutions import kernel_size as solutions

# ---- receptive_field -------------------------------------------------------


def field_by_marking(layers):
    """Goes back from two neighbouring outputs to the pixels that they read."""
    solutions.receptive_field(layers)  # its errors
    ends = []
    for start in (0, 1):
        seen = {start}
        for k, stride, dilation in reversed(layers):
            seen = {stride * i + dilation * u for i in seen for u in (0, k - 1)}
        ends.append((min(seen), max(seen)))
    (first, last), (following, _) = ends
    return last - first + 1, following - first


def field_from_top(layers):
    """From the output to the input; the jumps multiply on their own."""
    solutions.receptive_field(layers)
    size = 1
    for k, stride, dilation in layers[::-1]:
        size = (size - 1) * stride + dilation * (k - 1) + 1
    return size, math.prod(stride for _, stride, _ in layers)


def field_with_numpy(layers):
    solutions.receptive_field(layers)
    table = np.array(layers, dtype=np.int64).reshape(-1, 3)
    k, stride, dilation = table.T
    jumps = np.concatenate([[1], np.cumprod(stride)])
    return 1 + (dilation * (k - 1) * jumps[:-1]).sum(), jumps[-1]


def field_recursive(layers):
    solutions.receptive_field(layers)
    if len(layers) == 0:
        return [1, 1]
    size, jump = field_recursive(layers[:-1])
    k, stride, dilation = layers[-1]
    return [size + dilation * (k - 1) * jump, jump * stride]


def field(change, checked=True):
    """A wrong answer: `change` gives size and jump after one more layer."""

    def answer(layers):
        try:
            solutions.receptive_field(layers)
        except ValueError:
            if checked:
                raise
            return 1, 1
        size, jump = 1, 1
        for layer in layers:
            size, jump = change(size, jump, *layer)
        return size, jump

    return answer


def right_step(r, j, k, s, d):
    return r + d * (k - 1) * j, j * s


def field_reversed(layers):
    solutions.receptive_field(layers)
    return solutions.receptive_field(layers[::-1])


def field_from_zero(layers):
    size, jump = solutions.receptive_field(layers)
    return (size, jump) if layers else (0, 1)


def field_swapped(layers):
    return solutions.receptive_field(layers)[::-1]


def field_pops(layers):
    result = solutions.receptive_field(layers)
    layers.reverse()
    return result


def field_calls(draw):
    count = small(draw, 0, 3)
    layers = [
        (small(draw, 1, 4), small(draw, 1, 3), small(draw, 1, 3)) for _ in range(count)
    ]
    if layers and draw(st.sampled_from([False, False, False, True])):
        layer = list(layers[-1])
        layer[small(draw, 0, 2)] = 0
        layers[-1] = tuple(layer)
    return Call((layers,))


VGG16 = [
    layer for count in (2, 2, 3, 3, 3) for layer in [(3, 1, 1)] * count + [(2, 2, 1)]
]

receptive_field = Exercise(
    solutions.receptive_field,
    minutes=15,
    difficulty="standard",
    results=("size", "jump"),
    groups=[
        Group("kernels and strides", 2, "Stacks of kernels, with and without strides."),
        Group("dilation and edges", 1,
              "Dilated kernels, no layers at all, and layers that cannot be."),
    ],
    cases=[
        case("kernels and strides", "one layer of 5", [(5, 1, 1)], public=True),
        case("kernels and strides", "3, then 5, no strides", [(3, 1, 1), (5, 1, 1)],
             public=True),
        case("kernels and strides", "stride 2, then a kernel of 3",
             [(3, 2, 1), (3, 1, 1)], public=True),
        case("kernels and strides", "7-5-3, each with stride 2",
             [(7, 2, 1), (5, 2, 1), (3, 2, 1)]),
        case("kernels and strides", "3-5-7, each with stride 2",
             [(3, 2, 1), (5, 2, 1), (7, 2, 1)]),
        case("kernels and strides", "different strides",
             [(4, 3, 1), (2, 1, 1), (6, 2, 1), (3, 5, 1)]),
        case("kernels and strides", "1 x 1 layers between", [(1, 1, 1), (7, 2, 1), (1, 3, 1),
                                                            (2, 1, 1)]),
        case("kernels and strides", "layers given as lists", [[5, 2, 1], [3, 3, 1], [2, 1, 1]]),
        case("kernels and strides", "a stride larger than the kernel", [(2, 4, 1), (3, 1, 1)]),
        case("kernels and strides", "the first 13 convolutions of VGG-16 with their pooling",
             VGG16),
        case("kernels and strides", "thirty layers of 3", [(3, 1, 1)] * 30),
        case("dilation and edges", "dilation 1, 2, 4", [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
             public=True),
        case("dilation and edges", "stride and dilation in one layer", [(5, 3, 2), (2, 1, 1),
                                                                        (4, 2, 3)]),
        case("dilation and edges", "dilation of a single tap", [(1, 2, 7), (3, 1, 1)]),
        case("dilation and edges", "no layers", [], public=True),
        case("dilation and edges", "a kernel of length 0", [(3, 1, 1), (0, 2, 1)], public=True),
        case("dilation and edges", "stride 0 in the middle", [(3, 2, 1), (5, 0, 1), (3, 1, 1)]),
        case("dilation and edges", "dilation 0", [(3, 1, 0)]),
        case("dilation and edges", "a negative stride", [(3, -1, 1), (3, 1, 2)]),
    ],
    explain=calls(field_calls),
    oracle=field_by_marking,
    alternatives=[field_by_marking, field_from_top, field_with_numpy, field_recursive],
    mistakes=[
        Mistake("the strides of earlier layers do not widen the steps of later ones",
                field(lambda r, j, k, s, d: (r + d * (k - 1), j * s))),
        Mistake("a layer's own stride widens its own kernel, too",
                field(lambda r, j, k, s, d: (r + d * (k - 1) * j * s, j * s))),
        Mistake("the whole kernel is added for each layer, k instead of k - 1",
                field(lambda r, j, k, s, d: (r + d * k * j, j * s))),
        Mistake("the sizes of the layers are multiplied instead of added up",
                field(lambda r, j, k, s, d: (r * (d * (k - 1) + 1), j * s))),
        Mistake("the dilation is ignored",
                field(lambda r, j, k, s, d: (r + (k - 1) * j, j * s))),
        Mistake("a dilated kernel is taken to be d * k long",
                field(lambda r, j, k, s, d: (r + (d * k - 1) * j, j * s))),
        Mistake("the dilation widens the steps of later layers, as a stride does",
                field(lambda r, j, k, s, d: (r + d * (k - 1) * j, j * s * d))),
        Mistake("the strides are added up instead of multiplied",
                field(lambda r, j, k, s, d: (r + d * (k - 1) * j, j + s - 1))),
        Mistake("the jump is the stride of the last layer",
                field(lambda r, j, k, s, d: (r + d * (k - 1) * j, s))),
        Mistake("the layers are read from the output to the input", field_reversed),
        Mistake("no layers give a field of 0 pixels", field_from_zero),
        Mistake("size and jump are exchanged", field_swapped),
        Mistake("the list of layers is turned round in place", field_pops),
        Mistake("layers that cannot be raise nothing", field(right_step, checked=False)),
    ],
)  # fmt: skip

# ---- stack_cost ------------------------------------------------------------


def cost_by_building(kernels, channels, h, w):
    """Builds the layers, counts their weights, and runs a gradient back."""
    solutions.stack_cost(kernels, channels, h, w)  # its errors
    pairs = zip(kernels, itertools.pairwise(channels))
    layers = [
        torch.nn.Conv2d(i, o, k, bias=False, device="meta") for k, (i, o) in pairs
    ]
    params = sum(layer.weight.numel() for layer in layers)
    reach = torch.ones(1)
    for k in kernels:
        reach = F.conv1d(reach[None], torch.ones(1, 1, k), padding=k - 1)[0].clamp(
            max=1
        )
    return {"params": params, "macs": params * h * w, "rf": len(reach)}


def cost_with_numpy(kernels, channels, h, w):
    solutions.stack_cost(kernels, channels, h, w)
    k = np.array(kernels, dtype=np.int64)
    c = np.array(channels, dtype=np.int64)
    params = np.sum(k**2 * c[1:] * c[:-1])
    return {"rf": 1 + np.sum(k - 1), "macs": params * h * w, "params": params}


def cost_layer_by_layer(kernels, channels, h, w):
    solutions.stack_cost(kernels, channels, h, w)
    total = {"params": 0, "macs": 0, "rf": 1}
    for i, k in enumerate(kernels):
        weights = channels[i] * channels[i + 1] * k * k
        total["params"] += weights
        total["macs"] += weights * h * w
        total["rf"] += k - 1
    return total


def cost_by_sums(kernels, channels, h, w):
    solutions.stack_cost(kernels, channels, h, w)
    params = sum(k**2 * channels[i] * channels[i + 1] for i, k in enumerate(kernels))
    rf = sum(kernels) - len(kernels) + 1
    return dict(params=params, macs=params * h * w, rf=rf)


def cost(weights=lambda k, i, o: k * k * i * o, macs=lambda params, h, w: params * h * w,
         rf=lambda kernels: 1 + sum(k - 1 for k in kernels), checked=True):  # fmt: skip
    """A wrong answer, from what it makes of a layer, of a pixel, of the kernels."""

    def answer(kernels, channels, h, w):
        try:
            solutions.stack_cost(kernels, channels, h, w)
        except ValueError:
            if checked:
                raise
        pairs = zip(kernels, itertools.pairwise(channels))
        params = sum(weights(k, i, o) for k, (i, o) in pairs)
        return {"params": params, "macs": macs(params, h, w), "rf": rf(kernels)}

    return answer


def cost_turned(kernels, channels, h, w):
    solutions.stack_cost(kernels, channels, h, w)
    return solutions.stack_cost(kernels[::-1], channels, h, w)


def cost_shrinks(kernels, channels, h, w):
    """Without padding the image gets smaller."""
    result = solutions.stack_cost(kernels, channels, h, w)
    macs = 0
    for k, (i, o) in zip(kernels, itertools.pairwise(channels)):
        h, w = max(h - k + 1, 0), max(w - k + 1, 0)
        macs += k * k * i * o * h * w
    return {**result, "macs": macs}


def cost_as_tuple(kernels, channels, h, w):
    return tuple(solutions.stack_cost(kernels, channels, h, w).values())


def stack_calls(draw):
    count = small(draw, 0, 3)
    kernels = [2 * small(draw, 0, 2) + 1 for _ in range(count)]
    channels = [small(draw, 1, 3) for _ in range(count + 1)]
    h, w = small(draw, 1, 4), small(draw, 1, 4)
    if draw(st.sampled_from([False, False, False, True])):
        wrong = draw(st.sampled_from(["more", "fewer", "channel", "h", "w", "kernel"]))
        h, w = (0 if wrong == "h" else h), (0 if wrong == "w" else w)
        channels[-1] = 0 if wrong == "channel" else channels[-1]
        if wrong == "more":
            channels = [*channels, 1]
        elif wrong == "fewer":
            channels = channels[:-1]
        elif wrong == "kernel":
            kernels, channels = [*kernels, 0], [*channels, 1]
    return Call((kernels, channels, h, w))


stack_cost = Exercise(
    solutions.stack_cost,
    minutes=15,
    difficulty="warm-up",
    groups=[
        Group("counts", 2, "Weights, operations and receptive field of a stack."),
        Group("edges", 1, "A single layer, none, and arguments that do not fit."),
    ],
    cases=[
        case("counts", "two layers, by hand", [3, 1], [2, 3, 4], 5, 2, public=True),
        case("counts", "7-5-3 where channels grow", [7, 5, 3], [3, 8, 16, 32], 9, 7,
             public=True),
        case("counts", "3-5-7 where channels grow", [3, 5, 7], [3, 8, 16, 32], 9, 7),
        case("counts", "three layers of 3 x 3", [3, 3, 3], [6, 6, 6, 6], 11, 4),
        case("counts", "channels that shrink", [5, 3, 7, 1], [9, 7, 5, 2, 4], 3, 10),
        case("counts", "the first layer of AlexNet and what follows", [11, 5, 3, 3, 3],
             [3, 96, 256, 384, 384, 256], 55, 57),
        case("counts", "more operations than 32 bits hold", [7, 7], [512, 1024, 512], 240, 320),
        case("counts", "a long stack", [3] * 40, list(range(1, 42)), 6, 8),
        case("counts", "tuples instead of lists", (5, 3), (4, 6, 2), 8, 3),
        case("edges", "one layer", [5], [3, 8], 4, 6, public=True),
        case("edges", "no layers", [], [3], 4, 6),
        case("edges", "one by one pixel", [3, 5], [2, 4, 3], 1, 1),
        case("edges", "as many channels as kernels", [3, 3], [8, 8], 4, 6, public=True),
        case("edges", "two channels too many", [3, 5], [2, 8, 8, 4, 4], 4, 6),
        case("edges", "a kernel of size 0", [3, 0], [2, 8, 4], 4, 6),
        case("edges", "no channels in the middle", [3, 5], [2, 0, 4], 4, 6),
        case("edges", "h 0", [3, 5], [2, 8, 4], 0, 6),
        case("edges", "w 0", [3, 5], [2, 8, 4], 4, 0),
    ],
    explain=calls(stack_calls),
    oracle=cost_by_building,
    equivalents={
        "line 23: for k, c_in, c_out in zip(kernels, channels, channels[1:]): => "
        "for k, c_in, c_out in zip(kernels, channels[1:], channels):":
        "the counts only use the product of the two, which is the same either way",
    },
    alternatives=[cost_by_building, cost_with_numpy, cost_layer_by_layer, cost_by_sums],
    mistakes=[
        Mistake("a kernel is counted as k instead of k * k weights",
                cost(lambda k, i, o: k * i * o)),
        Mistake("the input channels are not counted", cost(lambda k, i, o: k * k * o)),
        Mistake("the output channels are not counted", cost(lambda k, i, o: k * k * i)),
        Mistake("input and output channels are added instead of multiplied",
                cost(lambda k, i, o: k * k * (i + o))),
        Mistake("each layer has a bias for every output channel",
                cost(lambda k, i, o: k * k * i * o + o)),
        Mistake("every layer is taken to keep its number of channels",
                cost(lambda k, i, o: k * k * i * i)),
        Mistake("the kernels meet the layers in the opposite order", cost_turned),
        Mistake("the image gets smaller with every layer, as without padding", cost_shrinks),
        Mistake("the operations are those of a single output pixel",
                cost(macs=lambda params, h, w: params)),
        Mistake("the height is taken for the width, too",
                cost(macs=lambda params, h, w: params * h * h)),
        Mistake("multiplications and additions are counted apart (a MAC is both)",
                cost(macs=lambda params, h, w: 2 * params * h * w)),
        Mistake("the receptive field is the sum of the kernels",
                cost(rf=lambda kernels: sum(kernels))),
        Mistake("the receptive field is the product of the kernels", cost(rf=math.prod)),
        Mistake("the receptive field is that of the largest kernel",
                cost(rf=lambda kernels: max(kernels, default=1))),
        Mistake("the receptive field starts from 0 pixels",
                cost(rf=lambda kernels: sum(k - 1 for k in kernels))),
        Mistake("the result is a tuple instead of a dict", cost_as_tuple),
        Mistake("bad arguments raise nothing", cost(checked=False)),
    ],
)  # fmt: skip

# ---- compose_kernels -------------------------------------------------------


def compose_by_torch(k1, k2):
    """A transposed convolution adds copies of k2, weighted by k1."""
    solutions.compose_kernels(k1, k2)  # its errors
    x, w = torch.tensor(k1, dtype=torch.float64), torch.tensor(k2, dtype=torch.float64)
    return (
        F.conv_transpose2d(x[None, None], w[None, None])[0, 0].numpy().astype(k1.dtype)
    )


def compose_by_probing(k1, k2):
    """What both passes answer to a single bright pixel, turned."""
    solutions.compose_kernels(k1, k2)
    (h1, w1), (h2, w2) = k1.shape, k2.shape
    h, w = h1 + h2 - 1, w1 + w2 - 1
    x = torch.zeros(1, 1, 2 * h - 1, 2 * w - 1, dtype=torch.float64)
    x[0, 0, h - 1, w - 1] = 1
    for kernel in (k1, k2):
        x = F.conv2d(x, torch.tensor(kernel, dtype=torch.float64)[None, None])
    return x[0, 0].numpy()[::-1, ::-1].astype(k1.dtype)


def compose_by_fourier(k1, k2):
    solutions.compose_kernels(k1, k2)
    shape = [a + b - 1 for a, b in zip(k1.shape, k2.shape)]
    spectrum = np.fft.rfft2(k1, shape) * np.fft.rfft2(k2, shape)
    k = np.fft.irfft2(spectrum, shape)
    return k.astype(k1.dtype) if k1.dtype.kind == "f" else k.round().astype(k1.dtype)


def compose_by_rows(k1, k2):
    """One-dimensional convolutions of rows, added where they belong."""
    solutions.compose_kernels(k1, k2)
    (h1, w1), (h2, w2) = k1.shape, k2.shape
    k = np.zeros((h1 + h2 - 1, w1 + w2 - 1), k1.dtype)
    for a in range(h1):
        for b in range(h2):
            k[a + b] += np.convolve(k1[a], k2[b])
    return k


def compose_by_windows(k1, k2):
    """Correlates the padded first kernel with the second, turned."""
    solutions.compose_kernels(k1, k2)
    h2, w2 = k2.shape
    padded = np.pad(k1, ((h2 - 1, h2 - 1), (w2 - 1, w2 - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (h2, w2))
    return np.asfortranarray(np.einsum("hwij,ij->hw", windows, k2[::-1, ::-1]))


def compose_flips(k1, k2):
    return solutions.compose_kernels(k1, k2)[::-1, ::-1]


def compose_correlates(k1, k2):
    solutions.compose_kernels(k1, k2)
    return solutions.compose_kernels(k1, k2[::-1, ::-1])


def compose_flips_first(k1, k2):
    solutions.compose_kernels(k1, k2)
    return solutions.compose_kernels(k1[::-1, ::-1], k2)


def compose_overwrites(k1, k2):
    k = np.zeros_like(solutions.compose_kernels(k1, k2))
    (h1, w1), (h2, w2) = k1.shape, k2.shape
    for i in range(h2):
        for j in range(w2):
            k[i : i + h1, j : j + w1] = k2[i, j] * k1
    return k


def compose_adds(k1, k2):
    """Adds the kernels: what two layers beside each other would do."""
    k = np.zeros_like(solutions.compose_kernels(k1, k2))
    for kernel in (k1, k2):
        top, left = (np.array(k.shape) - kernel.shape) // 2
        k[top : top + len(kernel), left : left + kernel.shape[1]] += kernel
    return k


def compose_same(k1, k2):
    """Keeps the size of the first kernel, as padding would."""
    k = solutions.compose_kernels(k1, k2)
    top, left = (k2.shape[0] - 1) // 2, (k2.shape[1] - 1) // 2
    return k[top : top + len(k1), left : left + k1.shape[1]]


def compose_too_large(k1, k2):
    return np.pad(solutions.compose_kernels(k1, k2), ((0, 1), (0, 1)))


def compose_mixed(k1, k2):
    return solutions.compose_kernels(k1, k2).T


def compose_float64(k1, k2):
    return solutions.compose_kernels(k1, k2).astype(np.float64)


def compose_float32(k1, k2):
    solutions.compose_kernels(k1, k2)
    k = solutions.compose_kernels(k1.astype(np.float32), k2.astype(np.float32))
    return k.astype(k1.dtype)


def compose_normalises(k1, k2):
    k = solutions.compose_kernels(k1, k2)
    return (k / np.abs(k).sum()).astype(k.dtype) if k.any() else k


def compose_changes(k1, k2):
    k = solutions.compose_kernels(k1, k2)
    k2 *= 2
    return k


def compose_checks_nothing(k1, k2):
    try:
        return solutions.compose_kernels(k1, k2)
    except ValueError:
        return np.zeros((1, 1), k1.dtype)


def compose_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        k = np.ones((2, 2))
        return draw(st.sampled_from([Call((k[0], k)), Call((k, k[None]))]))
    dtype = dtypes(draw)
    shapes = [(small(draw, 1, 3), small(draw, 1, 3)) for _ in range(2)]
    return Call(tuple(array(draw, *shape, dtype=dtype) for shape in shapes))


compose_kernels = Exercise(
    solutions.compose_kernels,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("values", 2, "The right kernel for any two kernels."),
        Group("dtype and errors", 1, "float32 and whole numbers; arrays that are no kernels."),
    ],
    cases=[
        case("values", "two kernels of 2 x 2, by hand", integers(2, 2), integers(2, 2),
             public=True),
        case("values", "2 x 3, then 3 x 2", integers(2, 3), integers(3, 2), public=True),
        case("values", "a row, then a column", normal(1, 4), normal(3, 1), public=True),
        case("values", "3 x 5, then 4 x 2", normal(3, 5), normal(4, 2)),
        case("values", "the large kernel comes second", normal(2, 3), normal(6, 5)),
        case("values", "a single number comes first", normal(1, 1), normal(3, 4)),
        case("values", "a single number comes second", normal(4, 3), normal(1, 1)),
        case("values", "whole numbers", integers(3, 4), integers(2, 5)),
        case("values", "large kernels", normal(11, 7), normal(5, 13)),
        case("values", "arrays whose memory is not contiguous", strided(normal(3, 4)),
             strided(normal(2, 3))),
        case("dtype and errors", "float32 stays float32", normal(3, 4, dtype="float32"),
             normal(2, 5, dtype="float32"), public=True),
        case("dtype and errors", "whole numbers of type int", integers(2, 4, dtype="int64"),
             integers(3, 2, dtype="int64"), any_dtype=True),
        case("dtype and errors", "k1 with one axis", normal(4), normal(3, 2), public=True),
        case("dtype and errors", "k1 with channels", normal(2, 3, 4), normal(3, 2)),
        case("dtype and errors", "k2 with one axis", normal(3, 4), normal(3)),
        case("dtype and errors", "k2 with channels", normal(3, 4), normal(1, 3, 2)),
    ],
    explain=calls(compose_calls),
    oracle=compose_by_torch,
    forbidden=[SCIPY_CONV],
    alternatives=[compose_by_torch, compose_by_probing, compose_by_fourier,
                  compose_by_rows, compose_by_windows],
    mistakes=[
        Mistake("the result is turned by 180 degrees", compose_flips),
        Mistake("the second kernel is turned before the copies are added", compose_correlates),
        Mistake("the first kernel is turned", compose_flips_first),
        Mistake("copies that overlap overwrite each other instead of adding up",
                compose_overwrites),
        Mistake("the kernels are added, as for two layers beside each other", compose_adds),
        Mistake("only the middle is kept, in the size of the first kernel", compose_same),
        Mistake("the result has h1 + h2 rows and w1 + w2 columns", compose_too_large),
        Mistake("rows and columns are exchanged", compose_mixed),
        Mistake("the result is divided by its sum", compose_normalises),
        Mistake("the result is float64 whatever came in", compose_float64),
        Mistake("the sums are computed in float32", compose_float32),
        Mistake("the second kernel is changed in place", compose_changes),
        Mistake("arrays without two axes raise nothing", compose_checks_nothing),
    ],
)  # fmt: skip

# ---- effective_receptive_field ---------------------------------------------


def erf_by_autograd(kernels, size):
    solutions.effective_receptive_field(kernels, size)  # its errors
    x = torch.zeros(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    y = x
    for kernel in kernels:
        w = torch.tensor(kernel, dtype=torch.float64)[None, None]
        y = F.conv2d(y, w, padding=(kernel.shape[0] // 2, kernel.shape[1] // 2))
    (gradient,) = torch.autograd.grad(y[0, 0, size // 2, size // 2], x)
    share = gradient[0, 0].numpy() ** 2
    dtype = kernels[0].dtype if len(kernels) else np.float64
    return (share / share.sum()).astype(dtype)


def erf_by_scatter(kernels, size):
    """Each layer hands its gradient out, tap by tap."""
    solutions.effective_receptive_field(kernels, size)
    dtype = kernels[0].dtype if len(kernels) else np.float64
    gradient = np.zeros((size, size), dtype)
    gradient[size // 2, size // 2] = 1
    for kernel in list(kernels)[::-1]:
        kh, kw = kernel.shape
        frame = np.zeros((size + kh - 1, size + kw - 1), dtype)
        for u in range(kh):
            for v in range(kw):
                frame[u : u + size, v : v + size] += kernel[u, v] * gradient
        gradient = frame[kh // 2 : kh // 2 + size, kw // 2 : kw // 2 + size]
    return gradient**2 / np.sum(gradient**2)


def erf_by_probing(kernels, size):
    """Lights one pixel at a time and looks at the output in the middle."""
    solutions.effective_receptive_field(kernels, size)
    x = torch.eye(size * size, dtype=torch.float64).view(-1, 1, size, size)
    for kernel in kernels:
        w = torch.tensor(kernel, dtype=torch.float64)[None, None]
        x = F.conv2d(x, w, padding=(kernel.shape[0] // 2, kernel.shape[1] // 2))
    share = x[:, 0, size // 2, size // 2].numpy().reshape(size, size) ** 2
    dtype = kernels[0].dtype if len(kernels) else np.float64
    return (share / share.sum()).astype(dtype)


def erf_by_transpose(kernels, size):
    solutions.effective_receptive_field(kernels, size)
    gradient = torch.zeros(1, 1, size, size, dtype=torch.float64)
    gradient[..., size // 2, size // 2] = 1
    for kernel in kernels[::-1]:
        w = torch.tensor(kernel, dtype=torch.float64)[None, None]
        padding = (kernel.shape[0] // 2, kernel.shape[1] // 2)
        gradient = F.conv_transpose2d(gradient, w, padding=padding)
    share = gradient[0, 0].square()
    dtype = kernels[0].dtype if len(kernels) else np.float64
    return (share / share.sum()).numpy().astype(dtype)


def backwards(kernels, size, *, spot=None, flip=True, turn=True, pad=True, power=2,
              total=True):  # fmt: skip
    """The reference with its decisions as options."""
    solutions.effective_receptive_field(kernels, size)
    dtype = kernels[0].dtype if len(kernels) else np.float64
    start = size // 2 if spot is None else spot(size)
    g = np.zeros((size, size), dtype)
    g[start, start] = 1
    for kernel in kernels[::-1] if turn else kernels:
        ph, pw = kernel.shape[0] // 2, kernel.shape[1] // 2
        frame = np.pad(g, ((ph, ph), (pw, pw)), mode="constant" if pad else "edge")
        windows = np.lib.stride_tricks.sliding_window_view(frame, kernel.shape)
        g = np.einsum("hwij,ij->hw", windows, kernel[::-1, ::-1] if flip else kernel)
    share = np.abs(g) ** power if power else g
    with np.errstate(all="ignore"):  # a sum with signs may be zero
        return (share / share.sum() if total else share).astype(dtype)


def erf(**options):
    def answer(kernels, size):
        return backwards(kernels, size, **options)

    return answer


def erf_by_maximum(kernels, size):
    share = solutions.effective_receptive_field(kernels, size)
    return share / share.max()


def erf_theoretical(kernels, size):
    """1 for every pixel of the theoretical field, over their number."""
    reached = solutions.effective_receptive_field(
        [np.ones_like(kernel) for kernel in kernels], size
    )
    seen = (reached > 0).astype(reached.dtype)
    return seen / seen.sum()


def erf_crops_once(kernels, size):
    """Lets the gradient run out of the image and back in between the layers."""
    solutions.effective_receptive_field(kernels, size)
    if len(kernels) == 0:
        return solutions.effective_receptive_field(kernels, size)
    k = kernels[0]
    for kernel in kernels[1:]:
        k = solutions.compose_kernels(k, kernel)
    H, W = k.shape
    frame = np.zeros((size + H - 1, size + W - 1), k.dtype)
    frame[size // 2 : size // 2 + H, size // 2 : size // 2 + W] = k
    share = frame[H // 2 : H // 2 + size, W // 2 : W // 2 + size] ** 2
    return share / share.sum()


def erf_transposed(kernels, size):
    return solutions.effective_receptive_field(kernels, size).T


def erf_float64(kernels, size):
    return solutions.effective_receptive_field(kernels, size).astype(np.float64)


def erf_reverses(kernels, size):
    share = solutions.effective_receptive_field(kernels, size)
    kernels.reverse()
    return share


def erf_checks_nothing(kernels, size):
    try:
        return solutions.effective_receptive_field(kernels, size)
    except ValueError:
        return np.ones((1, 1))


def erf_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        k = np.ones((3, 3))
        wrong = [Call(([k], 0)), Call(([k, k[:2]], 3)), Call(([k[:, :2]], 3)),
                 Call(([k[0]], 3))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    dtype, kernels = dtypes(draw), []
    for _ in range(small(draw, 0, 3)):
        shape = 2 * small(draw, 0, 1) + 1, 2 * small(draw, 0, 1) + 1
        kernel = array(draw, *shape, dtype=dtype)
        # The middle tap keeps the gradient from being zero everywhere.
        kernel[shape[0] // 2, shape[1] // 2] += 20
        kernels.append(kernel)
    return Call((kernels, small(draw, 1, 5)))


effective_receptive_field = Exercise(
    solutions.effective_receptive_field,
    minutes=25,
    difficulty="challenge",
    groups=[
        Group("inside the image", 2, "Stacks whose field lies within the image."),
        Group("borders", 2, "Fields that reach beyond the image; even sizes; no layers."),
        Group("dtype and errors", 1, "float32; kernels and sizes that cannot be."),
    ],
    cases=[
        case("inside the image", "one kernel, by hand", [integers(3, 3)], 5, public=True),
        case("inside the image", "two kernels", [integers(3, 3), integers(3, 1)], 7,
             public=True),
        case("inside the image", "kernels of any shape", [normal(3, 5), normal(1, 3),
                                                          normal(5, 3)], 15),
        case("inside the image", "7-5-3", [normal(7, 7), normal(5, 5), normal(3, 3)], 21),
        case("inside the image", "a 1 x 1 kernel below zero", [normal(3, 3), np.array([[-0.5]])],
             9),
        case("inside the image", "one long row", [normal(1, 9)], 13),
        case("inside the image", "arrays whose memory is not contiguous",
             [strided(normal(3, 5)), strided(normal(5, 3))], 13),
        case("inside the image", "twelve layers", [normal(3, 3) for _ in range(12)], 31),
        case("borders", "an image of even size", [normal(3, 3), normal(5, 3)], 10, public=True),
        case("borders", "a kernel larger than the image", [normal(7, 5)], 4),
        case("borders", "layers that reach beyond the image",
             [normal(3, 5), normal(5, 3), normal(3, 3), normal(1, 5)], 5, public=True),
        case("borders", "many layers on a small image", [normal(3, 3) for _ in range(9)], 6),
        case("borders", "a single pixel", [integers(3, 3), integers(1, 3)], 1),
        case("borders", "no layers", [], 6),
        case("dtype and errors", "float32 stays float32",
             [normal(3, 3, dtype="float32"), normal(1, 5, dtype="float32")], 8),
        case("dtype and errors", "a tuple of kernels", (normal(3, 1), normal(3, 5)), 9),
        case("dtype and errors", "a kernel with an even number of rows",
             [normal(3, 3), normal(4, 3)], 9, public=True),
        case("dtype and errors", "a kernel with an even number of columns", [normal(3, 2)], 9),
        case("dtype and errors", "a kernel with channels", [normal(1, 3, 3), normal(3, 3)], 9),
        case("dtype and errors", "a kernel with one axis", [normal(3, 3), normal(3)], 9),
        case("dtype and errors", "size 0", [normal(3, 3)], 0),
        case("dtype and errors", "a negative size", [normal(3, 3)], -3),
    ],
    explain=calls(erf_calls),
    oracle=erf_by_autograd,
    equivalents={
        "line 25: gradient[size // 2, size // 2] = 1 => gradient[size // 2, size // 2] = 2":
        "the gradient is linear in it, and the division by the sum takes the factor out",
    },
    alternatives=[erf_by_autograd, erf_by_scatter, erf_by_probing, erf_by_transpose],
    mistakes=[
        Mistake("the layers are gone through from the input to the output",
                erf(turn=False)),
        Mistake("the kernels are not turned on the way back", erf(flip=False)),
        Mistake("the gradient is not squared (its absolute value is taken)", erf(power=1)),
        Mistake("the gradient is neither squared nor made positive", erf(power=0)),
        Mistake("the squares are not divided by their sum", erf(total=False)),
        Mistake("the squares are divided by the largest of them", erf_by_maximum),
        Mistake("every pixel of the theoretical field gets the same share", erf_theoretical),
        Mistake("the gradient may leave the image and come back (cut once, at the end, "
                "instead of after each layer)", erf_crops_once),
        Mistake("the padding repeats the border instead of holding zeros", erf(pad=False)),
        Mistake("the output pixel is the last before the middle, (size - 1) // 2",
                erf(spot=lambda size: (size - 1) // 2)),
        Mistake("the output pixel is the first one", erf(spot=lambda size: 0)),
        Mistake("rows and columns are exchanged", erf_transposed),
        Mistake("the result is float64 whatever came in", erf_float64),
        Mistake("the list of kernels is turned round in place", erf_reverses),
        Mistake("bad arguments raise nothing", erf_checks_nothing),
    ],
)  # fmt: skip
