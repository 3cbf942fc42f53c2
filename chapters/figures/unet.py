"""Pictures to segment, how to train on them, and figures of the chapter `unet`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import nn

from convnets.palette import ACCENT, INK, INPUT, MUTED, OUTPUT, PAPER, WEIGHT, tint
from figures.style import arrow, canvas, drawing

# A small trained network and pictures for the live figure unet_skips, as JSON. Its
# skips were missing at random while it was trained, so that it works with any.
NETWORK = Path(__file__).with_name("unet_skips.json")


def outlines(
    rng: np.random.Generator, count: int, side: int = 24
) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images (count, 1, side, side) of one or two closed outlines.

    The second result says what is inside: bool (count, side, side).
    """
    rows, columns = np.mgrid[:side, :side]
    masks = np.zeros((count, side, side), bool)
    for mask in masks:
        for _ in range(rng.integers(1, 3)):
            (y, x), radius = rng.uniform(6, side - 6, 2), rng.uniform(4, 7)
            bumps, turn = rng.integers(2, 5), rng.uniform(0, 6)
            height, angle = rng.uniform(0, 0.25), np.arctan2(rows - y, columns - x)
            reach = radius * (1 + height * np.cos(bumps * angle + turn))
            mask |= np.hypot(rows - y, columns - x) < reach
    framed = np.pad(masks, ((0, 0), (1, 1), (1, 1)))
    inner = framed[:, :-2, 1:-1] & framed[:, 2:, 1:-1]
    inner &= framed[:, 1:-1, :-2] & framed[:, 1:-1, 2:]
    noise = 0.35 * rng.standard_normal(masks.shape)
    images = ((masks & ~inner) + noise)[:, None].astype("float32")
    return images, masks


def fit(
    net: nn.Module,
    images: np.ndarray,
    masks: np.ndarray,
    epochs: int,
    report: Callable[[int, float], None],
) -> nn.Module:
    """Train a network in place, in batches of 8; returns it in eval mode."""
    x, t = torch.as_tensor(images), torch.as_tensor(masks[:, None]).float()
    adam = torch.optim.Adam(net.parameters(), lr=1e-2, fused=True)
    slower = torch.optim.lr_scheduler.LinearLR(adam, 1, 0.02, epochs)
    for epoch in range(epochs):
        losses = []
        for some in torch.randperm(len(x)).split(8):
            adam.zero_grad()
            error = F.binary_cross_entropy_with_logits(net(x[some]), t[some])
            error.backward()
            adam.step()
            losses.append(error.item())
        slower.step()
        report(epoch, float(np.mean(losses)))
    return net.eval()


def network() -> dict[str, Any]:
    """What the live figure is given: layers, images and masks."""
    return dict(json.loads(NETWORK.read_text("utf-8")))


def whole_network(
    layers: Mapping[str, Any],
    image: np.ndarray,
    keep: tuple[bool, bool] = (True, True),
) -> np.ndarray:
    """Probabilities (H, W) of the live figure's network.

    keep: which skips are on, the upper one first.
    """

    def arrays(name: str) -> tuple[torch.Tensor, torch.Tensor]:
        w, b = (torch.tensor(layers[name][key]).double() for key in "wb")
        return w.reshape(layers[name]["shape"]), b

    def double(x: torch.Tensor, name: str) -> torch.Tensor:
        for conv in ("conv1", "conv2"):
            x = F.conv2d(x, *arrays(f"{name}.{conv}"), padding=1).relu()
        return x

    x, skips = torch.from_numpy(image)[None, None], []
    for level in (0, 1):
        skips.append(double(x, f"downs.{level}"))
        x = F.max_pool2d(skips[-1], 2)
    x = double(x, "bottom")
    for step in (0, 1):
        up = F.conv_transpose2d(x, *arrays(f"ups.{step}"), stride=2)
        skip = skips.pop() * keep[1 - step]
        x = double(torch.cat([skip, up], 1), f"decs.{step}")
    logits = F.conv2d(x, *arrays("head"))[0, 0]
    return np.asarray(torch.sigmoid(logits).numpy())


def windows(
    image: np.ndarray, places: Sequence[tuple[int, int]], size: int = 5
) -> Figure:
    """Windows of an image (H, W), and the image with their frames.

    places: top left corners of the windows.
    """
    figure = Figure(figsize=(5.4, 3.3), layout="constrained")
    grid = figure.add_gridspec(len(places), 2, width_ratios=(1, 2.1))
    small = [figure.add_subplot(grid[row, 0]) for row in range(len(places))]
    large = figure.add_subplot(grid[:, 1])
    _grey(large, image)
    large.set_title("the whole picture")
    for ax, name, (row, column) in zip(small, "AB", places, strict=False):
        _grey(ax, image[row : row + size, column : column + size])
        ax.set_title(f"window {name}")
        corner = (column - 0.5, row - 0.5)
        box = Rectangle(corner, size, size, fill=False, edgecolor=ACCENT, lw=2.2)
        large.add_patch(box)
        middle = column + size / 2 - 0.5, row + size / 2 - 0.5
        label = {"boxstyle": "round,pad=0.15", "fc": PAPER, "ec": ACCENT}
        large.text(*middle, name, color=ACCENT, ha="center", va="center", bbox=label)
    return figure


def _grey(ax: Axes, image: np.ndarray, low: float = -0.8, high: float = 1.5) -> None:
    """A picture without ticks; the same grey means the same number in all."""
    ax.imshow(image, cmap="gray", vmin=low, vmax=high, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def the_u(shapes: Sequence[tuple[int, int]], channels: Sequence[int]) -> Figure:
    """The maps of a U-Net, a box each: the lower, the smaller the maps.

    shapes: as unet_shapes lists them; channels: as many.
    """
    depth = len(shapes) // 2
    width, height = 10.0, 2.1 * depth + 1.7
    figure, ax = canvas(5.6, 0.52 * height)
    drawing(ax, width, height)
    boxes = []
    for index, (shape, count) in enumerate(zip(shapes, channels, strict=True)):
        level = depth - abs(index - depth)
        # The two arms lean inwards, and the bottom is in the middle.
        aside = (depth - level) / depth * (width / 2 - 1.2)
        x = width / 2 + (aside if index > depth else -aside)
        y = 0.7 + 2.1 * level
        colour = INPUT if index < depth else WEIGHT if index == depth else OUTPUT
        boxes.append((x, y))
        _box(ax, x, y, f"{shape[0]} × {shape[1]}\n{count} channels", colour)
    for (x, y), (to_x, to_y) in pairwise(boxes):
        end = (to_x, to_y + (-0.6 if to_y > y else 0.6))
        arrow(ax, (x, y + (0.6 if to_y > y else -0.6)), end)
    for level in range(depth):
        (x, y), (to_x, _) = boxes[level], boxes[-1 - level]
        arrow(ax, (x + 1.15, y), (to_x - 1.15, y))
        words = {"ha": "center", "color": MUTED, "fontsize": 9}
        ax.text((x + to_x) / 2, y - 0.2, "skip", va="bottom", **words)
    ax.text(0.1, height - 0.5, "down: pool", color=INPUT, fontsize=9)
    ax.text(width - 0.1, height - 0.5, "up: enlarge", color=OUTPUT, ha="right",
            fontsize=9)  # fmt: skip
    return figure


def _box(ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    face = Rectangle((x - 1.1, y - 0.55), 2.2, 1.1, fc=tint(colour), ec=colour)
    ax.add_patch(face)
    ax.text(x, y, text, ha="center", va="center", fontsize=9, color=INK)


def answers(
    images: np.ndarray, masks: np.ndarray, found: Mapping[str, np.ndarray]
) -> Figure:
    """A row an image: the image (H, W), and what each network found in it.

    Pixels that are found are pale; a cross is wrongly found, a ring is missed.
    """
    columns = 1 + len(found)
    figure = Figure(figsize=(5.8, 1.12 * len(images) + 0.45), layout="constrained")
    grid = figure.subplots(len(images), columns, squeeze=False)
    for row, (axes, image, mask) in enumerate(zip(grid, images, masks, strict=True)):
        _grey(axes[0], image)
        for ax, pixels in zip(axes[1:], found.values(), strict=True):
            judged(ax, pixels[row], mask)
    for ax, title in zip(grid[0], ["picture", *found], strict=True):
        ax.set_title(title, fontsize=9)
    return figure


def judged(ax: Axes, found: np.ndarray, mask: np.ndarray) -> None:
    """A mask (H, W) that was found, with marks where it is wrong."""
    _grey(ax, np.where(found, 0.8, 0.25), 0, 1)
    y, x = np.nonzero(found & ~mask)
    ax.plot(x, y, "x", color=ACCENT, ms=3.2, mew=1)
    y, x = np.nonzero(mask & ~found)
    # Missed pixels lie on the dark ground.
    ax.plot(x, y, "o", color="white", ms=2.6, mew=0.8, mfc="none")


def errors(wrong: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Wrong pixels in per cent: a panel a place, a row a network, a mark a seed.

    wrong: from a place to a network to its seeds.
    """
    names = list(next(iter(wrong.values())))
    figure, panels = canvas(5.8, 0.42 * len(names) + 1, len(wrong), sharey=True)
    marks = {"color": ACCENT, "mfc": tint(ACCENT, 0.4), "clip_on": False}
    for ax, marker, (place, results) in zip(panels, "oD", wrong.items(), strict=True):
        for row, values in enumerate(results.values()):
            ax.plot(values, [row] * len(values), marker, ms=7, **marks)
            ax.plot([0, min(values)], [row, row], color=MUTED, lw=0.8)
        ax.set_title(place)
        ax.set_xlabel("wrong pixels, per cent")
        ax.set_xlim(left=0)
        ax.set_yticks(range(len(names)), names)
        ax.grid(axis="x", color=MUTED, lw=0.4, alpha=0.4)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    return figure


def live_state(
    image: np.ndarray, chance: np.ndarray, found: np.ndarray, mask: np.ndarray
) -> Figure:
    """The three pictures of the live figure: image, probability, mask found."""
    figure, panels = canvas(5.8, 2.3, 3)
    _grey(panels[0], image)
    _grey(panels[1], chance, 0, 1)
    judged(panels[2], found, mask)
    for ax, title in zip(panels, ["picture", "how sure", "found"], strict=True):
        ax.set_title(title)
    return figure
