"""How the exercises of the chapter `shufflenet` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from autograder.checks import draws
from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import SCIPY_CONV, TORCH_GROUPED_CONV
from autograder.model import (
    Drawn,
    Exercise,
    Forbidden,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
    trained,
)
from convnets.answers import Call
from solutions import shufflenet as solutions

TORCH_CHANNEL_SHUFFLE = Forbidden(
    "torch's own channel shuffle",
    calls=("torch.*channel_shuffle", "torch.*ChannelShuffle"),
    ops=("*channel_shuffle",),
)

# ---- group_conv2d ----------------------------------------------------------


def group_by_torch(x, w, groups):
    solutions.group_conv2d(x, w, groups)  # its errors
    image, kernels = (torch.tensor(a, dtype=torch.float64) for a in (x, w))
    return F.conv2d(image, kernels, groups=groups).numpy().astype(x.dtype)


def group_loops(x, w, groups):
    y = np.zeros_like(solutions.group_conv2d(x, w, groups))
    O, I, kh, kw = w.shape
    for n, o, i, j in np.ndindex(*y.shape):
        first = o // (O // groups) * I
        window = x[n, first : first + I, i : i + kh, j : j + kw]
        y[n, o, i, j] = (window * w[o]).sum()
    return y


def group_by_parts(x, w, groups):
    """One ordinary convolution a group, put side by side."""
    solutions.group_conv2d(x, w, groups)
    image, kernels = (torch.tensor(a, dtype=torch.float64) for a in (x, w))
    parts = zip(image.chunk(groups, 1), kernels.chunk(groups), strict=True)
    y = torch.cat([F.conv2d(part, own) for part, own in parts], dim=1)
    return y.numpy().astype(x.dtype)


def group_as_dense(x, w, groups):
    """An ordinary convolution whose weight has zeros between the groups."""
    solutions.group_conv2d(x, w, groups)
    O, I, kh, kw = w.shape
    dense = np.zeros((O, x.shape[1], kh, kw))
    for o in range(O):
        first = o // (O // groups) * I
        dense[o, first : first + I] = w[o]
    image = torch.tensor(x, dtype=torch.float64)
    return F.conv2d(image, torch.tensor(dense)).numpy().astype(x.dtype)


def group_by_taps(x, w, groups):
    """A matrix product for each tap and group, over shifted images."""
    shape = solutions.group_conv2d(x, w, groups).shape
    N, O, h, v = shape
    _, I, kh, kw = w.shape
    y = np.zeros((N, groups, O // groups, h * v), x.dtype)
    for i in range(kh):
        for j in range(kw):
            seen = x[:, :, i : i + h, j : j + v].reshape(N, groups, I, h * v)
            y += w[:, :, i, j].reshape(groups, O // groups, I) @ seen
    return y.reshape(shape)


def dealt(array, groups, axis):
    """Channels ordered as cards that are dealt to `groups` players."""
    order = np.arange(array.shape[axis]).reshape(-1, groups).T.ravel()
    return np.take(array, order, axis)


def group_deals_inputs(x, w, groups):
    solutions.group_conv2d(x, w, groups)
    return solutions.group_conv2d(dealt(x, groups, 1), w, groups)


def group_deals_outputs(x, w, groups):
    y = solutions.group_conv2d(x, w, groups)
    return np.take(y, np.arange(y.shape[1]).reshape(groups, -1).T.ravel(), 1)


def group_first_inputs(x, w, groups):
    solutions.group_conv2d(x, w, groups)
    first = x[:, : w.shape[1]]
    return solutions.group_conv2d(np.tile(first, (1, groups, 1, 1)), w, groups)


def group_first_kernels(x, w, groups):
    solutions.group_conv2d(x, w, groups)
    first = w[: len(w) // groups]
    return solutions.group_conv2d(x, np.tile(first, (groups, 1, 1, 1)), groups)


def group_adds(x, w, groups):
    y = solutions.group_conv2d(x, w, groups)
    return y.reshape(len(x), groups, -1, *y.shape[2:]).sum(axis=1)


def group_sums_inputs(x, w, groups):
    solutions.group_conv2d(x, w, groups)
    I = w.shape[1]
    summed = x.reshape(len(x), groups, I, *x.shape[2:]).sum(axis=1)
    return solutions.group_conv2d(np.tile(summed, (1, groups, 1, 1)), w, groups)


def group_flips(x, w, groups):
    return solutions.group_conv2d(x, w[:, :, ::-1, ::-1], groups)


def group_float64(x, w, groups):
    return solutions.group_conv2d(x, w, groups).astype(np.float64)


def group_float32(x, w, groups):
    y = solutions.group_conv2d(x, w, groups)
    x, w = x.astype(np.float32), w.astype(np.float32)
    return solutions.group_conv2d(x, w, groups).astype(y.dtype)


def group_changes_x(x, w, groups):
    y = solutions.group_conv2d(x, w, groups)
    x -= x.mean()
    return y


def group_checks_nothing(x, w, groups):
    try:
        return solutions.group_conv2d(x, w, groups)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def group_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w = np.ones((1, 4, 2, 2)), np.ones((2, 2, 1, 1))
        wrong = [Call((x[0], w, 2)), Call((x, w[0], 2)), Call((x, w, 0)),
                 Call((x, w, 3)), Call((x, w[:, :1], 2)), Call((x, w[:1], 2)),
                 Call((x, np.ones((2, 2, 3, 1)), 2)),
                 Call((x, np.ones((2, 2, 1, 3)), 2))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    groups = small(draw, 1, 3)
    I, each = small(draw, 1, 3), small(draw, 1, 2)
    kh, kw = small(draw, 1, 2), small(draw, 1, 2)
    H, W = kh + small(draw, 0, 1), kw + small(draw, 0, 1)
    dtype = dtypes(draw)
    x = array(draw, small(draw, 1, 2), groups * I, H, W, dtype=dtype)
    return Call((x, array(draw, groups * each, I, kh, kw, dtype=dtype), groups))


group_conv2d = Exercise(
    solutions.group_conv2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("groups", 2, "Each part of the channels with kernels of its own."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("groups", "six channels in two groups, by hand", integers(1, 6, 2, 3),
             integers(2, 3, 1, 2), 2, public=True),
        case("groups", "three groups, two outputs each", integers(1, 6, 3, 4),
             integers(6, 2, 2, 3), 3, public=True),
        case("groups", "a batch of different sizes", normal(3, 8, 7, 6),
             normal(6, 4, 3, 2), 2),
        case("groups", "more outputs than inputs", normal(2, 6, 5, 8),
             normal(15, 2, 2, 4), 3),
        case("groups", "one group is an ordinary convolution", normal(2, 3, 4, 6),
             normal(5, 3, 3, 2), 1),
        case("groups", "as many groups as channels, two outputs each", normal(2, 5, 6, 4),
             normal(10, 1, 2, 3), 5),
        case("groups", "1 x 1 kernels", normal(2, 12, 3, 5), normal(8, 3, 1, 1), 4),
        case("groups", "kernels as large as the image", normal(2, 6, 4, 5),
             normal(4, 3, 4, 5), 2),
        case("groups", "arrays whose memory is not contiguous",
             strided(normal(2, 6, 6, 7)), strided(normal(9, 2, 2, 3)), 3),
        case("dtype and errors", "float32 stays float32",
             normal(2, 6, 6, 5, dtype="float32"), normal(4, 3, 3, 2, dtype="float32"), 2),
        case("dtype and errors", "float32 images with float64 kernels",
             normal(2, 6, 5, 4, dtype="float32"), normal(4, 3, 2, 3), 2),
        case("dtype and errors", "images of whole numbers of type int",
             integers(1, 6, 4, 5, dtype="int64"), integers(4, 3, 2, 3, dtype="int64"), 2,
             any_dtype=True),
        case("dtype and errors", "groups that do not divide the channels of x",
             normal(1, 5, 4, 6), normal(6, 2, 2, 3), 2, public=True),
        case("dtype and errors", "groups that do not divide the outputs",
             normal(1, 6, 4, 5), normal(5, 3, 2, 3), 2),
        case("dtype and errors", "no groups", normal(1, 6, 4, 5), normal(4, 6, 2, 3), 0),
        case("dtype and errors", "kernels for all channels", normal(1, 6, 4, 5),
             normal(4, 6, 2, 3), 2),
        case("dtype and errors", "x without a batch axis", normal(6, 4, 5),
             normal(4, 3, 2, 3), 2),
        case("dtype and errors", "w with three axes", normal(1, 6, 4, 5), normal(4, 3, 2), 2),
        case("dtype and errors", "kernels that are too high", normal(1, 6, 4, 5),
             normal(4, 3, 5, 2), 2),
        case("dtype and errors", "kernels that are too wide", normal(1, 6, 4, 5),
             normal(4, 3, 2, 6), 2),
    ],
    explain=calls(group_calls),
    forbidden=[TORCH_GROUPED_CONV, SCIPY_CONV],
    oracle=group_by_torch,
    alternatives=[group_loops, group_by_parts, group_as_dense, group_by_taps],
    mistakes=[
        Mistake("the input channels are dealt to the groups one by one, instead of "
                "cut into neighbours", group_deals_inputs),
        Mistake("the outputs of all groups take turns, instead of group after group",
                group_deals_outputs),
        Mistake("every group reads the channels of the first", group_first_inputs),
        Mistake("every group uses the kernels of the first", group_first_kernels),
        Mistake("the results of the groups are added", group_adds),
        Mistake("the groups of x are added up before the convolution",
                group_sums_inputs),
        Mistake("the kernels are flipped", group_flips),
        Mistake("the result is float64 whatever came in", group_float64),
        Mistake("the sums are computed in float32", group_float32),
        Mistake("the image is changed in place", group_changes_x),
        Mistake("bad arguments raise nothing", group_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- channel_shuffle -------------------------------------------------------


def shuffle_by_torch(x, groups):
    solutions.channel_shuffle(x, groups)  # its errors
    tensor = torch.from_numpy(np.ascontiguousarray(x))
    return F.channel_shuffle(tensor, groups).numpy()


def shuffle_loops(x, groups):
    y = np.empty_like(solutions.channel_shuffle(x, groups))
    each = x.shape[1] // groups
    for place in range(each):
        for group in range(groups):
            y[:, place * groups + group] = x[:, group * each + place]
    return y


def shuffle_by_index(x, groups):
    """The order as a list of channels."""
    solutions.channel_shuffle(x, groups)
    return x[:, np.arange(x.shape[1]).reshape(groups, -1).T.ravel()]


def shuffle_by_stack(x, groups):
    """The groups stacked on a new axis behind their channels."""
    solutions.channel_shuffle(x, groups)
    return np.stack(np.split(x, groups, axis=1), axis=2).reshape(x.shape)


def shuffle_by_formula(x, groups):
    """Output c comes from group c % groups."""
    solutions.channel_shuffle(x, groups)
    each = x.shape[1] // groups
    return np.stack(
        [x[:, c % groups * each + c // groups] for c in range(x.shape[1])], axis=1
    )


def shuffle_back(x, groups):
    solutions.channel_shuffle(x, groups)
    return solutions.channel_shuffle(x, x.shape[1] // groups)


def shuffle_nothing(x, groups):
    return solutions.channel_shuffle(x, groups) * 0 + x


def shuffle_reversed_groups(x, groups):
    y = solutions.channel_shuffle(x, groups)
    parts = y.reshape(len(x), -1, groups, *x.shape[2:])
    return parts[:, :, ::-1].reshape(x.shape)


def shuffle_flips(x, groups):
    return solutions.channel_shuffle(x, groups)[:, ::-1]


def shuffle_rolls(x, groups):
    solutions.channel_shuffle(x, groups)
    return np.roll(x, x.shape[1] // groups, axis=1)


def shuffle_five_axes(x, groups):
    y = solutions.channel_shuffle(x, groups)
    return y.reshape(len(x), -1, groups, *x.shape[2:])


def shuffle_pixels(x, groups):
    """Exchanges more axes than two."""
    solutions.channel_shuffle(x, groups)
    N, C, H, W = x.shape
    return x.reshape(N, groups, C // groups, H, W).T.reshape(x.shape)


def shuffle_float64(x, groups):
    return solutions.channel_shuffle(x, groups).astype(np.float64)


def shuffle_changes_x(x, groups):
    y = solutions.channel_shuffle(x, groups)
    x[:] = y
    return y


def shuffle_checks_nothing(x, groups):
    try:
        return solutions.channel_shuffle(x, groups)
    except ValueError:
        return x


def shuffle_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 6, 1, 1))
        wrong = [Call((x[0], 2)), Call((x, 0)), Call((x, 4))]
        return draw(st.sampled_from(wrong))
    groups, each = draw(st.sampled_from([(2, 3), (3, 2), (2, 4), (1, 2), (2, 1)]))
    shape = small(draw, 1, 2), groups * each, small(draw, 1, 2), small(draw, 1, 2)
    return Call((array(draw, *shape, dtype=dtypes(draw)), groups))


channel_shuffle = Exercise(
    solutions.channel_shuffle,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("order", 2, "Every channel at its new place."),
        Group("dtype and errors", 1, "float32 and integers; groups that do not divide."),
    ],
    cases=[
        case("order", "six channels in two groups, by hand", integers(1, 6, 1, 2), 2,
             public=True),
        case("order", "six channels in three groups", integers(1, 6, 2, 3), 3, public=True),
        case("order", "a batch", normal(3, 12, 2, 5), 3),
        case("order", "many small groups", normal(2, 15, 4, 3), 5),
        case("order", "few large groups", normal(2, 14, 3, 4), 2),
        case("order", "one group changes nothing", normal(2, 5, 3, 4), 1),
        case("order", "as many groups as channels change nothing", normal(2, 6, 4, 3), 6),
        case("order", "memory that is not contiguous", strided(normal(2, 8, 3, 5)), 2),
        case("dtype and errors", "float32 stays float32",
             normal(2, 10, 4, 3, dtype="float32"), 2),
        case("dtype and errors", "whole numbers of type int",
             integers(1, 12, 2, 3, dtype="int64"), 4, any_dtype=True),
        case("dtype and errors", "groups that do not divide", normal(1, 6, 2, 3), 4,
             public=True),
        case("dtype and errors", "no groups", normal(1, 6, 2, 3), 0),
        case("dtype and errors", "x without a batch axis", normal(6, 4, 3), 2),
    ],
    explain=calls(shuffle_calls),
    equivalents={
        "line 17: parts = x.reshape(N, groups, C // groups, H, W) => "
        "parts = x.reshape(N, groups, C // groups, W, H)":
        "the last two axes stay where they are until they are cut as in x again",
        "line 18: return parts.swapaxes(1, 2).reshape(N, C, H, W) => "
        "return parts.swapaxes(2, 1).reshape(N, C, H, W)":
        "two axes are exchanged, whichever is named first",
    },
    forbidden=[TORCH_CHANNEL_SHUFFLE],
    oracle=shuffle_by_torch,
    alternatives=[shuffle_loops, shuffle_by_index, shuffle_by_stack, shuffle_by_formula],
    mistakes=[
        Mistake("the channels are shuffled back: groups and channels of a group are "
                "exchanged", shuffle_back),
        Mistake("the channels stay where they were", shuffle_nothing),
        Mistake("the last group comes first", shuffle_reversed_groups),
        Mistake("the channels come in reverse order", shuffle_flips),
        Mistake("the groups are moved on as a whole", shuffle_rolls),
        Mistake("the two axes of the channels are not made one again", shuffle_five_axes),
        Mistake("all axes are transposed, those of the image, too", shuffle_pixels),
        Mistake("the result is float64 whatever came in", shuffle_float64),
        Mistake("x is changed in place", shuffle_changes_x),
        Mistake("bad arguments raise nothing", shuffle_checks_nothing),
    ],
)  # fmt: skip

# ---- reach -----------------------------------------------------------------


def reach_by_torch(layers, channels):
    """Real layers with weights of one, given one channel after the other."""
    solutions.reach(layers, channels)  # its errors
    y = torch.eye(channels, dtype=torch.float64)[:, :, None, None]
    for kind, groups in layers:
        if kind == "conv":
            ones = torch.ones(channels, channels // groups, 1, 1, dtype=y.dtype)
            y = (F.conv2d(y, ones, groups=groups) > 0).double()
        else:
            y = F.channel_shuffle(y, groups)
    return (y[:, :, 0, 0].T > 0).numpy()


def reach_by_matrices(layers, channels):
    """A product of matrices: blocks of ones, and permutations."""
    solutions.reach(layers, channels)
    seen = np.eye(channels, dtype=bool)
    for kind, groups in layers:
        each = channels // groups
        if kind == "conv":
            step = np.kron(np.eye(groups, dtype=bool), np.ones((each, each), bool))
        else:
            order = np.arange(channels).reshape(groups, each).T.ravel()
            step = np.eye(channels, dtype=bool)[order]
        seen = step @ seen
    return seen


def reach_by_sets(layers, channels):
    """A set of inputs for each channel."""
    solutions.reach(layers, channels)
    sets = [{c} for c in range(channels)]
    for kind, groups in layers:
        each = channels // groups
        if kind == "conv":
            parts = [set().union(*sets[i : i + each]) for i in range(0, channels, each)]
            sets = [parts[c // each] for c in range(channels)]
        else:
            sets = [sets[c % groups * each + c // groups] for c in range(channels)]
    return np.array([[i in seen for i in range(channels)] for seen in sets])


def reach_backwards(layers, channels):
    """From each output back to the inputs, wire by wire."""
    solutions.reach(layers, channels)
    seen = np.zeros((channels, channels), bool)
    for output in range(channels):
        places = {output}
        for kind, groups in reversed(layers):
            each = channels // groups
            if kind == "conv":
                starts = {c // each * each for c in places}
                places = {start + step for start in starts for step in range(each)}
            else:
                places = {c % groups * each + c // groups for c in places}
        seen[output, list(places)] = True
    return seen


def reach_transposed(layers, channels):
    return solutions.reach(layers, channels).T


def reach_other_layers(change):
    """A mistake in the list of layers; the errors are right."""

    def reach(layers, channels):
        solutions.reach(layers, channels)
        return solutions.reach(change(list(layers), channels), channels)

    return reach


def reach_counts(layers, channels):
    solutions.reach(layers, channels)
    seen = np.eye(channels)
    for kind, groups in layers:
        parts = seen.reshape(groups, -1, channels)
        if kind == "conv":
            seen = parts.sum(axis=1).repeat(channels // groups, axis=0)
        else:
            seen = parts.swapaxes(0, 1).reshape(channels, channels)
    return seen


def reach_as_int(layers, channels):
    return solutions.reach(layers, channels).astype(int)


def reach_everything(layers, channels):
    seen = solutions.reach(layers, channels)
    return np.ones_like(seen) if layers else seen


def reach_checks_nothing(layers, channels):
    try:
        return solutions.reach(layers, channels)
    except ValueError:
        return np.eye(max(channels, 1), dtype=bool)


def reach_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        wrong = [Call(([], 0)), Call(([("conv", 4)], 6)), Call(([("shuffle", 4)], 6)),
                 Call(([("conv", 0)], 6)), Call(([("pool", 2)], 6))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    channels = draw(st.sampled_from([6, 2, 8, 12]))
    parts = [g for g in (2, 3, 1, 4, 6) if channels % g == 0]
    layer = st.tuples(st.sampled_from(["conv", "shuffle"]), st.sampled_from(parts))
    return Call((draw(st.lists(layer, max_size=4)), channels))


reach = Exercise(
    solutions.reach,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("stacks", 2, "Convolutions and shuffles, in any order and number."),
        Group("edges and errors", 1, "No layers; groups that do not divide; other names."),
    ],
    cases=[
        case("stacks", "one convolution in two groups", [("conv", 2)], 6, public=True),
        case("stacks", "one shuffle", [("shuffle", 2)], 6, public=True),
        case("stacks", "a shuffle between two convolutions",
             [("conv", 2), ("shuffle", 2), ("conv", 2)], 6, public=True),
        case("stacks", "convolution, then shuffle", [("conv", 3), ("shuffle", 3)], 12),
        case("stacks", "shuffle, then convolution", [("shuffle", 3), ("conv", 3)], 12),
        case("stacks", "no shuffle", [("conv", 3), ("conv", 3), ("conv", 3)], 12),
        case("stacks", "groups too small to hear of all others",
             [("conv", 4), ("shuffle", 4), ("conv", 4)], 12),
        case("stacks", "different groups", [("conv", 2), ("conv", 3)], 12),
        case("stacks", "a shuffle with other groups than the convolutions",
             [("conv", 5), ("shuffle", 2), ("conv", 10)], 20),
        case("stacks", "two shuffles", [("conv", 6), ("shuffle", 6), ("conv", 6),
             ("shuffle", 6), ("conv", 6)], 12),
        case("stacks", "shuffles alone", [("shuffle", 2), ("shuffle", 3)], 30),
        case("edges and errors", "no layers", [], 5, public=True),
        case("edges and errors", "one channel", [("conv", 1), ("shuffle", 1)], 1),
        case("edges and errors", "depthwise, then dense", [("conv", 6), ("conv", 1)], 6),
        case("edges and errors", "sixty layers", [("conv", 3), ("shuffle", 4)] * 30, 24),
        case("edges and errors", "groups that do not divide", [("conv", 4)], 6,
             public=True),
        case("edges and errors", "a shuffle whose groups do not divide",
             [("conv", 2), ("shuffle", 4)], 6),
        case("edges and errors", "no groups", [("conv", 0)], 6),
        case("edges and errors", "no channels", [], 0),
        case("edges and errors", "another layer", [("conv", 2), ("pool", 2)], 6),
    ],
    explain=calls(reach_calls),
    equivalents={
        "line 25: if kind == 'conv': => if kind <= 'conv':":
        "the other word that gets here, shuffle, comes later in the alphabet",
        "line 28: seen = parts.swapaxes(0, 1).reshape(channels, channels) => "
        "seen = parts.swapaxes(1, 0).reshape(channels, channels)":
        "two axes are exchanged, whichever is named first",
    },
    oracle=reach_by_torch,
    alternatives=[reach_by_matrices, reach_by_sets, reach_backwards],
    mistakes=[
        Mistake("rows are inputs and columns are outputs", reach_transposed),
        Mistake("the channels are shuffled back: groups and channels of a group are "
                "exchanged", reach_other_layers(
            lambda layers, c: [(kind, c // g if kind == "shuffle" else g)
                               for kind, g in layers])),
        Mistake("shuffles are left out", reach_other_layers(
            lambda layers, _: [layer for layer in layers if layer[0] == "conv"])),
        Mistake("the layers are taken from the last to the first", reach_other_layers(
            lambda layers, _: layers[::-1])),
        Mistake("only the last layer counts", reach_other_layers(
            lambda layers, _: layers[-1:])),
        Mistake("every convolution is dense", reach_other_layers(
            lambda layers, _: [(kind, 1 if kind == "conv" else g)
                               for kind, g in layers])),
        Mistake("every convolution is depthwise", reach_other_layers(
            lambda layers, c: [(kind, c if kind == "conv" else g)
                               for kind, g in layers])),
        Mistake("every output sees every input", reach_everything),
        Mistake("paths are counted", reach_counts),
        Mistake("the result has ones and zeros instead of True and False", reach_as_int),
        Mistake("bad arguments raise nothing", reach_checks_nothing),
    ],
)  # fmt: skip

# ---- shuffle_unit_macs -----------------------------------------------------


def macs_by_layers(c_in, c_out, h, w, groups, stride=1):
    """Weights of real layers, times the places of what they return."""
    solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)  # its errors
    made = c_out if stride == 1 else c_out - c_in
    layers = unit_layers(c_in, c_out // 4, made, groups, stride)
    y, macs = torch.zeros(1, c_in, h, w, device="meta"), 0
    for layer in layers:
        layer = layer.to("meta")
        y = layer(y)
        macs += layer.weight.numel() * y.shape[2] * y.shape[3]
    return macs


def unit_layers(c_in, mid, made, groups, stride):
    """The three convolutions of a unit."""
    return (
        nn.Conv2d(c_in, mid, 1, groups=groups, bias=False),
        nn.Conv2d(mid, mid, 3, stride, 1, groups=mid, bias=False),
        nn.Conv2d(mid, made, 1, groups=groups, bias=False),
    )


def macs_by_places(c_in, c_out, h, w, groups, stride=1):
    """Kernel by kernel."""
    solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)
    mid = c_out // 4
    after = len(range(0, h, stride)) * len(range(0, w, stride))
    first = sum(c_in // groups for _ in range(mid)) * h * w
    made = range(c_in if stride == 2 else 0, c_out)
    return (
        first
        + after * sum(9 for _ in range(mid))
        + after * sum(mid // groups for _ in made)
    )


def macs_as_numpy(c_in, c_out, h, w, groups, stride=1):
    """NumPy integers instead of Python's."""
    solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)
    mid, made = c_out // 4, c_out - (c_in if stride == 2 else 0)
    weights = np.array([c_in * mid // groups, 9 * mid, mid * made // groups])
    small_ = ((h + stride - 1) // stride) * ((w + stride - 1) // stride)
    return (weights * np.array([h * w, small_, small_])).sum()


def macs(mid=None, made=None, first=None, look=9, last=None, after=None, of=int):
    """A mistake in one of the numbers; the errors are right."""

    def shuffle_unit_macs(c_in, c_out, h, w, groups, stride=1):
        solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)
        m = mid(c_in, c_out) if mid else c_out // 4
        o = made(c_in, c_out) if made else c_out - (c_in if stride == 2 else 0)
        places = after(h, w, stride) if after else -(-h // stride) * -(-w // stride)
        one = first(c_in, m, groups) if first else c_in * m / groups
        two = look(m) if callable(look) else look * m
        three = last(m, o, groups) if last else m * o / groups
        return of(one * h * w + two * places + three * places)

    return shuffle_unit_macs


def macs_early_stride(c_in, c_out, h, w, groups, stride=1):
    solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)
    mid, made = c_out // 4, c_out - (c_in if stride == 2 else 0)
    weights = c_in * mid // groups + 9 * mid + mid * made // groups
    return weights * -(-h // stride) * -(-w // stride)


def macs_checks_nothing(c_in, c_out, h, w, groups, stride=1):
    try:
        return solutions.shuffle_unit_macs(c_in, c_out, h, w, groups, stride)
    except ValueError:
        return 0


UNIT_ERRORS = {
    "groups that do not divide c_in": (6, 16, 4, 2),
    "groups that do not divide c_out": (4, 17, 2, 2),
    "groups that do not divide a quarter of c_out": (12, 12, 2, 1),
    "fewer than four channels": (3, 3, 1, 1),
    "no channels in": (0, 8, 1, 2),
    "no groups": (8, 8, 0, 1),
    "stride 3": (8, 16, 2, 3),
    "stride 0": (8, 8, 2, 0),
    "stride 1 with more channels out than in": (8, 16, 2, 1),
    "stride 1 with fewer channels out than in": (16, 8, 2, 1),
    "stride 2 with as many channels out as in": (8, 8, 2, 2),
    "stride 2 with fewer channels out than in": (16, 8, 2, 2),
}


def macs_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        wrong = draw(st.sampled_from(sorted(UNIT_ERRORS.values())))
        sizes = draw(st.sampled_from([(1, 1), (0, 1), (1, 0)]))
        c_in, c_out, groups, stride = wrong
        if sizes != (1, 1):
            c_in, c_out, groups, stride = 8, 8, 2, 1
        return Call((c_in, c_out, *sizes, groups), {"stride": stride})
    groups, stride = small(draw, 1, 3), small(draw, 1, 2)
    c_out = groups * (4 * small(draw, 1, 3) + small(draw, 0, 1))
    if c_out // 4 % groups:
        c_out = 4 * groups
    c_in = c_out if stride == 1 else groups * small(draw, 1, 3)
    kwargs = {"stride": 2} if stride == 2 else {}
    return Call((c_in, c_out, small(draw, 1, 3), small(draw, 1, 3), groups), kwargs)


def macs_refused(label, **options):
    c_in, c_out, groups, stride = UNIT_ERRORS[label]
    return case("stride 2 and errors", label, c_in, c_out, 4, 7, groups, stride,
                **options)  # fmt: skip


shuffle_unit_macs = Exercise(
    solutions.shuffle_unit_macs,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("stride 1", 1, "As many channels out as in."),
        Group("stride 2 and errors", 2, "Fewer pixels, more channels; sizes that do not fit."),
    ],
    cases=[
        case("stride 1", "24 channels on 5 x 7, two groups", 24, 24, 5, 7, 2, public=True),
        case("stride 1", "one group", 12, 12, 6, 5, 1),
        case("stride 1", "a quarter that is rounded down", 27, 27, 4, 5, 3),
        case("stride 1", "the widest unit of the paper", 960, 960, 7, 6, 3),
        case("stride 1", "more than 32 bits hold", 8192, 8192, 200, 300, 4),
        case("stride 2 and errors", "12 to 40 channels on 6 x 8", 12, 40, 6, 8, 2, 2,
             public=True),
        case("stride 2 and errors", "odd sizes", 9, 60, 7, 5, 3, 2),
        case("stride 2 and errors", "one odd size", 6, 32, 8, 11, 2, stride=2),
        case("stride 2 and errors", "one pixel", 5, 9, 1, 1, 1, 2),
        macs_refused("groups that do not divide c_in", public=True),
        *[macs_refused(label) for label in list(UNIT_ERRORS)[1:]],
        case("stride 2 and errors", "no rows", 8, 8, 0, 5, 2),
        case("stride 2 and errors", "no columns", 8, 8, 5, 0, 2),
    ],
    explain=calls(macs_calls),
    equivalents={
        "line 26: made = c_out if stride == 1 else c_out - c_in => "
        "made = c_out if stride <= 1 else c_out - c_in":
        "the rails let no other stride than 1 and 2 pass",
    },
    oracle=macs_by_layers,
    alternatives=[macs_by_places, macs_as_numpy],
    mistakes=[
        Mistake("the middle width is a quarter of c_in", macs(
            mid=lambda i, o: i // 4)),
        Mistake("the middle width is all of c_out", macs(mid=lambda i, o: o)),
        Mistake("the quarter of c_out is rounded to the nearest", macs(
            mid=lambda i, o: round(o / 4))),
        Mistake("the groups are ignored", macs(
            first=lambda i, m, g: i * m, last=lambda m, o, g: m * o)),
        Mistake("groups divide both the input and the output channels", macs(
            first=lambda i, m, g: i * m / g**2, last=lambda m, o, g: m * o / g**2)),
        Mistake("the last 1 x 1 convolution is dense", macs(
            last=lambda m, o, g: m * o)),
        Mistake("the 3 x 3 convolution is dense", macs(look=lambda m: 9 * m * m)),
        Mistake("the 3 x 3 kernel is counted as 3 instead of 9", macs(look=3)),
        Mistake("with stride 2 the branch makes all of c_out", macs(
            made=lambda i, o: o)),
        Mistake("odd sizes are rounded down", macs(
            after=lambda h, w, s: (h // s) * (w // s))),
        Mistake("the stride is ignored", macs(after=lambda h, w, s: h * w)),
        Mistake("the stride divides the rows only", macs(
            after=lambda h, w, s: -(-h // s) * w)),
        Mistake("the first 1 x 1 convolution works on the smaller image, too",
                macs_early_stride),
        Mistake("the count is a float", macs(of=float)),
        Mistake("bad arguments raise nothing", macs_checks_nothing),
    ],
)  # fmt: skip

# ---- modules: what they have in common -------------------------------------


def state_of(module, dtype="float64"):
    """A drawn array for each name of the module's state_dict."""
    return {n: _entry(n, value, dtype) for n, value in module.state_dict().items()}


def _entry(name, value, dtype):
    shape = tuple(value.shape)
    if name.endswith("num_batches_tracked"):
        return np.array(3)
    if name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
        return Drawn(lambda rng: (rng.random(shape) + 0.5).astype(dtype))
    size = 1.4 * max(value[0].numel(), 1) ** -0.5 if value.ndim > 1 else 0.5
    return Drawn(lambda rng: (size * rng.standard_normal(shape)).astype(dtype))


def module_case(group, label, build, init, x, dtype="float64", train=False, **options):
    """A case with a drawn state and images of shape x; in eval mode with a gradient
    of the output, too. In train mode bn3 takes the mean away that bn2's bias adds,
    so that its gradient is nothing but rounding errors, and there is none."""
    with torch.random.fork_rng(devices=[]):
        module = build(**init).eval()
        y = module(torch.zeros(x))
    images = normal(*x, dtype=dtype)
    dy = None if train else normal(*y.shape, dtype=dtype)
    kwargs = {"train": True} if train else {}
    return case(group, label, init, state_of(module, dtype), [images], dy,
                caller="module", **kwargs, **options)  # fmt: skip


def refused(group, label, init, **options):
    """A case in which the module cannot be built."""
    return case(group, label, init, None, [], None, caller="module", **options)


def module_call(draw, build, init, x):
    """A small call of a module with images of shape x and small numbers."""
    module = build(**init).eval()
    rng = np.random.default_rng(small(draw, 0, 3))
    state = {}
    for name, value in module.state_dict().items():
        shape = tuple(value.shape)
        state[name] = rng.integers(-8, 9, shape) / 4
        if name.endswith("num_batches_tracked"):
            state[name] = np.array(0)
        elif name.endswith("running_var"):
            state[name] = rng.integers(1, 4, shape).astype(float)
    y = tuple(module(torch.zeros(x)).shape)
    if draw(st.booleans()):
        return Call((init, state, [array(draw, *x)], None), {"train": True}, "module")
    return Call((init, state, [array(draw, *x)], array(draw, *y)), {}, "module")


# ---- ShuffleUnit -----------------------------------------------------------


class Layered(nn.Module):
    """The layers of a unit, made in another order; its forward is left open."""

    def __init__(self, c_in, c_out, groups, stride=1):
        super().__init__()
        solutions.check_unit(c_in, c_out, groups, stride)
        self.g, self.s, mid = groups, stride, c_out // 4
        made = c_out - c_in * (stride == 2)
        self.bn3, self.bn2 = nn.BatchNorm2d(made), nn.BatchNorm2d(mid)
        self.bn1 = nn.BatchNorm2d(mid)
        self.conv1, self.conv2, self.conv3 = unit_layers(
            c_in, mid, made, groups, stride
        )


class UnitByTorch(Layered):
    """torch's own shuffle, a pooling layer, ReLU in place."""

    def __init__(self, c_in, c_out, groups, stride=1):
        super().__init__(c_in, c_out, groups, stride)
        self.shuffle = nn.ChannelShuffle(groups)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AvgPool2d(3, 2, 1) if stride == 2 else nn.Identity()

    def forward(self, x):
        y = self.shuffle(self.relu(self.bn1(self.conv1(x))))
        y = self.bn3(self.conv3(self.bn2(self.conv2(y))))
        x = self.pool(x)
        return self.relu(torch.cat((x, y), 1) if self.s == 2 else x + y)


class UnitByIndex(Layered):
    """The shuffle as a list of channels, before the ReLU; the mean as a convolution."""

    def forward(self, x):
        y = self.bn1(self.conv1(x))
        order = torch.arange(y.shape[1]).reshape(self.g, -1).T.flatten()
        y = self.bn3(self.conv3(self.bn2(self.conv2(F.relu(y[:, order])))))
        if self.s == 1:
            return F.relu(y + x)
        ninth = torch.full((x.shape[1], 1, 3, 3), 1 / 9, dtype=x.dtype)
        x = F.conv2d(x, ninth, stride=2, padding=1, groups=x.shape[1])
        return F.relu(torch.cat([x, y], dim=1))


class UnitByParts(Layered):
    """Group by group, with products of matrices; ReLU on both parts."""

    def mixed(self, conv, x):
        parts = zip(x.chunk(self.g, 1), conv.weight.chunk(self.g), strict=True)
        maps = [torch.einsum("nchw,ocij->nohw", part, w) for part, w in parts]
        return torch.cat(maps, 1)

    def forward(self, x):
        y = self.bn1(self.mixed(self.conv1, x)).relu()
        y = torch.stack(y.chunk(self.g, 1), dim=2).flatten(1, 2)
        y = self.bn3(self.mixed(self.conv3, self.bn2(self.conv2(y))))
        if self.s == 1:
            return torch.relu(y + x)
        framed = F.pad(x, (1, 1, 1, 1))
        x = F.avg_pool2d(framed, 3, 2)
        return torch.cat([x.relu(), y.relu()], 1)


def shuffled(y, groups):
    return y.unflatten(1, (groups, -1)).swapaxes(1, 2).flatten(1, 2)


def branch(self, x, shuffle=shuffled, inside=lambda y: y, first=torch.relu):
    """The branch; the shuffle and the functions in it may be others."""
    y = shuffle(first(self.bn1(self.conv1(x))), self.groups)
    return self.bn3(self.conv3(inside(self.bn2(self.conv2(y)))))


def joined(self, x, y, end=torch.relu, pool=None, order=1):
    """How the branch y and x become the output."""
    if self.stride == 1:
        return end(x + y)
    pool = pool or (lambda x: F.avg_pool2d(x, 3, 2, 1))
    return end(torch.cat([pool(x), y][::order], dim=1))


def unit(make=None, forward=None, check=True, **changes):
    """A wrong unit: `make` changes its layers, `forward` what it does; `changes`
    are options of `branch` and `joined`."""
    ends = {k: changes.pop(k) for k in ("end", "pool", "order") if k in changes}

    class ShuffleUnit(solutions.ShuffleUnit):
        def __init__(self, c_in, c_out, groups, stride=1):
            if not check:
                try:
                    solutions.check_unit(c_in, c_out, groups, stride)
                except ValueError:
                    c_in, c_out, groups, stride = 4, 4, 1, 1
            super().__init__(c_in, c_out, groups, stride)
            if make:
                make(self, c_in, c_out)

        def forward(self, x):
            if forward:
                return forward(self, x)
            return joined(self, x, branch(self, x, **changes), **ends)

    return ShuffleUnit


def relayer(name, **options):
    """Another layer in the place of conv1, conv2 or conv3."""

    def make(self, c_in, c_out):
        old = getattr(self, name)
        same = {"stride": old.stride, "padding": old.padding, "groups": old.groups,
                "bias": False, "kernel_size": old.kernel_size, **options}  # fmt: skip
        new = nn.Conv2d(old.in_channels, old.out_channels, **same)
        setattr(self, name, new)

    return make


def stride_in_front(self, c_in, c_out):
    relayer("conv1", stride=self.stride)(self, c_in, c_out)
    relayer("conv2", stride=1)(self, c_in, c_out)


def quarter_of_c_in(self, c_in, c_out):
    mid = max(c_in // 4, 1) * self.groups
    made = self.conv3.out_channels
    parts = unit_layers(c_in, mid, made, self.groups, self.stride)
    self.conv1, self.conv2, self.conv3 = parts
    self.bn1, self.bn2 = nn.BatchNorm2d(mid), nn.BatchNorm2d(mid)


def renamed_unit(self, c_in, c_out):
    self.pointwise, self.conv1 = self.conv1, nn.Identity()


def renamed_forward(self, x):
    y = shuffled(self.bn1(self.pointwise(x)).relu(), self.groups)
    return joined(self, x, self.bn3(self.conv3(self.bn2(self.conv2(y)))))


def late_shuffle(self, x):
    y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
    return joined(self, x, self.bn3(self.conv3(shuffled(y, self.groups))))


def without_norms(self, x):
    y = shuffled(self.conv1(x).relu(), self.groups)
    return joined(self, x, self.conv3(self.conv2(y)))


def without_shortcut(self, x):
    y = branch(self, x)
    return y.relu() if self.stride == 1 else joined(self, x, y)


def unit_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        sizes = draw(st.sampled_from(sorted(UNIT_ERRORS.values())))
        init = dict(zip(("c_in", "c_out", "groups", "stride"), sizes, strict=True))
        return Call((init, None, [], None), {}, "module")
    groups, each, stride = small(draw, 1, 2), 1, small(draw, 1, 2)
    if groups > 1:
        each = 3  # channels of a group in the middle: one, or a square, hides much
    c_out = 4 * groups * each
    c_in = c_out if stride == 1 else groups * small(draw, 1, 3)
    init = {"c_in": c_in, "c_out": c_out, "groups": groups}
    if stride == 2:
        init["stride"] = 2
    x = small(draw, 1, 2), c_in, small(draw, 1, 4), small(draw, 2, 3)
    return module_call(draw, solutions.ShuffleUnit, init, x)


def unit_case(group, label, c_in, c_out, groups, stride, x, **options):
    init = {"c_in": c_in, "c_out": c_out, "groups": groups}
    if stride:
        init["stride"] = stride
    return module_case(group, label, solutions.ShuffleUnit, init,
                       (x[0], c_in, *x[1:]), **options)  # fmt: skip


def unit_refused(label, **options):
    sizes = UNIT_ERRORS[label]
    init = dict(zip(("c_in", "c_out", "groups", "stride"), sizes, strict=True))
    return refused("dtype and errors", label, init, **options)


ShuffleUnit = Exercise(
    solutions.ShuffleUnit,
    minutes=35,
    difficulty="challenge",
    groups=[
        Group("stride 1", 3, "Output, gradients and running numbers, with given weights."),
        Group("stride 2", 2, "The same where pixels become fewer and channels more."),
        Group("dtype and errors", 1, "float32; sizes that do not fit."),
    ],
    cases=[
        unit_case("stride 1", "24 channels in two groups", 24, 24, 2, None, (2, 4, 3),
                  public=True),
        unit_case("stride 1", "three groups, in train mode", 24, 24, 3, 1, (3, 3, 5),
                  train=True, public=True),
        unit_case("stride 1", "one group", 12, 12, 1, 1, (2, 5, 4)),
        unit_case("stride 1", "a quarter that is rounded down", 27, 27, 3, 1, (2, 3, 4)),
        unit_case("stride 1", "many groups", 40, 40, 5, None, (2, 3, 2), train=True),
        unit_case("stride 2", "8 to 24 channels", 8, 24, 2, 2, (2, 6, 4), public=True),
        unit_case("stride 2", "odd sizes, in train mode", 9, 24, 3, 2, (2, 7, 5),
                  train=True),
        unit_case("stride 2", "nearly all channels are the old ones", 22, 24, 2, 2,
                  (2, 4, 5)),
        unit_case("stride 2", "one row", 4, 40, 2, 2, (3, 1, 6), train=True),
        unit_case("dtype and errors", "float32 stays float32", 24, 24, 2, 1, (2, 3, 4),
                  dtype="float32"),
        unit_refused("groups that do not divide c_in", public=True),
        *[unit_refused(label) for label in list(UNIT_ERRORS)[1:]],
    ],
    explain=calls(unit_calls),
    equivalents={
        "line 33: made = c_out if stride == 1 else c_out - c_in => "
        "made = c_out if stride <= 1 else c_out - c_in":
        "the rails let no other stride than 1 and 2 pass",
        "line 46: if self.stride == 1: => if self.stride <= 1:":
        "the rails let no other stride than 1 and 2 pass",
        "line 43: y = y.unflatten(1, (self.groups, -1)).swapaxes(1, 2).flatten(1, 2) => "
        "y = y.unflatten(1, (self.groups, -1)).swapaxes(2, 1).flatten(1, 2)":
        "two axes are exchanged, whichever is named first",
    },
    oracle=UnitByTorch,
    alternatives=[UnitByTorch, UnitByIndex, UnitByParts],
    mistakes=[
        Mistake("the shuffle is left out", unit(shuffle=lambda y, g: y)),
        Mistake("the channels are shuffled back: groups and channels of a group are "
                "exchanged", unit(shuffle=lambda y, g: shuffled(y, y.shape[1] // g))),
        Mistake("the shuffle comes behind the 3 x 3 convolution",
                unit(forward=late_shuffle)),
        Mistake("a ReLU follows bn2", unit(inside=torch.relu)),
        Mistake("there is no ReLU behind bn1", unit(first=lambda y: y)),
        Mistake("a ReLU follows bn3, before the branch meets x", unit(
            forward=lambda self, x: joined(self, x, branch(self, x).relu()))),
        Mistake("there is no ReLU at the end", unit(end=lambda y: y)),
        Mistake("x is not added with stride 1", unit(forward=without_shortcut)),
        Mistake("the channels of the branch come before those of x", unit(order=-1)),
        Mistake("x is made smaller by maxima", unit(
            pool=lambda x: F.max_pool2d(x, 3, 2, 1))),
        Mistake("the zeros of the padding do not count in the means of x", unit(
            pool=lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False))),
        Mistake("x is made smaller by leaving pixels out", unit(
            pool=lambda x: x[:, :, ::2, ::2])),
        Mistake("the 3 x 3 convolution is dense", unit(relayer("conv2", groups=1))),
        Mistake("the first 1 x 1 convolution is dense", unit(relayer("conv1", groups=1))),
        Mistake("the last 1 x 1 convolution is dense", unit(relayer("conv3", groups=1))),
        Mistake("the stride is in the first convolution", unit(stride_in_front)),
        Mistake("the convolutions have biases", unit(relayer("conv1", bias=True))),
        Mistake("the middle width is a quarter of c_in", unit(quarter_of_c_in)),
        Mistake("the normalisations are not used", unit(forward=without_norms)),
        Mistake("a layer has another name than conv1",
                unit(renamed_unit, renamed_forward)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)", unit(
            forward=lambda self, x: joined(self, x, branch(self, x.detach())))),
        Mistake("sizes that do not fit raise nothing", unit(check=False)),
    ],
)  # fmt: skip

# ---- ShuffleNet ------------------------------------------------------------


class NetLayered(nn.Module):
    """Checks, stem and stages of UnitByTorch, made in one go."""

    def __init__(self, blocks, widths, groups, num_classes):
        super().__init__()
        check_net(blocks, widths, groups, num_classes)
        self.fc = nn.Linear(widths[-1], num_classes)
        for i, count in enumerate(blocks):
            sizes = [(widths[i], widths[i + 1], groups, 2)]
            sizes += [(widths[i + 1], widths[i + 1], groups, 1)] * (count - 1)
            units = nn.Sequential(*(UnitByTorch(*size) for size in sizes))
            setattr(self, f"stage{i + 1}", units)
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.count = len(blocks)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        for i in range(self.count):
            y = getattr(self, f"stage{i + 1}")(y)
        return self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1))


def check_net(blocks, widths, groups, num_classes):
    solutions.check_positive(num_classes=num_classes)
    if not blocks or len(widths) != len(blocks) + 1:
        raise ValueError("blocks and widths do not fit")
    for count, c_in, c_out in zip(blocks, widths, widths[1:], strict=False):
        solutions.check_positive(blocks=count)
        solutions.check_unit(c_in, c_out, groups, 2)


class NetByChildren(NetLayered):
    """All children in the order of their names; the mean of flattened maps."""

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        stages = dict(self.named_children())
        for name in sorted(name for name in stages if name.startswith("stage")):
            y = stages[name](y)
        return self.fc(y.flatten(2).mean(2))


class NetOfScores(NetLayered):
    """Scores of every pixel first, and then their mean; units of another kind."""

    def __init__(self, blocks, widths, groups, num_classes):
        super().__init__(blocks, widths, groups, num_classes)
        for stage in range(1, len(blocks) + 1):
            for one in getattr(self, f"stage{stage}"):
                one.__class__ = UnitByIndex
                del one.shuffle, one.relu, one.pool

    def forward(self, x):
        y = self.bn1(self.conv1(x)).clamp_min(0)
        for i in range(self.count):
            y = self.get_submodule(f"stage{i + 1}")(y)
        return self.fc(y.movedim(1, 3)).mean((1, 2))


def net(make=None, stem=torch.relu, stages=None, end=None, check=True):
    """A wrong network: other layers, stem, stages or end."""

    class ShuffleNet(solutions.ShuffleNet):
        def __init__(self, blocks, widths, groups, num_classes):
            if not check:
                try:
                    check_net(blocks, widths, groups, num_classes)
                except ValueError:
                    blocks, widths, groups, num_classes = [1], [4, 8], 1, 2
            super().__init__(blocks, widths, groups, num_classes)
            if make:
                make(self, blocks, widths, groups, num_classes)

        def forward(self, x):
            y = stem(self.bn1(self.conv1(x)))
            for name in (stages or (lambda names: names))(list(self.stages)):
                y = self.get_submodule(name)(y)
            return end(self, y) if end else self.fc(y.mean((2, 3)))

    return ShuffleNet


def stem_with_stride(self, blocks, widths, groups, num_classes):
    relayer("conv1", stride=2)(self, 0, 0)


def biased_stem(self, blocks, widths, groups, num_classes):
    relayer("conv1", bias=True)(self, 0, 0)


def stem_without_padding(self, blocks, widths, groups, num_classes):
    relayer("conv1", padding=0)(self, 0, 0)


def one_unit_more(self, blocks, widths, groups, num_classes):
    for i, width in enumerate(widths[1:]):
        self.get_submodule(f"stage{i + 1}").append(
            solutions.ShuffleUnit(width, width, groups)
        )


def unshuffled_net(self, blocks, widths, groups, num_classes):
    for module in self.modules():
        if isinstance(module, solutions.ShuffleUnit):
            module.groups = 1


def unbiased_fc(self, blocks, widths, groups, num_classes):
    self.fc = nn.Linear(widths[-1], num_classes, bias=False)


def stages_from_0(self, blocks, widths, groups, num_classes):
    for i, name in enumerate(list(self.stages)):
        self.add_module(f"stage{i}", self.get_submodule(name))
    delattr(self, name)
    self.stages = [f"stage{i}" for i in range(len(blocks))]


NET_ERRORS = {
    "as many widths as stages": ([1, 1], [8, 16], 2, 3),
    "two widths too many": ([1], [8, 16, 24], 2, 3),
    "no stages": ([], [8], 2, 3),
    "a stage without units": ([1, 0], [8, 16, 24], 2, 3),
    "no classes": ([1], [8, 16], 2, 0),
    "no groups": ([1], [8, 16], 0, 3),
    "no channels behind the stem": ([1], [0, 16], 2, 3),
    "groups that do not divide the first width": ([1], [9, 16], 2, 3),
    "groups that do not divide a quarter of a width": ([1, 1], [8, 16, 20], 2, 3),
    "a width that does not grow": ([1, 1], [8, 16, 16], 2, 3),
}


def as_net(sizes):
    names = ("blocks", "widths", "groups", "num_classes")
    return dict(zip(names, sizes, strict=True))


def net_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        sizes = draw(st.sampled_from(list(NET_ERRORS.values())))
        return Call((as_net(sizes), None, [], None), {}, "module")
    sizes = draw(st.sampled_from([([1], [2, 4], 1, 2), ([2], [2, 4], 1, 2),
                                  ([1], [2, 24], 2, 2), ([1, 1], [1, 4, 8], 1, 2)]))  # fmt: skip
    x = small(draw, 1, 2), 3, small(draw, 3, 5), small(draw, 3, 4)
    return module_call(draw, solutions.ShuffleNet, as_net(sizes), x)


def net_case(group, label, sizes, x, **options):
    return module_case(group, label, solutions.ShuffleNet, as_net(sizes), x, **options)


ShuffleNet = Exercise(
    solutions.ShuffleNet,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("scores", 3, "Scores, gradients and running numbers, with given weights."),
        Group("dtype and errors", 1, "float32; sizes that do not fit."),
    ],
    cases=[
        net_case("scores", "one stage of one unit", ([1], [8, 24], 2, 3), (2, 3, 5, 6),
                 public=True),
        net_case("scores", "two stages, in train mode", ([2, 1], [6, 24, 48], 3, 4),
                 (2, 3, 7, 5), train=True, public=True),
        net_case("scores", "a stage of three units", ([3], [4, 24], 2, 5), (2, 3, 6, 4)),
        net_case("scores", "three stages", ([1, 2, 1], [5, 20, 28, 40], 1, 2),
                 (2, 3, 9, 10), train=True),
        net_case("scores", "more classes than channels", ([1], [3, 10], 1, 11),
                 (1, 3, 4, 7)),
        net_case("dtype and errors", "float32 stays float32", ([2], [6, 24], 2, 3),
                 (2, 3, 6, 5), dtype="float32"),
        *[refused("dtype and errors", label, as_net(sizes), public=i == 0)
          for i, (label, sizes) in enumerate(NET_ERRORS.items())],
    ],
    explain=calls(net_calls),
    equivalents={
        "line 47: return self.fc(y.mean(dim=(2, 3))) => "
        "return self.fc(y.mean(dim=(3, 2)))":
        "a mean over both axes, whichever is named first",
    },
    oracle=NetLayered,
    alternatives=[NetLayered, NetByChildren, NetOfScores],
    mistakes=[
        Mistake("the stem has stride 2", net(stem_with_stride)),
        Mistake("the stem has no padding", net(stem_without_padding)),
        Mistake("the convolution of the stem has a bias", net(biased_stem)),
        Mistake("the stem has no ReLU", net(stem=lambda y: y)),
        Mistake("each stage has one unit more", net(one_unit_more)),
        Mistake("the units do not shuffle", net(unshuffled_net)),
        Mistake("the stages follow in reverse order where there are two of a kind, or "
                "the last one is left out", net(stages=lambda names: names[:1])),
        Mistake("the stages are counted from 0", net(stages_from_0)),
        Mistake("the largest pixel is taken instead of the mean", net(
            end=lambda self, y: self.fc(y.amax((2, 3))))),
        Mistake("the pixels are added up instead of their mean taken", net(
            end=lambda self, y: self.fc(y.sum((2, 3))))),
        Mistake("a softmax follows fc", net(
            end=lambda self, y: self.fc(y.mean((2, 3))).softmax(1))),
        Mistake("fc has no bias", net(unbiased_fc)),
        Mistake("sizes that do not fit raise nothing", net(check=False)),
    ],
)  # fmt: skip

# ---- train_pair_reader -----------------------------------------------------

DIGITS = 5  # cards show the digits from 0 to 4
SEEN, NEW = 2000, 600  # pairs to train with, and to be asked about


def pairs(rng, digits, labels, count):
    """Cards (count, 2, 8, 8), and whether both show the same digit: half of them."""
    first, same = rng.integers(DIGITS, size=count), rng.integers(2, size=count)
    other = (first + rng.integers(1, DIGITS, size=count)) % DIGITS
    second = np.where(same, first, other)
    places = [np.flatnonzero(labels == digit) for digit in range(DIGITS)]
    shown = [[rng.choice(places[digit]) for digit in pair]
             for pair in zip(first, second, strict=True)]  # fmt: skip
    return digits[np.array(shown)], same.astype("int64")


def cards(rng):
    """Arguments of train_pair_reader with new pairs, and their labels.

    No card of the new pairs is in those to train with.
    """
    digits, labels = draws.digits()
    order = rng.permutation(len(digits))
    known, unseen = order[:1200], order[1200:]
    x, y = pairs(rng, digits[known], labels[known], SEEN)
    new, targets = pairs(rng, digits[unseen], labels[unseen], NEW)
    return (x, y, 8, int(rng.integers(2**31)), [new]), targets


class PairReader(nn.Module):
    """A reader of our own: both cards from the start, dense layers."""

    def __init__(self, width=32):
        super().__init__()
        self.conv1 = nn.Conv2d(2, width, 3, 2, 1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn1, self.bn2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.fc = nn.Linear(16 * width, 2)

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        return self.fc(self.bn2(self.conv2(y)).relu().flatten(1))


def grouped_reader(build):
    """The reference's network, with units of another kind."""
    return nn.Sequential(
        nn.Conv2d(2, 64, 3, 2, 1, groups=2, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        build(64, 64, 2), build(64, 64, 2),
        nn.AvgPool2d(4), nn.Flatten(), nn.Linear(64, 2),
    )  # fmt: skip


class OneCard(nn.Module):
    """A reader that is shown one of the cards, twice."""

    def __init__(self):
        super().__init__()
        self.reader = PairReader()

    def forward(self, x):
        return self.reader(x[:, [0, 0]])


def fit(net, images, labels, epochs, step=True):
    """Train a network as the reference trains its own."""
    x, y = torch.as_tensor(images), torch.as_tensor(labels)
    batches = -(-len(x) // 100)
    adam = torch.optim.Adam(net.parameters())
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, 0.02, total_steps=epochs * batches)
    for _ in range(epochs):
        for some in torch.randperm(len(x)).chunk(batches):
            loss = F.cross_entropy(net(x[some]), y[some])
            adam.zero_grad()
            loss.backward()
            if step:
                adam.step()
                rate.step()
    return net


def trainer(make, epochs=None, step=True, shuffle=False):
    """A training of another network, or a broken one."""

    def train_pair_reader(images, labels, epochs_, seed, report=None):
        solutions.check_rank(images, "images", 4, "(N, 2, 8, 8)")
        if len(labels) != len(images) or images.shape[1] != 2 or epochs_ < 1:
            raise ValueError("the arguments do not fit")
        torch.manual_seed(seed)
        network = make()
        if shuffle:
            labels = labels[torch.randperm(len(labels)).numpy()]
        rounds = epochs_ if epochs is None else epochs
        return fit(network, images, labels, rounds, step) if rounds else network

    return train_pair_reader


dense_reader = trainer(PairReader)
early_meeting = trainer(lambda: grouped_reader(UnitByTorch))


def some_labels(count):
    return Drawn(lambda rng: rng.integers(2, size=count))


train_pair_reader = Exercise(
    solutions.train_pair_reader,
    minutes=30,
    difficulty="standard",
    groups=[Group("new cards", 4, "Whether two cards show the same digit, on unseen cards.")],
    cases=[
        trained("new cards", "cards that it has not seen", cards, "accuracy", 0.85,
                public=True),
        trained("new cards", "other cards, another seed", cards, "accuracy", 0.85),
        case("new cards", "images without the axis of channels", normal(6, 8, 8),
             some_labels(6), 1, 0),
        case("new cards", "three cards", normal(6, 3, 8, 7), some_labels(6), 1, 0),
        case("new cards", "more labels than pairs", normal(5, 2, 8, 7), some_labels(6), 1, 0),
        case("new cards", "no epochs", normal(6, 2, 8, 7), some_labels(6), 0, 0),
    ],
    seconds=30.0,
    alternatives=[dense_reader, early_meeting],
    mistakes=[
        Mistake("the network is not trained", trainer(PairReader, epochs=0)),
        Mistake("the optimiser takes no steps", trainer(PairReader, epochs=1, step=False)),
        Mistake("the labels are shuffled apart from the cards",
                trainer(PairReader, shuffle=True)),
        Mistake("the second card is never looked at", trainer(OneCard)),
        Mistake("the shuffle is left out, so that the cards never meet", trainer(
            lambda: grouped_reader(unit(shuffle=lambda y, g: y)))),
    ],
)  # fmt: skip
