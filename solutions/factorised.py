"""Reference answers of the chapter `factorised`.

N batch, C input channels, M channels between the two passes, O output
channels, H, W image, kh, kw kernel, n length of a column and of a row.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {array.shape}; {rank} axes {layout} "
            "were expected"
        )


def check_not_empty(array, name):
    """Raise ValueError if `array` has no entries."""
    if array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}; at least one entry was expected"
        )


def check_least(**sizes):
    """Raise ValueError unless every number given by name is at least 1."""
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 was expected")


def check_odd(**sizes):
    """Raise ValueError unless every number given by name is odd."""
    for name, value in sizes.items():
        if value % 2 == 0:
            raise ValueError(
                f"{name} is {value}; an odd number, which has a middle, "
                "was expected"
            )


def rank1(k):
    """The column and the row whose product comes closest to a kernel.

    k: (kh, kw), a kernel of type float32 or float64.

    Returns the tuple (col, row, relative_error): col (kh, 1) and row (1, kw)
    with the dtype of k, and a float. Of all matrices that are a column times
    a row, col @ row has the smallest sum of squared differences from k. How
    its size and sign are shared between col and row is left to you.
    relative_error is the root of that sum, divided by the root of the sum of
    the squares of k: from 0 (nothing is lost) to below 1. A kernel of zeros
    has the error 0.
    Raises ValueError if k does not have two axes, or if it is empty.
    Source: Eckart and Young (1936).
    """
    check_rank(k, "k", 2, "(kh, kw)")
    check_not_empty(k, "k")
    ### BEGIN SOLUTION
    left, s, right = np.linalg.svd(k)
    col, row = s[0] * left[:, :1], right[:1]
    if not k.any():
        return col, row, 0.0
    return col, row, float(np.linalg.norm(s[1:]) / np.linalg.norm(s))
    ### END SOLUTION


def rank_energy(k):
    """Which share of a kernel its best 1, 2, 3, … pairs can hold.

    k: (kh, kw), a kernel of type float32 or float64.

    Returns energy: (n,) with n = min(kh, kw) and the dtype of k. energy[i] is
    E_(i+1): the sum of the i + 1 largest squared singular values of k, divided
    by the sum of all of them; the last entry is 1. A kernel of zeros has the energy
    1 throughout.
    Raises ValueError if k does not have two axes, or if it is empty.
    """
    check_rank(k, "k", 2, "(kh, kw)")
    check_not_empty(k, "k")
    ### BEGIN SOLUTION
    s = np.linalg.svd(k, compute_uv=False)  # the largest first
    energy = np.cumsum(s**2)
    return energy / energy[-1] if k.any() else np.ones_like(energy)
    ### END SOLUTION


def factorised_conv2d(x, w_col, w_row):
    """Convolve with columns, then convolve the result with rows.

    x: (N, C, H, W) images; w_col: (M, C, n, 1), the columns that make M
    channels of the C channels of x; w_row: (O, M, 1, n), the rows that make O
    channels of those. n is odd. Kernels are not flipped. Around its middle
    tap each pass sees zeros beyond the edge, n // 2 of them, so that the
    image keeps its size. Nothing stands between the passes.

    Returns y: (N, O, H, W) with the dtype of x.
    Raises ValueError if x, w_col or w_row does not have four axes, if w_col
    is not one pixel wide or w_row not one pixel high, if they differ in n,
    if n is even, if w_col does not have the channels of x, or w_row not
    those that w_col makes.
    Source: Jaderberg, Vedaldi and Zisserman (2014), scheme 2.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w_col, "w_col", 4, "(M, C, n, 1)")
    check_rank(w_row, "w_row", 4, "(O, M, 1, n)")
    N, C, H, W = x.shape
    M, _, n, _ = w_col.shape
    O = w_row.shape[0]
    if w_col.shape != (M, C, n, 1):
        raise ValueError(
            f"w_col has shape {w_col.shape}; (M, C, n, 1) with C = {C}, as x "
            "has, was expected"
        )
    if w_row.shape != (O, M, 1, n):
        raise ValueError(
            f"w_row has shape {w_row.shape}; (O, M, 1, n) with M = {M} and "
            f"n = {n}, as w_col has, was expected"
        )
    check_odd(n=n)
    ### BEGIN SOLUTION
    half = n // 2
    padded = np.pad(x, ((0, 0), (0, 0), (half, half), (0, 0)))
    windows = sliding_window_view(padded, n, axis=2)  # (N, C, H, W, n)
    mid = np.einsum("nchwi,mci->nmhw", windows, w_col.reshape(M, C, n))
    padded = np.pad(mid, ((0, 0), (0, 0), (0, 0), (half, half)))
    windows = sliding_window_view(padded, n, axis=3)  # (N, M, H, W, n)
    y = np.einsum("nmhwj,omj->nohw", windows, w_row.reshape(O, M, n))
    return y.astype(x.dtype)
    ### END SOLUTION


def factorise_saving(n, c_in, c_mid, c_out):
    """How many times fewer weights two thin layers have than one square one.

    n: height and width of the square kernel, and length of the column and
    the row; c_in, c_out: channels in and out; c_mid: channels between the
    column layer and the row layer. No layer has a bias.

    Returns a float: the weights of the layer with n x n kernels, divided by
    those of the (n, 1) layer and the (1, n) layer together. Below 1 the two
    thin layers are the larger ones. At stride 1 and the same size the
    quotient of the multiplications is the same number.
    Raises ValueError if one of the arguments is below 1.
    """
    check_least(n=n, c_in=c_in, c_mid=c_mid, c_out=c_out)
    ### BEGIN SOLUTION
    dense = n * n * c_in * c_out
    return dense / (n * c_in * c_mid + n * c_mid * c_out)
    ### END SOLUTION


def break_even_mid(n, c_in, c_out):
    """With how many channels in between nothing is saved any more.

    n: height and width of the square kernel; c_in, c_out: channels in and
    out. No layer has a bias.

    Returns a float, not rounded: the number of channels in the middle at
    which the (n, 1) layer and the (1, n) layer together have as many weights
    as the one layer with n x n kernels.
    Raises ValueError if one of the arguments is below 1.
    """
    check_least(n=n, c_in=c_in, c_out=c_out)
    ### BEGIN SOLUTION
    return n * c_in * c_out / (c_in + c_out)
    ### END SOLUTION


class FactorisedConv2d(nn.Module):
    """A layer of columns and a layer of rows, in place of n x n kernels.

    c_in, c_out: channels in and out; c_mid: channels in between; n: length
    of columns and rows, odd. The layer is two nn.Conv2d without a bias, kept
    as the attributes `col`, with kernels (n, 1), and `row`, with kernels
    (1, n). Their parameters are col.weight (c_mid, c_in, n, 1) and row.weight
    (c_out, c_mid, 1, n). The stride is 1, zeros keep the size of the image,
    and nothing stands between the two.

    forward(x): x (N, c_in, H, W) gives (N, c_out, H, W).
    Raises ValueError if one of the arguments is below 1, or if n is even.
    """

    def __init__(self, c_in, c_mid, c_out, n):
        super().__init__()
        check_least(c_in=c_in, c_mid=c_mid, c_out=c_out, n=n)
        check_odd(n=n)
        ### BEGIN SOLUTION
        self.col = nn.Conv2d(
            c_in, c_mid, (n, 1), padding=(n // 2, 0), bias=False
        )
        self.row = nn.Conv2d(
            c_mid, c_out, (1, n), padding=(0, n // 2), bias=False
        )
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        return self.row(self.col(x))
        ### END SOLUTION
