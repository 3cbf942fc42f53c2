"""Reference answers of the chapter `transposed`.

N batch, I input channels, O output channels, C channels, H, W image,
kh, kw kernel, r upscaling factor; H', W' are the height and width of the
output.
"""

import numpy as np


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


def check_bias(b, channels):
    """Raise ValueError unless `b` is None or has one entry a channel."""
    if b is not None and b.shape != (channels,):
        raise ValueError(
            f"b has shape {b.shape}; ({channels},), one entry an output "
            "channel, was expected"
        )


def check_factor(r):
    """Raise ValueError unless the factor r is at least 1."""
    if r < 1:
        raise ValueError(f"r is {r}; a factor of at least 1 was expected")


def overlap_count(n, k, stride):
    """How many stamps cover each output pixel, along one axis.

    n: length of the input; k: length of the kernel; stride: output pixels
    from one stamp to the next. All are ints. Stamp i covers the k output
    pixels from i * stride on.

    Returns counts: ((n - 1) * stride + k,) of dtype int64.
    Raises ValueError if n, k or stride is below 1.
    Source: Odena, Dumoulin and Olah (2016).
    """
    for name, value in {"n": n, "k": k, "stride": stride}.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 was expected")
    ### BEGIN SOLUTION
    counts = np.zeros((n - 1) * stride + k, np.int64)
    for i in range(n):
        counts[i * stride : i * stride + k] += 1
    return counts
    ### END SOLUTION


def conv_transpose2d(x, w, b=None, stride=1, padding=0, output_padding=0):
    """Transposed convolution: every pixel stamps its kernels on the output.

    x: (N, I, H, W) images; w: (I, O, kh, kw) kernels, not flipped, input
    channel first; b: (O,) or None, added to each output channel; stride: int
    or pair (vertical, horizontal), output pixels from one stamp to the next;
    padding: int or pair, rows and columns cut off on all four sides;
    output_padding: int or pair, rows and columns by which the output is
    longer at the bottom and on the right. They hold what the stamps have
    there, and zero where no stamp reaches.

    Returns y: (N, O, H', W') with the dtype of x, where
    H' = (H - 1) * stride - 2 * padding + kh + output_padding, and W'
    likewise: as torch.nn.functional.conv_transpose2d.
    Raises ValueError if x or w does not have four axes, if w does not have
    the input channels of x, if b is not of shape (O,), if a stride is below
    1 or a padding below 0, if an output_padding is below 0 or not below its
    stride, or if no row or column is left.
    Source: Dumoulin and Visin (2016), chapter 4.
    """
    check_rank(x, "x", 4, "(N, I, H, W)")
    check_rank(w, "w", 4, "(I, O, kh, kw)")
    N, I, H, W = x.shape
    channels, O, kh, kw = w.shape
    if channels != I:
        raise ValueError(
            f"w has {channels} input channels; {I}, as x has, were expected"
        )
    check_bias(b, O)
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    eh, ew = pair(output_padding, "output_padding", 0)
    if eh >= sh or ew >= sw:
        raise ValueError(
            f"output_padding is {(eh, ew)}; less than the stride {(sh, sw)} "
            "was expected"
        )
    h_out = (H - 1) * sh - 2 * ph + kh + eh
    w_out = (W - 1) * sw - 2 * pw + kw + ew
    if min(h_out, w_out) < 1:
        raise ValueError(
            f"padding is {(ph, pw)}, which leaves an output of "
            f"{h_out} x {w_out}; at least 1 x 1 was expected"
        )
    ### BEGIN SOLUTION
    # Room for all stamps, and for the rows and columns that are added.
    canvas = np.zeros((N, O, h_out + 2 * ph, w_out + 2 * pw), x.dtype)
    for i in range(kh):
        for j in range(kw):
            # The places on which tap (i, j) of all stamps falls.
            rows = slice(i, i + sh * (H - 1) + 1, sh)
            columns = slice(j, j + sw * (W - 1) + 1, sw)
            canvas[:, :, rows, columns] += np.einsum(
                "nihw,io->nohw", x, w[:, :, i, j]
            )
    y = canvas[:, :, ph : ph + h_out, pw : pw + w_out]
    if b is not None:
        y = y + b.astype(x.dtype)[:, None, None]
    return y
    ### END SOLUTION


def zero_insert(x, stride):
    """Spread the pixels of an image, with zeros between them.

    x: (N, C, H, W) images; stride: int or pair (vertical, horizontal),
    output pixels from one pixel of x to the next.

    Returns spread: (N, C, (H - 1) * sh + 1, (W - 1) * sw + 1) with the dtype
    of x, for the strides sh and sw: pixel (p, q) of x is at place
    (p * sh, q * sw), all others are zero. Nothing follows the last pixel.
    Raises ValueError if x does not have four axes or a stride is below 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    sh, sw = pair(stride, "stride", 1)
    ### BEGIN SOLUTION
    spread = np.zeros((N, C, (H - 1) * sh + 1, (W - 1) * sw + 1), x.dtype)
    spread[:, :, ::sh, ::sw] = x
    return spread
    ### END SOLUTION


def output_padding_for(n, k, stride, padding):
    """Output padding that brings a length back, along one axis.

    n: length of a row of pixels; k, stride, padding: of a convolution, which
    makes the row shorter. All are ints. A transposed convolution with the
    same k, stride and padding gives a row of length n again, if its
    output_padding is right.

    Returns that output_padding, an int from 0 to stride - 1.
    Raises ValueError if n, k or stride is below 1, if padding is below 0, or
    if the kernel does not fit into the padded row.
    """
    least = {"n": 1, "k": 1, "stride": 1, "padding": 0}
    given = {"n": n, "k": k, "stride": stride, "padding": padding}
    for name, value in given.items():
        if value < least[name]:
            raise ValueError(
                f"{name} is {value}; at least {least[name]} was expected"
            )
    if k > n + 2 * padding:
        raise ValueError(
            f"k is {k}; at most {n + 2 * padding} pixels fit into the row "
            "with this padding"
        )
    ### BEGIN SOLUTION
    return (n + 2 * padding - k) % stride
    ### END SOLUTION


def pixel_shuffle(x, r):
    """Turn r * r channels into one channel that is r times as large.

    x: (N, C * r * r, H, W) maps; r: int, the factor.

    Returns y: (N, C, H * r, W * r) with the dtype of x, where pixel (p, q)
    of channel c * r * r + i * r + j of x is at place (p * r + i, q * r + j)
    of channel c of y: as torch.nn.functional.pixel_shuffle.
    Raises ValueError if x does not have four axes, if r is below 1, or if
    r * r does not divide the channels of x.
    Source: Shi et al. (2016), who order the channels in another way.
    """
    check_rank(x, "x", 4, "(N, C * r * r, H, W)")
    check_factor(r)
    N, channels, H, W = x.shape
    if channels % (r * r):
        raise ValueError(
            f"x has {channels} channels; a multiple of r * r = {r * r} was "
            "expected"
        )
    ### BEGIN SOLUTION
    C = channels // (r * r)
    parts = x.reshape(N, C, r, r, H, W)
    parts = parts.transpose(0, 1, 4, 2, 5, 3)  # (N, C, H, r, W, r)
    return parts.reshape(N, C, H * r, W * r)
    ### END SOLUTION


def pixel_unshuffle(x, r):
    """Turn each tile of r x r pixels into r * r channels.

    x: (N, C, H, W) images; r: int, the factor.

    Returns y: (N, C * r * r, H / r, W / r) with the dtype of x, from which
    pixel_shuffle with the same r makes x again: as
    torch.nn.functional.pixel_unshuffle.
    Raises ValueError if x does not have four axes, if r is below 1, or if r
    does not divide H and W.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_factor(r)
    N, C, H, W = x.shape
    if H % r or W % r:
        raise ValueError(
            f"x has {H} rows and {W} columns; multiples of r = {r} were "
            "expected"
        )
    ### BEGIN SOLUTION
    tiles = x.reshape(N, C, H // r, r, W // r, r)
    tiles = tiles.transpose(0, 1, 3, 5, 2, 4)  # (N, C, r, r, H / r, W / r)
    return tiles.reshape(N, C * r * r, H // r, W // r)
    ### END SOLUTION


def icnr(w, r):
    """First kernels for a convolution before pixel_shuffle, without pattern.

    w: (C, I, kh, kw), one kernel for each channel behind the shuffle; r: int,
    the factor of the shuffle.

    Returns kernels: (C * r * r, I, kh, kw) with the dtype of w. The r * r
    channels that pixel_shuffle makes channel c of all have the kernel w[c],
    unchanged.
    Raises ValueError if w does not have four axes or r is below 1.
    Source: Aitken et al. (2017).
    """
    check_rank(w, "w", 4, "(C, I, kh, kw)")
    check_factor(r)
    ### BEGIN SOLUTION
    return np.repeat(w, r * r, axis=0)
    ### END SOLUTION
