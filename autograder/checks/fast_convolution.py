"""How the exercises of the chapter `fast_convolution` are graded."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from autograder.checks.draws import array, both, calls, dtypes, small, steps
from autograder.checks.forbidden_ops import SCIPY_CONV, TORCH_CONV
from autograder.model import (
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
)
from convnets.answers import Call
from solutions import fast_convolution as solutions


def direct(x, w, padding=0):
    """The convolution by PyTorch, in float64."""
    x, w = (torch.tensor(a, dtype=torch.float64) for a in (x, w))
    return F.conv2d(x, w, padding=both(padding)).numpy()


def cancels(x, w, padding=0):
    """Whether the largest output is small beside the products that it adds.

    Rounding errors are as large as the products allow, so right answers would
    differ on such an input by what looks much.
    """
    y, terms = direct(x, w, padding), direct(np.abs(x), np.abs(w), padding)
    return np.abs(y).max() < 0.1 * terms.max()


# ---- conv_as_matrix --------------------------------------------------------


def matrix_of_units(w, h, w_in):
    """What the convolution makes of each image with a single one."""
    solutions.conv_as_matrix(w, h, w_in)  # its errors
    kernels = w if w.ndim == 4 else w[None, None]
    I = kernels.shape[1]
    units = np.eye(I * h * w_in).reshape(-1, I, h, w_in)
    return direct(units, kernels).reshape(len(units), -1).T.astype(w.dtype)


def four_axes(w):
    """w as (O, I, kh, kw)."""
    return w if w.ndim == 4 else w[None, None]


def matrix_by_index(w, h, w_in):
    """One entry after the other."""
    T = np.zeros_like(solutions.conv_as_matrix(w, h, w_in))
    O, I, kh, kw = four_axes(w).shape
    h_out, w_out = h - kh + 1, w_in - kw + 1
    for o, i, j, c, u, v in np.ndindex(O, h_out, w_out, I, kh, kw):
        row = (o * h_out + i) * w_out + j
        column = (c * h + i + u) * w_in + j + v
        T[row, column] = four_axes(w)[o, c, u, v]
    return T


def matrix_by_kronecker(w, h, w_in):
    """A sum over the taps, each a shift of rows times a shift of columns."""
    solutions.conv_as_matrix(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    total = 0
    for u, v in np.ndindex(kh, kw):
        down = np.eye(h - kh + 1, h, k=u, dtype=w.dtype)
        right = np.eye(w_in - kw + 1, w_in, k=v, dtype=w.dtype)
        total = total + np.kron(four_axes(w)[:, :, u, v], np.kron(down, right))
    return total


def matrix_by_toeplitz(w, h, w_in):
    """Blocks of blocks, each a Toeplitz matrix of one kernel row."""
    solutions.conv_as_matrix(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    h_out, w_out = h - kh + 1, w_in - kw + 1
    empty = np.zeros((w_out, w_in), w.dtype)

    def of_row(taps):
        first = np.concatenate([taps, np.zeros(w_in - kw, w.dtype)])
        return scipy.linalg.toeplitz(np.r_[taps[:1], [0] * (w_out - 1)], first)

    def of_kernel(kernel):
        blocks = [of_row(taps) for taps in kernel]
        return np.block([
            [blocks[p - i] if 0 <= p - i < kh else empty for p in range(h)]
            for i in range(h_out)
        ])  # fmt: skip

    rows = [[of_kernel(kernel) for kernel in kernels] for kernels in four_axes(w)]
    return np.block(rows).astype(w.dtype)


def matrix_by_windows(w, h, w_in):
    """The windows of numbered pixels say where each weight goes."""
    T = np.zeros_like(solutions.conv_as_matrix(w, h, w_in))
    O, I, kh, kw = four_axes(w).shape
    pixels = np.arange(h * w_in).reshape(h, w_in)
    windows = sliding_window_view(pixels, (kh, kw)).reshape(-1, kh * kw)
    blocks = T.reshape(O, len(windows), I, h * w_in)
    weights = four_axes(w).reshape(O, I, kh * kw)
    for row, places in enumerate(windows):
        blocks[:, row, :, places] = weights.transpose(2, 0, 1)
    return T


def matrix_flips(w, h, w_in):
    return solutions.conv_as_matrix(w[..., ::-1, ::-1], h, w_in)


def matrix_turned_over(w, h, w_in):
    return solutions.conv_as_matrix(w, h, w_in).T


def matrix_swaps_kernel(w, h, w_in):
    solutions.conv_as_matrix(w, h, w_in)
    return solutions.conv_as_matrix(w.swapaxes(-1, -2), h, w_in)


def matrix_swaps_image(w, h, w_in):
    solutions.conv_as_matrix(w, h, w_in)
    return solutions.conv_as_matrix(w, w_in, h)


def matrix_column_major(w, h, w_in):
    """Pixels counted down the columns."""
    solutions.conv_as_matrix(w, h, w_in)
    return solutions.conv_as_matrix(w.swapaxes(-1, -2), w_in, h)


def matrix_rows_run_on(w, h, w_in):
    """Row r is the first row, r places further."""
    T = solutions.conv_as_matrix(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    blocks = T.reshape(O, -1, I, h * w_in)
    moved = np.zeros_like(blocks)
    for r in range(blocks.shape[1]):
        moved[:, r, :, r:] = blocks[:, 0, :, : h * w_in - r]
    return moved.reshape(T.shape)


def matrix_short_pitch(w, h, w_in):
    """Steps of W' places from one row of pixels to the next."""
    T = np.zeros_like(solutions.conv_as_matrix(w, h, w_in))
    O, I, kh, kw = four_axes(w).shape
    h_out, w_out = h - kh + 1, w_in - kw + 1
    for o, i, j, c, u, v in np.ndindex(O, h_out, w_out, I, kh, kw):
        row = (o * h_out + i) * w_out + j
        T[row, c * h * w_in + (i + u) * w_out + j + v] = four_axes(w)[o, c, u, v]
    return T


def matrix_same_size(w, h, w_in):
    """Keeps the size of the image, as padding would."""
    solutions.conv_as_matrix(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    larger = solutions.conv_as_matrix(w, h + kh - 1, w_in + kw - 1)
    top, left = (kh - 1) // 2, (kw - 1) // 2
    inside = larger.reshape(O * h * w_in, I, h + kh - 1, w_in + kw - 1)
    return inside[:, :, top : top + h, left : left + w_in].reshape(O * h * w_in, -1)


def matrix_wraps(w, h, w_in):
    """A circulant matrix: windows start again on the other side."""
    same = matrix_same_size(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    T = np.zeros((O, h, w_in, I, h, w_in), w.dtype)
    for i, j, u, v in np.ndindex(h, w_in, kh, kw):
        T[:, i, j, :, (i + u) % h, (j + v) % w_in] = four_axes(w)[:, :, u, v]
    return T.reshape(same.shape)


def matrix_channels_last(w, h, w_in):
    """Channels change faster than pixels, in rows and columns."""
    T = solutions.conv_as_matrix(w, h, w_in)
    O, I, kh, kw = four_axes(w).shape
    blocks = T.reshape(O, -1, I, h * w_in).transpose(1, 0, 3, 2)
    return blocks.reshape(T.shape)


def matrix_first_channel(w, h, w_in):
    """Only the first input channel has entries."""
    T = solutions.conv_as_matrix(w, h, w_in).copy()
    T[:, h * w_in :] = 0
    return T


def matrix_one_kernel(w, h, w_in):
    """The first kernel in every block."""
    solutions.conv_as_matrix(w, h, w_in)
    kernels = np.broadcast_to(four_axes(w)[:1, :1], four_axes(w).shape)
    return solutions.conv_as_matrix(kernels, h, w_in)


def matrix_keeps_axes(w, h, w_in):
    T = solutions.conv_as_matrix(w, h, w_in)
    kh, kw = w.shape[-2:]
    rows = (*w.shape[:-3], h - kh + 1, w_in - kw + 1)
    return T.reshape(*rows, *w.shape[1:-2], h, w_in)


def matrix_needs_four_axes(w, h, w_in):
    if w.ndim != 4:
        raise ValueError("four axes were expected")
    return solutions.conv_as_matrix(w, h, w_in)


def matrix_needs_two_axes(w, h, w_in):
    kh, kw = w.shape  # fails for more
    return solutions.conv_as_matrix(w, h, w_in)


def matrix_float64(w, h, w_in):
    return solutions.conv_as_matrix(w, h, w_in).astype(np.float64)


def matrix_checks_nothing(w, h, w_in):
    try:
        return solutions.conv_as_matrix(w, h, w_in)
    except ValueError:
        return np.zeros((1, 1), w.dtype)


def matrix_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        w = np.arange(1.0, 7).reshape(2, 3)
        wrong = [Call((w, 1, 4)), Call((w, 3, 2)), Call((w[None], 3, 4)),
                 Call((w[0], 3, 4))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    kh, kw = small(draw, 1, 2), small(draw, 1, 3)
    h, w_in = kh + small(draw, 0, 2), kw + small(draw, 0, 2)
    channels = draw(st.sampled_from([(), (1, 2), (2, 1), (2, 2), (2, 3)]))
    return Call((array(draw, *channels, kh, kw, dtype=dtypes(draw)), h, w_in))


conv_as_matrix = Exercise(
    solutions.conv_as_matrix,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("one kernel", 2, "A kernel (kh, kw) on images of any size."),
        Group("channels", 2, "Kernels (O, I, kh, kw): a block for each pair."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("one kernel", "1 x 3 kernel, one row of 5 pixels", integers(1, 3), 1, 5,
             public=True),
        case("one kernel", "2 x 2 kernel, 3 x 4 pixels", integers(2, 2), 3, 4,
             public=True),
        case("one kernel", "2 x 3 kernel, 4 x 5 pixels", integers(2, 3), 4, 5),
        case("one kernel", "more rows than columns", normal(3, 2), 7, 4),
        case("one kernel", "a kernel as large as the image", normal(3, 4), 3, 4),
        case("one kernel", "a kernel as wide as the image", normal(2, 5), 6, 5),
        case("one kernel", "a kernel as high as the image", normal(4, 2), 4, 7),
        case("one kernel", "a 1 x 1 kernel", normal(1, 1), 3, 5),
        case("one kernel", "a kernel whose memory is not contiguous",
             strided(normal(3, 2)), 5, 6),
        case("channels", "one output channel, two input channels",
             integers(1, 2, 2, 1), 3, 2, public=True),
        case("channels", "three output and two input channels",
             normal(3, 2, 2, 3), 4, 5, public=True),
        case("channels", "two output and four input channels",
             normal(2, 4, 3, 2), 5, 3),
        case("channels", "one input channel", normal(5, 1, 2, 4), 3, 6),
        case("channels", "one channel in and out", normal(1, 1, 3, 2), 4, 6),
        case("channels", "1 x 1 kernels", normal(3, 4, 1, 1), 2, 5),
        case("channels", "kernels as large as the image", normal(4, 3, 2, 3), 2, 3),
        case("channels", "whole numbers", integers(3, 2, 3, 2), 4, 4),
        case("channels", "kernels whose memory is not contiguous",
             strided(normal(3, 2, 2, 3)), 3, 4),
        case("dtype and errors", "the dtype of a float32 kernel",
             normal(2, 3, dtype="float32"), 3, 5,
             public=True),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, dtype="float32"), 3, 5),
        case("dtype and errors", "float32 kernels of channels",
             normal(3, 2, 2, 3, dtype="float32"), 4, 3),
        case("dtype and errors", "whole numbers of type int",
             integers(3, 2, dtype="int64"), 4, 5, any_dtype=True),
        case("dtype and errors", "a kernel with more columns than the image",
             normal(2, 4), 5, 3, public=True),
        case("dtype and errors", "a kernel with more rows than the image",
             normal(4, 2), 3, 5),
        case("dtype and errors", "kernels of channels that do not fit",
             normal(2, 3, 3, 2), 2, 5),
        case("dtype and errors", "w with three axes", normal(3, 2, 3), 4, 5),
        case("dtype and errors", "w with one axis", normal(3), 4, 5),
    ],
    explain=calls(matrix_calls),
    oracle=matrix_of_units,
    forbidden=[TORCH_CONV, SCIPY_CONV],
    equivalents={
        "line 21: O, I = w.shape[:2] if w.ndim == 4 else (1, 1) => "
        "O, I = w.shape[:2] if w.ndim >= 4 else (1, 1)":
        "w has two or four axes: others were refused",
    },
    alternatives=[matrix_by_index, matrix_by_kronecker, matrix_by_toeplitz,
                  matrix_by_windows],
    mistakes=[
        Mistake("the kernel is flipped", matrix_flips),
        Mistake("the matrix is turned over: pixels are rows, outputs are columns",
                matrix_turned_over),
        Mistake("the two axes of the kernel are exchanged", matrix_swaps_kernel),
        Mistake("h and w_in are exchanged", matrix_swaps_image),
        Mistake("pixels are counted column by column instead of row by row",
                matrix_column_major),
        Mistake("each row is the row before, one place further, also where a new "
                "row of windows begins", matrix_rows_run_on),
        Mistake("a row of pixels is taken to have W' places instead of w_in",
                matrix_short_pitch),
        Mistake("the output is as large as the image, as if it were padded",
                matrix_same_size),
        Mistake("the windows reach over the border and start again at the front",
                matrix_wraps),
        Mistake("channels change faster than pixels", matrix_channels_last),
        Mistake("only the first input channel has entries", matrix_first_channel),
        Mistake("every block has the first kernel", matrix_one_kernel),
        Mistake("the matrix still has an axis for each of rows, columns and channels",
                matrix_keeps_axes),
        Mistake("a single kernel (kh, kw) is refused", matrix_needs_four_axes),
        Mistake("only a single kernel (kh, kw) is understood", matrix_needs_two_axes),
        Mistake("the result is float64 whatever came in", matrix_float64),
        Mistake("bad arguments raise nothing", matrix_checks_nothing),
    ],
)  # fmt: skip

# ---- conv2d_fft ------------------------------------------------------------


def torch_conv(x, w, padding=0):
    solutions.conv2d_fft(x, w, padding)  # its errors
    return direct(x, w, padding).astype(x.dtype)


def fft_of_flipped(x, w, padding=0):
    """The textbook's way: flip, make room for all of it, cut the middle out."""
    shape = solutions.conv2d_fft(x, w, padding).shape
    (ph, pw), (kh, kw) = both(padding), w.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    size = [n + k - 1 for n, k in zip(padded.shape[2:], (kh, kw), strict=True)]
    images = np.fft.fft2(padded, size)
    kernels = np.fft.fft2(w[:, :, ::-1, ::-1], size)
    full = np.fft.ifft2((images[:, None] * kernels).sum(axis=2)).real
    full = full[:, :, kh - 1 : kh - 1 + shape[2], kw - 1 : kw - 1 + shape[3]]
    return full.astype(x.dtype)


def fft_by_torch(x, w, padding=0):
    """torch's transforms, sizes rounded up to a power of two."""
    shape = solutions.conv2d_fft(x, w, padding).shape
    ph, pw = both(padding)
    padded = F.pad(torch.tensor(x, dtype=torch.float64), (pw, pw, ph, ph))
    size = [1 << (n - 1).bit_length() for n in padded.shape[2:]]
    images = torch.fft.rfft2(padded, size)
    kernels = torch.fft.rfft2(torch.tensor(w, dtype=torch.float64), size)
    products = torch.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    y = torch.fft.irfft2(products, size).numpy()[:, :, : shape[2], : shape[3]]
    return y.astype(x.dtype)


def fft_by_matrix(x, w, padding=0):
    """Fourier's sum as a matrix product, written out."""
    shape = solutions.conv2d_fft(x, w, padding).shape
    ph, pw = both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    H, W = padded.shape[2:]

    def waves(n):
        return np.exp(-2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)

    def transform(a):
        rows, columns = a.shape[2:]
        return waves(H)[:, :rows] @ a @ waves(W)[:columns]

    products = np.einsum("ncpq,ocpq->nopq", transform(padded), transform(w).conj())
    y = waves(H).conj() @ products @ waves(W).conj() / (H * W)
    return y.real[:, :, : shape[2], : shape[3]].astype(x.dtype)


def fft_of_whole_rows(x, w, padding=0):
    """One transform along the flattened image: a kernel row a row of pixels."""
    shape = solutions.conv2d_fft(x, w, padding).shape
    ph, pw = both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    H, W = padded.shape[2:]
    kernels = np.zeros((*w.shape[:2], H, W))
    kernels[:, :, : w.shape[2], : w.shape[3]] = w
    images = np.fft.fft(padded.reshape(*x.shape[:2], -1))
    spectra = np.fft.fft(kernels.reshape(*w.shape[:2], -1)).conj()
    y = np.fft.ifft(np.einsum("ncp,ocp->nop", images, spectra)).real
    y = y.reshape(*shape[:2], H, W)[:, :, : shape[2], : shape[3]]
    return y.astype(x.dtype)


def spectra(x, w, padding=0):
    """Of the padded images and of the kernels, and their common size."""
    solutions.conv2d_fft(x, w, padding)
    ph, pw = both(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    size = padded.shape[2:]
    return np.fft.fft2(padded), np.fft.fft2(w, size), size


def back(products, w, size):
    """From products of spectra to the windows that fit."""
    (H, W), (kh, kw) = size, w.shape[2:]
    return np.fft.ifft2(products)[:, :, : H - kh + 1, : W - kw + 1]


def fft_flips(x, w, padding=0):
    images, kernels, size = spectra(x, w, padding)
    y = np.fft.ifft2(np.einsum("ncpq,ocpq->nopq", images, kernels)).real
    return y[:, :, w.shape[2] - 1 :, w.shape[3] - 1 :].astype(x.dtype)


def fft_forgets_conjugate(x, w, padding=0):
    images, kernels, size = spectra(x, w, padding)
    products = np.einsum("ncpq,ocpq->nopq", images, kernels)
    return back(products, w, size).real.astype(x.dtype)


def fft_keeps_wrapped(x, w, padding=0):
    images, kernels, size = spectra(x, w, padding)
    products = np.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    return np.fft.ifft2(products).real.astype(x.dtype)


def fft_cuts_front(x, w, padding=0):
    """Keeps the last outputs, which is right after a flip only."""
    whole = fft_keeps_wrapped(x, w, padding)
    return whole[:, :, w.shape[2] - 1 :, w.shape[3] - 1 :]


def fft_cuts_around(x, w, padding=0):
    """Keeps the middle."""
    h, v = solutions.conv2d_fft(x, w, padding).shape[2:]
    top, left = (w.shape[2] - 1) // 2, (w.shape[3] - 1) // 2
    return fft_keeps_wrapped(x, w, padding)[:, :, top : top + h, left : left + v]


def fft_forgets_width(x, w, padding=0):
    """The inverse of half a spectrum takes the image to be of even width."""
    shape = solutions.conv2d_fft(x, w, padding).shape
    images, kernels, (H, W) = spectra(x, w, padding)
    products = np.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    if W == 1:
        raise ValueError("Invalid number of FFT data points (0) specified.")
    y = np.fft.irfft2(products[..., : W // 2 + 1])
    return y[:, :, : shape[2], : shape[3]].astype(x.dtype)


def fft_takes_magnitude(x, w, padding=0):
    images, kernels, size = spectra(x, w, padding)
    products = np.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    return np.abs(back(products, w, size)).astype(x.dtype)


def fft_stays_complex(x, w, padding=0):
    images, kernels, size = spectra(x, w, padding)
    products = np.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    return back(products, w, size).astype(f"c{2 * x.dtype.itemsize}")


def fft_one_channel(x, w, padding=0):
    solutions.conv2d_fft(x, w, padding)
    return solutions.conv2d_fft(x[:, :1], w[:, :1], padding)


def fft_no_padding(x, w, padding=0):
    solutions.conv2d_fft(x, w, padding)
    return solutions.conv2d_fft(x, w)


def fft_swaps_padding(x, w, padding=0):
    return solutions.conv2d_fft(x, w, both(padding)[::-1])


def fft_pads_behind(x, w, padding=0):
    """All zeros at the bottom and on the right: the transform's own padding."""
    solutions.conv2d_fft(x, w, padding)
    ph, pw = both(padding)
    x = np.pad(x, ((0, 0), (0, 0), (0, 2 * ph), (0, 2 * pw)))
    return solutions.conv2d_fft(x, w)


def fft_pads_round(x, w, padding=0):
    """Continues the image periodically, as the transform does by itself."""
    solutions.conv2d_fft(x, w, padding)
    ph, pw = both(padding)
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), mode="wrap")
    return solutions.conv2d_fft(x, w)


def fft_orthonormal(x, w, padding=0):
    """norm="ortho" throughout."""
    y = solutions.conv2d_fft(x, w, padding)
    images, kernels, (H, W) = spectra(x, w, padding)
    return (y / np.sqrt(H * W)).astype(x.dtype)


def fft_swaps_kernel(x, w, padding=0):
    solutions.conv2d_fft(x, w, padding)
    return solutions.conv2d_fft(x, w.swapaxes(2, 3), padding)


def fft_float64(x, w, padding=0):
    return solutions.conv2d_fft(x, w, padding).astype(np.float64)


def fft_float32(x, w, padding=0):
    narrow = solutions.conv2d_fft(x.astype("f4"), w.astype("f4"), padding)
    return narrow.astype(x.dtype)


def fft_checks_nothing(x, w, padding=0):
    try:
        return solutions.conv2d_fft(x, w, padding)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def fft_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w = np.ones((1, 2, 2, 3)), np.ones((1, 2, 2, 2))
        wrong = [Call((x[0], w)), Call((x, w[0])), Call((x, w[:, :1])),
                 Call((x, w, -1)), Call((x, w, (0, -1))),
                 Call((x, np.ones((1, 2, 3, 1)))),
                 Call((x, np.ones((1, 2, 1, 4))))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    N, C, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    kh, kw = small(draw, 1, 2), small(draw, 1, 3)
    H, W = kh + small(draw, 0, 2), kw + small(draw, 0, 2)
    padding, dtype = steps(draw, 0, 2), dtypes(draw)
    x, w = array(draw, N, C, H, W, dtype=dtype), array(draw, O, C, kh, kw, dtype=dtype)
    assume(not cancels(x, w, padding))
    return Call((x, w) if padding == 0 else (x, w, padding))


conv2d_fft = Exercise(
    solutions.conv2d_fft,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("values", 2, "No padding: all channels, odd and even sizes."),
        Group("padding", 2, "Zeros around the image, as an int and as a pair."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("values", "3 x 4 pixels, one 2 x 3 kernel, by hand", integers(1, 1, 3, 4),
             integers(1, 1, 2, 3), public=True),
        case("values", "three channels to four, all sizes different",
             normal(2, 3, 7, 6), normal(4, 3, 3, 2), public=True),
        case("values", "an odd width", normal(2, 3, 6, 7), normal(4, 3, 2, 3),
             public=True),
        case("values", "odd height and width", normal(3, 2, 9, 5), normal(5, 2, 4, 2)),
        case("values", "even height and width", normal(2, 4, 8, 10),
             normal(3, 4, 3, 5)),
        case("values", "a large kernel", normal(2, 3, 16, 13), normal(2, 3, 11, 9)),
        case("values", "a kernel as large as the image", normal(3, 2, 4, 5),
             normal(6, 2, 4, 5)),
        case("values", "1 x 1 kernels", normal(2, 3, 5, 4), normal(7, 3, 1, 1)),
        case("values", "a single row", normal(2, 3, 1, 9), normal(4, 3, 1, 4)),
        case("values", "a single column", normal(2, 3, 8, 1), normal(4, 3, 3, 1)),
        case("values", "whole numbers", integers(2, 3, 5, 6), integers(4, 3, 3, 2)),
        case("values", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 6, 5)), strided(normal(4, 3, 2, 3))),
        case("padding", "padding 1", normal(1, 2, 4, 5), normal(3, 2, 3, 2), 1,
             public=True),
        case("padding", "different paddings", normal(2, 3, 5, 4), normal(2, 3, 2, 3),
             (2, 1), public=True),
        case("padding", "an odd width after padding", normal(2, 3, 6, 7),
             normal(4, 3, 3, 4), padding=(1, 3)),
        case("padding", "padding of the columns only", normal(2, 2, 6, 5),
             normal(3, 2, 3, 2), padding=(0, 2)),
        case("padding", "padding of the rows only", normal(2, 2, 4, 6),
             normal(3, 2, 2, 3), padding=(3, 0)),
        case("padding", "a pair given as a list", normal(1, 3, 5, 6),
             normal(2, 3, 3, 4), padding=[1, 2]),
        case("padding", "a kernel that fits thanks to the padding",
             normal(2, 3, 2, 3), normal(4, 3, 5, 6), padding=(2, 3)),
        case("padding", "a padding wider than the image", normal(2, 3, 2, 3),
             normal(3, 3, 3, 2), padding=(4, 5)),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 7, dtype="float32"), normal(4, 3, 3, 2, dtype="float32"),
             padding=1),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 7, 5, dtype="float32"), normal(4, 3, 2, 3),
             public=True),
        case("dtype and errors", "float32 images and float64 kernels",
             normal(2, 3, 7, 5, dtype="float32"), normal(4, 3, 2, 3)),
        case("dtype and errors", "kernels for other channels", normal(1, 3, 5, 6),
             normal(2, 4, 2, 3), public=True),
        case("dtype and errors", "one channel where there should be three",
             normal(1, 3, 5, 6), normal(2, 1, 2, 3)),
        case("dtype and errors", "a kernel with more columns than the image",
             normal(1, 2, 5, 4), normal(3, 2, 2, 6)),
        case("dtype and errors", "a kernel with more rows than the padded image",
             normal(1, 2, 3, 6), normal(3, 2, 6, 2), 1),
        case("dtype and errors", "a padding below 0", normal(1, 2, 5, 6),
             normal(3, 2, 2, 3), (1, -1)),
        case("dtype and errors", "x without a batch axis", normal(2, 5, 6),
             normal(3, 2, 2, 3)),
        case("dtype and errors", "w with three axes", normal(1, 2, 5, 6),
             normal(2, 2, 3)),
    ],
    explain=calls(fft_calls),
    oracle=torch_conv,
    forbidden=[TORCH_CONV, SCIPY_CONV],
    alternatives=[fft_of_flipped, fft_by_torch, fft_by_matrix, fft_of_whole_rows],
    mistakes=[
        Mistake("the kernel is flipped: the spectrum of the kernel is not conjugated",
                fft_flips),
        Mistake("the spectrum of the kernel is not conjugated, and the first rows "
                "and columns are kept", fft_forgets_conjugate),
        Mistake("the windows that reach over the border are kept", fft_keeps_wrapped),
        Mistake("the first rows and columns are cut off instead of the last",
                fft_cuts_front),
        Mistake("the middle is kept instead of the first rows and columns",
                fft_cuts_around),
        Mistake("the inverse transform is not told the width, which is odd",
                fft_forgets_width),
        Mistake("the magnitude is taken instead of the real part", fft_takes_magnitude),
        Mistake("the result is still complex", fft_stays_complex),
        Mistake("only the first input channel is used", fft_one_channel),
        Mistake("the padding is ignored", fft_no_padding),
        Mistake("the vertical and the horizontal padding are exchanged",
                fft_swaps_padding),
        Mistake("all the padding is at the bottom and on the right", fft_pads_behind),
        Mistake("the image is continued from its other side instead of with zeros",
                fft_pads_round),
        Mistake("each transform divides by the root of the number of pixels "
                "(norm=\"ortho\")", fft_orthonormal),
        Mistake("the two axes of the kernel are exchanged", fft_swaps_kernel),
        Mistake("the result is float64 whatever came in", fft_float64),
        Mistake("the transforms are made in float32", fft_float32),
        Mistake("bad arguments raise nothing", fft_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- winograd_f23 ----------------------------------------------------------

# The matrices of Lavin and Gray, as they print them: B.T, G and A.T.
BT = np.array([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
AT = np.array([[1.0, 1, 1, 0], [0, 1, -1, -1]])


def torch_conv3(x, w):
    solutions.winograd_f23(x, w)  # its errors
    return direct(x, w).astype(x.dtype)


def tiled(x, w, bt=BT, g=G, at=AT):
    """With other matrices, whichever sizes they are for: float64."""
    h_out, w_out = solutions.winograd_f23(x, w).shape[2:]
    m, n = at.shape
    rows, columns = -(-h_out // m), -(-w_out // m)
    room = [(0, 0), (0, 0), (0, rows * m - h_out), (0, columns * m - w_out)]
    padded = np.pad(x.astype(np.float64), room)
    windows = sliding_window_view(padded, (n, n), axis=(2, 3))[:, :, ::m, ::m]
    products = np.einsum("ncrsij,ocij->norsij", bt @ windows @ bt.T, g @ w @ g.T)
    y = (at @ products @ at.T).swapaxes(3, 4)
    y = y.reshape(len(x), len(w), rows * m, columns * m)
    return y[:, :, :h_out, :w_out].astype(x.dtype)


def winograd_by_formulas(x, w):
    """Four products a row, written out; first along rows, then along columns."""
    h_out, w_out = solutions.winograd_f23(x, w).shape[2:]
    room = [(0, 0), (0, 0), (0, h_out % 2), (0, w_out % 2)]
    padded = np.pad(x.astype(np.float64), room)
    y = np.zeros((len(x), len(w), h_out + h_out % 2, w_out + w_out % 2))

    def pixels(d):
        return d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]

    def weights(g):
        return g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2, g[2]

    def results(m):
        return m[0] + m[1] + m[2], m[1] - m[2] - m[3]

    g = weights([np.stack(weights(row)) for row in w.transpose(2, 3, 0, 1)])
    for i in range(0, h_out, 2):
        for j in range(0, w_out, 2):
            window = padded[:, :, i : i + 4, j : j + 4].transpose(2, 3, 0, 1)
            d = pixels([np.stack(pixels(row)) for row in window])
            m = [np.einsum("jnc,joc->jno", *both) for both in zip(d, g, strict=True)]
            tile = results([np.stack(results(row)) for row in m])
            y[:, :, i : i + 2, j : j + 2] = np.stack(tile).transpose(2, 3, 0, 1)
    return y[:, :, :h_out, :w_out].astype(x.dtype)


def winograd_halves_elsewhere(x, w):
    """The halves stand in B instead of G."""
    halves = np.array([[1], [0.5], [0.5], [1]])
    return tiled(x, w, halves * BT, G / halves)


def winograd_f43(x, w):
    """Larger tiles: 4 x 4 outputs from 6 x 6 pixels."""
    bt = np.array([
        [4.0, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ])  # fmt: skip
    g = np.array([
        [6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24],
    ]) / 24  # fmt: skip
    at = np.array([
        [1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0],
        [0, 1, -1, 8, -8, 1],
    ])  # fmt: skip
    return tiled(x, w, bt, g, at)


def winograd_last_tiles_inside(x, w):
    """No zeros: the last tile of an odd output starts a pixel earlier."""
    y = np.empty_like(solutions.winograd_f23(x, w))
    h_out, w_out = y.shape[2:]
    if min(h_out, w_out) < 2:
        return tiled(x, w)
    g = G @ w @ G.T
    for i in {*range(0, h_out - 1, 2), h_out - 2}:
        for j in {*range(0, w_out - 1, 2), w_out - 2}:
            d = BT @ x[:, :, i : i + 4, j : j + 4] @ BT.T
            m = np.einsum("ncij,ocij->noij", d, g)
            y[:, :, i : i + 2, j : j + 2] = AT @ m @ AT.T
    return y


def wino_flips(x, w):
    return solutions.winograd_f23(x, w[:, :, ::-1, ::-1])


def wino_no_halves(x, w):
    return tiled(x, w, g=np.sign(G))


def wino_wrong_sign(x, w):
    """The last product is added."""
    return tiled(x, w, at=np.array([[1.0, 1, 1, 0], [0, 1, -1, 1]]))


def wino_b_not_transposed(x, w):
    return tiled(x, w, bt=BT.T)


def wino_one_side(x, w):
    """B.T from the left only."""
    h_out, w_out = solutions.winograd_f23(x, w).shape[2:]
    room = [(0, 0), (0, 0), (0, h_out % 2), (0, w_out % 2)]
    padded = np.pad(x.astype(np.float64), room)
    windows = sliding_window_view(padded, (4, 4), axis=(2, 3))[:, :, ::2, ::2]
    products = np.einsum("ncrsij,ocij->norsij", BT @ windows, G @ w @ G.T)
    y = (AT @ products @ AT.T).swapaxes(3, 4).reshape(
        len(x), len(w), h_out + h_out % 2, w_out + w_out % 2)  # fmt: skip
    return y[:, :, :h_out, :w_out].astype(x.dtype)


def wino_axes_not_moved(x, w):
    """Tiles are reshaped to an image without a change of axes."""
    shape = solutions.winograd_f23(x, w).shape
    even = [(0, 0), (0, 0), (0, shape[2] % 2), (0, shape[3] % 2)]
    y = solutions.winograd_f23(np.pad(x, even), w)
    h, v = y.shape[2:]
    tiles = y.reshape(*shape[:2], h // 2, 2, v // 2, 2).swapaxes(3, 4)
    return tiles.reshape(y.shape)[:, :, : shape[2], : shape[3]]


def wino_side_by_side(x, w):
    """Tiles do not overlap: each starts 4 pixels behind the last."""
    h_out, w_out = solutions.winograd_f23(x, w).shape[2:]
    y = np.zeros((len(x), len(w), h_out, w_out), x.dtype)
    large = np.pad(x, [(0, 0), (0, 0), (0, 2 * h_out), (0, 2 * w_out)])
    for i in range(0, h_out, 2):
        for j in range(0, w_out, 2):
            part = large[:, :, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
            tile = solutions.winograd_f23(part, w)
            y[:, :, i : i + 2, j : j + 2] = tile[:, :, : h_out - i, : w_out - j]
    return y


def wino_whole_tiles(x, w):
    """An odd output loses its last row or column."""
    y = solutions.winograd_f23(x, w)
    h, v = y.shape[2:]
    return y[:, :, : h - h % 2, : v - v % 2]


def wino_odd_zero(x, w):
    """The last row or column of an odd output stays zero."""
    y = solutions.winograd_f23(x, w).copy()
    h, v = y.shape[2:]
    y[:, :, h - h % 2 :], y[:, :, :, v - v % 2 :] = 0, 0
    return y


def wino_even_more(x, w):
    """An odd output keeps what its last tiles have too much."""
    h, v = solutions.winograd_f23(x, w).shape[2:]
    return solutions.winograd_f23(
        np.pad(x, [(0, 0), (0, 0), (0, h % 2), (0, v % 2)]), w
    )


def wino_pads_front(x, w):
    """The row or column that makes an odd output even is put in front."""
    h, v = solutions.winograd_f23(x, w).shape[2:]
    room = [(0, 0), (0, 0), (h % 2, 0), (v % 2, 0)]
    return solutions.winograd_f23(np.pad(x, room), w)[:, :, :h, :v]


def wino_one_channel(x, w):
    solutions.winograd_f23(x, w)
    return solutions.winograd_f23(x[:, :1], w[:, :1])


def wino_same_size(x, w):
    solutions.winograd_f23(x, w)
    return solutions.winograd_f23(np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)]), w)


def wino_transposed_kernel(x, w):
    return solutions.winograd_f23(x, w.swapaxes(2, 3))


def wino_float64(x, w):
    return solutions.winograd_f23(x, w).astype(np.float64)


def wino_float32(x, w):
    return solutions.winograd_f23(x.astype("f4"), w.astype("f4")).astype(x.dtype)


def wino_checks_nothing(x, w):
    try:
        return solutions.winograd_f23(x, w)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def winograd_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w = np.ones((1, 2, 4, 3)), np.ones((1, 2, 3, 3))
        wrong = [Call((x[0], w)), Call((x, w[0])), Call((x, w[:, :1])),
                 Call((x, w[:, :, :2])), Call((x, w[:, :, :, :2])),
                 Call((x[:, :, :2], w)), Call((x[:, :, :, :2], w))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    N, C, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    H, W, dtype = small(draw, 3, 6), small(draw, 3, 6), dtypes(draw)
    x, w = array(draw, N, C, H, W, dtype=dtype), array(draw, O, C, 3, 3, dtype=dtype)
    assume(not cancels(x, w))
    return Call((x, w))


def tiles(group, label, x, w, public=False):
    """A case whose kernel is square because it has to be."""
    why = "the exercise is about 3 x 3 kernels; they are not symmetric"
    return case(group, label, x, w, public=public, exempt=why)


PAD = "line 27: padded = np.pad(x, ((0, 0), (0, 0), (0, h_out % 2), (0, w_out % 2)))"
JOIN = ("line 35: y = y.reshape(N, O, rows, columns, 2, 2)"
        ".transpose(0, 1, 2, 4, 3, 5)")  # fmt: skip
MORE_TILES = "more zeros than needed make tiles that are cut off in the end"

winograd_f23 = Exercise(
    solutions.winograd_f23,
    minutes=35,
    difficulty="challenge",
    groups=[
        Group("one tile", 2, "Images of 4 x 4 pixels, all channels."),
        Group("many tiles", 2, "Even outputs of any size, with each tile in its place."),
        Group("odd outputs", 1, "The last tiles reach beyond the image."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        tiles("one tile", "one channel, by hand", integers(1, 1, 4, 4),
              integers(1, 1, 3, 3), public=True),
        tiles("one tile", "three channels to two", normal(1, 3, 4, 4),
              normal(2, 3, 3, 3), public=True),
        tiles("one tile", "a batch", normal(3, 2, 4, 4), normal(5, 2, 3, 3)),
        tiles("one tile", "as many channels as pixels in a row", normal(2, 4, 4, 4),
              normal(3, 4, 3, 3)),
        tiles("many tiles", "two tiles side by side", integers(1, 1, 4, 6),
              integers(1, 1, 3, 3), public=True),
        tiles("many tiles", "3 x 2 tiles, two channels to three", normal(1, 2, 8, 6),
              normal(3, 2, 3, 3), public=True),
        tiles("many tiles", "all sizes different", normal(2, 3, 10, 14),
              normal(4, 3, 3, 3)),
        tiles("many tiles", "two tiles below each other", normal(3, 2, 6, 4),
              normal(5, 2, 3, 3)),
        tiles("many tiles", "whole numbers", integers(2, 3, 6, 8),
              integers(4, 3, 3, 3)),
        tiles("many tiles", "arrays whose memory is not contiguous",
              strided(normal(2, 3, 8, 6)), strided(normal(4, 3, 3, 3))),
        tiles("odd outputs", "an odd number of output columns", normal(1, 2, 6, 5),
              normal(3, 2, 3, 3), public=True),
        tiles("odd outputs", "an odd number of output rows", normal(2, 3, 5, 8),
              normal(4, 3, 3, 3)),
        tiles("odd outputs", "both odd", normal(2, 3, 9, 7), normal(4, 3, 3, 3)),
        tiles("odd outputs", "a single output", normal(3, 2, 3, 3),
              normal(5, 2, 3, 3)),
        tiles("odd outputs", "a single row of outputs", normal(2, 3, 3, 8),
              normal(4, 3, 3, 3)),
        tiles("odd outputs", "a single column of outputs", normal(2, 3, 6, 3),
              normal(4, 3, 3, 3)),
        tiles("dtype and errors", "float32 stays float32",
              normal(2, 3, 8, 7, dtype="float32"),
              normal(4, 3, 3, 3, dtype="float32")),
        tiles("dtype and errors", "the dtype of a float32 image",
              normal(2, 3, 6, 8, dtype="float32"), normal(4, 3, 3, 3),
              public=True),
        tiles("dtype and errors", "float32 images and float64 kernels",
              normal(2, 3, 6, 8, dtype="float32"), normal(4, 3, 3, 3)),
        tiles("dtype and errors", "3 x 2 kernels", normal(1, 2, 6, 8),
              normal(3, 2, 3, 2), public=True),
        tiles("dtype and errors", "5 x 5 kernels", normal(1, 2, 6, 8),
              normal(3, 2, 5, 5)),
        tiles("dtype and errors", "kernels for other channels", normal(1, 3, 6, 8),
              normal(2, 4, 3, 3)),
        tiles("dtype and errors", "two rows of pixels", normal(1, 2, 2, 6),
              normal(3, 2, 3, 3)),
        tiles("dtype and errors", "two columns of pixels", normal(1, 2, 6, 2),
              normal(3, 2, 3, 3)),
        tiles("dtype and errors", "x without a batch axis", normal(2, 6, 8),
              normal(3, 2, 3, 3)),
        tiles("dtype and errors", "w with three axes", normal(1, 2, 6, 8),
              normal(2, 3, 3)),
    ],
    explain=calls(winograd_calls),
    oracle=torch_conv3,
    forbidden=[TORCH_CONV, SCIPY_CONV],
    # Larger tiles are right, too, and round more.
    rtol={"float32": 5e-5},
    equivalents={
        f"{PAD} => {PAD[9:].replace('h_out % 2', 'h_out * 2')}": MORE_TILES,
        f"{PAD} => {PAD[9:].replace('w_out % 2', 'w_out * 2')}": MORE_TILES,
        f"{JOIN} => {JOIN[9:].replace('N, O', 'O, N')}":
        "the two axes stay neighbours in this order until they are split again",
        f"{JOIN} => {JOIN[9:].replace('O, rows', 'rows, O')}":
        "the two axes stay neighbours in this order until they are split again",
    },
    alternatives=[winograd_by_formulas, winograd_halves_elsewhere, winograd_f43,
                  winograd_last_tiles_inside],
    mistakes=[
        Mistake("the kernel is flipped", wino_flips),
        Mistake("the middle rows of G are not halved", wino_no_halves),
        Mistake("the last of the four products is added, not subtracted",
                wino_wrong_sign),
        Mistake("B and its transpose are exchanged", wino_b_not_transposed),
        Mistake("the windows are transformed from the left only", wino_one_side),
        Mistake("the tiles are put together by a reshape alone, without a change of "
                "axes", wino_axes_not_moved),
        Mistake("the windows do not overlap: they move by 4 pixels instead of 2",
                wino_side_by_side),
        Mistake("the last row or column of an odd output is missing",
                wino_whole_tiles),
        Mistake("the last row or column of an odd output is zero", wino_odd_zero),
        Mistake("an odd output keeps the row or column that its last tiles have too "
                "much", wino_even_more),
        Mistake("the zeros for the last tiles are put at the top and left",
                wino_pads_front),
        Mistake("only the first input channel is used", wino_one_channel),
        Mistake("the image is padded, so that the output has its size",
                wino_same_size),
        Mistake("the two axes of the kernel are exchanged", wino_transposed_kernel),
        Mistake("the result is float64 whatever came in", wino_float64),
        Mistake("the sums are computed in float32", wino_float32),
        Mistake("bad arguments raise nothing", wino_checks_nothing),
    ],
    image=True,
)  # fmt: skip
