"""Reference answers of the chapter `graph_networks`.

V nodes, E edges, F features of a node, G features of the output, B graphs,
H, W image, N batch, I input channels, O output channels, kh, kw kernel.
"""

import numpy as np
import torch
from torch import nn


def check_rank(array, name, rank, layout):
    """Raise ValueError unless `array` has `rank` axes, as in `layout`."""
    if array.ndim != rank:
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; {rank} axes {layout} "
            "were expected"
        )


def check_shape(array, name, shape, meaning):
    """Raise ValueError unless `array` has this shape."""
    if tuple(array.shape) != tuple(shape):
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}; {tuple(shape)}, "
            f"{meaning}, was expected"
        )


def check_least(least, **numbers):
    """Raise ValueError unless each of the numbers is at least `least`."""
    for name, number in numbers.items():
        if number < least:
            raise ValueError(
                f"{name} is {number}; at least {least} was expected"
            )


def check_word(name, word, words):
    """Raise ValueError unless `word` is one of the words."""
    if word not in words:
        raise ValueError(
            f"{name} is {word!r}; one of {', '.join(words)} was expected"
        )


def check_edges(edges, V):
    """Raise ValueError unless edges is (E, 2) and names nodes 0 to V - 1."""
    if edges.ndim != 2 or edges.shape[1] != 2:
        raise ValueError(
            f"edges has shape {tuple(edges.shape)}; (E, 2), a source and a "
            "target in each row, was expected"
        )
    if len(edges) and (edges.min() < 0 or edges.max() >= V):
        raise ValueError(
            f"edges has nodes from {edges.min()} to {edges.max()}; numbers "
            f"from 0 to {V - 1} were expected"
        )


def message_passing(x, edges, reduce):
    """Let each node gather what its sources have.

    x: (V, F) features of the nodes; edges: (E, 2) whole numbers, a row for
    each edge: its source, then its target, numbers of nodes from 0; reduce:
    "sum", "mean" or "max". An edge carries the features of its source to its
    target, and only this way. An edge that stands twice carries them twice.

    Returns y: (V, F) with the dtype of x: for each node and each feature the
    sum, mean or maximum of what arrives there. A node at which nothing
    arrives has zeros, whatever reduce is.
    Raises ValueError if x does not have two axes, if edges is not (E, 2) or
    has a number that is not from 0 to V - 1, or if reduce is another word.
    Source: Gilmer et al. (2017), section 2.
    """
    check_rank(x, "x", 2, "(V, F)")
    check_edges(edges, len(x))
    check_word("reduce", reduce, ("sum", "mean", "max"))
    ### BEGIN SOLUTION
    source, target = edges.T
    count = np.bincount(target, minlength=len(x))[:, None]  # (V, 1)
    if reduce == "max":
        y = np.full(x.shape, -np.inf, x.dtype)
        np.maximum.at(y, target, x[source])
        return np.where(count == 0, 0, y)
    y = np.zeros_like(x)
    np.add.at(y, target, x[source])
    if reduce == "mean":
        y = y / np.maximum(count, 1)
    return y.astype(x.dtype)
    ### END SOLUTION


def normalised_adjacency(a, self_loops=True, mode="sym"):
    """Scale the weights of a graph so that gathering keeps sizes in bounds.

    a: (V, V) weights; a[i, j] is the weight with which node i gathers from
    node j, 0 where it does not. None is negative, and a need not be
    symmetric. self_loops: whether 1 is added to each entry of the diagonal
    first, also where it is not 0 already. mode: "sym" or "row".

    The degree d[i] is the sum of row i, after self-loops were added. Returns
    a_hat: (V, V) with the dtype of a. In mode "sym" its entries are
    a[i, j] / sqrt(d[i] * d[j]), in mode "row" a[i, j] / d[i]; in both, what
    would be divided by 0 becomes 0.
    Raises ValueError if a does not have two axes or is not square, if a
    weight is negative, or if mode is another word.
    Source: Kipf and Welling (2017), section 2.
    """
    check_rank(a, "a", 2, "(V, V)")
    check_shape(a, "a", (len(a), len(a)), "a square")
    if (a < 0).any():
        raise ValueError(
            f"a has the weight {a.min()}; none below 0 was expected"
        )
    check_word("mode", mode, ("sym", "row"))
    ### BEGIN SOLUTION
    if self_loops:
        a = a + np.eye(len(a), dtype=a.dtype)
    degrees = a.sum(axis=1)
    inverse = np.zeros_like(degrees)
    inverse[degrees > 0] = 1 / degrees[degrees > 0]
    if mode == "row":
        return a * inverse[:, None]
    return a * np.sqrt(inverse)[:, None] * np.sqrt(inverse)
    ### END SOLUTION


def gcn_layer(x, a_hat, w, b=None):
    """A layer of a graph convolutional network, without an activation.

    x: (V, F) features of the nodes; a_hat: (V, V), with which weight each
    node (row) gathers from each (column); w: (F, G), the same for all nodes,
    input feature first; b: (G,) or None, added to each node at the end.

    Returns y: (V, G) with the dtype of x: each node's features times w,
    gathered with the weights a_hat, plus b.
    Raises ValueError if x or w does not have two axes, if a_hat is not
    (V, V), if w does not have F rows, or if b is not (G,).
    Source: Kipf and Welling (2017), equation 2.
    """
    check_rank(x, "x", 2, "(V, F)")
    check_rank(w, "w", 2, "(F, G)")
    V, G = len(x), w.shape[1]
    check_shape(a_hat, "a_hat", (V, V), "nodes by nodes")
    check_shape(w, "w", (x.shape[1], G), "a row for each feature of x")
    if b is not None:
        check_shape(b, "b", (G,), "one entry an output feature")
    ### BEGIN SOLUTION
    y = a_hat @ (x @ w)
    if b is not None:
        y = y + b
    return y.astype(x.dtype)
    ### END SOLUTION


class GCN(nn.Module):
    """A graph convolutional network of two layers.

    c_in, hidden, c_out: features of a node before, between and after the
    layers. The weights are two layers nn.Linear with biases, kept as the
    attributes `lin1` (c_in to hidden) and `lin2` (hidden to c_out), so the
    parameters are lin1.weight, lin1.bias, lin2.weight and lin2.bias.

    forward(x, a_hat): x (V, c_in) features of the nodes, and a_hat (V, V)
    the weights of gathering, give (V, c_out). Each of the two layers gathers
    with a_hat, and adds its bias after gathering, so that a node that
    gathers nothing has just the bias. ReLU stands between the layers, and
    nothing after the second.
    Raises ValueError if c_in, hidden or c_out is below 1.
    Source: Kipf and Welling (2017), equation 9.
    """

    def __init__(self, c_in, hidden, c_out):
        super().__init__()
        check_least(1, c_in=c_in, hidden=hidden, c_out=c_out)
        ### BEGIN SOLUTION
        self.lin1 = nn.Linear(c_in, hidden)
        self.lin2 = nn.Linear(hidden, c_out)
        ### END SOLUTION

    def forward(self, x, a_hat):
        ### BEGIN SOLUTION
        x = self.lin1(a_hat @ x).relu()
        return self.lin2(a_hat @ x)
        ### END SOLUTION


class GraphSAGE(nn.Module):
    """A layer that keeps a node's own features apart from its neighbours'.

    c_in, c_out: features of a node before and after. The weights are
    `lin_self`, nn.Linear(c_in, c_out) with a bias, and `lin_neigh`,
    nn.Linear(c_in, c_out) without one: the parameters are lin_self.weight,
    lin_self.bias and lin_neigh.weight.

    forward(x, edges): x (V, c_in) features of the nodes, and edges (E, 2)
    of dtype int64, a source and a target in each row, give (V, c_out):
    lin_self of the node's features plus lin_neigh of the mean of the
    features of its sources. An edge that stands twice counts twice. Where no
    edge arrives, the mean is 0. No activation follows.
    Raises ValueError if c_in or c_out is below 1.
    Source: Hamilton, Ying and Leskovec (2017), algorithm 1.
    """

    def __init__(self, c_in, c_out):
        super().__init__()
        check_least(1, c_in=c_in, c_out=c_out)
        ### BEGIN SOLUTION
        self.lin_self = nn.Linear(c_in, c_out)
        self.lin_neigh = nn.Linear(c_in, c_out, bias=False)
        ### END SOLUTION

    def forward(self, x, edges):
        ### BEGIN SOLUTION
        source, target = edges.T
        total = torch.zeros_like(x).index_add(0, target, x[source])
        count = torch.bincount(target, minlength=len(x)).clamp(min=1)
        return self.lin_self(x) + self.lin_neigh(total / count[:, None])
        ### END SOLUTION


def gat_weights(h, a, att, slope=0.2):
    """How much each node attends to each of its neighbours.

    h: (V, F) features of the nodes; a: (V, V), node i may attend to node j
    where a[i, j] is not 0, and what else the number is does not matter;
    att: (2 * F,), slope: float, of LeakyReLU. No self-loops are added.

    The score of j for i is LeakyReLU(att[:F] . h[i] + att[F:] . h[j]), and
    LeakyReLU(s) is s for s >= 0 and slope * s below.
    Returns weights: (V, V) with the dtype of h: in row i the softmax of the
    scores over those j to which i may attend, and 0 for all others. A node
    that may attend to none has a row of zeros. Large scores do not overflow.
    Raises ValueError if h does not have two axes, if a is not (V, V), or if
    att is not (2 * F,).
    Source: Velickovic et al. (2018), equation 3.
    """
    check_rank(h, "h", 2, "(V, F)")
    V, F = h.shape
    check_shape(a, "a", (V, V), "nodes by nodes")
    check_shape(att, "att", (2 * F,), "an entry for each feature, twice")
    ### BEGIN SOLUTION
    scores = (h @ att[:F])[:, None] + h @ att[F:]  # (V, V)
    scores = np.where(scores < 0, slope * scores, scores)
    scores = np.where(a != 0, scores, -np.inf)
    # The largest score becomes 0. A row that is all -inf keeps it.
    top = scores.max(axis=1, keepdims=True)
    raw = np.exp(scores - np.where(np.isinf(top), 0, top))
    total = raw.sum(axis=1, keepdims=True)
    return (raw / np.where(total == 0, 1, total)).astype(h.dtype)
    ### END SOLUTION


class GATLayer(nn.Module):
    """A graph attention layer with one head, without an activation.

    c_in, c_out: features of a node before and after; slope: of LeakyReLU.
    The weights are `lin`, nn.Linear(c_in, c_out) without a bias, and `att`,
    an nn.Parameter of shape (2 * c_out,): the parameters are lin.weight and
    att.

    forward(x, a): x (V, c_in) features of the nodes, and a (V, V), node i
    may attend to node j where a[i, j] is not 0, give y: (V, c_out). With
    h = lin(x), the score of j for i is
    LeakyReLU(att[:c_out] . h[i] + att[c_out:] . h[j]), the weights of i are
    the softmax of the scores over those j to which it may attend, and y[i]
    is the sum of the h[j] times these weights. A node that may attend to
    none has zeros, and finite gradients. No self-loops are added.
    Raises ValueError if c_in or c_out is below 1.
    Source: Velickovic et al. (2018), equations 1 to 4.
    """

    def __init__(self, c_in, c_out, slope=0.2):
        super().__init__()
        check_least(1, c_in=c_in, c_out=c_out)
        self.slope = slope
        ### BEGIN SOLUTION
        self.lin = nn.Linear(c_in, c_out, bias=False)
        self.att = nn.Parameter(torch.randn(2 * c_out))
        ### END SOLUTION

    def forward(self, x, a):
        ### BEGIN SOLUTION
        h = self.lin(x)
        to, by = self.att.chunk(2)
        scores = (h @ to)[:, None] + h @ by  # (V, V)
        scores = nn.functional.leaky_relu(scores, self.slope)
        # The smallest number, not -inf: a row of -inf would give nan.
        scores = scores.masked_fill(a == 0, torch.finfo(h.dtype).min)
        return (scores.softmax(dim=1) * (a != 0)) @ h
        ### END SOLUTION


def graph_readout(x, batch, reduce):
    """Sum up each graph of a batch in one row.

    x: (V, F) features of the nodes of all graphs; batch: (V,) whole numbers,
    to which graph each node belongs, counted from 0, in any order; reduce:
    "sum", "mean" or "max".

    Returns y: (B, F) with the dtype of x, where B is the largest number in
    batch plus 1: for each graph and each feature the sum, mean or maximum
    over its nodes. A number to which no node belongs has a row of zeros.
    Raises ValueError if x does not have two axes, if it has no nodes, if
    batch is not (V,) or has a number below 0, or if reduce is another word.
    """
    check_rank(x, "x", 2, "(V, F)")
    check_least(1, nodes=len(x))
    check_shape(batch, "batch", (len(x),), "a graph for each node")
    check_least(0, **{"the smallest number in batch": batch.min()})
    check_word("reduce", reduce, ("sum", "mean", "max"))
    ### BEGIN SOLUTION
    y = np.zeros((batch.max() + 1, x.shape[1]), x.dtype)
    for graph in np.unique(batch):
        y[graph] = getattr(np, reduce)(x[batch == graph], axis=0)
    return y
    ### END SOLUTION


def image_to_graph(h, w, neighbours):
    """The graph whose nodes are the pixels of an image.

    h, w: ints, rows and columns of the image; neighbours: 4, the pixels
    above, left, right and below, or 8, those at the corners as well. Pixels
    are numbered row by row from 0: pixel (i, j) is node i * w + j.

    Returns edges: (E, 2) of dtype int64, a source and a target in each row.
    Each pair of neighbours is joined in both directions, and there are no
    self-loops. Rows are sorted by source, and by target where the source is
    the same. A single pixel gives shape (0, 2).
    Raises ValueError if h or w is below 1, or if neighbours is not 4 or 8.
    """
    check_least(1, h=h, w=w)
    if neighbours not in (4, 8):
        raise ValueError(f"neighbours is {neighbours}; 4 or 8 was expected")
    ### BEGIN SOLUTION
    edges = []
    for i, j in np.ndindex(h, w):
        for di, dj in np.ndindex(3, 3):
            row, column = i + di - 1, j + dj - 1
            steps = abs(di - 1) + abs(dj - 1)
            near = 0 < steps <= neighbours // 4
            if near and 0 <= row < h and 0 <= column < w:
                edges.append((i * w + j, row * w + column))
    return np.array(edges, np.int64).reshape(-1, 2)
    ### END SOLUTION


def conv_as_messages(x, w):
    """A convolution of the same size, written as messages between pixels.

    x: (H, W) image and w: (kh, kw) kernel, or x: (N, I, H, W) images and
    w: (O, I, kh, kw) kernels. kh and kw are odd. Each pixel sends a message
    to each pixel around it; the edge that leads by (u - kh // 2,
    v - kw // 2) from target to source multiplies it by tap (u, v) of the
    kernel, and the target adds up what arrives. Beyond the edge of the image
    there is no pixel, and so no message.

    Returns y: (H, W) or (N, O, H, W) with the dtype of x, the values of a
    convolution (without turning the kernel) with zero padding.
    Raises ValueError if x and w do not both have two or both four axes, if
    they differ in I, or if kh or kw is even.
    """
    if (x.ndim, w.ndim) not in ((2, 2), (4, 4)):
        raise ValueError(
            f"x has shape {x.shape} and w has shape {w.shape}; both with two "
            "axes or both with four were expected"
        )
    if x.ndim == 4 and x.shape[1] != w.shape[1]:
        raise ValueError(
            f"w has {w.shape[1]} input channels; {x.shape[1]}, those of x, "
            "were expected"
        )
    if w.shape[-2] % 2 == 0 or w.shape[-1] % 2 == 0:
        raise ValueError(
            f"w has kernels of {w.shape[-2]} x {w.shape[-1]}; odd numbers of "
            "rows and columns were expected"
        )
    ### BEGIN SOLUTION
    if x.ndim == 2:
        return conv_as_messages(x[None, None], w[None, None])[0, 0]
    N, I, H, W = x.shape
    O, _, kh, kw = w.shape
    nodes = x.reshape(N, I, H * W)
    y = np.zeros((N, O, H * W), x.dtype)
    row, column = np.divmod(np.arange(H * W), W)
    for u, v in np.ndindex(kh, kw):
        # All edges of one direction: they share a tap of the kernel.
        i, j = row + u - kh // 2, column + v - kw // 2
        target = np.flatnonzero((0 <= i) & (i < H) & (0 <= j) & (j < W))
        source = (i * W + j)[target]
        y[:, :, target] += w[:, :, u, v] @ nodes[:, :, source]
    return y.reshape(N, O, H, W)
    ### END SOLUTION


def train_node_classifier(x, a_hat, labels, epochs, seed, report=None):
    """Train a network that says to which class each node of a graph belongs.

    x: (V, F) float32 features of the nodes; a_hat: (V, V) float32, the
    normalised weights of gathering, with self-loops; labels: (V,) int64, the
    class of each node from 0, or -1 where it is not known: these nodes take
    part in gathering and have no part in the loss; epochs: int, number of
    gradient steps, each with all known nodes; seed: int, of torch's
    generator, which draws the first weights; report: None, or a function
    that is called as report(epoch, loss) after each epoch, with its number
    from 0 and its loss as a float.

    Returns the trained network, an nn.Module whose forward(x, a_hat) takes
    the features (U, F) and the weights (U, U) of this graph or of a graph
    of the same kind with U nodes, and gives scores (U, classes), the largest
    at the class. There is one class more than the largest label. It may be
    any network that learns this.
    Raises ValueError if x does not have two axes, if a_hat is not (V, V), if
    labels is not (V,) or no label is known, or if epochs is below 1.
    """
    check_rank(x, "x", 2, "(V, F)")
    V = len(x)
    check_shape(a_hat, "a_hat", (V, V), "nodes by nodes")
    check_shape(labels, "labels", (V,), "a class for each node")
    if (labels < 0).all():
        raise ValueError("labels has no known class; at least one was expected")
    check_least(1, epochs=epochs)
    x, a_hat, labels = map(torch.as_tensor, (x, a_hat, labels))
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    net = GCN(x.shape[1], 16, int(labels.max()) + 1)
    adam = torch.optim.Adam(net.parameters(), lr=0.02, weight_decay=5e-4)
    known = labels >= 0
    for epoch in range(epochs):
        scores = net(x, a_hat)
        loss = nn.functional.cross_entropy(scores[known], labels[known])
        adam.zero_grad()
        loss.backward()
        adam.step()
        if report is not None:
            report(epoch, loss.item())
    return net
    ### END SOLUTION
