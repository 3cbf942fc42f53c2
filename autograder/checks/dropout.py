"""How the exercises of the chapter `dropout` are graded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import TORCH_DROPOUT
from autograder.model import (
    Drawn,
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
    uniform,
)
from convnets.answers import Call
from solutions import dropout as solutions

# ---- what several exercises draw -------------------------------------------

SHARES = (0.25, 0.4, 0.75, 0, 1)  # p of small inputs; the first is exact


def ladder(draw, *shape):
    """Numbers in [0, 1) for every decision, some of them 0.25 exactly."""
    step = draw(st.sampled_from([1, 3, 7]))
    count = np.prod(shape, dtype=int)
    return (np.arange(count) * step % 8 / 8).reshape(shape)


def seeds(*shape: int, counts: Sequence[int]) -> Drawn:
    """Seeds (N, C, rows, columns), as many in each image as counts says."""

    def draw(rng):
        flat = np.zeros((shape[0], int(np.prod(shape[1:]))), bool)
        for image, count in zip(flat, counts, strict=True):
            image[rng.choice(image.size, count, replace=False)] = True
        return flat.reshape(shape)

    return Drawn(draw)


def few_seeds(draw, N, C, rows, columns):
    """Seeds at up to three places; none of them when shrunk away."""
    places = st.integers(0, N * C * rows * columns - 1)
    flat = np.zeros(N * C * rows * columns, bool)
    flat[draw(st.lists(places, min_size=0, max_size=3))] = True
    return flat.reshape(N, C, rows, columns)


# ---- dropout and drop_kernel: the same decisions, of maps and of kernels ----


def by_loop(rails):
    """An answer that looks at one element after the other."""

    def loop(x, u, p, training):
        y = np.array(rails(x, u, p, training))
        for place in np.ndindex(*x.shape) if training else ():
            y[place] = x[place] / (1 - p) if u[place] >= p and p < 1 else 0
        return y

    return loop


def by_product(rails):
    """The mask as numbers, and one product."""

    def product(x, u, p, training):
        rails(x, u, p, training)
        if not training:
            return x.copy()
        mask = (u >= p).astype(x.dtype)
        return x * mask * (1 / (1 - p) if p < 1 else 0)

    return product


def by_torch(rails):
    def chosen(x, u, p, training):
        rails(x, u, p, training)
        if not training:
            return x
        y = torch.tensor(x)
        y = torch.where(torch.tensor(u < p), torch.zeros_like(y), y)
        return (y / (1 - p) if p < 1 else y).numpy()

    return chosen


def by_clearing(rails):
    """A copy in which the dropped elements are cleared, in place."""

    def cleared(x, u, p, training):
        rails(x, u, p, training)
        y = x.copy()
        if training:
            y /= max(1 - p, 1e-9)
            y[u < p] = 0
        return y

    return cleared


def wrong(rails, mask=None, scale=None, evaluation=None, after=None):
    """A wrong answer; each part may be replaced.

    mask(u, p): what is kept; scale(p, mask): the factor of what is kept;
    evaluation(x, u, p): the answer out of training; after(y): the last step.
    """
    mask = mask or (lambda u, p: u >= p)
    scale = scale or (lambda p, mask: 1 / (1 - p) if p < 1 else 0)

    def answer(x, u, p, training):
        rails(x, u, p, training)  # its errors
        if training:
            kept = mask(u, p)
            y = (np.where(kept, x, 0) * scale(p, kept)).astype(x.dtype)
        else:
            y = evaluation(x, u, p) if evaluation else x
        return after(y) if after else y

    return answer


def changes_its_argument(rails):
    def answer(x, u, p, training):
        y = rails(x, u, p, training)
        x[...] = y
        return x

    return answer


def not_a_number(rails):
    """Divides zeros by zero where p is 1."""

    def answer(x, u, p, training):
        y = rails(x, u, p, training)
        return np.full_like(y, np.nan) if training and p == 1 else y

    return answer


def checks_nothing(rails):
    def answer(x, u, p, training):
        try:
            return rails(x, u, p, training)
        except ValueError:
            return np.zeros_like(x)

    return answer


def slips(rails):
    """What goes wrong with every mask, whatever it is of."""
    drops = rails
    return [
        Mistake("what should be dropped is kept, and the other way round",
                wrong(rails, mask=lambda u, p: u < p)),
        Mistake("what is kept is not scaled",
                wrong(rails, scale=lambda p, mask: 1)),
        Mistake("what is kept is multiplied by 1 - p instead of divided",
                wrong(rails, scale=lambda p, mask: 1 - p)),
        Mistake("what is kept is divided by p instead of 1 - p",
                wrong(rails, scale=lambda p, mask: 1 / max(p, 1e-9))),
        Mistake("what is kept is scaled by the share that happened to be kept, "
                "instead of by 1 - p",
                wrong(rails, scale=lambda p, mask: 1 / max(mask.mean(), 1e-9))),
        Mistake("where u equals p, it is dropped",
                wrong(rails, mask=lambda u, p: u > p)),
        Mistake("p = 1 divides by zero", not_a_number(rails)),
        Mistake("it drops out of training, too",
                wrong(rails, evaluation=lambda x, u, p: drops(x, u, p, True))),
        Mistake("out of training the values are multiplied by 1 - p, although "
                "training has scaled them already",
                wrong(rails, evaluation=lambda x, u, p: (x * (1 - p)).astype(x.dtype))),
        Mistake("the result is float64 whatever came in",
                wrong(rails, after=lambda y: y.astype(np.float64))),
        Mistake("the first argument is changed", changes_its_argument(rails)),
        Mistake("bad arguments raise nothing", checks_nothing(rails)),
    ]  # fmt: skip


# ---- dropout ---------------------------------------------------------------


def dropout_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 2))
        broken = [Call((x, x / 4, -0.5, True)), Call((x, x / 4, 1.5, True)),
                  Call((x, x[0] / 4, 0.25, True))]  # fmt: skip
        return draw(st.sampled_from(broken))
    shape = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3))
    x, u = array(draw, *shape, dtype=dtypes(draw)), ladder(draw, *shape)
    training = draw(st.sampled_from([True, True, False]))
    return Call((x, u, draw(st.sampled_from(SHARES)), training))


def one_decision_an_image(x, u, p, training):
    """The first image's numbers for all."""
    solutions.dropout(x, u, p, training)
    return solutions.dropout(x, np.broadcast_to(u[:1], u.shape), p, training)


dropout = Exercise(
    solutions.dropout,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("training", 2, "What is kept, and what it is scaled by."),
        Group("evaluation, edges and errors", 1,
              "Out of training, p of 0 and 1, u equal to p, float32, bad arguments."),
    ],
    cases=[
        case("training", "2 x 3 whole numbers, p = 0.25", integers(1, 1, 2, 3),
             np.array([[[[0.1, 0.9, 0.3], [0.2, 0.05, 0.7]]]]), 0.25, True,
             public=True),
        case("training", "two images of three maps, p = 0.3", normal(2, 3, 4, 5),
             uniform(2, 3, 4, 5), 0.3, True, public=True),
        case("training", "p = 0.8", normal(3, 2, 5, 4), uniform(3, 2, 5, 4), 0.8, True),
        case("training", "a small p", normal(2, 4, 7, 5), uniform(2, 4, 7, 5), 0.1, True),
        case("training", "a list of features instead of maps", normal(4, 9),
             uniform(4, 9), 0.35, True),
        case("training", "maps whose memory is not contiguous",
             strided(normal(2, 3, 4, 6)), uniform(2, 3, 4, 6), 0.45, True),
        case("evaluation, edges and errors", "out of training nothing changes",
             normal(2, 3, 3, 4), uniform(2, 3, 3, 4), 0.4, False, public=True),
        case("evaluation, edges and errors", "out of training, p = 0.7",
             normal(2, 2, 5, 3), uniform(2, 2, 5, 3), 0.7, False),
        case("evaluation, edges and errors", "u equal to p is kept",
             normal(1, 2, 2, 3), np.arange(12).reshape(1, 2, 2, 3) % 4 / 4, 0.25, True),
        case("evaluation, edges and errors", "p = 0 keeps everything",
             normal(2, 2, 3, 4), uniform(2, 2, 3, 4), 0, True),
        case("evaluation, edges and errors", "p = 1 gives zeros",
             normal(2, 3, 4, 3), uniform(2, 3, 4, 3), 1, True),
        case("evaluation, edges and errors", "float32 stays float32",
             normal(2, 3, 4, 5, dtype="float32"), uniform(2, 3, 4, 5), 0.3, True),
        case("evaluation, edges and errors", "float32 out of training",
             normal(2, 3, 4, 5, dtype="float32"), uniform(2, 3, 4, 5), 0.3, False),
        case("evaluation, edges and errors", "p below 0", normal(2, 3), uniform(2, 3),
             -0.1, True, public=True),
        case("evaluation, edges and errors", "p above 1", normal(2, 3), uniform(2, 3),
             1.2, True),
        case("evaluation, edges and errors", "u of another shape",
             normal(2, 3, 4, 5), uniform(2, 3), 0.3, True),
    ],
    explain=calls(dropout_calls),
    oracle=by_torch(solutions.dropout),
    alternatives=[by_loop(solutions.dropout), by_product(solutions.dropout),
                  by_torch(solutions.dropout), by_clearing(solutions.dropout)],
    mistakes=[
        *slips(solutions.dropout),
        Mistake("the numbers of the first image decide for all images",
                one_decision_an_image),
    ],
    forbidden=[TORCH_DROPOUT],
)  # fmt: skip

# ---- dropout_channels ------------------------------------------------------


def spread(x, u):
    """u (N, C) for each element of x; what does not fit stays as it is."""
    fits = x.ndim == 4 and u.shape == x.shape[:2]
    return np.broadcast_to(u[:, :, None, None], x.shape) if fits else u


def over_maps(answer):
    """An answer to dropout_channels from one to dropout."""

    def channels(x, u, p, training):
        solutions.dropout_channels(x, u, p, training)
        return answer(x, spread(x, u), p, training)

    return channels


def channels_by_loop(x, u, p, training):
    y = np.array(solutions.dropout_channels(x, u, p, training))
    if training:
        for n, c in np.ndindex(*u.shape):
            y[n, c] = x[n, c] / (1 - p) if u[n, c] >= p and p < 1 else 0
    return y


def channels_by_einsum(x, u, p, training):
    solutions.dropout_channels(x, u, p, training)
    if not training:
        return x
    factors = np.where(u < p, 0, 1 / (1 - p) if p < 1 else 0).astype(x.dtype)
    return np.einsum("nchw,nc->nchw", x, factors)


def channels_by_depthwise(x, u, p, training):
    """A factor a map is a 1 x 1 kernel for each channel of each image."""
    solutions.dropout_channels(x, u, p, training)
    if not training:
        return x
    N, C, H, W = x.shape
    factors = torch.tensor((u >= p) / (1 - p) if p < 1 else 0 * u, dtype=torch.float64)
    flat = torch.tensor(x, dtype=torch.float64).reshape(1, N * C, H, W)
    y = F.conv2d(flat, factors.reshape(-1, 1, 1, 1), groups=N * C)
    return y.reshape(x.shape).numpy().astype(x.dtype)


def all_images_alike(x, u, p, training):
    solutions.dropout_channels(x, u, p, training)
    return solutions.dropout_channels(x, np.broadcast_to(u[:1], u.shape), p, training)


def whole_images(x, u, p, training):
    solutions.dropout_channels(x, u, p, training)
    return solutions.dropout_channels(
        x, np.broadcast_to(u[:, :1], u.shape), p, training
    )


def axes_confused(x, u, p, training):
    """Reads the numbers of u as (C, N)."""
    solutions.dropout_channels(x, u, p, training)
    turned = np.ascontiguousarray(u).reshape(u.shape[::-1]).T
    return solutions.dropout_channels(x, turned, p, training)


def channel_errors():
    x, u = np.ones((2, 1, 1, 2)), np.array([[0.1], [0.6]])
    return [Call((x[0], u, 0.25, True)), Call((x, u[0], 0.25, True)),
            Call((x, u.T, 0.25, True)), Call((x, u, -0.5, True)),
            Call((x, u, 1.5, True))]  # fmt: skip


def channel_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(channel_errors()))
    N, C, H, W = (small(draw, 1, 3), small(draw, 1, 3), small(draw, 1, 2),
                  small(draw, 1, 2))  # fmt: skip
    x, u = array(draw, N, C, H, W, dtype=dtypes(draw)), ladder(draw, N, C)
    training = draw(st.sampled_from([True, True, False]))
    return Call((x, u, draw(st.sampled_from(SHARES)), training))


def alternating(N: int, C: int, first: int = 0) -> Drawn:
    """Numbers (N, C) from 0.1 to 0.2 and from 0.7 to 0.8, as on a chessboard."""
    high = np.add.outer(np.arange(N) + first, np.arange(C)) % 2
    return Drawn(lambda rng: 0.1 + 0.6 * high + 0.1 * rng.random((N, C)))


dropout_channels = Exercise(
    solutions.dropout_channels,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("training", 1, "Which maps are kept, and what they are scaled by."),
        Group("evaluation, edges and errors", 1,
              "Out of training, p of 0 and 1, u equal to p, float32, bad arguments."),
    ],
    cases=[
        case("training", "two images of three maps, p = 0.4", integers(2, 3, 1, 2),
             np.array([[0.7, 0.1, 0.5], [0.2, 0.9, 0.3]]), 0.4, True, public=True),
        case("training", "three images of two maps, p = 0.3", normal(3, 2, 4, 5),
             alternating(3, 2), 0.3, True, public=True),
        case("training", "many maps, p = 0.2", normal(2, 40, 2, 3), uniform(2, 40), 0.2,
             True),
        case("training", "many images, p = 0.6", normal(30, 3, 3, 2), uniform(30, 3),
             0.6, True),
        case("training", "as many images as maps", normal(4, 4, 3, 5),
             alternating(4, 4, first=1), 0.35, True),
        case("training", "maps whose memory is not contiguous",
             strided(normal(2, 5, 3, 4)), alternating(2, 5), 0.45, True),
        case("evaluation, edges and errors", "out of training nothing changes",
             normal(2, 3, 3, 4), alternating(2, 3), 0.4, False, public=True),
        case("evaluation, edges and errors", "u equal to p is kept",
             normal(2, 4, 2, 3), np.arange(8).reshape(2, 4) % 4 / 4, 0.25, True),
        case("evaluation, edges and errors", "p = 0 keeps everything",
             normal(2, 3, 3, 4), uniform(2, 3), 0, True),
        case("evaluation, edges and errors", "p = 1 gives zeros",
             normal(2, 3, 4, 3), uniform(2, 3), 1, True),
        case("evaluation, edges and errors", "float32 stays float32",
             normal(2, 3, 4, 5, dtype="float32"), alternating(2, 3), 0.3, True),
        case("evaluation, edges and errors", "float32 out of training",
             normal(3, 2, 4, 5, dtype="float32"), alternating(3, 2), 0.3, False),
        case("evaluation, edges and errors", "one number for each element",
             normal(2, 3, 4, 5), uniform(2, 3, 4, 5), 0.3, True, public=True),
        case("evaluation, edges and errors", "x without a batch", normal(3, 4, 5),
             uniform(3, 4), 0.3, True),
        case("evaluation, edges and errors", "channels and images exchanged in u",
             normal(2, 3, 4, 5), uniform(3, 2), 0.3, True),
        case("evaluation, edges and errors", "p below 0", normal(2, 3, 4, 5),
             uniform(2, 3), -0.1, True),
        case("evaluation, edges and errors", "p above 1", normal(2, 3, 4, 5),
             uniform(2, 3), 1.2, True),
    ],
    explain=calls(channel_calls),
    oracle=channels_by_depthwise,
    alternatives=[channels_by_loop, channels_by_einsum, channels_by_depthwise,
                  over_maps(by_product(solutions.dropout))],
    mistakes=[
        *[Mistake(slip.says, slip.function)
          for slip in slips(solutions.dropout_channels)
          if slip.says.startswith(("it drops", "out of training", "the result",
                                   "the first argument", "bad", "p = 1"))],
        *[Mistake(slip.says, over_maps(slip.function))
          for slip in slips(solutions.dropout)
          if slip.says.startswith(("what", "where"))],
        Mistake("the numbers of the first image decide for all images",
                all_images_alike),
        Mistake("the number of the first map decides for all maps of an image",
                whole_images),
        Mistake("images and channels are confused in u", axes_confused),
    ],
    forbidden=[TORCH_DROPOUT],
)  # fmt: skip

# ---- drop_kernel -----------------------------------------------------------


def whole_kernels(w, u, p, training):
    """One decision for each kernel (o, i)."""
    solutions.drop_kernel(w, u, p, training)
    return solutions.drop_kernel(
        w, np.broadcast_to(u[:, :, :1, :1], u.shape), p, training
    )


def one_decision_an_output(w, u, p, training):
    """The taps of the first output channel decide for all."""
    solutions.drop_kernel(w, u, p, training)
    return solutions.drop_kernel(w, np.broadcast_to(u[:1], u.shape), p, training)


def kernel_errors():
    w = np.ones((1, 2, 1, 2))
    u = w / 4
    return [Call((w[0], u[0], 0.25, True)), Call((w, u[:, :1], 0.25, True)),
            Call((w, u, -0.5, True)), Call((w, u, 1.5, True))]  # fmt: skip


def kernel_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(kernel_errors()))
    shape = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3))
    w, u = array(draw, *shape, dtype=dtypes(draw)), ladder(draw, *shape)
    training = draw(st.sampled_from([True, True, False]))
    return Call((w, u, draw(st.sampled_from(SHARES)), training))


drop_kernel = Exercise(
    solutions.drop_kernel,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("training", 1, "Which taps are kept, and what they are scaled by."),
        Group("evaluation, edges and errors", 1,
              "Out of training, p of 0 and 1, u equal to p, float32, bad arguments."),
    ],
    cases=[
        case("training", "one 2 x 3 kernel, p = 0.4", integers(1, 1, 2, 3),
             np.array([[[[0.7, 0.1, 0.5], [0.2, 0.9, 0.3]]]]), 0.4, True, public=True),
        case("training", "four kernels of three channels, p = 0.3",
             normal(4, 3, 3, 2), uniform(4, 3, 3, 2), 0.3, True, public=True),
        case("training", "5 x 3 kernels, p = 0.8", normal(3, 2, 5, 3),
             uniform(3, 2, 5, 3), 0.8, True),
        case("training", "depthwise kernels", normal(6, 1, 3, 4), uniform(6, 1, 3, 4),
             0.45, True),
        case("training", "kernels whose memory is not contiguous",
             strided(normal(4, 3, 2, 3)), uniform(4, 3, 2, 3), 0.35, True),
        case("evaluation, edges and errors", "out of training nothing changes",
             normal(3, 2, 3, 4), uniform(3, 2, 3, 4), 0.4, False, public=True),
        case("evaluation, edges and errors", "u equal to p is kept",
             normal(1, 2, 2, 3), np.arange(12).reshape(1, 2, 2, 3) % 4 / 4, 0.25, True),
        case("evaluation, edges and errors", "p = 0 keeps everything",
             normal(2, 3, 3, 4), uniform(2, 3, 3, 4), 0, True),
        case("evaluation, edges and errors", "p = 1 gives zeros",
             normal(2, 3, 4, 3), uniform(2, 3, 4, 3), 1, True),
        case("evaluation, edges and errors", "float32 stays float32",
             normal(2, 3, 4, 5, dtype="float32"), uniform(2, 3, 4, 5), 0.3, True),
        case("evaluation, edges and errors", "float32 out of training",
             normal(2, 3, 4, 5, dtype="float32"), uniform(2, 3, 4, 5), 0.3, False),
        case("evaluation, edges and errors", "w with three axes", normal(3, 2, 4),
             uniform(3, 2, 4), 0.3, True, public=True),
        case("evaluation, edges and errors", "u without the taps",
             normal(4, 3, 3, 2), uniform(4, 3), 0.3, True),
        case("evaluation, edges and errors", "p below 0", normal(2, 3, 4, 5),
             uniform(2, 3, 4, 5), -0.1, True),
        case("evaluation, edges and errors", "p above 1", normal(2, 3, 4, 5),
             uniform(2, 3, 4, 5), 1.2, True),
    ],
    explain=calls(kernel_calls),
    oracle=by_torch(solutions.drop_kernel),
    alternatives=[by_loop(solutions.drop_kernel), by_product(solutions.drop_kernel),
                  by_torch(solutions.drop_kernel), by_clearing(solutions.drop_kernel)],
    mistakes=[
        *slips(solutions.drop_kernel),
        Mistake("each kernel is kept or dropped as a whole", whole_kernels),
        Mistake("the numbers of the first output channel decide for all",
                one_decision_an_output),
    ],
    forbidden=[TORCH_DROPOUT],
)  # fmt: skip

# ---- dropblock_gamma -------------------------------------------------------


def gamma_by_counting(p, block, h, w):
    """The share to drop over the share that a sure seed everywhere would lay."""
    solutions.dropblock_gamma(p, block, h, w)
    rows, columns = (len(range(side - block + 1)) for side in (h, w))
    laid = sum(block * block for _ in range(rows) for _ in range(columns))
    return p * (h * w) / laid


def gamma_as_written(p, block, h, w):
    """Equation 1 of the paper, with the probability of keeping."""
    solutions.dropblock_gamma(p, block, h, w)
    keep = 1 - p
    return (1 - keep) / block**2 * (h / (h - block + 1)) * (w / (w - block + 1))


def gamma_as_numpy(p, block, h, w):
    solutions.dropblock_gamma(p, block, h, w)
    size = np.array([h, w])
    return np.float64(p) * np.prod(size / (size - block + 1)) / block**2


def gamma_by_torch(p, block, h, w):
    """The areas of all squares, laid by a transposed convolution."""
    solutions.dropblock_gamma(p, block, h, w)
    ones = torch.ones(1, 1, h - block + 1, w - block + 1, dtype=torch.float64)
    laid = F.conv_transpose2d(ones, torch.ones(1, 1, block, block).double())
    return p * h * w / float(laid.sum())


def gamma(formula):
    def answer(p, block, h, w):
        solutions.dropblock_gamma(p, block, h, w)  # its errors
        return float(formula(p, block, h, w))

    return answer


def gamma_checks_nothing(p, block, h, w):
    try:
        return solutions.dropblock_gamma(p, block, h, w)
    except ValueError:
        return 0.0


def gamma_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        broken = [(-0.5, 2, 3, 4), (1.5, 2, 3, 4), (0.25, 0, 3, 4), (0.25, 4, 3, 4),
                  (0.25, 4, 5, 3)]  # fmt: skip
        return Call(draw(st.sampled_from(broken)))
    h, w = small(draw, 1, 6), small(draw, 1, 6)
    block = small(draw, 1, min(h, w))
    return Call((draw(st.sampled_from(SHARES)), block, h, w))


dropblock_gamma = Exercise(
    solutions.dropblock_gamma,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("gamma", 1, "Maps of different sizes, odd and even blocks."),
        Group("edges and errors", 1,
              "p of 0 and 1, blocks of one place and as large as the map; bad arguments."),
    ],
    cases=[
        case("gamma", "a block of 3 on a map of 6 x 8", 0.2, 3, 6, 8, public=True),
        case("gamma", "a block of 2 on a map of 5 x 4", 0.4, 2, 5, 4, public=True),
        case("gamma", "a block of 7 on a map of 28 x 14", 0.1, 7, 28, 14),
        case("gamma", "a block of 5 on a narrow map", 0.25, 5, 40, 6),
        case("gamma", "a block of 4 on a flat map", 0.75, 4, 5, 31),
        case("edges and errors", "a block of one place", 0.3, 1, 5, 9, public=True),
        case("edges and errors", "a block as high as the map", 0.3, 4, 4, 9),
        case("edges and errors", "a block as wide as the map", 0.3, 3, 7, 3),
        case("edges and errors", "a block as large as the map", 0.35, 6, 6, 6),
        case("edges and errors", "p = 0", 0, 3, 6, 7),
        case("edges and errors", "p = 1", 1, 3, 6, 7),
        case("edges and errors", "p = 1 and a block of one place", 1, 1, 6, 7),
        case("edges and errors", "a block higher than the map", 0.3, 5, 4, 9,
             public=True),
        case("edges and errors", "a block wider than the map", 0.3, 5, 9, 4),
        case("edges and errors", "block 0", 0.3, 0, 6, 7),
        case("edges and errors", "p below 0", -0.1, 3, 6, 7),
        case("edges and errors", "p above 1", 1.1, 3, 6, 7),
    ],
    explain=calls(gamma_calls),
    oracle=gamma_by_torch,
    alternatives=[gamma_by_counting, gamma_as_written, gamma_as_numpy, gamma_by_torch],
    mistakes=[
        Mistake("places at which a square does not fit are counted, too",
                gamma(lambda p, b, h, w: p / b**2)),
        Mistake("a square is counted as b places instead of b * b",
                gamma(lambda p, b, h, w: p * h * w / (b * (h - b + 1) * (w - b + 1)))),
        Mistake("the size of the square is left out",
                gamma(lambda p, b, h, w: p * h * w / ((h - b + 1) * (w - b + 1)))),
        Mistake("p is taken for the probability of keeping",
                gamma(lambda p, b, h, w:
                      (1 - p) * h * w / (b**2 * (h - b + 1) * (w - b + 1)))),
        Mistake("the height is taken for the width, too",
                gamma(lambda p, b, h, w: p * h * h / (b**2 * (h - b + 1) ** 2))),
        Mistake("there is one place too few in each direction for a seed",
                gamma(lambda p, b, h, w:
                      p * h * w / (b**2 * max(h - b, 1e-9) * max(w - b, 1e-9)))),
        Mistake("overlapping squares are corrected for",
                gamma(lambda p, b, h, w: 1 - (1 - p) ** (1 / b**2))),
        Mistake("gamma is the number of seeds, not a probability",
                gamma(lambda p, b, h, w: p * h * w / b**2)),
        Mistake("bad arguments raise nothing", gamma_checks_nothing),
    ],
)  # fmt: skip

# ---- dropblock_mask --------------------------------------------------------


def sizes(seeds, block):
    """(rows, columns, H, W), after the errors have been raised."""
    solutions.dropblock_mask(seeds, block)
    rows, columns = seeds.shape[2:]
    return rows, columns, rows + block - 1, columns + block - 1


def mask_by_squares(seeds, block):
    """Square by square, as the definition says."""
    _, _, H, W = sizes(seeds, block)
    kept = np.ones((*seeds.shape[:2], H, W), bool)
    for n, c, i, j in np.argwhere(seeds):
        kept[n, c, i : i + block, j : j + block] = False
    return kept


def mask_by_pooling(seeds, block):
    """A place is dropped if any of the seeds above and left of it is set."""
    sizes(seeds, block)
    around = F.pad(torch.tensor(seeds).float(), [block - 1] * 4)
    return (F.max_pool2d(around, block, stride=1) == 0).numpy()


def mask_by_windows(seeds, block):
    sizes(seeds, block)
    frame = (block - 1, block - 1)
    around = np.pad(seeds, ((0, 0), (0, 0), frame, frame))
    windows = sliding_window_view(around, (block, block), axis=(2, 3))
    return ~windows.any(axis=(4, 5))


def mask_by_stamps(seeds, block):
    """How many squares lie on each place: a transposed convolution."""
    sizes(seeds, block)
    N, C = seeds.shape[:2]
    maps = torch.tensor(seeds).double().reshape(N * C, 1, *seeds.shape[2:])
    stamp = torch.ones(1, 1, block, block, dtype=torch.float64)
    covered = F.conv_transpose2d(maps, stamp).numpy()
    return (covered < 0.5).reshape(N, C, *covered.shape[2:])


def mask_by_steps(seeds, block):
    """First downwards, then to the right."""
    rows, columns, H, W = sizes(seeds, block)
    down = np.zeros((*seeds.shape[:2], H, columns), bool)
    for i in range(block):
        down[:, :, i : i + rows] |= seeds
    dropped = np.zeros((*seeds.shape[:2], H, W), bool)
    for j in range(block):
        dropped[..., j : j + columns] |= down
    return np.logical_not(dropped)


def cut_out(seeds, block, up, left, height=None, width=None):
    """Squares that start `up` rows above and `left` columns before the seed."""
    _, _, H, W = sizes(seeds, block)
    kept = np.ones((*seeds.shape[:2], H, W), bool)
    for n, c, i, j in np.argwhere(seeds):
        top, side = i - up, j - left
        bottom, end = top + (height or block), side + (width or block)
        kept[n, c, max(top, 0) : max(bottom, 0), max(side, 0) : max(end, 0)] = False
    return kept


def mask_centred(seeds, block):
    return cut_out(seeds, block, block // 2, block // 2)


def mask_up_left(seeds, block):
    return cut_out(seeds, block, block - 1, block - 1)


def mask_larger(seeds, block):
    return cut_out(seeds, block, 0, 0, block + 1, block + 1)


def mask_rows(seeds, block):
    return cut_out(seeds, block, 0, 0, block, 1)


def mask_points(seeds, block):
    return cut_out(seeds, block, 0, 0, 1, 1)


def mask_frame(seeds, block):
    """The last row and column of each square are forgotten."""
    sizes(seeds, block)
    if block == 1:
        return np.ones(seeds.shape, bool)
    return cut_out(seeds, block, 0, 0, block - 1, block - 1)


def mask_inverted(seeds, block):
    return ~solutions.dropblock_mask(seeds, block)


def mask_toggled(seeds, block):
    """Two squares that overlap undo each other."""
    rows, columns, H, W = sizes(seeds, block)
    kept = np.ones((*seeds.shape[:2], H, W), bool)
    for i in range(block):
        for j in range(block):
            kept[:, :, i : i + rows, j : j + columns] ^= seeds
    return kept


def mask_all_channels(seeds, block):
    kept = solutions.dropblock_mask(seeds, block)
    together = kept.all(axis=1, keepdims=True)
    return np.broadcast_to(together, kept.shape).copy()


def mask_numbers(seeds, block):
    return solutions.dropblock_mask(seeds, block).astype(np.float64)


def mask_of_seeds(seeds, block):
    """The size of the seeds instead of the size of the map."""
    kept = solutions.dropblock_mask(seeds, block)
    return kept[:, :, : seeds.shape[2], : seeds.shape[3]]


def mask_marks_its_argument(seeds, block):
    kept = solutions.dropblock_mask(seeds, block)
    np.logical_not(seeds, out=seeds)
    return kept


def mask_checks_nothing(seeds, block):
    try:
        return solutions.dropblock_mask(seeds, block)
    except ValueError:
        return np.ones(seeds.shape, bool)


def mask_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        one = np.array([[[[True, False]]]])
        return draw(st.sampled_from([Call((one[0], 2)), Call((one, 0))]))
    N, C, rows, columns = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3),
                           small(draw, 1, 3))  # fmt: skip
    return Call((few_seeds(draw, N, C, rows, columns), small(draw, 1, 3)))


CORNER = np.array([[[[True, False, False, False], [False, False, True, False]]]])
NEIGHBOURS = np.array([[[[True, True, False], [False, False, False]]]])

dropblock_mask = Exercise(
    solutions.dropblock_mask,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("squares", 3, "Single and overlapping squares, several images and maps."),
        Group("edges and errors", 1,
              "No seeds, seeds everywhere, blocks of one place; bad arguments."),
    ],
    cases=[
        case("squares", "two seeds and a block of 2", CORNER, 2, public=True),
        case("squares", "two squares that overlap", NEIGHBOURS, 3, public=True),
        case("squares", "a few seeds in two images of three maps",
             seeds(2, 3, 5, 6, counts=(2, 3)), 3),
        case("squares", "many seeds and a block of 2",
             seeds(3, 2, 7, 5, counts=(9, 12, 15)), 2),
        case("squares", "a block of 4", seeds(2, 2, 6, 9, counts=(2, 4)), 4),
        case("squares", "a block larger than the seeds' table",
             seeds(2, 3, 2, 3, counts=(2, 3)), 7),
        case("squares", "seeds whose memory is not contiguous",
             strided(seeds(2, 2, 4, 5, counts=(2, 3))), 3),
        case("edges and errors", "a block of one place",
             seeds(2, 2, 3, 4, counts=(3, 5)), 1, public=True),
        case("edges and errors", "a single place for a seed in each map",
             seeds(2, 3, 1, 1, counts=(1, 2)), 4),
        case("edges and errors", "a single row of places",
             seeds(2, 2, 1, 6, counts=(2, 3)), 3),
        case("edges and errors", "no seed", np.zeros((1, 2, 2, 3), bool), 3,
             exempt="the documented edge: no seed drops nothing"),
        case("edges and errors", "seeds everywhere", np.ones((2, 1, 2, 3), bool), 2,
             exempt="the documented edge: everything dropped"),
        case("edges and errors", "seeds of a single map without channels",
             seeds(1, 3, 4, 2, counts=(3,)).draw(np.random.default_rng(0))[0], 2,
             public=True),
        case("edges and errors", "block 0", seeds(1, 2, 3, 4, counts=(3,)), 0),
    ],
    explain=calls(mask_calls),
    oracle=mask_by_pooling,
    alternatives=[mask_by_squares, mask_by_pooling, mask_by_windows, mask_by_stamps,
                  mask_by_steps],
    mistakes=[
        Mistake("a seed is the centre of its square, not its top left corner",
                mask_centred),
        Mistake("a seed is the bottom right corner of its square, not its top left",
                mask_up_left),
        Mistake("squares are one place too large", mask_larger),
        Mistake("squares are one place too small", mask_frame),
        Mistake("a seed drops a column of places, not a square", mask_rows),
        Mistake("only the seeds themselves are dropped", mask_points),
        Mistake("True stands where a place is dropped, not where it is kept",
                mask_inverted),
        Mistake("where squares overlap, they undo each other", mask_toggled),
        Mistake("the squares of one map are cut out of all maps of the image",
                mask_all_channels),
        Mistake("the result is made of numbers, not of True and False", mask_numbers),
        Mistake("the result is as large as seeds, not as the map", mask_of_seeds),
        Mistake("seeds is changed", mask_marks_its_argument),
        Mistake("bad arguments raise nothing", mask_checks_nothing),
    ],
)  # fmt: skip

# ---- dropblock -------------------------------------------------------------


def kept_places(x, seeds, block):
    """The mask, after the errors of dropblock have been raised."""
    solutions.dropblock(x, seeds, block, False)
    return solutions.dropblock_mask(seeds, block)


def block_by_product(x, seeds, block, training):
    kept = kept_places(x, seeds, block)
    if not training:
        return x.copy()
    return (x * kept * (x.size / max(kept.sum(), 1))).astype(x.dtype)


def block_by_loop(x, seeds, block, training):
    kept = kept_places(x, seeds, block)
    y = x.copy()
    for place in np.ndindex(*x.shape) if training else ():
        y[place] = x[place] * x.size / kept.sum() if kept[place] else 0
    return y


def block_by_torch(x, seeds, block, training):
    kept_places(x, seeds, block)
    if not training:
        return x
    around = F.pad(torch.tensor(seeds, dtype=torch.float64), [block - 1] * 4)
    kept = 1 - F.max_pool2d(around, block, stride=1)
    y = torch.tensor(x) * kept * (kept.numel() / kept.sum().clamp(min=1))
    return y.numpy().astype(x.dtype)


def block_by_writing(x, seeds, block, training):
    """Square by square into a copy, and counting what was not written."""
    kept_places(x, seeds, block)
    y, dropped = x.copy(), np.zeros(x.shape, bool)
    for n, c, i, j in np.argwhere(seeds) if training else ():
        square = (n, c, slice(i, i + block), slice(j, j + block))
        y[square], dropped[square] = 0, True
    left = dropped.size - dropped.sum()
    return y * x.dtype.type(x.size / left) if left else y


def blocks(scale=None, evaluation=None, mask=None, after=None):
    """A wrong dropblock; each part may be replaced.

    scale(kept, seeds, block): what is kept is multiplied by it;
    evaluation(x, y): the answer out of training, y being that in training;
    mask(seeds, block): what is kept; after(y): the last step.
    """
    scale = scale or (lambda kept, seeds, block: kept.size / max(kept.sum(), 1))
    mask = mask or solutions.dropblock_mask

    def answer(x, seeds, block, training):
        kept_places(x, seeds, block)
        kept = mask(seeds, block)
        y = (np.where(kept, x, 0) * scale(kept, seeds, block)).astype(x.dtype)
        if not training:
            y = evaluation(x, y) if evaluation else x
        return after(y) if after else y

    return answer


def share(kept, axes):
    return kept.mean(axis=axes, keepdims=True)


def safe(share):
    return 1 / np.maximum(share, 1e-9)


def block_not_a_number(x, seeds, block, training):
    y = solutions.dropblock(x, seeds, block, training)
    lost = training and not kept_places(x, seeds, block).any()
    return np.full_like(y, np.nan) if lost else y


def block_changes_x(x, seeds, block, training):
    y = solutions.dropblock(x, seeds, block, training)
    x[...] = y
    return x


def block_checks_nothing(x, seeds, block, training):
    try:
        return solutions.dropblock(x, seeds, block, training)
    except ValueError:
        return np.zeros_like(x)


def block_errors():
    x, places = np.ones((1, 1, 2, 3)), np.array([[[[True, False]]]])
    return [Call((x[0], places, 2, True)), Call((x, places, 0, True)),
            Call((x, places, 3, True)), Call((x, places[..., :1], 2, True))]  # fmt: skip


def block_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(block_errors()))
    N, C, rows, columns = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2),
                           small(draw, 1, 3))  # fmt: skip
    block = small(draw, 1, 2)
    shape = (N, C, rows + block - 1, columns + block - 1)
    training = draw(st.sampled_from([True, True, False]))
    x = array(draw, *shape, dtype=dtypes(draw))
    return Call((x, few_seeds(draw, N, C, rows, columns), block, training))


dropblock = Exercise(
    solutions.dropblock,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("training", 2, "Zeros under squares, and one factor for all that is kept."),
        Group("evaluation, edges and errors", 1,
              "Out of training, nothing kept, no seeds, float32; bad arguments."),
    ],
    cases=[
        case("training", "3 x 5 whole numbers, two seeds, a block of 2",
             integers(1, 1, 3, 5), CORNER, 2, True, public=True),
        case("training", "two images, with one seed and with four",
             normal(2, 3, 5, 6), seeds(2, 3, 4, 5, counts=(1, 4)), 2, True, public=True),
        case("training", "a block of 3", normal(2, 2, 7, 5),
             seeds(2, 2, 5, 3, counts=(1, 3)), 3, True),
        case("training", "squares that overlap", normal(2, 1, 6, 8),
             seeds(2, 1, 4, 6, counts=(3, 8)), 3, True),
        case("training", "a block of 4 and many maps", normal(2, 6, 9, 7),
             seeds(2, 6, 6, 4, counts=(2, 7)), 4, True),
        case("training", "maps whose memory is not contiguous",
             strided(normal(2, 3, 4, 5)), seeds(2, 3, 3, 4, counts=(1, 3)), 2, True),
        case("training", "a block of one place", normal(2, 3, 4, 3),
             seeds(2, 3, 4, 3, counts=(2, 7)), 1, True),
        case("evaluation, edges and errors", "out of training nothing changes",
             normal(2, 2, 4, 5), seeds(2, 2, 3, 4, counts=(2, 3)), 2, False, public=True),
        case("evaluation, edges and errors", "no seed, nothing is dropped",
             normal(2, 2, 3, 4), np.zeros((2, 2, 2, 3), bool), 2, True,
             exempt="the documented edge: no seed drops nothing"),
        case("evaluation, edges and errors", "nothing is kept",
             normal(2, 1, 3, 4), np.ones((2, 1, 2, 3), bool), 2, True,
             exempt="the documented edge: everything dropped"),
        case("evaluation, edges and errors", "one image is lost, the other is not",
             normal(2, 1, 3, 5), seeds(2, 1, 1, 3, counts=(3, 1)), 3, True),
        case("evaluation, edges and errors", "float32 stays float32",
             normal(2, 3, 5, 4, dtype="float32"), seeds(2, 3, 4, 3, counts=(1, 4)), 2,
             True),
        case("evaluation, edges and errors", "float32 out of training",
             normal(2, 3, 5, 4, dtype="float32"), seeds(2, 3, 4, 3, counts=(1, 4)), 2,
             False),
        case("evaluation, edges and errors", "seeds of the size of the map",
             normal(2, 3, 5, 4), seeds(2, 3, 5, 4, counts=(1, 4)), 2, True, public=True),
        case("evaluation, edges and errors", "x without a batch", normal(3, 5, 4),
             seeds(1, 3, 4, 3, counts=(4,)), 2, True),
        case("evaluation, edges and errors", "a block higher than the map",
             normal(2, 3, 4, 7), seeds(2, 3, 1, 3, counts=(1, 4)), 5, True),
        case("evaluation, edges and errors", "a block wider than the map",
             normal(2, 3, 7, 4), seeds(2, 3, 3, 1, counts=(1, 4)), 5, True),
        case("evaluation, edges and errors", "block 0", normal(2, 3, 5, 4),
             seeds(2, 3, 6, 5, counts=(1, 4)), 0, True),
    ],
    explain=calls(block_calls),
    oracle=block_by_torch,
    alternatives=[block_by_product, block_by_loop, block_by_torch, block_by_writing],
    mistakes=[
        Mistake("what is kept is not scaled", blocks(lambda kept, seeds, b: 1)),
        Mistake("the factor is the share that is kept, not one over it",
                blocks(lambda kept, seeds, b: kept.mean())),
        Mistake("each image is scaled by what is kept of it, not of the whole array",
                blocks(lambda kept, seeds, b: safe(share(kept, (1, 2, 3))))),
        Mistake("each map is scaled by what is kept of it, not of the whole array",
                blocks(lambda kept, seeds, b: safe(share(kept, (2, 3))))),
        Mistake("the factor counts seeds instead of the places that they drop",
                blocks(lambda kept, seeds, b: safe(1 - seeds.mean()))),
        Mistake("the factor counts places under two squares twice",
                blocks(lambda kept, seeds, b:
                       safe(1 - seeds.sum() * b * b / kept.size))),
        Mistake("what lies under squares is kept, and the rest is dropped",
                blocks(mask=lambda seeds, b: ~solutions.dropblock_mask(seeds, b))),
        Mistake("only the seeds themselves are dropped",
                blocks(mask=mask_points)),
        Mistake("a seed is the centre of its square, not its top left corner",
                blocks(mask=mask_centred)),
        Mistake("it drops out of training, too", blocks(evaluation=lambda x, y: y)),
        Mistake("it divides by zero where nothing is kept", block_not_a_number),
        Mistake("the result is float64 whatever came in",
                blocks(after=lambda y: y.astype(np.float64))),
        Mistake("x is changed", block_changes_x),
        Mistake("bad arguments raise nothing", block_checks_nothing),
    ],
    forbidden=[TORCH_DROPOUT],
)  # fmt: skip

# ---- DropBlock2d -----------------------------------------------------------


class BlockByWriting(nn.Module):
    """Multiplies by a mask into which square after square is written."""

    def __init__(self, p, block):
        super().__init__()
        solutions.check_probability(p)
        solutions.check_block(block)
        self.share, self.size = p, block

    def forward(self, x):
        solutions.check_rank(x, "x", 4, "(N, C, H, W)")
        N, C, H, W = x.shape
        b = self.size
        solutions.check_block(b, min(H, W))
        if not self.training:
            return x
        gamma = self.share * H * W / b**2 / (H - b + 1) / (W - b + 1)
        seeds = torch.rand((N, C, H - b + 1, W - b + 1)) < gamma
        kept = torch.ones_like(x)
        for n, c, i, j in seeds.nonzero().tolist():
            kept[n, c, i : i + b, j : j + b] = 0
        return kept * x * kept.numel() / max(kept.count_nonzero().item(), 1)


class BlockByNumPy(BlockByWriting):
    """The mask from NumPy, the product in torch."""

    def forward(self, x):
        solutions.check_rank(x, "x", 4, "(N, C, H, W)")
        N, C, H, W = x.shape
        b = self.size
        solutions.check_block(b, min(H, W))
        if self.training:
            seeds = torch.rand(N, C, H - b + 1, W - b + 1).numpy()
            seeds = seeds < solutions.dropblock_gamma(self.share, b, H, W)
            kept = mask_by_windows(seeds, b)
            scaled = kept * (kept.size / max(kept.sum(), 1))
            x = x * torch.tensor(scaled, dtype=x.dtype)
        return x


class BlockByMasking(BlockByWriting):
    """masked_fill, and a quotient of sums."""

    def forward(self, x):
        solutions.check_rank(x, "x", 4, "(N, C, H, W)")
        N, C, H, W = x.shape
        b = self.size
        solutions.check_block(b, min(H, W))
        if not self.training:
            return x.clone()
        seeds = torch.rand([N, C, H - b + 1, W - b + 1])
        seeds = seeds < solutions.dropblock_gamma(self.share, b, H, W)
        stamp = torch.ones(C, 1, b, b)
        dropped = F.conv_transpose2d(seeds.float(), stamp, groups=C) > 0.5
        left = (~dropped).sum()
        return x.masked_fill(dropped, 0) * (x.numel() / left.clamp(min=1).to(x.dtype))


def block_layer(numbers=None, seed=None, mask=None, scale=None, training=None,
                begin=None, end=None, check=True):  # fmt: skip
    """A wrong layer; each part may be replaced.

    numbers(N, C, rows, columns, x): the random numbers; seed(u, p, b, H, W):
    where the seeds are; mask(seeds, b): what is kept; scale(kept, p): the
    factor; training(self): whether it drops; begin(x), end(y): first and last
    step; check: whether bad arguments raise.
    """
    numbers = numbers or (lambda N, C, h, w, x: torch.rand(N, C, h, w))
    seed = seed or (lambda u, p, b, H, W: u < solutions.dropblock_gamma(p, b, H, W))
    mask = mask or mask_by_pooling
    scale = scale or (lambda kept, p: 1 / (kept.mean().item() or 1))

    class DropBlock2d(nn.Module):
        def __init__(self, p, block):
            super().__init__()
            if check:
                solutions.check_probability(p)
                solutions.check_block(block)
            self.p, self.block = p, block

        def forward(self, x):
            b = self.block
            if check:
                solutions.check_rank(x, "x", 4, "(N, C, H, W)")
                solutions.check_block(b, min(x.shape[2:]))
            elif x.ndim != 4 or not 1 <= b <= min(x.shape[2:]):
                return x
            if not (training(self) if training else self.training):
                return x
            N, C, H, W = x.shape
            u = numbers(N, C, H - b + 1, W - b + 1, x)
            seeds = seed(u, self.p, b, H, W).expand(N, C, -1, -1)
            kept = torch.tensor(mask(seeds.numpy(), b)).to(x.dtype)
            y = (begin(x) if begin else x) * kept * scale(kept, self.p)
            return end(y) if end else y

    return DropBlock2d


def gamma_is(formula):
    return lambda u, p, b, H, W: u < formula(p, b, H, W)


def torch_mean(kept, axes):
    return 1 / kept.mean(dim=axes, keepdim=True).clamp(min=1e-9)


def layer_errors():
    x = np.ones((1, 1, 2, 3))
    return [
        Call(({"p": p, "block": block}, None, [given], None), {"train": True}, "module")
        for p, block, given in
        [(-0.5, 1, x), (1.5, 1, x), (0.25, 0, x), (0.25, 3, x), (0.25, 2, x[0])]
    ]  # fmt: skip


def layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(layer_errors()))
    N, C, H, W = (small(draw, 1, 2), small(draw, 1, 3), small(draw, 1, 3),
                  small(draw, 1, 4))  # fmt: skip
    p = draw(st.sampled_from(SHARES))
    x = array(draw, N, C, H, W, dtype=dtypes(draw))
    # Where nothing is kept, y need not hang together with x.
    slopes = draw(st.booleans()) and p < 1
    dy = np.ones_like(x) * np.arange(1, W + 1, dtype=x.dtype) if slopes else None
    train = {"train": True} if draw(st.sampled_from([True, True, False])) else {}
    args = ({"p": p, "block": small(draw, 1, min(H, W))}, None, [x], dy)
    return Call(args, {"seed": small(draw, 0, 5), **train}, "module")


def number_drawn(seed, shape, place):
    """One of the numbers that torch.rand gives after this seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.rand(shape)[place].item()


def layer_case(group, label, p, block, shape, seed, dtype="float64", gradient=True,
               train=True, **options):  # fmt: skip
    """A case of DropBlock2d; the seed settles which squares are dropped."""
    x = normal(*shape, dtype=dtype)
    dy = normal(*shape, dtype=dtype) if gradient else None
    given = {"train": True, "seed": seed} if train else {"seed": seed}
    return case(group, label, {"p": p, "block": block}, None, [x], dy, caller="module",
                **given, **options)  # fmt: skip


DropBlock2d = Exercise(
    solutions.DropBlock2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("training", 3, "With a seed: output and gradients."),
        Group("evaluation, edges and errors", 1,
              "Eval mode, float32, p of 0, nothing kept; bad arguments."),
    ],
    cases=[
        layer_case("training", "three maps of 4 x 6, a block of 2, p = 0.2", 0.2, 2,
                   (1, 3, 4, 6), 1, public=True),
        layer_case("training", "two images, a block of 3, p = 0.3", 0.3, 3, (2, 3, 7, 5), 2,
                   public=True),
        layer_case("training", "a block of 4", 0.4, 4, (2, 4, 6, 11), 5),
        layer_case("training", "a block as high as the map", 0.25, 5, (3, 4, 5, 9), 7),
        layer_case("training", "a block of one place is dropout", 0.3, 1, (2, 3, 5, 4), 9),
        layer_case("training", "float32", 0.35, 3, (2, 3, 8, 6), 11, dtype="float32"),
        layer_case("evaluation, edges and errors", "eval mode changes nothing", 0.4, 2,
                   (2, 3, 4, 5), 3, train=False, public=True),
        layer_case("evaluation, edges and errors", "eval mode in float32", 0.7, 3,
                   (2, 2, 6, 5), 4, dtype="float32", train=False),
        layer_case("evaluation, edges and errors", "p = 0 drops nothing", 0, 3,
                   (2, 3, 4, 6), 6),
        # A block of one place and 4 x 8 places: gamma is p, without rounding.
        layer_case("evaluation, edges and errors", "a number equal to gamma is no seed",
                   number_drawn(12, (2, 3, 4, 8), (1, 2, 0, 5)), 1, (2, 3, 4, 8), 12),
        layer_case("evaluation, edges and errors", "p = 1 leaves what no square hits", 1, 3,
                   (2, 3, 6, 5), 8),
        layer_case("evaluation, edges and errors", "nothing is kept", 1, 4,
                   (2, 2, 4, 4), 8, gradient=False,
                   exempt="the documented edge: one place for a square, always seeded"),
        layer_case("evaluation, edges and errors", "p above 1", 1.5, 2, (2, 3, 4, 5), 1,
                   public=True),
        layer_case("evaluation, edges and errors", "p below 0", -0.5, 2, (2, 3, 4, 5), 1),
        layer_case("evaluation, edges and errors", "block 0", 0.3, 0, (2, 3, 4, 5), 1),
        layer_case("evaluation, edges and errors", "a block higher than the map", 0.3, 5,
                   (2, 3, 4, 7), 1),
        layer_case("evaluation, edges and errors", "a block wider than the map", 0.3, 5,
                   (2, 3, 7, 4), 1),
        layer_case("evaluation, edges and errors", "x without a batch", 0.3, 2, (3, 4, 5),
                   1),
    ],
    explain=calls(layer_calls),
    oracle=BlockByWriting,
    alternatives=[BlockByWriting, BlockByNumPy, BlockByMasking],
    mistakes=[
        Mistake("it drops in eval mode, too", block_layer(training=lambda self: True)),
        Mistake("it drops in eval mode and not in training",
                block_layer(training=lambda self: not self.training)),
        Mistake("p is taken for gamma", block_layer(
            seed=gamma_is(lambda p, b, H, W: p))),
        Mistake("gamma is p / block ** 2, as if squares fitted everywhere",
                block_layer(seed=gamma_is(lambda p, b, H, W: p / b**2))),
        Mistake("there is a seed where the number is not below gamma", block_layer(
            seed=lambda u, p, b, H, W: u >= solutions.dropblock_gamma(p, b, H, W))),
        Mistake("numbers are drawn for all places of the map, not only for those of "
                "seeds", block_layer(numbers=lambda N, C, h, w, x:
                                     torch.rand(*x.shape)[:, :, :h, :w])),
        Mistake("all maps of an image get the same squares", block_layer(
            numbers=lambda N, C, h, w, x: torch.rand(N, 1, h, w))),
        Mistake("all images get the same squares", block_layer(
            numbers=lambda N, C, h, w, x: torch.rand(1, C, h, w))),
        Mistake("the random numbers are drawn in the dtype of x", block_layer(
            numbers=lambda N, C, h, w, x: torch.rand(N, C, h, w, dtype=x.dtype))),
        Mistake("the random numbers are normally distributed", block_layer(
            numbers=lambda N, C, h, w, x: torch.randn(N, C, h, w))),
        Mistake("the layer draws twice, and uses the second", block_layer(
            numbers=lambda N, C, h, w, x:
            (torch.rand(N, C, h, w), torch.rand(N, C, h, w))[1])),
        Mistake("the layer seeds the generator itself, so that it always drops the same",
                block_layer(numbers=lambda N, C, h, w, x:
                            torch.rand(N, C, h, w,
                                       generator=torch.Generator().manual_seed(0)))),
        Mistake("only the seeds themselves are dropped", block_layer(mask=mask_points)),
        Mistake("a seed is the centre of its square, not its top left corner",
                block_layer(mask=mask_centred)),
        Mistake("what lies under squares is kept, and the rest is dropped",
                block_layer(mask=mask_inverted)),
        Mistake("what is kept is not scaled", block_layer(scale=lambda kept, p: 1)),
        Mistake("what is kept is divided by 1 - p, not by the share that is kept",
                block_layer(scale=lambda kept, p: 1 / max(1 - p, 1e-9))),
        Mistake("each image is scaled by what is kept of it, not of the whole array",
                block_layer(scale=lambda kept, p: torch_mean(kept, (1, 2, 3)))),
        Mistake("it divides by zero where nothing is kept", block_layer(
            scale=lambda kept, p: 1 / kept.mean())),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                block_layer(begin=lambda x: x.detach())),
        Mistake("the result is float64 whatever came in",
                block_layer(end=lambda y: y.double())),
        Mistake("bad arguments raise nothing", block_layer(check=False)),
    ],
    equivalents={
        "line 33: gamma = dropblock_gamma(self.p, b, H, W) => gamma = "
        "dropblock_gamma(self.p, b, W, H)":
            "height and width enter the formula in the same way",
        "line 37: return x * kept / (kept.mean().item() or 1) => return x * kept / "
        "(kept.mean().item() or 2)":
            "where nothing is kept, zeros are divided, by whatever number",
    },
    forbidden=[TORCH_DROPOUT],
)  # fmt: skip
