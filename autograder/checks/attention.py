"""How the exercises of the chapter `attention` are graded."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import nn

from autograder.checks import draws
from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import (
    TORCH_ATTENTION,
    TORCH_PIXEL_SHUFFLE,
    TORCH_UNFOLD,
)
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
from solutions import attention as solutions

TORCH_FOLD = Forbidden(
    "torch's own fold",
    calls=("torch.nn.functional.fold", "torch.nn.Fold", "torch.*col2im"),
    ops=("col2im",),
)


def allowed(*shape, empty=0):
    """A mask that lets each row attend to some, but not all; the last `empty`
    rows to none."""

    def draw(rng):
        mask = rng.random(shape) < 0.6
        mask[..., 0] = rng.random(shape[:-1]) < 0.5
        mask[..., -1] = ~mask[..., 0]
        if empty:
            mask[..., -empty:, :] = False
        return mask

    return Drawn(draw)


def some_mask(draw, *shape):
    """A small mask, or None."""
    if draw(st.booleans()):
        return None
    count = math.prod(shape)
    bits = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(bits, bool).reshape(shape)


# ---- attention -------------------------------------------------------------


def torch_attention(q, k, v, mask=None):
    solutions.attention(q, k, v, mask)  # its errors
    tensors = [torch.tensor(a, dtype=torch.float64) for a in (q, k, v)]
    allowed = None if mask is None else torch.tensor(mask)
    shape = (*q.shape[:-1], k.shape[-2])
    # The weights are what comes out when each value is a unit vector.
    units = torch.eye(shape[-1], dtype=torch.float64).expand(*shape[:-2], -1, -1)
    results = [
        F.scaled_dot_product_attention(*tensors[:2], value, attn_mask=allowed)
        for value in (tensors[2], units)
    ]
    return tuple(r.nan_to_num(0.0).numpy().astype(q.dtype) for r in results)


def attention_rows(q, k, v, mask=None):
    """Query by query, with the keys that it may see and no others."""
    solutions.attention(q, k, v, mask)
    shape = (*q.shape[:-1], k.shape[-2])
    seen = np.broadcast_to(True if mask is None else mask, shape)
    weights = np.zeros(shape, q.dtype)
    for place in np.ndindex(shape[:-1]):
        some = seen[place]
        if some.any():
            scores = (k[place[:-1]][some] * q[place]).sum(axis=1) / q.shape[-1] ** 0.5
            raw = np.exp(scores - scores.max())
            weights[place][some] = raw / raw.sum()
    return np.matmul(weights, v, dtype=q.dtype, casting="same_kind"), weights


def attention_torch(q, k, v, mask=None):
    """masked_fill and softmax, as most people write it."""
    solutions.attention(q, k, v, mask)
    tq, tk, tv = (torch.tensor(a, dtype=torch.float64) for a in (q, k, v))
    scores = torch.einsum("...qd,...kd->...qk", tq, tk) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~torch.tensor(mask), -math.inf)
    weights = scores.softmax(dim=-1).nan_to_num(0)
    return tuple(r.numpy().astype(q.dtype) for r in (weights @ tv, weights))


def attention_scaled_first(q, k, v, mask=None):
    """Scales the queries, masks by a product, and returns a list."""
    solutions.attention(q, k, v, mask)
    scores = np.einsum("...qd,...kd->...qk", q / np.sqrt(q.shape[-1]), k)
    mask = np.broadcast_to(True if mask is None else mask, scores.shape)
    top = scores.max(axis=-1, keepdims=True, where=mask, initial=-1e300)
    raw = mask * np.exp(np.where(mask, scores - top, 0))
    weights = raw / np.maximum(raw.sum(axis=-1, keepdims=True), 1e-30)
    return [np.einsum("...qk,...ko->...qo", weights, v).astype(q.dtype),
            weights.astype(q.dtype)]  # fmt: skip


def softmaxed(scores, axis=-1):
    raw = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return raw / raw.sum(axis=axis, keepdims=True)


def attends(score=None, masked=None, weigh=softmaxed, mean=None):
    """A wrong attention; each part may be replaced.

    score(q, k, v): the scores; masked(scores, mask): those that take part;
    weigh(scores): the weights; mean(weights, v): the result.
    """
    score = score or (lambda q, k, v: q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5)

    def wrong(q, k, v, mask=None):
        solutions.attention(q, k, v, mask)
        with np.errstate(all="ignore"):
            scores = score(q, k, v)
            if mask is not None:
                scores = (masked or only)(scores, mask)
            weights = weigh(scores)
            if masked is None and mask is not None:
                weights = np.where(mask.any(axis=-1, keepdims=True), weights, 0)
            out = mean(weights, v) if mean else weights @ v
        return out.astype(q.dtype), weights.astype(q.dtype)

    return wrong


def only(scores, mask):
    return np.where(mask, scores, -1e200)


def hides_after(q, k, v, mask=None):
    """Sets weights to zero after the softmax, which leaves less than one."""
    out, weights = solutions.attention(q, k, v)
    _, right = solutions.attention(q, k, v, mask)
    weights = np.where(right == 0, 0, weights).astype(q.dtype)
    return (weights @ v).astype(q.dtype), weights


def max_of_all(q, k, v, mask=None):
    """Subtracts the largest score, also where it may not be seen."""
    solutions.attention(q, k, v, mask)
    scores = q @ k.swapaxes(-1, -2) / q.shape[-1] ** 0.5
    raw = np.exp(scores - scores.max(axis=-1, keepdims=True))
    raw = raw if mask is None else raw * mask
    total = raw.sum(axis=-1, keepdims=True)
    weights = (raw / np.where(total == 0, 1, total)).astype(q.dtype)
    return (weights @ v).astype(q.dtype), weights


def mask_turned(q, k, v, mask=None):
    return solutions.attention(q, k, v, None if mask is None else ~mask)


def mask_ignored(q, k, v, mask=None):
    solutions.attention(q, k, v, mask)
    return solutions.attention(q, k, v)


def empty_rows_nan(q, k, v, mask=None):
    out, weights = (part.copy() for part in solutions.attention(q, k, v, mask))
    empty = (weights == 0).all(axis=-1)
    out[empty] = weights[empty] = np.nan
    return out, weights


def attention_float64(q, k, v, mask=None):
    return tuple(r.astype(float) for r in solutions.attention(q, k, v, mask))


def attention_float32(q, k, v, mask=None):
    single = (a.astype("float32") for a in (q, k, v))
    return tuple(r.astype(q.dtype) for r in solutions.attention(*single, mask))


def attention_swapped(q, k, v, mask=None):
    return solutions.attention(q, k, v, mask)[::-1]


def attention_changes_q(q, k, v, mask=None):
    results = solutions.attention(q, k, v, mask)
    q /= 2
    return results


def attention_checks_nothing(q, k, v, mask=None):
    try:
        return solutions.attention(q, k, v, mask)
    except ValueError:
        return np.zeros((1, 1)), np.zeros((1, 1))


def attention_errors():
    """One call for each line of the docstring's Raises."""
    q, k, v = np.ones((2, 3)), np.ones((4, 3)), np.ones((4, 2))
    return [
        Call((q[0], k, v)), Call((q, k[0], v)), Call((q, k, v[0])),
        Call((q, k[:, :2], v)), Call((q, k[:3], v)), Call((q[None], k, v)),
        Call((q, k, v, np.ones((2, 4)))), Call((q, k, v, np.ones((4, 2), bool))),
    ]  # fmt: skip


def attention_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(attention_errors()))
    Nq, Nk = small(draw, 1, 2), small(draw, 1, 3)
    d, dv = small(draw, 1, 3), small(draw, 1, 2)
    dtype = dtypes(draw)
    q, k = array(draw, Nq, d, dtype=dtype), array(draw, Nk, d, dtype=dtype)
    v = array(draw, Nk, dv, dtype=dtype)
    if dtype == "float64" and draw(st.sampled_from([False, False, True])):
        q = 300 * q
    if draw(st.booleans()):
        q, k, v = (np.stack([a, a[::-1]]) for a in (q, k, v))
    mask = some_mask(draw, Nq, Nk)
    return Call((q, k, v) if mask is None else (q, k, v, mask))


attention = Exercise(
    solutions.attention,
    minutes=30,
    difficulty="standard",
    groups=[
        Group("means of values", 3, "Scores, weights and means, without a mask."),
        Group("masks", 2, "Keys that may not be seen; queries that may see nothing."),
        Group("large numbers, dtype and errors", 1,
              "No overflow; float32; arguments that do not fit."),
    ],
    cases=[
        case("means of values", "two queries, three keys", integers(2, 2, high=2, low=-2),
             integers(3, 2, high=2, low=-2), integers(3, 1), public=True),
        case("means of values", "four queries and five keys of three features",
             normal(4, 3), normal(5, 3), normal(5, 2), public=True),
        case("means of values", "a batch of two with three heads", normal(2, 3, 6, 5),
             normal(2, 3, 4, 5), normal(2, 3, 4, 7)),
        case("means of values", "a batch, more keys than queries", normal(3, 2, 8),
             normal(3, 9, 8), normal(3, 9, 4)),
        case("means of values", "a single query", normal(1, 6), normal(7, 6),
             normal(7, 3)),
        case("means of values", "a single key takes all", normal(4, 3), normal(1, 3),
             normal(1, 5), exempt="the documented edge: one key has weight 1"),
        case("means of values", "memory that is not contiguous", strided(normal(4, 6)),
             strided(normal(5, 6)), strided(normal(5, 3))),
        case("masks", "three queries with a mask", normal(3, 2), normal(4, 2),
             normal(4, 3), allowed(3, 4), public=True),
        case("masks", "the last query may see nothing", normal(3, 4), normal(5, 4),
             normal(5, 2), allowed(3, 5, empty=1), public=True),
        case("masks", "a mask for each image", normal(3, 4, 5), normal(3, 6, 5),
             normal(3, 6, 2), allowed(3, 4, 6)),
        case("masks", "one mask for all images and heads", normal(2, 3, 4, 5),
             normal(2, 3, 6, 5), normal(2, 3, 6, 2), mask=allowed(4, 6)),
        case("masks", "one row of a mask for all queries", normal(2, 4, 5),
             normal(2, 6, 5), normal(2, 6, 3), allowed(2, 1, 6)),
        case("masks", "some queries of a batch may see nothing", normal(2, 5, 3),
             normal(2, 4, 3), normal(2, 4, 6), allowed(2, 5, 4, empty=2)),
        case("masks", "the hidden keys would have by far the largest scores",
             Drawn(lambda rng: rng.random((4, 5)) + 1),
             Drawn(lambda rng: np.vstack([rng.standard_normal((5, 5)),
                                          np.full((2, 5), 3000)])),
             normal(7, 3), Drawn(lambda rng: np.arange(7) < 5)),
        case("large numbers, dtype and errors", "scores of some thousands",
             Drawn(lambda rng: 200 * rng.standard_normal((4, 5))),
             Drawn(lambda rng: 20 * rng.standard_normal((6, 5))), normal(6, 3),
             public=True),
        case("large numbers, dtype and errors", "scores far below zero",
             Drawn(lambda rng: 40 * rng.random((3, 4)) + 40),
             Drawn(lambda rng: -40 * rng.random((5, 4)) - 40), normal(5, 2)),
        case("large numbers, dtype and errors", "float32 stays float32",
             normal(2, 4, 5, dtype="float32"), normal(2, 6, 5, dtype="float32"),
             normal(2, 6, 3, dtype="float32")),
        case("large numbers, dtype and errors", "float32 and a mask",
             normal(4, 3, dtype="float32"), normal(5, 3, dtype="float32"),
             normal(5, 2, dtype="float32"), allowed(4, 5, empty=1)),
        case("large numbers, dtype and errors", "q with one axis", normal(4),
             normal(5, 4), normal(5, 3), public=True),
        case("large numbers, dtype and errors", "k with one axis", normal(5, 4),
             normal(4), normal(5, 3)),
        case("large numbers, dtype and errors", "v with one axis", normal(5, 4),
             normal(6, 4), normal(6)),
        case("large numbers, dtype and errors", "q and k with different features",
             normal(5, 4), normal(6, 3), normal(6, 2)),
        case("large numbers, dtype and errors", "more values than keys", normal(5, 4),
             normal(6, 4), normal(7, 2)),
        case("large numbers, dtype and errors", "batches of different size",
             normal(2, 5, 4), normal(3, 6, 4), normal(3, 6, 2)),
        case("large numbers, dtype and errors", "values of another batch",
             normal(2, 5, 4), normal(2, 6, 4), normal(3, 6, 2)),
        case("large numbers, dtype and errors", "a mask of numbers", normal(5, 4),
             normal(6, 4), normal(6, 2), normal(5, 6)),
        case("large numbers, dtype and errors", "a mask of another shape",
             normal(5, 4), normal(6, 4), normal(6, 2), allowed(6, 5)),
    ],
    explain=calls(attention_calls),
    oracle=torch_attention,
    alternatives=[attention_rows, attention_torch, attention_scaled_first],
    mistakes=[
        Mistake("the dot products are not divided by the root of d",
                attends(lambda q, k, v: q @ k.swapaxes(-1, -2))),
        Mistake("the dot products are divided by d instead of its root",
                attends(lambda q, k, v: q @ k.swapaxes(-1, -2) / q.shape[-1])),
        Mistake("the dot products are divided by the root of dv", attends(
            lambda q, k, v: q @ k.swapaxes(-1, -2) / v.shape[-1] ** 0.5)),
        Mistake("the dot products are multiplied by the root of d", attends(
            lambda q, k, v: q @ k.swapaxes(-1, -2) * q.shape[-1] ** 0.5)),
        Mistake("the weights of a key add up to one, instead of those of a query",
                attends(weigh=lambda s: softmaxed(s, -2))),
        Mistake("the softmax is taken over all queries and keys together",
                attends(weigh=lambda s: softmaxed(s, (-1, -2)))),
        Mistake("the scores are the weights, without a softmax",
                attends(weigh=lambda s: s)),
        Mistake("the largest score takes all", attends(
            weigh=lambda s: np.eye(s.shape[-1])[s.argmax(axis=-1)])),
        Mistake("True in the mask forbids", mask_turned),
        Mistake("the mask is ignored", mask_ignored),
        Mistake("the scores of hidden keys are set to zero, where the exponential "
                "is one", attends(masked=lambda s, m: np.where(m, s, 0))),
        Mistake("the weights of hidden keys are set to zero after the softmax, so "
                "that the others no longer add up to one", hides_after),
        Mistake("a query that may see nothing attends to all equally",
                attends(masked=only)),
        Mistake("a query that may see nothing gives nan", empty_rows_nan),
        Mistake("the exponential overflows, because the largest score is not "
                "subtracted", attends(weigh=lambda s: np.exp(s) / np.exp(s).sum(
                    axis=-1, keepdims=True))),
        Mistake("the largest score is subtracted even if its key is hidden, and the "
                "others vanish", max_of_all),
        Mistake("out and weights are exchanged", attention_swapped),
        Mistake("the results are float64 whatever came in", attention_float64),
        Mistake("the sums are made in float32", attention_float32),
        Mistake("q is changed", attention_changes_q),
        Mistake("bad arguments raise nothing", attention_checks_nothing),
    ],
    forbidden=[TORCH_ATTENTION],
    results=("out", "weights"),
    equivalents={
        "line 33: weights = raw / np.where(total == 0, 1, total) => weights = raw / np.where(total <= 0, 1, total)":
            "a sum of exponentials is never below 0",
        "line 33: weights = raw / np.where(total == 0, 1, total) => weights = raw / np.where(total == 0, 2, total)":
            "where the total is 0, all that is divided is 0",
        "line 31: raw = np.exp(scores - np.where(np.isinf(top), 0, top)) => raw = np.exp(scores - np.where(np.isinf(top), 1, top))":
            "minus infinity less any number is minus infinity",
        "line 31: raw = np.exp(scores - np.where(np.isinf(top), 0, top)) => raw = np.exp(scores - np.where(np.isinf(top), -1, top))":
            "minus infinity less any number is minus infinity",
        "line 27: scores = q @ k.swapaxes(-1, -2) / np.sqrt(d) => scores = q @ k.swapaxes(-2, -1) / np.sqrt(d)":
            "exchanging two axes is the same in either order",
    },
)  # fmt: skip

# ---- multi_head_attention --------------------------------------------------


def torch_heads(x, wq, wk, wv, wo, heads, mask=None):
    solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)  # its errors
    x64, *w64 = (torch.tensor(a, dtype=torch.float64) for a in (x, wq, wk, wv, wo))
    N, T, D = x.shape
    parts = [(x64 @ w.T).view(N, T, heads, -1).transpose(1, 2) for w in w64[:3]]
    allowed = None if mask is None else torch.tensor(mask)
    out = F.scaled_dot_product_attention(*parts, attn_mask=allowed).nan_to_num(0.0)
    y = out.transpose(1, 2).reshape(N, T, D) @ w64[3].T
    return y.numpy().astype(x.dtype)


def heads_one_by_one(x, wq, wk, wv, wo, heads, mask=None):
    """A head at a time, with its rows of the weights; wo adds their results."""
    y = np.zeros_like(solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask))
    N, T, D = x.shape
    seen = np.broadcast_to(True if mask is None else mask, (N, heads, T, T))
    for h, rows in enumerate(np.split(np.arange(D), heads)):
        q, k, v = (x @ w[rows].T for w in (wq, wk, wv))
        out, _ = solutions.attention(q, k, v, seen[:, h])
        y += (out @ wo[:, rows].T).astype(x.dtype)
    return y


def heads_by_einsum(x, wq, wk, wv, wo, heads, mask=None):
    """The weights cut into heads instead of what they make."""
    solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)
    N, T, D = x.shape
    q, k, v = (np.einsum("ntd,hed->nhte", x, w.reshape(heads, -1, D))
               for w in (wq, wk, wv))  # fmt: skip
    out, _ = solutions.attention(q, k, v, mask)
    y = np.einsum("nhte,ohe->nto", out, wo.reshape(D, heads, -1))
    return y.astype(x.dtype)


def heads_as_batch(x, wq, wk, wv, wo, heads, mask=None):
    """Heads as further images of the batch, in torch."""
    solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)
    N, T, D = x.shape
    d = D // heads
    tx = torch.tensor(x, dtype=torch.float64)
    q, k, v = (
        torch.stack((tx @ torch.tensor(w, dtype=torch.float64).T).split(d, dim=2), 1)
        for w in (wq, wk, wv)
    )  # (N, heads, T, d)
    scores = torch.bmm(q.flatten(0, 1), k.flatten(0, 1).mT) / d**0.5
    if mask is not None:
        seen = torch.tensor(np.broadcast_to(mask, (N, heads, T, T)).copy())
        scores = scores.masked_fill(~seen.flatten(0, 1), -math.inf)
    weights = scores.softmax(dim=2).nan_to_num(0)
    out = torch.bmm(weights, v.flatten(0, 1)).view(N, heads, T, d)
    out = torch.cat(list(out.unbind(1)), dim=2)
    return (out.numpy() @ wo.T).astype(x.dtype)


def mixes(split=None, merge=None, scale=None, weights=None, masks=None, end=None,
          attend=None, turn=True, check=True):  # fmt: skip
    """A wrong attention in heads; each part may be replaced.

    split(y, heads): (N, heads, T, d); merge(out, N, T, D); scale(D, heads):
    a factor on the queries; weights(q, k, v): other queries, keys and values;
    masks(mask); end(y, x, wo): the last step; attend(q, k, v, mask); turn:
    whether weights are (out, in).
    """

    def wrong(x, wq, wk, wv, wo, heads, mask=None):
        try:
            solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)
        except ValueError:
            if check:
                raise
            return np.zeros((1, 1, 1), x.dtype)
        N, T, D = x.shape
        cut = split or (lambda y, n: y.reshape(N, T, n, D // n).swapaxes(1, 2))
        q, k, v = (cut(x @ (w.T if turn else w), heads) for w in (wq, wk, wv))
        q, k, v = weights(q, k, v) if weights else (q, k, v)
        q = q * scale(D, heads) if scale else q
        mask = masks(mask) if masks and mask is not None else mask
        out = (attend or (lambda *a: solutions.attention(*a)[0]))(q, k, v, mask)
        put = merge or (lambda o, *shape: o.swapaxes(1, 2).reshape(shape))
        y = put(out, N, T, D)
        y = end(y, x, wo) if end else y @ (wo.T if turn else wo)
        return y.astype(x.dtype)

    return wrong


def interleaved(y, heads):
    """Head h has the features h, h + heads, h + 2 * heads, …"""
    N, T, D = y.shape
    return y.reshape(N, T, D // heads, heads).transpose(0, 3, 1, 2)


def cut_without_moving(y, heads):
    N, T, D = y.shape
    return y.reshape(N, heads, T, D // heads)


def one_head(x, wq, wk, wv, wo, heads, mask=None):
    solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)
    if mask is not None and mask.ndim == 4:
        mask = mask[:, :1]
    return solutions.multi_head_attention(x, wq, wk, wv, wo, 1, mask)


def mask_first_head(x, wq, wk, wv, wo, heads, mask=None):
    """The mask of the first head for all heads."""
    solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)
    if mask is not None and mask.ndim >= 3:
        mask = mask[..., :1, :, :]
    return solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask)


def uniform_if_empty(q, k, v, mask):
    out, weights = solutions.attention(q, k, v, mask)
    empty = (weights == 0).all(axis=-1, keepdims=True)
    return np.where(empty, v.mean(axis=-2, keepdims=True), out)


def heads_float64(x, wq, wk, wv, wo, heads, mask=None):
    return solutions.multi_head_attention(x, wq, wk, wv, wo, heads, mask).astype(float)


def heads_errors():
    x, w, wide = np.ones((1, 3, 2)), np.ones((2, 2)), np.ones((3, 2))
    good = {"wq": w, "wk": w, "wv": w, "wo": w}
    bad = [{**good, name: wide} for name in good]
    return [
        Call((x[0], w, w, w, w, 1)), Call((x, w, w, w, w, 0)),
        Call((np.ones((1, 2, 3)), *[np.ones((3, 3))] * 4, 2)),
        Call((x, w, w, w, w, 1, np.ones((3, 3)))),
        Call((x, w, w, w, w, 1, np.ones((2, 3), bool))),
        *[Call((x, *ws.values(), 1)) for ws in bad],
    ]  # fmt: skip


def heads_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(heads_errors()))
    heads, d = small(draw, 1, 2), small(draw, 1, 2)
    N, T, D = small(draw, 1, 2), small(draw, 1, 3), heads * d
    dtype = dtypes(draw)
    x = array(draw, N, T, D, dtype=dtype)
    # Small weights, so that the softmax does not let the largest take all.
    ws = [array(draw, D, D, dtype=dtype) / 8 for _ in range(4)]
    shape = draw(st.sampled_from([(T, T), (N, heads, T, T), (heads, T, T)]))
    mask = some_mask(draw, *shape)
    return Call((x, *ws, heads) if mask is None else (x, *ws, heads, mask))


def heads_case(group, label, N, T, D, heads, *mask, dtype="float64", **options):
    """A case with drawn tokens and weights."""
    arrays = [normal(N, T, D, dtype=dtype), *[normal(D, D, dtype=dtype)] * 4]
    return case(group, label, *arrays, heads, *mask, **options)


multi_head_attention = Exercise(
    solutions.multi_head_attention,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("heads", 3, "Each attends with its own part of the features."),
        Group("masks, dtype and errors", 1,
              "Masks that broadcast; float32; arguments that do not fit."),
    ],
    cases=[
        case("heads", "two tokens, two heads of one feature",
             np.array([[[1.0, 2.0], [3.0, -1.0]]]), *[
                 np.array(w, float) for w in ([[1, 0], [1, 1]], [[0, 1], [1, -1]],
                                              [[2, 1], [0, 1]], [[1, 0], [1, 2]])], 2,
             public=True),
        heads_case("heads", "five tokens, two heads of three features", 2, 5, 6, 2,
                   public=True),
        heads_case("heads", "three heads of four features", 2, 5, 12, 3),
        heads_case("heads", "four heads of two features", 3, 7, 8, 4),
        heads_case("heads", "as many heads as features", 2, 4, 5, 5),
        heads_case("heads", "a single head", 2, 6, 5, 1),
        heads_case("masks, dtype and errors", "a mask for all images and heads", 2, 4, 6,
                   2, allowed(4, 4), public=True),
        heads_case("masks, dtype and errors", "a mask for each head", 2, 4, 6, 3,
                   allowed(3, 4, 4)),
        heads_case("masks, dtype and errors", "a mask for each image", 3, 5, 8, 2,
                   allowed(3, 1, 5, 5)),
        heads_case("masks, dtype and errors", "a mask for each image and head", 2, 5, 6,
                   3, mask=allowed(2, 3, 5, 5)),
        heads_case("masks, dtype and errors", "a token that may attend to nothing", 2, 5,
                   6, 2, allowed(5, 5, empty=1)),
        heads_case("masks, dtype and errors", "float32 stays float32", 2, 5, 6, 3,
                   dtype="float32"),
        case("masks, dtype and errors", "float32 tokens and float64 weights",
             normal(2, 4, 6, dtype="float32"), *[normal(6, 6)] * 4, 2),
        case("masks, dtype and errors", "tokens without a batch", normal(4, 6),
             *[normal(6, 6)] * 4, 2, public=True),
        *[case("masks, dtype and errors", f"{name} of another shape", normal(2, 4, 6),
               *[normal(4 if name == other else 6, 6) for other in
                 ("wq", "wk", "wv", "wo")], 2)
          for name in ("wq", "wk", "wv", "wo")],
        heads_case("masks, dtype and errors", "heads that do not divide D", 2, 4, 6, 4),
        heads_case("masks, dtype and errors", "no heads", 2, 4, 6, 0),
        heads_case("masks, dtype and errors", "a mask of numbers", 2, 4, 6, 2,
                   normal(4, 4)),
        heads_case("masks, dtype and errors", "a mask of another shape", 2, 4, 6, 2,
                   allowed(5, 5)),
    ],
    explain=calls(heads_calls),
    oracle=torch_heads,
    alternatives=[heads_one_by_one, heads_by_einsum, heads_as_batch],
    mistakes=[
        Mistake("head h has every so many features, instead of consecutive ones",
                mixes(split=interleaved, merge=lambda o, *shape:
                      o.transpose(0, 2, 3, 1).reshape(shape))),
        Mistake("features are cut into heads by a reshape that does not move the "
                "axis of the heads", mixes(split=cut_without_moving)),
        Mistake("heads are put together by a reshape that does not move the axis of "
                "the heads", mixes(merge=lambda o, *shape: o.reshape(shape))),
        Mistake("there is a single head", one_head),
        Mistake("the scores are divided by the root of D instead of the root of "
                "D / heads", mixes(scale=lambda D, heads: heads**-0.5)),
        Mistake("the scores are not divided by anything",
                mixes(scale=lambda D, heads: (D / heads) ** 0.5)),
        Mistake("the weights are taken as (in, out), so x @ w stands for x @ w.T",
                mixes(turn=False)),
        Mistake("wo is left out", mixes(end=lambda y, x, wo: y)),
        Mistake("queries and keys are exchanged",
                mixes(weights=lambda q, k, v: (k, q, v))),
        Mistake("the keys are taken for the values",
                mixes(weights=lambda q, k, v: (q, k, k))),
        Mistake("x is added to the result",
                mixes(end=lambda y, x, wo: y @ wo.T + x)),
        Mistake("the mask is ignored", mixes(masks=lambda mask: None)),
        Mistake("True in the mask forbids", mixes(masks=lambda mask: ~mask)),
        Mistake("the mask is read the wrong way round: token i may be seen by j",
                mixes(masks=lambda mask: mask.swapaxes(-1, -2))),
        Mistake("all heads get the mask of the first", mask_first_head),
        Mistake("a token that may attend to nothing gets the mean of all values",
                mixes(attend=uniform_if_empty)),
        Mistake("the result is float64 whatever came in", heads_float64),
        Mistake("bad arguments raise nothing", mixes(check=False)),
    ],
    forbidden=[TORCH_ATTENTION],
    equivalents={
        "line 29: return y.reshape(N, T, heads, D // heads).swapaxes(1, 2) => return y.reshape(N, T, heads, D // heads).swapaxes(2, 1)":
            "exchanging two axes is the same in either order",
        "line 32: out = out.swapaxes(1, 2).reshape(N, T, D) => out = out.swapaxes(2, 1).reshape(N, T, D)":
            "exchanging two axes is the same in either order",
    },
)  # fmt: skip

# ---- MultiHeadAttention ----------------------------------------------------

LINEARS = ("wq", "wk", "wv", "wo")


class HeadsChecked(nn.Module):
    """The checks that the stub gives, and the linear layers."""

    def __init__(self, dim, heads):
        super().__init__()
        solutions.check_heads(heads, dim)
        self.heads = heads
        for name in LINEARS:
            setattr(self, name, nn.Linear(dim, dim, bias=False))

    def split(self, y):
        return y.unflatten(2, (self.heads, -1)).transpose(1, 2)


class HeadsByInfinity(HeadsChecked):
    """-inf and nan_to_num."""

    def forward(self, x, mask=None):
        solutions.check_mask(mask, (len(x), self.heads, x.shape[1], x.shape[1]))
        q, k, v = (self.split(getattr(self, name)(x)) for name in LINEARS[:3])
        scores = torch.einsum("nhqd,nhkd->nhqk", q, k) * q.shape[3] ** -0.5
        if mask is not None:
            empty = ~mask.expand(scores.shape).any(dim=3, keepdim=True)
            scores = scores.masked_fill(~mask, -math.inf).masked_fill(empty, 0)
        weights = scores.softmax(dim=3)
        if mask is not None:
            weights = weights.masked_fill(empty, 0)
        return self.wo(torch.einsum("nhqk,nhkd->nqhd", weights, v).flatten(2))


class HeadsLoop(HeadsChecked):
    """A head at a time, the softmax written out."""

    def forward(self, x, mask=None):
        N, T, D = x.shape
        solutions.check_mask(mask, (N, self.heads, T, T))
        seen = torch.ones(1, dtype=torch.bool) if mask is None else mask
        seen = seen.expand(N, self.heads, T, T)
        q, k, v = (getattr(self, name)(x).split(D // self.heads, dim=2)
                   for name in LINEARS[:3])  # fmt: skip
        outs = []
        for h in range(self.heads):
            scores = q[h] @ k[h].mT / math.sqrt(D // self.heads)
            low = scores.detach().masked_fill(~seen[:, h], -1e30)
            raw = (scores - low.amax(dim=2, keepdim=True)).clamp(max=0).exp()
            raw = raw * seen[:, h]
            outs.append(raw @ v[h] / raw.sum(dim=2, keepdim=True).clamp(min=1e-30))
        return self.wo(torch.cat(outs, dim=2))


class HeadsMerged(HeadsChecked):
    """One product for queries, keys and values; a large negative number."""

    def forward(self, x, mask=None):
        N, T, D = x.shape
        solutions.check_mask(mask, (N, self.heads, T, T))
        w = torch.cat([self.wq.weight, self.wk.weight, self.wv.weight])
        parts = F.linear(x, w).view(N, T, 3, self.heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        scores = q @ k.mT / (D / self.heads) ** 0.5
        if mask is None:
            weights = scores.softmax(-1)
        else:
            weights = torch.where(mask, scores, -1e9).softmax(-1) * mask
        y = (weights @ v).permute(0, 2, 1, 3).reshape(N, T, D)
        return F.linear(y, self.wo.weight)


def heads_layer(make=None, split=None, merge=None, scale=None, masks=None, end=None,
                empty=0.0, begin=None, parts=None, check=True):  # fmt: skip
    """A wrong layer; each part may be replaced.

    make(self, dim): changes what the right one has built; split(y, heads);
    merge(out, N, T, D); scale(q, D): the divisor; masks(mask);
    end(last, y, x): the last step, where last is the last linear layer;
    empty: what weights of a row are that may see nothing; begin(x);
    parts(q, k, v): other queries, keys and values.
    """

    class MultiHeadAttention(nn.Module):
        def __init__(self, dim, heads):
            super().__init__()
            if check:
                solutions.check_heads(heads, dim)
            self.heads = heads
            for name in LINEARS:
                setattr(self, name, nn.Linear(dim, dim, bias=False))
            if make:
                make(self, dim)

        def linears(self):
            return [getattr(self, n) for n in getattr(self, "names", LINEARS)]

        def forward(self, x, mask=None):
            N, T, D = x.shape
            if check:
                solutions.check_mask(mask, (N, self.heads, T, T))
            elif mask is not None and (mask.dtype != torch.bool or mask.shape[-1] != T):
                return x
            given, x = x, begin(x) if begin else x
            *projections, last = self.linears()
            cut = split or (lambda y, n: y.reshape(N, T, n, -1).transpose(1, 2))
            q, k, v = (cut(linear(x), self.heads) for linear in projections)
            q, k, v = parts(q, k, v) if parts else (q, k, v)
            scores = q @ k.mT / (scale(q, D) if scale else q.shape[3] ** 0.5)
            mask = masks(mask) if masks and mask is not None else mask
            if mask is None:
                weights = scores.softmax(-1)
            else:
                weights = scores.masked_fill(~mask, -1e9).softmax(-1)
                dark = ~mask.expand(scores.shape).any(-1, keepdim=True)
                weights = (
                    weights if empty == "mean" else weights.masked_fill(dark, empty)
                )
            put = merge or (lambda o, *shape: o.transpose(1, 2).reshape(shape))
            y = put(weights @ v, N, T, D)
            return end(last, y, given) if end else last(y)

    return MultiHeadAttention


def biased_heads(self, dim):
    for name in LINEARS:
        setattr(self, name, nn.Linear(dim, dim))


def renamed_heads(self, dim):
    self.names = ("query", "key", "value", "out")
    for old, new in zip(LINEARS, self.names):
        setattr(self, new, getattr(self, old))
        delattr(self, old)


def extra_heads(self, dim):
    self.unused = nn.Parameter(torch.zeros(dim))


def layer_errors():
    x, layer = np.ones((1, 2, 2)), {"dim": 2, "heads": 1}
    weights = {f"{name}.weight": np.eye(2) for name in LINEARS}
    return [
        Call(({"dim": 3, "heads": 2}, None, [], None), {}, "module"),
        Call(({"dim": 3, "heads": 0}, None, [], None), {}, "module"),
        Call((layer, weights, [x, np.ones((3, 3), bool)], None), {}, "module"),
        Call((layer, weights, [x, np.ones((2, 2))], None), {}, "module"),
    ]


def layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(layer_errors()))
    heads, d = small(draw, 1, 2), small(draw, 1, 2)
    N, T, D = small(draw, 1, 2), small(draw, 1, 3), heads * d
    dtype = dtypes(draw)
    weights = {f"{name}.weight": array(draw, D, D, dtype=dtype) / 8 for name in LINEARS}
    x, dy = (array(draw, N, T, D, dtype=dtype) for _ in range(2))
    mask = some_mask(draw, *draw(st.sampled_from([(T, T), (N, heads, T, T)])))
    train = {"train": True} if draw(st.booleans()) else {}
    inputs = [x] if mask is None else [x, mask]
    return Call(({"dim": D, "heads": heads}, weights, inputs, dy), train, "module")


def layer_case(group, label, N, T, D, heads, *mask, dtype="float64", **options):
    """A case with drawn weights, tokens and gradient."""
    weights = {f"{name}.weight": normal(D, D, dtype=dtype) for name in LINEARS}
    inputs = [normal(N, T, D, dtype=dtype), *mask]
    return case(group, label, {"dim": D, "heads": heads}, weights, inputs,
                normal(N, T, D, dtype=dtype), caller="module", **options)  # fmt: skip


MultiHeadAttention = Exercise(
    solutions.MultiHeadAttention,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("forward and gradients", 3,
              "With given weights: output, gradients, names of the parameters."),
        Group("masks, dtype and errors", 1,
              "Masks, also rows that are all False; float32; heads that do not fit."),
    ],
    cases=[
        layer_case("forward and gradients", "five tokens, two heads of three features",
                   2, 5, 6, 2, public=True),
        layer_case("forward and gradients", "three heads of four features, in train mode",
                   2, 7, 12, 3, train=True),
        layer_case("forward and gradients", "four heads of two features", 3, 5, 8, 4),
        layer_case("masks, dtype and errors", "a mask for all images and heads", 2, 4, 6,
                   2, allowed(4, 4), public=True),
        layer_case("masks, dtype and errors", "a mask for each image", 3, 5, 6, 2,
                   allowed(3, 1, 5, 5)),
        layer_case("masks, dtype and errors", "a mask for each head", 2, 4, 6, 3,
                   allowed(3, 4, 4)),
        layer_case("masks, dtype and errors", "two tokens that may attend to nothing", 2,
                   5, 8, 2, allowed(5, 5, empty=2)),
        layer_case("masks, dtype and errors", "float32 stays float32", 2, 5, 6, 3,
                   dtype="float32"),
        layer_case("masks, dtype and errors", "float32 and a mask, in train mode", 2, 4,
                   6, 2, allowed(4, 4, empty=1), dtype="float32", train=True),
        case("masks, dtype and errors", "heads that do not divide dim",
             {"dim": 6, "heads": 4}, None, [], None, caller="module", public=True),
        case("masks, dtype and errors", "no heads", {"dim": 6, "heads": 0}, None, [],
             None, caller="module"),
        layer_case("masks, dtype and errors", "a mask of another shape", 2, 4, 6, 2,
                   allowed(5, 5)),
        layer_case("masks, dtype and errors", "a mask of numbers", 2, 4, 6, 2,
                   normal(4, 4)),
    ],
    explain=calls(layer_calls),
    oracle=HeadsByInfinity,
    alternatives=[HeadsByInfinity, HeadsLoop, HeadsMerged],
    mistakes=[
        Mistake("head h has every so many features, instead of consecutive ones",
                heads_layer(split=lambda y, n: y.unflatten(2, (-1, n)).permute(0, 3, 1, 2),
                            merge=lambda o, *s: o.permute(0, 2, 3, 1).reshape(s))),
        Mistake("features are cut into heads by a view that does not move the axis of "
                "the heads", heads_layer(split=lambda y, n: y.reshape(
                    y.shape[0], n, y.shape[1], -1))),
        Mistake("heads are put together by a reshape that does not move the axis of "
                "the heads", heads_layer(merge=lambda o, *s: o.reshape(s))),
        Mistake("there is a single head", heads_layer(
            split=lambda y, n: y[:, None], masks=lambda mask:
            mask[..., :1, :, :] if mask.ndim > 2 else mask)),
        Mistake("the scores are divided by the root of dim instead of the root of "
                "dim / heads", heads_layer(scale=lambda q, D: D**0.5)),
        Mistake("the scores are not divided by anything",
                heads_layer(scale=lambda q, D: 1)),
        Mistake("queries and keys are exchanged",
                heads_layer(parts=lambda q, k, v: (k, q, v))),
        Mistake("wo is made and not used", heads_layer(end=lambda last, y, x: y)),
        Mistake("x is added to the result",
                heads_layer(end=lambda last, y, x: last(y) + x)),
        Mistake("the linear layers have biases", heads_layer(biased_heads)),
        Mistake("the attributes are not called wq, wk, wv and wo",
                heads_layer(renamed_heads)),
        Mistake("there is a parameter that does nothing", heads_layer(extra_heads)),
        Mistake("the mask is ignored", heads_layer(masks=lambda mask: None)),
        Mistake("True in the mask forbids", heads_layer(masks=lambda mask: ~mask)),
        Mistake("a token that may attend to nothing gets the mean of all values",
                heads_layer(empty="mean")),
        Mistake("a token that may attend to nothing gives nan",
                heads_layer(empty=math.nan)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                heads_layer(begin=lambda x: x.detach())),
        Mistake("bad arguments raise nothing", heads_layer(check=False)),
    ],
    forbidden=[TORCH_ATTENTION],
    equivalents={
        "line 32: q, k, v = (linear(x).reshape(N, T, self.heads, -1).transpose(1, 2) for linear in (self.wq, self.wk, self.wv)) => q, k, v = (linear(x).reshape(N, T, self.heads, -1).transpose(2, 1) for linear in (self.wq, self.wk, self.wv))":
            "exchanging two axes is the same in either order",
        "line 33: scores = q @ k.transpose(2, 3) / q.shape[-1] ** 0.5 => scores = q @ k.transpose(3, 2) / q.shape[-1] ** 0.5":
            "exchanging two axes is the same in either order",
        "line 39: return self.wo((weights @ v).transpose(1, 2).reshape(N, T, D)) => return self.wo((weights @ v).transpose(2, 1).reshape(N, T, D))":
            "exchanging two axes is the same in either order",
    },
)  # fmt: skip

# ---- attention_macs --------------------------------------------------------


def macs_by_steps(n, d):
    """The four matrices and the two products, one after the other."""
    solutions.attention_macs(n, d)
    projections = sum(n * d * d for _ in ("q", "k", "v", "out"))
    return projections + n * n * d + n * n * d


def macs_factored(n, d):
    solutions.attention_macs(n, d)
    return np.int64(2 * n * d * (n + 2 * d))


def macs_by_shapes(n, d):
    """Counts from the shapes of what is multiplied."""
    solutions.attention_macs(n, d)
    products = [((n, d), (d, d))] * 4 + [((n, d), (d, n)), ((n, n), (n, d))]
    return sum(rows * inner * out for (rows, inner), (_, out) in products)


def macs(formula):
    def wrong(n, d):
        solutions.attention_macs(n, d)
        return formula(n, d)

    return wrong


def macs_check_nothing(n, d):
    return 2 * n**2 * d + 4 * n * d**2


def macs_calls(draw):
    n, d = small(draw, 1, 5), small(draw, 1, 5)
    wrong = draw(st.sampled_from(["", "", "", "n", "d"]))
    return Call((0 if wrong == "n" else n, 0 if wrong == "d" else d))


attention_macs = Exercise(
    solutions.attention_macs,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("counts", 1, "Few and many tokens; an int; sizes below 1."),
    ],
    cases=[
        case("counts", "3 tokens of 2 features", 3, 2, public=True),
        case("counts", "16 tokens of 12 features", 16, 12, public=True),
        case("counts", "one token", 1, 7),
        case("counts", "one feature", 9, 1),
        case("counts", "196 tokens of 768 features", 196, 768),
        case("counts", "more operations than 32 bits hold", 50176, 65),
        case("counts", "more operations than floats can tell apart", 9999999, 3333),
        case("counts", "n below 1", 0, 3, public=True),
        case("counts", "d below 1", 5, 0),
    ],
    explain=calls(macs_calls),
    oracle=macs_by_steps,
    alternatives=[macs_by_steps, macs_factored, macs_by_shapes],
    mistakes=[
        Mistake("the products with the values are not counted",
                macs(lambda n, d: n * n * d + 4 * n * d * d)),
        Mistake("the matrix after the heads is not counted",
                macs(lambda n, d: 2 * n * n * d + 3 * n * d * d)),
        Mistake("the four matrices are not counted", macs(lambda n, d: 2 * n * n * d)),
        Mistake("the scores and means are not counted", macs(lambda n, d: 4 * n * d * d)),
        Mistake("each matrix is counted once, instead of once for each token",
                macs(lambda n, d: 2 * n * n * d + 4 * d * d)),
        Mistake("n and d are exchanged", macs(lambda n, d: 2 * d * d * n + 4 * d * n * n)),
        Mistake("the score of two tokens is counted as one operation",
                macs(lambda n, d: n * n + n * n * d + 4 * n * d * d)),
        Mistake("multiplications and additions are counted apart (a MAC is both)",
                macs(lambda n, d: 4 * n * n * d + 8 * n * d * d)),
        Mistake("the result is a float",
                macs(lambda n, d: float(2 * n * n * d + 4 * n * d * d))),
        Mistake("sizes below 1 raise nothing", macs_check_nothing),
    ],
)  # fmt: skip

# ---- patchify --------------------------------------------------------------


def torch_patchify(x, p):
    solutions.patchify(x, p)  # its errors
    columns = F.unfold(torch.tensor(x, dtype=torch.float64), p, stride=p)
    return columns.transpose(1, 2).numpy().astype(x.dtype)


def patchify_loops(x, p):
    t = np.empty(solutions.patchify(x, p).shape, x.dtype)
    across = x.shape[3] // p
    for token in range(t.shape[1]):
        i, j = p * (token // across), p * (token % across)
        t[:, token] = x[:, :, i : i + p, j : j + p].reshape(len(x), -1)
    return t


def patchify_windows(x, p):
    """All windows, and every p-th of them."""
    shape = solutions.patchify(x, p).shape
    view = np.lib.stride_tricks.sliding_window_view(x, (p, p), axis=(2, 3))
    return np.moveaxis(view[:, :, ::p, ::p], 1, 3).reshape(shape)


def patchify_einsum(x, p):
    shape = solutions.patchify(x, p).shape
    N, C, H, W = x.shape
    tiles = x.reshape(N, C, H // p, p, W // p, p)
    return np.einsum("nchiwj->nhwcij", tiles).reshape(shape)


def patchify_torch(x, p):
    """Two unfolds of a tensor, a view each."""
    shape = solutions.patchify(x, p).shape
    tiles = torch.tensor(x).unfold(2, p, p).unfold(3, p, p)
    return tiles.permute(0, 2, 3, 1, 4, 5).reshape(shape).numpy()


def repatched(*order):
    """The axes (N, C, rows, p, columns, p) in another order."""

    def wrong(x, p):
        shape = solutions.patchify(x, p).shape
        N, C, H, W = x.shape
        tiles = x.reshape(N, C, H // p, p, W // p, p)
        return tiles.transpose(order).reshape(shape)

    return wrong


def patchify_reshapes(x, p):
    return x.reshape(solutions.patchify(x, p).shape)


def patchify_misreads(x, p):
    """Splits an axis into (p, H / p) instead of (H / p, p): every H/p-th pixel."""
    shape = solutions.patchify(x, p).shape
    N, C, H, W = x.shape
    tiles = x.reshape(N, C, p, H // p, p, W // p)
    return tiles.transpose(0, 3, 5, 1, 2, 4).reshape(shape)


def patchify_features_first(x, p):
    return solutions.patchify(x, p).swapaxes(1, 2)


def patchify_token_a_channel(x, p):
    """A token for each channel of each patch."""
    t = solutions.patchify(x, p)
    return t.reshape(len(t), -1, p * p)


def patchify_float64(x, p):
    return solutions.patchify(x, p).astype(np.float64)


def patchify_checks_nothing(x, p):
    try:
        return solutions.patchify(x, p)
    except ValueError:
        return np.zeros((1, 1, 1), x.dtype)


def patchify_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 1, 2, 3))
        return draw(st.sampled_from([Call((x, 2)), Call((x[0], 1)), Call((x, 0)),
                                     Call((x.swapaxes(2, 3), 2))]))  # fmt: skip
    N, C, p = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    H, W = p * small(draw, 1, 3), p * small(draw, 1, 2)
    return Call((array(draw, N, C, H, W, dtype=dtypes(draw)), p))


patchify = Exercise(
    solutions.patchify,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("tokens", 3, "Patches in reading order, channel by channel."),
        Group("dtype and errors", 1, "float32; images that cannot be cut."),
    ],
    cases=[
        case("tokens", "4 x 6 pixels in patches of 2", integers(1, 1, 4, 6), 2,
             public=True),
        case("tokens", "three channels in patches of 2", normal(2, 3, 6, 4), 2,
             public=True),
        case("tokens", "patches of 3", normal(2, 2, 6, 12), 3),
        case("tokens", "patches of 4, five channels", normal(3, 5, 12, 8), 4),
        case("tokens", "patches of one pixel", normal(2, 3, 4, 5), 1),
        case("tokens", "one patch", normal(2, 3, 3, 3), 3,
             exempt="the documented edge: the whole image is one patch"),
        case("tokens", "memory that is not contiguous", strided(normal(2, 3, 4, 6)), 2),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 6, 8, dtype="float32"), 2),
        case("dtype and errors", "an image without a batch", normal(3, 4, 6), 2,
             public=True),
        case("dtype and errors", "p does not divide H", normal(1, 2, 5, 6), 2),
        case("dtype and errors", "p does not divide W", normal(1, 2, 6, 5), 2),
        case("dtype and errors", "p below 1", normal(1, 2, 4, 6), 0),
    ],
    explain=calls(patchify_calls),
    oracle=torch_patchify,
    alternatives=[patchify_loops, patchify_windows, patchify_einsum, patchify_torch],
    mistakes=[
        Mistake("the rows of x are cut as they lie in memory, by a reshape alone",
                patchify_reshapes),
        Mistake("tokens go down first, then to the right", repatched(0, 4, 2, 1, 3, 5)),
        Mistake("the pixels of a token are ordered (p, p, C)",
                repatched(0, 2, 4, 3, 5, 1)),
        Mistake("each patch is transposed", repatched(0, 2, 4, 1, 5, 3)),
        Mistake("the channel and the row of a pixel are exchanged within a token",
                repatched(0, 2, 4, 3, 1, 5)),
        Mistake("a token has pixels from all over the image, H / p rows apart",
                patchify_misreads),
        Mistake("features and tokens are exchanged", patchify_features_first),
        Mistake("each channel of a patch is a token of its own",
                patchify_token_a_channel),
        Mistake("the result is float64 whatever came in", patchify_float64),
        Mistake("bad arguments raise nothing", patchify_checks_nothing),
    ],
    forbidden=[TORCH_UNFOLD, TORCH_PIXEL_SHUFFLE],
    equivalents={
        "line 21: return patches.reshape(N, -1, C * p * p) => return patches.reshape(N, -2, C * p * p)":
            "NumPy takes any negative size for the one that it is to find",
    },
)  # fmt: skip

# ---- unpatchify ------------------------------------------------------------


def torch_unpatchify(t, p, h, w):
    solutions.unpatchify(t, p, h, w)  # its errors
    columns = torch.tensor(t, dtype=torch.float64).transpose(1, 2)
    return F.fold(columns, (h, w), p, stride=p).numpy().astype(t.dtype)


def unpatchify_loops(t, p, h, w):
    x = np.empty(solutions.unpatchify(t, p, h, w).shape, t.dtype)
    for token in range(t.shape[1]):
        i, j = divmod(token, w // p)
        place = x[:, :, p * i : p * i + p, p * j : p * j + p]
        place[...] = t[:, token].reshape(place.shape)
    return x


def unpatchify_joins(t, p, h, w):
    """Patches side by side, and rows of them below each other."""
    solutions.unpatchify(t, p, h, w)
    patches = t.reshape(*t.shape[:2], -1, p, p)
    tokens = iter(np.moveaxis(patches, 1, 0))
    rows = [np.concatenate([next(tokens) for _ in range(w // p)], axis=3)
            for _ in range(h // p)]  # fmt: skip
    return np.concatenate(rows, axis=2)


def unpatchify_by_index(t, p, h, w):
    """Asks patchify where each pixel went."""
    x = np.empty(solutions.unpatchify(t, p, h, w).shape, t.dtype)
    places = np.arange(x[0].size).reshape(1, *x.shape[1:])
    x.reshape(len(t), -1)[:, solutions.patchify(places, p).ravel()] = t.reshape(
        len(t), -1
    )
    return x


def unpatched(split, order):
    """Tokens split another way, axes moved in another order.

    split: the axes of the token in order, of "h", "w" (patches down and
    across) for the tokens and "c", "i", "j" for the features.
    """

    def wrong(t, p, h, w):
        shape = solutions.unpatchify(t, p, h, w).shape
        sizes = {"h": h // p, "w": w // p, "c": shape[1], "i": p, "j": p}
        tiles = t.reshape(len(t), *[sizes[letter] for letter in split])
        return np.einsum(f"n{split}->n{order}", tiles).reshape(shape)

    return wrong


def unpatchify_reshapes(t, p, h, w):
    return t.reshape(solutions.unpatchify(t, p, h, w).shape)


def unpatchify_swapped(t, p, h, w):
    solutions.unpatchify(t, p, h, w)
    return solutions.unpatchify(t, p, w, h)


def unpatchify_float64(t, p, h, w):
    return solutions.unpatchify(t, p, h, w).astype(np.float64)


def unpatchify_checks_nothing(t, p, h, w):
    try:
        return solutions.unpatchify(t, p, h, w)
    except ValueError:
        return np.zeros((1, 1, 1, 1), t.dtype)


def unpatchify_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        t = np.ones((1, 2, 4))
        return draw(st.sampled_from([
            Call((t[0], 2, 2, 4)), Call((t, 0, 2, 4)), Call((t, 2, 0, 4)),
            Call((t, 2, 4, 0)), Call((t, 2, 3, 4)), Call((t, 2, 4, 3)),
            Call((t, 2, 4, 4)), Call((t[:, :, :3], 2, 2, 4)),
        ]))  # fmt: skip
    N, C, p = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    down, across = small(draw, 1, 3), small(draw, 1, 2)
    t = array(draw, N, down * across, C * p * p, dtype=dtypes(draw))
    return Call((t, p, p * down, p * across))


unpatchify = Exercise(
    solutions.unpatchify,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("images", 2, "The way back: every pixel to its place."),
        Group("dtype and errors", 1, "float32; tokens that make no image."),
    ],
    cases=[
        case("images", "six tokens of 2 x 2 pixels", integers(1, 6, 4), 2, 4, 6,
             public=True),
        case("images", "three channels", normal(2, 6, 12), 2, 6, 4, public=True),
        case("images", "patches of 3", normal(2, 8, 18), 3, 6, 12),
        case("images", "patches of 4, five channels", normal(3, 6, 80), 4, 12, 8),
        case("images", "patches of one pixel", normal(2, 20, 3), 1, 4, 5),
        case("images", "memory that is not contiguous", strided(normal(2, 6, 12)), 2, 4,
             6),
        case("dtype and errors", "float32 stays float32",
             normal(2, 12, 8, dtype="float32"), 2, 6, 8),
        case("dtype and errors", "tokens without a batch", normal(6, 4), 2, 4, 6,
             public=True),
        case("dtype and errors", "too few tokens", normal(2, 5, 4), 2, 4, 6),
        case("dtype and errors", "p does not divide h", normal(2, 6, 4), 2, 5, 6),
        case("dtype and errors", "p does not divide w", normal(2, 6, 4), 2, 4, 7),
        case("dtype and errors", "features that make no patch", normal(2, 6, 6), 2, 4, 6),
        case("dtype and errors", "p below 1", normal(2, 6, 4), 0, 4, 6),
        case("dtype and errors", "h below 1", normal(2, 6, 4), 2, 0, 6),
        case("dtype and errors", "w below 1", normal(2, 6, 4), 2, 4, 0),
    ],
    explain=calls(unpatchify_calls),
    oracle=torch_unpatchify,
    alternatives=[unpatchify_loops, unpatchify_joins, unpatchify_by_index],
    mistakes=[
        Mistake("the numbers are cut as they lie in memory, by a reshape alone",
                unpatchify_reshapes),
        Mistake("tokens go down first, then to the right",
                unpatched("whcij", "chiwj")),
        Mistake("the pixels of a token are taken as (p, p, C)",
                unpatched("hwijc", "chiwj")),
        Mistake("each patch is transposed", unpatched("hwcji", "chiwj")),
        Mistake("the row of the patch and the row within the patch are exchanged",
                unpatched("hwcij", "cihjw")),
        Mistake("h and w are exchanged", unpatchify_swapped),
        Mistake("the result is float64 whatever came in", unpatchify_float64),
        Mistake("bad arguments raise nothing", unpatchify_checks_nothing),
    ],
    forbidden=[TORCH_FOLD, TORCH_PIXEL_SHUFFLE],
    equivalents={
        "line 20: patches = t.reshape(N, h // p, w // p, -1, p, p) => patches = t.reshape(N, h // p, w // p, -2, p, p)":
            "NumPy takes any negative size for the one that it is to find",
        "line 22: return patches.reshape(N, -1, h, w) => return patches.reshape(N, -2, h, w)":
            "NumPy takes any negative size for the one that it is to find",
    },
)  # fmt: skip

# ---- sinusoidal_positions --------------------------------------------------


def positions_loops(n, d):
    positions = solutions.sinusoidal_positions(n, d)
    for t, i in np.ndindex(n, d // 2):
        angle = t / 10000 ** (2 * i / d)
        positions[t, 2 * i], positions[t, 2 * i + 1] = math.sin(angle), math.cos(angle)
    return positions


def positions_complex(n, d):
    """Powers of turns in the plane, read as pairs of numbers."""
    solutions.sinusoidal_positions(n, d)
    turns = np.exp(-1j * np.outer(np.arange(n), 1e4 ** (-np.arange(d // 2) * 2 / d)))
    # i e^{-ia} = sin a + i cos a
    return (1j * turns).view(np.float64)


def positions_torch(n, d):
    """Two slices that are written, as in PyTorch's tutorial."""
    solutions.sinusoidal_positions(n, d)
    place = torch.arange(n, dtype=torch.float64)[:, None]
    pairs = torch.arange(0, d, 2, dtype=torch.float64)
    speed = torch.exp(pairs * (-math.log(10000.0) / d))
    result = torch.zeros(n, d, dtype=torch.float64)
    result[:, 0::2], result[:, 1::2] = (
        torch.sin(place * speed),
        torch.cos(place * speed),
    )
    return result.numpy()


def positioned(angles=None, put=None, turn=1.0):
    """Wrong positions: other angles (n, d / 2), or sine and cosine put otherwise."""
    angles = angles or (lambda n, d: np.outer(
        np.arange(n), 1e4 ** (-np.arange(0, d, 2) / d)))  # fmt: skip
    put = put or (lambda a: np.stack([np.sin(a), np.cos(a)], 2).reshape(len(a), -1))

    def wrong(n, d):
        solutions.sinusoidal_positions(n, d)
        return put(turn * angles(n, d))

    return wrong


def positions_float32(n, d):
    return solutions.sinusoidal_positions(n, d).astype(np.float32)


def positions_turned(n, d):
    return solutions.sinusoidal_positions(n, d).T


def positions_check_nothing(n, d):
    try:
        return solutions.sinusoidal_positions(n, d)
    except ValueError:
        return np.zeros((max(n, 1), max(d, 2)))


def positions_calls(draw):
    n, d = small(draw, 1, 4), 2 * small(draw, 1, 4)
    wrong = draw(st.sampled_from([None, None, None, (0, 2), (2, 3), (2, 0)]))
    return Call(wrong or (n, d))


sinusoidal_positions = Exercise(
    solutions.sinusoidal_positions,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("positions", 2, "Sines and cosines in turn; float64."),
        Group("errors", 1, "Sizes that are too small; an odd length; small sizes."),
    ],
    cases=[
        case("positions", "3 places, 4 features", 3, 4, public=True),
        case("positions", "5 places, 6 features", 5, 6, public=True),
        case("positions", "9 places, 32 features", 9, 32),
        case("positions", "more places than features", 70, 10),
        case("positions", "places far away", 3000, 4),
        case("errors", "2 features", 6, 2, public=True),
        case("errors", "the first place alone", 1, 8),
        case("errors", "an odd number of features", 5, 7, public=True),
        case("errors", "no features", 5, 0),
        case("errors", "no places", 0, 6),
    ],
    explain=calls(positions_calls),
    oracle=positions_torch,
    alternatives=[positions_loops, positions_complex, positions_torch],
    mistakes=[
        Mistake("all sines come first, then all cosines", positioned(
            put=lambda a: np.concatenate([np.sin(a), np.cos(a)], axis=1))),
        Mistake("the cosine comes before the sine", positioned(
            put=lambda a: np.stack([np.cos(a), np.sin(a)], 2).reshape(len(a), -1))),
        Mistake("the exponent is i / d instead of 2 i / d", positioned(
            lambda n, d: np.outer(np.arange(n), 1e4 ** (-np.arange(d // 2) / d)))),
        Mistake("the exponent is 4 i / d, as if i went up in steps of 2 already",
                positioned(lambda n, d: np.outer(
                    np.arange(n), 1e4 ** (-2 * np.arange(0, d, 2) / d)))),
        Mistake("places count from 1", positioned(lambda n, d: np.outer(
            np.arange(1, n + 1), 1e4 ** (-np.arange(0, d, 2) / d)))),
        Mistake("the cosine has a frequency of its own, that of 2 i + 1", positioned(
            lambda n, d: np.outer(np.arange(n), 1e4 ** (-np.arange(d) / d)),
            lambda a: np.where(np.arange(a.shape[1]) % 2, np.cos(a), np.sin(a)))),
        Mistake("the angles are multiplied by 10000 ** (2 i / d) instead of divided",
                positioned(lambda n, d: np.outer(
                    np.arange(n), 1e4 ** (np.arange(0, d, 2) / d)))),
        Mistake("1000 stands for 10000", positioned(lambda n, d: np.outer(
            np.arange(n), 1e3 ** (-np.arange(0, d, 2) / d)))),
        Mistake("the angles are in degrees", positioned(turn=np.pi / 180)),
        Mistake("places and features are exchanged", positions_turned),
        Mistake("the result is float32", positions_float32),
        Mistake("bad sizes raise nothing", positions_check_nothing),
    ],
)  # fmt: skip

# ---- SelfAttention2d -------------------------------------------------------

CONVS = ("query", "key", "value")


class PlacesChecked(nn.Module):
    """The checks that the stub gives, and the parameters."""

    def __init__(self, channels, reduced):
        super().__init__()
        solutions.check_least(1, channels=channels, reduced=reduced)
        self.gamma = nn.Parameter(torch.zeros(()))
        self.key = nn.Conv2d(channels, reduced, 1, bias=False)
        self.query = nn.Conv2d(channels, reduced, (1, 1), bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)


class PlacesByEinsum(PlacesChecked):
    """Both axes of the places kept apart, the softmax over the last two."""

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        scores = torch.einsum("ndij,nduv->nijuv", q, k) * q.shape[1] ** -0.5
        weights = scores.flatten(3).softmax(dim=3).view_as(scores)
        return torch.einsum("nijuv,ncuv->ncij", weights, v) * self.gamma + x


class PlacesByTokens(PlacesChecked):
    """Tokens first, linear maps on them, channels last until the end."""

    def forward(self, x):
        t = x.permute(0, 2, 3, 1).flatten(1, 2)  # (N, H * W, C)
        q, k, v = (F.linear(t, getattr(self, n).weight[:, :, 0, 0]) for n in CONVS)
        weights = torch.softmax(q @ k.mT / math.sqrt(k.shape[2]), dim=-1)
        out = (weights @ v).unflatten(1, x.shape[2:]).permute(0, 3, 1, 2)
        return torch.add(x, self.gamma * out)


class PlacesTransposed(PlacesChecked):
    """The scores the other way round, and the softmax along the other axis."""

    def forward(self, x):
        N, C, H, W = x.shape
        q, k, v = (getattr(self, n)(x).view(N, -1, H * W) for n in CONVS)
        weights = (torch.bmm(k.mT, q) / k.shape[1] ** 0.5).softmax(dim=1)
        return x + torch.bmm(v, weights).view(x.shape) * self.gamma


def places(make=None, weigh=None, mix=None, end=None, begin=None, check=True):
    """A wrong layer; each part may be replaced.

    make(self, C, d): changes what the right one has built; weigh(q, k, C):
    weights (N, H W, H W) of q and k (N, d, H W); mix(v, weights): (N, C, H W);
    end(x, out, gamma); begin(x).
    """
    weigh = weigh or (lambda q, k, C: (q.mT @ k / q.shape[1] ** 0.5).softmax(2))
    mix = mix or (lambda v, weights: v @ weights.mT)
    end = end or (lambda x, out, gamma: x + gamma * out)

    class SelfAttention2d(nn.Module):
        def __init__(self, channels, reduced):
            super().__init__()
            if check:
                solutions.check_least(1, channels=channels, reduced=reduced)
            channels, reduced = max(channels, 1), max(reduced, 1)
            self.query = nn.Conv2d(channels, reduced, 1, bias=False)
            self.key = nn.Conv2d(channels, reduced, 1, bias=False)
            self.value = nn.Conv2d(channels, channels, 1, bias=False)
            self.gamma = nn.Parameter(torch.zeros(()))
            if make:
                make(self, channels, reduced)

        def forward(self, x):
            y = begin(x) if begin else x
            names = getattr(self, "names", CONVS)
            q, k, v = (getattr(self, name)(y).flatten(2) for name in names)
            out = mix(v, weigh(q, k, x.shape[1])).reshape(x.shape)
            return end(x, out, getattr(self, "gamma", None))

    return SelfAttention2d


def biased_places(self, C, d):
    self.query, self.key = nn.Conv2d(C, d, 1), nn.Conv2d(C, d, 1)
    self.value = nn.Conv2d(C, C, 1)


def renamed_places(self, C, d):
    self.names = ("f", "g", "h")
    for old, new in zip(CONVS, self.names):
        setattr(self, new, getattr(self, old))
        delattr(self, old)


def gamma_of_one_axis(self, C, d):
    self.gamma = nn.Parameter(torch.zeros(C, 1, 1))


def no_gamma(self, C, d):
    del self.gamma


def places_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        wrong = draw(st.sampled_from([{"channels": 0, "reduced": 1},
                                      {"channels": 1, "reduced": 0}]))  # fmt: skip
        return Call((wrong, None, [], None), {}, "module")
    N, C, d = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 2)
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    dtype = dtypes(draw)
    shapes = {"query": (d, C, 1, 1), "key": (d, C, 1, 1), "value": (C, C, 1, 1)}
    weights = {
        f"{n}.weight": array(draw, *s, dtype=dtype) / 8 for n, s in shapes.items()
    }
    weights["gamma"] = np.array(small(draw, 1, 3), dtype)
    x, dy = (array(draw, N, C, H, W, dtype=dtype) for _ in range(2))
    train = {"train": True} if draw(st.booleans()) else {}
    init = {"channels": C, "reduced": d}
    return Call((init, weights, [x], dy), train, "module")


def places_case(group, label, N, C, H, W, d, dtype="float64", gamma=None, **options):
    """A case with drawn weights, map and gradient."""
    weights = {
        "gamma": normal(dtype=dtype) if gamma is None else np.array(gamma, dtype),
        "query.weight": normal(d, C, 1, 1, dtype=dtype),
        "key.weight": normal(d, C, 1, 1, dtype=dtype),
        "value.weight": normal(C, C, 1, 1, dtype=dtype),
    }
    x, dy = normal(N, C, H, W, dtype=dtype), normal(N, C, H, W, dtype=dtype)
    init = {"channels": C, "reduced": d}
    return case(group, label, init, weights, [x], dy, caller="module", **options)


SelfAttention2d = Exercise(
    solutions.SelfAttention2d,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("forward and gradients", 3,
              "With given weights: output, gradients, names of the parameters."),
        Group("edges, dtype and errors", 1,
              "gamma of 0; float32; numbers of channels below 1."),
    ],
    cases=[
        places_case("forward and gradients", "three channels, 2 x 3 places", 2, 3, 2, 3, 2,
                    public=True),
        places_case("forward and gradients", "four channels, in train mode", 2, 4, 3, 2, 3,
                    train=True),
        places_case("forward and gradients", "more places, five channels", 3, 5, 4, 6, 2),
        places_case("forward and gradients", "more features in keys than channels", 2, 2,
                    3, 4, 7),
        places_case("edges, dtype and errors", "gamma 0 gives x, and has a gradient", 2, 3,
                    4, 2, 2, gamma=0.0, public=True),
        places_case("edges, dtype and errors", "one place", 2, 4, 1, 1, 3),
        places_case("edges, dtype and errors", "float32 stays float32", 2, 3, 4, 3, 2,
                    dtype="float32"),
        case("edges, dtype and errors", "no channels", {"channels": 0, "reduced": 2},
             None, [], None, caller="module", public=True),
        case("edges, dtype and errors", "nothing left of the channels",
             {"channels": 2, "reduced": 0}, None, [], None, caller="module"),
    ],
    explain=calls(places_calls),
    oracle=PlacesByEinsum,
    alternatives=[PlacesByEinsum, PlacesByTokens, PlacesTransposed],
    mistakes=[
        Mistake("the scores are not divided by the root of reduced",
                places(weigh=lambda q, k, C: (q.mT @ k).softmax(2))),
        Mistake("the scores are divided by the root of channels",
                places(weigh=lambda q, k, C: (q.mT @ k / C**0.5).softmax(2))),
        Mistake("the weights of a key add up to one, instead of those of a query",
                places(weigh=lambda q, k, C: (q.mT @ k / q.shape[1] ** 0.5).softmax(1))),
        Mistake("queries and keys are exchanged", places(
            weigh=lambda q, k, C: (k.mT @ q / q.shape[1] ** 0.5).softmax(2))),
        Mistake("the values are multiplied by the transposed weights",
                places(mix=lambda v, weights: v @ weights)),
        Mistake("places and channels are mixed up, because a reshape does not "
                "exchange axes", places(mix=lambda v, weights: weights @ v.mT)),
        Mistake("x is not added", places(end=lambda x, out, gamma: gamma * out)),
        Mistake("gamma multiplies x as well",
                places(end=lambda x, out, gamma: gamma * (x + out))),
        Mistake("gamma is not used", places(end=lambda x, out, gamma: x + out)),
        Mistake("there is no gamma", places(
            no_gamma, end=lambda x, out, gamma: x + out)),
        Mistake("gamma has a number for each channel", places(gamma_of_one_axis)),
        Mistake("the convolutions have biases", places(biased_places)),
        Mistake("the attributes are not called query, key and value",
                places(renamed_places)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                places(begin=lambda x: x.detach())),
        Mistake("numbers of channels below 1 raise nothing", places(check=False)),
    ],
    forbidden=[TORCH_ATTENTION],
    equivalents={
        "line 34: out = v @ weights.transpose(1, 2) => out = v @ weights.transpose(2, 1)":
            "exchanging two axes is the same in either order",
        "line 32: scores = q.transpose(1, 2) @ k / q.shape[1] ** 0.5 => scores = q.transpose(2, 1) @ k / q.shape[1] ** 0.5":
            "exchanging two axes is the same in either order",
    },
)  # fmt: skip

# ---- squeeze_excite --------------------------------------------------------


def torch_excite(x, w1, w2):
    solutions.squeeze_excite(x, w1, w2)  # its errors
    x64, one, two = (torch.tensor(a, dtype=torch.float64) for a in (x, w1, w2))
    means = F.adaptive_avg_pool2d(x64, 1)
    gate = F.conv2d(
        F.conv2d(means, one[:, :, None, None]).relu(), two[:, :, None, None]
    )
    return (x64 * gate.sigmoid()).numpy().astype(x.dtype)


def excite_loops(x, w1, w2):
    y = np.empty_like(solutions.squeeze_excite(x, w1, w2))
    for n, image in enumerate(x):
        inner = w1 @ np.array([channel.mean() for channel in image])
        outer = w2 @ np.where(inner > 0, inner, 0)
        for c, score in enumerate(outer):
            even = math.exp(-abs(score))
            gate = (1 if score >= 0 else even) / (1 + even)
            y[n, c] = gate * image[c]
    return y


def excite_einsum(x, w1, w2):
    """The mean within the first product; 1 / (1 + exp(-z))."""
    solutions.squeeze_excite(x, w1, w2)
    inner = np.einsum("nchw,rc->nr", x, w1) / x[0, 0].size
    with np.errstate(over="ignore"):
        gate = 1 / (1 + np.exp(-np.einsum("nr,cr->nc", inner.clip(0), w2)))
    return np.einsum("nchw,nc->nchw", x, gate).astype(x.dtype)


def excite_linear(x, w1, w2):
    """F.linear and a broadcast view."""
    solutions.squeeze_excite(x, w1, w2)
    tx, one, two = (torch.tensor(a).double() for a in (x, w1, w2))
    gate = F.linear(F.relu(F.linear(tx.mean((2, 3)), one)), two).sigmoid()
    return (gate[..., None, None].expand_as(tx) * tx).to(torch.tensor(x).dtype).numpy()


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(z / 2)


def excites(squeeze=None, between=None, gate=sigmoid, apply=None, first=None):
    """A wrong gate; each part may be replaced.

    squeeze(x): (N, C); between(z): the activation; gate(z): the last one;
    apply(x, gate); first(x, w1, w2): the numbers before the last activation.
    """
    squeeze = squeeze or (lambda x: x.mean(axis=(2, 3)))
    between = between or (lambda z: np.maximum(z, 0))
    first = first or (lambda x, w1, w2: between(squeeze(x) @ w1.T) @ w2.T)
    apply = apply or (lambda x, g: x * g)

    def wrong(x, w1, w2):
        solutions.squeeze_excite(x, w1, w2)
        g = gate(first(x, w1, w2))
        return apply(x, g[:, :, None, None]).astype(x.dtype)

    return wrong


def excite_order(x, w1, w2):
    """ReLU behind the second layer instead of the first."""
    return np.maximum(x.mean(axis=(2, 3)) @ w1.T @ w2.T, 0)


def excite_overflows(x, w1, w2):
    solutions.squeeze_excite(x, w1, w2)
    z = np.maximum(x.mean(axis=(2, 3)) @ w1.T, 0) @ w2.T
    with np.errstate(all="ignore"):
        gate = np.exp(z) / (1 + np.exp(z))
    return (x * gate[:, :, None, None]).astype(x.dtype)


def excite_float64(x, w1, w2):
    return solutions.squeeze_excite(x, w1, w2).astype(np.float64)


def excite_changes_x(x, w1, w2):
    y = solutions.squeeze_excite(x, w1, w2)
    x *= 2
    return y


def excite_checks_nothing(x, w1, w2):
    try:
        return solutions.squeeze_excite(x, w1, w2)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def excite_errors():
    x, w1, w2 = np.ones((1, 2, 1, 2)), np.ones((1, 2)), np.ones((2, 1))
    return [
        Call((x[0], w1, w2)), Call((x, w1[0], w2)), Call((x, w1[:, :1], w2)),
        Call((x, w1, w2[:1])), Call((x, w1, w2.T)),
    ]  # fmt: skip


def excite_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(excite_errors()))
    N, C, R = small(draw, 1, 2), small(draw, 1, 3), small(draw, 1, 2)
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    dtype = dtypes(draw)
    x = array(draw, N, C, H, W, dtype=dtype)
    w1, w2 = array(draw, R, C, dtype=dtype) / 4, array(draw, C, R, dtype=dtype) / 4
    if draw(st.sampled_from([False, False, True])):
        w2 = w2 * 2000
    return Call((x, w1, w2))


squeeze_excite = Exercise(
    solutions.squeeze_excite,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("gates", 3, "A gate for each channel of each image."),
        Group("large numbers, dtype and errors", 1,
              "No overflow; float32; weights that do not fit."),
    ],
    cases=[
        case("gates", "two channels, one number inside", integers(1, 2, 2, 3),
             integers(1, 2, low=-3, high=3), integers(2, 1, low=-3, high=3), public=True),
        case("gates", "four channels, two numbers inside", normal(2, 4, 3, 5),
             normal(2, 4), normal(4, 2), public=True),
        case("gates", "three images, two channels", normal(3, 2, 4, 3), normal(5, 2),
             normal(2, 5)),
        case("gates", "strong means", Drawn(lambda rng: rng.standard_normal((2, 6, 4, 3))
             + 3 * rng.standard_normal((2, 6, 1, 1))), normal(3, 6), normal(6, 3)),
        case("gates", "one pixel", normal(3, 5, 1, 1), normal(2, 5), normal(5, 2)),
        case("gates", "memory that is not contiguous", strided(normal(2, 3, 4, 6)),
             strided(normal(4, 3)), strided(normal(3, 4))),
        case("large numbers, dtype and errors", "gates that are nearly open or shut",
             Drawn(lambda rng: rng.random((2, 4, 3, 5)) + 1),
             Drawn(lambda rng: 500 * rng.random((3, 4))), normal(4, 3), public=True),
        case("large numbers, dtype and errors", "float32 stays float32",
             normal(2, 4, 5, 3, dtype="float32"), normal(3, 4, dtype="float32"),
             normal(4, 3, dtype="float32")),
        case("large numbers, dtype and errors", "float32 maps and float64 weights",
             normal(2, 3, 5, 4, dtype="float32"), normal(2, 3), normal(3, 2)),
        case("large numbers, dtype and errors", "x with three axes", normal(4, 3, 5),
             normal(2, 4), normal(4, 2), public=True),
        case("large numbers, dtype and errors", "w1 with one axis", normal(2, 4, 3, 5),
             normal(4), normal(4, 2)),
        case("large numbers, dtype and errors", "w1 for fewer channels",
             normal(2, 4, 3, 5), normal(2, 3), normal(4, 2)),
        case("large numbers, dtype and errors", "w2 of another shape",
             normal(2, 4, 3, 5), normal(2, 4), normal(2, 4)),
    ],
    explain=calls(excite_calls),
    oracle=torch_excite,
    alternatives=[excite_loops, excite_einsum, excite_linear],
    mistakes=[
        Mistake("the maximum of each channel is taken instead of the mean",
                excites(squeeze=lambda x: x.max(axis=(2, 3)))),
        Mistake("the sum of each channel is taken instead of the mean",
                excites(squeeze=lambda x: x.sum(axis=(2, 3)))),
        Mistake("the mean is taken over the images of the batch, too",
                excites(squeeze=lambda x: np.broadcast_to(
                    x.mean(axis=(0, 2, 3)), x.shape[:2]))),
        Mistake("there is no ReLU between the layers", excites(between=lambda z: z)),
        Mistake("the ReLU stands behind the second layer", excites(first=excite_order)),
        Mistake("a sigmoid stands between the layers instead of a ReLU",
                excites(between=sigmoid)),
        Mistake("there is no sigmoid at the end", excites(gate=lambda z: z)),
        Mistake("tanh is taken for the sigmoid", excites(gate=np.tanh)),
        Mistake("the gates are a softmax, and add up to one", excites(gate=softmaxed)),
        Mistake("the gate is added to x instead of multiplied",
                excites(apply=lambda x, g: x + g)),
        Mistake("x is added to the result", excites(apply=lambda x, g: x + x * g)),
        Mistake("the gates are returned, as maps", excites(
            apply=lambda x, g: np.broadcast_to(g, x.shape))),
        Mistake("the exponential overflows, and its quotient is nan", excite_overflows),
        Mistake("the result is float64 whatever came in", excite_float64),
        Mistake("x is changed", excite_changes_x),
        Mistake("bad arguments raise nothing", excite_checks_nothing),
    ],
    equivalents={
        "line 21: excited = np.maximum(squeezed @ w1.T, 0) @ w2.T => excited = np.maximum(0, squeezed @ w1.T) @ w2.T":
            "the maximum of two is the same in either order",
        "line 20: squeezed = x.mean(axis=(2, 3)) => squeezed = x.mean(axis=(3, 2))":
            "the mean over two axes is the same in either order",
    },
)  # fmt: skip

# ---- CBAM ------------------------------------------------------------------


class GatesChecked(nn.Module):
    """The checks that the stub gives, and the parameters."""

    def __init__(self, channels, reduction=16, kernel_size=7):
        super().__init__()
        check_gates(channels, reduction, kernel_size)
        self.conv = nn.Conv2d(2, 1, kernel_size, padding="same")
        self.fc2 = nn.Linear(channels // reduction, channels, bias=False)
        self.fc1 = nn.Linear(channels, channels // reduction, bias=False)


def check_gates(channels, reduction, kernel_size):
    solutions.check_least(
        1, channels=channels, reduction=reduction, kernel_size=kernel_size
    )
    if channels % reduction or kernel_size % 2 == 0:
        raise ValueError("reduction or kernel_size does not fit")


class GatesByPooling(GatesChecked):
    """Pooling layers, and 1 x 1 convolutions with the weights of fc1 and fc2."""

    def forward(self, x):
        one, two = (fc.weight[:, :, None, None] for fc in (self.fc1, self.fc2))
        pools = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        logits = [F.conv2d(F.relu(F.conv2d(pool, one)), two) for pool in pools]
        x = x * torch.sigmoid(logits[0] + logits[1])
        mean, high = x.mean(1, keepdim=True), x.max(1, keepdim=True).values
        return x * self.conv(torch.cat([mean, high], dim=1)).sigmoid()


class GatesStacked(GatesChecked):
    """Mean and maximum in one product; the second layer after their sum."""

    def forward(self, x):
        flat = x.flatten(2)
        both = torch.stack([flat.mean(2), flat.max(2).values])  # (2, N, C)
        gate = self.fc2(F.relu(self.fc1(both)).sum(0)).sigmoid()
        x = torch.einsum("nchw,nc->nchw", x, gate)
        maps = torch.stack([x.mean(1), x.max(1).values], dim=1)
        return torch.sigmoid(self.conv(maps)) * x


class GatesByUnfold(GatesChecked):
    """The map of the places by unfolded windows."""

    def forward(self, x):
        def inner(z):
            return (z @ self.fc1.weight.T).clamp(min=0)

        z = inner(x.mean((2, 3))) + inner(x.amax((2, 3)))
        x = x / (1 + torch.exp(-z @ self.fc2.weight.T))[:, :, None, None]
        maps = torch.stack([x.sum(1) / x.shape[1], x.amax(1)], 1)
        k = self.conv.kernel_size[0]
        windows = F.unfold(maps, k, padding=k // 2)  # (N, 2 k k, H W)
        gate = self.conv.weight.flatten(1) @ windows + self.conv.bias[:, None]
        return x * gate.view(len(x), 1, *x.shape[2:]).sigmoid()


def channel_scores(self, x, inner=torch.relu):
    return [self.fc2(inner(self.fc1(s))) for s in (x.mean((2, 3)), x.amax((2, 3)))]


def place_maps(x):
    return torch.stack([x.mean(1), x.amax(1)], 1)


def gates(make=None, channel=None, place=None, both=None, begin=None, end=None,
          check=True):  # fmt: skip
    """A wrong layer; each part may be replaced.

    make(self, C, R, k): changes what the right one has built; channel(self, x):
    the gate (N, C); place(self, x): the gate (N, 1, H, W); both(x, one, two):
    how x meets the functions that apply the gates; begin(x); end(y, x).
    """
    channel = channel or (lambda self, x: sum(channel_scores(self, x)).sigmoid())
    place = place or (lambda self, x: self.conv(place_maps(x)).sigmoid())
    both = both or (lambda x, one, two: two(one(x)))

    class CBAM(nn.Module):
        def __init__(self, channels, reduction=16, kernel_size=7):
            super().__init__()
            if check:
                check_gates(channels, reduction, kernel_size)
            channels, reduction = max(channels, 1), max(reduction, 1)
            inside, k = max(channels // reduction, 1), max(kernel_size, 1)
            self.fc1 = nn.Linear(channels, inside, bias=False)
            self.fc2 = nn.Linear(inside, channels, bias=False)
            self.conv = nn.Conv2d(2, 1, k, padding=k // 2)
            if make:
                make(self, channels, inside, k)

        def forward(self, x):
            given, x = x, begin(x) if begin else x
            y = both(x, lambda z: z * channel(self, z)[:, :, None, None],
                     lambda z: z * place(self, z))  # fmt: skip
            return end(y, given) if end else y

    return CBAM


def biased_gates(self, C, R, k):
    self.fc1, self.fc2 = nn.Linear(C, R), nn.Linear(R, C)


def unbiased_conv(self, C, R, k):
    self.conv = nn.Conv2d(2, 1, k, padding=k // 2, bias=False)


def replicating_conv(self, C, R, k):
    self.conv = nn.Conv2d(2, 1, k, padding=k // 2, padding_mode="replicate")


def sum_of_sigmoids(self, x):
    return sum(score.sigmoid() for score in channel_scores(self, x))


def gate_errors():
    bad = [(0, 1, 1), (1, 0, 1), (1, 1, 0), (3, 2, 1), (2, 1, 2)]
    names = ("channels", "reduction", "kernel_size")
    return [Call((dict(zip(names, b)), None, [], None), {}, "module") for b in bad]


def gates_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(gate_errors()))
    R, reduction = small(draw, 1, 2), small(draw, 1, 2)
    N, C, k = small(draw, 1, 2), R * reduction, 2 * small(draw, 0, 1) + 1
    H, W = small(draw, 1, 2), small(draw, 1, 3)
    dtype = dtypes(draw)
    weights = {
        "fc1.weight": array(draw, R, C, dtype=dtype) / 8,
        "fc2.weight": array(draw, C, R, dtype=dtype) / 8,
        "conv.weight": array(draw, 1, 2, k, k, dtype=dtype) / 8,
        "conv.bias": array(draw, 1, dtype=dtype),
    }
    x, dy = (array(draw, N, C, H, W, dtype=dtype) for _ in range(2))
    # Equal maxima share their gradient in one right answer, not in another.
    assume(len(np.unique(x)) == x.size)
    train = {"train": True} if draw(st.booleans()) else {}
    init = {"channels": C, "reduction": reduction, "kernel_size": k}
    return Call((init, weights, [x], dy), train, "module")


def gates_case(group, label, N, C, H, W, reduction, k, dtype="float64", defaults=False,
               **options):  # fmt: skip
    """A case with drawn weights, map and gradient."""
    R = C // reduction
    shapes = {"fc1.weight": (R, C), "fc2.weight": (C, R), "conv.weight": (1, 2, k, k),
              "conv.bias": (1,)}  # fmt: skip
    weights = {name: normal(*shape, dtype=dtype) for name, shape in shapes.items()}
    x, dy = normal(N, C, H, W, dtype=dtype), normal(N, C, H, W, dtype=dtype)
    sizes = {} if defaults else {"reduction": reduction, "kernel_size": k}
    init = {"channels": C, **sizes}
    return case(group, label, init, weights, [x], dy, caller="module", **options)


CBAM = Exercise(
    solutions.CBAM,
    minutes=30,
    difficulty="challenge",
    groups=[
        Group("forward and gradients", 3,
              "With given weights: output, gradients, names of the parameters."),
        Group("defaults, dtype and errors", 1,
              "The sizes that are not given; float32; sizes that do not fit."),
    ],
    cases=[
        gates_case("forward and gradients", "four channels, 3 x 3 kernel", 2, 4, 5, 3, 2, 3,
                   public=True),
        gates_case("forward and gradients", "six channels, in train mode", 2, 6, 4, 7, 3, 5,
                   train=True),
        gates_case("forward and gradients", "as many numbers inside as channels", 3, 3, 4,
                   5, 1, 3),
        gates_case("forward and gradients", "a 1 x 1 kernel", 2, 6, 5, 4, 2, 1),
        gates_case("forward and gradients", "a kernel larger than the map", 2, 4, 3, 2, 2,
                   7),
        gates_case("defaults, dtype and errors", "the default sizes", 1, 32, 4, 5, 16, 7,
                   defaults=True, public=True),
        gates_case("defaults, dtype and errors", "float32 stays float32", 2, 4, 6, 5, 2, 3,
                   dtype="float32"),
        case("defaults, dtype and errors", "reduction does not divide the channels",
             {"channels": 6, "reduction": 4}, None, [], None, caller="module",
             public=True),
        case("defaults, dtype and errors", "fewer channels than the default reduction",
             {"channels": 8}, None, [], None, caller="module"),
        case("defaults, dtype and errors", "an even kernel",
             {"channels": 4, "reduction": 2, "kernel_size": 4}, None, [], None,
             caller="module"),
        case("defaults, dtype and errors", "no kernel",
             {"channels": 4, "reduction": 2, "kernel_size": 0}, None, [], None,
             caller="module"),
        case("defaults, dtype and errors", "no channels",
             {"channels": 0, "reduction": 1}, None, [], None, caller="module"),
        case("defaults, dtype and errors", "reduction 0",
             {"channels": 4, "reduction": 0}, None, [], None, caller="module"),
    ],
    explain=calls(gates_calls),
    oracle=GatesByPooling,
    alternatives=[GatesByPooling, GatesStacked, GatesByUnfold],
    mistakes=[
        Mistake("the channels are judged by their mean alone", gates(
            channel=lambda self, x: channel_scores(self, x)[0].sigmoid())),
        Mistake("the channels are judged by their maximum alone", gates(
            channel=lambda self, x: channel_scores(self, x)[1].sigmoid())),
        Mistake("the sigmoids of both results are added, instead of the sigmoid of "
                "their sum taken", gates(channel=sum_of_sigmoids)),
        Mistake("mean and maximum are added before the first layer", gates(
            channel=lambda self, x: self.fc2(self.fc1(
                x.mean((2, 3)) + x.amax((2, 3))).relu()).sigmoid())),
        Mistake("there is no ReLU between fc1 and fc2", gates(
            channel=lambda self, x: sum(channel_scores(self, x, lambda z: z)).sigmoid())),
        Mistake("the gate of the channels has no sigmoid", gates(
            channel=lambda self, x: sum(channel_scores(self, x)))),
        Mistake("the gate of the places has no sigmoid", gates(
            place=lambda self, x: self.conv(place_maps(x)))),
        Mistake("the maximum is the first of the two maps, and the mean the second",
                gates(place=lambda self, x: self.conv(place_maps(x).flip(1)).sigmoid())),
        Mistake("the places come first, then the channels",
                gates(both=lambda x, one, two: one(two(x)))),
        Mistake("the places are judged by x as it came in", gates(
            both=lambda x, one, two: one(x) * two(x) / x)),
        Mistake("x is multiplied by the gate of the channels alone",
                gates(both=lambda x, one, two: one(x) + 0 * two(one(x)))),
        Mistake("x is added to the result", gates(end=lambda y, x: x + y)),
        Mistake("fc1 and fc2 have biases", gates(biased_gates)),
        Mistake("conv has no bias", gates(unbiased_conv)),
        Mistake("the maps are padded with their edge instead of zeros",
                gates(replicating_conv)),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                gates(begin=lambda x: x.detach())),
        Mistake("sizes that do not fit raise nothing", gates(check=False)),
    ],
    equivalents={
        "line 36: squeezed = (x.mean(dim=(2, 3)), x.amax(dim=(2, 3))) => squeezed = (x.amax(dim=(2, 3)), x.mean(dim=(2, 3)))":
            "both go through the same layers and are added",
        "line 36: squeezed = (x.mean(dim=(2, 3)), x.amax(dim=(2, 3))) => squeezed = (x.mean(dim=(3, 2)), x.amax(dim=(2, 3)))":
            "the maximum and the mean over two axes are the same in either order",
        "line 36: squeezed = (x.mean(dim=(2, 3)), x.amax(dim=(2, 3))) => squeezed = (x.mean(dim=(2, 3)), x.amax(dim=(3, 2)))":
            "the maximum and the mean over two axes are the same in either order",
    },
)  # fmt: skip

# ---- train_arrow_reader ----------------------------------------------------

ARROW = np.array([
    [0, 0, 0, 1, 1, 0, 0, 0],
    [0, 0, 1, 1, 1, 1, 0, 0],
    [0, 1, 0, 1, 1, 0, 1, 0],
    [0, 0, 0, 1, 1, 0, 0, 0],
    [0, 0, 0, 1, 1, 0, 0, 0],
    [0, 0, 0, 1, 1, 0, 0, 0],
    [0, 0, 0, 1, 1, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0],
], "float32")  # fmt: skip
AROUND = ((0, 8), (8, 0), (16, 8), (8, 16))  # corners of the tiles with digits
SEEN, NEW = 2000, 300  # images to train with, and to be asked about


def arrows(rng, digits, labels, count):
    """Images (count, 1, 24, 24) with an arrow, and the digits pointed to."""
    picked = rng.integers(len(digits), size=(count, 4))
    way = rng.integers(4, size=count)
    images = np.zeros((count, 1, 24, 24), "float32")
    for place, (i, j) in enumerate(AROUND):
        images[:, 0, i : i + 8, j : j + 8] = digits[picked[:, place]]
    turned = np.stack([np.rot90(ARROW, turns) for turns in range(4)])
    images[:, 0, 8:16, 8:16] = turned[way]
    return images, labels[picked[range(count), way]]


def digits_around(rng):
    """Arguments of train_arrow_reader with new images, and their labels.

    No digit of the new images is in those to train with.
    """
    pictures, labels = draws.digits()
    order = rng.permutation(len(pictures))
    known, unseen = order[:1400], order[1400:]
    x, y = arrows(rng, pictures[known], labels[known], SEEN)
    new, targets = arrows(rng, pictures[unseen], labels[unseen], NEW)
    return (x, y, 10, int(rng.integers(2**31)), [new]), targets


class Reader(nn.Module):
    """A small reader of our own, with torch's layers and learned positions."""

    def __init__(self, attends=True, places=True, read=4):
        super().__init__()
        self.embed = nn.Sequential(
            nn.Conv2d(1, 64, 8, 8), nn.ReLU(), nn.Conv2d(64, 32, 1)
        )
        self.where = nn.Parameter(torch.randn(9, 32), requires_grad=places)
        if not places:
            self.where.data.zero_()
        self.norm = nn.LayerNorm(32)
        self.mix = nn.MultiheadAttention(32, 2, batch_first=True)
        self.head = nn.Linear(32, 10)
        self.attends, self.read = attends, read

    def forward(self, x):
        t = self.embed(x).flatten(2).transpose(1, 2) + self.where
        if self.attends:
            z = self.norm(t)
            t = t + self.mix(z, z, z, need_weights=False)[0]
        return self.head(t[:, self.read].relu())


def fit(net, images, labels, epochs, step=True):
    """Train a network as the reference trains its own."""
    x, y = torch.as_tensor(images), torch.as_tensor(labels)
    adam = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(epochs):
        for some in torch.randperm(len(x)).split(50):
            loss = F.cross_entropy(net(x[some]), y[some])
            adam.zero_grad()
            loss.backward()
            if step:
                adam.step()
    return net


def check_arguments(images, labels, epochs):
    """The checks that the stub gives."""
    solutions.check_shape(images, "images", (len(images), 1, 24, 24), "images")
    solutions.check_shape(labels, "labels", (len(images),), "labels")
    solutions.check_least(1, epochs=epochs)


def reader_with_norm(images, labels, epochs, seed, report=None):
    check_arguments(images, labels, epochs)
    torch.manual_seed(seed)
    return fit(Reader(), images, labels, epochs)


def reader(train, **kind):
    """A broken reader: another kind of network, or train(net, x, y, epochs)."""

    def wrong(images, labels, epochs, seed, report=None):
        check_arguments(images, labels, epochs)
        torch.manual_seed(seed)
        return train(Reader(**kind), images, labels, epochs)

    return wrong


def fit_shuffled(net, images, labels, epochs):
    return fit(net, images, labels[torch.randperm(len(labels)).numpy()], 3)


train_arrow_reader = Exercise(
    solutions.train_arrow_reader,
    minutes=40,
    difficulty="challenge",
    groups=[
        Group("new digits", 4, "Which digit the arrow points to, in unseen images."),
    ],
    cases=[
        trained("new digits", "digits that it has not seen", digits_around, "accuracy",
                0.7, public=True),
        trained("new digits", "other digits, another seed", digits_around, "accuracy", 0.7),
        case("new digits", "images without the axis of channels", normal(5, 24, 24),
             Drawn(lambda rng: rng.integers(10, size=5)), 1, 0),
        case("new digits", "more labels than images", normal(5, 1, 24, 24),
             Drawn(lambda rng: rng.integers(10, size=6)), 1, 0),
        case("new digits", "no epochs", normal(5, 1, 24, 24),
             Drawn(lambda rng: rng.integers(10, size=5)), 0, 0),
    ],
    seconds=30.0,
    alternatives=[reader_with_norm],
    mistakes=[
        Mistake("the network is not trained", reader(lambda net, *data: net)),
        Mistake("the optimiser takes no steps", reader(
            lambda net, x, y, _: fit(net, x, y, 1, step=False))),
        Mistake("the labels are shuffled apart from the images", reader(fit_shuffled)),
        Mistake("the attention is left out, so that the arrow meets no digit",
                reader(fit, attends=False)),
        Mistake("the positions are left out, so that all digits around look alike to "
                "the arrow", reader(fit, places=False)),
        Mistake("the answer is read off a corner, which does not know the arrow",
                reader(fit, read=0)),
    ],
)  # fmt: skip
