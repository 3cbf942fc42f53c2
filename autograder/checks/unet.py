"""How the exercises of the chapter `unet` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from autograder.checks.draws import array, calls, dtypes, small
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
from solutions import unet as solutions


def mask(*shape, share=0.4):
    """A mask in which about this share is True."""
    return Drawn(lambda rng: rng.random(shape) < share)


def lenient(reference, instead):
    """The reference, which gives `instead` where it should raise."""

    def checks_nothing(*args):
        try:
            return reference(*args)
        except ValueError:
            return instead

    return checks_nothing


# ---- iou -------------------------------------------------------------------


def iou_by_places(pred, target):
    solutions.iou(pred, target)
    one, other = (set(np.flatnonzero(mask)) for mask in (pred, target))
    return len(one & other) / len(one | other) if one | other else 1.0


def iou_by_counts(pred, target):
    """From hits, misses and false alarms."""
    solutions.iou(pred, target)
    hits = np.count_nonzero(pred & target)
    wrong = np.count_nonzero(pred != target)
    return 1.0 if hits + wrong == 0 else hits / (hits + wrong)


def iou_by_torch(pred, target):
    solutions.iou(pred, target)
    p, t = (torch.tensor(np.array(mask)).double() for mask in (pred, target))
    union = torch.maximum(p, t).sum()
    return ((p * t).sum() / union).item() if union else 1.0


def overlap(formula):
    """A mistake in the formula; the errors are right."""

    def iou(pred, target):
        solutions.iou(pred, target)
        return float(formula(pred, target))

    return iou


def iou_an_image(pred, target):
    solutions.iou(pred, target)
    return float(np.mean([solutions.iou(*two) for two in zip(pred, target)]))


def iou_nan(pred, target):
    solutions.iou(pred, target)
    with np.errstate(invalid="ignore"):
        return float(np.sum(pred & target) / np.sum(pred | target))


def iou_of_background(pred, target):
    return solutions.iou(~pred, ~target)


def share(part, whole):
    return part.sum() / whole.sum() if whole.any() else 1.0


def some_mask(draw, *shape):
    count = int(np.prod(shape))
    flags = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(flags, bool).reshape(shape)


def iou_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return Call((np.ones((1, 2), bool), np.ones((2, 2), bool)))
    shape = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3))
    return Call((some_mask(draw, *shape), some_mask(draw, *shape)))


NONE = np.zeros((2, 3, 4), bool)

iou = Exercise(
    solutions.iou,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("overlap", 1, "Masks of any shape, all entries together."),
        Group("edges and errors", 1, "Empty masks; masks of different shapes."),
    ],
    cases=[
        case("overlap", "three rows of four", mask(3, 4), mask(3, 4), public=True),
        case("overlap", "a batch counts as one mask", mask(3, 5, 4), mask(3, 5, 4),
             public=True),
        case("overlap", "one row", mask(17), mask(17, share=0.7)),
        case("overlap", "much is found that is not there", mask(2, 7, 6, share=0.9),
             mask(2, 7, 6, share=0.1)),
        case("overlap", "images with a channel", mask(4, 1, 6, 5), mask(4, 1, 6, 5)),
        case("overlap", "masks whose memory is not contiguous",
             strided(mask(3, 6, 5)), strided(mask(3, 6, 5))),
        case("edges and errors", "two empty masks", NONE, NONE, public=True,
             exempt="the documented edge"),
        case("edges and errors", "nothing is found", NONE, mask(2, 3, 4),
             exempt="the documented edge"),
        case("edges and errors", "nothing is there", mask(2, 3, 4), NONE,
             exempt="the documented edge"),
        case("edges and errors", "different shapes", mask(1, 3, 4), mask(2, 3, 4),
             public=True),
    ],
    explain=calls(iou_calls),
    oracle=iou_by_torch,
    alternatives=[iou_by_places, iou_by_counts, iou_by_torch],
    mistakes=[
        Mistake("two empty masks have an IoU of 0", overlap(
            lambda p, t: (p & t).sum() / max((p | t).sum(), 1))),
        Mistake("two empty masks are divided by zero", iou_nan),
        Mistake("the IoU of each image is taken, and their mean returned", iou_an_image),
        Mistake("the union counts the overlap twice", overlap(
            lambda p, t: (p & t).sum() / (p.sum() + t.sum()) if (p | t).any() else 1)),
        Mistake("the Dice coefficient is returned, twice the overlap over both sizes",
                overlap(lambda p, t: 2 * (p & t).sum() / (p.sum() + t.sum())
                        if (p | t).any() else 1)),
        Mistake("the share of equal entries is returned, background included",
                overlap(lambda p, t: (p == t).mean())),
        Mistake("the overlap is divided by the size of pred (precision)",
                overlap(lambda p, t: share(p & t, p))),
        Mistake("the overlap is divided by the size of target (recall)",
                overlap(lambda p, t: share(p & t, t))),
        Mistake("the background is taken for the object", iou_of_background),
        Mistake("masks of different shapes raise nothing", lenient(solutions.iou, 1.0)),
    ],
)  # fmt: skip

# ---- dice_loss -------------------------------------------------------------


def flat(logits, target):
    """Predictions and targets (N, all others) as float64."""
    solutions.dice_loss(logits, target)
    with np.errstate(over="ignore"):
        q = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return q.reshape(len(q), -1), target.reshape(len(q), -1).astype(np.float64)


def dice_by_torch(logits, target):
    solutions.dice_loss(logits, target)
    q = torch.sigmoid(torch.tensor(np.array(logits)).double()).flatten(1)
    t = torch.tensor(np.array(target)).double().flatten(1)
    both, sizes = torch.einsum("ni,ni->n", q, t), (q + t).sum(1)
    return 1 - ((2 * both + 1) / (sizes + 1)).mean().item()


def dice_by_loop(logits, target):
    q, t = flat(logits, target)
    losses = [1 - (2 * (a @ b) + 1) / (a.sum() + b.sum() + 1) for a, b in zip(q, t)]
    return sum(losses) / len(losses)


def dice_by_difference(logits, target):
    """What is too much or too little, over the sizes."""
    q, t = flat(logits, target)
    wrong = (q * (1 - t) + (1 - q) * t).sum(1)
    return float((wrong / (q.sum(1) + t.sum(1) + 1)).mean())


def dice_in_its_dtype(logits, target):
    """The sigmoid is computed with the precision of the logits."""
    solutions.dice_loss(logits, target)
    q = torch.sigmoid(torch.tensor(np.array(logits))).numpy()
    axes = tuple(range(1, q.ndim))
    sizes = q.sum(axes) + target.sum(axes)
    return float(np.mean(1 - (2 * (q * target).sum(axes) + 1) / (sizes + 1)))


def dice(formula):
    """A mistake in the formula, given q and t (N, all others)."""

    def dice_loss(logits, target):
        return float(formula(*flat(logits, target)))

    return dice_loss


def dice_without_sigmoid(logits, target):
    _, t = flat(logits, target)
    q = logits.reshape(t.shape)
    return float(1 - np.mean((2 * (q * t).sum(1) + 1) / (q.sum(1) + t.sum(1) + 1)))


def dice_of_mask(logits, target):
    _, t = flat(logits, target)
    q = (logits > 0).reshape(t.shape)
    return float(1 - np.mean((2 * (q * t).sum(1) + 1) / (q.sum(1) + t.sum(1) + 1)))


def dice_naive_exp(logits, target):
    """e to the logit over one more: inf over inf for large ones."""
    _, t = flat(logits, target)
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(logits.astype(np.float64)).reshape(t.shape)
        q = e / (1 + e)
    return float(1 - np.mean((2 * (q * t).sum(1) + 1) / (q.sum(1) + t.sum(1) + 1)))


def dice_calls(draw):
    kind = draw(st.sampled_from(["plain", "plain", "plain", "large", "shapes"]))
    if kind == "shapes":
        return Call((np.ones((1, 2)), np.ones((2, 2))))
    shape = (small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3))
    logits = array(draw, *shape, dtype=dtypes(draw)) * (1000 if kind == "large" else 1)
    target = some_mask(draw, *shape)
    return Call((logits, target if draw(st.booleans()) else target.astype(float)))


dice_loss = Exercise(
    solutions.dice_loss,
    minutes=10,
    difficulty="standard",
    groups=[
        Group("loss", 2, "The formula, for images of any shape."),
        Group("edges and errors", 1,
              "Empty targets; large logits; float32; shapes that differ."),
    ],
    cases=[
        case("loss", "two images of three pixels", integers(2, 3),
             np.array([[0.0, 1, 1], [1, 0, 0]]), public=True),
        case("loss", "a bool target", normal(3, 4, 5), mask(3, 4, 5), public=True),
        case("loss", "with a channel", normal(4, 1, 5, 3), mask(4, 1, 5, 3)),
        case("loss", "objects of different sizes", normal(2, 6, 7),
             Drawn(lambda rng: rng.random((2, 6, 7)) < [[[0.05]], [[0.9]]])),
        case("loss", "one image", normal(1, 5, 8), mask(1, 5, 8)),
        case("loss", "logits whose memory is not contiguous",
             strided(normal(3, 4, 6)), mask(3, 4, 6)),
        case("edges and errors", "no object, and little found",
             np.array([[-3.0, -4.0, -3.5]]), np.zeros((1, 3)), public=True,
             exempt="the documented edge"),
        case("edges and errors", "no object, and something found", normal(2, 3, 4),
             np.zeros((2, 3, 4), bool), exempt="the documented edge"),
        case("edges and errors", "logits of some thousands",
             Drawn(lambda rng: 3000 * rng.standard_normal((3, 4, 5))), mask(3, 4, 5)),
        case("edges and errors", "float32 logits", normal(2, 4, 7, dtype="float32"),
             mask(2, 4, 7)),
        case("edges and errors", "different shapes", normal(2, 1, 4, 3), mask(2, 4, 3),
             public=True),
    ],
    explain=calls(dice_calls),
    oracle=dice_by_torch,
    # A sigmoid in float32 is as good, so no more digits are asked for.
    rtol={"float64": 1e-5},
    equivalents={
        "line 17: q = 0.5 + 0.5 * np.tanh(0.5 * logits.reshape(N, -1)) => "
        "q = 0.5 + 0.5 * np.tanh(0.5 * logits.reshape(N, -2))":
        "NumPy takes any negative length for the one that is left over",
        "line 18: t = target.reshape(N, -1) => t = target.reshape(N, -2)":
        "NumPy takes any negative length for the one that is left over",
    },
    alternatives=[dice_by_torch, dice_by_loop, dice_by_difference, dice_in_its_dtype],
    mistakes=[
        Mistake("the logits are taken for probabilities, without a sigmoid",
                dice_without_sigmoid),
        Mistake("the logits are cut at 0 into a mask, which has no gradient",
                dice_of_mask),
        Mistake("large logits overflow, and the result is not finite", dice_naive_exp),
        Mistake("all images are summed together before the division", dice(
            lambda q, t: 1 - (2 * (q * t).sum() + 1) / (q.sum() + t.sum() + 1))),
        Mistake("the overlap is returned, instead of one minus the overlap", dice(
            lambda q, t: np.mean((2 * (q * t).sum(1) + 1) / ((q + t).sum(1) + 1)))),
        Mistake("the losses of the images are added up instead of averaged", dice(
            lambda q, t: np.sum(1 - (2 * (q * t).sum(1) + 1) / ((q + t).sum(1) + 1)))),
        Mistake("the ones in the fraction are left out", dice(
            lambda q, t: 1 - np.mean(2 * (q * t).sum(1)
                                     / np.maximum((q + t).sum(1), 1e-12)))),
        Mistake("the overlap is not doubled", dice(
            lambda q, t: 1 - np.mean(((q * t).sum(1) + 1) / ((q + t).sum(1) + 1)))),
        Mistake("the denominator has squares", dice(
            lambda q, t: 1 - np.mean((2 * (q * t).sum(1) + 1)
                                     / ((q * q + t * t).sum(1) + 1)))),
        Mistake("the overlap is divided by the union", dice(
            lambda q, t: 1 - np.mean(((q * t).sum(1) + 1)
                                     / ((q + t - q * t).sum(1) + 1)))),
        Mistake("different shapes raise nothing", lenient(solutions.dice_loss, 0.0)),
    ],
)  # fmt: skip

# ---- unet_shapes -----------------------------------------------------------


def shapes_by_torch(h, w, depth, padding):
    """Empty maps through torch's own layers."""
    solutions.unet_shapes(h, w, depth, padding)
    weight = torch.zeros(1, 1, 3, 3)
    maps, shapes = torch.zeros(1, 1, h, w), []
    for level in range(2 * depth + 1):
        if 0 < level <= depth:
            maps = F.max_pool2d(maps, 2)
        elif level > depth:
            maps = F.conv_transpose2d(maps, torch.zeros(1, 1, 2, 2), stride=2)
        for _ in "12":
            maps = F.conv2d(maps, weight, padding=padding)
        shapes.append((maps.shape[2], maps.shape[3]))
    return shapes


def shapes_by_axis(h, w, depth, padding):
    """Each axis on its own."""
    solutions.unet_shapes(h, w, depth, padding)

    def axis(n):
        lost, sizes = (4, 0)[padding], []
        for _ in range(depth):
            sizes.append(n - lost)
            n = sizes[-1] // 2
        sizes.append(n - lost)
        for _ in range(depth):
            sizes.append(2 * sizes[-1] - lost)
        return sizes

    return list(zip(axis(h), axis(w)))


def shapes_recursive(h, w, depth, padding):
    solutions.unet_shapes(h, w, depth, padding)
    lost = 4 if padding == 0 else 0

    def inner(h, w, depth):
        h, w = h - lost, w - lost
        if depth == 0:
            return [(h, w)]
        below = inner(h // 2, w // 2, depth - 1)
        up = tuple(2 * side - lost for side in below[-1])
        return [(h, w), *below, up]

    return inner(h, w, depth)


def walk(lost=None, order=lambda shapes: shapes):
    """A wrong way through the network; the errors are right."""

    def unet_shapes(h, w, depth, padding):
        solutions.unet_shapes(h, w, depth, padding)
        less = lost(padding) if lost else 4 * (1 - padding)
        shapes = []
        for level in range(2 * depth + 1):
            if 0 < level <= depth:
                h, w = h // 2, w // 2
            elif level > depth:
                h, w = 2 * h, 2 * w
            h, w = h - less, w - less
            shapes.append((h, w))
        return order(shapes)

    return unet_shapes


def shapes_pooled(h, w, depth, padding):
    """The size behind each pooling, not behind the convolutions."""
    shapes = solutions.unet_shapes(h, w, depth, padding)
    return [
        (a // 2, b // 2) if level < depth else (a, b)
        for level, (a, b) in enumerate(shapes)
    ]


def shapes_floored(h, w, depth, padding):
    """Odd sizes lose a row, as torch's pooling does it."""
    try:
        return solutions.unet_shapes(h, w, depth, padding)
    except ValueError:
        if depth < 1 or padding not in (0, 1):
            raise
    shapes = []
    for level in range(2 * depth + 1):
        if level:
            h, w = (h // 2, w // 2) if level <= depth else (2 * h, 2 * w)
        h, w = h - 4 * (1 - padding), w - 4 * (1 - padding)
        if min(h, w) < 1:
            raise ValueError("nothing is left")
        shapes.append((h, w))
    return shapes


def shapes_below_one(h, w, depth, padding):
    """Sizes may fall below 1."""
    if depth < 1 or padding not in (0, 1):
        raise ValueError("depth or padding")
    shapes = []
    for level in range(2 * depth + 1):
        if level:
            h, w = (
                solutions.halve(h, w)  # its error is right
                if level <= depth
                else (2 * h, 2 * w)
            )
        h, w = h - 4 * (1 - padding), w - 4 * (1 - padding)
        shapes.append((h, w))
    return shapes


def shape_calls(draw):
    depth, padding = small(draw, 1, 2), draw(st.sampled_from([0, 1]))
    least, step = solutions.valid_sizes(depth, padding)
    h, w = (least + step * small(draw, 0, 2) for _ in "hw")
    wrong = draw(st.sampled_from(["", "", "", "odd", "small", "depth", "padding"]))
    if wrong == "odd":
        h += 1
    elif wrong == "small":
        h = max(h - 3 * step, 0)
    return Call((h, w, 0 if wrong == "depth" else depth,
                 2 if wrong == "padding" else padding))  # fmt: skip


unet_shapes = Exercise(
    solutions.unet_shapes,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("sizes", 2, "Heights and widths, with and without padding."),
        Group("errors", 1, "Odd sizes at a pooling; nothing left; bad arguments."),
    ],
    cases=[
        case("sizes", "one pooling, padding 1", 6, 10, 1, 1, public=True),
        case("sizes", "one pooling, no padding", 20, 26, 1, 0, public=True),
        case("sizes", "two poolings, no padding", 44, 60, 2, 0),
        case("sizes", "three poolings, padding 1", 40, 24, 3, 1),
        case("sizes", "the network of the paper", 572, 572, 4, 0,
             exempt="the published sizes; other cases are not square"),
        case("sizes", "the smallest image for one pooling", 18, 22, 1, 0),
        case("sizes", "five poolings", 32, 96, 5, 1),
        case("errors", "an odd height at the second pooling", 6, 8, 2, 1, public=True),
        case("errors", "an odd width without padding", 20, 21, 1, 0),
        case("errors", "an odd height at the third pooling", 96, 92, 3, 0),
        case("errors", "nothing left at the bottom", 12, 30, 1, 0),
        case("errors", "no column left at the bottom", 30, 12, 1, 0),
        case("errors", "nothing left on the way up", 40, 60, 2, 0),
        case("errors", "a first pair of convolutions that takes all", 4, 20, 1, 0),
        case("errors", "depth 0", 8, 12, 0, 1),
        case("errors", "padding 2", 8, 12, 1, 2),
    ],
    explain=calls(shape_calls),
    oracle=shapes_by_torch,
    equivalents={
        "line 20: if 0 < level <= depth: => if 0 != level <= depth:":
        "a level is never below 0",
        "line 22: elif level > depth: => elif level >= depth:":
        "level = depth, which is at least 1, has gone the way of the line before",
    },
    alternatives=[shapes_by_torch, shapes_by_axis, shapes_recursive],
    mistakes=[
        Mistake("there is one convolution on each level, and not two",
                walk(lost=lambda padding: 2 * (1 - padding))),
        Mistake("the padding is ignored", walk(lost=lambda padding: 4)),
        Mistake("padding 1 is taken to lose rows, and padding 0 none",
                walk(lost=lambda padding: 4 * padding)),
        Mistake("the sizes on the way down are taken behind the pooling",
                shapes_pooled),
        Mistake("the way up is missing",
                walk(order=lambda shapes: shapes[: len(shapes) // 2 + 1])),
        Mistake("the bottom is missing", walk(
            order=lambda shapes: shapes[: len(shapes) // 2]
            + shapes[len(shapes) // 2 + 1 :])),
        Mistake("height and width are exchanged",
                walk(order=lambda shapes: [shape[::-1] for shape in shapes])),
        Mistake("the sizes are listed from the output back to the image",
                walk(order=lambda shapes: shapes[::-1])),
        Mistake("an odd size loses a row at the pooling, and raises nothing",
                shapes_floored),
        Mistake("sizes below 1 raise nothing", shapes_below_one),
    ],
)  # fmt: skip

# ---- valid_sizes -----------------------------------------------------------


def sizes_by_trying(depth, padding):
    """Which sizes raise nothing."""
    solutions.valid_sizes(depth, padding)
    found, size = [], 0
    while len(found) < 2:
        size += 1
        try:
            solutions.unet_shapes(size, size, depth, padding)
            found.append(size)
        except ValueError:
            pass
    return found[0], found[1] - found[0]


def sizes_from_bottom(depth, padding):
    """The smallest bottom from which something is left, and the way back."""
    solutions.valid_sizes(depth, padding)
    lost, bottom = 4 * (1 - padding), 0
    out = 0
    while out < 1:
        bottom += 1
        out = bottom
        for _ in range(depth):
            out = 2 * out - lost
    size = bottom + lost
    for _ in range(depth):
        size = 2 * size + lost
    return size, 2**depth


def sizes_by_table(depth, padding):
    """Two poolings or more leave 4 rows at the bottom."""
    solutions.valid_sizes(depth, padding)
    if padding:
        return 1 << depth, 1 << depth
    return 18 if depth == 1 else 12 * 2**depth - 4, 1 << depth


def sizes(formula):
    """A mistake in the two numbers; the errors are right."""

    def valid_sizes(depth, padding):
        return formula(*solutions.valid_sizes(depth, padding), depth, padding)

    return valid_sizes


def size_calls(draw):
    return Call((small(draw, 0, 4), draw(st.sampled_from([0, 1, 2]))))


valid_sizes = Exercise(
    solutions.valid_sizes,
    minutes=15,
    difficulty="challenge",
    results=("least", "step"),
    groups=[
        Group("padding 1", 1, "Networks that keep the size; bad arguments."),
        Group("no padding", 2, "Networks that lose a margin on every level."),
    ],
    cases=[
        case("padding 1", "one pooling", 1, 1, public=True),
        case("padding 1", "three poolings", 3, 1),
        case("padding 1", "five poolings", 5, 1),
        case("padding 1", "depth 0", 0, 1, public=True),
        case("padding 1", "padding 2", 2, 2),
        case("padding 1", "a padding below 0", 2, -1),
        case("no padding", "one pooling, no padding", 1, 0, public=True),
        case("no padding", "two poolings, no padding", 2, 0, public=True),
        case("no padding", "three poolings, no padding", 3, 0),
        case("no padding", "the network of the paper", 4, 0),
        case("no padding", "six poolings, no padding", 6, 0),
    ],
    explain=calls(size_calls),
    oracle=sizes_by_trying,
    equivalents={
        "line 17: bottom = lost - (lost - 1) // step => "
        "bottom = lost - (lost - 2) // step":
        "lost is 0 or 4: 3 and 2 have the same quotient by 2, and by 4 and more; so "
        "have -1 and -2",
    },
    alternatives=[sizes_by_trying, sizes_from_bottom, sizes_by_table],
    mistakes=[
        Mistake("the least size leaves one row at the bottom, and nothing is left on "
                "the way up", sizes(lambda least, step, d, p:
                                    (least if p else 9 * step - 4, step))),
        Mistake("the padding is ignored: sizes as with padding 1",
                sizes(lambda least, step, d, p: (step, step))),
        Mistake("the step is 2 whatever the depth",
                sizes(lambda least, step, d, p: (least, 2))),
        Mistake("the step is 2 * depth instead of 2 ** depth",
                sizes(lambda least, step, d, p: (least, 2 * d))),
        Mistake("the size of the output is returned, and not that of the image",
                sizes(lambda least, step, d, p:
                      (least if p else 2 if d == 1 else 4, step))),
        Mistake("a single pooling is treated like several: 4 rows at the bottom",
                sizes(lambda least, step, d, p: (least if p else 12 * step - 4, step))),
        Mistake("least and step are exchanged",
                sizes(lambda least, step, d, p: (step, least))),
        Mistake("one pooling too many is counted", sizes(
            lambda least, step, d, p: solutions.valid_sizes(d + 1, p))),
        Mistake("bad arguments raise nothing", lenient(solutions.valid_sizes, (1, 1))),
    ],
)  # fmt: skip

# ---- center_crop -----------------------------------------------------------


def crop_by_pad(skip, h, w):
    """Padding with negative numbers."""
    N, S, H, W = solutions.center_crop(skip, 1, 1).shape[:2] + skip.shape[2:]
    solutions.center_crop(skip, h, w)
    top, left = (H - h) // 2, (W - w) // 2
    cut = (-left, left + w - W, -top, top + h - H)
    return F.pad(torch.tensor(np.array(skip)), cut).numpy()


def crop_by_take(skip, h, w):
    solutions.center_crop(skip, h, w)
    rows = np.arange(h) + (skip.shape[2] - h) // 2
    columns = np.arange(w) + (skip.shape[3] - w) // 2
    return skip.take(rows, axis=2).take(columns, axis=3)


def crop_by_narrow(skip, h, w):
    solutions.center_crop(skip, h, w)
    maps = torch.tensor(np.array(skip))
    maps = maps.narrow(2, (maps.shape[2] - h) // 2, h)
    return maps.narrow(3, (maps.shape[3] - w) // 2, w).numpy()


def crop(where, wanted=lambda h, w: (h, w)):
    """Another place: `where` gives the first row from how much is left over."""

    def center_crop(skip, h, w):
        solutions.center_crop(skip, h, w)
        top, left = where(skip.shape[2] - h), where(skip.shape[3] - w)
        h, w = wanted(h, w)
        return skip[:, :, top : top + h, left : left + w]

    return center_crop


def crop_both_sides(skip, h, w):
    """Cuts the same number off both sides, so that one row may be left over."""
    solutions.center_crop(skip, h, w)
    top, left = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
    return skip[:, :, top : skip.shape[2] - top, left : skip.shape[3] - left]


def crop_minus(skip, h, w):
    """[p:-p], which is empty for p = 0."""
    solutions.center_crop(skip, h, w)
    top, left = (skip.shape[2] - h) // 2, (skip.shape[3] - w) // 2
    return skip[:, :, top:-top, left:-left]


def crop_resized(skip, h, w):
    solutions.center_crop(skip, h, w)
    maps = torch.tensor(np.array(skip, "float64"))
    return F.interpolate(maps, (h, w), mode="bilinear").numpy().astype(skip.dtype)


def crop_height_twice(skip, h, w):
    solutions.center_crop(skip, h, w)
    top = (skip.shape[2] - h) // 2
    return skip[:, :, top : top + h, top : top + w]


def crop_calls(draw):
    H, W = small(draw, 1, 4), small(draw, 1, 4)
    skip = array(draw, small(draw, 1, 2), small(draw, 1, 2), H, W, dtype=dtypes(draw))
    h, w = draw(st.sampled_from([(small(draw, 1, H), small(draw, 1, W))] * 3
                                + [(H + 1, W), (0, W)]))  # fmt: skip
    return Call((skip, h, w))


center_crop = Exercise(
    solutions.center_crop,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("the middle", 1, "Rows and columns from the middle, odd rests too."),
        Group("edges and errors", 1, "Nothing to cut; dtype; sizes that do not fit."),
    ],
    cases=[
        case("the middle", "2 x 3 out of 4 x 7", integers(1, 2, 4, 7), 2, 3,
             public=True),
        case("the middle", "an odd rest", integers(2, 1, 5, 6), 2, 5, public=True),
        case("the middle", "rests of different size", normal(2, 3, 9, 14), 6, 3),
        case("the middle", "a single row", normal(2, 3, 6, 7), 1, 4),
        case("the middle", "maps whose memory is not contiguous",
             strided(normal(2, 3, 8, 5)), 3, 4),
        case("edges and errors", "nothing to cut", normal(2, 3, 4, 5), 4, 5,
             public=True),
        case("edges and errors", "columns only", normal(2, 3, 4, 7), 4, 5),
        case("edges and errors", "float32 stays float32",
             normal(2, 2, 6, 5, dtype="float32"), 3, 2),
        case("edges and errors", "more rows than there are", normal(2, 3, 4, 5), 5, 5,
             public=True),
        case("edges and errors", "more columns than there are", normal(2, 3, 6, 4), 5, 5),
        case("edges and errors", "no rows", normal(2, 3, 6, 4), 0, 2),
        case("edges and errors", "skip with three axes", normal(3, 6, 4), 2, 2),
    ],
    explain=calls(crop_calls),
    oracle=crop_by_pad,
    alternatives=[crop_by_pad, crop_by_take, crop_by_narrow],
    mistakes=[
        Mistake("the top left corner is kept", crop(lambda rest: 0)),
        Mistake("the bottom right corner is kept", crop(lambda rest: rest)),
        Mistake("an odd rest is rounded up: one row more is cut at the top",
                crop(lambda rest: (rest + 1) // 2)),
        Mistake("the same number is cut off both sides, so that an odd rest leaves a "
                "row too many", crop_both_sides),
        Mistake("the slice ends at a negative index, which leaves nothing where "
                "nothing is to be cut", crop_minus),
        Mistake("the maps are resized instead of cropped", crop_resized),
        Mistake("h and w are exchanged", crop(lambda rest: rest // 2,
                                              lambda h, w: (w, h))),
        Mistake("the first row's number is used for the columns, too",
                crop_height_twice),
        Mistake("sizes that do not fit raise nothing", lenient(
            solutions.center_crop, np.zeros((1, 1, 1, 1)))),
    ],
    image=True,
)  # fmt: skip

# ---- up_block --------------------------------------------------------------


def tensors(*arrays):
    return [torch.tensor(np.array(array)) for array in arrays]


def up_by_einsum(x, skip, w_up, w1, w2):
    """Tiles put side by side; convolutions as sums over shifted maps."""
    solutions.up_block(x, skip, w_up, w1, w2)
    N, C, H, W = x.shape
    tiles = np.einsum("nchw,cuij->nuhiwj", x, w_up)
    up = tiles.reshape(N, -1, 2 * H, 2 * W)
    y = np.concatenate([crop_by_take(skip, 2 * H, 2 * W), up], axis=1)
    for w in (w1, w2):
        framed = np.pad(y, ((0, 0), (0, 0), (1, 1), (1, 1)))
        y = sum(
            np.einsum("nchw,oc->nohw", framed[:, :, i : i + 2 * H, j : j + 2 * W],
                      w[:, :, i, j])
            for i in range(3) for j in range(3)
        )  # fmt: skip
        y = np.maximum(y, 0)
    return y


def up_by_two_sums(x, skip, w_up, w1, w2):
    """The first convolution apart for the skip and for what comes from below."""
    solutions.up_block(x, skip, w_up, w1, w2)
    skip = crop_by_take(skip, 2 * x.shape[2], 2 * x.shape[3])
    S = skip.shape[1]
    x, skip, w_up, w1, w2 = tensors(x, skip, w_up, w1, w2)
    up = F.conv_transpose2d(x, w_up, stride=2)
    y = F.conv2d(skip, w1[:, :S], padding=1) + F.conv2d(up, w1[:, S:], padding=1)
    return F.conv2d(y.clamp(min=0), w2, padding="same").clamp(min=0).numpy()


def up_by_layers(x, skip, w_up, w1, w2):
    """nn layers that hold the weights."""
    solutions.up_block(x, skip, w_up, w1, w2)
    skip = crop_by_take(skip, 2 * x.shape[2], 2 * x.shape[3])
    x, skip, w_up, w1, w2 = tensors(x, skip, w_up, w1, w2)
    up = nn.ConvTranspose2d(*w_up.shape[:2], 2, stride=2, bias=False)
    one = nn.Conv2d(w1.shape[1], w1.shape[0], 3, padding=1, bias=False)
    two = nn.Conv2d(w2.shape[1], w2.shape[0], 3, padding=1, bias=False)
    for layer, w in ((up, w_up), (one, w1), (two, w2)):
        layer.weight = nn.Parameter(w)
    two_convs = nn.Sequential(one, nn.ReLU(), two, nn.ReLU())
    with torch.no_grad():
        return two_convs(torch.cat([skip, up(x)], 1)).numpy()


def block(enlarge=None, cut=crop_by_take, join=None, first=F.relu, last=F.relu):
    """A wrong block; the errors are right."""

    def up_block(x, skip, w_up, w1, w2):
        solutions.up_block(x, skip, w_up, w1, w2)
        skip = cut(skip, 2 * x.shape[2], 2 * x.shape[3])
        x, skip, w_up, w1, w2 = tensors(x, skip, w_up, w1, w2)
        up = enlarge(x, w_up) if enlarge else F.conv_transpose2d(x, w_up, stride=2)
        both = join(skip, up) if join else torch.cat([skip, up], 1)
        y = first(F.conv2d(both, w1, padding=1))
        return last(F.conv2d(y, w2, padding=1)).numpy()

    return up_block


def enlarge_turned(x, w_up):
    return F.conv_transpose2d(x, w_up.flip(2, 3), stride=2)


def enlarge_transposed(x, w_up):
    return F.conv_transpose2d(x, w_up.mT, stride=2)


def enlarge_copies(x, w_up):
    """Copies of pixels, mixed by the mean of the kernel."""
    return F.interpolate(torch.einsum("nchw,cu->nuhw", x, w_up.mean((2, 3))),
                         scale_factor=2)  # fmt: skip


def up_without_skip(skip, up):
    return torch.cat([0 * skip, up], 1)


def up_skip_only(skip, up):
    return torch.cat([skip, 0 * up], 1)


def up_order(skip, up):
    return torch.cat([up, skip], 1)


def up_float64(x, skip, w_up, w1, w2):
    return solutions.up_block(x, skip, w_up, w1, w2).astype(np.float64)


def up_no_padding(x, skip, w_up, w1, w2):
    """Convolutions without padding, as in the paper."""
    solutions.up_block(x, skip, w_up, w1, w2)
    skip = crop_by_take(skip, 2 * x.shape[2], 2 * x.shape[3])
    x, skip, w_up, w1, w2 = tensors(x, skip, w_up, w1, w2)
    y = torch.cat([skip, F.conv_transpose2d(x, w_up, stride=2)], 1)
    if min(y.shape[2:]) < 5:
        return y.numpy()
    return F.relu(F.conv2d(F.relu(F.conv2d(y, w1)), w2)).numpy()


def block_weights(draw, C, S, dtype):
    U, one, two = (small(draw, 1, 2) for _ in "123")
    return (array(draw, C, U, 2, 2, dtype=dtype), array(draw, one, S + U, 3, 3,
            dtype=dtype), array(draw, two, one, 3, 3, dtype=dtype))  # fmt: skip


def block_calls(draw):
    wrong = draw(st.sampled_from(["", "", "", "", "rank", "size", "channels"]))
    N, C, S, H, W = (small(draw, 1, most) for most in (2, 2, 2, 2, 2))
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    more = [small(draw, 0, 3) for _ in "hw"]
    shape = (N, S, 2 * H + more[0], 2 * W + more[1])
    if wrong == "size":
        shape = (N, S, 2 * H - 1, 2 * W)
    skip = array(draw, *shape, dtype=dtype)
    weights = block_weights(draw, C, S + (wrong == "channels"), dtype)
    return Call((x[0] if wrong == "rank" else x, skip, *weights))


def block_case(group, label, n, x, skip, channels, dtype="float64", **options):
    """A case with drawn maps and weights; channels: U, O1, O2."""
    (C, H, W), (S, h, w), (U, one, two) = x, skip, channels
    shapes = ((n, C, H, W), (n, S, h, w), (C, U, 2, 2), (one, S + U, 3, 3),
              (two, one, 3, 3))  # fmt: skip
    drawn = (normal(*shape, dtype=dtype) for shape in shapes)
    return case(group, label, *drawn, **options)


up_block = Exercise(
    solutions.up_block,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("same size", 2, "A skip of just twice the size."),
        Group("cropping and errors", 1,
              "A larger skip; float32; arguments that do not fit."),
    ],
    cases=[
        case("same size", "one channel each", integers(1, 1, 1, 2), integers(1, 1, 2, 4),
             integers(1, 1, 2, 2), integers(1, 2, 3, 3), integers(1, 1, 3, 3, low=1),
             public=True),
        block_case("same size", "more channels", 2, (4, 3, 2), (2, 6, 4), (3, 5, 4),
                   public=True),
        block_case("same size", "another size", 3, (2, 4, 5), (3, 8, 10), (4, 2, 5)),
        block_case("same size", "as many channels from below as from the skip", 2,
                   (6, 2, 3), (3, 4, 6), (3, 4, 2)),
        block_case("cropping and errors", "a skip that is larger", 2, (3, 2, 4),
                   (2, 7, 10), (4, 3, 5), public=True),
        block_case("cropping and errors", "a rest of three rows and one column", 2,
                   (2, 3, 2), (4, 9, 5), (3, 5, 2)),
        block_case("cropping and errors", "float32 stays float32", 2, (3, 3, 2),
                   (2, 7, 4), (4, 5, 3), dtype="float32"),
        case("cropping and errors", "maps whose memory is not contiguous",
             strided(normal(2, 3, 3, 4)), strided(normal(2, 2, 6, 8)),
             normal(3, 4, 2, 2), normal(5, 6, 3, 3), normal(2, 5, 3, 3)),
        block_case("cropping and errors", "a skip that is too small", 2, (3, 3, 4),
                   (2, 5, 8), (4, 3, 2), public=True),
        block_case("cropping and errors", "a skip that is too narrow", 2, (3, 3, 4),
                   (2, 6, 7), (4, 3, 2)),
        case("cropping and errors", "w_up for other channels", normal(2, 3, 2, 3),
             normal(2, 2, 4, 6), normal(4, 4, 2, 2), normal(5, 6, 3, 3),
             normal(2, 5, 3, 3)),
        case("cropping and errors", "w1 without channels for the skip",
             normal(2, 3, 2, 3), normal(2, 2, 4, 6), normal(3, 4, 2, 2),
             normal(5, 4, 3, 3), normal(2, 5, 3, 3)),
        case("cropping and errors", "x with three axes", normal(3, 2, 3),
             normal(2, 2, 4, 6), normal(3, 4, 2, 2), normal(5, 6, 3, 3),
             normal(2, 5, 3, 3)),
        case("cropping and errors", "skip with three axes", normal(2, 3, 2, 3),
             normal(2, 4, 6), normal(3, 4, 2, 2), normal(5, 6, 3, 3),
             normal(2, 5, 3, 3)),
    ],
    explain=calls(block_calls),
    oracle=up_by_einsum,
    alternatives=[up_by_einsum, up_by_two_sums, up_by_layers],
    mistakes=[
        Mistake("what comes from below stands before the skip", block(join=up_order)),
        Mistake("the skip is left out", block(join=up_without_skip)),
        Mistake("what comes from below is left out", block(join=up_skip_only)),
        Mistake("the top left corner of the skip is taken, and not its middle",
                block(cut=crop(lambda rest: 0))),
        Mistake("the skip is resized instead of cropped", block(cut=crop_resized)),
        Mistake("there is no ReLU between the convolutions",
                block(first=lambda y: y)),
        Mistake("there is no ReLU at the end", block(last=lambda y: y)),
        Mistake("there is no ReLU at all",
                block(first=lambda y: y, last=lambda y: y)),
        Mistake("the kernel of the transposed convolution is turned by 180 degrees",
                block(enlarge=enlarge_turned)),
        Mistake("rows and columns of the transposed convolution's kernel are exchanged",
                block(enlarge=enlarge_transposed)),
        Mistake("x is enlarged by copying pixels", block(enlarge=enlarge_copies)),
        Mistake("the convolutions have no padding", up_no_padding),
        Mistake("the result is float64 whatever came in", up_float64),
        Mistake("arguments that do not fit raise nothing", lenient(
            solutions.up_block, np.zeros((1, 1, 1, 1)))),
    ],
    image=True,
)  # fmt: skip

# ---- DoubleConv ------------------------------------------------------------


def drawn_state(module, dtype):
    """Weights and statistics for each entry of a module's state_dict, drawn."""

    def entry(name, value):
        if not value.is_floating_point():
            return np.array(3)
        shape = tuple(value.shape)
        if name.endswith("running_var"):
            return Drawn(lambda rng: (0.5 + rng.random(shape)).astype(dtype))
        return normal(*shape, dtype=dtype)

    return {name: entry(name, value) for name, value in module.state_dict().items()}


def small_state(draw, module, dtype):
    """The same of small numbers that can be looked at."""

    def entry(name, value):
        if not value.is_floating_point():
            return np.array(0)
        numbers = array(draw, *value.shape, dtype=dtype)
        return abs(numbers) + 1 if name.endswith("running_var") else numbers

    return {name: entry(name, value) for name, value in module.state_dict().items()}


class DoubleSequence(nn.Module):
    """The order of the layers in a list; weights drawn another way."""

    def __init__(self, c_in, c_out):
        super().__init__()
        if c_in < 1 or c_out < 1:
            raise ValueError("channels below 1")
        for k, c in ((1, c_in), (2, c_out)):
            setattr(
                self, f"conv{k}", nn.Conv2d(c, c_out, 3, padding="same", bias=False)
            )
            setattr(self, f"bn{k}", nn.BatchNorm2d(c_out))
            nn.init.kaiming_normal_(getattr(self, f"conv{k}").weight)

    def forward(self, x):
        relu = nn.ReLU()
        return nn.Sequential(self.conv1, self.bn1, relu, self.conv2, self.bn2, relu)(x)


class DoubleFunctional(nn.Module):
    """Holds the layers, and calls the functions."""

    def __init__(self, c_in, c_out):
        super().__init__()
        if min(c_in, c_out) < 1:
            raise ValueError("channels below 1")
        self.bn2, self.bn1 = nn.BatchNorm2d(c_out), nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, (3, 3), 1, 1, bias=False)
        self.conv1 = nn.Conv2d(c_in, c_out, (3, 3), 1, 1, bias=False)

    def forward(self, x):
        for conv, bn in ((self.conv1, self.bn1), (self.conv2, self.bn2)):
            x = F.relu(bn(F.conv2d(x, conv.weight, padding=1)))
        return x


class DoubleUnfolded(nn.Module):
    """Convolutions by unfold, batch norm by its function."""

    def __init__(self, c_in, c_out):
        super().__init__()
        if min(c_in, c_out) < 1:
            raise ValueError("channels below 1")
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)

    def forward(self, x):
        for conv, bn in ((self.conv1, self.bn1), (self.conv2, self.bn2)):
            columns = F.unfold(x, 3, padding=1)
            y = (conv.weight.flatten(1) @ columns).unflatten(2, x.shape[2:])
            x = bn(y).clamp(min=0)
        return x


def double(bias=False, mid=lambda i, o: o, extra=None, forward=None, padding=1,
           check=True):  # fmt: skip
    """A wrong block."""

    class DoubleConv(nn.Module):
        def __init__(self, c_in, c_out):
            super().__init__()
            if check and min(c_in, c_out) < 1:
                raise ValueError("channels below 1")
            c_in, c_out = max(c_in, 1), max(c_out, 1)
            m = mid(c_in, c_out)
            self.conv1 = nn.Conv2d(c_in, m, 3, padding=padding, bias=bias)
            self.bn1 = nn.BatchNorm2d(m)
            self.conv2 = nn.Conv2d(m, c_out, 3, padding=padding, bias=bias)
            self.bn2 = nn.BatchNorm2d(c_out)
            if extra:
                extra(self)

        def forward(self, x):
            if forward:
                return forward(self, x)
            x = F.relu(self.bn1(self.conv1(x)))
            return F.relu(self.bn2(self.conv2(x)))

    return DoubleConv


def relu_first(self, x):
    return self.bn2(F.relu(self.conv2(self.bn1(F.relu(self.conv1(x))))))


def one_relu(self, x):
    return F.relu(self.bn2(self.conv2(self.bn1(self.conv1(x)))))


def no_last_relu(self, x):
    return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))


def no_norm(self, x):
    return F.relu(self.conv2(F.relu(self.conv1(x))))


def norms_exchanged(self, x):
    return F.relu(self.bn1(self.conv2(F.relu(self.bn2(self.conv1(x))))))


def adds_x(self, x):
    y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
    return y + x if y.shape == x.shape else y


def detached(self, x):
    return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x.detach()))))))


def rename(self):
    self.norm1, self.norm2 = self.bn1, self.bn2
    del self.bn1, self.bn2


def renamed_forward(self, x):
    return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


def frozen_norm(self, x):
    self.bn1.eval(), self.bn2.eval()
    return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


def training_norm(self, x):
    """Batch norm always with the statistics of the batch."""
    self.bn1.train(), self.bn2.train()
    return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


def double_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        wrong = {"c_in": 1, "c_out": 1, draw(st.sampled_from(["c_in", "c_out"])): 0}
        return Call((wrong, None, [], None), {}, "module")
    c_in, c_out, dtype = small(draw, 1, 2), small(draw, 1, 2), dtypes(draw)
    N, H, W = small(draw, 2, 2), small(draw, 1, 2), small(draw, 2, 3)
    weights = small_state(draw, solutions.DoubleConv(c_in, c_out), dtype)
    x, dy = (array(draw, N, c, H, W, dtype=dtype) for c in (c_in, c_out))
    train = {"train": True} if draw(st.booleans()) else {}
    return Call(({"c_in": c_in, "c_out": c_out}, weights, [x], dy), train, "module")


def double_case(group, label, N, c_in, c_out, H, W, dtype="float64", **options):
    """A case with drawn weights, statistics, maps and gradient."""
    weights = drawn_state(solutions.DoubleConv(c_in, c_out), dtype)
    x, dy = (normal(N, c, H, W, dtype=dtype) for c in (c_in, c_out))
    init = {"c_in": c_in, "c_out": c_out}
    return case(group, label, init, weights, [x], dy, caller="module", **options)


def no_channels(group, module, label, **init):
    return case(group, label, init, None, [], None, caller="module")


DoubleConv = Exercise(
    solutions.DoubleConv,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, statistics, names."),
        Group("dtype and errors", 1, "float32; numbers of channels below 1."),
    ],
    cases=[
        double_case("forward and gradients", "two to three channels", 2, 2, 3, 4, 5,
                    public=True),
        double_case("forward and gradients", "in train mode", 3, 3, 4, 5, 4, train=True,
                    public=True),
        double_case("forward and gradients", "fewer channels", 2, 5, 2, 3, 6),
        double_case("forward and gradients", "as many channels, in train mode", 4, 3, 3,
                    4, 6, train=True),
        double_case("forward and gradients", "one channel in, one row", 2, 1, 4, 1, 5),
        double_case("dtype and errors", "float32 stays float32", 2, 2, 4, 3, 5,
                    dtype="float32", public=True),
        no_channels("dtype and errors", "DoubleConv", "no channels in", c_in=0, c_out=2),
        no_channels("dtype and errors", "DoubleConv", "no channels out", c_in=2, c_out=0),
    ],
    explain=calls(double_calls),
    oracle=DoubleUnfolded,
    alternatives=[DoubleSequence, DoubleFunctional, DoubleUnfolded],
    mistakes=[
        Mistake("ReLU comes before the batch norm", double(forward=relu_first)),
        Mistake("there is no ReLU between the convolutions", double(forward=one_relu)),
        Mistake("there is no ReLU at the end", double(forward=no_last_relu)),
        Mistake("the batch norms are made and not used", double(forward=no_norm)),
        Mistake("the two batch norms are exchanged", double(forward=norms_exchanged)),
        Mistake("x is added to the result", double(forward=adds_x)),
        Mistake("the convolutions have biases", double(bias=True)),
        Mistake("the first convolution keeps the number of channels",
                double(mid=lambda i, o: i)),
        Mistake("there is no padding", double(padding=0)),
        Mistake("the attributes are not called bn1 and bn2",
                double(extra=rename, forward=renamed_forward)),
        Mistake("batch norm uses the running statistics in train mode, too",
                double(forward=frozen_norm)),
        Mistake("batch norm uses the statistics of the batch in eval mode, too",
                double(forward=training_norm)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                double(forward=detached)),
        Mistake("numbers of channels below 1 raise nothing", double(check=False)),
    ],
)  # fmt: skip

# ---- UNet ------------------------------------------------------------------


class Levels(nn.Module):
    """The parts of a U-Net; `forward` of another class puts them together."""

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        if min(c_in, num_classes, width, depth) < 1:
            raise ValueError("a number below 1")
        widths = [c_in] + [width << level for level in range(depth + 1)]
        self.head = nn.Conv2d(width, num_classes, 1)
        self.downs, self.ups, self.decs = (nn.ModuleList() for _ in range(3))
        for i in range(depth):
            self.downs.append(DoubleUnfolded(widths[i], widths[i + 1]))
            up = nn.ConvTranspose2d(widths[i + 2], widths[i + 1], 2, 2)
            self.ups.insert(0, up)
            self.decs.insert(0, DoubleFunctional(2 * widths[i + 1], widths[i + 1]))
        self.bottom = DoubleSequence(widths[depth], widths[depth + 1])

    def check(self, x):
        step = 2 ** len(self.downs)
        if x.ndim != 4 or x.shape[2] % step or x.shape[3] % step:
            raise ValueError("sizes that do not divide")


class NetRecursive(Levels):
    """A level is a function that calls the level below."""

    def forward(self, x):
        self.check(x)
        return self.head(self.level(x, 0))

    def level(self, x, i):
        depth = len(self.downs)
        if i == depth:
            return self.bottom(x)
        skip = self.downs[i](x)
        below = self.ups[depth - 1 - i](self.level(nn.MaxPool2d(2)(skip), i + 1))
        return self.decs[depth - 1 - i](torch.cat((skip, below), 1))


class NetIndexed(Levels):
    """Skips in a list, read by index; the maximum without a pooling."""

    def forward(self, x):
        self.check(x)
        maps = [self.downs[0](x)]
        for down in [*self.downs[1:], self.bottom]:
            N, C, H, W = maps[-1].shape
            tiles = maps[-1].view(N, C, H // 2, 2, W // 2, 2)
            maps.append(down(tiles.amax((3, 5))))
        y = maps[-1]
        for k, (up, dec) in enumerate(zip(self.ups, self.decs)):
            y = dec(torch.hstack([maps[-2 - k], up(y)]))
        return self.head(y)


class NetByMatrix(Levels):
    """Transposed convolutions and head as matrix products."""

    def forward(self, x):
        self.check(x)
        skips = []
        for down in self.downs:
            x = down(x)
            skips.insert(0, x)
            x = F.max_pool2d(x, kernel_size=2, stride=2)
        x = self.bottom(x)
        for skip, up, dec in zip(skips, self.ups, self.decs):
            tiles = torch.einsum("nchw,cuij->nuhiwj", x, up.weight)
            large = tiles.flatten(4, 5).flatten(2, 3) + up.bias[:, None, None]
            x = dec(torch.cat([skip, large], 1))
        y = torch.einsum("nchw,oc->nohw", x, self.head.weight[:, :, 0, 0])
        return y + self.head.bias[:, None, None]


def net(build=None, keep=lambda x: x, pool=F.max_pool2d, join=None, enlarge=None,
        order=lambda skips: skips[::-1], end=lambda y: y, check=True,
        begin=lambda x: x):  # fmt: skip
    """A wrong network. `build` changes the parts."""

    class UNet(Levels):
        def __init__(self, c_in, num_classes, width, depth):
            given = (c_in, num_classes, width, depth)
            super().__init__(*(given if check else (max(n, 1) for n in given)))
            if build:
                build(self, *given)

        def forward(self, x):
            if check:
                self.check(x)
            x, skips = begin(x), []
            for down in self.downs:
                x = down(x)
                skips.append(keep(x))
                x = pool(x, 2)
            x = self.bottom(x)
            for skip, up, dec in zip(order(skips), self.ups, self.decs):
                large = enlarge(x, up) if enlarge else up(x)
                x = dec(join(skip, large) if join else torch.cat([skip, large], 1))
            return end(self.head(x))

    return UNet


def ups_without_bias(self, *given):
    for up in self.ups:
        up.bias = None


def head_without_bias(self, *given):
    self.head.bias = None


def lists_reversed(self, *given):
    self.ups, self.decs = (nn.ModuleList(list(m)[::-1]) for m in (self.ups, self.decs))


def upwards(self, *given):
    """The same names as with lists_reversed, and the order put right again."""
    lists_reversed(self)
    self.ups, self.decs = Backwards(self.ups), Backwards(self.decs)


class Backwards(nn.ModuleList):
    """Is walked through from its end."""

    def __iter__(self):
        return reversed([self[k] for k in range(len(self))])


def equal_widths(self, c_in, num_classes, width, depth):
    """As many channels on each level."""
    self.downs = nn.ModuleList(
        DoubleFunctional(c_in if i == 0 else width, width) for i in range(depth)
    )
    self.bottom = DoubleFunctional(width, width)
    self.ups = nn.ModuleList(
        nn.ConvTranspose2d(width, width, 2, 2) for _ in range(depth)
    )
    self.decs = nn.ModuleList(DoubleFunctional(2 * width, width) for _ in range(depth))


def one_less(self, c_in, num_classes, width, depth):
    """The bottom does not double the channels."""
    n = width << (depth - 1)
    self.bottom = DoubleFunctional(n, n)
    self.ups[0] = nn.ConvTranspose2d(n, n, 2, 2)


def copies(x, up):
    """Copied pixels; the mean of the kernel mixes the channels."""
    mixed = torch.einsum("nchw,cu->nuhw", x, up.weight.mean((2, 3)))
    return F.interpolate(mixed + up.bias[:, None, None], scale_factor=2)


def net_errors():
    init = {"c_in": 1, "num_classes": 1, "width": 1, "depth": 1}
    wrong = [Call(({**init, name: 0}, None, [], None), {}, "module") for name in init]
    sizes = [(1, 1, 3, 2), (1, 1, 2, 3)]
    return wrong + [Call((init, None, [np.ones(s, "float32")], None), {}, "module")
                    for s in sizes]  # fmt: skip


def net_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(net_errors()))
    init = {"c_in": small(draw, 1, 2), "num_classes": small(draw, 1, 2),
            "width": small(draw, 1, 2), "depth": small(draw, 1, 2)}  # fmt: skip
    dtype, step = dtypes(draw), 2 ** init["depth"]
    N, H, W = small(draw, 1, 2), step, step * small(draw, 1, 2)
    weights = small_state(draw, solutions.UNet(**init), dtype)
    weights = {name: value if value.ndim == 0 else value / 8
               for name, value in weights.items()}  # fmt: skip
    x = array(draw, N, init["c_in"], H, W, dtype=dtype)
    dy = array(draw, N, init["num_classes"], H, W, dtype=dtype)
    train = {"train": True} if N > 1 and draw(st.booleans()) else {}
    return Call((init, weights, [x], dy), train, "module")


def net_case(group, label, init, N, H, W, dtype="float64", **options):
    """A case with drawn weights; init: c_in, num_classes, width, depth."""
    names = ("c_in", "num_classes", "width", "depth")
    weights = drawn_state(solutions.UNet(*init), dtype)
    x, dy = (normal(N, c, H, W, dtype=dtype) for c in init[:2])
    init = dict(zip(names, init))
    return case(group, label, init, weights, [x], dy, caller="module", **options)


def net_error(label, *init, x=None, **options):
    names = ("c_in", "num_classes", "width", "depth")
    inputs = [] if x is None else [normal(*x, dtype="float32")]
    return case("sizes, dtype and errors", label, dict(zip(names, init)), None, inputs,
                None, caller="module", **options)  # fmt: skip


UNet = Exercise(
    solutions.UNet,
    minutes=35,
    difficulty="challenge",
    groups=[
        Group("forward and gradients", 4,
              "With given weights: output, gradients, statistics, names."),
        Group("sizes, dtype and errors", 1,
              "float32; numbers below 1; sizes that do not divide."),
    ],
    cases=[
        net_case("forward and gradients", "one pooling", (2, 3, 2, 1), 2, 4, 6,
                 public=True),
        net_case("forward and gradients", "two poolings, in train mode", (1, 2, 3, 2),
                 3, 8, 12, train=True, public=True),
        net_case("forward and gradients", "two poolings", (3, 2, 2, 2), 2, 4, 8),
        net_case("forward and gradients", "three poolings", (2, 4, 1, 3), 2, 16, 8),
        net_case("forward and gradients", "one pooling, in train mode", (3, 1, 4, 1), 2,
                 6, 4, train=True),
        net_case("sizes, dtype and errors", "float32 stays float32", (2, 3, 2, 1), 2, 4, 2,
                 dtype="float32"),
        net_error("five rows and one pooling", 1, 1, 2, 1, x=(1, 1, 5, 4), public=True),
        net_error("six columns and two poolings", 1, 1, 2, 2, x=(1, 1, 8, 6)),
        net_error("no channels in", 0, 1, 2, 1),
        net_error("no classes", 1, 0, 2, 1),
        net_error("width 0", 1, 1, 0, 1),
        net_error("depth 0", 1, 1, 2, 0),
    ],
    explain=calls(net_calls),
    oracle=NetRecursive,
    alternatives=[NetRecursive, NetIndexed, NetByMatrix],
    mistakes=[
        Mistake("what comes from below stands before the skip", net(
            join=lambda skip, up: torch.cat([up, skip], 1))),
        Mistake("the skips are left out", net(
            join=lambda skip, up: torch.cat([torch.zeros_like(skip), up], 1))),
        Mistake("the skips are added to what comes from below", net(
            join=lambda skip, up: torch.cat([skip + up, up], 1))),
        Mistake("the skips carry no gradient", net(keep=lambda x: x.detach())),
        Mistake("pooling takes means instead of maxima", net(pool=F.avg_pool2d)),
        Mistake("every second pixel is taken instead of the maximum", net(
            pool=lambda x, k: x[:, :, ::2, ::2])),
        Mistake("the maps are enlarged by copying pixels", net(enlarge=copies)),
        Mistake("a sigmoid follows the head", net(end=torch.sigmoid)),
        Mistake("a ReLU follows the head", net(end=torch.relu)),
        Mistake("ups and decs are listed from the top to the bottom", net(upwards)),
        Mistake("the transposed convolutions have no bias", net(ups_without_bias)),
        Mistake("the head has no bias", net(head_without_bias)),
        Mistake("all levels have the same width", net(equal_widths)),
        Mistake("the bottom does not double the channels", net(one_less)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                net(begin=lambda x: x.detach())),
        Mistake("bad arguments raise nothing", net(check=False)),
    ],
)  # fmt: skip

# ---- train_segmenter -------------------------------------------------------

SEEN, NEW, SIDE = 128, 100, 24


def outlines(rng, count):
    """Noisy images (count, 1, SIDE, SIDE) of outlines, and what is inside."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    masks = np.zeros((count, SIDE, SIDE), bool)
    for mask in masks:
        for _ in range(rng.integers(1, 3)):
            (y, x), radius = rng.uniform(6, SIDE - 6, 2), rng.uniform(4, 7)
            bumps, turn, height = (
                rng.integers(2, 5),
                rng.uniform(0, 6),
                rng.uniform(0, 0.25),
            )
            angle = np.arctan2(rows - y, columns - x)
            reach = radius * (1 + height * np.cos(bumps * angle + turn))
            mask |= np.hypot(rows - y, columns - x) < reach
    framed = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    inner = framed[:, :-2, 1:-1] & framed[:, 2:, 1:-1]
    inner &= framed[:, 1:-1, :-2] & framed[:, 1:-1, 2:]
    noise = 0.35 * rng.standard_normal(masks.shape)
    images = ((masks & ~inner) + noise)[:, None].astype("float32")
    return images, masks


def outlines_to_fill(rng):
    """Arguments of train_segmenter with new images, and their masks."""
    images, masks = outlines(rng, SEEN + NEW)
    seed = int(rng.integers(2**31))
    given = (images[:SEEN], masks[:SEEN], 10, seed, [images[SEEN:]])
    return given, masks[SEEN:]


def fit(model, images, masks, epochs, step=True, loss=None, lr=1e-2):
    """Train a network much as the reference trains its own."""
    x, t = torch.as_tensor(images), torch.as_tensor(masks[:, None]).float()
    optimiser = torch.optim.AdamW(model.parameters(), lr)
    for _ in range(epochs):
        for some in torch.randperm(len(x)).split(16):
            value = (loss or F.binary_cross_entropy_with_logits)(
                model(x[some]), t[some]
            )
            optimiser.zero_grad()
            value.backward()
            if step:
                optimiser.step()
    return model


def soft_dice(logits, t):
    q = torch.sigmoid(logits).flatten(1)
    t = t.flatten(1)
    return 1 - ((2 * (q * t).sum(1) + 1) / ((q + t).sum(1) + 1)).mean()


def segmenter_by_dice(images, masks, epochs, seed, report=None):
    solutions.check_rank(images, "images", 4, "(N, 1, H, W)")
    solutions.check_same(images, masks[:, None], ("images", "masks"))
    solutions.check_least(1, epochs=epochs)
    torch.manual_seed(seed)
    return fit(NetRecursive(1, 1, 8, 2), images, masks, epochs, loss=soft_dice)


def segmenter(model, epochs=None, masks=lambda masks: masks, **options):
    """A broken network."""

    def train_segmenter(images, given, rounds, seed, report=None):
        torch.manual_seed(seed)
        rounds = rounds if epochs is None else epochs
        return fit(model(), images, masks(given), rounds, **options)

    return train_segmenter


def shuffled(masks):
    return masks[torch.randperm(len(masks)).numpy()]


def without_skips():
    return net(join=lambda skip, up: torch.cat([torch.zeros_like(skip), up], 1))(
        1, 1, 8, 2
    )


def without_poolings():
    return nn.Sequential(DoubleSequence(1, 8), nn.Conv2d(8, 1, 1))


def whole():
    return NetRecursive(1, 1, 8, 2)


train_segmenter = Exercise(
    solutions.train_segmenter,
    minutes=30,
    difficulty="challenge",
    groups=[
        Group("new outlines", 4, "Which pixels are inside, in unseen images."),
    ],
    cases=[
        trained("new outlines", "outlines that it has not seen", outlines_to_fill, "IoU",
                0.91, public=True),
        trained("new outlines", "other outlines, another seed", outlines_to_fill, "IoU",
                0.91),
        case("new outlines", "images without the axis of channels", normal(5, 8, 12),
             mask(5, 8, 12), 1, 0),
        case("new outlines", "more masks than images", normal(5, 1, 8, 12),
             mask(6, 8, 12), 1, 0),
        case("new outlines", "no epochs", normal(5, 1, 8, 12), mask(5, 8, 12), 0, 0),
    ],
    seconds=30.0,
    alternatives=[segmenter_by_dice],
    mistakes=[
        Mistake("the network is not trained", segmenter(whole, epochs=0)),
        Mistake("the optimiser takes no steps", segmenter(whole, epochs=1, step=False)),
        Mistake("the masks are shuffled apart from the images",
                segmenter(whole, epochs=4, masks=shuffled)),
        Mistake("inside and outside are exchanged",
                segmenter(whole, epochs=4, masks=np.logical_not)),
        Mistake("the contracting path is left out, so that no pixel sees further than "
                "two convolutions", segmenter(without_poolings)),
        Mistake("the skips are left out, so that the borders are guessed",
                segmenter(without_skips)),
    ],
)  # fmt: skip
