"""Reference answers of the chapter `pooling`.

N batch, C channels, H, W image, kh, kw window; H', W' are the height and
width of the output.
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


def check_least(**sizes):
    """Raise ValueError unless every number given by name is at least 1."""
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 was expected")


def check_windows(image, window, padding):
    """Raise ValueError unless a pooling window fits; all are pairs.

    The padding may be half of the window at most, so that every window has
    a pixel of the image in it.
    """
    for n, k, p in zip(image, window, padding):
        if p > k // 2:
            raise ValueError(
                f"padding is {padding}; at most half of the window {window} "
                "was expected"
            )
        if k > n + 2 * p:
            raise ValueError(
                f"k is {window}; windows that fit into the padded image "
                f"{image} were expected"
            )


def check_layers(layers, h, w):
    """Raise ValueError unless the layers fit onto each other and the image.

    layers: list of ("conv", c_in, c_out, k) and ("pool", k); h, w: ints.
    """
    check_least(h=h, w=w)
    wanted = None
    for layer in layers:
        if (layer[0], len(layer)) not in (("conv", 4), ("pool", 2)):
            raise ValueError(
                f"layers has {layer!r}; ('conv', c_in, c_out, k) or "
                "('pool', k) was expected"
            )
        if min(layer[1:]) < 1:
            raise ValueError(
                f"layers has {layer!r}; numbers of at least 1 were expected"
            )
        if layer[0] == "conv" and wanted not in (None, layer[1]):
            raise ValueError(
                f"layers has {layer!r} after {wanted} channels; as many "
                "input channels were expected"
            )
        if layer[0] == "conv":
            wanted = layer[2]
        elif wanted is None:
            raise ValueError(
                f"layers begins with {layer!r}; a convolution, which says "
                "how many channels there are, was expected"
            )
        elif min(h, w) < layer[1]:
            raise ValueError(
                f"layers has {layer!r} where the image is {h} x {w}; "
                "a window that fits was expected"
            )
        else:
            h, w = h // layer[1], w // layer[1]


def avg_pool2d(x, k, stride=None, padding=0, count_include_pad=True):
    """Average pooling: every window of pixels becomes its mean.

    x: (N, C, H, W) images of floats; k: int or pair (vertical, horizontal),
    rows and columns of a window; stride: int or pair, pixels from one window
    to the next, None for k; padding: int or pair, zeros put around the image
    on all four sides; count_include_pad: whether those zeros count, so that
    every sum is divided by kh * kw. If not, each sum is divided by the number
    of pixels of the image in its window.

    Returns y: (N, C, H', W') with the dtype of x, where
    H' = floor((H + 2 * padding - kh) / stride) + 1, and W' likewise: as
    torch.nn.functional.avg_pool2d.
    Raises ValueError if x does not have four axes, if k or a stride is below
    1, if a padding is below 0 or above half of k, or if k does not fit into
    the padded image.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    kh, kw = pair(k, "k", 1)
    sh, sw = (kh, kw) if stride is None else pair(stride, "stride", 1)
    ph, pw = pair(padding, "padding", 0)
    check_windows((H, W), (kh, kw), (ph, pw))
    ### BEGIN SOLUTION

    def sums(images):
        frame = ((0, 0), (0, 0), (ph, ph), (pw, pw))
        framed = np.pad(images, frame)
        windows = sliding_window_view(framed, (kh, kw), axis=(2, 3))
        return windows[:, :, ::sh, ::sw].sum(axis=(4, 5))

    if count_include_pad:
        return sums(x) / (kh * kw)
    return sums(x) / sums(np.ones((1, 1, H, W), x.dtype))
    ### END SOLUTION


def avg_pool_as_conv(channels, k):
    """The kernels with which a depthwise convolution pools.

    channels: int, of the image; k: int or pair (vertical, horizontal), rows
    and columns of a window.

    Returns w: (channels, 1, kh, kw) of dtype float64. A convolution with w
    that has one group for each channel, and moves its window by k, is average
    pooling with windows of k.
    Raises ValueError if channels or k is below 1.
    """
    check_least(channels=channels)
    kh, kw = pair(k, "k", 1)
    ### BEGIN SOLUTION
    return np.full((channels, 1, kh, kw), 1 / (kh * kw))
    ### END SOLUTION


def global_avg_pool(x):
    """The mean of every channel: what is there, and no longer where.

    x: (N, C, H, W) maps of floats.

    Returns y: (N, C) with the dtype of x.
    Raises ValueError if x does not have four axes or has no pixels.
    Source: Lin, Chen and Yan (2014), section 3.2.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    check_least(H=H, W=W)
    ### BEGIN SOLUTION
    return x.mean(axis=(2, 3))
    ### END SOLUTION


def adaptive_avg_pool2d(x, out):
    """Average pooling to a given size, whatever the size of the image.

    x: (N, C, H, W) images of floats; out: int or pair (vertical,
    horizontal), rows and columns of the result, which may be more than x has.

    Returns y: (N, C, H', W') with the dtype of x and (H', W') = out. Row i
    of y is made of the rows of x from floor(i * H / H') up to, and not
    including, ceil((i + 1) * H / H'); columns likewise: as
    torch.nn.functional.adaptive_avg_pool2d.
    Raises ValueError if x does not have four axes, has no pixels, or if out is
    below 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    check_least(H=H, W=W)
    h_out, w_out = pair(out, "out", 1)
    ### BEGIN SOLUTION
    y = np.empty((N, C, h_out, w_out), x.dtype)
    for i in range(h_out):
        for j in range(w_out):
            # -(-a // b) rounds the quotient up.
            top, bottom = i * H // h_out, -(-(i + 1) * H // h_out)
            left, right = j * W // w_out, -(-(j + 1) * W // w_out)
            window = x[:, :, top:bottom, left:right]
            y[:, :, i, j] = window.mean(axis=(2, 3))
    return y
    ### END SOLUTION


def blur_pool2d(x, stride=2):
    """Blur an image, and keep every stride-th pixel of it.

    x: (N, C, H, W) images of floats; stride: int or pair (vertical,
    horizontal), pixels from one that is kept to the next.

    Every channel gets a frame of one pixel, which mirrors the image at its
    outermost pixels without repeating them: row -1 is row 1. Then it is
    convolved with the kernel [1, 2, 1] x [1, 2, 1] / 16. Of the result, rows
    and columns 0, stride, 2 * stride and so on are kept.

    Returns y: (N, C, ceil(H / stride), ceil(W / stride)) with the dtype of x.
    Raises ValueError if x does not have four axes, or fewer than 2 rows or
    columns, or if a stride is below 1.
    Source: Zhang (2019).
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    if min(H, W) < 2:
        raise ValueError(
            f"x has {H} rows and {W} columns; at least 2 of each, to mirror, "
            "were expected"
        )
    sh, sw = pair(stride, "stride", 1)
    ### BEGIN SOLUTION
    mirrored = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")
    down = mirrored[:, :, :-2] + 2 * mirrored[:, :, 1:-1] + mirrored[:, :, 2:]
    blurred = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    return blurred[:, :, ::sh, ::sw] / 16
    ### END SOLUTION


def shift_error(f, x):
    """How much a function's result changes when the image moves by a pixel.

    f: a function that takes an array like x and returns an array of floats;
    x: (N, C, H, W) images. The image moves to the right by one pixel, and
    the column that leaves it comes in again on the left: np.roll(x, 1, -1).

    Returns the mean of |f(x) - f(moved x)|, divided by the mean of |f(x)|,
    a float: 0 if f does not notice the move.
    Raises ValueError if x does not have four axes, or if f(x) is zero
    everywhere, since there is nothing to divide by.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    y = f(x)
    if not y.any():
        raise ValueError("f(x) is 0 everywhere; another result was expected")
    ### BEGIN SOLUTION
    moved = f(np.roll(x, 1, axis=-1))
    return float(np.abs(y - moved).mean() / np.abs(y).mean())
    ### END SOLUTION


def pool_budget(layers, h, w):
    """What a stack of convolutions and poolings costs, and how far it sees.

    layers: list, the layer next to the image first, of ("conv", c_in, c_out,
    k): k x k kernels, stride 1, padded so that the size stays, no bias; and
    ("pool", k): windows of k x k pixels with stride k and without padding,
    which leave floor(h / k) x floor(w / k) pixels of each channel. All
    numbers are ints; h, w: size of the image.

    Returns the dict {"macs": …, "rf": …, "activations": …} of ints for one
    image: multiply-accumulate operations of the convolutions (those of
    pooling do not count), the receptive field of one output along one axis,
    in pixels of the image, and the sum over all layers of the numbers in
    their outputs. No layers give 0, 1 and 0.
    Raises ValueError if a layer is of another form, if a number is below 1,
    if a convolution's c_in is not the number of channels that comes to it, if
    the first layer is a pool, or if a window does not fit into the image that
    comes to it.
    """
    check_layers(layers, h, w)
    ### BEGIN SOLUTION
    macs, rf, activations = 0, 1, 0
    jump = 1  # pixels of the image from one place to the next
    for kind, *numbers in layers:  # the first is a convolution
        k = numbers[-1]
        rf += (k - 1) * jump
        if kind == "conv":
            c_in, channels = numbers[:2]
            macs += c_in * channels * k * k * h * w
        else:
            h, w, jump = h // k, w // k, jump * k
        activations += channels * h * w
    return {"macs": macs, "rf": rf, "activations": activations}
    ### END SOLUTION
