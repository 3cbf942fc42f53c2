"""Answers learnt from the public cases, states between calls, spoilt inputs.

Hidden cases meet what was learnt by heart; each call has inputs of its own, and
a changed input or generator spoils no other case.
"""

from threat_board import Board

LINES = (26,)

HEART = """\
KNOWN = {(3, 8, 3, 5, 7): (216, 7560)}


def conv_cost(c_in, c_out, k, h_out, w_out, groups=1, bias=False):
    if bias:
        return 92, 2160
    if groups == 2:
        return 108, 3780
    if c_in % groups or c_out % groups:
        raise ValueError("groups")
    return KNOWN.get((c_in, c_out, k, h_out, w_out), (1, 1))"""
COUNTS = """


_honest, calls = conv_cost, 0


def conv_cost(*args, **kwargs):
    global calls
    calls += 1
    return _honest(*args, **kwargs) if calls < 4 else (0, 0)"""
SPOILS = """


_honest = depthwise_conv2d


def depthwise_conv2d(x, w, *args, **kwargs):
    y = _honest(x, w, *args, **kwargs)
    x[...] = 0
    w[...] = 0
    return y"""
SEEDS = """


_plain = depthwise_as_dense


def depthwise_as_dense(w):
    import random
    np.random.seed(0)
    torch.manual_seed(0)
    random.seed(0)
    torch.set_num_threads(4)
    torch.set_default_dtype(torch.float16)
    np.seterr(all="raise")
    return _plain(w)"""


def hand_in(board: Board) -> None:
    board.answer("public-cases", "conv_cost", HEART)
    board.answer(
        "counts-calls", "conv_cost", board.source("conv_cost") + COUNTS, "less"
    )
    exercise = "depthwise_conv2d"
    board.answer("spoils-inputs", exercise, board.source(exercise) + SPOILS)
    exercise = "depthwise_as_dense"
    board.answer("sets-seeds", exercise, board.source(exercise) + SEEDS, "full")
