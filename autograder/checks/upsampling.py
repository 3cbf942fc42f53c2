"""How the exercises of the chapter `upsampling` are graded."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from autograder.checks.draws import array, calls, dtypes, small
from autograder.checks.forbidden_ops import TORCH_UPSAMPLE
from autograder.model import (
    Exercise,
    Group,
    Mistake,
    case,
    integers,
    normal,
    strided,
)
from convnets.answers import Call
from solutions import upsampling as solutions


def exact(a):
    """An array as a tensor of float64, of which nothing is shared."""
    return torch.tensor(a, dtype=torch.float64)


# ---- upsample_nearest ------------------------------------------------------


def torch_nearest(x, r):
    solutions.upsample_nearest(x, r)  # its errors
    return F.interpolate(exact(x), scale_factor=r, mode="nearest").numpy().astype(
        x.dtype)  # fmt: skip


def nearest_loops(x, r):
    y = np.empty_like(solutions.upsample_nearest(x, r))
    for i, j in np.ndindex(*y.shape[2:]):
        y[:, :, i, j] = x[:, :, i // r, j // r]
    return y


def nearest_by_tiles(x, r):
    solutions.upsample_nearest(x, r)
    return np.kron(x, np.ones((r, r), x.dtype))


def nearest_by_view(x, r):
    shape = solutions.upsample_nearest(x, r).shape
    N, C, H, W = x.shape
    tiles = np.broadcast_to(x[:, :, :, None, :, None], (N, C, H, r, W, r))
    return tiles.reshape(shape)


def nearest_by_index(x, r):
    h, w = solutions.upsample_nearest(x, r).shape[2:]
    rows, columns = np.arange(h) // r, np.arange(w) // r
    return x[:, :, rows[:, None], columns]


def nearest_by_phases(x, r):
    y = np.zeros_like(solutions.upsample_nearest(x, r))
    for i, j in np.ndindex(r, r):
        y[:, :, i::r, j::r] = x
    return y


def un_side_by_side(x, r):
    solutions.upsample_nearest(x, r)
    return np.tile(x, (1, 1, r, r))


def un_rows_only(x, r):
    solutions.upsample_nearest(x, r)
    return np.repeat(x, r, axis=2)


def un_columns_only(x, r):
    solutions.upsample_nearest(x, r)
    return np.repeat(x, r, axis=3)


def un_spreads(x, r):
    """The pixel in the corner of its tile, zeros elsewhere."""
    y = np.zeros_like(solutions.upsample_nearest(x, r))
    y[:, :, ::r, ::r] = x
    return y


def un_r_squared(x, r):
    solutions.upsample_nearest(x, r)
    return solutions.upsample_nearest(x, r * r)


def un_shifted(x, r):
    """Rounds i / r, so that half of a tile belongs to the next pixel."""
    solutions.upsample_nearest(x, r)
    rows, columns = (
        np.minimum((2 * np.arange(n * r) + r) // (2 * r), n - 1) for n in x.shape[2:]
    )
    return x[:, :, rows[:, None], columns]


def un_channels(x, r):
    """Copies along the channels and the rows."""
    solutions.upsample_nearest(x, r)
    return np.repeat(np.repeat(x, r, axis=1), r, axis=2)


def un_shares(x, r):
    """Every copy gets its share of the pixel."""
    return (solutions.upsample_nearest(x, r) / (r * r)).astype(x.dtype)


def un_float64(x, r):
    return solutions.upsample_nearest(x, r).astype(np.float64)


def un_checks_nothing(x, r):
    try:
        return solutions.upsample_nearest(x, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def upsample_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        x = np.ones((1, 2, 1, 2))
        return draw(st.sampled_from([Call((x[0], 2)), Call((x, 0))]))
    shape = [small(draw, 1, 2) for _ in "NC"] + [small(draw, 1, 3) for _ in "HW"]
    return Call((array(draw, *shape, dtype=dtypes(draw)), small(draw, 1, 3)))


upsample_nearest = Exercise(
    solutions.upsample_nearest,
    minutes=5,
    difficulty="warm-up",
    groups=[
        Group("tiles", 2, "Every pixel fills its tile, and no other."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("tiles", "2 x 3 pixels become 4 x 6", integers(1, 1, 2, 3), 2,
             public=True),
        case("tiles", "two images with two channels, factor 3",
             integers(2, 2, 1, 2), 3, public=True),
        case("tiles", "a batch of different sizes", normal(2, 3, 5, 4), 2),
        case("tiles", "factor 3", normal(3, 2, 4, 5), 3),
        case("tiles", "factor 4", normal(2, 5, 2, 3), 4),
        case("tiles", "factor 1", normal(2, 3, 5, 4), 1),
        case("tiles", "a single row", normal(2, 3, 1, 5), 2),
        case("tiles", "a single pixel in each channel", normal(3, 2, 1, 1), 5),
        case("tiles", "an image whose memory is not contiguous",
             strided(normal(2, 3, 3, 4)), 2),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 3, dtype="float32"), 2, public=True),
        case("dtype and errors", "images of whole numbers of type int",
             integers(2, 3, 3, 2, dtype="int64"), 3, any_dtype=True),
        case("dtype and errors", "r below 1", normal(1, 2, 4, 3), 0, public=True),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3), 2),
        case("dtype and errors", "x with five axes", normal(2, 1, 3, 4, 3), 2),
    ],
    explain=calls(upsample_calls),
    oracle=torch_nearest,
    forbidden=[TORCH_UPSAMPLE],
    alternatives=[nearest_loops, nearest_by_tiles, nearest_by_view, nearest_by_index,
                  nearest_by_phases],
    mistakes=[
        Mistake("the whole image is repeated, instead of each pixel", un_side_by_side),
        Mistake("rows are copied and columns are not", un_rows_only),
        Mistake("columns are copied and rows are not", un_columns_only),
        Mistake("each pixel stands in a corner of its tile, and the rest of the tile "
                "is zero", un_spreads),
        Mistake("each pixel becomes a tile of r * r rows and r * r columns",
                un_r_squared),
        Mistake("place i gets pixel i / r rounded to the nearest, instead of rounded "
                "down", un_shifted),
        Mistake("channels and rows are copied, instead of rows and columns",
                un_channels),
        Mistake("the pixel is divided among its copies", un_shares),
        Mistake("the result is float64 whatever came in", un_float64),
        Mistake("bad arguments raise nothing", un_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- upsample_bilinear -----------------------------------------------------


def torch_bilinear(x, r):
    solutions.upsample_bilinear(x, r)
    y = F.interpolate(exact(x), scale_factor=r, mode="bilinear", align_corners=False)
    return y.numpy().astype(x.dtype)


def bilinear_by_sampling(x, r):
    """torch's sampler at the places of the centres."""
    h, w = solutions.upsample_bilinear(x, r).shape[2:]
    down, right = ((2 * torch.arange(n) + 1).double() / n - 1 for n in (h, w))
    places = torch.stack(torch.meshgrid(right, down, indexing="xy"), dim=-1)
    y = F.grid_sample(
        exact(x), places.expand(len(x), h, w, 2), padding_mode="border",
        align_corners=False,
    )  # fmt: skip
    return y.numpy().astype(x.dtype)


def bilinear_by_lines(x, r):
    """np.interp along the columns, then along the rows."""
    y = x.astype(np.float64) if len(solutions.upsample_bilinear(x, r)) else x
    for axis in (2, 3):
        n = x.shape[axis]
        places = (np.arange(n * r) + 0.5) / r - 0.5
        y = np.apply_along_axis(
            lambda line, at=places, n=n: np.interp(at, np.arange(n), line), axis, y
        )
    return y.astype(x.dtype)


def bilinear_by_phases(x, r):
    """All places with the same remainder have the same two weights."""
    y = np.empty_like(solutions.upsample_bilinear(x, r))
    H, W = x.shape[2:]
    p = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    for i, j in np.ndindex(r, r):
        (a, s), (b, t) = (divmod(2 * k + 1 + r, 2 * r) for k in (i, j))
        s, t = s / (2 * r), t / (2 * r)
        upper = (1 - t) * p[:, :, a : a + H, b : b + W]
        upper = upper + t * p[:, :, a : a + H, b + 1 : b + 1 + W]
        lower = (1 - t) * p[:, :, a + 1 : a + 1 + H, b : b + W]
        lower = lower + t * p[:, :, a + 1 : a + 1 + H, b + 1 : b + 1 + W]
        y[:, :, i::r, j::r] = (1 - s) * upper + s * lower
    return y


def bilinear_by_matrices(x, r):
    """One matrix from the left for the rows, one from the right for columns."""
    solutions.upsample_bilinear(x, r)

    def lines(n):
        places = np.clip((np.arange(n * r) + 0.5) / r - 0.5, 0, n - 1)
        return np.maximum(1 - np.abs(places[:, None] - np.arange(n)), 0)

    return (lines(x.shape[2]) @ x @ lines(x.shape[3]).T).astype(x.dtype)


def bilinear_by_stamps(x, r):
    """A transposed convolution with tents, of an image with a repeated edge."""
    h, w = solutions.upsample_bilinear(x, r).shape[2:]
    k = 2 * r - r % 2
    tent = 1 - torch.abs(torch.arange(k).double() - (k - 1) / 2) / r
    wide = F.pad(exact(x), (1, 1, 1, 1), mode="replicate")
    flat = wide.reshape(-1, 1, *wide.shape[2:])
    y = F.conv_transpose2d(flat, torch.outer(tent, tent)[None, None], stride=r)
    start = r + (k - r) // 2
    y = y[:, :, start : start + h, start : start + w]
    return y.reshape(*x.shape[:2], h, w).numpy().astype(x.dtype)


def between(x, places, edge="stay", exchanged=False, axes=(2, 3)):
    """Straight lines along the axes, at `places(n)` of an axis of length n.

    edge: what there is before the first pixel and behind the last: "stay" for
    their copies, "zero", "wrap" for the other end, "go on" for the line.
    """
    y = x
    for axis in axes:
        n = x.shape[axis]
        s = places(n)
        if edge == "stay":
            s = np.clip(s, 0, n - 1)
        left = np.floor(s).astype(int)
        if edge == "go on":
            left = np.clip(left, 0, max(n - 2, 0))
        t = (s - left)[:, None] if axis == 2 else s - left
        t = 1 - t if exchanged else t

        def pick(index, y=y, n=n, axis=axis):
            found = y.take(index % n if edge == "wrap" else index.clip(0, n - 1), axis)
            inside = (index >= 0) & (index < n)
            inside = inside[:, None] if axis == 2 else inside
            return found * inside if edge == "zero" else found

        y = (1 - t) * pick(left) + t * pick(left + 1)
    return y.astype(x.dtype)


def centres(r):
    return lambda n: (np.arange(n * r) + 0.5) / r - 0.5


def ub_align_corners(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, lambda n: np.arange(n * r) * (n - 1) / max(n * r - 1, 1))


def ub_no_half(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, lambda n: np.arange(n * r) / r)


def ub_no_last_half(x, r):
    """(i + 1/2) / r, without going back to the first centre."""
    solutions.upsample_bilinear(x, r)
    return between(x, lambda n: (np.arange(n * r) + 0.5) / r)


def ub_zeros(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, centres(r), edge="zero")


def ub_wraps(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, centres(r), edge="wrap")


def ub_goes_on(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, centres(r), edge="go on")


def ub_exchanged(x, r):
    solutions.upsample_bilinear(x, r)
    return between(x, centres(r), exchanged=True)


def ub_copies(x, r):
    solutions.upsample_bilinear(x, r)
    return solutions.upsample_nearest(x, r)


def ub_rows(x, r):
    """Straight lines down the columns, and copies along the rows."""
    solutions.upsample_bilinear(x, r)
    lines = np.eye(x.shape[3], dtype=x.dtype).repeat(r, axis=1)
    return between(x, centres(r), axes=(2,)) @ lines


def ub_float64(x, r):
    return solutions.upsample_bilinear(x, r).astype(np.float64)


def ub_float32(x, r):
    solutions.upsample_bilinear(x, r)
    return solutions.upsample_bilinear(x.astype(np.float32), r).astype(x.dtype)


def ub_whole_numbers(x, r):
    """Rounds what lies between to whole numbers, as images of bytes would."""
    return np.rint(solutions.upsample_bilinear(x, r))


def ub_checks_nothing(x, r):
    try:
        return solutions.upsample_bilinear(x, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


slope = np.array([[[[0.0, 4.0, 8.0], [12.0, 16.0, 20.0]]]])

upsample_bilinear = Exercise(
    solutions.upsample_bilinear,
    minutes=20,
    difficulty="standard",
    groups=[
        Group("inside", 2, "Straight lines between centres, half-pixels counted."),
        Group("ends", 1, "Before the first centre, behind the last, single pixels."),
        Group("dtype and errors", 1, "float32; arguments that do not fit."),
    ],
    cases=[
        case("inside", "a slope of 2 x 3 pixels, by hand", slope, 2, public=True),
        case("inside", "two channels, factor 3", integers(1, 2, 2, 3), 3, public=True),
        case("inside", "a batch of different sizes", normal(2, 3, 5, 4), 2),
        case("inside", "factor 3, which has a place on each centre",
             normal(3, 2, 4, 5), 3),
        case("inside", "factor 4", normal(2, 3, 3, 4), 4),
        case("inside", "factor 5", normal(2, 1, 4, 3), 5),
        case("inside", "factor 1 changes nothing", normal(2, 3, 5, 4), 1),
        case("inside", "an image whose memory is not contiguous",
             strided(normal(2, 3, 3, 4)), 2),
        case("ends", "a row of two pixels", integers(1, 1, 1, 2), 4, public=True),
        case("ends", "a single row", normal(2, 3, 1, 5), 2),
        case("ends", "a single column", normal(2, 3, 4, 1), 3),
        case("ends", "a single pixel in each channel", normal(3, 2, 1, 1), 3,
             exempt="it is copied; other cases have more of them"),
        case("ends", "two rows and a large factor", normal(1, 2, 2, 3), 8),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 3, dtype="float32"), 2, public=True),
        case("dtype and errors", "r below 1", normal(1, 2, 4, 3), 0, public=True),
        case("dtype and errors", "a factor below 0", normal(1, 2, 4, 3), -2),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3), 2),
    ],
    explain=calls(upsample_calls),
    oracle=torch_bilinear,
    forbidden=[TORCH_UPSAMPLE],
    alternatives=[bilinear_by_sampling, bilinear_by_lines, bilinear_by_phases,
                  bilinear_by_matrices, bilinear_by_stamps],
    mistakes=[
        Mistake("the centres of the corner pixels are put upon each other "
                "(align_corners=True)", ub_align_corners),
        Mistake("half-pixels are left out: place i lies at i / r", ub_no_half),
        Mistake("places are counted from the edge of the first pixel, "
                "(i + 1/2) / r, instead of from its centre", ub_no_last_half),
        Mistake("there are zeros outside of the image", ub_zeros),
        Mistake("index -1 gives the pixel at the other end", ub_wraps),
        Mistake("the lines go on before the first centre and behind the last",
                ub_goes_on),
        Mistake("the two weights are exchanged", ub_exchanged),
        Mistake("pixels are copied", ub_copies),
        Mistake("there are lines along the columns, and copies along the rows",
                ub_rows),
        Mistake("the numbers are rounded to whole ones", ub_whole_numbers),
        Mistake("the result is float64 whatever came in", ub_float64),
        Mistake("the sums are computed in float32", ub_float32),
        Mistake("bad arguments raise nothing", ub_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- resize_conv2d ---------------------------------------------------------


def torch_resized(x, w, r):
    solutions.resize_conv2d(x, w, r)
    large = F.interpolate(exact(x), scale_factor=r, mode="nearest")
    padding = (w.shape[2] // 2, w.shape[3] // 2)
    return F.conv2d(large, exact(w), padding=padding).numpy().astype(x.dtype)


def resized_by_taps(x, w, r):
    """A sum of shifted images, one for each tap."""
    y = np.zeros_like(solutions.resize_conv2d(x, w, r))
    (kh, kw), (h, v) = w.shape[2:], y.shape[2:]
    large = np.kron(x, np.ones((r, r), x.dtype))
    framed = np.pad(large, ((0, 0), (0, 0), (kh // 2,) * 2, (kw // 2,) * 2))
    for i, j in np.ndindex(kh, kw):
        shifted = framed[:, :, i : i + h, j : j + v]
        y += np.einsum("nchw,oc->nohw", shifted, w[:, :, i, j]).astype(y.dtype)
    return y


def resized_by_torch(x, w, r):
    """Tiles by indexing, and torch's convolution."""
    rows, columns = (
        np.arange(n) // r for n in solutions.resize_conv2d(x, w, r).shape[2:]
    )
    large = torch.tensor(x[:, :, rows][..., columns], dtype=torch.float64)
    return F.conv2d(large, exact(w), padding="same").numpy().astype(x.dtype)


def resized_by_phases(x, w, r):
    """Never enlarges: a kernel for each phase, on the small image."""
    y = np.empty_like(solutions.resize_conv2d(x, w, r))
    kh, kw = w.shape[2:]
    reach, wide = (k // 2 // r + 1 for k in (kh, kw))
    small_image = F.pad(exact(x), (wide, wide, reach, reach))
    for i, j in np.ndindex(r, r):
        own = torch.zeros(*w.shape[:2], 2 * reach + 1, 2 * wide + 1).double()
        for u, v in np.ndindex(kh, kw):
            row, column = (i + u - kh // 2) // r, (j + v - kw // 2) // r
            own[:, :, reach + row, wide + column] += exact(w)[:, :, u, v]
        y[:, :, i::r, j::r] = F.conv2d(small_image, own).numpy()
    return y


def resized_by_spectra(x, w, r):
    """A product of Fourier transforms."""
    h, v = solutions.resize_conv2d(x, w, r).shape[2:]
    kh, kw = w.shape[2:]
    large = solutions.upsample_nearest(x, r).astype(float)
    size = (h + kh - 1, v + kw - 1)
    turned = w[:, :, ::-1, ::-1].astype(float)
    product = np.einsum(
        "nchw,ochw->nohw", np.fft.rfft2(large, size), np.fft.rfft2(turned, size)
    )
    y = np.fft.irfft2(product, size)
    y = y[:, :, kh // 2 : kh // 2 + h, kw // 2 : kw // 2 + v]
    return y.astype(x.dtype) if x.dtype.kind == "f" else np.rint(y)


def rc_convolves_first(x, w, r):
    solutions.resize_conv2d(x, w, r)
    return solutions.upsample_nearest(solutions.resize_conv2d(x, w, 1), r)


def rc_flips(x, w, r):
    return solutions.resize_conv2d(x, w[:, :, ::-1, ::-1] if w.ndim == 4 else w, r)


def rc_valid(x, w, r):
    """No frame: the output is smaller."""
    y = solutions.resize_conv2d(x, w, r)
    ph, pw = w.shape[2] // 2, w.shape[3] // 2
    return y[:, :, ph : y.shape[2] - ph, pw : y.shape[3] - pw]


def rc_edge(x, w, r):
    """The frame repeats the edge."""
    solutions.resize_conv2d(x, w, r)
    ph, pw = w.shape[2] // 2, w.shape[3] // 2
    large = np.pad(solutions.upsample_nearest(x, r),
                   ((0, 0), (0, 0), (ph, ph), (pw, pw)), mode="edge")  # fmt: skip
    y = solutions.resize_conv2d(large, w, 1)
    return y[:, :, ph : y.shape[2] - ph, pw : y.shape[3] - pw]


def rc_small_frame(x, w, r):
    """The small image gets the frame before it is enlarged."""
    solutions.resize_conv2d(x, w, r)
    ph, pw = w.shape[2] // 2, w.shape[3] // 2
    framed = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    y = solutions.resize_conv2d(framed, w, r)
    return y[:, :, ph : y.shape[2] - ph, pw : y.shape[3] - pw]


def rc_frame_exchanged(x, w, r):
    solutions.resize_conv2d(x, w, r)
    ph, pw = w.shape[2] // 2, w.shape[3] // 2
    large = exact(solutions.upsample_nearest(x, r))
    return F.conv2d(large, exact(w), padding=(pw, ph)).numpy().astype(x.dtype)


def rc_spreads(x, w, r):
    """Zeros between the pixels instead of copies."""
    solutions.resize_conv2d(x, w, r)
    return solutions.resize_conv2d(un_spreads(x, r), w, 1)


def rc_bilinear(x, w, r):
    solutions.resize_conv2d(x, w, r)
    return solutions.resize_conv2d(solutions.upsample_bilinear(x, r), w, 1)


def rc_not_enlarged(x, w, r):
    solutions.resize_conv2d(x, w, r)
    return solutions.resize_conv2d(x, w, 1)


def rc_always_two(x, w, r):
    solutions.resize_conv2d(x, w, r)
    return solutions.resize_conv2d(x, w, 2)


def rc_one_channel(x, w, r):
    solutions.resize_conv2d(x, w, r)
    return solutions.resize_conv2d(x[:, -1:], w[:, -1:], r)


def rc_float64(x, w, r):
    return solutions.resize_conv2d(x, w, r).astype(np.float64)


def rc_float32(x, w, r):
    dtype = x.dtype
    solutions.resize_conv2d(x, w, r)
    x, w = x.astype(np.float32), w.astype(np.float32)
    return solutions.resize_conv2d(x, w, r).astype(dtype)


def rc_checks_nothing(x, w, r):
    try:
        return solutions.resize_conv2d(x, w, r)
    except ValueError:
        return np.zeros((1, 1, 1, 1), x.dtype)


def resize_errors():
    """One call for each line of the docstring's Raises."""
    x, w = np.ones((1, 2, 2, 3)), np.ones((3, 2, 1, 3))
    return [
        Call((x[0], w, 2)), Call((x, w[0], 2)), Call((x, w[:, :1], 2)),
        Call((x, w[..., :2], 2)), Call((x, w.repeat(2, axis=2), 2)), Call((x, w, 0)),
    ]  # fmt: skip


def resize_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        return draw(st.sampled_from(resize_errors()))
    N, C, O = small(draw, 1, 2), small(draw, 1, 2), small(draw, 1, 3)
    H, W, r = small(draw, 1, 3), small(draw, 1, 3), small(draw, 1, 3)
    kh, kw = draw(st.sampled_from([(1, 1), (1, 3), (3, 1), (3, 3), (3, 5)]))
    dtype = dtypes(draw)
    x, w = array(draw, N, C, H, W, dtype=dtype), array(draw, O, C, kh, kw, dtype=dtype)
    return Call((x, w, r))


resize_conv2d = Exercise(
    solutions.resize_conv2d,
    minutes=15,
    difficulty="standard",
    groups=[
        Group("inside and border", 2, "Copies first, then all channels, then zeros "
              "around the large image."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("inside and border", "2 x 3 pixels, one 3 x 3 kernel, by hand",
             integers(1, 1, 2, 3), integers(1, 1, 3, 3), 2, public=True,
             exempt="the first look: one channel in and out; kernels are often square"),
        case("inside and border", "two channels to three, 1 x 3 kernels",
             integers(1, 2, 2, 3), integers(3, 2, 1, 3), 2, public=True),
        case("inside and border", "a batch of different sizes", normal(2, 3, 5, 4),
             normal(6, 3, 3, 5), 2),
        case("inside and border", "3 x 3 kernels", normal(2, 3, 4, 5),
             normal(2, 3, 3, 3), 2,
             exempt="the usual kernel is square; other cases have others"),
        case("inside and border", "factor 3", normal(2, 4, 3, 2), normal(5, 4, 5, 3), 3),
        case("inside and border", "factor 4", normal(1, 3, 2, 3), normal(4, 3, 3, 1), 4),
        case("inside and border", "factor 1 is a convolution", normal(2, 3, 5, 4),
             normal(2, 3, 3, 5), 1),
        case("inside and border", "a 1 x 1 kernel", normal(2, 3, 3, 4),
             normal(4, 3, 1, 1), 2),
        case("inside and border", "a kernel larger than the large image",
             normal(2, 2, 1, 2), normal(3, 2, 5, 7), 2),
        case("inside and border", "whole numbers", integers(2, 3, 2, 3),
             integers(4, 3, 3, 5), 2),
        case("inside and border", "arrays whose memory is not contiguous",
             strided(normal(2, 3, 3, 4)), strided(normal(4, 3, 5, 3)), 2),
        case("dtype and errors", "float32 stays float32",
             normal(2, 3, 4, 3, dtype="float32"), normal(2, 3, 3, 5, dtype="float32"),
             2),
        case("dtype and errors", "float32 images with float64 kernels",
             normal(2, 3, 4, 3, dtype="float32"), normal(2, 3, 3, 5), 2, public=True),
        case("dtype and errors", "images of whole numbers of type int",
             integers(1, 2, 3, 4, dtype="int64"), integers(3, 2, 3, 5, dtype="int64"),
             2, any_dtype=True),
        case("dtype and errors", "w with the input channels first",
             normal(1, 2, 4, 3), normal(2, 5, 3, 3), 2, public=True),
        case("dtype and errors", "an even number of rows in w", normal(1, 2, 4, 3),
             normal(5, 2, 2, 3), 2),
        case("dtype and errors", "an even number of columns in w", normal(1, 2, 4, 3),
             normal(5, 2, 3, 4), 2),
        case("dtype and errors", "x without a batch axis", normal(2, 4, 3),
             normal(5, 2, 3, 3), 2),
        case("dtype and errors", "w with three axes", normal(1, 2, 4, 3),
             normal(5, 2, 3), 2),
        case("dtype and errors", "r below 1", normal(1, 2, 4, 3), normal(5, 2, 3, 3), 0),
    ],
    explain=calls(resize_calls),
    oracle=torch_resized,
    forbidden=[TORCH_UPSAMPLE],
    alternatives=[resized_by_taps, resized_by_torch, resized_by_phases,
                  resized_by_spectra],
    mistakes=[
        Mistake("the small image is convolved and enlarged afterwards",
                rc_convolves_first),
        Mistake("the kernels are flipped", rc_flips),
        Mistake("the large image gets no frame, so that the output is smaller",
                rc_valid),
        Mistake("the frame repeats the edge instead of being zero", rc_edge),
        Mistake("the frame is put around the small image, before it is enlarged",
                rc_small_frame),
        Mistake("the vertical and the horizontal padding are exchanged",
                rc_frame_exchanged),
        Mistake("there are zeros between the pixels instead of copies", rc_spreads),
        Mistake("the image is enlarged bilinearly", rc_bilinear),
        Mistake("the image is not enlarged", rc_not_enlarged),
        Mistake("the factor is 2 whatever was given", rc_always_two),
        Mistake("only the last input channel is used", rc_one_channel),
        Mistake("the result is float64 whatever came in", rc_float64),
        Mistake("the sums are computed in float32", rc_float32),
        Mistake("bad arguments raise nothing", rc_checks_nothing),
    ],
    image=True,
)  # fmt: skip

# ---- resize_conv_as_transposed ---------------------------------------------


def as_transposed_by_probing(w):
    """What the two steps make of a single pixel, cut out around it."""
    solutions.resize_conv_as_transposed(w)
    I = w.shape[1]
    pixel = torch.zeros(I, I, 3, 3, dtype=torch.float64)
    pixel[range(I), range(I), 1, 1] = 1
    large = F.interpolate(pixel, scale_factor=2, mode="nearest")
    stamps = F.conv2d(large, exact(w), padding=1)  # (I, O, 6, 6)
    return stamps[:, :, 1:5, 1:5].numpy().astype(w.dtype)


def as_transposed_by_matrices(w):
    """(4, 3) from the left for rows, its transpose from the right for columns."""
    solutions.resize_conv_as_transposed(w)
    two = np.array([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], w.dtype)
    return (two @ w @ two.T).swapaxes(0, 1)


def as_transposed_by_sums(w):
    """Windows of 2 x 2 of the turned kernel in a frame of zeros."""
    solutions.resize_conv_as_transposed(w)
    turned = np.flip(w, (2, 3)).transpose(1, 0, 2, 3)
    framed = np.pad(turned, ((0, 0), (0, 0), (1, 1), (1, 1)))
    rows = framed[:, :, :-1] + framed[:, :, 1:]
    return rows[..., :-1] + rows[..., 1:]


def as_transposed_by_convolving(w):
    """A full convolution with a tile of ones."""
    solutions.resize_conv_as_transposed(w)
    O, I = w.shape[:2]
    turned = exact(w).flip(2, 3).reshape(O * I, 1, 3, 3)
    ones = torch.ones(1, 1, 2, 2, dtype=torch.float64)
    full = F.conv2d(turned, ones, padding=1).reshape(O, I, 4, 4)
    return full.swapaxes(0, 1).numpy().astype(w.dtype)


def as_transposed_by_gradient(w):
    """The gradient of the two steps with respect to the pixels."""
    solutions.resize_conv_as_transposed(w)
    O, I = w.shape[:2]
    x = torch.zeros(1, I, 4, 4, dtype=torch.float64, requires_grad=True)
    large = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    y = F.conv2d(large, exact(w), padding=1)
    kernels = np.zeros((I, O, 4, 4), w.dtype)
    for o, i, j in np.ndindex(O, 4, 4):
        (grad,) = torch.autograd.grad(y[0, o, 1 + i, 1 + j], x, retain_graph=True)
        kernels[:, o, i, j] = grad[0, :, 1, 1].numpy()
    return kernels


def ct_not_turned(w):
    return solutions.resize_conv_as_transposed(np.flip(w, (2, 3)) if w.ndim == 4 else w)


def ct_output_first(w):
    return solutions.resize_conv_as_transposed(w).swapaxes(0, 1)


def ct_wrong_reshape(w):
    """The right shape, but the numbers stay in the order of (O, I)."""
    kernels = solutions.resize_conv_as_transposed(w)
    return kernels.swapaxes(0, 1).reshape(kernels.shape)


def ct_padded(w):
    """Only one of the four copies stamps."""
    kernels = np.zeros_like(solutions.resize_conv_as_transposed(w))
    kernels[:, :, :3, :3] = w[:, :, ::-1, ::-1].swapaxes(0, 1)
    return kernels


def ct_two_copies(w):
    """The two copies on the diagonal stamp, the other two do not."""
    kernels = np.zeros_like(solutions.resize_conv_as_transposed(w))
    turned = w[:, :, ::-1, ::-1].swapaxes(0, 1)
    kernels[:, :, :3, :3] = turned
    kernels[:, :, 1:, 1:] += turned
    return kernels


def ct_overwrites(w):
    """A later copy covers the stamps of those before it."""
    kernels = np.zeros_like(solutions.resize_conv_as_transposed(w))
    turned = w[:, :, ::-1, ::-1].swapaxes(0, 1)
    for i, j in np.ndindex(2, 2):
        kernels[:, :, i : i + 3, j : j + 3] = turned
    return kernels


def ct_mean(w):
    return (solutions.resize_conv_as_transposed(w) / 4).astype(w.dtype)


def ct_large(w):
    """Copies the taps as if the kernel were the image."""
    solutions.resize_conv_as_transposed(w)
    turned = w[:, :, ::-1, ::-1].swapaxes(0, 1)
    return np.repeat(np.repeat(turned, 2, axis=2), 2, axis=3)


def ct_float64(w):
    return solutions.resize_conv_as_transposed(w).astype(np.float64)


def ct_float32(w):
    single = w.astype(np.float32)
    return solutions.resize_conv_as_transposed(single).astype(w.dtype)


def ct_changes_w(w):
    kernels = solutions.resize_conv_as_transposed(w)
    w *= 2
    return kernels


def ct_checks_nothing(w):
    try:
        return solutions.resize_conv_as_transposed(w)
    except ValueError:
        return np.zeros((1, 1, 4, 4), w.dtype)


def as_transposed_calls(draw):
    if draw(st.sampled_from([False, False, False, True])):
        w = np.ones((1, 2, 3, 3))
        wrong = [w[0], w[..., :2], w[:, :, :2], np.ones((1, 1, 5, 5))]
        return Call((draw(st.sampled_from(wrong)),))
    O, I = small(draw, 1, 3), small(draw, 1, 2)
    return Call((array(draw, O, I, 3, 3, dtype=dtypes(draw)),))


SQUARE = "kernels are 3 x 3 by definition; they are drawn without symmetry"

resize_conv_as_transposed = Exercise(
    solutions.resize_conv_as_transposed,
    minutes=25,
    difficulty="challenge",
    groups=[
        Group("stamps", 2, "The sixteen numbers of each kernel."),
        Group("channels", 1, "The input channel comes first."),
        Group("dtype and errors", 1, "float32 and integers; arguments that do not fit."),
    ],
    cases=[
        case("stamps", "one kernel of whole numbers", integers(1, 1, 3, 3), public=True,
             exempt=SQUARE),
        case("stamps", "another one", normal(1, 1, 3, 3), exempt=SQUARE),
        case("stamps", "one tap in a corner, the others zero",
             np.arange(9.0).reshape(1, 1, 3, 3) // 8, exempt=SQUARE),
        case("channels", "two channels to three", integers(3, 2, 3, 3), public=True,
             exempt=SQUARE),
        case("channels", "four channels to two", normal(2, 4, 3, 3), exempt=SQUARE),
        case("channels", "three channels to five, not contiguous in memory",
             strided(normal(5, 3, 3, 3)), exempt=SQUARE),
        case("channels", "as many channels in as out", normal(3, 3, 3, 3),
             exempt=SQUARE),
        case("dtype and errors", "float32 stays float32",
             normal(4, 3, 3, 3, dtype="float32"), public=True, exempt=SQUARE),
        case("dtype and errors", "kernels of whole numbers of type int",
             integers(2, 3, 3, 3, dtype="int64"), any_dtype=True, exempt=SQUARE),
        case("dtype and errors", "w with three axes", normal(3, 3, 3), public=True),
        case("dtype and errors", "5 x 5 kernels", normal(4, 2, 5, 5)),
        case("dtype and errors", "3 x 5 kernels", normal(4, 2, 3, 5)),
        case("dtype and errors", "1 x 3 kernels", normal(4, 2, 1, 3)),
    ],
    explain=calls(as_transposed_calls),
    oracle=as_transposed_by_probing,
    equivalents={
        "line 21: kernels[:, :, i:i + 3, j:j + 3] += stamp => "
        "kernels[:, :, j:j + 3, i:i + 3] += stamp":
        "the same four places are visited, in another order",
    },
    alternatives=[as_transposed_by_matrices, as_transposed_by_sums,
                  as_transposed_by_convolving, as_transposed_by_gradient],
    mistakes=[
        Mistake("the kernels are not turned by 180 degrees", ct_not_turned),
        Mistake("the output channels stay first", ct_output_first),
        Mistake("the channels are exchanged by a reshape, which moves no numbers",
                ct_wrong_reshape),
        Mistake("only one of the four copies stamps", ct_padded),
        Mistake("two of the four copies stamp, those on the diagonal", ct_two_copies),
        Mistake("the stamps of the four copies cover each other instead of adding up",
                ct_overwrites),
        Mistake("the sum is divided by four", ct_mean),
        Mistake("the taps are copied, as if the kernel were the image", ct_large),
        Mistake("the result is float64 whatever came in", ct_float64),
        Mistake("the sums are computed in float32", ct_float32),
        Mistake("the kernels that came are changed in place", ct_changes_w),
        Mistake("bad arguments raise nothing", ct_checks_nothing),
    ],
)  # fmt: skip
