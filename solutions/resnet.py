"""Reference answers of the chapter `resnet`.

N batch, C channels in, O channels out, I input channels of a kernel, H, W
image, kh, kw kernel; H', W' are the height and width of the output.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {array.shape}; {rank} axes {layout} "
            "were expected"
        )


def check_per_channel(channels, **arrays):
    """Raise ValueError unless each array has one number for each channel."""
    for name, array in arrays.items():
        if array.shape != (channels,):
            raise ValueError(
                f"{name} has shape {array.shape}; {(channels,)}, one number "
                "for each channel, was expected"
            )


def check_positive(**sizes):
    """Raise ValueError unless each size is a whole number of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or size < 1:
            raise ValueError(
                f"{name} is {size!r}; a whole number of at least 1 was "
                "expected"
            )


def batchnorm2d(
    x,
    gamma,
    beta,
    running_mean,
    running_var,
    training,
    momentum=0.1,
    eps=1e-5,
):
    """Batch normalisation of images, channel by channel.

    x: (N, C, H, W) images; gamma, beta: (C,), the size and the middle that
    each channel gets; running_mean, running_var: (C,), what earlier batches
    have left; training: bool; momentum: share of this batch in the new
    running numbers; eps: added to the variance, below the root.

    In training a channel is normalised with its mean and its variance over
    all N * H * W values of this batch, the sum of squared deviations divided
    by N * H * W. Otherwise it is normalised with running_mean and
    running_var.

    Returns (y, mean, var), all with the dtype of x: y (N, C, H, W); mean and
    var (C,), the new running numbers. In training they are
    (1 - momentum) * old + momentum * new, where the new variance is the
    unbiased one, divided by N * H * W - 1. Otherwise they are the old ones.
    y is right also where a mean is 100,000 times the spread.
    Raises ValueError if x does not have four axes, if gamma, beta,
    running_mean or running_var does not have one number for each channel of
    x, or if in training a channel has fewer than two values.
    Source: Ioffe and Szegedy (2015), algorithms 1 and 2.
    """
    check_rank(x, "x", 4, "(N, C, H, W)")
    N, C, H, W = x.shape
    check_per_channel(
        C,
        gamma=gamma,
        beta=beta,
        running_mean=running_mean,
        running_var=running_var,
    )
    count = N * H * W
    if training and count < 2:
        raise ValueError(
            f"x has shape {x.shape}, {count} value for each channel; at least "
            "2 were expected in training"
        )
    ### BEGIN SOLUTION
    mean, var = running_mean, running_var
    if training:
        axes = (0, 2, 3)
        mean, var = x.mean(axes), x.var(axes)
        unbiased = var * count / (count - 1)
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var = (1 - momentum) * running_var + momentum * unbiased
    scale = gamma / np.sqrt(var + eps)
    centred = x - mean[:, None, None]
    y = centred * scale[:, None, None] + beta[:, None, None]
    return y, running_mean, running_var
    ### END SOLUTION


def fold_batchnorm(w, b, gamma, beta, mean, var, eps):
    """Put a batch normalisation into the convolution before it.

    w: (O, I, kh, kw) kernels of the convolution; b: (O,) its biases, or
    None; gamma, beta: (O,), size and middle of the normalisation that
    follows; mean, var: (O,), its running mean and variance; eps: added to
    the variance, below the root.

    Returns (w, b) of one convolution, (O, I, kh, kw) and (O,), both with the
    dtype of w, that does what the convolution and the normalisation do, one
    after the other, when the network is not in training.
    Raises ValueError if w does not have four axes, or if b, gamma, beta,
    mean or var does not have one number for each kernel.
    """
    check_rank(w, "w", 4, "(O, I, kh, kw)")
    O = w.shape[0]
    check_per_channel(O, gamma=gamma, beta=beta, mean=mean, var=var)
    if b is not None:
        check_per_channel(O, b=b)
    ### BEGIN SOLUTION
    scale = gamma / np.sqrt(var + eps)
    before = -mean if b is None else b - mean
    return w * scale[:, None, None, None], before * scale + beta
    ### END SOLUTION


def bottleneck_cost(c, mid):
    """Weights of a bottleneck and of a basic block on the same channels.

    c: channels that come in and go out of both blocks; mid: channels
    between the two 1 x 1 convolutions of the bottleneck.

    Returns the dict {"bottleneck": ..., "basic": ...} of ints: the weights
    of all convolutions of each block. There are no biases; normalisations
    do not count, and the shortcut has no weights.
    Raises ValueError if c or mid is below 1.
    Source: He et al. (2016a), figure 5.
    """
    check_positive(c=c, mid=mid)
    ### BEGIN SOLUTION
    bottleneck = c * mid + 9 * mid * mid + mid * c
    return {"bottleneck": bottleneck, "basic": 2 * 9 * c * c}
    ### END SOLUTION


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, and a shortcut around them.

    c_in, c_out: channels in and out; stride: of the first convolution.

    The branch is conv1 (3 x 3, padding 1, with the stride), bn1, ReLU, conv2
    (3 x 3, padding 1), bn2. The shortcut is x itself. Where the stride is
    not 1 or c_in is not c_out, and only there, it is instead `downsample`:
    nn.Sequential of a 1 x 1 convolution with the stride (downsample.0) and a
    normalisation (downsample.1). Branch and shortcut are added, and a ReLU
    follows. Convolutions have no biases; normalisations are nn.BatchNorm2d.

    forward(x): x (N, c_in, H, W) gives (N, c_out, H', W') with
    H' = (H - 1) // stride + 1, and W' likewise.
    Raises ValueError if c_in, c_out or stride is below 1.
    Source: He et al. (2016a), figure 2 and section 3.3.
    """

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        check_positive(c_in=c_in, c_out=c_out, stride=stride)
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.downsample = None
        if stride != 1 or c_in != c_out:
            fit = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(fit, nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return (y + shortcut).relu()
        ### END SOLUTION


class Bottleneck(nn.Module):
    """Narrow, look around, widen, and a shortcut around the three.

    c_in, c_mid, c_out: channels in, between and out; stride: of the 3 x 3
    convolution.

    The branch is conv1 (1 x 1, to c_mid), bn1, ReLU, conv2 (3 x 3, padding
    1, with the stride), bn2, ReLU, conv3 (1 x 1, to c_out), bn3. The
    shortcut is x itself. Where the stride is not 1 or c_in is not c_out, and
    only there, it is instead `downsample`: nn.Sequential of a 1 x 1
    convolution with the stride (downsample.0) and a normalisation
    (downsample.1). Branch and shortcut are added, and a ReLU follows.
    Convolutions have no biases; normalisations are nn.BatchNorm2d.

    forward(x): x (N, c_in, H, W) gives (N, c_out, H', W') with
    H' = (H - 1) // stride + 1, and W' likewise.
    Raises ValueError if c_in, c_mid, c_out or stride is below 1.
    Source: He et al. (2016a), figure 5; the stride in the 3 x 3 convolution
    is that of PyTorch's models.
    """

    def __init__(self, c_in, c_mid, c_out, stride=1):
        super().__init__()
        check_positive(c_in=c_in, c_mid=c_mid, c_out=c_out, stride=stride)
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(c_in, c_mid, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_mid)
        self.conv2 = nn.Conv2d(c_mid, c_mid, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_mid)
        self.conv3 = nn.Conv2d(c_mid, c_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(c_out)
        self.downsample = None
        if stride != 1 or c_in != c_out:
            fit = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(fit, nn.BatchNorm2d(c_out))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        shortcut = x if self.downsample is None else self.downsample(x)
        return (y + shortcut).relu()
        ### END SOLUTION


class ResNet(nn.Module):
    """A residual network of basic blocks, for small images.

    blocks: list of ints, how many blocks each stage has; widths: list of
    ints, the channels of each stage; num_classes: how many scores come out.

    The stem is conv1 (3 x 3, padding 1, no bias, from 3 channels to
    widths[0]), bn1 and ReLU. The stages layer1, layer2, ... follow, each an
    nn.Sequential of BasicBlocks. The first block of each stage but layer1
    has stride 2. Then comes the mean over all pixels of each channel, and
    fc, an nn.Linear with bias.

    forward(x): x (N, 3, H, W) gives scores (N, num_classes).
    Raises ValueError if blocks and widths do not have the same length, if
    they are empty, or if an entry or num_classes is below 1.
    Source: He et al. (2016a), section 4.2.
    """

    def __init__(self, blocks, widths, num_classes):
        super().__init__()
        if len(blocks) != len(widths) or len(blocks) == 0:
            raise ValueError(
                f"blocks is {blocks!r} and widths is {widths!r}; lists of the "
                "same length, of at least 1, were expected"
            )
        for stage in range(len(blocks)):
            check_positive(blocks=blocks[stage], widths=widths[stage])
        check_positive(num_classes=num_classes)
        ### BEGIN SOLUTION
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.stages = []
        c_in = widths[0]
        for count, width in zip(blocks, widths):
            stride = 2 if self.stages else 1
            stage = nn.Sequential(BasicBlock(c_in, width, stride))
            for _ in range(count - 1):
                stage.append(BasicBlock(width, width))
            self.stages.append(f"layer{len(self.stages) + 1}")
            self.add_module(self.stages[-1], stage)
            c_in = width
        self.fc = nn.Linear(c_in, num_classes)
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        y = self.bn1(self.conv1(x)).relu()
        for stage in self.stages:
            y = self.get_submodule(stage)(y)
        return self.fc(y.mean(dim=(2, 3)))
        ### END SOLUTION


def train_resnet(images, labels, blocks, widths, epochs, seed, report=None):
    """Build a ResNet and train it to tell classes of small images.

    images: (N, 3, H, W) float32; labels: (N,) int64, classes from 0;
    blocks, widths: of the ResNet, which gets a score for each class up to
    the largest label; epochs: how many times it sees every image; seed: of
    torch's generator, for the first weights and for the order of the images;
    report: called as report(epoch, loss) after each epoch, with its number
    from 0 and the mean of its losses, if it is given.

    Returns the trained ResNet, an nn.Module.
    Raises ValueError if images does not have four axes, if there is not one
    label for each image, or if epochs is below 1.
    """
    check_rank(images, "images", 4, "(N, 3, H, W)")
    if labels.shape != (len(images),):
        raise ValueError(
            f"labels has shape {labels.shape}; {(len(images),)}, one label "
            "for each image, was expected"
        )
    check_positive(epochs=epochs)
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    x, t = torch.as_tensor(images), torch.as_tensor(labels)
    net = ResNet(blocks, widths, int(t.max()) + 1)
    batches = -(-len(x) // 50)
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(
        adam, 0.02, total_steps=epochs * batches
    )
    for epoch in range(epochs):
        losses = []
        for some in torch.randperm(len(x)).chunk(batches):
            loss = F.cross_entropy(net(x[some]), t[some])
            adam.zero_grad()
            loss.backward()
            adam.step()
            rate.step()
            losses.append(loss.item())
        if report is not None:
            report(epoch, np.mean(losses))
    return net
    ### END SOLUTION
