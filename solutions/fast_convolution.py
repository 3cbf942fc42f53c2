"""Reference answers of the chapter `fast_convolution`.

N batch, C input channels, O output channels, H, W image, kh, kw kernel;
H', W' are the height and width of the output. In matrices, I counts the input
channels, and an image has h rows and w_in columns.
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


def check_shapes(x, w):
    """Raise ValueError unless x is (N, C, H, W) and w is (O, C, kh, kw)."""
    for name, array, layout in (("x", x, "(N, C, H, W)"),
                                ("w", w, "(O, C, kh, kw)")):
        if array.ndim != 4:
            raise ValueError(
                f"{name} has shape {array.shape}; 4 axes {layout} were "
                "expected"
            )
    if w.shape[1] != x.shape[1]:
        raise ValueError(
            f"w has {w.shape[1]} input channels; {x.shape[1]}, as x has, "
            "were expected"
        )


def check_kernel_fits(image, kernel):
    """Raise ValueError if a kernel is larger than an image.

    Both are pairs (rows, columns); padding counts as image.
    """
    if kernel[0] > image[0] or kernel[1] > image[1]:
        raise ValueError(
            f"w has a kernel of {kernel[0]} x {kernel[1]}; at most "
            f"{image[0]} x {image[1]} fits into the image"
        )


def conv_as_matrix(w, h, w_in):
    """The matrix that does a convolution, for images of one size.

    w: (kh, kw), one kernel, or (O, I, kh, kw), a kernel for each output and
    each input channel, not flipped; h, w_in: ints, rows and columns of the
    image.

    Returns T with the dtype of w: (H' * W', h * w_in) for one kernel, and
    (O * H' * W', I * h * w_in) for kernels of channels, where
    H' = h - kh + 1 and W' = w_in - kw + 1. For an image x, T @ x.ravel() is
    the convolution with stride 1 and without padding, flattened: the channel
    changes slowest and the column fastest, as NumPy flattens arrays.
    Raises ValueError if w has neither two nor four axes, or if the kernel is
    larger than the image.
    """
    if w.ndim not in (2, 4):
        raise ValueError(
            f"w has shape {w.shape}; 2 axes (kh, kw) or 4 axes "
            "(O, I, kh, kw) were expected"
        )
    kh, kw = w.shape[-2:]
    check_kernel_fits((h, w_in), (kh, kw))
    h_out, w_out = h - kh + 1, w_in - kw + 1
    ### BEGIN SOLUTION
    O, I = w.shape[:2] if w.ndim == 4 else (1, 1)
    T = np.zeros((O, h_out, w_out, I, h, w_in), w.dtype)
    for i in range(h_out):
        for j in range(w_out):
            # Output (i, j) of all channels reads the window at (i, j).
            T[:, i, j, :, i : i + kh, j : j + kw] = w
    return T.reshape(O * h_out * w_out, I * h * w_in)
    ### END SOLUTION


def conv2d_fft(x, w, padding=0):
    """Convolution as a product of spectra.

    x: (N, C, H, W) images; w: (O, C, kh, kw) kernels, not flipped; both hold
    floating point numbers; padding: int or pair (vertical, horizontal), rows
    and columns of zeros on all four sides. The kernel moves by one pixel.

    Returns y: (N, O, H', W') with the dtype of x, where
    H' = H + 2 * padding - kh + 1 and W' likewise: the values of
    torch.nn.functional.conv2d, up to rounding.
    Raises ValueError if x or w does not have four axes, if their channels
    differ, if a padding is below 0, or if the kernel is larger than the
    padded image.
    Source: Mathieu, Henaff and LeCun (2014).
    """
    check_shapes(x, w)
    N, C, H, W = x.shape
    O, _, kh, kw = w.shape
    ph, pw = pair(padding, "padding", 0)
    size = (H + 2 * ph, W + 2 * pw)
    check_kernel_fits(size, (kh, kw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    images = np.fft.rfft2(padded)  # (N, C, frequencies)
    # Given a size, the transform puts zeros behind the kernel.
    kernels = np.fft.rfft2(w.astype(x.dtype), size)
    # The conjugate turns a convolution with a flip into one without.
    products = np.einsum("ncpq,ocpq->nopq", images, kernels.conj())
    y = np.fft.irfft2(products, size)
    # The last windows reach over the border and start again at the front.
    return y[:, :, : size[0] - kh + 1, : size[1] - kw + 1]
    ### END SOLUTION


def winograd_f23(x, w):
    """Convolution with 3 x 3 kernels, in tiles of 2 x 2 outputs.

    x: (N, C, H, W) images; w: (O, C, 3, 3) kernels, not flipped; both hold
    floating point numbers. There is no padding, and the stride is 1.

    For one channel, a tile is A.T @ ((G @ w @ G.T) * (B.T @ d @ B)) @ A, where
    d is the 4 x 4 window that it reads, and A, B and G are the matrices of
    the source. The height or the width of the output may be odd.

    Returns y: (N, O, H - 2, W - 2) with the dtype of x: the values of
    torch.nn.functional.conv2d, up to rounding.
    Raises ValueError if x or w does not have four axes, if their channels
    differ, if a kernel is not 3 x 3, or if an image is smaller than that.
    Source: Lavin and Gray (2016), F(2x2, 3x3).
    """
    check_shapes(x, w)
    N, C, H, W = x.shape
    O, _, kh, kw = w.shape
    if (kh, kw) != (3, 3):
        raise ValueError(f"w has a kernel of {kh} x {kw}; 3 x 3 was expected")
    check_kernel_fits((H, W), (kh, kw))
    h_out, w_out = H - 2, W - 2
    ### BEGIN SOLUTION
    B = np.array(
        [[1, 0, 0, 0], [0, 1, -1, 1], [-1, 1, 1, 0], [0, 0, 0, -1]], x.dtype
    )
    G = np.array(
        [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], x.dtype
    )
    A = np.array([[1, 0], [1, 1], [1, -1], [0, -1]], x.dtype)
    # An odd output gets half a tile more, which is cut off in the end.
    padded = np.pad(x, ((0, 0), (0, 0), (0, h_out % 2), (0, w_out % 2)))
    windows = sliding_window_view(padded, (4, 4), axis=(2, 3))
    d = B.T @ windows[:, :, ::2, ::2] @ B  # (N, C, rows, columns, 4, 4)
    rows, columns = d.shape[2:4]
    g = G @ w @ G.T  # (O, C, 4, 4)
    # For each of the 4 x 4 places, a matrix product over the channels.
    d = d.transpose(0, 4, 5, 1, 2, 3).reshape(N, 4, 4, C, rows * columns)
    m = g.transpose(2, 3, 0, 1) @ d  # (N, 4, 4, O, tiles)
    y = A.T @ m.transpose(0, 3, 4, 1, 2) @ A  # (N, O, tiles, 2, 2)
    y = y.reshape(N, O, rows, columns, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    y = y.reshape(N, O, 2 * rows, 2 * columns)[:, :, :h_out, :w_out]
    return y.astype(x.dtype)
    ### END SOLUTION
