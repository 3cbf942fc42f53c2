"""Reference answers of the chapter `max_pooling`.

N batch, C channels, H, W image, kh, kw window; H', W' are the height and
width of the output. A place is the number of a pixel in its image, counted
row by row: row * W + column.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def pair(value, name, least):
    """Read an int, or a pair (vertical, horizontal) of ints.

    Returns (vertical, horizontal).
    Raises ValueError unless both are whole numbers of at least `least`.
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    whole = all(isinstance(v, (int, np.integer)) for v in both)
    if len(both) != 2 or not whole or min(both) < least:
        raise ValueError(
            f"{name} is {value!r}; an int of at least {least}, "
            "or a pair of them, was expected"
        )
    return int(both[0]), int(both[1])


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {array.shape}; {rank} axes {layout} "
            "were expected"
        )


def check_window(size, window, padding=(0, 0)):
    """Raise ValueError unless the window fits, and its padding it.

    All are pairs (vertical, horizontal). A padding of at most half the
    window leaves at least one pixel in every window.
    """
    for side, k, p in zip(size, window, padding):
        if 2 * p > k:
            raise ValueError(
                f"padding is {p}; at most half the window of {k} was expected"
            )
        if k > side + 2 * p:
            raise ValueError(
                f"k is {k}; at most {side + 2 * p}, the size of the image "
                "with its padding, was expected"
            )


def check_places(argmax, values, name, shape):
    """Raise ValueError unless argmax has a place in `shape` for each value.

    values: the array called `name` that goes with argmax; shape: four sizes
    (N, C, H, W) of the images that the places are in.
    """
    if len(shape) != 4 or min(shape) < 1:
        raise ValueError(
            f"shape is {shape!r}; four sizes (N, C, H, W) were expected"
        )
    if argmax.shape != values.shape:
        raise ValueError(
            f"argmax has shape {argmax.shape}; {values.shape}, as {name} "
            "has, was expected"
        )
    if tuple(values.shape[:2]) != tuple(shape[:2]):
        raise ValueError(
            f"shape is {shape!r}; the N and C of {name}, which are "
            f"{values.shape[:2]}, were expected in front"
        )
    pixels = shape[2] * shape[3]
    if argmax.min() < 0 or argmax.max() >= pixels:
        raise ValueError(
            f"argmax has places from {argmax.min()} to {argmax.max()}; from "
            f"0 to {pixels - 1} were expected"
        )


def max_pool2d(x, k, stride=None, padding=0):
    """The largest value of each window, and where it stands.

    x: (N, C, H, W) images of floats; k: int or pair (vertical, horizontal),
    the size of a window; stride: int or pair, pixels from one window to the
    next, None for k; padding: int or pair, by how much windows may reach
    over the border on each side. What lies over the border is never a
    maximum. A last window that would reach further is left out.

    Returns (y, argmax), both (N, C, H', W'), where
    H' = (H + 2 * padding - kh) // stride + 1, and W' likewise. y has the
    dtype of x. argmax is int64: the place row * W + column of the maximum in
    its image x[n, c], without padding. Of equal maxima it is the first, row
    by row. As torch.nn.functional.max_pool2d.
    Raises ValueError if x does not have four axes, if k or a stride is below
    1 or a padding below 0, if a padding is more than half of k, or if k does
    not fit into the padded image.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    kh, kw = pair(k, "k", 1)
    sh, sw = (kh, kw) if stride is None else pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_window((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION
    border = ((0, 0), (0, 0), (ph, ph), (pw, pw))
    padded = np.pad(x, border, constant_values=-np.inf)
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    flat = windows.reshape(*windows.shape[:4], kh * kw)
    u, v = np.divmod(flat.argmax(axis=-1), kw)  # the first of equals
    _, _, h_out, w_out = u.shape
    rows = sh * np.arange(h_out)[:, None] - ph + u
    columns = sw * np.arange(w_out) - pw + v
    return flat.max(axis=-1), rows * W + columns
    ### END SOLUTION


def max_pool2d_backward(dy, argmax, shape):
    """Bring the gradient of a max pooling back to the pixels.

    dy: (N, C, H', W'), the gradient of the output; argmax: (N, C, H', W')
    ints, the place row * W + column of each maximum in its image; shape:
    four ints (N, C, H, W), the shape of the images.

    Returns dx: (N, C, H, W) with the dtype of dy. A pixel gets the sum of dy
    over all windows whose maximum it is, and 0 if there is none.
    Raises ValueError if dy does not have four axes, if argmax does not have
    the shape of dy, if shape is not four sizes of at least 1 or has another
    N or C than dy, or if a place is below 0 or not below H * W.
    """
    check_rank(dy, "dy", 4, "(N, C, H', W')")
    check_places(argmax, dy, "dy", shape)
    N, C, H, W = shape
    ### BEGIN SOLUTION
    dx = np.zeros((N * C, H * W), dy.dtype)
    image = np.arange(N * C)[:, None]
    np.add.at(dx, (image, argmax.reshape(N * C, -1)), dy.reshape(N * C, -1))
    return dx.reshape(N, C, H, W)
    ### END SOLUTION


def max_unpool2d(y, argmax, shape):
    """Put maxima back to their places, and zeros everywhere else.

    y: (N, C, H', W') values; argmax: (N, C, H', W') ints, the place
    row * W + column of each value in its image; shape: four ints
    (N, C, H, W), the shape of the images. Values with the same place are
    equal, as those that max_pool2d returns are.

    Returns x: (N, C, H, W) with the dtype of y: each value once at its
    place, 0 where none belongs.
    Raises ValueError if y does not have four axes, if argmax does not have
    the shape of y, if shape is not four sizes of at least 1 or has another N
    or C than y, or if a place is below 0 or not below H * W.
    Source: Zeiler and Fergus (2014), who call the places switches.
    """
    check_rank(y, "y", 4, "(N, C, H', W')")
    check_places(argmax, y, "y", shape)
    N, C, H, W = shape
    ### BEGIN SOLUTION
    x = np.zeros((N * C, H * W), y.dtype)
    places = argmax.reshape(N * C, -1)
    np.put_along_axis(x, places, y.reshape(N * C, -1), axis=1)
    return x.reshape(N, C, H, W)
    ### END SOLUTION


def gradient_mass(x, k, stride):
    """Share of the pixels that get any gradient through a max pooling.

    x: (N, C, H, W) images of floats; k: int or pair (vertical, horizontal),
    the size of a window; stride: int or pair, pixels from one window to the
    next. Windows stay inside the image; a last one that does not fit is left
    out. Every output has the gradient 1, and of equal maxima the first, row
    by row, gets it.

    Returns a float from 0 to 1: how many of the N * C * H * W values of x
    get a gradient that is not 0, divided by their number.
    Raises ValueError if x does not have four axes, if k or a stride is below
    1, or if k does not fit into the image.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    window, step = pair(k, "k", 1), pair(stride, "stride", 1)
    check_window((H, W), window)
    ### BEGIN SOLUTION
    y, argmax = max_pool2d(x, window, step)
    dx = max_pool2d_backward(np.ones_like(y), argmax, x.shape)
    return float(np.mean(dx > 0))
    ### END SOLUTION
