"""Tables of what the live figures show, for print and without JavaScript.

`table_<name>(reference)` has the numbers from which one learns what the live figure
<name> shows; the site's build calls it with the chapter's references. It returns
the columns by their headers, the first of which names the rows; its docstring is
the table's caption.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise, permutations
from types import ModuleType

import numpy as np
import torch
import torch.nn.functional as F

from figures import factorised, resnet, states, unet

Table = dict[str, Sequence[str | float]]
GROUPS = (1, 2, 3, 4, 6, 12)  # into which 12 channels can be divided


def _of_rows(headers: str, rows: Iterable[Sequence[str | float]]) -> Table:
    """The table of some rows; headers are apart by |."""
    columns = zip(*rows, strict=True)
    return dict(zip(headers.split(" | "), columns, strict=True))


def table_convolution_window(reference: ModuleType) -> Table:
    """A kernel of 3 × 3 on 7 × 9 pixels, and one setting changed at a time."""
    x, w = states.image()[None, None], states.kernel()[None, None]
    settings: dict[str, dict[str, int]] = {"stride 1, padding 0, dilation 1": {}}
    changes = {"stride": (2, 3), "padding": (1, 2), "dilation": (2, 3)}
    for name, values in changes.items():
        settings |= {f"{name} {value}": {name: value} for value in values}
    rows = []
    for name, setting in settings.items():
        y = reference.conv2d(x, w, **setting)[0, 0]
        dilation = setting.get("dilation", 1)
        # A window can start wherever what it spans fits in.
        span = 10 - reference.output_size(9, 3, dilation=dilation)
        rows.append((name, *y.shape, y.size, span, y[0, 0]))
    headers = "Setting | Output rows | Output columns | Windows"
    return _of_rows(headers + " | Width of a window (pixels) | First output", rows)


def table_depthwise_groups(reference: ModuleType) -> Table:
    """12 channels become 12, with kernels of 3 × 3 and 32 × 32 output pixels."""
    costs = [reference.conv_cost(12, 12, 3, 32, 32, groups=g) for g in GROUPS]
    wires = [reference.conv_cost(12, 12, 1, 1, 1, groups=g)[0] for g in GROUPS]
    return {
        "Groups": GROUPS,
        "Inputs that an output sees": [count // 12 for count in wires],
        "Parameters": [params for params, _ in costs],
        "MACs": [macs for _, macs in costs],
        "Share of one group’s (%)": [100 * macs / costs[0][1] for _, macs in costs],
    }


def table_dropout_masks(reference: ModuleType) -> Table:
    """Shares of maps of 10 × 12 that squares drop when 20 % are asked for."""
    rng, rows = np.random.default_rng(1), []
    for block in (1, 2, 3, 5, 7):
        places = (11 - block, 13 - block)
        gamma = reference.dropblock_gamma(0.2, block, 10, 12)
        alone = np.eye(places[0] * places[1], dtype=bool).reshape(-1, 1, *places)
        # How many seeds could drop a place.
        seeds = (~reference.dropblock_mask(alone, block)).sum(axis=(0, 1))
        chance = 1 - (1 - gamma) ** seeds
        drawn = reference.dropblock_mask(rng.random((20, 3, *places)) < gamma, block)
        dropped = 1 - drawn.mean(axis=(1, 2, 3))
        shares = [gamma, chance.mean(), chance[0, 0], chance[4, 5]]
        shares += [dropped.min(), dropped.max()]
        rows.append((block, *(100 * share for share in shares)))
    headers = "Side of a square | Gamma (%) | Dropped on average (%) | In a corner (%)"
    headers += " | In the middle (%) | Least in 20 draws (%) | Most in 20 draws (%)"
    return _of_rows(headers, rows)


def table_factorised_pairs(reference: ModuleType) -> Table:
    """Energy of stripes that the best pairs keep, for a kernel of 9 × 9."""
    table: Table = {"Pairs": (1, 2, 3)}
    table["Numbers instead of 81"] = [2 * 9 * pairs for pairs in (1, 2, 3)]
    for angle in (0, 15, 30, 45, 90):
        kept = reference.rank_energy(factorised.stripes(angle, 9, 3.6))[:3]
        table[f"Energy kept at {angle}° (%)"] = [100 * share for share in kept]
    return table


def table_fast_convolution_matrix(reference: ModuleType) -> Table:
    """The matrices of kernels on 5 × 6 pixels."""
    rows = []
    for kh, kw in ((1, 1), (1, 3), (2, 3), (3, 3), (4, 5), (5, 6)):
        filled = reference.conv_as_matrix(np.ones((kh, kw)), 5, 6) != 0
        (in_row,) = set(filled.sum(axis=1))
        in_column = filled.sum(axis=0)
        counts = (*filled.shape, in_row, in_column.min(), in_column.max())
        rows.append((f"{kh} × {kw}", *counts, 100 * (1 - filled.mean())))
    headers = "Kernel | Matrix rows | Matrix columns | Entries in a row"
    headers += " | Fewest in a column | Most in a column | Zeros (%)"
    return _of_rows(headers, rows)


def table_graph_networks_hops(reference: ModuleType) -> Table:
    """From how many of the club’s 34 members one hears, itself included."""
    steps = states.layers_between(reference)
    table: Table = {"Layers": range(6)}
    members = {"Member 16": 16, "The instructor, 0": 0, "The president, 33": 33}
    for name, member in members.items():
        table[name] = [(steps[member] <= layers).sum() for layers in range(6)]
    return table


def table_kernel_order(reference: ModuleType) -> Table:
    """Three layers that double the channels from 16 on, for 64 × 64 pixels."""
    widths, rows = (16, 32, 64, 128), []
    for kernels in permutations((7, 5, 3)):
        cost = reference.stack_cost(kernels, widths, 64, 64)
        parts = zip(kernels, pairwise(widths), (32, 16, 8), strict=True)
        halving = sum(reference.stack_cost([k], c, n, n)["macs"] for k, c, n in parts)
        field, _ = reference.receptive_field([(k, 2, 1) for k in kernels])
        order = "-".join(map(str, kernels))
        rows.append((order, cost["params"], cost["macs"], cost["rf"], halving, field))
    headers = "Order | Weights | MACs, stride 1 | Field, stride 1 (pixels)"
    return _of_rows(headers + " | MACs, stride 2 | Field, stride 2 (pixels)", rows)


def table_max_pooling_routes(reference: ModuleType) -> Table:
    """Where each output’s gradient of 1 goes: windows of 3, stride 2, padding 1."""
    x = states.routed()[None, None]
    y, places = reference.max_pool2d(x, 3, 2, padding=1)
    dx = reference.max_pool2d_backward(np.ones_like(y), places, x.shape)
    rows = [
        (f"[{i}, {j}]", y[0, 0, i, j], *divmod(place, x.shape[3]), dx.flat[place])
        for (i, j), place in np.ndenumerate(places[0, 0])
    ]
    headers = "Output | Its maximum | Row of its pixel | Column of its pixel"
    return _of_rows(headers + " | Gradient of that pixel", rows)


def table_pooling_shift(reference: ModuleType) -> Table:
    """Outputs at the two ends of an edge, before and after it moved by a pixel."""
    rows = []
    poolings = states.pooled(reference, states.moved_edge((0, 1, 2)))
    for name, (y, one, two) in poolings.items():
        moves = (one, np.roll(two, -1))  # two pixels are one place of the output
        changes = [100 * np.abs(y - now).mean() / np.abs(y).mean() for now in moves]
        rows.append((name, y[4], one[4], y[9], one[9], *changes))
    headers = "Pooling | y[4] before | y[4] after | y[9] before | y[9] after"
    headers += " | Change (%) | Change by two pixels, moved back (%)"
    return _of_rows(headers, rows)


def table_attention_patches(reference: ModuleType) -> Table:
    """To which patches of 2 × 2 the one in row 1, column 2 of the three attends."""
    rows = []
    for setting in ((0, 0.1), (1, 0.1), (1, 0.05), (1, 5), (0, 5)):
        weights = states.attended(reference, *setting)
        own, near = weights[1, 2], weights[:3, 1:].sum()
        shares = [100 * share for share in (own, near - own, 1 - near, weights.min())]
        rows.append((*setting, *shares, -np.sum(weights * np.log2(weights))))
    headers = "Positions | Temperature | To itself (%) | To its 8 neighbours (%)"
    headers += " | To the other 7 (%) | Smallest weight (%) | Entropy, of 4 (bits)"
    return _of_rows(headers, rows)


def table_unet_skips(reference: ModuleType) -> Table:
    """What the trained network gets wrong with and without its skips."""
    given = unet.network()
    images = [np.array(image).reshape(24, 24) for image in given["images"]]
    masks = np.array([[digit == "1" for digit in mask] for mask in given["masks"]])
    masks = masks.reshape(-1, 24, 24)
    inside = torch.from_numpy(masks).double()[:, None]
    most, least = (s * F.max_pool2d(s * inside, 3, 1, 1)[:, 0].numpy() for s in (1, -1))
    near, rows = most != least, []  # a pixel around is on the other side
    names = {"both": (True, True), "upper only": (True, False)}
    names |= {"lower only": (False, True), "none": (False, False)}
    for name, keep in names.items():
        chances = [unet.whole_network(given["layers"], image, keep) for image in images]
        found = np.stack(chances) > 0.5
        at_border, elsewhere = (found != masks) & near, (found != masks) & ~near
        first = (at_border[0].sum(), elsewhere[0].sum())
        score = reference.iou(found[0], masks[0])
        rows.append((name, score, *first, at_border.sum(), elsewhere.sum()))
    headers = "Skips | IoU, picture 1 | Wrong at the border (pixels) | Wrong elsewhere"
    return _of_rows(headers + " | Border, all 4 pictures | Elsewhere, all 4", rows)


def table_separable_rank(reference: ModuleType) -> Table:
    """Errors of twelve kernels of 5 × 5 that are rebuilt from filters they share."""
    layers, rows = states.separable_layers(), []
    for rank in (1, 2, 3, 4, 6, 8, 9, 12):
        errors = []
        for w in layers.values():
            w_dw, w_pw = reference.separable_svd(w, rank)
            lost = reference.merge_separable(w_dw, w_pw) - w
            errors.append(round(100 * np.linalg.norm(lost) / np.linalg.norm(w), 6))
        weights = w_dw.size + w_pw.size
        rows.append((rank, weights, 100 * weights / w.size, *errors))
    headers = "Filters | Weights | Share of the dense layer’s (%)"
    return _of_rows("".join([headers, *(f" | Error, {n} (%)" for n in layers)]), rows)


def table_shufflenet_wires(reference: ModuleType) -> Table:
    """How many of 12 inputs an output sees through three grouped layers."""
    weights = [3 * reference.reach([("conv", g)], 12).sum() for g in GROUPS]
    table: Table = {"Groups": GROUPS, "Weights, kernels 1 × 1": weights}
    for shuffles, name in enumerate(("no shuffle", "one shuffle", "two shuffles")):
        stacks = (
            [("conv", g), ("shuffle", g)] * shuffles + [("conv", g)] * (3 - shuffles)
            for g in GROUPS
        )
        seen = [reference.reach(layers, 12).sum(axis=1).mean() for layers in stacks]
        table[f"Inputs seen, {name}"] = seen
    return table


def table_transposed_overlap(reference: ModuleType) -> Table:
    """Sums of a row of ones, away from its ends; even if least and most are equal."""
    x, rows = np.ones((1, 1, 1, 24)), []
    for k in range(1, 7):
        w = np.minimum(np.arange(k) + 1, k - np.arange(k))[None, None, None]
        y = reference.conv_transpose2d(x, w, stride=(1, 2))[0, 0, 0]
        counts = [(reference.overlap_count(24, k, stride), stride) for stride in (2, 3)]
        periods = [y[len(y) // 2 :][:stride] for y, stride in [*counts, (y, 2)]]
        rows.append((k, *(end for y in periods for end in (y.min(), y.max()))))
    ways = ("equal weights, stride 2", "stride 3", "triangle, stride 2")
    ends = [f"{end}, {way}" for way in ways for end in ("Least", "Most")]
    return _of_rows(" | ".join(["Taps", *ends]), rows)


def table_resnet_depth(reference: ModuleType) -> Table:
    """Size of the gradient that comes back through 24 layers, for one draw."""
    table: Table = {"Behind layer": range(0, 25, 4)}
    table["Neither"] = resnet.way_back(1, False, False)[::2]
    table["Neither, weights half as large"] = resnet.way_back(0.5, False, False)[::2]
    table["Shortcuts"] = resnet.way_back(1, True, False)[::2]
    table["Normalisation"] = resnet.way_back(1, False, True)[::2]
    table["Both"] = resnet.way_back(1, True, True)[::2]
    return table


def table_upsampling_difference(reference: ModuleType) -> Table:
    """The photograph and the slope at half their size, made large again."""
    kernels = {
        "": np.pad([[1.0]], 1),
        ", smooth": np.outer([1, 2, 1], [1, 2, 1]) / 16,
        ", sharpen": np.outer([-1, 4, -1], [-1, 4, -1]) / 4,
        ", random": np.array([[3, -1, 2], [1, 4, -2], [-1, 3, 1]]) / 10,
    }
    pictures = np.stack([states.face(), np.tile(4.0 + 8 * np.arange(32), (32, 1))])
    small, rows = np.concatenate([states.halved(p) for p in pictures]), []
    for way in ("nearest", "bilinear"):
        large = getattr(reference, f"upsample_{way}")(small, 2)
        for name, w in kernels.items():
            y = reference.resize_conv2d(large, w[None, None], 1)[:, 0]
            # Away from the border, where the padding is felt.
            lost, slope = (y - pictures)[0, 4:-4, 4:-4], y[1, 12, 4:-4]
            steps = np.diff(slope).round(9)
            error = np.sqrt(np.mean(lost**2))
            rows.append((way + name, error, steps.min(), steps.max()))
    headers = "Upsampler, kernel | Error of the photograph (grey levels)"
    return _of_rows(headers + " | Least step of the slope | Largest step", rows)
