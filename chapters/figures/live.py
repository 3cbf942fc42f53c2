"""Still pictures of the live figures, for print and without JavaScript.

`still_<name>(reference)` draws the live figure <name> in its first state; the
site's build calls it with the chapter's references. `tables.py` has their tables.
"""

from __future__ import annotations

from itertools import permutations
from types import ModuleType
from typing import Any

import numpy as np
import torch
from matplotlib import rc_context
from matplotlib.figure import Figure

from convnets.palette import INPUT
from figures import (
    attention,
    convolution,
    depthwise,
    dropout,
    factorised,
    fast_convolution,
    graph_networks,
    kernel_size,
    max_pooling,
    pooling,
    resnet,
    separable,
    shufflenet,
    states,
    transposed,
    unet,
    upsampling,
)
from figures.style import SETTINGS


def still_convolution_window(reference: ModuleType) -> Figure:
    """The window at the first output, stride 1, no padding."""
    y = reference.conv2d(states.image()[None, None], states.kernel()[None, None])[0, 0]
    with rc_context(SETTINGS):
        return convolution.window(states.image(), states.kernel(), y, (0, 0))


def still_depthwise_groups(reference: ModuleType) -> Figure:
    """The wires of six channels in one, two and six groups."""
    channel = np.arange(6)
    layers = {
        f"{groups} group{'s' * (groups > 1)}": np.equal.outer(
            channel * groups // 6, channel * groups // 6
        )
        for groups in (1, 2, 6)
    }
    with rc_context(SETTINGS):
        return depthwise.wires(layers)


def still_transposed_overlap(reference: ModuleType) -> Figure:
    """Stamps of six pixels: kernel and stride as in the first state, and even."""
    rows = [{"n": 6, "k": k, "stride": 2} for k in (3, 4)]
    with rc_context(SETTINGS):
        return transposed.overlaps(rows, reference.overlap_count)


def still_kernel_order(reference: ModuleType) -> Figure:
    """The weights of 7, 5 and 3 in each order, where channels double."""
    weights = {
        "-".join(map(str, kernels)): reference.stack_cost(
            kernels, [16, 32, 64, 128], 64, 64
        )["params"]
        for kernels in permutations([7, 5, 3])
    }
    with rc_context(SETTINGS):
        return kernel_size.orders(weights)


def still_separable_rank(reference: ModuleType) -> Figure:
    """The edge kernels with one filter."""
    w = states.separable_layers()["edges"]
    w_dw, w_pw = reference.separable_svd(w, 1)
    again = reference.merge_separable(w_dw, w_pw)
    with rc_context(SETTINGS):
        return separable.rebuilt(w[:, 0], w_dw[0], again[:, 0])


def still_factorised_pairs(reference: ModuleType) -> Figure:
    """Stripes at 45 degrees, one pair, and what both see of rings."""
    kernel = factorised.stripes(45, 9, 3.6)
    col, row, _ = reference.rank1(kernel)
    kernels = torch.from_numpy(np.stack([kernel, col @ row]))[:, None]
    image = torch.from_numpy(factorised.rings(53, 3.6))[None, None]
    whole, pair = torch.conv2d(image, kernels)[0].numpy()
    with rc_context(SETTINGS):
        return factorised.compared({"45°": (kernel, col @ row)}, {"45°": (whole, pair)})


def still_max_pooling_routes(reference: ModuleType) -> Figure:
    """The gradient of ones behind windows of 3 x 3, stride 2 and padding 1."""
    x = states.routed()[None, None]
    y, places = reference.max_pool2d(x, 3, 2, padding=1)
    dx = reference.max_pool2d_backward(np.ones_like(y), places, x.shape)
    with rc_context(SETTINGS):
        return max_pooling.handed(
            states.routed(), dx[0, 0], np.ones(y.shape[2:]), places[0, 0]
        )


def still_dropout_masks(reference: ModuleType) -> Figure:
    """Three maps with squares, at the p and block of the first state."""
    rng = np.random.default_rng(1)
    gamma = reference.dropblock_gamma(0.2, 3, 10, 12)
    kept = reference.dropblock_mask(rng.random((1, 3, 8, 10)) < gamma, 3)[0]
    with rc_context(SETTINGS):
        return dropout.ways({"squares of 3,\np = 0.2": (kept, INPUT)})


def still_upsampling_difference(reference: ModuleType) -> Figure:
    """The picture, its copies after it was made smaller, and what they miss."""
    picture = states.face()
    y = reference.upsample_nearest(states.halved(picture), 2)[0, 0]
    shown = {"the picture": picture, "smaller, and copied": y}
    shown["difference"] = y - picture
    with rc_context(SETTINGS):
        return upsampling.pictures({"": shown})


def still_fast_convolution_matrix(reference: ModuleType) -> Figure:
    """A kernel of 2 x 3, its matrix for 5 x 6 pixels, and one row of it."""
    kernel = np.arange(1.0, 7).reshape(2, 3)
    T = reference.conv_as_matrix(kernel, 5, 6)
    with rc_context(SETTINGS):
        return fast_convolution.pattern(kernel, T, (5, 6), 5, 14)


def still_pooling_shift(reference: ModuleType) -> Figure:
    """The edge of the first state, before and after it moved by a pixel."""
    x = states.moved_edge((0, 1))
    rows = states.pooled(reference, x)
    with rc_context(SETTINGS):
        return pooling.rows_of_bars(x[:, 0, 0], rows)


def still_attention_patches(reference: ModuleType) -> Figure:
    """A three in patches of 2 x 2, and where one patch attends, at two positions."""
    settings = {"no positions": 0, "positions": 1}
    shares = {name: states.attended(reference, size) for name, size in settings.items()}
    with rc_context(SETTINGS):
        return attention.looking(states.three(), shares, (1, 2), 2)


def data_unet_skips(reference: ModuleType) -> dict[str, Any]:
    """The weights of a small trained network, and pictures for it."""
    return unet.network()


def still_unet_skips(reference: ModuleType) -> Figure:
    """The first picture, and what the network finds in it with all skips."""
    given = unet.network()
    image = np.array(given["images"][0]).reshape(24, 24)
    mask = np.array([digit == "1" for digit in given["masks"][0]]).reshape(24, 24)
    chance = unet.whole_network(given["layers"], image)
    with rc_context(SETTINGS):
        return unet.live_state(image, chance, chance > 0.5, mask)


def still_graph_networks_hops(reference: ModuleType) -> Figure:
    """From whom member 16 of the karate club hears in two layers."""
    pairs, steps = graph_networks.MET[:, :2], states.layers_between(reference)[16]
    with rc_context(SETTINGS):
        return graph_networks.hops(graph_networks.CLUB, pairs, 16, steps, 2)


def still_shufflenet_wires(reference: ModuleType) -> Figure:
    """Twelve channels in three groups: two layers, and a shuffle between them."""
    conv, shuffle = ("conv", 3), ("shuffle", 3)
    panels = {
        name: (layers, reference.reach(layers, 12))
        for name, layers in {
            "no shuffle": [conv, conv],
            "a shuffle": [conv, shuffle, conv],
        }.items()
    }
    with rc_context(SETTINGS):
        return shufflenet.stacks(panels, output=4)


def still_resnet_depth(reference: ModuleType) -> Figure:
    """The gradient on its way through 24 layers, with each choice of parts."""
    left = {
        "neither, weights half as large": resnet.way_back(0.5, False, False),
        "shortcuts": resnet.way_back(1, True, False),
        "normalisation": resnet.way_back(1, False, True),
        "both": resnet.way_back(1, True, True),
    }
    with rc_context(SETTINGS):
        return resnet.comes_back(left)
