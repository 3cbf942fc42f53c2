"""NaN, infinite, empty, broadcastable and otherwise odd arrays as answers.

Each is compared by type, shape, dtype and values: odd ones earn nothing, and a
right answer in an odd memory layout counts in full.
"""

from threat_board import Board

LINES = (13,)
WRONG = {
    "nan": "y = right(w); y[...] = np.nan; return y",
    "one-nan": "y = right(w); y.flat[-1] = np.nan; return y",
    "infinite": "return np.full_like(right(w), np.inf)",
    "empty": "return np.zeros((0,), w.dtype)",
    "broadcastable": "return right(w)[None]",
    "scalar": "return w.dtype.type(right(w).flat[0])",
    "objects": "return right(w).astype(object)",
    "strings": "return right(w).astype(str)",
    "structured": "return right(w).view([('a', w.dtype)])",
    "masked": "return np.ma.masked_all(right(w).shape)",
    "complex": "return right(w).astype(complex)",
    "zero-stride": "return np.broadcast_to(w.dtype.type(0), right(w).shape)",
    "tensor": "return torch.from_numpy(right(w))",
    "list": "return right(w).tolist()",
    "huge-shape": "return np.broadcast_to(w.dtype.type(0), (1 << 40,))",
}
FINE = {
    "reversed": "return np.ascontiguousarray(right(w)[::-1])[::-1]",
    "fortran": "return np.asfortranarray(right(w))",
    "read-only": "y = right(w); y.flags.writeable = False; return y",
    "spread": "y = right(w); z = np.zeros((*y.shape[:-1], 2 * y.shape[-1]), y.dtype); "
    "z[..., ::2] = y; return z[..., ::2]",
    "big-endian": "y = right(w); return y.astype(y.dtype.newbyteorder('>'))",
}


def hand_in(board: Board) -> None:
    exercise = "depthwise_as_dense"
    right = board.source(exercise)
    for names, marks in ((WRONG, "less"), (FINE, "full")):
        for name, body in names.items():
            more = f"\n\n\nright = {exercise}\n\n\ndef {exercise}(w):\n    {body}"
            board.answer(name, exercise, right + more, marks)
