"""Reference answers of the chapter `convolution`.

N batch, C input channels, O output channels, H, W image, kh, kw kernel;
H', W' are the height and width of the output.
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


def check_kernel_fits(size, kernel, padding, dilation=(1, 1)):
    """Raise ValueError if a kernel is larger than the padded image.

    All arguments are pairs (vertical, horizontal).
    """
    for n, k, p, d in zip(size, kernel, padding, dilation):
        if d * (k - 1) + 1 > n + 2 * p:
            raise ValueError(
                f"w has a kernel of {kernel}, which spans {d * (k - 1) + 1} "
                f"pixels; at most {n + 2 * p} fit into x with this padding"
            )


def check_bias(b, channels):
    """Raise ValueError unless `b` is None or has one entry a channel."""
    if b is not None and b.shape != (channels,):
        raise ValueError(
            f"b has shape {b.shape}; ({channels},), one entry an output "
            "channel, was expected"
        )


def output_size(n, k, stride=1, padding=0, dilation=1):
    """Number of positions at which a kernel fits, along one axis.

    n: length of the input; k: length of the kernel; stride: pixels from one
    position to the next; padding: zeros added at each end; dilation: pixels
    from one tap of the kernel to the next. All are ints.

    Returns an int.
    Raises ValueError if n, k, stride or dilation is below 1, if padding is
    below 0, or if the dilated kernel is longer than the padded input.
    Source: Dumoulin and Visin (2016), relationship 15.
    """
    least = {"n": 1, "k": 1, "stride": 1, "padding": 0, "dilation": 1}
    given = {"n": n, "k": k, "stride": stride, "padding": padding,
             "dilation": dilation}
    for name, value in given.items():
        if value < least[name]:
            raise ValueError(
                f"{name} is {value}; at least {least[name]} was expected"
            )
    if dilation * (k - 1) + 1 > n + 2 * padding:
        raise ValueError(
            f"k is {k}: with dilation {dilation} the kernel spans "
            f"{dilation * (k - 1) + 1} pixels; at most {n + 2 * padding} fit"
        )
    ### BEGIN SOLUTION
    return (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
    ### END SOLUTION


def conv2d_loops(x, w, b=None, stride=1, padding=0):
    """Cross-correlation of images with kernels, as the definition says it.

    x: (N, C, H, W) images; w: (O, C, kh, kw) kernels, not flipped;
    b: (O,) or None, added to each output channel; stride, padding: int or
    pair (vertical, horizontal), padding with zeros on all four sides.

    Returns y: (N, O, H', W'), a new array with the dtype of x.
    Raises ValueError if x or w does not have four axes, if their channels
    differ, if b is not of shape (O,), if a stride is below 1 or a padding
    below 0, or if the kernel does not fit into the padded image.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(O, C, kh, kw)")
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    if I != C:
        raise ValueError(f"w has {I} input channels; {C}, as x has, expected")
    check_bias(b, O)
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    h_out = (H + 2 * ph - kh) // sh + 1
    w_out = (W + 2 * pw - kw) // sw + 1
    y = np.zeros((N, O, h_out, w_out), x.dtype)
    for n in range(N):
        for o in range(O):
            for i in range(h_out):
                for j in range(w_out):
                    top, left = i * sh, j * sw
                    window = padded[n, :, top : top + kh, left : left + kw]
                    y[n, o, i, j] = np.sum(window * w[o])
            if b is not None:
                y[n, o] += b[o]
    return y
    ### END SOLUTION


def conv2d(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of images with kernels, without a loop over pixels.

    x: (N, C, H, W) images; w: (O, C / groups, kh, kw) kernels, not flipped;
    b: (O,) or None, added to each output channel; stride, padding, dilation:
    int or pair (vertical, horizontal), padding with zeros on all four sides;
    groups: channels are split into this many equal parts, and the g-th part
    of the output channels sees the g-th part of the input channels only.

    Returns y: (N, O, H', W'), a new array with the dtype of x.
    Raises ValueError if x or w does not have four axes, if groups is below 1
    or does not divide C and O, if w does not have C / groups input channels,
    if b is not of shape (O,), if a stride or dilation is below 1 or a
    padding below 0, or if the kernel does not fit into the padded image.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(O, C / groups, kh, kw)")
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    if groups < 1 or C % groups or O % groups:
        raise ValueError(
            f"groups is {groups}; a number that divides the {C} channels of "
            f"x and the {O} kernels of w was expected"
        )
    if I != C // groups:
        raise ValueError(
            f"w has {I} input channels; {C // groups}, the channels of x "
            "over groups, was expected"
        )
    check_bias(b, O)
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    dh, dw = pair(dilation, "dilation", 1)
    check_kernel_fits((H, W), (kh, kw), (ph, pw), (dh, dw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    span = (dh * (kh - 1) + 1, dw * (kw - 1) + 1)
    windows = sliding_window_view(padded, span, axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw, ::dh, ::dw]  # (N, C, H', W', kh, kw)
    parts = []
    for g in range(groups):
        seen = windows[:, g * I : (g + 1) * I]
        kernels = w[g * (O // groups) : (g + 1) * (O // groups)]
        part = np.tensordot(seen, kernels, axes=((1, 4, 5), (1, 2, 3)))
        parts.append(part)  # (N, H', W', O / groups)
    y = np.moveaxis(np.concatenate(parts, axis=3), 3, 1)  # (N, O, H', W')
    if b is not None:
        y = y + b[:, None, None]
    return y
    ### END SOLUTION


def im2col(x, kh, kw, stride=1, padding=0):
    """Lay every window of an image out as a column.

    x: (N, C, H, W) images; kh, kw: height and width of the window; stride,
    padding: int or pair (vertical, horizontal), padding with zeros.

    Returns columns: (N, C * kh * kw, H' * W') with the dtype of x. Rows run
    over channel, then row, then column of the window; columns run over the
    positions of the window, row by row: as torch.nn.functional.unfold.
    Raises ValueError if x does not have four axes, if kh, kw or a stride is
    below 1, if a padding is below 0, or if the window does not fit.
    Source: Chellapilla, Puri and Simard (2006), section 3.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    pair((kh, kw), "(kh, kw)", 1)
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    rows_first = windows.transpose(0, 1, 4, 5, 2, 3)
    return rows_first.reshape(N, C * kh * kw, -1)
    ### END SOLUTION


def conv2d_backward(dy, x, w, stride=1, padding=0):
    """Gradients of a convolution y = conv2d(x, w, b, stride, padding).

    dy: (N, O, H', W') gradient of the loss with respect to y;
    x: (N, C, H, W); w: (O, C, kh, kw); stride, padding: int or pair
    (vertical, horizontal), as in the forward pass.

    Returns the tuple (dx, dw, db) with the shapes of x, w and (O,) and the
    dtype of x; dw and db are sums over the batch.
    Raises ValueError if dy, x or w does not have four axes, if the channels
    of x and w differ, if a stride is below 1 or a padding below 0, if the
    kernel does not fit, or if dy does not have the shape of y.
    """
    check_rank(dy, "dy", 4, "(N, O, H', W')")
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(O, C, kh, kw)")
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    if I != C:
        raise ValueError(f"w has {I} input channels; {C}, as x has, expected")
    sh, sw = pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_kernel_fits((H, W), (kh, kw), (ph, pw))
    h_out = len(range(0, H + 2 * ph - kh + 1, sh))
    w_out = len(range(0, W + 2 * pw - kw + 1, sw))
    if dy.shape != (N, O, h_out, w_out):
        raise ValueError(
            f"dy has shape {dy.shape}; {(N, O, h_out, w_out)}, the shape of "
            "the output, was expected"
        )
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    d_padded = np.zeros_like(padded)
    dw = np.zeros(w.shape, x.dtype)
    for i in range(kh):
        for j in range(kw):
            # The pixels that tap (i, j) met, one for each output pixel.
            rows = slice(i, i + sh * (h_out - 1) + 1, sh)
            columns = slice(j, j + sw * (w_out - 1) + 1, sw)
            met = padded[:, :, rows, columns]  # (N, C, H', W')
            dw[:, :, i, j] = np.einsum("nohw,nchw->oc", dy, met)
            d_padded[:, :, rows, columns] += np.einsum(
                "nohw,oc->nchw", dy, w[:, :, i, j]
            )
    dx = d_padded[:, :, ph : ph + H, pw : pw + W]
    db = dy.sum(axis=(0, 2, 3))
    return dx, dw, db
    ### END SOLUTION
