"""Reference answers of the chapter `dropout`.

N batch, C channels, H, W image, I input channels, O output channels,
kh, kw kernel. p is the probability of dropping, everywhere.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; {rank} axes {layout} "
            "were expected"
        )


def check_shape(array, name, shape, layout):
    """Raise ValueError unless `array` has this shape."""
    if array.shape != shape:
        raise ValueError(
            f"{name} has shape {array.shape}; {shape}, that is {layout}, "
            "was expected"
        )


def check_probability(p):
    """Raise ValueError unless p is a number from 0 to 1."""
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}; a number from 0 to 1 was expected")


def check_block(block, most=None):
    """Raise ValueError unless block is at least 1, and at most `most`."""
    if block < 1:
        raise ValueError(f"block is {block}; at least 1 was expected")
    if most is not None and block > most:
        raise ValueError(
            f"block is {block}; at most {most}, so that a square fits into "
            "the map, was expected"
        )


def dropout(x, u, p, training):
    """Drop single elements, and scale those that are kept.

    x: array of any shape; u: array with the shape of x, numbers from 0 to
    below 1, one decision an element; p: probability of dropping, from 0 to
    1; training: bool.

    Returns y: the shape and dtype of x. In training an element is kept
    where its u is at least p, and divided by 1 - p; all others are zero.
    p = 1 gives zeros. Out of training y is x.
    Raises ValueError if p is outside 0 to 1, or if u does not have the
    shape of x.
    Source: Srivastava et al. (2014), section 10.
    """
    check_probability(p)
    check_shape(u, "u", x.shape, "the shape of x")
    ### BEGIN SOLUTION
    if not training:
        return x
    y, keep = np.zeros_like(x), u >= p
    y[keep] = x[keep] / (1 - p)
    return y
    ### END SOLUTION


def dropout_channels(x, u, p, training):
    """Drop whole maps, and scale those that are kept.

    x: (N, C, H, W) maps; u: (N, C), numbers from 0 to below 1, one decision
    for each channel of each image; p: probability of dropping, from 0 to 1;
    training: bool.

    Returns y: the shape and dtype of x. In training the map of channel c of
    image n is kept where u[n, c] is at least p, and divided by 1 - p; all
    others are zero. p = 1 gives zeros. Out of training y is x.
    Raises ValueError if x does not have four axes, if p is outside 0 to 1,
    or if u is not of shape (N, C).
    Source: Tompson et al. (2015).
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_probability(p)
    check_shape(u, "u", x.shape[:2], "(N, C)")
    ### BEGIN SOLUTION
    if not training:
        return x
    y, maps = np.zeros_like(x), u >= p  # maps (N, C) picks (…, H, W)
    y[maps] = x[maps] / (1 - p)
    return y
    ### END SOLUTION


def drop_kernel(w, u, p, training):
    """Drop single taps of the kernels, and scale those that are kept.

    w: (O, I, kh, kw) kernels; u: array with the shape of w, numbers from 0
    to below 1, one decision a tap, for all images and places at once;
    p: probability of dropping, from 0 to 1; training: bool.

    Returns kernels: the shape and dtype of w, for a convolution to use
    instead of w. In training a tap is kept where its u is at least p, and
    divided by 1 - p; all others are zero. p = 1 gives zeros. Out of training
    they are w.
    Raises ValueError if w does not have four axes, if p is outside 0 to 1,
    or if u does not have the shape of w.
    Source: Wan et al. (2013), there for layers without convolution.
    """
    check_rank(w, "w", 4, "(O, I, kh, kw)")
    check_probability(p)
    check_shape(u, "u", w.shape, "the shape of w")
    ### BEGIN SOLUTION
    if not training:
        return w
    kernels, taps = np.zeros_like(w), u >= p
    kernels[taps] = w[taps] / (1 - p)
    return kernels
    ### END SOLUTION


def dropblock_gamma(p, block, h, w):
    """How often a square has to be seeded, so that about p is dropped.

    p: share of the map that is to be dropped, from 0 to 1; block: height and
    width of the square that a seed drops; h, w: height and width of the map.
    Seeds stand only where their square lies inside the map.

    Returns gamma, a float: the probability of a seed at each such place, for
    which the areas of all squares add up to p * h * w on average. Squares
    that overlap are counted as if they did not.
    Raises ValueError if p is outside 0 to 1, if block is below 1, or if
    block is larger than h or w.
    Source: Ghiasi, Lin and Le (2018), equation 1.
    """
    check_probability(p)
    check_block(block, min(h, w))
    ### BEGIN SOLUTION
    places = (h - block + 1) * (w - block + 1)
    return p * h * w / (block**2 * places)
    ### END SOLUTION


def dropblock_mask(seeds, block):
    """The places that are left when every seed drops a square.

    seeds: (N, C, H - block + 1, W - block + 1) of dtype bool; True drops the
    square of block x block places whose top left corner is there;
    block: int.

    Returns kept: (N, C, H, W) of dtype bool; True where no square lies.
    Raises ValueError if seeds does not have four axes, or if block is below
    1.
    Source: Ghiasi, Lin and Le (2018), algorithm 1.
    """
    check_rank(seeds, "seeds", 4, "(N, C, H - block + 1, W - block + 1)")
    check_block(block)
    N, C, rows, columns = seeds.shape
    H, W = rows + block - 1, columns + block - 1
    ### BEGIN SOLUTION
    kept = np.ones((N, C, H, W), bool)
    for i in range(block):
        for j in range(block):
            # The place (i, j) of all squares at once.
            kept[:, :, i : i + rows, j : j + columns] &= ~seeds
    return kept
    ### END SOLUTION


def dropblock(x, seeds, block, training):
    """Drop squares of the maps, and scale what is kept.

    x: (N, C, H, W) maps; seeds: (N, C, H - block + 1, W - block + 1) of
    dtype bool, as for dropblock_mask; block: int, height and width of a
    square; training: bool.

    Returns y: the shape and dtype of x. In training all places under a
    square are zero. The others are multiplied by the number of elements of x
    over the number of those that are kept, both counted over the whole
    array. If none is kept, y is zero. Out of training y is x.
    Raises ValueError if x does not have four axes, if block is below 1 or
    larger than H or W, or if seeds does not have the shape above.
    Source: Ghiasi, Lin and Le (2018), algorithm 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    check_block(block, min(H, W))
    places = (N, C, H - block + 1, W - block + 1)
    layout = "(N, C, H - block + 1, W - block + 1)"
    check_shape(seeds, "seeds", places, layout)
    ### BEGIN SOLUTION
    if not training:
        return x
    y, kept = np.zeros_like(x), dropblock_mask(seeds, block)
    y[kept] = x[kept] / kept.mean()
    return y
    ### END SOLUTION


class DropBlock2d(nn.Module):
    """DropBlock as a layer that draws its own seeds.

    p: share that is to be dropped, from 0 to 1; block: int, height and width
    of a square. The layer has no parameters.

    forward(x): x (N, C, H, W) gives y of the same shape and dtype, through
    which gradients flow. In training seeds are drawn with exactly one call
    torch.rand(N, C, H - block + 1, W - block + 1), without a dtype or a
    generator; there is a seed where the number is below the gamma of
    dropblock_gamma. Then as dropblock: places under a square are zero, the
    others are scaled by the number of all over the number of kept elements,
    and y is zero if none is kept. Out of training y is x.
    Raises ValueError if p is outside 0 to 1 or block is below 1; forward, if
    x does not have four axes, or block is larger than H or W.
    Source: Ghiasi, Lin and Le (2018), algorithm 1.
    """

    def __init__(self, p, block):
        super().__init__()
        check_probability(p)
        check_block(block)
        self.p = p
        self.block = block

    def forward(self, x):
        check_rank(x, "x", 4, "(N, C, H, W)")
        N, C, H, W = x.shape
        check_block(self.block, min(H, W))
        ### BEGIN SOLUTION
        if not self.training:
            return x
        b = self.block
        gamma = dropblock_gamma(self.p, b, H, W)
        seeds = torch.rand(N, C, H - b + 1, W - b + 1) < gamma
        # A place is dropped if there is a seed among the b x b above and
        # left of it: the maximum over a window.
        around = F.pad(seeds.to(x.dtype), (b - 1, b - 1, b - 1, b - 1))
        kept = 1 - F.max_pool2d(around, b, stride=1)  # (N, C, H, W)
        return x * kept / (kept.mean().item() or 1)
        ### END SOLUTION
