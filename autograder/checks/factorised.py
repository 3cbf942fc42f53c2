"""How the exercises of the chapter `factorised` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import nn

from autograder.checks.draws import array, calls, dtypes, small
from autograder.model import (
    Drawn,
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
)
from convnets.answers import Call
from solutions import factorised as solutions

# ---- kernels with a known rank ---------------------------------------------


def apart(draw, rng):
    """A kernel whose largest singular value is clear of the second."""
    while True:
        k = draw(rng)
        s = np.linalg.svd(k, compute_uv=False)
        # Where the two are equal there is no single best pair.
        if len(s) == 1 or s[1] < 0.9 * s[0]:
            return k


def clear(drawn):
    """The same numbers, drawn again until one pair is the best."""
    return Drawn(lambda rng: apart(drawn.draw, rng))


def outer(kh, kw, rank, dtype="float64"):
    """Whole numbers in a kernel of a given rank at most."""

    def draw(rng):
        left = rng.integers(1, 5, (kh, rank)) * rng.choice([-1, 1], (kh, rank))
        right = rng.integers(1, 5, (rank, kw)) * rng.choice([-1, 1], (rank, kw))
        return (left @ right).astype(dtype)

    return Drawn(draw)


# A diagonal with one large entry: singular values that can be read off.
CORNER = np.array([[0.0, 0.0, 3.0, 0.0], [0.0, -4.0, 0.0, 0.0]])
CLIMBING = np.array(
    [[0.0, 0.0, 2.0], [0.0, -6.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
)


def kernels(draw, empty):
    """A small kernel, or now and then one that is refused."""
    if draw(st.sampled_from([False, False, False, False, True])):
        return draw(st.sampled_from([Call((np.ones(3),), {}, empty),
                                     Call((np.ones((1, 2, 2)),), {}, empty),
                                     Call((np.ones((0, 2)),), {}, empty)]))  # fmt: skip
    k = array(draw, small(draw, 1, 4), small(draw, 1, 4), dtype=dtypes(draw))
    s = np.linalg.svd(k, compute_uv=False)
    assume(not k.any() or len(s) == 1 or s[1] < 0.9 * s[0])
    return Call((k,), {}, empty)


# ---- rank1 -----------------------------------------------------------------


def torch_rank1(k):
    solutions.rank1(k)  # its errors
    u, s, vh = torch.linalg.svd(torch.tensor(k, dtype=torch.float64))
    col, row = u[:, :1] * s[0].sqrt(), vh[:1] * s[0].sqrt()
    kept = float(s[0] ** 2 / (s**2).sum()) if k.any() else 1.0
    return (
        col.numpy().astype(k.dtype),
        row.numpy().astype(k.dtype),
        (1 - min(kept, 1)) ** 0.5,
    )


def rank1_by_turns(k):
    """The power method: column from row, row from column, until nothing moves."""
    solutions.rank1(k)
    exact = k.astype(np.float64)
    row = exact[np.abs(exact).sum(axis=1).argmax()][None]
    if not k.any():
        return np.zeros((len(k), 1), k.dtype), row.astype(k.dtype), 0.0
    for _ in range(2000):
        col = exact @ row.T / (row @ row.T)
        row = col.T @ exact / (col.T @ col)
    error = np.linalg.norm(exact - col @ row) / np.linalg.norm(exact)
    return col.astype(k.dtype), row.astype(k.dtype), float(error)


def rank1_by_eigenvector(k):
    """The eigenvector of k kᵀ with the largest eigenvalue, and its answer."""
    solutions.rank1(k)
    exact = k.astype(np.float64)
    _, vectors = np.linalg.eigh(exact @ exact.T)
    col = vectors[:, -1:]
    row = col.T @ exact
    size = np.linalg.norm(exact)
    error = np.linalg.norm(exact - col @ row) / size if size else 0.0
    return col.astype(k.dtype), row.astype(k.dtype), float(error)


def rank1_negative(k):
    """Both factors with the other sign, sizes shared otherwise, in a list."""
    col, row, error = solutions.rank1(k)
    return [np.asfortranarray(-4 * col), -row / 4, np.float64(error)]


def rank1_unscaled(k):
    col, row, error = solutions.rank1(k)
    return col / (np.linalg.norm(col) or 1), row, error


def rank1_scaled_twice(k):
    col, row, error = solutions.rank1(k)
    return col, row * np.linalg.norm(col), error


def rank1_second(k):
    solutions.rank1(k)
    u, s, vh = np.linalg.svd(k)
    i = min(1, len(s) - 1)
    return s[i] * u[:, i : i + 1], vh[i : i + 1], solutions.rank1(k)[2]


def rank1_smallest(k):
    solutions.rank1(k)
    u, s, vh = np.linalg.svd(k)
    i = len(s) - 1
    return s[i] * u[:, i : i + 1], vh[i : i + 1], solutions.rank1(k)[2]


def rank1_v_not_transposed(k):
    """Takes the first column of Vᵀ for the first row."""
    _, _, error = solutions.rank1(k)
    u, s, vh = np.linalg.svd(k)
    return s[0] * u[:, :1], vh[:, :1].T, error


def rank1_u_transposed(k):
    _, _, error = solutions.rank1(k)
    u, s, vh = np.linalg.svd(k)
    return s[0] * u[:1].T, vh[:1], error


def rank1_middle(k):
    """The kernel's own middle column and row, scaled to its middle entry."""
    error = solutions.rank1(k)[2]
    i, j = len(k) // 2, k.shape[1] // 2
    col, row = k[:, j : j + 1], k[i : i + 1]
    return col, row / (k[i, j] or 1), error


def rank1_sums(k):
    """Marginal sums: right for the product of two densities."""
    error = solutions.rank1(k)[2]
    col, row = k.sum(axis=1, keepdims=True), k.sum(axis=0, keepdims=True)
    return col, (row / (k.sum() or 1)).astype(k.dtype), error


def rank1_flat(k):
    col, row, error = solutions.rank1(k)
    return col[:, 0], row[0], error


def rank1_swapped(k):
    col, row, error = solutions.rank1(k)
    return row.T, col.T, error


def rank1_absolute(k):
    col, row, _ = solutions.rank1(k)
    return col, row, float(np.linalg.norm(k - col @ row))


def rank1_squared(k):
    col, row, error = solutions.rank1(k)
    return col, row, error**2


def rank1_kept(k):
    col, row, error = solutions.rank1(k)
    return col, row, 1 - error


def rank1_energy(k):
    col, row, error = solutions.rank1(k)
    return col, row, 1 - error**2


def rank1_ratio(k):
    """The second singular value over the first."""
    col, row, _ = solutions.rank1(k)
    s = np.append(np.linalg.svd(k, compute_uv=False), 0)
    return col, row, float(s[1] / s[0]) if s[0] else 0.0


def rank1_sum_of_values(k):
    """Singular values added up without squares."""
    col, row, _ = solutions.rank1(k)
    s = np.linalg.svd(k, compute_uv=False)
    return col, row, float(s[1:].sum() / s.sum()) if s[0] else 0.0


def rank1_zero_is_nan(k):
    col, row, error = solutions.rank1(k)
    return col, row, error if k.any() else float("nan")


def rank1_float64(k):
    col, row, error = solutions.rank1(k)
    return col.astype(np.float64), row.astype(np.float64), error


def rank1_float32(k):
    solutions.rank1(k)
    col, row, error = solutions.rank1(k.astype(np.float32))
    return col.astype(k.dtype), row.astype(k.dtype), error


def rank1_changes_k(k):
    parts = solutions.rank1(k)
    k /= np.linalg.norm(k) or 1
    return parts


def rank1_checks_nothing(k):
    try:
        return solutions.rank1(k)
    except ValueError:
        return np.zeros((1, 1), k.dtype), np.zeros((1, 1), k.dtype), 0.0


def rank1_case(group, label, k, **options):
    return case(group, label, k, caller="merged rank1", **options)


rank1 = Exercise(
    solutions.rank1,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("kernels of rank 1", 1, "Nothing is lost, and the error is 0."),
        Group("other kernels", 2,
              "The best product, and how much it misses. Any factors with the right "
              "product count."),
        Group("zeros, dtype and errors", 1,
              "A kernel of zeros; float32; arguments that fail."),
    ],
    cases=[
        rank1_case("kernels of rank 1", "2 x 3, by hand",
                   np.array([[1.0, 2.0, -1.0], [3.0, 6.0, -3.0]]), public=True),
        rank1_case("kernels of rank 1", "whole numbers", outer(5, 3, 1)),
        rank1_case("kernels of rank 1", "one column", normal(5, 1)),
        rank1_case("kernels of rank 1", "one row", normal(1, 4)),
        rank1_case("kernels of rank 1", "a single number below 0", np.array([[-3.0]])),
        rank1_case("other kernels", "two entries, by hand", CORNER, public=True),
        rank1_case("other kernels", "three entries in an upright kernel", CLIMBING),
        rank1_case("other kernels", "higher than wide", clear(normal(7, 3)), public=True),
        rank1_case("other kernels", "wider than high", clear(normal(3, 8))),
        rank1_case("other kernels", "as high as wide", clear(normal(5, 5))),
        rank1_case("other kernels", "rank 2", clear(outer(6, 5, 2))),
        rank1_case("other kernels", "small numbers",
                   clear(Drawn(lambda rng: 1e-6 * rng.standard_normal((4, 5))))),
        rank1_case("other kernels", "a kernel whose memory is not contiguous",
                   clear(strided(normal(4, 6)))),
        rank1_case("zeros, dtype and errors", "zeros, higher than wide",
                   np.zeros((3, 2)), public=True,
                   exempt="the docstring settles what a kernel of zeros gives"),
        rank1_case("zeros, dtype and errors", "the dtype of float32 kernels",
                   clear(normal(4, 6, dtype="float32")),
                   public=True),
        rank1_case("zeros, dtype and errors", "float32 stays float32",
                   clear(normal(4, 6, dtype="float32"))),
        rank1_case("zeros, dtype and errors", "zeros of float32",
                   np.zeros((2, 5), "float32"),
                   exempt="the docstring settles what a kernel of zeros gives"),
        rank1_case("zeros, dtype and errors", "k with one axis", normal(5)),
        rank1_case("zeros, dtype and errors", "k with four axes", normal(2, 1, 3, 4)),
        rank1_case("zeros, dtype and errors", "k without rows", np.zeros((0, 3))),
        rank1_case("zeros, dtype and errors", "k without columns", np.zeros((4, 0))),
    ],
    explain=calls(lambda draw: kernels(draw, "merged rank1")),
    oracle=torch_rank1,
    alternatives=[torch_rank1, rank1_by_turns, rank1_by_eigenvector, rank1_negative],
    mistakes=[
        Mistake("the largest singular value is left out", rank1_unscaled),
        Mistake("both factors are multiplied by the largest singular value",
                rank1_scaled_twice),
        Mistake("the second pair is taken instead of the first", rank1_second),
        Mistake("the pair with the smallest singular value is taken", rank1_smallest),
        Mistake("the first column of Vᵀ is taken (NumPy returns Vᵀ, and its rows "
                "are what is needed)", rank1_v_not_transposed),
        Mistake("the first row of U is taken instead of the first column",
                rank1_u_transposed),
        Mistake("the kernel's own middle column and row are multiplied", rank1_middle),
        Mistake("the sums of the rows and of the columns are multiplied", rank1_sums),
        Mistake("col and row have one axis each", rank1_flat),
        Mistake("col and row are exchanged", rank1_swapped),
        Mistake("the error is not divided by the size of k", rank1_absolute),
        Mistake("the root is left out of the error", rank1_squared),
        Mistake("one minus the error is returned", rank1_kept),
        Mistake("the share that is kept is returned in place of the error",
                rank1_energy),
        Mistake("the error is the second singular value over the first",
                rank1_ratio),
        Mistake("singular values are added up without squaring them",
                rank1_sum_of_values),
        Mistake("a kernel of zeros gives nan (0 divided by 0)", rank1_zero_is_nan),
        Mistake("the result is float64 whatever came in", rank1_float64),
        Mistake("everything is computed in float32", rank1_float32),
        Mistake("k is changed in place", rank1_changes_k),
        Mistake("bad arguments raise nothing", rank1_checks_nothing),
    ],
)  # fmt: skip

# ---- rank_energy -----------------------------------------------------------


def energy_of_gram(k):
    """Eigenvalues of k kᵀ: the squares of the singular values."""
    n = solutions.rank_energy(k).shape[0]
    exact = k.astype(np.float64)
    squares = np.linalg.eigvalsh(exact @ exact.T)[::-1][:n].clip(0)
    total = squares.sum()
    energy = np.cumsum(squares) / total if total else np.ones(n)
    return energy.astype(k.dtype)


def energy_by_torch(k):
    solutions.rank_energy(k)
    s = torch.linalg.svdvals(torch.tensor(k, dtype=torch.float64))
    if not k.any():
        return np.ones(len(s), k.dtype)
    return (torch.cumsum(s**2, 0) / torch.sum(s**2)).numpy().astype(k.dtype)


def energy_by_peeling(k):
    """Take the best pair off, and look at what is left, again and again."""
    n = len(solutions.rank_energy(k))
    rest, total = k.astype(np.float64), np.sum(k.astype(np.float64) ** 2)
    energy = np.ones(n)
    for r in range(n if total else 0):
        u, s, vh = np.linalg.svd(rest)
        rest = rest - s[0] * u[:, :1] @ vh[:1]
        energy[r] = 1 - np.sum(rest**2) / total
    return energy.astype(k.dtype)


def energy_by_loop(k):
    solutions.rank_energy(k)
    s = np.linalg.svd(k, full_matrices=False)[1]
    total = sum(float(value) ** 2 for value in s)
    held, shares = 0.0, []
    for value in s:
        held += float(value) ** 2
        shares.append(held / total if total else 1.0)
    return np.array(shares, dtype=k.dtype)


def energy(compute):
    """A wrong answer from the singular values s and the shape (kh, kw)."""

    def wrong(k):
        solutions.rank_energy(k)
        s = np.linalg.svd(k, compute_uv=False)
        return np.asarray(compute(s, k.shape)).astype(k.dtype) if k.any() else (
            np.ones(len(s), k.dtype))  # fmt: skip

    return wrong


def energy_zero_is_nan(k):
    result = solutions.rank_energy(k)
    return result if k.any() else result * np.nan


def energy_zero_is_zero(k):
    result = solutions.rank_energy(k)
    return result if k.any() else 0 * result


def energy_float64(k):
    return solutions.rank_energy(k).astype(np.float64)


def energy_float32(k):
    solutions.rank_energy(k)
    return solutions.rank_energy(k.astype(np.float32)).astype(k.dtype)


def energy_changes_k(k):
    result = solutions.rank_energy(k)
    k /= np.linalg.norm(k) or 1
    return result


def energy_checks_nothing(k):
    try:
        return solutions.rank_energy(k)
    except ValueError:
        return np.ones(1, k.dtype)


rank_energy = Exercise(
    solutions.rank_energy,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("shares", 1, "One share for each number of pairs, rising to 1."),
        Group("zeros, dtype and errors", 1,
              "A kernel of zeros; float32; arguments that fail."),
    ],
    cases=[
        case("shares", "two entries, by hand", CORNER, public=True),
        case("shares", "three entries in an upright kernel", CLIMBING, public=True),
        case("shares", "higher than wide", normal(7, 3)),
        case("shares", "wider than high", normal(3, 8)),
        case("shares", "as high as wide", normal(6, 6)),
        case("shares", "rank 2", outer(6, 5, 2)),
        case("shares", "rank 1", outer(4, 3, 1)),
        case("shares", "one row", normal(1, 4)),
        case("shares", "a single number below 0", np.array([[-3.0]])),
        case("shares", "small numbers",
             Drawn(lambda rng: 1e-6 * rng.standard_normal((4, 5)))),
        case("shares", "a kernel whose memory is not contiguous",
             strided(normal(4, 6))),
        case("zeros, dtype and errors", "zeros, higher than wide", np.zeros((3, 2)),
             public=True,
             exempt="the docstring settles what a kernel of zeros gives"),
        case("zeros, dtype and errors", "float32 stays float32",
             normal(4, 6, dtype="float32")),
        case("zeros, dtype and errors", "zeros of float32", np.zeros((2, 5), "float32"),
             exempt="the docstring settles what a kernel of zeros gives"),
        case("zeros, dtype and errors", "k with one axis", normal(5)),
        case("zeros, dtype and errors", "k with four axes", normal(2, 1, 3, 4)),
        case("zeros, dtype and errors", "k without rows", np.zeros((0, 3))),
        case("zeros, dtype and errors", "k without columns", np.zeros((4, 0))),
    ],
    explain=calls(lambda draw: kernels(draw, "function")),
    oracle=energy_by_torch,
    alternatives=[energy_of_gram, energy_by_torch, energy_by_peeling, energy_by_loop],
    mistakes=[
        Mistake("the singular values are not squared",
                energy(lambda s, _: np.cumsum(s) / s.sum())),
        Mistake("the sums are not divided by their total",
                energy(lambda s, _: np.cumsum(s**2))),
        Mistake("each share stands alone, without those before it",
                energy(lambda s, _: s**2 / np.sum(s**2))),
        Mistake("the smallest singular value comes first",
                energy(lambda s, _: np.cumsum(s[::-1] ** 2) / np.sum(s**2))),
        Mistake("the singular values themselves are returned",
                energy(lambda s, _: s)),
        Mistake("what is lost is returned in place of what is kept",
                energy(lambda s, _: 1 - np.cumsum(s**2) / np.sum(s**2))),
        Mistake("the root of the shares is returned",
                energy(lambda s, _: np.sqrt(np.cumsum(s**2) / np.sum(s**2)))),
        Mistake("the list begins with the share of no pair at all",
                energy(lambda s, _: np.append(0, np.cumsum(s**2)) / np.sum(s**2))),
        Mistake("there are max(kh, kw) shares instead of min(kh, kw)",
                energy(lambda s, size: np.append(
                    np.cumsum(s**2) / np.sum(s**2), np.ones(max(size) - min(size))))),
        Mistake("the sums are divided by the largest share instead of by the total",
                energy(lambda s, _: np.cumsum(s**2) / s[0] ** 2)),
        Mistake("a kernel of zeros gives nan (0 divided by 0)", energy_zero_is_nan),
        Mistake("a kernel of zeros gives 0 instead of 1", energy_zero_is_zero),
        Mistake("the result is float64 whatever came in", energy_float64),
        Mistake("everything is computed in float32", energy_float32),
        Mistake("k is changed in place", energy_changes_k),
        Mistake("bad arguments raise nothing", energy_checks_nothing),
    ],
)  # fmt: skip

# ---- factorised_conv2d -----------------------------------------------------


def to64(array_):
    return torch.tensor(array_, dtype=torch.float64)


def torch_two_passes(x, w_col, w_row):
    solutions.factorised_conv2d(x, w_col, w_row)  # its errors
    half = w_col.shape[2] // 2
    mid = F.conv2d(to64(x), to64(w_col), padding=(half, 0))
    y = F.conv2d(mid, to64(w_row), padding=(0, half))
    return y.numpy().astype(x.dtype)


def factorised_as_dense(x, w_col, w_row):
    """One convolution with n x n kernels: the sum of the outer products."""
    solutions.factorised_conv2d(x, w_col, w_row)
    dense = np.einsum("mci,omj->ocij", w_col[..., 0], w_row[:, :, 0])
    y = F.conv2d(to64(x), to64(dense), padding=w_col.shape[2] // 2)
    return y.numpy().astype(x.dtype)


def factorised_by_taps(x, w_col, w_row):
    """Shifted images, added up; all in the order of the taps."""
    solutions.factorised_conv2d(x, w_col, w_row)
    (H, W), n = x.shape[2:], w_col.shape[2]
    half = n // 2
    high = np.pad(x, ((0, 0), (0, 0), (half, half), (0, 0)))
    mid = sum(
        np.tensordot(w_col[:, :, i, 0], high[:, :, i : i + H], (1, 1)) for i in range(n)
    ).swapaxes(0, 1)
    wide = np.pad(mid, ((0, 0), (0, 0), (0, 0), (half, half)))
    y = sum(
        np.tensordot(w_row[:, :, 0, j], wide[..., j : j + W], (1, 1)) for j in range(n)
    )
    return y.swapaxes(0, 1).astype(x.dtype)


def factorised_rows_first(x, w_col, w_row):
    """Rows on every channel first: the two directions do not disturb each other."""
    solutions.factorised_conv2d(x, w_col, w_row)
    (N, C, H, W), (M, n) = x.shape, w_col.shape[::2]
    flat = to64(x).reshape(N * C, 1, H, W)
    rows = to64(w_row).reshape(-1, 1, 1, n)  # (O*M, 1, 1, n)
    each = F.conv2d(flat, rows, padding=(0, n // 2)).reshape(N, C, -1, M, H, W)
    high = F.pad(each, (0, 0, n // 2, n // 2)).unfold(4, n, 1)
    y = torch.einsum("ncomhwi,mci->nohw", high, to64(w_col)[..., 0])
    return y.numpy().astype(x.dtype)


def factorised_loops(x, w_col, w_row):
    y = np.zeros_like(solutions.factorised_conv2d(x, w_col, w_row), np.float64)
    (N, _, H, W), (M, _, n, _) = x.shape, w_col.shape
    half = n // 2
    mid = np.zeros((N, M, H, W))
    for row in range(H):
        for i in range(n):
            if 0 <= row + i - half < H:
                seen = x[:, :, row + i - half]
                mid[:, :, row] += np.einsum("ncw,mc->nmw", seen, w_col[:, :, i, 0])
    for column in range(W):
        for j in range(n):
            if 0 <= column + j - half < W:
                seen = mid[:, :, :, column + j - half]
                y[..., column] += np.einsum("nmh,om->noh", seen, w_row[:, :, 0, j])
    return y.astype(x.dtype)


def fact_columns_only(x, w_col, w_row):
    y = solutions.factorised_conv2d(x, w_col, w_row)
    taps = np.zeros_like(w_row)
    taps[..., taps.shape[3] // 2] = w_row.sum(axis=3)
    return solutions.factorised_conv2d(x, w_col, taps).astype(y.dtype)


def fact_added(x, w_col, w_row):
    """Columns and rows side by side on x, as far as the channels let them."""
    y = solutions.factorised_conv2d(x, w_col, w_row)
    M, C, n, _ = w_col.shape
    shared = min(C, M)
    middle = np.zeros((M, C, n, 1), w_col.dtype)
    middle[range(shared), range(shared), n // 2] = 1
    tap = np.zeros_like(w_row)
    tap[..., n // 2] = w_row[..., n // 2]
    return (solutions.factorised_conv2d(x, middle, w_row)
            + solutions.factorised_conv2d(x, w_col, tap)).astype(y.dtype)  # fmt: skip


def fact_valid(x, w_col, w_row):
    y = solutions.factorised_conv2d(x, w_col, w_row)
    half = w_col.shape[2] // 2
    H, W = x.shape[2:]
    return y[:, :, half : max(H - half, half), half : max(W - half, half)]


def fact_pad(mode):
    """Another padding than zeros."""

    def wrong(x, w_col, w_row):
        solutions.factorised_conv2d(x, w_col, w_row)
        half = w_col.shape[2] // 2
        padded = np.pad(x, ((0, 0), (0, 0), (half, half), (half, half)), mode=mode)
        y = solutions.factorised_conv2d(padded, w_col, w_row)
        H, W = x.shape[2:]
        return y[:, :, half : half + H, half : half + W]

    return wrong


def fact_pads_everywhere(x, w_col, w_row):
    """Pads both directions in both passes, so that the image grows."""
    solutions.factorised_conv2d(x, w_col, w_row)
    half = w_col.shape[2] // 2
    mid = F.conv2d(to64(x), to64(w_col), padding=half)
    return F.conv2d(mid, to64(w_row), padding=half).numpy().astype(x.dtype)


def fact_pads_one_side(x, w_col, w_row):
    """All zeros before the first row and column, none behind the last."""
    solutions.factorised_conv2d(x, w_col, w_row)
    all_of = 2 * (w_col.shape[2] // 2)
    mid = F.conv2d(F.pad(to64(x), (0, 0, all_of, 0)), to64(w_col))
    y = F.conv2d(F.pad(mid, (all_of, 0)), to64(w_row))
    return y.numpy().astype(x.dtype)


def fact_flips(x, w_col, w_row):
    solutions.factorised_conv2d(x, w_col, w_row)
    return solutions.factorised_conv2d(x, w_col[:, :, ::-1], w_row[..., ::-1])


def fact_flips_rows(x, w_col, w_row):
    solutions.factorised_conv2d(x, w_col, w_row)
    return solutions.factorised_conv2d(x, w_col, w_row[..., ::-1])


def fact_swaps_directions(x, w_col, w_row):
    """The columns lie down and the rows stand up."""
    solutions.factorised_conv2d(x, w_col, w_row)
    turned = solutions.factorised_conv2d(x.swapaxes(2, 3), w_col, w_row)
    return turned.swapaxes(2, 3)


def fact_relu(x, w_col, w_row):
    """A ReLU between the passes."""
    y = solutions.factorised_conv2d(x, w_col, w_row)
    half = w_col.shape[2] // 2
    mid = F.conv2d(to64(x), to64(w_col), padding=(half, 0)).relu()
    return F.conv2d(mid, to64(w_row), padding=(0, half)).numpy().astype(y.dtype)


def fact_depthwise(x, w_col, w_row):
    """The channels in the middle are added up before the rows."""
    solutions.factorised_conv2d(x, w_col, w_row)
    half = w_col.shape[2] // 2
    mid = F.conv2d(to64(x), to64(w_col), padding=(half, 0)).sum(1, keepdim=True)
    rows = to64(w_row).sum(1, keepdim=True)
    return F.conv2d(mid, rows, padding=(0, half)).numpy().astype(x.dtype)


def fact_first_middle(x, w_col, w_row):
    solutions.factorised_conv2d(x, w_col, w_row)
    return solutions.factorised_conv2d(x, w_col[:1], w_row[:, :1])


def fact_casts_between(x, w_col, w_row):
    """Works in float32 all the way."""
    solutions.factorised_conv2d(x, w_col, w_row)
    parts = (a.astype(np.float32) for a in (x, w_col, w_row))
    return solutions.factorised_conv2d(*parts).astype(x.dtype)


def fact_float64(x, w_col, w_row):
    return solutions.factorised_conv2d(x, w_col, w_row).astype(np.float64)


def fact_changes_x(x, w_col, w_row):
    y = solutions.factorised_conv2d(x, w_col, w_row)
    x -= x.mean().astype(x.dtype)
    return y


def fact_checks_nothing(x, w_col, w_row):
    try:
        return solutions.factorised_conv2d(x, w_col, w_row)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def factorised_valid(draw):
    """The arrays of a small valid call."""
    N, C, M, O = (small(draw, 1, 2) for _ in range(4))
    n, H, W = draw(st.sampled_from([1, 3, 5])), small(draw, 1, 4), small(draw, 1, 4)
    dtype = dtypes(draw)
    shapes = (N, C, H, W), (M, C, n, 1), (O, M, 1, n)
    return tuple(array(draw, *shape, dtype=dtype) for shape in shapes)


def factorised_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x, w_col, w_row = (
            np.ones((1, 2, 3, 3)),
            np.ones((2, 2, 3, 1)),
            np.ones((1, 2, 1, 3)),
        )
        wrong = [Call((x[0], w_col, w_row)), Call((x, w_col[0], w_row)),
                 Call((x, w_col, w_row[0])), Call((x, w_col[:, :1], w_row)),
                 Call((x, w_col, w_row[:, :1])), Call((x, w_col, w_row[..., :1])),
                 Call((x, w_col[:, :, :2], w_row[..., :2])),
                 Call((x, np.ones((2, 2, 3, 3)), w_row)),
                 Call((x, w_col, np.ones((1, 2, 3, 3))))]  # fmt: skip
        return draw(st.sampled_from(wrong))
    return Call(factorised_valid(draw))


def layers(N, C, M, O, n, H, W, dtype="float64", numbers=normal):
    """The three arguments for these sizes."""
    shapes = (N, C, H, W), (M, C, n, 1), (O, M, 1, n)
    return tuple(numbers(*shape, dtype=dtype) for shape in shapes)


factorised_conv2d = Exercise(
    solutions.factorised_conv2d,
    minutes=25,
    difficulty="standard",
    groups=[
        Group("one column, one row", 1,
              "A single channel in, between and out: direction, taps and edges."),
        Group("channels", 2, "Several channels everywhere, and batches."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("one column, one row", "3 taps on 2 x 3, by hand",
             *layers(1, 1, 1, 1, 3, 2, 3, numbers=integers), public=True),
        case("one column, one row", "3 taps", *layers(1, 1, 1, 1, 3, 6, 5)),
        case("one column, one row", "5 taps", *layers(1, 1, 1, 1, 5, 7, 9)),
        case("one column, one row", "7 taps on an image that is lower than that",
             *layers(2, 1, 1, 1, 7, 4, 9)),
        case("one column, one row", "1 tap", *layers(2, 1, 1, 1, 1, 3, 4)),
        case("channels", "2 channels, 3 between, 1 out",
             *layers(1, 2, 3, 1, 3, 3, 4, numbers=integers), public=True),
        case("channels", "more channels between than in and out",
             *layers(2, 2, 7, 3, 3, 5, 8)),
        case("channels", "fewer channels between than in and out",
             *layers(3, 5, 2, 4, 5, 8, 6)),
        case("channels", "one channel between", *layers(2, 3, 1, 4, 3, 6, 7)),
        case("channels", "7 taps", *layers(2, 4, 3, 5, 7, 9, 11)),
        case("channels", "columns as high as the image", *layers(2, 3, 2, 4, 5, 5, 8)),
        case("channels", "a single pixel", *layers(2, 3, 4, 5, 3, 1, 1)),
        case("channels", "whole numbers", *layers(2, 3, 2, 4, 3, 5, 6, numbers=integers)),
        case("channels", "arrays whose memory is not contiguous",
             *map(strided, layers(2, 3, 2, 4, 5, 6, 7))),
        case("dtype and errors", "float32 stays float32",
             *layers(2, 3, 2, 4, 5, 6, 7, dtype="float32")),
        case("dtype and errors", "the dtype of a float32 image",
             normal(2, 3, 6, 7, dtype="float32"), normal(2, 3, 5, 1), normal(4, 2, 1, 5),
             public=True),
        case("dtype and errors", "float32 images with float64 weights",
             normal(2, 3, 6, 7, dtype="float32"), normal(2, 3, 5, 1), normal(4, 2, 1, 5)),
        case("dtype and errors", "whole numbers of type int",
             *layers(1, 3, 2, 4, 3, 6, 5, dtype="int64", numbers=integers), any_dtype=True),
        case("dtype and errors", "columns for another number of channels",
             normal(1, 3, 6, 5), normal(4, 2, 3, 1), normal(2, 4, 1, 3), public=True),
        case("dtype and errors", "columns for one channel",
             normal(1, 3, 6, 5), normal(4, 1, 3, 1), normal(2, 4, 1, 3)),
        case("dtype and errors", "rows for another number of channels",
             normal(1, 3, 6, 5), normal(4, 3, 3, 1), normal(2, 3, 1, 3)),
        case("dtype and errors", "rows for one channel",
             normal(1, 3, 6, 5), normal(4, 3, 3, 1), normal(2, 1, 1, 3)),
        case("dtype and errors", "columns that are two pixels wide",
             normal(1, 3, 6, 5), normal(4, 3, 3, 2), normal(2, 4, 1, 3)),
        case("dtype and errors", "rows that are three pixels high",
             normal(1, 3, 6, 5), normal(4, 3, 3, 1), normal(2, 4, 3, 3)),
        case("dtype and errors", "columns longer than rows",
             normal(1, 3, 6, 5), normal(4, 3, 5, 1), normal(2, 4, 1, 3)),
        case("dtype and errors", "4 taps", normal(1, 3, 6, 5), normal(4, 3, 4, 1),
             normal(2, 4, 1, 4)),
        case("dtype and errors", "x without a batch axis", normal(3, 6, 5),
             normal(4, 3, 3, 1), normal(2, 4, 1, 3)),
        case("dtype and errors", "w_col with three axes", normal(1, 3, 6, 5),
             normal(4, 3, 3), normal(2, 4, 1, 3)),
        case("dtype and errors", "w_row with three axes", normal(1, 3, 6, 5),
             normal(4, 3, 3, 1), normal(2, 4, 3)),
    ],
    explain=calls(factorised_calls),
    oracle=torch_two_passes,
    alternatives=[torch_two_passes, factorised_as_dense, factorised_by_taps,
                  factorised_rows_first, factorised_loops],
    mistakes=[
        Mistake("only the columns are applied, and the rows are added up to single "
                "numbers", fact_columns_only),
        Mistake("columns and rows are applied to x side by side and added",
                fact_added),
        Mistake("nothing is padded, so that the image shrinks", fact_valid),
        Mistake("the edge pixels are repeated instead of zeros", fact_pad("edge")),
        Mistake("the image is continued around its edges", fact_pad("wrap")),
        Mistake("both directions are padded in both passes, so that the image grows",
                fact_pads_everywhere),
        Mistake("all zeros are put before the first row and column, and none behind "
                "the last", fact_pads_one_side),
        Mistake("the kernels are flipped", fact_flips),
        Mistake("the rows are flipped", fact_flips_rows),
        Mistake("the columns run along the rows of the image, and the rows along its "
                "columns", fact_swaps_directions),
        Mistake("a ReLU stands between the two passes", fact_relu),
        Mistake("the channels in between are added up before the second pass",
                fact_depthwise),
        Mistake("only the first channel in between is used", fact_first_middle),
        Mistake("the sums are computed in float32", fact_casts_between),
        Mistake("the result is float64 whatever came in", fact_float64),
        Mistake("the image is changed in place", fact_changes_x),
        Mistake("bad arguments raise nothing", fact_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- factorise_saving ------------------------------------------------------


def count(*shape):
    """The weights of a PyTorch layer (c_in, c_out, kernel)."""
    c_in, c_out, kernel = shape
    return nn.Conv2d(c_in, c_out, kernel, bias=False, device="meta").weight.numel()


def saving_by_layers(n, c_in, c_mid, c_out):
    solutions.factorise_saving(n, c_in, c_mid, c_out)  # its errors
    thin = count(c_in, c_mid, (n, 1)) + count(c_mid, c_out, (1, n))
    return count(c_in, c_out, n) / thin


def saving_by_formula(n, c_in, c_mid, c_out):
    solutions.factorise_saving(n, c_in, c_mid, c_out)
    return n * c_in * c_out / (c_mid * (c_in + c_out))


def saving_by_break_even(n, c_in, c_mid, c_out):
    solutions.factorise_saving(n, c_in, c_mid, c_out)
    return np.float64(solutions.break_even_mid(n, c_in, c_out)) / c_mid


def saving(compute):
    """A wrong answer from n, c_in, c_mid and c_out."""

    def wrong(n, c_in, c_mid, c_out):
        solutions.factorise_saving(n, c_in, c_mid, c_out)
        return compute(n, c_in, c_mid, c_out)

    return wrong


def saving_checks_nothing(n, c_in, c_mid, c_out):
    try:
        return solutions.factorise_saving(n, c_in, c_mid, c_out)
    except ValueError:
        return 0.0


def saving_calls(draw):
    given = [small(draw, 1, 4) for _ in range(4)]
    if draw(st.sampled_from([False, False, False, True])):
        given[small(draw, 0, 3)] = 0
    return Call(tuple(given))


factorise_saving = Exercise(
    solutions.factorise_saving,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("quotients", 1, "Weights of the square layer over those of the thin two."),
        Group("thin layers that are larger, and errors", 1,
              "Quotients below 1, which are as good; arguments below 1."),
    ],
    cases=[
        case("quotients", "3 x 3, 8 channels in, 6 between, 4 out", 3, 8, 6, 4,
             public=True),
        case("quotients", "7 x 7, 64 channels throughout", 7, 64, 64, 64),
        case("quotients", "9 x 9, 3 channels in", 9, 3, 2, 96),
        case("quotients", "5 x 5, many channels in", 5, 768, 40, 32),
        case("thin layers that are larger, and errors", "3 x 3, many channels between",
             3, 4, 50, 6, public=True),
        case("thin layers that are larger, and errors", "1 x 1", 1, 6, 5, 8),
        case("thin layers that are larger, and errors", "n below 1", 0, 8, 6, 4,
             public=True),
        case("thin layers that are larger, and errors", "c_in below 1", 3, 0, 6, 4),
        case("thin layers that are larger, and errors", "c_mid below 1", 3, 8, 0, 4),
        case("thin layers that are larger, and errors", "c_out below 1", 3, 8, 6, -1),
    ],
    explain=calls(saving_calls),
    oracle=saving_by_layers,
    alternatives=[saving_by_layers, saving_by_formula, saving_by_break_even],
    mistakes=[
        Mistake("the quotient is upside down (thin over square)",
                saving(lambda n, i, m, o: n * m * (i + o) / (n * n * i * o))),
        Mistake("the square kernel is counted as n instead of n * n",
                saving(lambda n, i, m, o: n * i * o / (n * m * (i + o)))),
        Mistake("the thin kernels are counted as n * n instead of n",
                saving(lambda n, i, m, o: i * o / (m * (i + o)))),
        Mistake("only the (n, 1) layer is counted",
                saving(lambda n, i, m, o: n * i * o / (i * m))),
        Mistake("only the (1, n) layer is counted",
                saving(lambda n, i, m, o: n * i * o / (m * o))),
        Mistake("channels are left out (n * n over 2 * n)",
                saving(lambda n, i, m, o: n * n / (2 * n))),
        Mistake("the channels in between are taken to be those of the output",
                saving(lambda n, i, m, o: n * i * o / (o * (i + o)))),
        Mistake("the channels in between are taken to be those of the input",
                saving(lambda n, i, m, o: n * i * o / (i * (i + o)))),
        Mistake("the division is rounded down (// instead of /)",
                saving(lambda n, i, m, o: float(n * i * o // (m * (i + o))))),
        Mistake("the share that is saved is returned (1 minus thin over square)",
                saving(lambda n, i, m, o: 1 - m * (i + o) / (n * i * o))),
        Mistake("the two thin layers are multiplied instead of added",
                saving(lambda n, i, m, o: n * n * i * o / (n * i * m * n * m * o))),
        Mistake("bad arguments raise nothing", saving_checks_nothing),
    ],
)  # fmt: skip

# ---- break_even_mid --------------------------------------------------------


def even_by_saving(n, c_in, c_out):
    """What is saved with one channel between is how many there may be."""
    solutions.break_even_mid(n, c_in, c_out)
    return saving_by_layers(n, c_in, 1, c_out)


def even_by_harmonic_mean(n, c_in, c_out):
    solutions.break_even_mid(n, c_in, c_out)
    return n / (1 / c_in + 1 / c_out)


def even_by_bisection(n, c_in, c_out):
    """Look for the number of channels at which the two counts are equal."""
    solutions.break_even_mid(n, c_in, c_out)
    low, high = 0.0, float(n * max(c_in, c_out))
    for _ in range(200):
        middle = (low + high) / 2
        thin = n * c_in * middle + n * middle * c_out
        low, high = (middle, high) if thin < n * n * c_in * c_out else (low, middle)
    return (low + high) / 2


def even(compute):
    """A wrong answer from n, c_in and c_out."""

    def wrong(n, c_in, c_out):
        solutions.break_even_mid(n, c_in, c_out)
        return compute(n, c_in, c_out)

    return wrong


def even_checks_nothing(n, c_in, c_out):
    try:
        return solutions.break_even_mid(n, c_in, c_out)
    except ValueError:
        return 0.0


def even_calls(draw):
    given = [small(draw, 1, 5) for _ in range(3)]
    if draw(st.sampled_from([False, False, False, True])):
        given[small(draw, 0, 2)] = 0
    return Call(tuple(given))


break_even_mid = Exercise(
    solutions.break_even_mid,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("channels", 1, "As many weights on both sides."),
        Group("fractions and errors", 1,
              "Numbers that are no whole number of channels; arguments below 1."),
    ],
    cases=[
        case("channels", "3 x 3, 6 channels in, 12 out", 3, 6, 12, public=True),
        case("channels", "7 x 7, 64 channels in and out", 7, 64, 64),
        case("channels", "5 x 5, 48 channels in, 16 out", 5, 48, 16),
        case("channels", "1 x 1", 1, 20, 30),
        case("fractions and errors", "3 x 3, 4 channels in, 6 out", 3, 4, 6, public=True),
        case("fractions and errors", "11 x 11, 3 channels in", 11, 3, 96),
        case("fractions and errors", "less than a channel", 1, 1, 2),
        case("fractions and errors", "n below 1", 0, 8, 4, public=True),
        case("fractions and errors", "c_in below 1", 3, 0, 4),
        case("fractions and errors", "c_out below 1", 3, 8, -2),
    ],
    explain=calls(even_calls),
    oracle=even_by_bisection,
    alternatives=[even_by_saving, even_by_harmonic_mean, even_by_bisection],
    mistakes=[
        Mistake("the number is rounded down", even(lambda n, i, o: float(n * i * o // (i + o)))),
        Mistake("the number is rounded up", even(lambda n, i, o: float(-(-n * i * o // (i + o))))),
        Mistake("n is left out", even(lambda n, i, o: i * o / (i + o))),
        Mistake("n is squared", even(lambda n, i, o: n * n * i * o / (i + o))),
        Mistake("only the (n, 1) layer is counted", even(lambda n, i, o: float(n * o))),
        Mistake("only the (1, n) layer is counted", even(lambda n, i, o: float(n * i))),
        Mistake("c_in and c_out are taken to be equal to c_in",
                even(lambda n, i, o: n * i / 2)),
        Mistake("c_in and c_out are taken to be equal to c_out",
                even(lambda n, i, o: n * o / 2)),
        Mistake("the mean of c_in and c_out is taken for both",
                even(lambda n, i, o: n * (i + o) / 4)),
        Mistake("it is half of what it should be (n c_in c_out over twice the sum)",
                even(lambda n, i, o: n * i * o / (2 * (i + o)))),
        Mistake("the quotient is upside down", even(lambda n, i, o: (i + o) / (n * i * o))),
        Mistake("bad arguments raise nothing", even_checks_nothing),
    ],
)  # fmt: skip

# ---- FactorisedConv2d ------------------------------------------------------


def refuse(c_in, c_mid, c_out, n):
    """The errors of the layer's constructor."""
    if min(c_in, c_mid, c_out, n) < 1 or n % 2 == 0:
        raise ValueError("sizes must be at least 1, and n odd")


class LayerInSame(nn.Module):
    """PyTorch's own word for the padding; weights drawn another way."""

    def __init__(self, c_in, c_mid, c_out, n):
        super().__init__()
        refuse(c_in, c_mid, c_out, n)
        self.row = nn.Conv2d(c_mid, c_out, (1, n), padding="same", bias=False)
        self.col = nn.Conv2d(c_in, c_mid, (n, 1), padding="same", bias=False)
        nn.init.orthogonal_(self.col.weight)

    def forward(self, x):
        return self.row(self.col(x))


class LayerFunctional(nn.Module):
    """Holds the layers, and calls the function itself."""

    def __init__(self, c_in, c_mid, c_out, n):
        super().__init__()
        refuse(c_in, c_mid, c_out, n)
        self.half = n // 2
        self.col = nn.Conv2d(c_in, c_mid, (n, 1), bias=False)
        self.row = nn.Conv2d(c_mid, c_out, (1, n), bias=False)

    def forward(self, x):
        mid = F.conv2d(x, self.col.weight, padding=(self.half, 0))
        return F.conv2d(mid, self.row.weight, padding=(0, self.half))


class LayerAsDense(nn.Module):
    """One convolution with the kernels that the two make together."""

    def __init__(self, c_in, c_mid, c_out, n):
        super().__init__()
        refuse(c_in, c_mid, c_out, n)
        self.col = nn.Conv2d(c_in, c_mid, kernel_size=[n, 1], bias=False)
        self.row = nn.Conv2d(c_mid, c_out, kernel_size=[1, n], bias=False)

    def forward(self, x):
        col, row = self.col.weight[..., 0], self.row.weight[:, :, 0]
        return F.conv2d(x, torch.einsum("mci,omj->ocij", col, row), padding="same")


def wrong_layer(make=None, forward=None, check=refuse):
    """A wrong layer: `make` sets attributes after the right ones are there."""

    class FactorisedConv2d(nn.Module):
        def __init__(self, c_in, c_mid, c_out, n):
            super().__init__()
            check(c_in, c_mid, c_out, n)
            sizes = max(c_in, 1), max(c_mid, 1), max(c_out, 1), max(n, 1)
            right_layers(self, *sizes)
            if make is not None:
                make(self, *sizes)

        def forward(self, x):
            return forward(self, x) if forward else self.row(self.col(x))

    return FactorisedConv2d


def right_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, m, (n, 1), padding=(n // 2, 0), bias=False)
    self.row = nn.Conv2d(m, o, (1, n), padding=(0, n // 2), bias=False)


def biased_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, m, (n, 1), padding=(n // 2, 0))
    self.row = nn.Conv2d(m, o, (1, n), padding=(0, n // 2))


def unpadded_layers(self, i, m, o, n):
    self.col, self.row = (nn.Conv2d(i, m, (n, 1), bias=False),
                          nn.Conv2d(m, o, (1, n), bias=False))  # fmt: skip


def overpadded_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, m, (n, 1), padding=n // 2, bias=False)
    self.row = nn.Conv2d(m, o, (1, n), padding=n // 2, bias=False)


def turned_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, m, (1, n), padding=(0, n // 2), bias=False)
    self.row = nn.Conv2d(m, o, (n, 1), padding=(n // 2, 0), bias=False)


def square_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, m, n, padding=n // 2, bias=False)
    self.row = nn.Conv2d(m, o, n, padding=n // 2, bias=False)


def widened_layers(self, i, m, o, n):
    self.col = nn.Conv2d(i, o, (n, 1), padding=(n // 2, 0), bias=False)
    self.row = nn.Conv2d(o, o, (1, n), padding=(0, n // 2), bias=False)


def replicating_layers(self, i, m, o, n):
    mode = {"bias": False, "padding_mode": "replicate"}
    self.col = nn.Conv2d(i, m, (n, 1), padding=(n // 2, 0), **mode)
    self.row = nn.Conv2d(m, o, (1, n), padding=(0, n // 2), **mode)


def renamed_layers(self, i, m, o, n):
    self.column, self.line = self.col, self.row
    del self.col, self.row


def extra_layers(self, i, m, o, n):
    self.norm = nn.BatchNorm2d(m)


def wrong_layer_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        given = dict(c_in=1, c_mid=1, c_out=1, n=1)
        given[draw(st.sampled_from(list(given)))] = 0
        if draw(st.booleans()):
            given = dict(c_in=1, c_mid=1, c_out=1, n=2)
        return Call((given, None, [], None), {}, "module")
    x, w_col, w_row = factorised_valid(draw)
    M, C, n, _ = w_col.shape
    O = len(w_row)
    dy = array(draw, len(x), O, *x.shape[2:], dtype=x.dtype.name)
    weights = {"col.weight": w_col, "row.weight": w_row}
    train = {"train": True} if draw(st.booleans()) else {}
    init = dict(c_in=C, c_mid=M, c_out=O, n=n)
    return Call((init, weights, [x], dy), train, "module")


def module_case(group, label, N, C, M, O, n, H, W, dtype="float64", **options):
    """A case of FactorisedConv2d with drawn weights, inputs and gradient."""
    x, w_col, w_row = layers(N, C, M, O, n, H, W, dtype)
    init = dict(c_in=C, c_mid=M, c_out=O, n=n)
    weights = {"col.weight": w_col, "row.weight": w_row}
    dy = normal(N, O, H, W, dtype=dtype)
    return case(group, label, init, weights, [x], dy, caller="module", **options)


def refused(group, label, c_in, c_mid, c_out, n, **options):
    init = dict(c_in=c_in, c_mid=c_mid, c_out=c_out, n=n)
    return case(group, label, init, None, [], None, caller="module", **options)


FactorisedConv2d = Exercise(
    solutions.FactorisedConv2d,
    minutes=10,
    difficulty="warm-up",
    groups=[
        Group("forward and gradients", 2,
              "With given weights: output, gradients, names of the parameters."),
        Group("sizes and errors", 1, "Other lengths; float32; arguments that fail."),
    ],
    cases=[
        module_case("forward and gradients", "3 channels in, 2 between, 4 out, n = 3",
                    2, 3, 2, 4, 3, 5, 6, public=True),
        module_case("forward and gradients", "more channels between, in train mode",
                    2, 2, 5, 3, 3, 4, 7, train=True),
        module_case("sizes and errors", "n = 5", 2, 3, 4, 2, 5, 6, 8, public=True),
        module_case("sizes and errors", "n = 7 on a low image", 2, 2, 3, 4, 7, 3, 8),
        module_case("sizes and errors", "n = 1", 2, 3, 4, 2, 1, 3, 5),
        module_case("sizes and errors", "float32 stays float32", 2, 3, 2, 4, 3, 4, 5,
                    dtype="float32"),
        refused("sizes and errors", "n = 4", 3, 2, 4, 4),
        refused("sizes and errors", "n below 1", 3, 2, 4, -1),
        refused("sizes and errors", "c_in below 1", 0, 2, 4, 3),
        refused("sizes and errors", "c_mid below 1", 3, 0, 4, 3),
        refused("sizes and errors", "c_out below 1", 3, 2, 0, 3),
    ],
    explain=calls(wrong_layer_calls),
    oracle=LayerAsDense,
    alternatives=[LayerInSame, LayerFunctional, LayerAsDense],
    mistakes=[
        Mistake("the layers have biases", wrong_layer(biased_layers)),
        Mistake("nothing is padded, so that the image shrinks",
                wrong_layer(unpadded_layers)),
        Mistake("both directions are padded in both layers, so that the image grows",
                wrong_layer(overpadded_layers)),
        Mistake("col has kernels (1, n), and row kernels (n, 1)",
                wrong_layer(turned_layers)),
        Mistake("the kernels are n x n", wrong_layer(square_layers)),
        Mistake("there are c_out channels in between, not c_mid",
                wrong_layer(widened_layers)),
        Mistake("the image is padded with its edge pixels instead of zeros",
                wrong_layer(replicating_layers)),
        Mistake("the attributes are not called col and row", wrong_layer(
            renamed_layers, lambda self, x: self.line(self.column(x)))),
        Mistake("there is a layer more than asked for", wrong_layer(extra_layers)),
        Mistake("a ReLU stands between the two layers", wrong_layer(
            forward=lambda self, x: self.row(self.col(x).relu()))),
        Mistake("a ReLU follows the two layers", wrong_layer(
            forward=lambda self, x: self.row(self.col(x)).relu())),
        Mistake("the gradient is cut off (detach, or a detour through NumPy)",
                wrong_layer(forward=lambda self, x: self.row(self.col(x.detach())))),
        Mistake("bad arguments raise nothing", wrong_layer(check=lambda *sizes: None)),
    ],
)  # fmt: skip
