"""Reference answers of the chapter `upsampling`.

N batch, C input channels, O output channels, I input channels of a kernel,
H, W image, kh, kw kernel, r upscaling factor.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {array.shape}; {rank} axes {layout} "
            "were expected"
        )


def check_factor(r):
    """Raise ValueError unless the factor r is at least 1."""
    if r < 1:
        raise ValueError(f"r is {r}; a factor of at least 1 was expected")


def upsample_nearest(x, r):
    """Enlarge images by copying: every pixel becomes a tile of r x r pixels.

    x: (N, C, H, W) images; r: int, the factor.

    Returns y: (N, C, H * r, W * r) with the dtype of x, where pixel (i, j) is
    the nearest pixel of x, (i // r, j // r): as
    torch.nn.functional.interpolate with mode="nearest".
    Raises ValueError if x does not have four axes or if r is below 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_factor(r)
    ### BEGIN SOLUTION
    return np.repeat(np.repeat(x, r, axis=2), r, axis=3)
    ### END SOLUTION


def upsample_bilinear(x, r):
    """Enlarge images by drawing straight lines between the pixels' centres.

    x: (N, C, H, W) images, floats; r: int, the factor.

    Returns y: (N, C, H * r, W * r) with the dtype of x. Along each axis, the
    centre of pixel i of y lies at s = (i + 1/2) / r - 1/2, counted in pixels
    of x from the centre of its first. There y is on the straight line between
    the two pixels of x whose centres are beside it. Before the first centre
    and behind the last one y is the first or the last pixel. As
    torch.nn.functional.interpolate with mode="bilinear" and
    align_corners=False.
    Raises ValueError if x does not have four axes or if r is below 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_factor(r)
    ### BEGIN SOLUTION
    for _ in range(2):  # along the rows, then, turned, along the columns
        size = x.shape[-1]
        s = ((np.arange(size * r) + 0.5) / r - 0.5).clip(0)
        left = s.astype(int)
        right = (left + 1).clip(max=size - 1)
        t = (s - left).astype(x.dtype)  # the share of the right pixel
        x = ((1 - t) * x[..., left] + t * x[..., right]).mT
    return x
    ### END SOLUTION


def resize_conv2d(x, w, r):
    """Enlarge images by copying, then convolve them without changing the size.

    x: (N, C, H, W) images; w: (O, C, kh, kw) kernels, not flipped, kh and kw
    odd; r: int, the factor. There is no bias.

    Returns y: (N, O, H * r, W * r) with the dtype of x: the convolution, with
    stride 1, of x enlarged as torch.nn.functional.interpolate does with
    mode="nearest". The enlarged image is padded with zeros, kh // 2 rows above
    and below and kw // 2 columns left and right.
    Raises ValueError if x or w does not have four axes, if w does not have
    the channels of x, if kh or kw is even, or if r is below 1.
    Source: Odena, Dumoulin and Olah (2016).
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(O, C, kh, kw)")
    check_factor(r)
    N, C, H, W = x.shape
    O, channels, kh, kw = w.shape
    if channels != C:
        raise ValueError(
            f"w has {channels} input channels; {C}, as x has, were expected"
        )
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError(f"w has {kh} x {kw} taps; odd numbers were expected")
    ### BEGIN SOLUTION
    large = upsample_nearest(x, r)
    ph, pw = kh // 2, kw // 2
    padded = np.pad(large, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", windows, w).astype(x.dtype)
    ### END SOLUTION


def resize_conv_as_transposed(w):
    """Write enlarging by two and convolving as one transposed convolution.

    w: (O, I, 3, 3) kernels, not flipped, of a convolution with padding 1 that
    follows an enlargement by copying with factor 2, as in resize_conv2d.

    Returns kernels: (I, O, 4, 4) with the dtype of w, input channel first,
    with which torch.nn.functional.conv_transpose2d with stride 2 and padding
    1 gives the same images, borders included.
    Raises ValueError if w does not have four axes or if its kernels are not
    3 x 3.
    """
    check_rank(w, "w", 4, "(O, I, 3, 3)")
    O, I, kh, kw = w.shape
    if (kh, kw) != (3, 3):
        raise ValueError(f"w has {kh} x {kw} taps; 3 x 3 were expected")
    ### BEGIN SOLUTION
    stamp = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)  # (I, O, 3, 3)
    kernels = np.zeros((I, O, 4, 4), w.dtype)
    for i in range(2):
        for j in range(2):
            # The copy in row i and column j of the tile stamps it there.
            kernels[:, :, i : i + 3, j : j + 3] += stamp
    return kernels
    ### END SOLUTION
