"""How the exercises of the chapter `resnet` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from autograder.checks import draws
from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import TORCH_NORM
from autograder.model import (
    Drawn,
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
    trained,
)
from convnets.answers import Call
from solutions import resnet as solutions


def spread(*shape, dtype="float64"):
    """Numbers from 0.5 to 1.5: variances, and sizes that differ."""
    return Drawn(lambda rng: (rng.random(shape) + 0.5).astype(dtype))


def far(*shape):
    """Channels whose means are 100,000 times their spread."""

    def draw(rng):
        means = 1e5 * rng.uniform(0.9, 1.1, (shape[1], 1, 1))
        return rng.standard_normal(shape) + means

    return Drawn(draw)


# ---- batchnorm2d -----------------------------------------------------------


def bn_by_torch(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    old = (running_mean, running_var)
    solutions.batchnorm2d(x, gamma, beta, *old, training)  # its errors
    image, size, middle, mean, var = (
        torch.tensor(a, dtype=torch.float64) for a in (x, gamma, beta, *old)
    )
    y = F.batch_norm(image, mean, var, size, middle, training, momentum, eps)
    return tuple(result.numpy().astype(x.dtype) for result in (y, mean, var))


def bn_by_channel(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    """A loop over channels, in float64."""
    solutions.batchnorm2d(x, gamma, beta, running_mean, running_var, training)
    y, new_mean, new_var = np.empty_like(x), running_mean.copy(), running_var.copy()
    for c in range(x.shape[1]):
        values = x[:, c].astype(np.float64)
        mean, var = running_mean[c], running_var[c]
        if training:
            mean, var = values.mean(), values.var()
            new_mean[c] += momentum * (mean - running_mean[c])
            new_var[c] += momentum * (values.var(ddof=1) - running_var[c])
        y[:, c] = gamma[c] * (values - mean) / (var + eps) ** 0.5 + beta[c]
    return y, new_mean, new_var


def bn_channels_last(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    """The channel as the last axis, so that numbers a channel broadcast."""
    solutions.batchnorm2d(x, gamma, beta, running_mean, running_var, training)
    last = np.moveaxis(x, 1, -1)
    mean, var = running_mean, running_var
    if training:
        flat = last.reshape(-1, x.shape[1])
        mean = flat.mean(0)
        var = ((flat - mean) ** 2).mean(0)
        ratio = len(flat) / (len(flat) - 1)
        running_mean = running_mean * (1 - momentum) + mean * momentum
        running_var = running_var * (1 - momentum) + var * ratio * momentum
    y = (last - mean) / np.sqrt(var + eps) * gamma + beta
    return np.moveaxis(y, -1, 1).astype(x.dtype), running_mean, running_var


def bn_as_scale_and_shift(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    """y = x * scale + shift, in torch."""
    old = running_mean, running_var
    solutions.batchnorm2d(x, gamma, beta, *old, training)
    image, size, middle, *kept = (
        torch.tensor(a, dtype=torch.float64) for a in (x, gamma, beta, *old)
    )
    mean, var = kept
    if training:
        mean = image.mean((0, 2, 3))
        var = ((image - mean[:, None, None]) ** 2).mean((0, 2, 3))
        count = image.numel() // len(mean)
        new = (mean, var * count / (count - 1))
        kept = [torch.lerp(a, b, float(momentum)) for a, b in zip(kept, new)]
    scale = size * torch.rsqrt(var + eps)
    shift = middle - mean * scale
    y = image * scale[:, None, None] + shift[:, None, None]
    return tuple(result.numpy().astype(x.dtype) for result in (y, *kept))


def norm(
    axes=(0, 2, 3),
    ddof=0,
    kept_ddof=1,
    root=lambda var, eps: np.sqrt(var + eps),
    affine=lambda z, gamma, beta: z * gamma + beta,
    batch=lambda training: training,
    learns=lambda training: training,
    share=lambda momentum: momentum,
    default_eps=None,
    cast=lambda a, dtype: a.astype(dtype),
    returns=lambda old, new, kept: kept,
):
    """A wrong normalisation: each argument replaces a piece of the right one."""

    def batchnorm2d(
        x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
    ):
        old = [running_mean, running_var]
        solutions.batchnorm2d(x, gamma, beta, *old, training)
        wide = [a[:, None, None] for a in (gamma, beta)]
        axes_kept = dict(axis=axes, keepdims=True)
        mean, var = (a[:, None, None] for a in old)
        if batch(training):
            mean, var = x.mean(**axes_kept), x.var(**axes_kept, ddof=ddof)
        new = [
            x.mean((0, 2, 3)),
            x.var((0, 2, 3), ddof=min(kept_ddof, x[:, 0].size - 1)),
        ]
        m = share(momentum) if learns(training) else 0
        kept = [(1 - m) * a + m * b for a, b in zip(old, new)]
        y = affine((x - mean) / root(var, eps if default_eps is None else default_eps),
                   *wide)  # fmt: skip
        results = (y, *returns(old, new, kept))
        return tuple(cast(a, x.dtype) for a in results)

    return batchnorm2d


def bn_mean_of_squares(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    right = solutions.batchnorm2d(
        x, gamma, beta, running_mean, running_var, training, momentum, eps
    )
    if not training:
        return right
    mean = x.mean((0, 2, 3))
    var = (x**2).mean((0, 2, 3)) - mean**2
    count = x[:, 0].size
    kept = (1 - momentum) * running_var + momentum * var * count / (count - 1)
    z = (x - mean[:, None, None]) / np.sqrt(np.maximum(var, 0) + eps)[:, None, None]
    y = z * gamma[:, None, None] + beta[:, None, None]
    return y, right[1], kept


def bn_changes_running(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    y, mean, var = solutions.batchnorm2d(
        x, gamma, beta, running_mean, running_var, training, momentum, eps
    )
    running_mean[:], running_var[:] = mean, var
    return y, mean, var


def bn_checks_nothing(
    x, gamma, beta, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    try:
        return solutions.batchnorm2d(
            x, gamma, beta, running_mean, running_var, training, momentum, eps
        )
    except ValueError:
        return x, running_mean, running_var


def bn_calls(draw):
    N, H, W = small(draw, 1, 2), small(draw, 1, 3), small(draw, 1, 2)
    C = small(draw, 1, 2)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    if dtype == "float64" and draw(st.sampled_from([False, True])):
        x = x / 7 + 1e5  # sevenths: their squares are rounded
    gamma, beta, mean = (array(draw, C, dtype=dtype) for _ in range(3))
    var = np.abs(array(draw, C, dtype=dtype)) + np.array(0.5, dtype)
    training = draw(st.sampled_from([True, True, False]))
    if draw(st.sampled_from([False, False, False, True])):
        wrong = [(x[0], gamma, beta, mean, var), (x, gamma[:0], beta, mean, var),
                 (x, gamma, beta, mean, var[None]),
                 (x[:1, :, :1, :1], gamma, beta, mean, var)]  # fmt: skip
        return Call((*draw(st.sampled_from(wrong)), True))
    given = dict(momentum=draw(st.sampled_from([0.1, 0.25])),
                 eps=draw(st.sampled_from([1e-5, 0.5])))  # fmt: skip
    kwargs = {a: v for a, v in given.items() if v not in (0.1, 1e-5)}
    return Call((x, gamma, beta, mean, var, training), kwargs)


def bn_case(group, label, shape, training, dtype="float64", x=None, **options):
    """A case with drawn images (or x) and drawn numbers for each channel."""
    C = shape[1]
    per_channel = [spread(C, dtype=dtype), normal(C, dtype=dtype),
                   normal(C, dtype=dtype), spread(C, dtype=dtype)]  # fmt: skip
    images = x or normal(*shape, dtype=dtype)
    return case(group, label, images, *per_channel, training, **options)


batchnorm2d = Exercise(
    solutions.batchnorm2d,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("training", 2,
              "Normalised with the batch; momentum 0, so the running numbers stay."),
        Group("running numbers", 1, "What training leaves behind for later."),
        Group("evaluation", 1, "Normalised with the running numbers, which stay."),
        Group("dtype, large means and errors", 1,
              "float32; means far from zero; arguments that do not fit."),
    ],
    cases=[
        case("training", "one channel, four values, by hand", integers(1, 1, 1, 4),
             np.array([2.0]), np.array([1.0]), np.array([0.0]), np.array([1.0]), True,
             momentum=0, public=True),
        bn_case("training", "three channels, two images", (2, 3, 4, 5), True,
                momentum=0),
        bn_case("training", "two values for each channel", (1, 3, 1, 2), True,
                momentum=0),
        bn_case("training", "a large eps", (3, 2, 4, 3), True, momentum=0.0, eps=0.7),
        bn_case("training", "small values, where eps counts", (2, 4, 3, 5), True,
                momentum=0.0,
                x=Drawn(lambda rng: 3e-3 * rng.standard_normal((2, 4, 3, 5)))),
        bn_case("running numbers", "a batch of two images", (2, 3, 2, 3), True,
                public=True),
        bn_case("running numbers", "another momentum", (3, 2, 3, 4), True,
                momentum=0.3),
        bn_case("running numbers", "momentum 1: only this batch counts", (2, 4, 3, 2),
                True, momentum=1.0),
        bn_case("running numbers", "images that are not contiguous", (2, 3, 4, 5),
                True, x=strided(normal(2, 3, 4, 5)), momentum=0.2),
        bn_case("evaluation", "two images", (2, 3, 2, 4), False, public=True),
        bn_case("evaluation", "another eps and momentum", (3, 4, 2, 5), False,
                momentum=0.4, eps=0.3),
        bn_case("evaluation", "a single value for each channel", (1, 3, 1, 1), False),
        bn_case("dtype, large means and errors", "float32 in training", (2, 3, 4, 5),
                True, "float32", public=True),
        bn_case("dtype, large means and errors", "float32 in evaluation",
                (2, 3, 5, 4), False, "float32"),
        bn_case("dtype, large means and errors", "means of 100,000 times the spread",
                (3, 2, 5, 4), True, x=far(3, 2, 5, 4)),
        bn_case("dtype, large means and errors", "one value for each channel",
                (1, 3, 1, 1), True),
        case("dtype, large means and errors", "images with three axes",
             normal(3, 4, 5), spread(4), normal(4), normal(4), spread(4), False),
        case("dtype, large means and errors", "gamma with too few numbers",
             normal(2, 3, 4, 5), spread(2), normal(3), normal(3), spread(3), True),
        case("dtype, large means and errors", "beta as long as a row",
             normal(2, 3, 4, 5), spread(3), normal(5), normal(3), spread(3), False),
        case("dtype, large means and errors", "running_mean with four axes",
             normal(2, 3, 4, 5), spread(3), normal(3), normal(1, 3, 1, 1), spread(3),
             False),
        case("dtype, large means and errors", "running_var with one number",
             normal(2, 3, 4, 5), spread(3), normal(3), normal(3), spread(1), True),
    ],
    explain=calls(bn_calls),
    oracle=bn_by_torch,
    forbidden=[TORCH_NORM],
    results=("y", "mean", "var"),
    equivalents={
        f"line 32: axes = (0, 2, 3) => axes = {order}":
        "the axes that a mean is taken over have no order"
        for order in ("(2, 0, 3)", "(0, 3, 2)")
    },
    alternatives=[bn_by_channel, bn_channels_last, bn_as_scale_and_shift],
    mistakes=[
        Mistake("each image is normalised on its own", norm(axes=(2, 3))),
        Mistake("each pixel is normalised over the batch on its own", norm(axes=0)),
        Mistake("all channels are normalised with one mean and one variance",
                norm(axes=(0, 1, 2, 3))),
        Mistake("the unbiased variance (n - 1) normalises the batch", norm(ddof=1)),
        Mistake("the running variance gets the biased variance (n)",
                norm(kept_ddof=0)),
        Mistake("momentum weighs the old number, and 1 - momentum the new one",
                norm(share=lambda momentum: 1 - momentum)),
        Mistake("the given momentum is ignored", norm(share=lambda momentum: 0.1)),
        Mistake("the given eps is ignored", norm(default_eps=1e-5)),
        Mistake("eps is added behind the root instead of below it",
                norm(root=lambda var, eps: np.sqrt(var) + eps)),
        Mistake("there is no root: x is divided by the variance",
                norm(root=lambda var, eps: var + eps)),
        Mistake("gamma and beta are left out",
                norm(affine=lambda z, gamma, beta: z)),
        Mistake("beta is added before gamma multiplies",
                norm(affine=lambda z, gamma, beta: (z + beta) * gamma)),
        Mistake("gamma and beta are exchanged",
                norm(affine=lambda z, gamma, beta: z * beta + gamma)),
        Mistake("the running numbers normalise the batch in training",
                norm(batch=lambda training: False)),
        Mistake("the batch is normalised with its own numbers in evaluation, too",
                norm(batch=lambda training: True)),
        Mistake("the running numbers move in evaluation, too",
                norm(learns=lambda training: True)),
        Mistake("the running numbers never move", norm(learns=lambda training: False)),
        Mistake("the batch's own mean and variance are returned, without the old ones",
                norm(returns=lambda old, new, kept: new)),
        Mistake("the running mean and variance are exchanged",
                norm(returns=lambda old, new, kept: kept[::-1])),
        Mistake("the result is float64 whatever came in",
                norm(cast=lambda a, dtype: a.astype("float64"))),
        Mistake("the variance is the mean of the squares minus the square of the mean, "
                "which cancels where means are large", bn_mean_of_squares),
        Mistake("running_mean and running_var are changed in place",
                bn_changes_running),
        Mistake("bad arguments raise nothing", bn_checks_nothing),
    ],
)  # fmt: skip

# ---- fold_batchnorm --------------------------------------------------------


def fold_by_probing(w, b, gamma, beta, mean, var, eps):
    """Both steps are an affine map, so unit images read its kernel off."""
    solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)  # its errors
    kernel, size, middle, m, v = (
        torch.tensor(a, dtype=torch.float64) for a in (w, gamma, beta, mean, var)
    )
    O, I, kh, kw = w.shape
    units = torch.eye(I * kh * kw, dtype=torch.float64).reshape(-1, I, kh, kw)
    probes = torch.cat([torch.zeros_like(units[:1]), units])
    bias = None if b is None else torch.tensor(b, dtype=torch.float64)
    y = F.conv2d(probes, kernel, bias)
    y = F.batch_norm(y, m, v, size, middle, False, 0.0, eps)[:, :, 0, 0]
    new = (y[1:] - y[0]).T.reshape(O, I, kh, kw)
    return new.numpy().astype(w.dtype), y[0].numpy().astype(w.dtype)


def fold_by_kernel(w, b, gamma, beta, mean, var, eps):
    """A loop over kernels."""
    solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    new, bias = w.copy(), beta.copy()
    for o in range(len(w)):
        scale = gamma[o] / (var[o] + eps) ** 0.5
        new[o] *= scale
        bias[o] -= mean[o] * scale
        if b is not None:
            bias[o] += b[o] * scale
    return new, bias


def fold_by_diagonal(w, b, gamma, beta, mean, var, eps):
    """The normalisation as a 1 x 1 convolution with a diagonal weight."""
    solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    diagonal = np.diag(gamma * (var + eps) ** -0.5)
    flat = diagonal @ w.reshape(len(w), -1)
    old = np.zeros_like(mean) if b is None else b
    return flat.reshape(w.shape).astype(w.dtype), diagonal @ (old - mean) + beta


def fold_homogeneous(w, b, gamma, beta, mean, var, eps):
    """The bias as one more weight, on a pixel that is always 1."""
    solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    old = -mean if b is None else b - mean
    rows = np.column_stack([w.reshape(len(w), -1), old])
    rows = rows * (gamma / np.sqrt(var + eps))[:, None]
    rows[:, -1] += beta
    return rows[:, :-1].reshape(w.shape), rows[:, -1]


def fold(scale=None, bias=None, kernel=None):
    """A wrong fold: each argument replaces a piece of the right one."""
    scale = scale or (lambda gamma, var, eps: gamma / np.sqrt(var + eps))
    kernel = kernel or (lambda w, s: w * s[:, None, None, None])
    bias = bias or (lambda b, beta, mean, s: (b - mean) * s + beta)

    def fold_batchnorm(w, b, gamma, beta, mean, var, eps):
        solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
        s = scale(gamma, var, eps)
        old = np.zeros_like(mean) if b is None else b
        return kernel(w, s), bias(old, beta, mean, s)

    return fold_batchnorm


def fold_none_is_beta(w, b, gamma, beta, mean, var, eps):
    new, bias = solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    return new, beta.copy() if b is None else bias


def fold_forgets_b(w, b, gamma, beta, mean, var, eps):
    solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    return solutions.fold_batchnorm(w, None, gamma, beta, mean, var, eps)


def fold_float64(w, b, gamma, beta, mean, var, eps):
    results = solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    return tuple(result.astype("float64") for result in results)


def fold_changes_w(w, b, gamma, beta, mean, var, eps):
    new, bias = solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    w[:] = new
    return w, bias


def fold_checks_nothing(w, b, gamma, beta, mean, var, eps):
    try:
        return solutions.fold_batchnorm(w, b, gamma, beta, mean, var, eps)
    except ValueError:
        return w, beta


def fold_calls(draw):
    O, I, kh, kw = (small(draw, 1, 2) for _ in range(4))
    dtype = dtypes(draw)
    w = array(draw, O, I, kh, kw, dtype=dtype)
    gamma, beta, mean, b = (array(draw, O, dtype=dtype) for _ in range(4))
    var = np.abs(array(draw, O, dtype=dtype)) + np.array(0.5, dtype)
    b = draw(st.sampled_from([b, None]))
    eps = draw(st.sampled_from([0.5, 1e-5]))
    if draw(st.sampled_from([False, False, True])):
        wrong = [(w[0], b, gamma, beta, mean, var), (w, b, gamma[:0], beta, mean, var),
                 (w, beta[:0], gamma, beta, mean, var)]  # fmt: skip
        return Call((*draw(st.sampled_from(wrong)), eps))
    return Call((w, b, gamma, beta, mean, var, eps))


def fold_case(group, label, shape, eps, bias=True, dtype="float64", **options):
    """A case with drawn kernels and numbers."""
    O = shape[0]
    b = normal(O, dtype=dtype) if bias else None
    numbers = [spread(O, dtype=dtype), normal(O, dtype=dtype),
               normal(O, dtype=dtype), spread(O, dtype=dtype)]  # fmt: skip
    return case(group, label, normal(*shape, dtype=dtype), b, *numbers, eps, **options)


fold_batchnorm = Exercise(
    solutions.fold_batchnorm,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("with biases", 1, "A convolution that has biases of its own."),
        Group("without biases", 1, "A convolution that has none."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("with biases", "two kernels, by hand", integers(2, 1, 1, 3),
             np.array([3.0, -1.0]), np.array([2.0, -3.0]), np.array([1.0, 5.0]),
             np.array([1.0, -2.0]), np.array([3.0, 8.0]), 1.0, public=True),
        fold_case("with biases", "five kernels", (5, 3, 2, 4), 1e-5),
        fold_case("with biases", "a large eps", (4, 2, 3, 2), 0.6),
        case("with biases", "a gamma of 0 leaves beta", normal(3, 2, 3, 4), normal(3),
             np.array([0.0, 1.5, -0.5]), normal(3), normal(3), spread(3), 1e-3),
        fold_case("without biases", "two kernels", (2, 3, 1, 2), 1e-5, False,
                  public=True),
        fold_case("without biases", "six kernels", (6, 4, 3, 2), 0.2, False),
        fold_case("dtype and errors", "float32", (3, 2, 2, 3), 1e-5, dtype="float32",
                  public=True),
        fold_case("dtype and errors", "float32 without biases", (4, 3, 3, 1), 1e-5,
                  False, "float32"),
        case("dtype and errors", "kernels with three axes", normal(3, 2, 4), None,
             spread(3), normal(3), normal(3), spread(3), 1e-5),
        case("dtype and errors", "b with one number for each input channel",
             normal(3, 2, 2, 4), normal(2), spread(3), normal(3), normal(3), spread(3),
             1e-5),
        case("dtype and errors", "gamma with too few numbers", normal(3, 2, 2, 4),
             normal(3), spread(2), normal(3), normal(3), spread(3), 1e-5),
        case("dtype and errors", "beta with too many numbers", normal(3, 2, 2, 4),
             None, spread(3), normal(4), normal(3), spread(3), 1e-5),
        case("dtype and errors", "a mean with two axes", normal(3, 2, 2, 4),
             None, spread(3), normal(3), normal(3, 1), spread(3), 1e-5),
        case("dtype and errors", "a single variance", normal(3, 2, 2, 4),
             normal(3), spread(3), normal(3), normal(3), spread(1), 1e-5),
    ],
    explain=calls(fold_calls),
    oracle=fold_by_probing,
    results=("w", "b"),
    alternatives=[fold_by_kernel, fold_by_diagonal, fold_homogeneous],
    mistakes=[
        Mistake("eps is ignored", fold(lambda gamma, var, eps: gamma / np.sqrt(var))),
        Mistake("eps is added behind the root instead of below it",
                fold(lambda gamma, var, eps: gamma / (np.sqrt(var) + eps))),
        Mistake("there is no root: gamma is divided by the variance",
                fold(lambda gamma, var, eps: gamma / (var + eps))),
        Mistake("gamma is left out",
                fold(lambda gamma, var, eps: 1 / np.sqrt(var + eps))),
        Mistake("the bias is shifted and not scaled",
                fold(bias=lambda b, beta, mean, s: b - mean + beta)),
        Mistake("the mean is shifted and not scaled",
                fold(bias=lambda b, beta, mean, s: b * s - mean + beta)),
        Mistake("the old bias is not scaled",
                fold(bias=lambda b, beta, mean, s: b - mean * s + beta)),
        Mistake("the mean is added instead of subtracted",
                fold(bias=lambda b, beta, mean, s: (b + mean) * s + beta)),
        Mistake("the mean is forgotten",
                fold(bias=lambda b, beta, mean, s: b * s + beta)),
        Mistake("beta is forgotten",
                fold(bias=lambda b, beta, mean, s: (b - mean) * s)),
        Mistake("beta is scaled, too",
                fold(bias=lambda b, beta, mean, s: (b - mean + beta) * s)),
        Mistake("the kernels stay as they are", fold(kernel=lambda w, s: w.copy())),
        Mistake("the scale lies along the kernels' columns, not along the kernels",
                fold(kernel=lambda w, s: w * s)),
        Mistake("without old biases the new ones are beta alone", fold_none_is_beta),
        Mistake("the old biases are ignored", fold_forgets_b),
        Mistake("the result is float64 whatever came in", fold_float64),
        Mistake("w is changed in place", fold_changes_w),
        Mistake("bad arguments raise nothing", fold_checks_nothing),
    ],
)  # fmt: skip

# ---- bottleneck_cost -------------------------------------------------------


def cost_of_layers(c, mid):
    """As torch counts them."""
    solutions.bottleneck_cost(c, mid)  # its errors
    blocks = {
        "bottleneck": [(c, mid, 1), (mid, mid, 3), (mid, c, 1)],
        "basic": [(c, c, 3), (c, c, 3)],
    }
    return {
        name: sum(nn.Conv2d(*layer, bias=False).weight.numel() for layer in layers)
        for name, layers in blocks.items()
    }


def cost_by_formula(c, mid):
    solutions.bottleneck_cost(c, mid)
    return {"basic": 18 * c**2, "bottleneck": mid * (2 * c + 9 * mid)}


def cost_by_shapes(c, mid):
    solutions.bottleneck_cost(c, mid)
    shapes = [(mid, c, 1, 1), (mid, mid, 3, 3), (c, mid, 1, 1)]
    narrow = sum(int(np.prod(shape)) for shape in shapes)
    return {"bottleneck": narrow, "basic": 2 * int(np.prod((c, c, 3, 3)))}


def cost(bottleneck=None, basic=None):
    """A wrong count."""
    bottleneck = bottleneck or (lambda c, m: 2 * c * m + 9 * m * m)
    basic = basic or (lambda c, m: 18 * c * c)

    def bottleneck_cost(c, mid):
        solutions.bottleneck_cost(c, mid)
        return {"bottleneck": bottleneck(c, mid), "basic": basic(c, mid)}

    return bottleneck_cost


def cost_checks_nothing(c, mid):
    return {"bottleneck": c * mid + 9 * mid * mid + mid * c, "basic": 18 * c * c}


def cost_tuple(c, mid):
    return tuple(solutions.bottleneck_cost(c, mid).values())


bottleneck_cost = Exercise(
    solutions.bottleneck_cost,
    minutes=5,
    difficulty="warm-up",
    groups=[Group("weights", 1, "Of both blocks; widths below 1.")],
    cases=[
        case("weights", "256 channels, 64 between", 256, 64, public=True),
        case("weights", "as many between as outside", 5, 5),
        case("weights", "more between than outside", 3, 7),
        case("weights", "one channel", 1, 2),
        case("weights", "no channels", 0, 4),
        case("weights", "none between", 4, 0),
        case("weights", "half a channel", 4, 1.5),
    ],
    explain=st.builds(lambda c, mid: Call((c, mid)), st.integers(0, 9),
                      st.integers(0, 9)),
    oracle=cost_of_layers,
    alternatives=[cost_by_formula, cost_by_shapes],
    mistakes=[
        Mistake("the 3 x 3 convolution of the bottleneck has c channels on one side",
                cost(lambda c, m: 2 * c * m + 9 * c * m)),
        Mistake("the 3 x 3 kernel is counted as 3 instead of 9",
                cost(lambda c, m: 2 * c * m + 3 * m * m, lambda c, m: 6 * c * c)),
        Mistake("the second 1 x 1 convolution is forgotten",
                cost(lambda c, m: c * m + 9 * m * m)),
        Mistake("the shortcut has weights",
                cost(lambda c, m: 2 * c * m + 9 * m * m + c * c,
                     lambda c, m: 19 * c * c)),
        Mistake("the basic block has one convolution", cost(None, lambda c, m: 9 * c * c)),
        Mistake("the basic block is narrow, too", cost(None, lambda c, m: 18 * m * m)),
        Mistake("each convolution has biases",
                cost(lambda c, m: 2 * c * m + 9 * m * m + 2 * m + c,
                     lambda c, m: 18 * c * c + 2 * c)),
        Mistake("each output channel of a normalisation counts two weights",
                cost(lambda c, m: 2 * c * m + 9 * m * m + 4 * m + 2 * c,
                     lambda c, m: 18 * c * c + 4 * c)),
        Mistake("the two blocks are exchanged",
                cost(lambda c, m: 18 * c * c, lambda c, m: 2 * c * m + 9 * m * m)),
        Mistake("the counts are floats",
                cost(lambda c, m: 2.0 * c * m + 9.0 * m * m)),
        Mistake("a tuple is returned instead of a dict", cost_tuple),
        Mistake("a width below 1 raises nothing", cost_checks_nothing),
    ],
)  # fmt: skip

# ---- blocks and networks: what they have in common -------------------------


def state_of(module, dtype="float64"):
    """A drawn array for each name of the module's state_dict."""
    return {name: _entry(name, value, dtype) for name, value in _state(module)}


def _state(module):
    return module.state_dict().items()


def _entry(name, value, dtype):
    if name.endswith("num_batches_tracked"):
        return np.array(3)
    if name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
        return spread(*value.shape, dtype=dtype)
    size = 1.4 * max(value[0].numel(), 1) ** -0.5 if value.ndim > 1 else 0.5
    return Drawn(
        lambda rng: (size * rng.standard_normal(tuple(value.shape))).astype(dtype)
    )


def module_case(group, label, build, init, x, dtype="float64", train=False, **options):
    """A case of a module: drawn state, images of shape x, gradient of its output."""
    with torch.random.fork_rng(devices=[]):
        module = build(**init).eval()
        y = module(torch.zeros(x))
    images, dy = normal(*x, dtype=dtype), normal(*y.shape, dtype=dtype)
    kwargs = {"train": True} if train else {}
    return case(group, label, init, state_of(module, dtype), [images], dy,
                caller="module", **kwargs, **options)  # fmt: skip


def refused(group, label, init, **options):
    """A case in which the module cannot be built."""
    return case(group, label, init, None, [], None, caller="module", **options)


def small_state(draw, module):
    """Small numbers for each name of the module's state_dict, in float64."""
    rng = np.random.default_rng(small(draw, 0, 3))
    state = {}
    for name, value in _state(module):
        shape = tuple(value.shape)
        if name.endswith("num_batches_tracked"):
            state[name] = np.array(0)
        elif name.endswith("running_var"):
            state[name] = rng.integers(1, 4, shape).astype(float)
        else:
            state[name] = rng.integers(-8, 9, shape) / 4
    return state


def module_call(draw, build, init, x):
    """A small call of a module with images of shape x."""
    module = build(**init).eval()
    shape = tuple(module(torch.zeros(x)).shape)
    state, images = small_state(draw, module), array(draw, *x)
    train = {"train": True} if draw(st.booleans()) else {}
    return Call((init, state, [images], array(draw, *shape)), train, "module")


def check_block(**sizes):
    if min(sizes.values()) < 1:
        raise ValueError("sizes must be at least 1")


def convolved(conv, x):
    """What a convolution layer computes, by unfolding windows."""
    N, H = len(x), x.shape[2]
    k, s, p = conv.kernel_size, conv.stride, conv.padding
    columns = F.unfold(x, k, padding=p, stride=s)
    y = torch.einsum("oi,nip->nop", conv.weight.flatten(1), columns)
    return y.reshape(N, len(conv.weight), (H + 2 * p[0] - k[0]) // s[0] + 1, -1)


def shortcut_layers(c_in, c_out, stride):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False),
                         nn.BatchNorm2d(c_out))  # fmt: skip


def variant(base, make=None, forward=None, check=True):
    """A wrong block: `make` changes its layers, `forward` what it does."""

    def init(self, **sizes):
        if not check:
            sizes = {name: max(size, 1) for name, size in sizes.items()}
        base.__init__(self, **sizes)
        if make:
            make(self, **{"stride": 1, **sizes})

    methods = {"__init__": init}
    if forward:
        methods["forward"] = forward
    return type(base.__name__, (base,), methods)


def short(self, x):
    return x if self.downsample is None else self.downsample(x)


# ---- BasicBlock ------------------------------------------------------------


class BlockWithIdentity(nn.Module):
    """nn.Identity where there is nothing to fit; ReLU in place; shortcut first."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_out=c_out, stride=stride)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        same = stride == 1 and c_in == c_out
        self.downsample = (
            nn.Identity() if same else shortcut_layers(c_in, c_out, stride)
        )

    def forward(self, x):
        y = self.downsample(x)
        y = y + self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y)


class BlockByUnfold(nn.Module):
    """The layers' weights, the sums over unfolded windows; no downsample at all
    where none is needed; gammas of the last normalisation start at zero."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_out=c_out, stride=stride)
        self.fits = stride == 1 and c_in == c_out
        self.bn1, self.bn2 = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
        nn.init.zeros_(self.bn2.weight)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding="same", bias=False)
        self.conv2.padding = (1, 1)
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        if not self.fits:
            self.downsample = shortcut_layers(c_in, c_out, stride)

    def forward(self, x):
        branch = F.relu(self.bn1(convolved(self.conv1, x)))
        branch = self.bn2(convolved(self.conv2, branch))
        return F.relu(branch + (x if self.fits else self.downsample(x)))


class BlockStridesFirst(nn.Module):
    """The shortcut leaves pixels out first, and then mixes channels."""

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_out=c_out, stride=stride)
        self.stride = stride
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = (nn.BatchNorm2d(c_out) for _ in range(2))
        layers = [] if (stride, c_in) == (1, c_out) else [
            nn.Conv2d(c_in, c_out, 1, bias=False), nn.BatchNorm2d(c_out)]  # fmt: skip
        self.downsample = nn.Sequential(*layers)

    def forward(self, x):
        shortcut = self.downsample(x[:, :, :: self.stride, :: self.stride])
        y = self.conv2(torch.relu(self.bn1(self.conv1(x))))
        return torch.relu_(torch.add(shortcut, self.bn2(y)))


def basic_branch(self, x):
    y = self.bn1(self.conv1(x)).relu()
    return self.bn2(self.conv2(y))


def basic_late_stride(self, c_in, c_out, stride):
    self.conv1.stride, self.conv2.stride = (1, 1), (stride, stride)


def biased_convs(self, **sizes):
    for conv in (self.conv1, self.conv2):
        conv.bias = nn.Parameter(torch.zeros(conv.out_channels))


def always_fits(self, stride, **widths):
    ends = widths["c_in"], widths["c_out"]
    self.downsample = self.downsample or shortcut_layers(*ends, stride)


def fits_width_only(self, c_in, c_out, stride, c_mid=0):
    if c_in == c_out:
        self.downsample = None


def fits_stride_only(self, c_in, c_out, stride, c_mid=0):
    if stride == 1:
        self.downsample = None


def no_norm_in_shortcut(self, **sizes):
    if self.downsample is not None:
        self.downsample = nn.Sequential(self.downsample[0])


def pooled_shortcut(self, x):
    if self.downsample is None:
        return x
    conv, norm_layer = self.downsample
    pooled = F.avg_pool2d(x, conv.stride, ceil_mode=True, count_include_pad=False)
    return norm_layer(F.conv2d(pooled, conv.weight))


def other_eps(self, **sizes):
    for part in self.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps, part.momentum = 1e-3, 0.01


def basic_calls(draw):
    if draw(st.sampled_from([False, False, True])):
        wrong = [{"c_in": 0, "c_out": 1}, {"c_in": 1, "c_out": 0},
                 {"c_in": 1, "c_out": 1, "stride": 0}]  # fmt: skip
        return Call((draw(st.sampled_from(wrong)), None, [], None), {}, "module")
    init = {"c_in": small(draw, 1, 2), "c_out": small(draw, 1, 2)}
    if draw(st.booleans()):
        init["stride"] = small(draw, 2, 3)
    shape = (small(draw, 2, 2), init["c_in"], small(draw, 2, 4), small(draw, 2, 3))
    return module_call(draw, solutions.BasicBlock, init, shape)


def basic(group, label, c_in, c_out, x, stride=None, **options):
    init = {"c_in": c_in, "c_out": c_out}
    if stride is not None:
        init["stride"] = stride
    return module_case(group, label, solutions.BasicBlock, init, x, **options)


BasicBlock = Exercise(
    solutions.BasicBlock,
    minutes=30,
    difficulty="standard",
    groups=[
        Group("same size", 2,
              "The shortcut is x. With given weights: output, gradients, names."),
        Group("another size", 2, "Another width, a stride, or both."),
        Group("training, dtype and errors", 1,
              "In training mode, with what it leaves behind; float32; sizes below 1."),
    ],
    cases=[
        basic("same size", "three channels", 3, 3, (2, 3, 4, 5), public=True),
        basic("same size", "four channels, stride given as 1", 4, 4, (3, 4, 5, 3),
              stride=1),
        basic("same size", "a single pixel", 2, 2, (3, 2, 1, 1)),
        basic("another size", "wider, with stride 2", 2, 5, (2, 2, 4, 6), stride=2,
              public=True),
        basic("another size", "wider, without a stride", 3, 4, (2, 3, 5, 4)),
        basic("another size", "narrower, without a stride", 5, 2, (2, 5, 3, 4)),
        basic("another size", "as wide, with stride 2 and odd sizes", 3, 3,
              (2, 3, 5, 7), stride=2),
        basic("another size", "narrower, with stride 3", 4, 2, (2, 4, 7, 8), stride=3),
        basic("training, dtype and errors", "a wider block in training mode", 2, 3,
              (3, 2, 4, 5), stride=2, train=True, public=True),
        basic("training, dtype and errors", "the same size in training mode", 3, 3,
              (2, 3, 5, 4), train=True),
        basic("training, dtype and errors", "float32 stays float32", 3, 4,
              (2, 3, 5, 6), stride=2, dtype="float32"),
        refused("training, dtype and errors", "no channels in",
                {"c_in": 0, "c_out": 2, "stride": 1}),
        refused("training, dtype and errors", "no channels out",
                {"c_in": 2, "c_out": 0, "stride": 1}),
        refused("training, dtype and errors", "a stride of 0",
                {"c_in": 2, "c_out": 2, "stride": 0}),
    ],
    explain=calls(basic_calls),
    oracle=BlockByUnfold,
    equivalents={
        "line 27: if stride != 1 or c_in != c_out: => "
        "if stride > 1 or c_in != c_out:": "a stride is at least 1",
    },
    alternatives=[BlockWithIdentity, BlockByUnfold, BlockStridesFirst],
    mistakes=[
        Mistake("the shortcut is left out", variant(
            solutions.BasicBlock, forward=lambda self, x: basic_branch(self, x).relu())),
        Mistake("no ReLU follows the sum", variant(
            solutions.BasicBlock, forward=lambda self, x: basic_branch(self, x)
            + short(self, x))),
        Mistake("the last ReLU is applied to the branch, before the sum", variant(
            solutions.BasicBlock, forward=lambda self, x: basic_branch(self, x).relu()
            + short(self, x))),
        Mistake("the branch has a ReLU before the sum, and the sum another", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                basic_branch(self, x).relu() + short(self, x)).relu())),
        Mistake("there is no ReLU between the two convolutions", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                self.bn2(self.conv2(self.bn1(self.conv1(x)))) + short(self, x)).relu())),
        Mistake("branch and shortcut are averaged instead of added", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                basic_branch(self, x) / 2 + short(self, x) / 2).relu())),
        Mistake("the branch is subtracted from the shortcut", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                short(self, x) - basic_branch(self, x)).relu())),
        Mistake("the second normalisation is the first one again", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                self.bn1(self.conv2(self.bn1(self.conv1(x)).relu()))
                + short(self, x)).relu())),
        Mistake("the second normalisation follows the sum", variant(
            solutions.BasicBlock, forward=lambda self, x: self.bn2(
                self.conv2(self.bn1(self.conv1(x)).relu()) + short(self, x)).relu())),
        Mistake("no gradient passes the shortcut (detach)", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                basic_branch(self, x) + short(self, x).detach()).relu())),
        Mistake("the stride is that of the second convolution",
                variant(solutions.BasicBlock, basic_late_stride)),
        Mistake("the shortcut averages pixels instead of leaving them out", variant(
            solutions.BasicBlock, forward=lambda self, x: (
                basic_branch(self, x) + pooled_shortcut(self, x)).relu())),
        Mistake("the convolutions have biases",
                variant(solutions.BasicBlock, biased_convs)),
        Mistake("there is a downsample also where x fits",
                variant(solutions.BasicBlock, always_fits)),
        Mistake("there is a downsample where the width changes, but none for a stride",
                variant(solutions.BasicBlock, fits_width_only)),
        Mistake("there is a downsample for a stride, but none where the width changes",
                variant(solutions.BasicBlock, fits_stride_only)),
        Mistake("downsample has no normalisation",
                variant(solutions.BasicBlock, no_norm_in_shortcut)),
        Mistake("the normalisations have another eps or momentum",
                variant(solutions.BasicBlock, other_eps)),
        Mistake("a size below 1 raises nothing",
                variant(solutions.BasicBlock, check=False)),
    ],
)  # fmt: skip

# ---- Bottleneck ------------------------------------------------------------


class BottleneckWithIdentity(nn.Module):
    """nn.Identity where there is nothing to fit; the branch as a list."""

    def __init__(self, c_in, c_mid, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_mid=c_mid, c_out=c_out, stride=stride)
        layers = [(c_in, c_mid, 1, 1), (c_mid, c_mid, 3, stride), (c_mid, c_out, 1, 1)]
        for number, (i, o, k, s) in enumerate(layers, 1):
            conv = nn.Conv2d(i, o, k, s, k // 2, bias=False)
            setattr(self, f"conv{number}", conv)
            setattr(self, f"bn{number}", nn.BatchNorm2d(o))
        same = stride == 1 and c_in == c_out
        self.downsample = (
            nn.Identity() if same else shortcut_layers(c_in, c_out, stride)
        )

    def forward(self, x):
        y = x
        for number in (1, 2, 3):
            y = torch.relu(y) if number > 1 else y
            y = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(y))
        return torch.relu(y + self.downsample(x))


class BottleneckByUnfold(nn.Module):
    """The layers' weights, the sums over unfolded windows."""

    def __init__(self, c_in, c_mid, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_mid=c_mid, c_out=c_out, stride=stride)
        self.conv1 = nn.Conv2d(c_in, c_mid, (1, 1), bias=False)
        self.conv2 = nn.Conv2d(c_mid, c_mid, (3, 3), (stride, stride), (1, 1),
                               bias=False)  # fmt: skip
        self.conv3 = nn.Conv2d(c_mid, c_out, (1, 1), bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(c_mid), nn.BatchNorm2d(c_mid)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.fits = stride == 1 and c_in == c_out
        if not self.fits:
            self.downsample = shortcut_layers(c_in, c_out, stride)

    def forward(self, x):
        y = F.relu(self.bn1(convolved(self.conv1, x)))
        y = F.relu(self.bn2(convolved(self.conv2, y)))
        y = self.bn3(convolved(self.conv3, y))
        return F.relu(y + (x if self.fits else self.downsample(x)))


class BottleneckPointwise(nn.Module):
    """The 1 x 1 convolutions as matrix products over the channels."""

    def __init__(self, c_in, c_mid, c_out, stride=1):
        super().__init__()
        check_block(c_in=c_in, c_mid=c_mid, c_out=c_out, stride=stride)
        self.conv1 = nn.Conv2d(c_in, c_mid, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_mid)
        self.conv2 = nn.Conv2d(c_mid, c_mid, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_mid)
        self.conv3 = nn.Conv2d(c_mid, c_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.downsample = nn.Sequential()
        if stride > 1 or c_in != c_out:
            self.downsample = shortcut_layers(c_in, c_out, stride)

    def forward(self, x):
        w1, w3 = self.conv1.weight[:, :, 0, 0], self.conv3.weight[:, :, 0, 0]
        y = self.bn1(torch.einsum("oc,nchw->nohw", w1, x)).relu_()
        y = self.bn2(self.conv2(y)).relu_()
        y = self.bn3(torch.einsum("oc,nchw->nohw", w3, y))
        return (self.downsample(x) + y).relu()


def narrow_branch(self, x):
    y = self.bn1(self.conv1(x)).relu()
    y = self.bn2(self.conv2(y)).relu()
    return self.bn3(self.conv3(y))


def narrow_without_middle_relu(self, x):
    y = self.bn1(self.conv1(x)).relu()
    return self.bn3(self.conv3(self.bn2(self.conv2(y))))


def narrow_without_first_relu(self, x):
    y = self.bn1(self.conv1(x))
    return self.bn3(self.conv3(self.bn2(self.conv2(y)).relu()))


def stride_first(self, c_in, c_mid, c_out, stride):
    self.conv1.stride, self.conv2.stride = (stride, stride), (1, 1)


def stride_last(self, c_in, c_mid, c_out, stride):
    self.conv3.stride, self.conv2.stride = (stride, stride), (1, 1)


def wide_middle(self, c_in, c_mid, c_out, stride):
    self.conv1 = nn.Conv2d(c_in, c_out, 1, bias=False)
    self.bn1, self.bn2 = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
    self.conv2 = nn.Conv2d(c_out, c_out, 3, stride, 1, bias=False)
    self.conv3 = nn.Conv2d(c_out, c_out, 1, bias=False)


def unpadded(self, c_in, c_mid, c_out, stride):
    self.conv2.padding = (0, 0)


def biased_narrow_convs(self, **sizes):
    for conv in (self.conv1, self.conv2, self.conv3):
        conv.bias = nn.Parameter(torch.zeros(conv.out_channels))


def narrow(make=None, forward=None, check=True):
    return variant(solutions.Bottleneck, make, forward, check)


def narrow_calls(draw):
    sizes = {"c_in": 1, "c_mid": 1, "c_out": 1, "stride": 1}
    if draw(st.sampled_from([False, False, True])):
        init = {**sizes, draw(st.sampled_from(sorted(sizes))): 0}
        return Call((init, None, [], None), {}, "module")
    init = {name: small(draw, 1, 2) for name in ("c_in", "c_mid", "c_out")}
    if draw(st.booleans()):
        init["stride"] = 2
    shape = (2, init["c_in"], small(draw, 2, 4), small(draw, 2, 3))
    return module_call(draw, solutions.Bottleneck, init, shape)


def bottleneck(group, label, widths, x, stride=None, **options):
    init = dict(zip(("c_in", "c_mid", "c_out"), widths))
    if stride is not None:
        init["stride"] = stride
    return module_case(group, label, solutions.Bottleneck, init, x, **options)


Bottleneck = Exercise(
    solutions.Bottleneck,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("same size", 1,
              "The shortcut is x. With given weights: output, gradients, names."),
        Group("another size", 1, "Another width, a stride, or both."),
        Group("training, dtype and errors", 1,
              "In training mode, with what it leaves behind; float32; sizes below 1."),
    ],
    cases=[
        bottleneck("same size", "four channels, two between", (4, 2, 4), (2, 4, 3, 5),
                   public=True),
        bottleneck("same size", "more between than outside", (2, 5, 2), (3, 2, 5, 4),
                   stride=1),
        bottleneck("another size", "wider, with stride 2", (3, 2, 6), (2, 3, 4, 6),
                   stride=2, public=True),
        bottleneck("another size", "wider, without a stride", (2, 3, 5), (2, 2, 4, 3)),
        bottleneck("another size", "narrower, without a stride", (5, 2, 3), (2, 5, 3, 4)),
        bottleneck("another size", "as wide, with stride 2 and odd sizes", (4, 2, 4),
                   (2, 4, 7, 5), stride=2),
        bottleneck("another size", "narrower, with stride 3", (5, 3, 4), (2, 5, 8, 7),
                   stride=3),
        bottleneck("training, dtype and errors", "a wider block in training mode",
                   (2, 3, 4), (3, 2, 4, 5), stride=2, train=True, public=True),
        bottleneck("training, dtype and errors", "the same size in training mode",
                   (3, 2, 3), (2, 3, 5, 4), train=True),
        bottleneck("training, dtype and errors", "float32 stays float32", (3, 2, 5),
                   (2, 3, 5, 6), stride=2, dtype="float32"),
        refused("training, dtype and errors", "no channels in",
                {"c_in": 0, "c_mid": 2, "c_out": 3, "stride": 1}),
        refused("training, dtype and errors", "no channels between",
                {"c_in": 2, "c_mid": 0, "c_out": 2, "stride": 1}),
        refused("training, dtype and errors", "no channels out",
                {"c_in": 2, "c_mid": 2, "c_out": 0, "stride": 1}),
        refused("training, dtype and errors", "a stride of 0",
                {"c_in": 2, "c_mid": 1, "c_out": 2, "stride": 0}),
    ],
    explain=calls(narrow_calls),
    oracle=BottleneckByUnfold,
    equivalents={
        "line 32: if stride != 1 or c_in != c_out: => "
        "if stride > 1 or c_in != c_out:": "a stride is at least 1",
    },
    alternatives=[BottleneckWithIdentity, BottleneckByUnfold, BottleneckPointwise],
    mistakes=[
        Mistake("the shortcut is left out",
                narrow(forward=lambda self, x: narrow_branch(self, x).relu())),
        Mistake("no ReLU follows the sum", narrow(
            forward=lambda self, x: narrow_branch(self, x) + short(self, x))),
        Mistake("the branch has a ReLU before the sum, and the sum another", narrow(
            forward=lambda self, x: (narrow_branch(self, x).relu()
                                     + short(self, x)).relu())),
        Mistake("there is no ReLU behind the 3 x 3 convolution", narrow(
            forward=lambda self, x: (narrow_without_middle_relu(self, x)
                                     + short(self, x)).relu())),
        Mistake("there is no ReLU behind the first 1 x 1 convolution", narrow(
            forward=lambda self, x: (narrow_without_first_relu(self, x)
                                     + short(self, x)).relu())),
        Mistake("no gradient passes the shortcut (detach)", narrow(
            forward=lambda self, x: (narrow_branch(self, x)
                                     + short(self, x).detach()).relu())),
        Mistake("the stride is that of the first 1 x 1 convolution",
                narrow(stride_first)),
        Mistake("the stride is that of the last 1 x 1 convolution",
                narrow(stride_last)),
        Mistake("the convolutions between have c_out channels", narrow(wide_middle)),
        Mistake("the 3 x 3 convolution has no padding", narrow(unpadded)),
        Mistake("the convolutions have biases", narrow(biased_narrow_convs)),
        Mistake("there is a downsample also where x fits", narrow(always_fits)),
        Mistake("there is a downsample where the width changes, but none for a stride",
                narrow(fits_width_only)),
        Mistake("there is a downsample for a stride, but none where the width changes",
                narrow(fits_stride_only)),
        Mistake("downsample has no normalisation", narrow(no_norm_in_shortcut)),
        Mistake("a size below 1 raises nothing", narrow(check=False)),
    ],
)  # fmt: skip

# ---- ResNet ----------------------------------------------------------------


def check_network(blocks, widths, num_classes):
    if len(blocks) != len(widths) or min([*blocks, *widths, num_classes, 1]) < 1:
        raise ValueError("the lists do not fit")
    if not blocks:
        raise ValueError("there are no stages")


class ResNetWithSetattr(nn.Module):
    """Stages by setattr, the mean by a pooling layer, other blocks."""

    def __init__(self, blocks, widths, num_classes):
        super().__init__()
        check_network(blocks, widths, num_classes)
        self.conv1 = nn.Conv2d(3, widths[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.names = [f"layer{i + 1}" for i in range(len(blocks))]
        before = [widths[0], *widths[:-1]]
        for i, name in enumerate(self.names):
            first = BlockWithIdentity(before[i], widths[i], 1 + (i > 0))
            rest = [BlockStridesFirst(widths[i], widths[i])] * (blocks[i] > 1)
            rest += [
                BlockWithIdentity(widths[i], widths[i]) for _ in range(2, blocks[i])
            ]
            setattr(self, name, nn.Sequential(first, *rest))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(widths[-1], num_classes)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        for name in self.names:
            y = getattr(self, name)(y)
        return self.fc(torch.flatten(self.pool(y), 1))


class ResNetByUnfold(nn.Module):
    """Blocks and stem by unfolding windows; the stages found by their names."""

    def __init__(self, blocks, widths, num_classes):
        super().__init__()
        check_network(blocks, widths, num_classes)
        self.fc = nn.Linear(widths[-1], num_classes)
        c_in = widths[0]
        for i, (count, width) in enumerate(zip(blocks, widths)):
            stage = nn.Sequential()
            for j in range(count):
                stage.append(BlockByUnfold(c_in, width, 2 if i and not j else 1))
                c_in = width
            self.add_module(f"layer{i + 1}", stage)
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])

    def forward(self, x):
        y = torch.relu(self.bn1(convolved(self.conv1, x)))
        for name, stage in self.named_children():
            if name.startswith("layer"):
                y = stage(y)
        return F.linear(y.flatten(2).mean(2), self.fc.weight, self.fc.bias)


class ResNetInSequence(nn.Module):
    """One list of blocks that is run in order, registered under stage names."""

    def __init__(self, blocks, widths, num_classes):
        super().__init__()
        check_network(blocks, widths, num_classes)
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        width, order = widths[0], [self.conv1, self.bn1, nn.ReLU()]
        for number, (count, wide) in enumerate(zip(blocks, widths), 1):
            steps = [1 if number == 1 else 2] + [1] * (count - 1)
            stage = nn.Sequential()
            for step in steps:
                stage.append(BlockStridesFirst(width, wide, step))
                width = wide
            self.add_module(f"layer{number}", stage)
            order.append(stage)
        self.fc = nn.Linear(width, num_classes)
        self.run = [order]  # in a list, so that nothing is registered twice

    def forward(self, x):
        for layer in self.run[0]:
            x = layer(x)
        return self.fc(x.sum((2, 3)) / (x.shape[2] * x.shape[3]))


def stages(self):
    return [part for name, part in self.named_children() if name.startswith("layer")]


def through(self, x, before=None, after=None):
    """The right forward pass, with its stem or its end replaced."""
    y = before(self, x) if before else self.bn1(self.conv1(x)).relu()
    for stage in stages(self):
        y = stage(y)
    return after(self, y) if after else self.fc(y.mean((2, 3)))


def reading(before=None, after=None):
    return variant(solutions.ResNet, None,
                   lambda self, x: through(self, x, before, after))  # fmt: skip


def set_stride(block, stride):
    """Another stride, with a downsample where the right block has one."""
    block.conv1.stride = (stride, stride)
    if block.downsample is not None:
        block.downsample[0].stride = (stride, stride)


def no_strides(self, **sizes):
    for stage in stages(self):
        set_stride(stage[0], 1)


def stride_in_first(self, blocks, widths, **sizes):
    self.layer1[0] = solutions.BasicBlock(widths[0], widths[0], 2)


def stride_in_all(self, blocks, widths, **sizes):
    for stage, width in zip(stages(self)[1:], widths[1:]):
        for i in range(1, len(stage)):
            stage[i] = solutions.BasicBlock(width, width, 2)


def stride_in_stem(self, **sizes):
    self.conv1.stride = (2, 2)


def large_stem(self, blocks, widths, **sizes):
    self.conv1 = nn.Conv2d(3, widths[0], 7, padding=3, bias=False)


def one_block_more(self, blocks, widths, **sizes):
    for stage, width in zip(stages(self), widths):
        stage.append(solutions.BasicBlock(width, width))


def counted_from_zero(self, blocks, **sizes):
    for number in range(len(blocks)):
        self.add_module(f"layer{number}", self.get_submodule(f"layer{number + 1}"))
    delattr(self, f"layer{len(blocks)}")


def stages_in_a_list(self, **sizes):
    found = stages(self)
    for number in range(1, len(found) + 1):
        delattr(self, f"layer{number}")
    self.layers = nn.ModuleList(found)


def biasless_fc(self, blocks, widths, num_classes, **sizes):
    self.fc = nn.Linear(widths[-1], num_classes, bias=False)


def unchecked(blocks, widths, num_classes):
    """A right network, and something harmless instead of an error."""
    try:
        return solutions.ResNet(blocks, widths, num_classes)
    except ValueError:
        return nn.Identity()


def network_calls(draw):
    if draw(st.sampled_from([False, False, True])):
        wrong = draw(st.sampled_from([([1], [1, 1], 2), ([], [], 2), ([0], [1], 2),
                                      ([1], [0], 2), ([1], [1], 0)]))  # fmt: skip
        init = dict(zip(("blocks", "widths", "num_classes"), wrong))
        return Call((init, None, [], None), {}, "module")
    count = small(draw, 1, 3)
    init = {
        "blocks": [small(draw, 1, 2) for _ in range(count)],
        "widths": [small(draw, 1, 2) for _ in range(count)],
        "num_classes": small(draw, 1, 2),
    }
    shape = (2, 3, small(draw, 2, 5), small(draw, 2, 4))
    return module_call(draw, solutions.ResNet, init, shape)


def network(group, label, blocks, widths, num_classes, x, **options):
    init = {"blocks": blocks, "widths": widths, "num_classes": num_classes}
    return module_case(group, label, solutions.ResNet, init, x, **options)


def no_network(label, blocks, widths, num_classes):
    init = {"blocks": blocks, "widths": widths, "num_classes": num_classes}
    return refused("training, dtype and errors", label, init)


ResNet = Exercise(
    solutions.ResNet,
    minutes=25,
    difficulty="challenge",
    groups=[
        Group("one stage", 1, "Stem, blocks, mean and scores; nothing shrinks."),
        Group("several stages", 2, "Widths, strides and names of the stages."),
        Group("training, dtype and errors", 1,
              "In training mode; float32; lists that do not fit."),
    ],
    cases=[
        network("one stage", "one block", [1], [2], 3, (2, 3, 4, 5), public=True),
        network("one stage", "three blocks", [3], [4], 2, (2, 3, 5, 3)),
        network("several stages", "two stages", [1, 2], [2, 3], 4, (2, 3, 6, 5),
                public=True),
        network("several stages", "three stages, the last one narrower", [2, 1, 2],
                [3, 4, 2], 5, (2, 3, 7, 9)),
        network("several stages", "stages of the same width", [1, 2], [3, 3], 4,
                (2, 3, 5, 8)),
        network("several stages", "an image of one row", [1, 1], [2, 4], 3,
                (3, 3, 1, 6)),
        network("training, dtype and errors", "two stages in training mode", [2, 1],
                [2, 4], 3, (3, 3, 5, 6), train=True, public=True),
        network("training, dtype and errors", "float32 stays float32", [1, 1], [3, 2],
                4, (2, 3, 4, 6), dtype="float32"),
        no_network("lists of different lengths", [1, 2], [3], 4),
        no_network("more widths than blocks", [1], [3, 2], 4),
        no_network("no stages", [], [], 4),
        no_network("a stage without blocks", [1, 0], [2, 2], 4),
        no_network("a stage without channels", [1, 1], [2, 0], 4),
        no_network("no classes", [1], [2], 0),
    ],
    explain=calls(network_calls),
    oracle=ResNetByUnfold,
    equivalents={
        "line 44: return self.fc(y.mean(dim=(2, 3))) => "
        "return self.fc(y.mean(dim=(3, 2)))":
        "the axes that a mean is taken over have no order",
    },
    alternatives=[ResNetWithSetattr, ResNetByUnfold, ResNetInSequence],
    mistakes=[
        Mistake("no ReLU follows the stem",
                reading(lambda self, x: self.bn1(self.conv1(x)))),
        Mistake("no normalisation follows the first convolution",
                reading(lambda self, x: self.conv1(x).relu())),
        Mistake("pixels are added up instead of averaged",
                reading(after=lambda self, y: self.fc(y.sum((2, 3))))),
        Mistake("each channel gives its largest pixel instead of the mean",
                reading(after=lambda self, y: self.fc(y.amax((2, 3))))),
        Mistake("a softmax follows the scores",
                reading(after=lambda self, y: self.fc(y.mean((2, 3))).softmax(1))),
        Mistake("no stage has a stride", variant(solutions.ResNet, no_strides)),
        Mistake("the first stage has a stride, too",
                variant(solutions.ResNet, stride_in_first)),
        Mistake("every block of a later stage has a stride",
                variant(solutions.ResNet, stride_in_all)),
        Mistake("the stem has a stride", variant(solutions.ResNet, stride_in_stem)),
        Mistake("the stem has a kernel of 7 x 7", variant(solutions.ResNet, large_stem)),
        Mistake("each stage has one block too many",
                variant(solutions.ResNet, one_block_more)),
        Mistake("the stages are counted from 0", variant(
            solutions.ResNet, counted_from_zero, lambda self, x: through(self, x))),
        Mistake("the stages are in a ModuleList instead of layer1, layer2, ...", variant(
            solutions.ResNet, stages_in_a_list)),
        Mistake("fc has no bias", variant(solutions.ResNet, biasless_fc)),
        Mistake("arguments that do not fit raise nothing", unchecked),
    ],
)  # fmt: skip

# ---- train_resnet ----------------------------------------------------------

BLOCKS, WIDTHS, EPOCHS = [5, 5], [8, 16], 7


def digits(rng):
    """600 digits to train with and 300 others, as grey pictures in RGB."""
    grey, labels = draws.digits()
    order = rng.permutation(len(grey))
    images = np.repeat(grey[order, None], 3, axis=1)  # (1797, 3, 8, 8)
    labels = labels[order]
    seed = int(rng.integers(1000))
    given = (images[:600], labels[:600], BLOCKS, WIDTHS, EPOCHS, seed)
    return (*given, [images[600:900]]), labels[600:900]


def other_stages(rng):
    """Another network as deep, for other digits."""
    (images, labels, *_, seed, new), targets = digits(rng)
    return (images, labels, [2, 8], [8, 10], EPOCHS, seed, new), targets


def training(
    make=solutions.ResNet,
    steps=True,
    clears=True,
    order=lambda labels: labels,
    passes=lambda epochs: epochs,
    rate=0.02,
    optimiser=torch.optim.Adam,
    batch=50,
    loss=F.cross_entropy,
):
    """A training with one piece replaced; as it stands, it is right."""

    def train_resnet(images, labels, blocks, widths, epochs, seed, report=None):
        torch.manual_seed(seed)
        x, t = torch.as_tensor(images), order(torch.as_tensor(labels))
        net = make(blocks, widths, int(t.max()) + 1)
        total = passes(epochs) * -(-len(x) // batch)
        optimizer = optimiser(net.parameters(), lr=rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total)
        for _ in range(passes(epochs)):
            for some in torch.randperm(len(x)).split(batch):
                if clears:
                    optimizer.zero_grad()
                loss(net(x[some]), t[some]).backward()
                if steps:
                    optimizer.step()
                    schedule.step()
        return net

    return train_resnet


def without_shortcuts(blocks, widths, num_classes):
    net = solutions.ResNet(blocks, widths, num_classes)
    for stage in stages(net):
        for i, block in enumerate(stage):
            ends = block.conv1.in_channels, block.conv1.out_channels
            stage[i] = PLAIN(*ends, block.conv1.stride[0])
    return net


PLAIN = type("BasicBlock", (solutions.BasicBlock,),
             {"forward": lambda self, x: basic_branch(self, x).relu()})  # fmt: skip


def sgd(parameters, lr):
    return torch.optim.SGD(parameters, lr, momentum=0.9)


def shuffled(labels):
    return labels[torch.randperm(len(labels))]


trained_with_sgd = training(optimiser=sgd, rate=0.1)
trained_with_sgd.__name__ = "sgd"
trained_with_adamw = training(optimiser=torch.optim.AdamW, rate=0.01, batch=40)
trained_with_adamw.__name__ = "adamw"

train_resnet = Exercise(
    solutions.train_resnet,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("new digits", 3,
              "Two deep networks, trained on 600 digits, read others."),
    ],
    cases=[
        trained("new digits", "two stages of five blocks, seven epochs", digits,
                "accuracy", 0.80, public=True),
        trained("new digits", "stages of two and of eight blocks, seven epochs",
                other_stages, "accuracy", 0.80),
    ],
    alternatives=[trained_with_sgd, trained_with_adamw],
    mistakes=[
        Mistake("the network is not trained", training(passes=lambda epochs: 1,
                                                       steps=False)),
        Mistake("the labels are shuffled apart from the images",
                training(order=shuffled)),
        Mistake("the blocks have no shortcuts", training(make=without_shortcuts)),
        Mistake("the network sees every image once", training(passes=lambda epochs: 1)),
        Mistake("the gradients are never cleared", training(clears=False)),
    ],
)  # fmt: skip
