"""Reference answers of the chapter `unet`.

N batch, C channels, S channels of a skip, O output channels, H, W image,
kh, kw kernel.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; {rank} axes {layout} "
            "were expected"
        )


def check_same(a, b, names):
    """Raise ValueError unless two arrays have the same shape."""
    if a.shape != b.shape:
        raise ValueError(
            f"{names[0]} has shape {a.shape}, and {names[1]} {b.shape}; "
            "equal shapes were expected"
        )


def check_least(least, **values):
    """Raise ValueError if a value, given by its name, is below `least`."""
    for name, value in values.items():
        if value < least:
            raise ValueError(
                f"{name} is {value}; at least {least} was expected"
            )


def check_padding(padding):
    """Raise ValueError unless the padding is 0 or 1."""
    if padding not in (0, 1):
        raise ValueError(f"padding is {padding}; 0 or 1 was expected")


def halve(h, w):
    """Height and width behind a 2 x 2 pooling with stride 2.

    Raises ValueError if one of them is odd.
    """
    if h % 2 or w % 2:
        raise ValueError(
            f"maps of {h} x {w} came to a pooling; even sizes were expected"
        )
    return h // 2, w // 2


def iou(pred, target):
    """Intersection over union of two masks.

    pred, target: bool arrays of one shape, any number of axes; True stands
    for the object. All entries count together, also those of a batch.

    Returns a float from 0 to 1: the number of entries that are True in both,
    divided by the number that are True in at least one. Two masks without a
    single True have an IoU of 1.
    Raises ValueError if the shapes differ.
    """
    check_same(pred, target, ("pred", "target"))
    ### BEGIN SOLUTION
    union = np.sum(pred | target)
    return float(np.sum(pred & target) / union) if union else 1.0
    ### END SOLUTION


def dice_loss(logits, target):
    """One minus a soft overlap of what is predicted with what is there.

    logits: (N, ...) floats, any number of axes behind the first, any size;
    target: array of the same shape, 0 or 1 (or bool). The prediction is the
    sigmoid of the logits, q.

    Returns a float: 1 minus the mean over the N images of
    (2 * sum(q * target) + 1) / (sum(q) + sum(target) + 1), where the sums
    run over all axes but the first.
    Raises ValueError if the shapes differ.
    Source: Milletari, Navab and Ahmadi (2016), there with squares in the
    denominator and without the ones.
    """
    check_same(logits, target, ("logits", "target"))
    N = len(logits)
    ### BEGIN SOLUTION
    # The sigmoid, by a function that does not overflow.
    q = 0.5 + 0.5 * np.tanh(0.5 * logits.reshape(N, -1))
    t = target.reshape(N, -1)
    sizes = q.sum(axis=1) + t.sum(axis=1)
    return float(1 - np.mean((2 * (q * t).sum(axis=1) + 1) / (sizes + 1)))
    ### END SOLUTION


def unet_shapes(h, w, depth, padding):
    """Sizes of the maps of a U-Net, in the order in which they are computed.

    h, w: height and width of the image; depth: number of poolings, at least
    1; padding: of each 3 x 3 convolution, 0 or 1. There are two convolutions
    before each pooling, two at the bottom, and two behind each upsampling.
    A pooling halves the size, and an upsampling doubles it.

    Returns a list of 2 * depth + 1 tuples (height, width): the size behind
    the second of each two convolutions, down, at the bottom and up again.
    Raises ValueError if depth is below 1, if padding is not 0 or 1, if a size
    that comes to a pooling is odd, or if a size falls below 1.
    Source: Ronneberger, Fischer and Brox (2015), figure 1.
    """
    check_least(1, depth=depth)
    check_padding(padding)
    shapes = []
    ### BEGIN SOLUTION
    lost = 4 - 4 * padding  # by two convolutions
    for level in range(2 * depth + 1):
        if 0 < level <= depth:
            h, w = halve(h, w)
        elif level > depth:
            h, w = 2 * h, 2 * w
        h, w = h - lost, w - lost
        check_least(1, height=h, width=w)
        shapes.append((h, w))
    return shapes
    ### END SOLUTION


def valid_sizes(depth, padding):
    """Which image sizes a U-Net takes.

    depth: number of poolings, at least 1; padding: of each 3 x 3
    convolution, 0 or 1. The network is that of unet_shapes; heights and
    widths follow the same rule.

    Returns the tuple of ints (least, step): the sizes are least,
    least + step, least + 2 * step and so on. With any other size, a pooling
    meets an odd size, or no output is left.
    Raises ValueError if depth is below 1 or if padding is not 0 or 1.
    """
    check_least(1, depth=depth)
    check_padding(padding)
    ### BEGIN SOLUTION
    lost = 4 - 4 * padding  # by two convolutions
    step = 2**depth
    # From the bottom up, a size of s becomes step * (s - lost) + lost, ...
    bottom = lost - (lost - 1) // step
    # ... and on the way down it came from step * (s + 2 * lost) - lost.
    return step * (bottom + 2 * lost) - lost, step
    ### END SOLUTION


def center_crop(skip, h, w):
    """Cut the middle out of maps.

    skip: (N, S, H, W) maps, NumPy array or torch tensor; h, w: height and
    width that are wanted. The first row that is kept is (H - h) // 2, the
    first column (W - w) // 2.

    Returns (N, S, h, w), of the type and dtype of skip.
    Raises ValueError if skip does not have four axes, if h or w is below 1,
    or if skip is smaller than h x w.
    """
    check_rank(skip, "skip", 4, "(N, S, H, W)")
    check_least(1, h=h, w=w)
    N, S, H, W = skip.shape
    if h > H or w > W:
        raise ValueError(
            f"{h} x {w} were to be cut out of maps of {H} x {W}; at most "
            "their size was expected"
        )
    ### BEGIN SOLUTION
    top, left = (H - h) // 2, (W - w) // 2
    return skip[:, :, top : top + h, left : left + w]
    ### END SOLUTION


def up_block(x, skip, w_up, w1, w2):
    """One level of the expanding path.

    x: (N, C, H, W) maps from below; skip: (N, S, H', W') maps of the same
    level of the contracting path, at least 2H x 2W; w_up: (C, U, 2, 2)
    kernels of a transposed convolution with stride 2, input channel first;
    w1: (O1, S + U, 3, 3) and w2: (O2, O1, 3, 3) kernels of two convolutions
    with padding 1. There are no biases. All are NumPy arrays; torch's
    functions may be used.

    x is made twice as large; skip is cropped to that size, from the middle,
    first row (H' - 2H) // 2 and columns likewise; both are put together along
    the channels, skip first; each of the two convolutions is followed by
    ReLU.

    Returns y: (N, O2, 2H, 2W) with the dtype of x.
    Raises ValueError if x or skip does not have four axes, if skip is smaller
    than 2H x 2W, or if the channels of w_up or w1 do not fit.
    Source: Ronneberger, Fischer and Brox (2015), section 2.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(skip, "skip", 4, "(N, S, H', W')")
    N, C, H, W = x.shape
    S, U = skip.shape[1], w_up.shape[1]
    if skip.shape[2] < 2 * H or skip.shape[3] < 2 * W:
        raise ValueError(
            f"skip has shape {skip.shape}; at least {2 * H} x {2 * W}, twice "
            "the size of x, was expected"
        )
    if w_up.shape[0] != C or w1.shape[1] != S + U:
        raise ValueError(
            f"w_up takes {w_up.shape[0]} channels and w1 {w1.shape[1]}; "
            f"{C} and {S + U} were expected"
        )
    arrays = (x, skip, w_up, w1, w2)
    x, skip, w_up, w1, w2 = map(torch.tensor, map(np.array, arrays))
    ### BEGIN SOLUTION
    up = F.conv_transpose2d(x, w_up, stride=2)
    y = torch.cat([center_crop(skip, 2 * H, 2 * W), up], dim=1)
    y = F.relu(F.conv2d(y, w1, padding=1))
    y = F.relu(F.conv2d(y, w2, padding=1))
    return y.numpy()
    ### END SOLUTION


class DoubleConv(nn.Module):
    """Two 3 x 3 convolutions, each followed by batch norm and ReLU.

    c_in, c_out: channels in and out; the first convolution changes their
    number. Attributes: conv1 and conv2, nn.Conv2d with padding 1 and without
    bias; bn1 and bn2, nn.BatchNorm2d.

    forward(x): x (N, c_in, H, W) gives (N, c_out, H, W).
    Raises ValueError if a number of channels is below 1.
    """

    def __init__(self, c_in, c_out):
        super().__init__()
        check_least(1, c_in=c_in, c_out=c_out)
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        x = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(x)))
        ### END SOLUTION


class UNet(nn.Module):
    """A U-Net whose output is as large as its input.

    c_in: channels of the image; num_classes: channels of the output; width:
    channels of the first level, twice as many on each level below; depth:
    number of poolings. With n_i = width * 2**i channels on level i, counted
    from 0 at the top, the attributes are

    downs: nn.ModuleList, for i = 0 .. depth - 1 a DoubleConv to n_i channels;
    bottom: DoubleConv from n_(depth-1) to n_depth channels;
    ups: nn.ModuleList, for i = depth - 1 .. 0, so from the bottom upwards,
        nn.ConvTranspose2d from n_(i+1) to n_i channels, kernel 2, stride 2,
        with bias;
    decs: nn.ModuleList, in the same order, DoubleConv from 2 * n_i to n_i;
    head: nn.Conv2d from width to num_classes channels, 1 x 1, with bias.

    On the way down each level's maps are kept for the way up, and pooled by
    2 x 2 maxima. On the way up they stand before the enlarged maps.

    forward(x): x (N, c_in, H, W) gives logits (N, num_classes, H, W).
    Raises ValueError if a number is below 1; forward does if H or W is no
    multiple of 2**depth.
    Source: Ronneberger, Fischer and Brox (2015), with padding and batch norm.
    """

    def __init__(self, c_in, num_classes, width, depth):
        super().__init__()
        check_least(1, c_in=c_in, num_classes=num_classes)
        check_least(1, width=width, depth=depth)
        self.depth = depth
        n = [width * 2**i for i in range(depth + 1)]
        ### BEGIN SOLUTION
        pairs = zip([c_in, *n], n[:-1])
        self.downs = nn.ModuleList([DoubleConv(i, o) for i, o in pairs])
        self.bottom = DoubleConv(n[-2], n[-1])
        upwards = n[-2::-1]
        self.ups = nn.ModuleList(
            [nn.ConvTranspose2d(2 * o, o, 2, stride=2) for o in upwards]
        )
        self.decs = nn.ModuleList([DoubleConv(2 * o, o) for o in upwards])
        self.head = nn.Conv2d(width, num_classes, 1)
        ### END SOLUTION

    def forward(self, x):
        check_rank(x, "x", 4, "(N, c_in, H, W)")
        if x.shape[2] % 2**self.depth or x.shape[3] % 2**self.depth:
            raise ValueError(
                f"x has shape {tuple(x.shape)}; a height and a width that "
                f"{2**self.depth} divides were expected"
            )
        ### BEGIN SOLUTION
        skips = []
        for down in self.downs:
            skips.append(down(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for up, dec in zip(self.ups, self.decs):
            x = dec(torch.cat([skips.pop(), up(x)], dim=1))
        return self.head(x)
        ### END SOLUTION


def train_segmenter(images, masks, epochs, seed, report=None):
    """Train a network that marks the pixels inside closed outlines.

    images: (N, 1, H, W) float32, H and W multiples of 4; masks: (N, H, W)
    bool, True inside; epochs: int, how often each image is seen; seed: int,
    of torch's generator, which draws the first weights and the order of the
    images; report: None, or a function that is called as report(epoch, loss)
    after each epoch, with its number from 0 and its mean loss as a float.

    Returns the trained network, an nn.Module whose forward takes images
    (N, 1, H, W) and gives logits (N, 1, H, W), above 0 for pixels inside. It
    may be any network that learns this.
    Raises ValueError if images is not (N, 1, H, W), if masks is not
    (N, H, W), or if epochs is below 1.
    """
    check_rank(images, "images", 4, "(N, 1, H, W)")
    check_same(images, masks[:, None], ("images", "masks[:, None]"))
    check_least(1, epochs=epochs)
    images = torch.as_tensor(images)
    targets = torch.as_tensor(masks[:, None]).float()  # (N, 1, H, W)
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    net = UNet(1, 1, 8, 2)
    adam = torch.optim.Adam(net.parameters(), lr=1e-2)
    for epoch in range(epochs):
        total = 0.0
        for some in torch.randperm(len(images)).split(16):
            loss = F.binary_cross_entropy_with_logits(
                net(images[some]), targets[some]
            )
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(some)
        if report is not None:
            report(epoch, total / len(images))
    return net
    ### END SOLUTION
