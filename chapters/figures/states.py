"""What live figures show in their first states, for `live.py` and `tables.py`."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import numpy as np
import torch
import yaml

from convnets import live
from figures import graph_networks, upsampling
from figures.photo import photograph


def constant(figure: str, name: str) -> Any:
    """A constant of a live figure's JavaScript, which is written there only."""
    # Literals of JavaScript, trailing commas included, are YAML.
    (text,) = re.findall(rf"^const {name} = (.*?);$", live.module(figure), re.M | re.S)
    return yaml.safe_load(text)


def image() -> np.ndarray:
    """The image (7, 9) of convolution_window."""
    return np.array(constant("convolution_window", "IMAGE"), dtype=float)


def kernel() -> np.ndarray:
    """The kernel (3, 3) that convolution_window begins with."""
    kernels = constant("convolution_window", "KERNELS")
    return np.array(kernels["3 × 3"], dtype=float)


def separable_layers() -> dict[str, np.ndarray]:
    """The layers of convnets/figures/separable_rank.js, by name: (12, 1, 5, 5)."""
    x, y = np.meshgrid(np.arange(-2, 3), np.arange(-2, 3))
    angles = np.arange(12)[:, None, None] * np.pi / 16
    across, squared = x * np.cos(angles) + y * np.sin(angles), x**2 + y**2
    layers = {
        "edges": across * np.exp(-squared / 2),
        "bars": (across**2 - 1) * np.exp(-squared / 2),
        "stripes": np.cos(2.4 * across) * np.exp(-squared / 4),
        "random numbers": np.empty((12, 5, 5)),
    }
    seed = 7
    for place in range(12 * 5 * 5):
        seed = seed * 16807 % 2147483647
        layers["random numbers"].flat[place] = seed / 1073741823.5 - 1
    return {name: w[:, None] for name, w in layers.items()}


def routed() -> np.ndarray:
    """The image (4, 6) of max_pooling_routes."""
    pixels = constant("max_pooling_routes", "defaults")["pixels"]
    return np.array(pixels.split(), dtype=float).reshape(4, 6)


def face() -> np.ndarray:
    """The photograph of upsampling_difference, grey levels (32, 32)."""
    return np.asarray(np.rint(255 * photograph(6)[upsampling.FACE]))


def halved(image: np.ndarray) -> np.ndarray:
    """An image (32, 32) at half its size, the means of tiles, as (1, 1, 16, 16)."""
    return image.reshape(1, 1, 16, 2, 16, 2).mean(axis=(3, 5))


def moved_edge(shifts: tuple[int, ...]) -> np.ndarray:
    """The row of pooling_shift after each move, as images (len(shifts), 1, 2, 32)."""
    row = np.where((np.arange(32) >= 8) & (np.arange(32) < 19), 9.0, 1.0)
    # Two equal rows, since a blur has to mirror them.
    return np.stack([np.tile(np.roll(row, shift), (1, 2, 1)) for shift in shifts])


def pooled(reference: ModuleType, x: np.ndarray) -> dict[str, np.ndarray]:
    """What each pooling of pooling_shift makes of the rows of images, (N, W')."""
    outputs = {
        "every second": x[..., ::2],
        "max": torch.max_pool2d(torch.from_numpy(x), (1, 2)).numpy(),
        "mean": reference.avg_pool2d(x, (1, 2)),
        "blur": reference.blur_pool2d(x, (1, 2)),
    }
    return {name: y[:, 0, 0] for name, y in outputs.items()}


def three() -> np.ndarray:
    """The three (8, 8) of attention_patches."""
    lines = constant("attention_patches", "DIGITS")["three"]
    return np.array([[int(ink) for ink in line] for line in lines]) / 9


def attended(
    reference: ModuleType, positions: float, temperature: float = 0.1
) -> np.ndarray:
    """The weights (4, 4) of the three's patch in row 1, column 2."""
    tokens = reference.patchify(three()[None, None], 2)[0]
    clock = reference.sinusoidal_positions(4, 8)
    i, j = np.divmod(np.arange(16), 4)
    t = np.hstack([tokens, positions * clock[i], positions * clock[j]])
    weights: np.ndarray = reference.attention(t / temperature, t, t)[1]
    return weights[6].reshape(4, 4)


def layers_between(reference: ModuleType) -> np.ndarray:
    """After how many layers each member of the club hears of each other (34, 34)."""
    own = np.arange(34).repeat(2).reshape(-1, 2)
    pairs = graph_networks.MET[:, :2]
    edges = np.concatenate([pairs, pairs[:, ::-1], own])
    heard = np.eye(34)
    steps = np.zeros((34, 34), int)
    for _ in range(6):
        steps += heard == 0
        heard = reference.message_passing(heard, edges, "max")
    return steps
