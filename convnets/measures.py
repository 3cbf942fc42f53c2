"""How good the output of a trained network is, as one number.

Works on plain arrays, so that the notebook, and the referee on the far side
of the sandbox, measure alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from convnets.tensors import is_tensor


def accuracy(output: np.ndarray, targets: np.ndarray) -> float:
    """Share of rows whose largest score stands at the target.

    output: (N, classes) scores; targets: (N,) classes.
    """
    _check_shape(output, (len(targets), None))
    return float((output.argmax(axis=1) == targets).mean())


def iou(output: np.ndarray, targets: np.ndarray) -> float:
    """Overlap over union of the pixels whose logit is above 0 and the mask.

    output: logits, of the shape of targets or with an axis of length 1 for
    the channel; targets: (N, H, W) booleans.
    """
    if output.ndim == targets.ndim + 1 and output.shape[1] == 1:
        output = output[:, 0]
    _check_shape(output, targets.shape)
    found = output > 0
    union = (found | targets).sum()
    return float((found & targets).sum() / union) if union else 1.0


MEASURES: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "accuracy": accuracy,
    "IoU": iou,
}


def reached(measure: str, output: Any, targets: np.ndarray) -> float:
    """Measure an output. Raises ValueError if it cannot be one of the network's."""
    if is_tensor(output):
        output = output.numpy()
    if not isinstance(output, np.ndarray):
        kind = type(output).__name__
        raise ValueError(f"the network returned a {kind}; a tensor was expected")
    if not np.isfinite(output).all():
        raise ValueError(
            "the network's output has numbers that are not finite: did the loss "
            "become nan while it was trained"
        )
    return MEASURES[measure](output, targets)


def _check_shape(output: np.ndarray, shape: tuple[int | None, ...]) -> None:
    fits = output.ndim == len(shape) and all(
        want in (None, have) for have, want in zip(output.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("classes" if n is None else str(n) for n in shape)
        raise ValueError(
            f"the network's output has shape {output.shape}; ({wanted}) was expected"
        )
