"""A photograph that comes with matplotlib, so no notebook has to fetch one."""

from __future__ import annotations

import numpy as np
from matplotlib import cbook
from matplotlib.image import imread


def photograph(shrink: int = 2) -> np.ndarray:
    """Rear Admiral Grace Hopper in grey: (H, W) float64 from 0 to 1.

    Each pixel is the mean of shrink x shrink pixels of the original, a public
    domain photograph of the United States Navy.
    """
    path = cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    grey = imread(str(path)).mean(axis=2) / 255
    H, W = (side // shrink for side in grey.shape)
    tiles = grey[: H * shrink, : W * shrink].reshape(H, shrink, W, shrink)
    return np.asarray(tiles.mean(axis=(1, 3)))
