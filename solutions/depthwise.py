"""Reference answers of the chapter `depthwise`.

N batch, C channels, M filters a channel, H, W image, kh, kw kernel;
H', W' are the height and width of the output.
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


def depthwise_conv2d(x, w, stride=1, padding=0):
    """Convolve each channel with filters of its own; mix no channels.

    x: (N, C, H, W) images; w: (C, M, kh, kw), M filters for each channel,
    not flipped; stride, padding: int or pair (vertical, horizontal), padding
    with zeros.

    Returns y: (N, C * M, H', W') with the dtype of x. Output channel
    c * M + m is input channel c correlated with w[c, m].
    Raises ValueError if x or w does not have four axes, if w does not have
    one set of filters for each channel of x, if a stride is below 1 or a
    padding below 0, or if the kernel does not fit into the padded image.
    Source: Sifre (2014), section 6.2; Chollet (2017).
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(C, M, kh, kw)")
    N, C, H, W = x.shape
    sets, M, kh, kw = w.shape
    if sets != C:
        raise ValueError(
            f"w has filters for {sets} channels; {C}, as x has, were expected"
        )
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    y = np.einsum("nchwij,cmij->ncmhw", windows, w)  # (N, C, M, H', W')
    return y.reshape(N, C * M, *y.shape[3:])
    ### END SOLUTION


def depthwise_as_dense(w):
    """Write depthwise filters as the weight of an ordinary convolution.

    w: (C, M, kh, kw), M filters for each channel.

    Returns dense: (C * M, C, kh, kw) with the dtype of w, such that an
    ordinary convolution with it does what depthwise_conv2d does with w.
    Raises ValueError if w does not have four axes.
    """
    check_rank(w, "w", 4, "(C, M, kh, kw)")
    C, M, kh, kw = w.shape
    ### BEGIN SOLUTION
    dense = np.zeros((C, M, C, kh, kw), w.dtype)
    channel = np.arange(C)
    dense[channel, :, channel] = w  # the block diagonal; the rest stays zero
    return dense.reshape(C * M, C, kh, kw)
    ### END SOLUTION


def depthwise_backward_w(dy, x, kh, kw, stride=1, padding=0):
    """Gradient of a depthwise convolution with respect to its filters.

    dy: (N, C * M, H', W') gradient of the loss with respect to the output;
    x: (N, C, H, W) the images of the forward pass; kh, kw: height and width
    of the filters; stride, padding: int or pair (vertical, horizontal), as
    in the forward pass.

    Returns dw: (C, M, kh, kw) with the dtype of x, summed over the batch.
    Raises ValueError if dy or x does not have four axes, if the channels of
    dy are no multiple of those of x, if kh, kw or a stride is below 1, if a
    padding is below 0, if the kernel does not fit, or if dy does not have
    the batch, height and width of the output.
    """
    check_rank(dy, "dy", 4, "(N, C * M, H', W')")
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    if dy.shape[1] % C:
        raise ValueError(
            f"dy has {dy.shape[1]} channels; a multiple of the {C} channels "
            "of x was expected"
        )
    M = dy.shape[1] // C
    pair((kh, kw), "(kh, kw)", 1)
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    h_out = len(range(0, H + 2 * ph - kh + 1, sh))
    w_out = len(range(0, W + 2 * pw - kw + 1, sw))
    if dy.shape != (N, C * M, h_out, w_out):
        raise ValueError(
            f"dy has shape {dy.shape}; {(N, C * M, h_out, w_out)}, the shape "
            "of the output, was expected"
        )
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    per_filter = dy.reshape(N, C, M, h_out, w_out)
    return np.einsum("ncmhw,nchwij->cmij", per_filter, windows)
    ### END SOLUTION


def conv_cost(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    """Parameters and multiply-accumulate operations of one convolution.

    c_in, c_out: channels; k: height and width of the square kernel;
    h_out, w_out: size of the output; groups: number of groups (c_in for a
    depthwise convolution); bias: whether each output channel has a bias.

    Returns the tuple of ints (params, macs) for one image. A bias is a
    parameter; adding it is no multiply-accumulate operation.
    Raises ValueError if a size or groups is below 1, or if groups does not
    divide c_in and c_out.
    """
    sizes = {"c_in": c_in, "c_out": c_out, "k": k, "h_out": h_out,
             "w_out": w_out, "groups": groups}
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 was expected")
    if c_in % groups or c_out % groups:
        raise ValueError(
            f"groups is {groups}; a number that divides c_in = {c_in} and "
            f"c_out = {c_out} was expected"
        )
    ### BEGIN SOLUTION
    weights = c_out * (c_in // groups) * k * k
    params = weights + (c_out if bias else 0)
    return params, weights * h_out * w_out
    ### END SOLUTION


class DepthwiseConv2d(nn.Module):
    """Depthwise convolution as a layer, with one filter for each channel.

    channels: number of channels C, in and out; kernel_size, stride, padding:
    as in nn.Conv2d. The layer is one nn.Conv2d with a bias, kept as the
    attribute `conv`, so that its parameters are conv.weight
    (C, 1, kh, kw) and conv.bias (C,).

    forward(x): x (N, C, H, W) gives (N, C, H', W').
    Raises ValueError if channels is below 1.
    """

    def __init__(self, channels, kernel_size, stride=1, padding=0):
        super().__init__()
        if channels < 1:
            raise ValueError(
                f"channels is {channels}; at least 1 was expected"
            )
        ### BEGIN SOLUTION
        self.conv = nn.Conv2d(
            channels,
            channels,
            kernel_size,
            stride=stride,
            padding=padding,
            groups=channels,
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.conv(x)
        ### END SOLUTION
