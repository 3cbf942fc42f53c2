"""Reference answers of the chapter `shufflenet`.

N batch, C channels in, O channels out, I input channels of a kernel, H, W
image, kh, kw kernel; H', W' are the height and width of the output.
"""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {array.shape}; {rank} axes {layout} "
            "were expected"
        )


def check_positive(**sizes):
    """Raise ValueError unless each size is a whole number of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(
                f"{name} is {size!r}; a whole number of at least 1 was "
                "expected"
            )


def check_groups(groups, **channels):
    """Raise ValueError unless `groups` divides each number of channels."""
    check_positive(groups=groups, **channels)
    for name, count in channels.items():
        if count % groups:
            raise ValueError(
                f"groups is {groups}; a number that divides {name}, which is "
                f"{count}, was expected"
            )


def check_unit(c_in, c_out, groups, stride):
    """Raise ValueError unless a ShuffleNet unit can have these sizes."""
    check_groups(groups, c_in=c_in, c_out=c_out, middle=c_out // 4)
    if stride not in (1, 2):
        raise ValueError(f"stride is {stride!r}; 1 or 2 was expected")
    if stride == 1 and c_out != c_in:
        raise ValueError(
            f"c_out is {c_out}; with stride 1 {c_in}, which is c_in, was "
            "expected"
        )
    if stride == 2 and c_out <= c_in:
        raise ValueError(
            f"c_out is {c_out}; with stride 2 more than {c_in}, which is "
            "c_in, was expected"
        )


def group_conv2d(x, w, groups):
    """Convolve in groups: each part of the channels on its own.

    x: (N, C, H, W) images; w: (O, C / groups, kh, kw) kernels, not flipped;
    groups: int, into how many equal parts of neighbouring channels x is cut,
    and the outputs as well.

    Returns y: (N, O, H - kh + 1, W - kw + 1) with the dtype of x. The first
    O / groups outputs are x's first C / groups channels convolved with the
    first O / groups kernels; the next part belongs to the next, and so on.
    The stride is 1, and there is no padding and no bias.
    Raises ValueError if x or w does not have four axes, if groups is below 1
    or does not divide C and O, if w does not have C / groups channels, or if
    the kernel is larger than the image.
    Source: Krizhevsky et al. (2012), section 3.2.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    check_rank(w, "w", 4, "(O, C / groups, kh, kw)")
    N, C, H, W = x.shape
    O, I, kh, kw = w.shape
    check_groups(groups, C=C, O=O)
    if I != C // groups:
        raise ValueError(
            f"w has {I} input channels; {C // groups}, the channels of one "
            "group of x, were expected"
        )
    if kh > H or kw > W:
        raise ValueError(
            f"the kernel is {kh} x {kw}; at most {H} x {W}, the size of x, "
            "was expected"
        )
    ### BEGIN SOLUTION
    windows = sliding_window_view(x, (kh, kw), axis=(2, 3))
    parts = windows.reshape(N, groups, I, *windows.shape[2:])
    kernels = w.reshape(groups, O // groups, I, kh, kw)
    y = np.einsum("ngihwuv,goiuv->ngohw", parts, kernels)
    return y.reshape(N, O, *y.shape[3:]).astype(x.dtype)
    ### END SOLUTION


def channel_shuffle(x, groups):
    """Deal the channels out, so that each group gets some of every group.

    x: (N, C, H, W) images; groups: int, into how many equal parts of
    neighbouring channels x is cut.

    Returns y: (N, C, H, W) with the dtype of x: the first channel of each
    group, in the order of the groups, then the second channel of each group,
    and so on.
    Raises ValueError if x does not have four axes, or if groups is below 1
    or does not divide C.
    Source: Zhang et al. (2018), figure 1.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    check_groups(groups, C=C)
    ### BEGIN SOLUTION
    parts = x.reshape(N, groups, C // groups, H, W)
    return parts.swapaxes(1, 2).reshape(N, C, H, W)
    ### END SOLUTION


def reach(layers, channels):
    """Which input channels each output channel of a stack can see.

    layers: list of pairs, from the input on: ("conv", groups) is a
    convolution with that many groups, ("shuffle", groups) a channel shuffle
    as in channel_shuffle; channels: int, C, the same before and after each
    layer.

    Returns seen: (C, C) of dtype bool. seen[o, i] says whether output o
    can depend on input i: whether some path of wires leads from i to o.
    Without layers every channel sees itself alone.
    Raises ValueError if channels or a number of groups is below 1, if a
    number of groups does not divide channels, or if a layer is neither
    "conv" nor "shuffle".
    """
    check_positive(channels=channels)
    for kind, groups in layers:
        check_groups(groups, channels=channels)
        if kind not in ("conv", "shuffle"):
            raise ValueError(
                f'a layer is {kind!r}; "conv" or "shuffle" was expected'
            )
    ### BEGIN SOLUTION
    seen = np.eye(channels, dtype=bool)
    for kind, groups in layers:
        each = channels // groups
        parts = seen.reshape(groups, each, channels)
        if kind == "conv":  # all in a group see what one of them saw
            seen = parts.any(axis=1).repeat(each, axis=0)
        else:
            seen = parts.swapaxes(0, 1).reshape(channels, channels)
    return seen
    ### END SOLUTION


def shuffle_unit_macs(c_in, c_out, h, w, groups, stride=1):
    """Multiply-accumulate operations of one ShuffleNet unit.

    c_in, c_out: channels in and out; h, w: rows and columns of the input;
    groups: of both 1 x 1 convolutions; stride: 1 or 2, of the 3 x 3
    convolution.

    The unit has a 1 x 1 convolution from c_in channels to the middle width
    c_out // 4 on h x w pixels, a depthwise 3 x 3 convolution with the stride
    and padding 1, and a 1 x 1 convolution on what that leaves: rows and
    columns divided by the stride and rounded up. The last convolution makes
    c_out channels with stride 1, and c_out - c_in with stride 2, where the
    other c_in are the input's own, made smaller. There are no biases.
    Normalisation, ReLU, shuffle, addition and mean do not count.

    Returns the MACs for one image, an int.
    Raises ValueError if a size or groups is below 1, if groups does not
    divide c_in, c_out and c_out // 4, if stride is neither 1 nor 2, if with
    stride 1 c_out is not c_in, or if with stride 2 it is not larger.
    Source: Zhang et al. (2018), section 3.2.
    """
    check_positive(h=h, w=w)
    check_unit(c_in, c_out, groups, stride)
    ### BEGIN SOLUTION
    middle = c_out // 4
    before, after = h * w, -(-h // stride) * -(-w // stride)
    made = c_out if stride == 1 else c_out - c_in
    first = c_in * middle // groups * before
    last = middle * made // groups * after
    return first + 9 * middle * after + last
    ### END SOLUTION


class ShuffleUnit(nn.Module):
    """A bottleneck of cheap layers, with a channel shuffle in it.

    c_in, c_out: channels in and out; groups: of both 1 x 1 convolutions, and
    of the shuffle; stride: 1 or 2, of the 3 x 3 convolution.

    The branch is conv1 (1 x 1, in groups, from c_in to c_out // 4), bn1,
    ReLU, channel shuffle, conv2 (3 x 3, depthwise, padding 1, with the
    stride), bn2, conv3 (1 x 1, in groups), bn3. There is no ReLU behind bn2
    and bn3.
    With stride 1 the branch has c_out channels, and x is added to it.
    With stride 2 the branch has c_out - c_in channels. Before them, on the
    axis of channels, stand those of x, made smaller by a mean over 3 x 3
    pixels with stride 2 and padding 1, where zeros of the padding count as
    in nn.AvgPool2d.
    A ReLU follows in both cases. Convolutions have no biases;
    normalisations are nn.BatchNorm2d.

    forward(x): x (N, c_in, H, W) gives (N, c_out, H', W') with
    H' = (H - 1) // stride + 1, and W' likewise.
    Raises ValueError if a number of channels or groups is below 1, if groups
    does not divide c_in, c_out and c_out // 4, if stride is neither 1 nor
    2, if with stride 1 c_out is not c_in, or if with stride 2 it is not
    larger.
    Source: Zhang et al. (2018), figure 2.
    """

    def __init__(self, c_in, c_out, groups, stride=1):
        super().__init__()
        check_unit(c_in, c_out, groups, stride)
        self.groups, self.stride = groups, stride
        ### BEGIN SOLUTION
        mid = c_out // 4
        made = c_out if stride == 1 else c_out - c_in
        self.conv1 = nn.Conv2d(c_in, mid, 1, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.conv2 = nn.Conv2d(
            mid, mid, 3, stride, padding=1, groups=mid, bias=False
        )
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, made, 1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(made)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.bn1(self.conv1(x)).relu()
        y = y.unflatten(1, (self.groups, -1)).swapaxes(1, 2).flatten(1, 2)
        y = self.bn2(self.conv2(y))
        y = self.bn3(self.conv3(y))
        if self.stride == 1:
            return (x + y).relu()
        smaller = F.avg_pool2d(x, 3, stride=2, padding=1)
        return torch.cat([smaller, y], dim=1).relu()
        ### END SOLUTION


class ShuffleNet(nn.Module):
    """A network of ShuffleNet units, for small images.

    blocks: list of ints, how many units each stage has; widths: list of
    ints, one more than blocks, the channels behind the stem and behind each
    stage; groups: of all units; num_classes: how many scores come out.

    The stem is conv1 (3 x 3, padding 1, stride 1, one group, no bias, from 3
    channels to widths[0]), bn1 and ReLU. The stages stage1, stage2, ...
    follow, each an nn.Sequential of ShuffleUnits. The first unit of each
    stage has stride 2 and goes to the width of its stage, the others have
    stride 1. Then comes the mean over all pixels of each channel, and fc, an
    nn.Linear with bias.

    forward(x): x (N, 3, H, W) gives scores (N, num_classes).
    Raises ValueError if widths does not have one entry more than blocks, if
    blocks is empty, if an entry, groups or num_classes is below 1, if each
    width is not larger than the one before, or if groups does not divide
    each width, and a quarter (rounded down) of each but the first.
    Source: Zhang et al. (2018), table 1.
    """

    def __init__(self, blocks, widths, groups, num_classes):
        super().__init__()
        if len(widths) != len(blocks) + 1 or len(blocks) == 0:
            raise ValueError(
                f"blocks is {blocks!r} and widths is {widths!r}; at least one "
                "entry, and one entry more, were expected"
            )
        for stage in range(len(blocks)):
            check_positive(blocks=blocks[stage])
            check_unit(widths[stage], widths[stage + 1], groups, stride=2)
        check_positive(num_classes=num_classes)
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.stages = []
        for number, count in enumerate(blocks):
            c_in, c_out = widths[number : number + 2]
            stage = nn.Sequential(ShuffleUnit(c_in, c_out, groups, 2))
            for _ in range(count - 1):
                stage.append(ShuffleUnit(c_out, c_out, groups))
            self.stages.append(f"stage{number + 1}")
            self.add_module(self.stages[-1], stage)
        self.fc = nn.Linear(widths[-1], num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.bn1(self.conv1(x)).relu()
        for stage in self.stages:
            y = self.get_submodule(stage)(y)
        return self.fc(y.mean(dim=(2, 3)))
        ### END SOLUTION


def train_pair_reader(images, labels, epochs, seed, report=None):
    """Train a network that says whether two cards show the same digit.

    images: (N, 2, 8, 8) float32, from 0 to 1: a card with a handwritten digit
    in each channel; labels: (N,) int64, 1 where both show the same digit and
    0 elsewhere; epochs: int, how often each pair is seen; seed: int, of
    torch's generator, which draws the first weights and the order of the
    pairs; report: None, or a function that is called as report(epoch, loss)
    after each epoch, with its number from 0 and its mean loss as a float.

    Returns the trained network, an nn.Module whose forward takes images
    (N, 2, 8, 8) and gives scores (N, 2), the larger one at the label. It may
    be any network that learns this.
    Raises ValueError if images does not have four axes and two channels, if
    labels is not (N,), or if epochs is below 1.
    """
    check_rank(images, "images", 4, "(N, 2, 8, 8)")
    N, cards = images.shape[:2]
    if cards != 2:
        raise ValueError(
            f"images has {cards} channels; 2, one for each card, were expected"
        )
    if labels.shape != (N,):
        raise ValueError(
            f"labels has shape {labels.shape}; {(N,)}, one number for each "
            "pair, was expected"
        )
    check_positive(epochs=epochs)
    images, labels = torch.as_tensor(images), torch.as_tensor(labels)
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(2, 64, 3, stride=2, padding=1, groups=2, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        ShuffleUnit(64, 64, 2),
        ShuffleUnit(64, 64, 2),
        nn.AvgPool2d(4),
        nn.Flatten(),
        nn.Linear(64, 2),
    )
    batches = -(-N // 100)
    adam = torch.optim.Adam(net.parameters())
    rate = torch.optim.lr_scheduler.OneCycleLR(
        adam, 0.02, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        losses = []
        for some in torch.randperm(N).chunk(batches):
            loss = F.cross_entropy(net(images[some]), labels[some])
            adam.zero_grad()
            loss.backward()
            adam.step()
            rate.step()
            losses.append(loss.item())
        if report is not None:
            report(epoch, sum(losses) / batches)
    return net
    ### END SOLUTION
