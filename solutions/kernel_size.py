"""Reference answers of the chapter `kernel_size`.

kh, kw kernel; h, w image; a kernel given by one number k is square, k x k.
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


def check_least(**sizes):
    """Raise ValueError unless every number given by name is at least 1."""
    for name, value in sizes.items():
        if value < 1:
            raise ValueError(f"{name} is {value}; at least 1 was expected")


def receptive_field(layers):
    """How many input pixels one output pixel of a stack of layers can see.

    layers: list of (k, stride, dilation), the layer next to the input first;
    k is the length of the kernel. All along one axis, in whole numbers.

    Returns the tuple of ints (size, jump): size is the number of pixels from
    the first to the last input pixel that reaches one output pixel, jump the
    number of input pixels from one output pixel's field to its neighbour's.
    No layers give (1, 1). Padding changes neither number.
    Raises ValueError if a k, a stride or a dilation is below 1.
    Source: Araujo, Norris and Sim (2019).
    """
    for k, stride, dilation in layers:
        check_least(k=k, stride=stride, dilation=dilation)
    ### BEGIN SOLUTION
    size, jump = 1, 1
    for k, stride, dilation in layers:
        size += dilation * (k - 1) * jump
        jump *= stride
    return size, jump
    ### END SOLUTION


def stack_cost(kernels, channels, h, w):
    """What a stack of convolutions costs, and how far it sees.

    kernels: list of the sizes k of square kernels, one for each layer;
    channels: list of channel counts with one entry more, so that layer i
    turns channels[i] into channels[i + 1] channels; h, w: size of the image,
    which all layers keep (stride 1, padded). No layer has a bias.

    Returns the dict {"params": …, "macs": …, "rf": …} of ints for one image:
    weights, multiply-accumulate operations, and the receptive field along
    one axis, in pixels. The field is not cut at the border.
    Raises ValueError if channels does not have one entry more than kernels,
    or if a kernel, a number of channels, h or w is below 1.
    """
    if len(channels) != len(kernels) + 1:
        raise ValueError(
            f"channels has {len(channels)} entries; {len(kernels) + 1}, one "
            "more than kernels, were expected"
        )
    check_least(h=h, w=w)
    for k in kernels:
        check_least(kernels=k)
    for c in channels:
        check_least(channels=c)
    ### BEGIN SOLUTION
    params, rf = 0, 1
    for k, c_in, c_out in zip(kernels, channels, channels[1:]):
        params += k * k * c_in * c_out
        rf += k - 1
    return {"params": params, "macs": params * h * w, "rf": rf}
    ### END SOLUTION


def compose_kernels(k1, k2):
    """Write two convolutions in a row as one.

    k1: (h1, w1), the kernel that comes first; k2: (h2, w2), the kernel that
    is applied to its result. As everywhere, applying a kernel means to
    correlate with it: kernels are not flipped.

    Returns k: (h1 + h2 - 1, w1 + w2 - 1) with the dtype of k1. Without
    padding, correlating any image with k gives the same as correlating it
    with k1, then with k2.
    Raises ValueError if k1 or k2 does not have two axes.
    """
    check_rank(k1, "k1", 2, "(h1, w1)")
    check_rank(k2, "k2", 2, "(h2, w2)")
    (h1, w1), (h2, w2) = k1.shape, k2.shape
    ### BEGIN SOLUTION
    k = np.zeros((h1 + h2 - 1, w1 + w2 - 1), k1.dtype)
    for i in range(h2):
        for j in range(w2):
            # What tap (i, j) reads is a copy of k1, moved to (i, j).
            k[i : i + h1, j : j + w1] += k2[i, j] * k1
    return k
    ### END SOLUTION


def effective_receptive_field(kernels, size):
    """How much each input pixel matters to the output pixel in the middle.

    kernels: list of kernels (kh, kw) with odd kh and kw, which may differ;
    the first is next to the input. Each layer correlates one channel with
    one kernel, in a frame of kh // 2 and kw // 2 zeros, so that the image
    keeps its size; nothing stands between the layers. size: rows and columns
    of the image.

    Returns share: (size, size) with the dtype of the kernels (float64 for an
    empty list): the squares of the gradient of output pixel
    (size // 2, size // 2) with respect to the input pixels, divided by their
    sum. You may assume that some gradient is not 0.
    Raises ValueError if a kernel does not have two axes, if one of its sides
    is even, or if size is below 1.
    Source: Luo, Li, Urtasun and Zemel (2016), section 2.
    """
    check_least(size=size)
    for number, kernel in enumerate(kernels):
        check_rank(kernel, f"kernels[{number}]", 2, "(kh, kw)")
        if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
            raise ValueError(
                f"kernels[{number}] has shape {kernel.shape}; two odd sides "
                "were expected"
            )
    dtype = kernels[0].dtype if len(kernels) else np.dtype(np.float64)
    ### BEGIN SOLUTION
    gradient = np.zeros((size, size), dtype)
    gradient[size // 2, size // 2] = 1
    for kernel in reversed(kernels):
        (ph, pw), turned = np.array(kernel.shape) // 2, kernel[::-1, ::-1]
        padded = np.pad(gradient, ((ph, ph), (pw, pw)))
        windows = sliding_window_view(padded, kernel.shape)
        gradient = np.einsum("hwij,ij->hw", windows, turned)
    share = gradient**2
    return share / share.sum()
    ### END SOLUTION
