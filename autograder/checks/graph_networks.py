"""How the exercises of the chapter `graph_networks` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import SCIPY_CONV, TORCH_CONV, TORCH_UNFOLD
from autograder.model import (
    Drawn,
    Exercise,
    Forbidden,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
    trained,
)
from convnets.answers import Call
from solutions import graph_networks as solutions

GRAPH_LIBRARY = Forbidden(
    "a graph library", calls=("torch_geometric.*", "networkx.*", "dgl.*")
)
REDUCTIONS = ("sum", "mean", "max")


def links(V, E, empty=0):
    """E + 1 edges among V nodes, the first one twice; the last `empty` nodes
    get none."""

    def draw(rng):
        ends = rng.integers(V, size=E), rng.integers(V - empty, size=E)
        drawn = np.stack(ends, axis=1)
        return np.concatenate([drawn, drawn[:1]])

    return Drawn(draw)


def weights(V, empty=0, dtype="float64"):
    """A directed graph with weights, some of them 0 and some on the diagonal.

    The last `empty` nodes have no edges.
    """

    def draw(rng):
        a = rng.uniform(0.2, 4, (V, V)) * (rng.random((V, V)) < 0.5)
        a[range(V), np.roll(range(V), -1)] = rng.uniform(1, 3, V)
        a[0, 0] = 2.5
        if empty:
            a[-empty:] = a[:, -empty:] = 0
        return a.astype(dtype)

    return Drawn(draw)


def whole(drawn):
    """The same graph with whole weights."""
    return Drawn(lambda rng: np.ceil(drawn.draw(rng)).astype("int64"))


def some_links(draw, V):
    node = st.integers(0, V - 1)
    found = draw(st.lists(st.tuples(node, node), max_size=4))
    return np.array(found, np.int64).reshape(-1, 2)


def some_graph(draw, V, dtype="float64", least=0):
    entries = draw(st.lists(st.integers(least, 3), min_size=V * V, max_size=V * V))
    return np.array(entries, dtype).reshape(V, V)


def lenient(reference, instead):
    """The reference, which gives `instead` where it should raise."""

    def checks_nothing(*args, **kwargs):
        try:
            return reference(*args, **kwargs)
        except ValueError:
            return instead

    return checks_nothing


# ---- message_passing -------------------------------------------------------


def messages_by_torch(x, edges, reduce):
    solutions.message_passing(x, edges, reduce)
    source, target = torch.tensor(np.ascontiguousarray(edges)).T
    given = torch.tensor(np.ascontiguousarray(x))
    index = target[:, None].expand(-1, x.shape[1])
    name = {"sum": "sum", "mean": "mean", "max": "amax"}[reduce]
    y = torch.zeros_like(given)
    y = y.scatter_reduce(0, index, given[source], name, include_self=False)
    return y.numpy()


def messages_by_loops(x, edges, reduce):
    """For each node a list of what arrives."""
    solutions.message_passing(x, edges, reduce)
    arrived = [[] for _ in x]
    for source, target in edges:
        arrived[target].append(x[source])
    nothing = np.zeros_like(x[0])
    rows = [getattr(np, reduce)(box, axis=0) if box else nothing for box in arrived]
    return np.array(rows, x.dtype)


def messages_by_matrix(x, edges, reduce):
    """How often each edge is there, as a matrix."""
    solutions.message_passing(x, edges, reduce)
    times = np.zeros((len(x), len(x)))
    np.add.at(times, (edges[:, 1], edges[:, 0]), 1)
    if reduce == "max":
        there = np.where(times[:, :, None] > 0, x, -np.inf).max(axis=1)
        y = np.where(times.any(axis=1)[:, None], there, 0)
    else:
        y = times @ x
        if reduce == "mean":
            y = y / np.maximum(times.sum(axis=1, keepdims=True), 1)
    return y.astype(x.dtype)


def messages_by_sorting(x, edges, reduce):
    """Edges in the order of their targets, reduced slice by slice."""
    solutions.message_passing(x, edges, reduce)
    y = np.zeros_like(x)
    if len(edges):
        edges = edges[np.argsort(edges[:, 1], kind="stable")]
        targets, first = np.unique(edges[:, 1], return_index=True)
        ufunc = np.maximum if reduce == "max" else np.add
        found = ufunc.reduceat(x[edges[:, 0]], first, axis=0)
        if reduce == "mean":
            found = found / np.diff([*first, len(edges)])[:, None]
        y[targets] = found
    return y


def other_edges(change):
    """The reference, given other edges."""

    def wrong(x, edges, reduce):
        solutions.message_passing(x, edges, reduce)
        return solutions.message_passing(x, change(x, edges), reduce)

    return wrong


def other_messages(reduction, change):
    """A mistake in one reduction: change(y, x, edges, missing)."""

    def wrong(x, edges, reduce):
        y = solutions.message_passing(x, edges, reduce)
        if reduce != reduction:
            return y
        missing = np.bincount(edges[:, 1], minlength=len(x))[:, None] == 0
        return np.asarray(change(y, x, edges, missing)).astype(x.dtype)

    return wrong


def last_wins(y, x, edges, missing):
    last = np.zeros_like(y)
    last[edges[:, 1]] += x[edges[:, 0]]
    return last


def by_out_degree(y, x, edges, missing):
    count = np.bincount(edges[:, 1], minlength=len(x))[:, None]
    sent = np.bincount(edges[:, 0], minlength=len(x))[:, None]
    return y * count / np.maximum(sent, 1)


def messages_float64(x, edges, reduce):
    return solutions.message_passing(x, edges, reduce).astype("float64")


def message_calls(draw):
    V, dtype = small(draw, 1, 3), dtypes(draw)
    x, edges = array(draw, V, small(draw, 1, 2), dtype=dtype), some_links(draw, V)
    broken = draw(st.sampled_from(["", "", "", "", "", "word", "node", "rank"]))
    if broken == "node":
        edges = np.array([[0, V]])
    elif broken == "rank":
        x = x[0]
    reduce = "min" if broken == "word" else draw(st.sampled_from(REDUCTIONS))
    return Call((x, edges, reduce))


message_passing = Exercise(
    solutions.message_passing,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("sum and mean", 2, "Sums and means of what arrives; repeated edges."),
        Group("maximum", 1, "The maximum, also of negative numbers."),
        Group("edges, dtype and errors", 1,
              "Nodes where nothing arrives; no edges; float32; bad arguments."),
    ],
    cases=[
        case("sum and mean", "three edges by hand", integers(3, 2),
             np.array([[0, 1], [2, 1], [1, 0]]), "sum", public=True),
        case("sum and mean", "means by hand, and an edge that stands twice",
             integers(3, 2), np.array([[0, 1], [0, 1], [2, 1], [2, 2]]), "mean",
             public=True),
        case("sum and mean", "sums over 17 edges", normal(6, 4), links(6, 16), "sum"),
        case("sum and mean", "means over 20 edges", normal(7, 3), links(7, 19), "mean"),
        case("sum and mean", "features that are not contiguous in memory",
             strided(normal(5, 3)), links(5, 11), "sum"),
        case("maximum", "negative numbers", integers(4, 2, low=-9, high=-2),
             np.array([[0, 1], [2, 1], [3, 2], [1, 0], [0, 3]]), "max", public=True),
        case("maximum", "maxima over 16 edges", normal(5, 4), links(5, 15), "max"),
        case("edges, dtype and errors", "two nodes where nothing arrives, sums",
             normal(6, 3), links(6, 9, empty=2), "sum", public=True),
        case("edges, dtype and errors", "two nodes where nothing arrives, means",
             normal(6, 3), links(6, 9, empty=2), "mean"),
        case("edges, dtype and errors", "a node where nothing arrives, maxima",
             normal(5, 3), links(5, 8, empty=1), "max"),
        case("edges, dtype and errors", "no edges", normal(3, 2),
             np.zeros((0, 2), np.int64), "max", exempt="the documented edge"),
        *(case("edges, dtype and errors", f"float32, {reduce}",
               normal(6, 4, dtype="float32"), links(6, 9, empty=1), reduce)
          for reduce in REDUCTIONS),
        case("edges, dtype and errors", "another word", normal(3, 2), links(3, 4), "min",
             public=True),
        case("edges, dtype and errors", "a node that does not exist", normal(3, 2),
             np.array([[0, 3]]), "sum"),
        case("edges, dtype and errors", "a node below 0", normal(3, 2),
             np.array([[-1, 1]]), "sum"),
        case("edges, dtype and errors", "edges in columns", normal(4, 2),
             np.array([[0, 1, 2], [1, 2, 3]]), "sum"),
        case("edges, dtype and errors", "features without nodes", normal(4),
             links(4, 3), "sum"),
    ],
    explain=calls(message_calls),
    oracle=messages_by_torch,
    alternatives=[messages_by_loops, messages_by_matrix, messages_by_sorting,
                  messages_by_torch],
    mistakes=[
        Mistake("sources and targets are exchanged",
                other_edges(lambda x, e: e[:, ::-1])),
        Mistake("edges are followed in both directions",
                other_edges(lambda x, e: np.concatenate([e, e[:, ::-1]]))),
        Mistake("an edge that stands twice counts once",
                other_edges(lambda x, e: np.unique(e, axis=0))),
        Mistake("each node sends a message to itself, too", other_edges(
            lambda x, e: np.concatenate([e, np.arange(len(x)).repeat(2).reshape(-1, 2)]))),
        Mistake("y[target] += x[source] is used, which adds one message a node only",
                other_messages("sum", last_wins)),
        Mistake("the mean divides by the number of all nodes", other_messages(
            "mean", lambda y, x, e, missing: y * np.bincount(
                e[:, 1], minlength=len(x))[:, None] / len(x))),
        Mistake("the mean divides by the number of edges that leave the node",
                other_messages("mean", by_out_degree)),
        Mistake("the mean where nothing arrives is nan", other_messages(
            "mean", lambda y, x, e, missing: np.where(missing, np.nan, y))),
        Mistake("the maximum starts from 0", other_messages(
            "max", lambda y, x, e, missing: np.maximum(y, 0))),
        Mistake("the maximum where nothing arrives is minus infinity", other_messages(
            "max", lambda y, x, e, missing: np.where(missing, -np.inf, y))),
        Mistake("the result is float64 whatever came in", messages_float64),
        Mistake("bad arguments raise nothing",
                lenient(solutions.message_passing, np.zeros((1, 1)))),
    ],
    forbidden=[GRAPH_LIBRARY],
    equivalents={
        "line 21: if reduce == 'max': => if reduce <= 'max':":
            "of the three words only max is not after max",
        'line 24: return np.where(count == 0, 0, y) => return np.where(count <= 0, 0, y)':
            "a count is never below 0",
        "line 27: if reduce == 'mean': => if reduce <= 'mean':":
            "only mean and sum are left, and sum is after mean",
        'line 28: y = y / np.maximum(count, 1) => y = y / np.maximum(1, count)':
            "the maximum of two is the same in either order",
    },
)  # fmt: skip

# ---- normalised_adjacency --------------------------------------------------


def normalised_by_torch(a, self_loops=True, mode="sym"):
    solutions.normalised_adjacency(a, self_loops, mode)
    given = torch.tensor(np.ascontiguousarray(a), dtype=torch.float64)
    given = given + torch.eye(len(a), dtype=torch.float64) * bool(self_loops)
    power = given.sum(1) ** (-1 if mode == "row" else -0.5)
    scale = torch.diag(torch.nan_to_num(power, posinf=0))
    y = scale @ given @ (scale if mode == "sym" else torch.eye(len(a)).double())
    return y.numpy().astype(a.dtype)


def normalised_by_loops(a, self_loops=True, mode="sym"):
    solutions.normalised_adjacency(a, self_loops, mode)
    V = len(a)
    loops = [[a[i, j] + (self_loops and i == j) for j in range(V)] for i in range(V)]
    d = [sum(row) for row in loops]
    y = np.zeros_like(a)
    for i, j in np.ndindex(V, V):
        below = d[i] if mode == "row" else (d[i] * d[j]) ** 0.5
        y[i, j] = loops[i][j] / below if below else 0
    return y


def normalised_by_division(a, self_loops=True, mode="sym"):
    """Divide by the whole matrix of roots, and mend what was 0 / 0."""
    solutions.normalised_adjacency(a, self_loops, mode)
    if self_loops:
        a = a + np.identity(len(a), a.dtype)
    d = a.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = a / (d if mode == "row" else np.sqrt(d) * np.sqrt(d.T))
    return np.nan_to_num(y, nan=0, posinf=0).astype(a.dtype)


def scaled(loops=None, degrees=None, scale=None, empty=0.0):
    """A wrong normalisation. loops(a), degrees(a, before), scale(a, d, mode)."""

    def wrong(a, self_loops=True, mode="sym"):
        solutions.normalised_adjacency(a, self_loops, mode)
        with np.errstate(all="ignore"):
            before = a
            if loops:
                a = loops(a, self_loops)
            elif self_loops:
                a = a + np.eye(len(a), dtype=a.dtype)
            d = degrees(a, before) if degrees else a.sum(1)
            if scale:
                y = scale(a, d, mode)
            else:
                y = a / (d[:, None] if mode == "row" else np.sqrt(np.outer(d, d)))
            y = np.where(np.isfinite(y), y, empty)
        return y.astype(before.dtype)

    return wrong


def no_root(a, d, mode):
    return a / (d[:, None] if mode == "row" else np.outer(d, d))


def columns_too(a, d, mode):
    return a / (d[None, :] if mode == "row" else np.sqrt(np.outer(d, d)))


def always_row(a, d, mode):
    return a / d[:, None]


def always_sym(a, d, mode):
    return a / np.sqrt(np.outer(d, d))


def exchanged(a, d, mode):
    return (always_sym if mode == "row" else always_row)(a, d, mode)


def loops_set(a, self_loops):
    a = a.copy()
    if self_loops:
        np.fill_diagonal(a, 1)
    return a


def loops_if_none(a, self_loops):
    return a + np.diag(np.diag(a) == 0) * bool(self_loops)


def normalised_float64(a, self_loops=True, mode="sym"):
    return solutions.normalised_adjacency(a, self_loops, mode).astype("float64")


def normalised_in_place(a, self_loops=True, mode="sym"):
    y = solutions.normalised_adjacency(a, self_loops, mode)
    if self_loops:
        a += np.eye(len(a), dtype=a.dtype)
    return y


def adjacency_calls(draw):
    a = some_graph(draw, small(draw, 1, 3), dtypes(draw))
    broken = draw(st.sampled_from(["", "", "", "", "", "word", "below", "square"]))
    if broken == "below":
        a = a - 5
    elif broken == "square":
        a = np.ones((1, 2))
    mode = "column" if broken == "word" else draw(st.sampled_from(["sym", "row"]))
    return Call((a, draw(st.booleans()), mode))


HAND = np.array([[0.0, 1, 3], [1, 0, 0], [3, 0, 0]])

normalised_adjacency = Exercise(
    solutions.normalised_adjacency,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("both modes", 2, "Weights and self-loops, by rows and symmetrically."),
        Group("edges, dtype and errors", 1,
              "Directed graphs; nodes without edges; float32; bad arguments."),
    ],
    cases=[
        case("both modes", "three nodes by hand", HAND, public=True),
        case("both modes", "three nodes by hand, by rows", HAND, mode="row",
             public=True),
        case("both modes", "seven nodes", weights(7)),
        case("both modes", "six nodes by rows", weights(6), mode="row"),
        case("both modes", "five nodes without self-loops", weights(5),
             self_loops=False),
        case("both modes", "without self-loops by rows", weights(6), False, "row"),
        case("edges, dtype and errors", "two nodes without edges", weights(6, 2), False,
             public=True),
        case("edges, dtype and errors", "two nodes without edges, by rows",
             weights(5, 2), False, "row"),
        case("edges, dtype and errors", "a node that others gather from, and that "
             "gathers nothing", np.array([[0.0, 2, 1], [0, 0, 0], [4, 1, 0]]), False),
        case("edges, dtype and errors", "the same by rows",
             np.array([[0.0, 2, 1], [0, 0, 0], [4, 1, 0]]), False, "row"),
        case("edges, dtype and errors", "no edges at all", np.zeros((3, 3)),
             exempt="the documented edge"),
        case("edges, dtype and errors", "small weights", Drawn(
            lambda rng: rng.uniform(0.001, 0.2, (4, 4))), False, "row"),
        case("edges, dtype and errors", "float32", weights(6, 1, "float32")),
        case("edges, dtype and errors", "float32 by rows", weights(5, 1, "float32"),
             False, "row"),
        case("edges, dtype and errors", "weights that are not contiguous in memory",
             strided(weights(5))),
        case("edges, dtype and errors", "not square", np.arange(6.0).reshape(2, 3),
             public=True),
        case("edges, dtype and errors", "one axis", np.arange(3.0)),
        case("edges, dtype and errors", "a weight below 0",
             np.array([[0, -1.0], [2, 0]])),
        case("edges, dtype and errors", "another word", HAND, mode="column"),
    ],
    explain=calls(adjacency_calls),
    oracle=normalised_by_torch,
    alternatives=[normalised_by_loops, normalised_by_division, normalised_by_torch],
    mistakes=[
        Mistake("degrees are sums over columns", scaled(degrees=lambda a, _: a.sum(0))),
        Mistake("degrees are taken before self-loops are added",
                scaled(degrees=lambda a, before: before.sum(1))),
        Mistake("neighbours are counted, whatever their weights",
                scaled(degrees=lambda a, _: (a != 0).sum(1))),
        Mistake("a self-loop that is there is replaced by 1",
                scaled(loops=loops_set)),
        Mistake("a self-loop is added only where there is none",
                scaled(loops=loops_if_none)),
        Mistake("self-loops are always added",
                scaled(loops=lambda a, _: a + np.eye(len(a)))),
        Mistake("self-loops are never added", scaled(loops=lambda a, _: a)),
        Mistake("the modes are exchanged", scaled(scale=exchanged)),
        Mistake("mode is ignored, and rows are divided", scaled(scale=always_row)),
        Mistake("mode is ignored, and both sides are divided", scaled(scale=always_sym)),
        Mistake("in mode sym the roots are left out", scaled(scale=no_root)),
        Mistake("in mode row the columns are divided instead", scaled(scale=columns_too)),
        Mistake("what is divided by 0 becomes nan", scaled(empty=np.nan)),
        Mistake("the result is float64 whatever came in", normalised_float64),
        Mistake("a is changed", normalised_in_place),
        Mistake("bad arguments raise nothing",
                lenient(solutions.normalised_adjacency, np.zeros((1, 1)))),
    ],
    forbidden=[GRAPH_LIBRARY],
    equivalents={
        "line 27: if mode == 'row': => if mode <= 'row':":
            "sym is after row",
        'line 26: inverse[degrees > 0] = 1 / degrees[degrees > 0] => inverse[degrees != 0] = 1 / degrees[degrees > 0]':
            "no degree is below 0",
        'line 26: inverse[degrees > 0] = 1 / degrees[degrees > 0] => inverse[degrees > 0] = 1 / degrees[degrees != 0]':
            "no degree is below 0",
    },
)  # fmt: skip

# ---- gcn_layer -------------------------------------------------------------


def gcn_by_torch(x, a_hat, w, b=None):
    solutions.gcn_layer(x, a_hat, w, b)
    x64, a64, w64 = (torch.tensor(np.array(m, "float64")) for m in (x, a_hat, w))
    y = F.linear(a64 @ x64, w64.T, None if b is None else torch.tensor(b).double())
    return y.numpy().astype(x.dtype)


def gcn_gathers_first(x, a_hat, w, b=None):
    solutions.gcn_layer(x, a_hat, w, b)
    y = (a_hat @ x) @ w
    return (y if b is None else y + b[None]).astype(x.dtype)


def gcn_by_einsum(x, a_hat, w, b=None):
    solutions.gcn_layer(x, a_hat, w, b)
    y = np.einsum("ij,jf,fg->ig", a_hat, x, w)
    return (y + (0 if b is None else b)).astype(x.dtype)


def gcn_by_loops(x, a_hat, w, b=None):
    solutions.gcn_layer(x, a_hat, w, b)
    y = np.zeros((len(x), w.shape[1]), x.dtype)
    for i, j in zip(*np.nonzero(a_hat), strict=True):
        y[i] += a_hat[i, j] * (x[j] @ w)
    return y if b is None else y + b


def gcn(formula):
    """A wrong layer. formula(x, a_hat, w, b) with b an array in any case."""

    def wrong(x, a_hat, w, b=None):
        y = solutions.gcn_layer(x, a_hat, w, b)
        bias = np.zeros(w.shape[1], x.dtype) if b is None else b
        return formula(x, a_hat, w, bias).astype(y.dtype)

    return wrong


def gcn_float64(x, a_hat, w, b=None):
    return solutions.gcn_layer(x, a_hat, w, b).astype("float64")


def gcn_calls(draw):
    V, Fin, Fout = small(draw, 1, 3), small(draw, 1, 2), small(draw, 1, 2)
    dtype = dtypes(draw)
    x, w = array(draw, V, Fin, dtype=dtype), array(draw, Fin, Fout, dtype=dtype)
    a_hat = some_graph(draw, V, dtype)
    b = draw(st.sampled_from([None, np.arange(1, Fout + 1, dtype=dtype)]))
    broken = draw(st.sampled_from([""] * 6 + ["w", "a"]))
    if broken == "w":
        w = array(draw, Fin + 1, Fout)
    elif broken == "a":
        a_hat = some_graph(draw, V + 1)
    return Call((x, a_hat, w, b))


BIAS = "the bias belongs to the last axis, and the numbers of nodes differ"

gcn_layer = Exercise(
    solutions.gcn_layer,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("layer", 2, "Gathering, weights and bias."),
        Group("dtype and errors", 1, "float32; shapes that do not fit."),
    ],
    cases=[
        case("layer", "three nodes by hand", integers(3, 2),
             np.array([[0.0, 1, 2], [1, 0, 0], [0, 3, 1]]), np.array([[2.0], [-1]]),
             public=True),
        case("layer", "with a bias", integers(4, 3),
             np.array([[0.0, 1, 0, 2], [1, 0, 0, 0], [0, 3, 1, 0], [0, 0, 0, 0]]),
             integers(3, 2), integers(2), public=True, exempt=BIAS),
        case("layer", "six nodes", normal(6, 4), weights(6), normal(4, 3)),
        case("layer", "a bias by name", normal(5, 2), weights(5), normal(2, 4),
             b=normal(4), exempt=BIAS),
        case("layer", "more nodes and features", normal(11, 6), weights(11),
             normal(6, 7), normal(7), exempt=BIAS),
        case("dtype and errors", "float32", normal(5, 3, dtype="float32"),
             weights(5, dtype="float32"), normal(3, 4, dtype="float32"),
             normal(4, dtype="float32"), public=True, exempt=BIAS),
        case("dtype and errors", "float32 features with weights of float64",
             normal(4, 3, dtype="float32"), weights(4), normal(3, 2)),
        case("dtype and errors", "w has a row too many", normal(4, 2), weights(4),
             normal(3, 3), public=True),
        case("dtype and errors", "a_hat of another graph", normal(4, 2), weights(5),
             normal(2, 3)),
        case("dtype and errors", "a_hat is not square", normal(4, 2), normal(3, 4),
             normal(2, 3)),
        case("dtype and errors", "a bias for each node", normal(4, 2), weights(4),
             normal(2, 3), normal(4)),
        case("dtype and errors", "features with one axis", normal(4), weights(4),
             normal(4, 3)),
        case("dtype and errors", "w with one axis", normal(4, 2), weights(4), normal(2)),
    ],
    explain=calls(gcn_calls),
    oracle=gcn_by_torch,
    alternatives=[gcn_gathers_first, gcn_by_einsum, gcn_by_loops, gcn_by_torch],
    mistakes=[
        Mistake("a_hat is transposed: nodes send to those they should gather from",
                gcn(lambda x, a, w, b: a.T @ x @ w + b)),
        Mistake("the bias is added before gathering",
                gcn(lambda x, a, w, b: a @ (x @ w + b))),
        Mistake("the bias is left out", gcn(lambda x, a, w, b: a @ x @ w)),
        Mistake("nothing is gathered", gcn(lambda x, a, w, b: x @ w + b)),
        Mistake("an activation follows",
                gcn(lambda x, a, w, b: np.maximum(a @ x @ w + b, 0))),
        Mistake("a self-loop is added",
                gcn(lambda x, a, w, b: a @ x @ w + x @ w + b)),
        Mistake("the weights of gathering are only looked at as 0 or not 0",
                gcn(lambda x, a, w, b: (a != 0) @ x @ w + b)),
        Mistake("the result is float64 whatever came in", gcn_float64),
        Mistake("bad arguments raise nothing",
                lenient(solutions.gcn_layer, np.zeros((1, 1)))),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip

# ---- GCN -------------------------------------------------------------------


class GcnByFunctions(nn.Module):
    def __init__(self, c_in, hidden, c_out):
        super().__init__()
        solutions.GCN(c_in, hidden, c_out)  # its errors
        self.lin1 = nn.Linear(c_in, hidden)
        self.lin2 = nn.Linear(hidden, c_out)

    def forward(self, x, a_hat):
        one, two = self.lin1, self.lin2
        x = F.relu(torch.einsum("ij,jf,gf->ig", a_hat, x, one.weight) + one.bias)
        return torch.einsum("ij,jf,gf->ig", a_hat, x, two.weight) + two.bias


class GcnLastFirst(GcnByFunctions):
    """Weights first, then gathering."""

    def forward(self, x, a_hat):
        x = (a_hat @ F.linear(x, self.lin1.weight) + self.lin1.bias).clamp(min=0)
        return torch.addmm(self.lin2.bias, a_hat, F.linear(x, self.lin2.weight))


class GcnByModules(nn.Module):
    def __init__(self, c_in, hidden, c_out):
        super().__init__()
        if min(c_in, hidden, c_out) < 1:
            raise ValueError("at least one feature")
        for name, sizes in {"lin1": (c_in, hidden), "lin2": (hidden, c_out)}.items():
            setattr(self, name, nn.Linear(*sizes))
        self.act = nn.ReLU()

    def forward(self, x, a_hat):
        return self.lin2(a_hat.matmul(self.act(self.lin1(a_hat.matmul(x)))))


def network(forward=None, make=None, check=True):
    """A wrong GCN: forward(self, x, a_hat), or another make(self, *sizes)."""

    class GCN(nn.Module):
        def __init__(self, c_in, hidden, c_out):
            super().__init__()
            if check:
                solutions.GCN(c_in, hidden, c_out)
            sizes = [max(c, 1) for c in (c_in, hidden, c_out)]
            (make or two_layers)(self, *sizes)

        def forward(self, x, a_hat):
            if forward:
                return forward(self, x, a_hat)
            return self.lin2(a_hat @ self.lin1(a_hat @ x).relu())

    return GCN


def two_layers(self, c_in, hidden, c_out, **options):
    self.lin1 = nn.Linear(c_in, hidden, **options)
    self.lin2 = nn.Linear(hidden, c_out, **options)


def no_biases(self, *sizes):
    two_layers(self, *sizes, bias=False)


def renamed_layers(self, c_in, hidden, c_out):
    self.conv1, self.conv2 = nn.Linear(c_in, hidden), nn.Linear(hidden, c_out)


def extra_layer(self, *sizes):
    two_layers(self, *sizes)
    self.unused = nn.Parameter(torch.zeros(1))


def gcn_weights(c_in, hidden, c_out, fill):
    return {"lin1.weight": fill(hidden, c_in), "lin1.bias": fill(hidden),
            "lin2.weight": fill(c_out, hidden), "lin2.bias": fill(c_out)}  # fmt: skip


def gcn_module_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        init = {"c_in": 0, "hidden": 1, "c_out": 1}
        return Call((init, None, [], None), {}, "module")
    V = small(draw, 1, 3)
    sizes = [small(draw, 1, 2) for _ in range(3)]
    init = dict(zip(("c_in", "hidden", "c_out"), sizes, strict=True))
    given = gcn_weights(*sizes, lambda *shape: array(draw, *shape))
    inputs = [array(draw, V, sizes[0]), some_graph(draw, V)]
    return Call((init, given, inputs, array(draw, V, sizes[2])), {}, "module")


def gcn_case(group, label, V, sizes, dtype="float64", empty=0, **options):
    init = dict(zip(("c_in", "hidden", "c_out"), sizes, strict=True))
    given = gcn_weights(*sizes, lambda *shape: normal(*shape, dtype=dtype))
    inputs = [normal(V, sizes[0], dtype=dtype), weights(V, empty, dtype)]
    dy = normal(V, sizes[2], dtype=dtype)
    return case(group, label, init, given, inputs, dy, caller="module", **options)


GCN = Exercise(
    solutions.GCN,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("edges and errors", 1,
              "Nodes that gather nothing; float32; sizes below 1."),
    ],
    cases=[
        gcn_case("forward and gradients", "five nodes", 5, (3, 4, 2), public=True),
        gcn_case("forward and gradients", "eight nodes, in train mode", 8, (5, 7, 3),
                 train=True),
        gcn_case("forward and gradients", "more classes than features", 6, (2, 3, 4)),
        gcn_case("edges and errors", "two nodes that gather nothing", 6, (4, 5, 3),
                 empty=2, public=True),
        gcn_case("edges and errors", "float32", 7, (4, 6, 2), dtype="float32"),
        *(case("edges and errors", f"{name} is 0",
               {"c_in": 3, "hidden": 4, "c_out": 2} | {name: 0}, None, [], None,
               caller="module") for name in ("c_in", "hidden", "c_out")),
    ],
    explain=calls(gcn_module_calls),
    oracle=GcnByFunctions,
    alternatives=[GcnByFunctions, GcnLastFirst, GcnByModules],
    mistakes=[
        Mistake("the bias is added before gathering", network(
            lambda self, x, a: a @ self.lin2((a @ self.lin1(x)).relu()))),
        Mistake("ReLU is left out", network(
            lambda self, x, a: self.lin2(a @ self.lin1(a @ x)))),
        Mistake("ReLU follows the second layer, too", network(
            lambda self, x, a: self.lin2(a @ self.lin1(a @ x).relu()).relu())),
        Mistake("the scores go through a softmax", network(
            lambda self, x, a: self.lin2(a @ self.lin1(a @ x).relu()).softmax(1))),
        Mistake("the first layer does not gather", network(
            lambda self, x, a: self.lin2(a @ self.lin1(x).relu()))),
        Mistake("the second layer does not gather", network(
            lambda self, x, a: self.lin2(self.lin1(a @ x).relu()))),
        Mistake("nothing is gathered: two linear layers for each node", network(
            lambda self, x, a: self.lin2(self.lin1(x).relu()))),
        Mistake("a_hat is transposed", network(
            lambda self, x, a: self.lin2(a.T @ self.lin1(a.T @ x).relu()))),
        Mistake("ReLU comes before gathering in the first layer", network(
            lambda self, x, a: self.lin2(a @ (a @ self.lin1(x).relu())))),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)", network(
            lambda self, x, a: self.lin2(a @ self.lin1(a @ x).relu().detach()))),
        Mistake("the layers have no biases", network(make=no_biases)),
        Mistake("the attributes are not called lin1 and lin2", network(
            lambda self, x, a: self.conv2(a @ self.conv1(a @ x).relu()),
            renamed_layers)),
        Mistake("there is a parameter that does nothing", network(make=extra_layer)),
        Mistake("sizes below 1 raise nothing", network(check=False)),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip

# ---- GraphSAGE -------------------------------------------------------------


def mean_by_matrix(x, edges):
    """Means of the sources, by a matrix that counts edges."""
    times = torch.zeros(len(x), len(x), dtype=x.dtype)
    one = torch.ones(len(edges), dtype=x.dtype)
    times.index_put_((edges[:, 1], edges[:, 0]), one, accumulate=True)
    return (times / times.sum(1, keepdim=True).clamp(min=1)) @ x


def mean_by_scatter(x, edges):
    index = edges[:, 1:].expand(-1, x.shape[1])
    zeros = torch.zeros_like(x)
    return zeros.scatter_reduce(0, index, x[edges[:, 0]], "mean", include_self=False)


def mean_by_loops(x, edges):
    rows = []
    for node in range(len(x)):
        arrived = x[edges[edges[:, 1] == node, 0]]
        rows.append(arrived.mean(0) if len(arrived) else torch.zeros_like(x[0]))
    return torch.stack(rows)


def sage(gather=mean_by_matrix, end=None, make=None, check=True):
    """A layer: gather(x, edges), then end(self, x, gathered)."""

    class GraphSAGE(nn.Module):
        def __init__(self, c_in, c_out):
            super().__init__()
            if check:
                solutions.GraphSAGE(c_in, c_out)
            (make or own_and_theirs)(self, max(c_in, 1), max(c_out, 1))

        def forward(self, x, edges):
            gathered = gather(x, edges)
            if end:
                return end(self, x, gathered)
            return self.lin_self(x) + self.lin_neigh(gathered)

    return GraphSAGE


def own_and_theirs(self, c_in, c_out, own=True, theirs=False):
    self.lin_self = nn.Linear(c_in, c_out, bias=own)
    self.lin_neigh = nn.Linear(c_in, c_out, bias=theirs)


def two_biases(self, *sizes):
    own_and_theirs(self, *sizes, theirs=True)


def no_bias(self, *sizes):
    own_and_theirs(self, *sizes, own=False)


def renamed_own(self, c_in, c_out):
    self.own = nn.Linear(c_in, c_out)
    self.neigh = nn.Linear(c_in, c_out, bias=False)


SageMatrix = sage()
SageScatter = sage(mean_by_scatter)
SageLoops = sage(mean_by_loops)


def sum_of(x, edges):
    return torch.zeros_like(x).index_add(0, edges[:, 1], x[edges[:, 0]])


def max_of(x, edges):
    index = edges[:, 1:].expand(-1, x.shape[1])
    zeros = torch.zeros_like(x)
    return zeros.scatter_reduce(0, index, x[edges[:, 0]], "amax", include_self=False)


def nan_mean(x, edges):
    count = torch.bincount(edges[:, 1], minlength=len(x))
    return sum_of(x, edges) / count[:, None]


def with_itself(x, edges):
    own = torch.arange(len(x))
    return mean_by_matrix(x, torch.cat([edges, torch.stack([own, own], 1)]))


def own_where_none(x, edges):
    none = torch.bincount(edges[:, 1], minlength=len(x)) == 0
    return torch.where(none[:, None], x, mean_by_matrix(x, edges))


def sage_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return Call(({"c_in": 1, "c_out": 0}, None, [], None), {}, "module")
    V, c_in, c_out = small(draw, 1, 3), small(draw, 1, 2), small(draw, 1, 2)
    given = {"lin_self.weight": array(draw, c_out, c_in),
             "lin_self.bias": array(draw, c_out),
             "lin_neigh.weight": array(draw, c_out, c_in)}  # fmt: skip
    inputs = [array(draw, V, c_in), some_links(draw, V)]
    init = {"c_in": c_in, "c_out": c_out}
    return Call((init, given, inputs, array(draw, V, c_out)), {}, "module")


def sage_case(group, label, V, edges, c_in, c_out, dtype="float64", **options):
    given = {"lin_self.weight": normal(c_out, c_in, dtype=dtype),
             "lin_self.bias": normal(c_out, dtype=dtype),
             "lin_neigh.weight": normal(c_out, c_in, dtype=dtype)}  # fmt: skip
    init = {"c_in": c_in, "c_out": c_out}
    inputs, dy = [normal(V, c_in, dtype=dtype), edges], normal(V, c_out, dtype=dtype)
    return case(group, label, init, given, inputs, dy, caller="module", **options)


GraphSAGE = Exercise(
    solutions.GraphSAGE,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("edges and errors", 1,
              "Nodes where no edge arrives; no edges; float32; sizes below 1."),
    ],
    cases=[
        sage_case("forward and gradients", "six nodes, and an edge that stands twice", 6,
                  links(6, 13), 3, 2, public=True),
        sage_case("forward and gradients", "eight nodes, in train mode", 8, links(8, 25),
                  4, 5, train=True),
        sage_case("forward and gradients", "five nodes", 5, links(5, 12), 2, 3),
        sage_case("edges and errors", "two nodes where no edge arrives", 7,
                  links(7, 10, empty=2), 3, 4, public=True),
        sage_case("edges and errors", "no edges", 3, np.zeros((0, 2), np.int64), 2, 4),
        sage_case("edges and errors", "float32", 6, links(6, 9, empty=1), 4, 3,
                  dtype="float32"),
        *(case("edges and errors", f"{name} is 0", {"c_in": 3, "c_out": 2} | {name: 0},
               None, [], None, caller="module") for name in ("c_in", "c_out")),
    ],
    explain=calls(sage_calls),
    oracle=SageScatter,
    alternatives=[SageMatrix, SageScatter, SageLoops],
    mistakes=[
        Mistake("the sum of the sources is taken instead of the mean", sage(sum_of)),
        Mistake("the maximum of the sources is taken instead of the mean", sage(max_of)),
        Mistake("sources and targets are exchanged",
                sage(lambda x, e: mean_by_matrix(x, e.flip(1)))),
        Mistake("an edge that stands twice counts once",
                sage(lambda x, e: mean_by_matrix(x, torch.unique(e, dim=0)))),
        Mistake("edges are followed in both directions",
                sage(lambda x, e: mean_by_matrix(x, torch.cat([e, e.flip(1)])))),
        Mistake("the node itself is one of its sources", sage(with_itself)),
        Mistake("where no edge arrives, the mean is the node's own features",
                sage(own_where_none)),
        Mistake("where no edge arrives, the result is nan", sage(nan_mean)),
        Mistake("the mean divides by the number of all nodes",
                sage(lambda x, e: sum_of(x, e) / len(x))),
        Mistake("lin_self and lin_neigh are exchanged", sage(
            end=lambda self, x, m: self.lin_self(m) + self.lin_neigh(x))),
        Mistake("the node's own features are left out", sage(
            end=lambda self, x, m: self.lin_neigh(m) + self.lin_self(0 * x))),
        Mistake("an activation follows", sage(
            end=lambda self, x, m: (self.lin_self(x) + self.lin_neigh(m)).relu())),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                sage(lambda x, e: mean_by_matrix(x.detach(), e))),
        Mistake("both linear layers have biases", sage(make=two_biases)),
        Mistake("no linear layer has a bias", sage(make=no_bias)),
        Mistake("the attributes are not called lin_self and lin_neigh", sage(
            end=lambda self, x, m: self.own(x) + self.neigh(m), make=renamed_own)),
        Mistake("sizes below 1 raise nothing", sage(check=False)),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip

# ---- gat_weights -----------------------------------------------------------


def gat_by_torch(h, a, att, slope=0.2):
    solutions.gat_weights(h, a, att, slope)
    V = len(h)
    h64, att64 = (torch.tensor(np.array(m, "float64")) for m in (h, att))
    pairs = torch.cat([h64[:, None].expand(V, V, -1), h64.expand(V, V, -1)], dim=2)
    scores = F.leaky_relu(pairs @ att64, slope)
    there = torch.tensor(np.array(a) != 0)
    raw = scores.masked_fill(~there, -torch.inf).softmax(1)
    return torch.where(there, raw, 0).numpy().astype(h.dtype)


def gat_by_loops(h, a, att, slope=0.2):
    solutions.gat_weights(h, a, att, slope)
    y = np.zeros((len(h), len(h)), h.dtype)
    for i, row in enumerate(a):
        near = np.flatnonzero(row)
        if len(near) == 0:
            continue
        scores = [np.concatenate([h[i], h[j]]) @ att for j in near]
        scores = np.array([s if s > 0 else slope * s for s in scores])
        raw = np.exp(scores - scores.max())
        y[i, near] = raw / raw.sum()
    return y


def gat_by_logs(h, a, att, slope=0.2):
    """exp(score - log of the sum of exponentials)."""
    solutions.gat_weights(h, a, att, slope)
    to, by = np.split(att, 2)
    s = np.add.outer(h @ to, h @ by)
    s = np.maximum(s, 0) + slope * np.minimum(s, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = np.where(np.array(a, bool), s, -np.inf)
        norm = np.logaddexp.reduce(s, axis=1, keepdims=True)
        y = np.exp(s - norm)
    return np.nan_to_num(y, nan=0.0).astype(h.dtype)


def attends(scores=None, mask=None, axis=1, empty=0.0, stable=True, end=None):
    """A wrong attention: scores(h, to, by, slope), mask(a), end(y, a)."""

    def wrong(h, a, att, slope=0.2):
        y = solutions.gat_weights(h, a, att, slope)
        to, by = np.split(att, 2)
        s = (scores or plain_scores)(h, to, by, slope)
        there = (mask or (lambda a: a != 0))(a)
        with np.errstate(all="ignore"):
            s = np.where(there, s, -np.inf)
            top = s.max(axis=axis, keepdims=True)
            raw = np.exp(s - (top if stable else 0))
            found = raw / raw.sum(axis=axis, keepdims=True)
            found = np.where(there.any(axis=axis, keepdims=True), found, empty)
        return (end(found, a) if end else found).astype(y.dtype)

    return wrong


def leaky(s, slope):
    return np.where(s < 0, slope * s, s)


def plain_scores(h, to, by, slope):
    return leaky((h @ to)[:, None] + h @ by, slope)


def gat_float64(h, a, att, slope=0.2):
    return solutions.gat_weights(h, a, att, slope).astype("float64")


def masked_after(h, a, att, slope=0.2):
    y = solutions.gat_weights(h, a, att, slope)
    s = plain_scores(h, *np.split(att, 2), slope)
    raw = np.exp(s - s.max(axis=1, keepdims=True))
    return (raw / raw.sum(1, keepdims=True) * (a != 0)).astype(y.dtype)


def zero_score(h, a, att, slope=0.2):
    """The mask sets scores to 0, as if exp(0) were nothing."""
    y = solutions.gat_weights(h, a, att, slope)
    s = plain_scores(h, *np.split(att, 2), slope) * (a != 0)
    raw = np.exp(s - s.max(axis=1, keepdims=True))
    return (raw / raw.sum(1, keepdims=True)).astype(y.dtype)


def gat_calls(draw):
    V, dtype = small(draw, 1, 3), dtypes(draw)
    h = array(draw, V, small(draw, 1, 2), dtype=dtype)
    h = h * draw(st.sampled_from([1, 1, 1000]))
    a, att = some_graph(draw, V, least=-1), array(draw, 2 * h.shape[1], dtype=dtype)
    if draw(st.sampled_from([False, False, False, False, True])):
        att = att[:-1]
    slope = draw(st.sampled_from([None, 0.5]))
    return Call((h, a, att), {} if slope is None else {"slope": slope})


def nodes_times(factor, V, features, dtype="float64"):
    return Drawn(
        lambda rng: (factor * rng.standard_normal((V, features))).astype(dtype)
    )


gat_weights = Exercise(
    solutions.gat_weights,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("weights", 2, "Scores, and their softmax over the neighbours."),
        Group("edges, dtype and errors", 1,
              "Nodes without neighbours; large scores; float32; bad arguments."),
    ],
    cases=[
        case("weights", "three nodes by hand", integers(3, 1),
             np.array([[1.0, 1, 0], [0, 1, 1], [1, 1, 1]]), np.array([1.0, -1]),
             public=True),
        case("weights", "five nodes", normal(5, 3), weights(5), normal(6), public=True),
        case("weights", "another slope", normal(6, 2), weights(6), normal(4), 0.6),
        case("weights", "a slope by name", normal(7, 4), weights(7), normal(8),
             slope=0.05),
        case("weights", "eight nodes", normal(8, 3), weights(8), normal(6)),
        case("edges, dtype and errors", "two nodes without neighbours", normal(6, 3),
             weights(6, 2), normal(6), public=True),
        case("edges, dtype and errors", "large scores", nodes_times(900, 5, 3),
             weights(5), normal(6)),
        case("edges, dtype and errors", "large scores below 0",
             Drawn(lambda rng: -9e3 * rng.uniform(1, 2, (4, 2))), weights(4),
             np.array([1.0, 0.5, 2, 1.5])),
        case("edges, dtype and errors", "float32", normal(6, 4, dtype="float32"),
             weights(6, 1, "float32"), normal(8, dtype="float32")),
        case("edges, dtype and errors", "float32 features, the rest float64",
             normal(5, 3, dtype="float32"), weights(5), normal(6)),
        case("edges, dtype and errors", "a graph of bools", normal(5, 2),
             Drawn(lambda rng: weights(5).draw(rng) > 0), normal(4)),
        case("edges, dtype and errors", "a weight below 0 is a neighbour, too",
             normal(4, 2), Drawn(lambda rng: -weights(4).draw(rng)), normal(4)),
        case("edges, dtype and errors", "att is too short", normal(4, 3), weights(4),
             normal(3), public=True),
        case("edges, dtype and errors", "another graph", normal(4, 3), weights(5),
             normal(6)),
        case("edges, dtype and errors", "features with one axis", normal(4), weights(4),
             normal(8)),
    ],
    explain=calls(gat_calls),
    oracle=gat_by_torch,
    alternatives=[gat_by_loops, gat_by_logs, gat_by_torch],
    mistakes=[
        Mistake("the halves of att are exchanged", attends(
            lambda h, to, by, slope: leaky((h @ by)[:, None] + h @ to, slope))),
        Mistake("LeakyReLU is left out", attends(
            lambda h, to, by, slope: (h @ to)[:, None] + h @ by)),
        Mistake("ReLU stands for LeakyReLU", attends(
            lambda h, to, by, slope: leaky((h @ to)[:, None] + h @ by, 0))),
        Mistake("the slope is always 0.2", attends(
            lambda h, to, by, slope: leaky((h @ to)[:, None] + h @ by, 0.2))),
        Mistake("LeakyReLU is applied to each half before they are added", attends(
            lambda h, to, by, slope: leaky(h @ to, slope)[:, None]
            + leaky(h @ by, slope))),
        Mistake("the softmax is taken over columns", attends(axis=0)),
        Mistake("all nodes are neighbours of all",
                attends(mask=lambda a: np.ones(a.shape, bool))),
        Mistake("a is transposed", attends(mask=lambda a: a.T != 0)),
        Mistake("only weights above 0 are neighbours", attends(mask=lambda a: a > 0)),
        Mistake("self-loops are added",
                attends(mask=lambda a: (a != 0) | np.eye(len(a), dtype=bool))),
        Mistake("the softmax runs over all nodes, and others are set to 0 afterwards",
                masked_after),
        Mistake("others get the score 0, which is not the weight 0", zero_score),
        Mistake("the weights are multiplied by a", attends(end=lambda y, a: y * a)),
        Mistake("a node without neighbours has nan", attends(empty=np.nan)),
        Mistake("large scores overflow", attends(stable=False)),
        Mistake("the result is float64 whatever came in", gat_float64),
        Mistake("bad arguments raise nothing",
                lenient(solutions.gat_weights, np.zeros((1, 1)))),
    ],
    forbidden=[GRAPH_LIBRARY],
    equivalents={
        'line 27: return (raw / np.where(total == 0, 1, total)).astype(h.dtype) => return (raw / np.where(total <= 0, 1, total)).astype(h.dtype)':
            "a sum of exponentials is never below 0",
        'line 22: scores = np.where(scores < 0, slope * scores, scores) => scores = np.where(scores <= 0, slope * scores, scores)':
            "at 0 both are 0",
        'line 25: raw = np.exp(scores - np.where(np.isinf(top), 0, top)) => raw = np.exp(scores - np.where(np.isinf(top), 1, top))':
            "minus infinity stays what it is, whatever is taken away",
        'line 25: raw = np.exp(scores - np.where(np.isinf(top), 0, top)) => raw = np.exp(scores - np.where(np.isinf(top), -1, top))':
            "minus infinity stays what it is, whatever is taken away",
        'line 27: return (raw / np.where(total == 0, 1, total)).astype(h.dtype) => return (raw / np.where(total == 0, 2, total)).astype(h.dtype)':
            "0 divided by 2 is 0 as well",
    },
)  # fmt: skip

# ---- GATLayer --------------------------------------------------------------


def gat_layer(attend, make=None, check=True):
    """A layer: attend(h, a, att, slope) gives what comes out."""

    class GATLayer(nn.Module):
        def __init__(self, c_in, c_out, slope=0.2):
            super().__init__()
            if check:
                solutions.GATLayer(c_in, c_out, slope)
            self.slope = slope
            (make or lin_and_att)(self, max(c_in, 1), max(c_out, 1))

        def forward(self, x, a):
            return attend(self.lin(x), a, self.att, self.slope)

    return GATLayer


def lin_and_att(self, c_in, c_out, bias=False):
    self.lin = nn.Linear(c_in, c_out, bias=bias)
    self.att = nn.Parameter(torch.ones(2 * c_out))


def biased_lin(self, *sizes):
    lin_and_att(self, *sizes, bias=True)


def extra_att(self, *sizes):
    lin_and_att(self, *sizes)
    self.unused = nn.Parameter(torch.zeros(1))


def leaky_scores(h, att, slope):
    to, by = att.chunk(2)
    return F.leaky_relu((h @ to)[:, None] + h @ by, slope)


def attend_in_pairs(h, a, att, slope):
    """All pairs side by side, and a softmax of our own."""
    V = len(h)
    pairs = torch.cat([h[:, None].expand(V, V, -1), h.expand(V, V, -1)], dim=2)
    scores = F.leaky_relu(pairs @ att, slope)
    there = (a != 0).to(h.dtype)
    top = scores.masked_fill(a == 0, -1e30).max(dim=1, keepdim=True).values
    raw = (scores - top.detach()).clamp(max=0).exp() * there
    return raw / raw.sum(1, keepdim=True).clamp(min=1e-30) @ h


def attend_node_by_node(h, a, att, slope):
    rows = []
    scores = leaky_scores(h, att, slope)
    for i in range(len(h)):
        near = a[i].nonzero()[:, 0]
        if len(near):
            rows.append(scores[i, near].softmax(0) @ h[near])
        else:
            rows.append(torch.zeros_like(h[0]))
    return torch.stack(rows)


def attend_by_infinity(h, a, att, slope):
    """-inf for those who are no neighbours; empty rows are kept out of it."""
    there = a != 0
    some = there.any(dim=1, keepdim=True)
    scores = leaky_scores(h, att, slope).masked_fill(~there & some, -torch.inf)
    return torch.where(some, scores.softmax(1), torch.zeros_like(scores)) @ h


def attend(scores=leaky_scores, there=lambda a: a != 0, axis=1, keep=True,
           end=lambda y: y, cut=False):  # fmt: skip
    """A wrong attention, in parts."""

    def wrong(h, a, att, slope):
        mask = there(a)
        s = scores(h.detach() if cut else h, att, slope)
        s = s.masked_fill(~mask, torch.finfo(h.dtype).min).softmax(axis)
        return end((s * mask if keep else s) @ h)

    return wrong


def attend_nan(h, a, att, slope):
    s = leaky_scores(h, att, slope).masked_fill(a == 0, -torch.inf)
    return s.softmax(1) @ h


def attend_times_a(h, a, att, slope):
    s = leaky_scores(h, att, slope).masked_fill(a == 0, torch.finfo(h.dtype).min)
    return (s.softmax(1) * a) @ h


GatPairs = gat_layer(attend_in_pairs)
GatNodes = gat_layer(attend_node_by_node)
GatInfinity = gat_layer(attend_by_infinity)


def gat_layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return Call(({"c_in": 0, "c_out": 1}, None, [], None), {}, "module")
    V, c_in, c_out = small(draw, 1, 3), small(draw, 1, 2), small(draw, 1, 2)
    slope = draw(st.sampled_from([None, 0.5]))
    init = {"c_in": c_in, "c_out": c_out} | ({} if slope is None else {"slope": slope})
    given = {"lin.weight": array(draw, c_out, c_in), "att": array(draw, 2 * c_out)}
    inputs = [array(draw, V, c_in), some_graph(draw, V, "int64")]
    return Call((init, given, inputs, array(draw, V, c_out)), {}, "module")


def gat_case(group, label, a, V, c_in, c_out, slope=None, dtype="float64",
             backward=True, **options):  # fmt: skip
    init = {"c_in": c_in, "c_out": c_out} | ({} if slope is None else {"slope": slope})
    given = {"lin.weight": normal(c_out, c_in, dtype=dtype),
             "att": normal(2 * c_out, dtype=dtype)}  # fmt: skip
    dy = normal(V, c_out, dtype=dtype) if backward else None
    return case(group, label, init, given, [normal(V, c_in, dtype=dtype), a], dy,
                caller="module", **options)  # fmt: skip


GATLayer = Exercise(
    solutions.GATLayer,
    minutes=20,
    difficulty="challenge",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("edges and errors", 1,
              "Nodes without neighbours; another slope; float32; sizes below 1."),
    ],
    cases=[
        gat_case("forward and gradients", "five nodes", whole(weights(5)), 5, 3, 2,
                 public=True),
        gat_case("forward and gradients", "seven nodes, in train mode",
                 whole(weights(7)), 7, 2, 4, train=True),
        gat_case("forward and gradients", "a graph with weights", weights(6), 6, 4, 3,
                 backward=False),
        gat_case("edges and errors", "two nodes without neighbours",
                 whole(weights(6, 2)), 6, 4, 3, public=True),
        gat_case("edges and errors", "weights below 0 are neighbours, too",
                 Drawn(lambda rng: -weights(5).draw(rng)), 5, 2, 3, backward=False),
        gat_case("edges and errors", "another slope", whole(weights(5)), 5, 3, 4, 0.7),
        gat_case("edges and errors", "float32", whole(weights(6, 1)), 6, 4, 3,
                 dtype="float32"),
        gat_case("edges and errors", "float32 with weights, in train mode",
                 weights(5, dtype="float32"), 5, 2, 3, dtype="float32", backward=False,
                 train=True),
        *(case("edges and errors", f"{name} is 0", {"c_in": 3, "c_out": 2} | {name: 0},
               None, [], None, caller="module") for name in ("c_in", "c_out")),
    ],
    explain=calls(gat_layer_calls),
    oracle=GatPairs,
    alternatives=[GatPairs, GatNodes, GatInfinity],
    mistakes=[
        Mistake("the halves of att are exchanged", gat_layer(
            lambda h, a, att, s: attend()(h, a, torch.cat(att.chunk(2)[::-1]), s))),
        Mistake("LeakyReLU is left out", gat_layer(
            lambda h, a, att, s: attend()(h, a, att, 1.0))),
        Mistake("the slope is always 0.2", gat_layer(
            lambda h, a, att, s: attend()(h, a, att, 0.2))),
        Mistake("the softmax is taken over columns", gat_layer(attend(axis=0))),
        Mistake("all nodes are neighbours of all",
                gat_layer(attend(there=lambda a: torch.ones_like(a) != 0))),
        Mistake("a is transposed", gat_layer(attend(there=lambda a: a.T != 0))),
        Mistake("self-loops are added", gat_layer(
            attend(there=lambda a: (a != 0) | torch.eye(len(a)).bool()))),
        Mistake("a node without neighbours gets the mean of all",
                gat_layer(attend(keep=False))),
        Mistake("a node without neighbours gives nan", gat_layer(attend_nan)),
        Mistake("the weights are multiplied by a", gat_layer(attend_times_a)),
        Mistake("an activation follows", gat_layer(attend(end=F.elu))),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                gat_layer(attend(cut=True))),
        Mistake("lin has a bias", gat_layer(attend(), biased_lin)),
        Mistake("there is a parameter that does nothing",
                gat_layer(attend(), extra_att)),
        Mistake("sizes below 1 raise nothing", gat_layer(attend(), check=False)),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip

# ---- graph_readout ---------------------------------------------------------


def readout_by_torch(x, batch, reduce):
    solutions.graph_readout(x, batch, reduce)
    given = torch.tensor(np.ascontiguousarray(x))
    index = torch.tensor(np.array(batch, np.int64))[:, None].expand(-1, x.shape[1])
    name = {"sum": "sum", "mean": "mean", "max": "amax"}[reduce]
    y = torch.zeros(int(max(batch)) + 1, x.shape[1], dtype=given.dtype)
    return y.scatter_reduce(0, index, given, name, include_self=False).numpy()


def readout_by_messages(x, batch, reduce):
    """A node for each graph, to which all its nodes send."""
    solutions.graph_readout(x, batch, reduce)
    V, B = len(x), batch.max() + 1
    edges = np.stack([np.arange(V), batch + V], axis=1)
    more = np.concatenate([x, np.zeros((B, x.shape[1]), x.dtype)])
    return messages_by_loops(more, edges, reduce)[V:]


def readout_by_matrix(x, batch, reduce):
    solutions.graph_readout(x, batch, reduce)
    own = np.arange(batch.max() + 1)[:, None] == batch  # (B, V)
    if reduce == "max":
        y = np.where(own[:, :, None], x, -np.inf).max(axis=1)
        y = np.where(own.any(axis=1)[:, None], y, 0)
    else:
        y = own @ x
        if reduce == "mean":
            y = y / np.maximum(own.sum(axis=1, keepdims=True), 1)
    return y.astype(x.dtype)


def read_out(reduction, change):
    """A mistake in some reductions: change(y, x, batch, missing)."""

    def wrong(x, batch, reduce):
        y = solutions.graph_readout(x, batch, reduce)
        if reduce not in reduction:
            return y
        count = np.bincount(batch, minlength=len(y))[:, None]
        with np.errstate(all="ignore"):
            return np.asarray(change(y, x, batch, count)).astype(x.dtype)

    return wrong


def without_numbers(y, x, batch, count):
    return y[count[:, 0] > 0]


def last_node(y, x, batch, count):
    last = np.zeros_like(y)
    last[batch] += x
    return last


def as_if_sorted(x, batch, reduce):
    return solutions.graph_readout(x, np.sort(batch), reduce)


def readout_float64(x, batch, reduce):
    return solutions.graph_readout(x, batch, reduce).astype("float64")


def readout_calls(draw):
    V = small(draw, 1, 4)
    x = array(draw, V, small(draw, 1, 2), dtype=dtypes(draw))
    batch = np.array(draw(st.lists(st.integers(0, 2), min_size=V, max_size=V)))
    broken = draw(st.sampled_from([""] * 6 + ["word", "shape", "below"]))
    if broken == "shape":
        batch = np.append(batch, 0)
    elif broken == "below":
        batch = batch - 3
    reduce = "min" if broken == "word" else draw(st.sampled_from(REDUCTIONS))
    return Call((x, batch, reduce))


MIXED = np.array([1, 0, 2, 1, 0, 1, 2])
GAPS = np.array([4, 1, 1, 4, 2, 4])

graph_readout = Exercise(
    solutions.graph_readout,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("three readouts", 2, "Sum, mean and maximum of each graph."),
        Group("edges, dtype and errors", 1,
              "Numbers without nodes; float32; bad arguments."),
    ],
    cases=[
        case("three readouts", "sums of two graphs by hand", integers(5, 2),
             np.array([0, 1, 0, 1, 1]), "sum", public=True),
        case("three readouts", "means of two graphs by hand", integers(5, 2),
             np.array([1, 1, 0, 1, 0]), "mean", public=True),
        case("three readouts", "maxima below 0", integers(6, 3, low=-9, high=-2),
             np.array([0, 1, 0, 1, 1, 0]), "max", public=True),
        *(case("three readouts", f"three graphs, {reduce}", normal(7, 4), MIXED, reduce)
          for reduce in REDUCTIONS),
        *(case("edges, dtype and errors", f"numbers without nodes, {reduce}",
               normal(6, 3), GAPS, reduce, public=reduce == "sum")
          for reduce in REDUCTIONS),
        *(case("edges, dtype and errors", f"float32, {reduce}",
               normal(7, 2, dtype="float32"), MIXED, reduce) for reduce in REDUCTIONS),
        case("edges, dtype and errors", "one graph", normal(5, 3),
             np.zeros(5, np.int64), "mean", exempt="all nodes are one graph's"),
        case("edges, dtype and errors", "another word", normal(7, 2), MIXED, "min",
             public=True),
        case("edges, dtype and errors", "too few numbers", normal(8, 2), MIXED, "sum"),
        case("edges, dtype and errors", "a number below 0", normal(7, 2), MIXED - 1,
             "sum"),
        case("edges, dtype and errors", "no nodes", np.zeros((0, 2)),
             np.zeros(0, np.int64), "sum"),
        case("edges, dtype and errors", "features with one axis", normal(7), MIXED,
             "sum"),
    ],
    explain=calls(readout_calls),
    oracle=readout_by_torch,
    alternatives=[readout_by_messages, readout_by_matrix, readout_by_torch],
    mistakes=[
        Mistake("nodes are taken as if they were sorted by graph", as_if_sorted),
        Mistake("numbers without nodes are left out",
                read_out(REDUCTIONS, without_numbers)),
        Mistake("y[batch] += x is used, which adds one node a graph only",
                read_out(["sum"], last_node)),
        Mistake("the sum is returned where the mean is asked for", read_out(
            ["mean"], lambda y, x, batch, count: y * count)),
        Mistake("the mean divides by the number of graphs", read_out(
            ["mean"], lambda y, x, batch, count: y * count / len(y))),
        Mistake("the mean divides by the number of all nodes", read_out(
            ["mean"], lambda y, x, batch, count: y * count / len(x))),
        Mistake("the mean of no nodes is nan", read_out(
            ["mean"], lambda y, x, batch, count: np.where(count, y, np.nan))),
        Mistake("the maximum starts from 0", read_out(
            ["max"], lambda y, x, batch, count: np.maximum(y, 0))),
        Mistake("the maximum of no nodes is minus infinity", read_out(
            ["max"], lambda y, x, batch, count: np.where(count, y, -np.inf))),
        Mistake("the result is float64 whatever came in", readout_float64),
        Mistake("bad arguments raise nothing",
                lenient(solutions.graph_readout, np.zeros((1, 1)))),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip

# ---- image_to_graph --------------------------------------------------------


def graph_by_distance(h, w, neighbours):
    """All pairs of pixels, and how far they are from each other."""
    solutions.image_to_graph(h, w, neighbours)
    i, j = np.divmod(np.arange(h * w), w)
    rows, columns = abs(i[:, None] - i), abs(j[:, None] - j)
    far = rows + columns if neighbours == 4 else np.maximum(rows, columns)
    return np.argwhere(far == 1)


def graph_by_slices(h, w, neighbours):
    """Each direction at once, sorted at the end."""
    solutions.image_to_graph(h, w, neighbours)
    node = np.arange(h * w, dtype=np.int64).reshape(h, w)
    pairs = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    if neighbours == 8:
        pairs += [(node[:-1, :-1], node[1:, 1:]), (node[:-1, 1:], node[1:, :-1])]
    one = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in pairs])
    edges = np.concatenate([one, one[:, ::-1]])
    return edges[np.lexsort((edges[:, 1], edges[:, 0]))]


def graph_by_set(h, w, neighbours):
    solutions.image_to_graph(h, w, neighbours)
    found = set()
    for i, j in np.ndindex(h, w):
        for di, dj in [(0, 1), (1, 0), (1, 1), (1, -1)][: neighbours // 2]:
            if i + di < h and 0 <= j + dj < w:
                ends = i * w + j, (i + di) * w + j + dj
                found |= {ends, ends[::-1]}
    return np.array(sorted(found), dtype=np.int64).reshape(len(found), 2)


def other_graph(change):
    """The reference's edges, changed: change(edges, h, w, neighbours)."""

    def wrong(h, w, neighbours):
        edges = solutions.image_to_graph(h, w, neighbours)
        return change(edges, h, w, neighbours)

    return wrong


def numbered_by_columns(edges, h, w, neighbours):
    return solutions.image_to_graph(w, h, neighbours)


def round_the_edge(edges, h, w, neighbours):
    """Left of the first pixel of a row is the last one of the row above."""
    n = np.arange(h * w)
    steps = {1, w} if neighbours == 4 else {1, w, w - 1, w + 1}
    return np.argwhere(np.isin(abs(n[:, None] - n), sorted(steps)) & (n[:, None] != n))


def with_loops(edges, h, w, neighbours):
    own = np.arange(h * w).repeat(2).reshape(-1, 2)
    return np.unique(np.concatenate([edges, own]), axis=0)


def corners_only(edges, h, w, neighbours):
    if neighbours == 4:
        return edges
    four = {tuple(edge) for edge in solutions.image_to_graph(h, w, 4)}
    left = [edge for edge in edges if tuple(edge) not in four]
    return np.array(left, np.int64).reshape(-1, 2)


def graph_calls(draw):
    sizes = small(draw, 1, 3), small(draw, 1, 3)
    if draw(st.sampled_from([False, False, False, False, True])):
        return Call(draw(st.sampled_from([(0, 1, 4), (2, 2, 6)])))
    return Call((*sizes, draw(st.sampled_from([4, 8]))))


image_to_graph = Exercise(
    solutions.image_to_graph,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("four neighbours", 1, "Above, left, right and below."),
        Group("eight neighbours, edges and errors", 2,
              "The corners as well; rows, columns and single pixels; bad arguments."),
    ],
    cases=[
        case("four neighbours", "two rows of three", 2, 3, 4, public=True),
        case("four neighbours", "four rows of three", 4, 3, 4),
        case("four neighbours", "five rows of seven", 5, 7, 4),
        case("eight neighbours, edges and errors", "two rows of three and corners", 2, 3, 8,
             public=True),
        case("eight neighbours, edges and errors", "five rows of four", 5, 4, 8),
        case("eight neighbours, edges and errors", "three rows of six", 3, 6, 8),
        case("eight neighbours, edges and errors", "one row", 1, 5, 8),
        case("eight neighbours, edges and errors", "one column", 4, 1, 4),
        case("eight neighbours, edges and errors", "a single pixel", 1, 1, 4,
             exempt="the documented edge"),
        case("eight neighbours, edges and errors", "six neighbours", 3, 4, 6,
             public=True),
        case("eight neighbours, edges and errors", "no rows", 0, 4, 4),
        case("eight neighbours, edges and errors", "no columns", 3, 0, 4),
    ],
    explain=calls(graph_calls),
    oracle=graph_by_distance,
    alternatives=[graph_by_distance, graph_by_slices, graph_by_set],
    mistakes=[
        Mistake("pixels are numbered column by column",
                other_graph(numbered_by_columns)),
        Mistake("each pair of neighbours is joined in one direction only",
                other_graph(lambda e, h, w, n: e[e[:, 0] < e[:, 1]])),
        Mistake("the ends of rows are joined to the beginnings of the next",
                other_graph(round_the_edge)),
        Mistake("every pixel is its own neighbour", other_graph(with_loops)),
        Mistake("there are always four neighbours", other_graph(
            lambda e, h, w, n: solutions.image_to_graph(h, w, 4))),
        Mistake("there are always eight neighbours", other_graph(
            lambda e, h, w, n: solutions.image_to_graph(h, w, 8))),
        Mistake("with eight neighbours only those at the corners are joined",
                other_graph(corners_only)),
        Mistake("rows are sorted by target instead of source",
                other_graph(lambda e, h, w, n: e[:, ::-1])),
        Mistake("sources and targets stand in two rows instead of two columns",
                other_graph(lambda e, h, w, n: e.T)),
        Mistake("edges are numbers of dtype float64",
                other_graph(lambda e, h, w, n: e.astype("float64"))),
        Mistake("bad arguments raise nothing",
                lenient(solutions.image_to_graph, np.zeros((0, 2), np.int64))),
    ],
    forbidden=[GRAPH_LIBRARY],
    equivalents={
        'line 22: near = 0 < steps <= neighbours // 4 => near = 0 < steps <= neighbours / 4':
            "4 and 8 are divided without a remainder",
        'line 22: near = 0 < steps <= neighbours // 4 => near = 0 < steps <= neighbours // 3':
            "4 // 3 is 1 and 8 // 3 is 2, as with 4",
        'line 22: near = 0 < steps <= neighbours // 4 => near = 0 != steps <= neighbours // 4':
            "a number of steps is never below 0",
        'line 23: if near and 0 <= row < h and (0 <= column < w): => if near and 0 <= row != h and (0 <= column < w):':
            "a row is at most h",
        'line 23: if near and 0 <= row < h and (0 <= column < w): => if near and 0 <= row < h and (0 <= column != w):':
            "a column is at most w",
        'line 25: return np.array(edges, np.int64).reshape(-1, 2) => return np.array(edges, np.int64).reshape(-2, 2)':
            "NumPy finds out any size that is below 0",
    },
)  # fmt: skip

# ---- conv_as_messages ------------------------------------------------------


def conv_by_torch(x, w):
    solutions.conv_as_messages(x, w)
    image, kernel = (torch.tensor(np.array(m, "float64")) for m in (x, w))
    if x.ndim == 2:
        image, kernel = image[None, None], kernel[None, None]
    kh, kw = w.shape[-2:]
    y = F.conv2d(image, kernel, padding=(kh // 2, kw // 2)).numpy()
    return (y[0, 0] if x.ndim == 2 else y).astype(x.dtype)


def conv_by_windows(x, w):
    solutions.conv_as_messages(x, w)
    kh, kw = w.shape[-2:]
    around = [(0, 0)] * (x.ndim - 2) + [(kh // 2, kh // 2), (kw // 2, kw // 2)]
    padded = np.pad(x, around)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), (-2, -1))
    rule = "hwij,ij->hw" if x.ndim == 2 else "nchwij,ocij->nohw"
    return np.einsum(rule, windows, w).astype(x.dtype)


def conv_by_matrices(x, w):
    """A matrix over pixels for each direction, as an adjacency."""
    solutions.conv_as_messages(x, w)
    image, kernel = (x, w) if x.ndim == 4 else (x[None, None], w[None, None])
    N, I, H, W = image.shape
    O, _, kh, kw = kernel.shape
    y = np.zeros((N, O, H * W))
    for u, v in np.ndindex(kh, kw):
        down, right = np.eye(H, k=u - kh // 2), np.eye(W, k=v - kw // 2)
        sent = image.reshape(N, I, -1) @ np.kron(down, right).T
        y += np.einsum("nip,oi->nop", sent, kernel[:, :, u, v])
    y = y.reshape(N, O, H, W).astype(x.dtype)
    return y if x.ndim == 4 else y[0, 0]


def conv_edge_by_edge(x, w):
    """Every message on its own."""
    solutions.conv_as_messages(x, w)
    *_, H, W = x.shape
    *_, kh, kw = w.shape
    y = np.zeros((H, W) if x.ndim == 2 else (len(x), len(w), H, W), x.dtype)
    for i, j, u, v in np.ndindex(H, W, kh, kw):
        r, c = i + u - kh // 2, j + v - kw // 2
        if 0 <= r < H and 0 <= c < W:
            if x.ndim == 2:
                y[i, j] += w[u, v] * x[r, c]
            else:
                y[:, :, i, j] += x[:, :, r, c] @ w[:, :, u, v].T
    return y


def other_conv(change=None, mode=None, end=None):
    """A wrong convolution: change(w), np.pad's mode, or end(y, x, w)."""

    def wrong(x, w):
        y = solutions.conv_as_messages(x, w)
        if end:
            return end(y, x, w)
        if change:
            return conv_by_windows(x, change(w))
        ph, pw = w.shape[-2] // 2, w.shape[-1] // 2
        wide = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(ph, ph), (pw, pw)], mode)
        inside = conv_by_windows(wide, w)
        return inside[..., ph : ph + x.shape[-2], pw : pw + x.shape[-1]]

    return wrong


def same_weight(w):
    """One weight for all neighbours, as a GCN has."""
    return np.broadcast_to(w.mean(axis=(-2, -1), keepdims=True), w.shape)


def without_centre(w):
    w = w.copy()
    w[..., w.shape[-2] // 2, w.shape[-1] // 2] = 0
    return w


def first_channel(y, x, w):
    return conv_by_windows(x[:, :1], w[:, :1]) if x.ndim == 4 else y


def no_padding(y, x, w):
    ph, pw = w.shape[-2] // 2, w.shape[-1] // 2
    return y[..., ph : y.shape[-2] - ph, pw : y.shape[-1] - pw]


def mean_of_messages(y, x, w):
    """Divided by the number of messages, which is smaller at the edge."""
    count = conv_by_windows(np.ones(x.shape[-2:]), np.ones(w.shape[-2:]))
    return (y / count).astype(x.dtype)


def conv_calls(draw):
    H, W = small(draw, 1, 3), small(draw, 1, 3)
    kh, kw = draw(st.sampled_from([1, 3])), draw(st.sampled_from([1, 3]))
    dtype = dtypes(draw)
    broken = draw(st.sampled_from([""] * 6 + ["even", "rank"]))
    if broken == "rank":
        return Call((array(draw, H, W), array(draw, 1, 1, kh, kw)))
    if broken == "even":
        return Call((array(draw, H, W), array(draw, 2, kw)))
    if draw(st.booleans()):
        shapes = (H, W), (kh, kw)
    else:
        N, I, O = (small(draw, 1, 2) for _ in "NIO")
        shapes = (N, I, H, W), (O, I, kh, kw)
    return Call(tuple(array(draw, *shape, dtype=dtype) for shape in shapes))


conv_as_messages = Exercise(
    solutions.conv_as_messages,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("one image", 2, "One image and one kernel."),
        Group("batches, dtype and errors", 1,
              "Images and channels; large kernels; float32; bad arguments."),
    ],
    cases=[
        case("one image", "3 x 4 pixels by hand", integers(3, 4),
             np.array([[1.0, 2, -1], [0, 3, 1], [-2, 0, 4]]), public=True),
        case("one image", "a wide kernel", normal(6, 7), normal(3, 5)),
        case("one image", "a tall kernel", normal(7, 5), normal(5, 1)),
        case("one image", "one tap", normal(4, 3), np.array([[2.5]]),
             exempt="one tap is all there is"),
        case("batches, dtype and errors", "two images with three channels",
             normal(2, 3, 5, 6), normal(4, 3, 3, 5), public=True),
        case("batches, dtype and errors", "three images with two channels",
             normal(3, 2, 6, 4), normal(5, 2, 5, 3)),
        case("batches, dtype and errors", "a kernel larger than the image",
             normal(1, 2, 3, 2), normal(3, 2, 5, 7)),
        case("batches, dtype and errors", "float32", normal(2, 3, 4, 5, dtype="float32"),
             normal(2, 3, 3, 1, dtype="float32")),
        case("batches, dtype and errors", "one image of float32",
             normal(5, 4, dtype="float32"), normal(1, 3, dtype="float32")),
        case("batches, dtype and errors", "images that are not contiguous in memory",
             strided(normal(2, 2, 5, 4)), strided(normal(3, 2, 1, 3))),
        case("batches, dtype and errors", "an even number of rows", normal(5, 4),
             normal(2, 3), public=True),
        case("batches, dtype and errors", "an even number of columns", normal(5, 4),
             normal(3, 4)),
        case("batches, dtype and errors", "an image and many kernels", normal(5, 4),
             normal(2, 1, 3, 3)),
        case("batches, dtype and errors", "other channels", normal(2, 3, 5, 4),
             normal(4, 2, 3, 1)),
        case("batches, dtype and errors", "three axes", normal(3, 5, 4),
             normal(3, 3, 1)),
    ],
    explain=calls(conv_calls),
    oracle=conv_by_torch,
    alternatives=[conv_by_windows, conv_by_matrices, conv_edge_by_edge],
    mistakes=[
        Mistake("edges are followed backwards, which turns the kernel",
                other_conv(lambda w: w[..., ::-1, ::-1])),
        Mistake("all neighbours share one weight", other_conv(same_weight)),
        Mistake("a pixel sends no message to itself", other_conv(without_centre)),
        Mistake("beyond the edge the image begins again", other_conv(mode="wrap")),
        Mistake("beyond the edge the last pixel is repeated", other_conv(mode="edge")),
        Mistake("pixels at the edge are cut off", other_conv(end=no_padding)),
        Mistake("messages are averaged instead of added",
                other_conv(end=mean_of_messages)),
        Mistake("only the first input channel is read", other_conv(end=first_channel)),
        Mistake("the result is float64 whatever came in",
                other_conv(end=lambda y, x, w: y.astype("float64"))),
        Mistake("bad arguments raise nothing",
                lenient(solutions.conv_as_messages, np.zeros((1, 1)))),
    ],
    forbidden=[TORCH_CONV, TORCH_UNFOLD, SCIPY_CONV],
    equivalents={
        'line 22: if x.ndim == 2: => if x.ndim <= 2:':
            "x has two axes or four",
        'line 23: return conv_as_messages(x[None, None], w[None, None])[0, 0] => return conv_as_messages(x[None, None], w[None, None])[-1, 0]':
            "there is one image",
        'line 23: return conv_as_messages(x[None, None], w[None, None])[0, 0] => return conv_as_messages(x[None, None], w[None, None])[0, -1]':
            "there is one channel",
    },
)  # fmt: skip

# ---- train_node_classifier -------------------------------------------------

GROUPS, FEATURES = 3, 6
NODES, KNOWN = 150, 16  # nodes of a graph; nodes of each group whose class is known


def normalised(a):
    """The GCN's own normalisation, with self-loops."""
    a = a + np.eye(len(a))
    d = a.sum(1)
    return (a / np.sqrt(np.outer(d, d))).astype("float32")


def communities(rng, means):
    """A graph of three groups: features, gathering weights, classes.

    Two nodes of a group are joined ten times as often as two of different
    groups, and the features of a node hardly tell its group.
    """
    labels = rng.integers(GROUPS, size=NODES)
    chance = np.where(labels[:, None] == labels, 0.2, 0.02)
    a = np.triu(rng.random((NODES, NODES)) < chance, 1)
    x = means[labels] + 0.8 * rng.standard_normal((NODES, FEATURES))
    return x.astype("float32"), normalised(a + a.T), labels


def two_graphs(rng):
    """A graph of which some classes are known, and another one to be asked about."""
    means = np.linalg.qr(rng.standard_normal((FEATURES, FEATURES)))[0][:GROUPS]
    x, a_hat, labels = communities(rng, means)
    given = np.full(NODES, -1)
    for group in range(GROUPS):
        some = np.flatnonzero(labels == group)[:KNOWN]
        given[some] = group
    new, a_new, targets = communities(rng, means)
    seed = int(rng.integers(2**31))
    return (x, a_hat, given, 60, seed, [new, a_new]), targets


class Gathering(nn.Module):
    """A classifier of our own: gathers `hops` times between two linear layers."""

    def __init__(self, classes, features, hops=2):
        super().__init__()
        self.first = nn.Linear(features, 16)
        self.last = nn.Linear(16, classes)
        self.hops = hops

    def forward(self, x, a_hat):
        for _ in range(self.hops):
            x = a_hat @ x
        return self.last(self.first(x).relu())


def fit(net, x, a_hat, labels, epochs, known, step=True):
    adam = torch.optim.Adam(net.parameters(), 0.02, weight_decay=5e-4)
    x, a_hat = torch.as_tensor(x), torch.as_tensor(a_hat)
    labels = torch.as_tensor(labels)
    for _ in range(epochs):
        loss = F.cross_entropy(net(x, a_hat)[known], labels[known])
        adam.zero_grad()
        loss.backward()
        if step:
            adam.step()
    return net


def trained_otherwise(hops=2, change=None, **options):
    """A network trained as `fit` does; change(labels) gives labels and known."""

    def train(x, a_hat, labels, epochs, seed, report=None):
        torch.manual_seed(seed)
        net = Gathering(labels.max() + 1, x.shape[1], hops)
        labels, known = change(labels) if change else (labels, labels >= 0)
        return fit(net, x, a_hat, labels, epochs, torch.as_tensor(known), **options)

    return train


def gathers_then_learns(x, a_hat, labels, epochs, seed, report=None):
    solutions.train_node_classifier(x, a_hat, labels, min(epochs, 1), seed)  # errors
    return trained_otherwise()(x, a_hat, labels, epochs, seed)


def unknown_are_first(labels):
    return np.maximum(labels, 0), np.ones(len(labels), bool)


def unknown_are_last(labels):
    last = labels.max()
    return np.where(labels < 0, last, labels), np.ones(len(labels), bool)


def next_class(labels):
    known = labels >= 0
    return np.where(known, (labels + 1) % (labels.max() + 1), -1), known


def not_trained(x, a_hat, labels, epochs, seed, report=None):
    torch.manual_seed(seed)
    return Gathering(labels.max() + 1, x.shape[1])


def some_labels(*values):
    return np.array(values, np.int64)


train_node_classifier = Exercise(
    solutions.train_node_classifier,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("a new graph", 4, "The classes of the nodes of a graph never seen."),
    ],
    cases=[
        trained("a new graph", "three groups", two_graphs, "accuracy", 0.8,
                public=True),
        trained("a new graph", "three other groups, another seed", two_graphs,
                "accuracy", 0.8),
        case("a new graph", "no class is known", normal(3, 2, dtype="float32"),
             weights(3, dtype="float32"), some_labels(-1, -1, -1), 1, 0),
        case("a new graph", "more labels than nodes", normal(3, 2, dtype="float32"),
             weights(3, dtype="float32"), some_labels(0, 1, -1, 0), 1, 0),
        case("a new graph", "the weights of another graph",
             normal(3, 2, dtype="float32"), weights(4, dtype="float32"),
             some_labels(0, 1, -1), 1, 0),
        case("a new graph", "features with one axis", normal(3, dtype="float32"),
             weights(3, dtype="float32"), some_labels(0, 1, -1), 1, 0),
        case("a new graph", "no epochs", normal(3, 2, dtype="float32"),
             weights(3, dtype="float32"), some_labels(0, 1, -1), 0, 0),
    ],
    seconds=20.0,
    alternatives=[gathers_then_learns],
    mistakes=[
        Mistake("the network is not trained", not_trained),
        Mistake("the optimiser takes no steps", trained_otherwise(step=False)),
        Mistake("nothing is gathered, so that each node is judged by its own features",
                trained_otherwise(hops=0)),
        Mistake("nodes whose class is not known count as class 0",
                trained_otherwise(change=unknown_are_first)),
        Mistake("nodes whose class is not known count as the last class",
                trained_otherwise(change=unknown_are_last)),
        Mistake("each label is taken for the next class",
                trained_otherwise(change=next_class)),
    ],
    forbidden=[GRAPH_LIBRARY],
)  # fmt: skip
