"""Reference answers of the chapter `separable`.

N batch, C input channels, O output channels, M filters a channel, H, W image,
kh, kw kernel; H', W' are the height and width of the output.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


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


def check_kernel_fits(size, kernel, padding):
    """Raise ValueError if a kernel is larger than the padded image.

    All arguments are pairs (vertical, horizontal).
    """
    for n, k, p in zip(size, kernel, padding):
        if k > n + 2 * p:
            raise ValueError(
                f"the kernel is {kernel}; at most {n + 2 * p} pixels fit "
                "into x with this padding"
            )


def check_steps_meet(w_dw, w_pw):
    """Raise ValueError unless w_pw mixes what w_dw puts out."""
    check_rank(w_dw, "w_dw", 4, "(C, M, kh, kw)")
    check_rank(w_pw, "w_pw", 2, "(O, C * M)")
    maps = w_dw.shape[0] * w_dw.shape[1]
    if w_pw.shape[1] != maps:
        raise ValueError(
            f"w_pw has {w_pw.shape[1]} columns; {maps}, one for each map of "
            "the depthwise step, were expected"
        )


def pointwise_conv2d(x, w, b=None):
    """Mix the channels of each pixel: a convolution with 1 x 1 kernels.

    x: (N, C, H, W) images; w: (O, C), what each output channel takes of each
    input channel; b: (O,) biases, or None.

    Returns y: (N, O, H, W) with the dtype of x.
    Raises ValueError if x does not have four axes, w two or b one, if w does
    not have one column for each channel of x, or if b does not have one
    entry for each row of w.
    Source: Lin et al. (2014), section 3.1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 2, "(O, C)")
    N, C, H, W = x.shape
    O = w.shape[0]
    if w.shape[1] != C:
        raise ValueError(
            f"w has {w.shape[1]} columns; {C}, one for each channel of x, "
            "were expected"
        )
    if b is not None and b.shape != (O,):
        raise ValueError(
            f"b has shape {b.shape}; {(O,)}, one bias for each row of w, "
            "was expected"
        )
    ### BEGIN SOLUTION
    y = np.tensordot(w, x, axes=(1, 1))  # (O, N, H, W)
    if b is not None:
        y = y + b[:, None, None, None]
    return np.moveaxis(y, 0, 1).astype(x.dtype)
    ### END SOLUTION


def separable_conv2d(x, w_dw, w_pw, stride=1, padding=0):
    """Filter each channel on its own, then mix the channels of each pixel.

    x: (N, C, H, W) images; w_dw: (C, M, kh, kw), M filters for each channel,
    not flipped, which make the maps c * M + m; w_pw: (O, C * M), what each
    output channel takes of each map; stride, padding: int or pair (vertical,
    horizontal) of the depthwise step, padding with zeros. There is no bias,
    and nothing between the two steps.

    Returns y: (N, O, H', W') with the dtype of x.
    Raises ValueError if x or w_dw does not have four axes or w_pw two, if
    w_dw does not have one set of filters for each channel of x, if w_pw does
    not have C * M columns, if a stride is below 1 or a padding below 0, or if
    the kernel does not fit into the padded image.
    Source: Sifre (2014), section 6.2; Chollet (2017).
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_steps_meet(w_dw, w_pw)
    N, C, H, W = x.shape
    sets, M, kh, kw = w_dw.shape
    if sets != C:
        raise ValueError(
            f"w_dw has filters for {sets} channels; {C}, as x has, "
            "were expected"
        )
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    maps = np.einsum("nchwij,cmij->ncmhw", windows, w_dw)
    mix = w_pw.reshape(-1, C, M)  # column c * M + m
    return np.einsum("ncmhw,ocm->nohw", maps, mix).astype(x.dtype)
    ### END SOLUTION


def merge_separable(w_dw, w_pw):
    """Write both steps of a separable convolution as one dense kernel.

    w_dw: (C, M, kh, kw), M filters for each channel; w_pw: (O, C * M), what
    each output channel takes of each map c * M + m.

    Returns w: (O, C, kh, kw) with the dtype of w_dw, such that an ordinary
    convolution with it does what separable_conv2d does with w_dw and w_pw.
    Raises ValueError if w_dw does not have four axes or w_pw two, or if w_pw
    does not have C * M columns.
    """
    check_steps_meet(w_dw, w_pw)
    C, M, kh, kw = w_dw.shape
    ### BEGIN SOLUTION
    mix = w_pw.reshape(-1, C, M)
    return np.einsum("ocm,cmij->ocij", mix, w_dw).astype(w_dw.dtype)
    ### END SOLUTION


def separable_svd(w, rank):
    """The separable convolution that comes closest to a dense one.

    w: (O, C, kh, kw) dense kernels; rank: filters for each channel, M.

    Returns (w_dw, w_pw) with w_dw: (C, rank, kh, kw) and
    w_pw: (O, C * rank), both with the dtype of w. Merged, they differ from w
    by as little as possible: for each input channel c, the merged
    kernels [:, c] are the best approximation of w[:, c], seen as a matrix
    (O, kh * kw), by one of this rank, in the sum of squares. Many pairs of
    factors have this product, and any of them is right.
    Raises ValueError if w does not have four axes, or if rank is below 1 or
    above min(O, kh * kw).
    Source: Eckart and Young (1936).
    """
    check_rank(w, "w", 4, "(O, C, kh, kw)")
    O, C, kh, kw = w.shape
    if not 1 <= rank <= min(O, kh * kw):
        raise ValueError(
            f"rank is {rank}; 1 to {min(O, kh * kw)}, the smaller of O and "
            "kh * kw, was expected"
        )
    ### BEGIN SOLUTION
    flat = w.reshape(O, C, kh * kw).swapaxes(0, 1)  # (C, O, kh * kw)
    u, s, vt = np.linalg.svd(flat, full_matrices=False)
    w_dw = vt[:, :rank].reshape(C, rank, kh, kw)
    mix = u[:, :, :rank] * s[:, None, :rank]  # (C, O, rank)
    return w_dw, mix.swapaxes(0, 1).reshape(O, C * rank)
    ### END SOLUTION


class SeparableConv2d(nn.Module):
    """Separable convolution as a layer: depthwise, then 1 x 1, no biases.

    c_in, c_out: channels in and out; kernel_size, stride, padding: as in
    nn.Conv2d, for the depthwise step. The layer is two nn.Conv2d without a
    bias, kept as the attributes `depthwise`, with one filter for each
    channel, and `pointwise`. The parameters are depthwise.weight
    (c_in, 1, kh, kw) and pointwise.weight (c_out, c_in, 1, 1).

    forward(x): x (N, c_in, H, W) gives (N, c_out, H', W'); nothing comes
    between the two steps.
    Raises ValueError if c_in or c_out is below 1.
    """

    def __init__(self, c_in, c_out, kernel_size, stride=1, padding=0):
        super().__init__()
        for name, value in {"c_in": c_in, "c_out": c_out}.items():
            if value < 1:
                raise ValueError(f"{name} is {value}; at least 1 was expected")
        ### BEGIN SOLUTION
        self.depthwise = nn.Conv2d(
            c_in,
            c_in,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=c_in,
            bias=False,
        )
        self.pointwise = nn.Conv2d(c_in, c_out, 1, bias=False)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.pointwise(self.depthwise(x))
        ### END SOLUTION
