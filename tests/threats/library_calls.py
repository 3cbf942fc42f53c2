"""The library's own operation in place of the exercise, also in disguise.

It earns nothing, and both feedback and summary say which rule it broke.
"""

from threat_board import Board

LINES = (27,)

BODY = """\
def depthwise_conv2d(x, w, stride=1, padding=0):
    C, M, kh, kw = w.shape
    x, w = torch.tensor(x), torch.tensor(w).reshape(C * M, 1, kh, kw)
    return {call}(x, w, None, stride, padding, 1, C).numpy()"""
CALLS = {
    "plain": "F.conv2d",
    "looked-up": "getattr(torch, 'conv' + '2d')",
    "from-a-dict": "vars(torch.nn.functional)['conv' + '2d']",
    "low-level": "(lambda *a: torch.ops.aten.convolution(*a[:3], [a[3]] * 2, "
    "[a[4]] * 2, [1, 1], False, [0, 0], a[6]))",
}


def hand_in(board: Board) -> None:
    for name, call in CALLS.items():
        source = BODY.format(call=call)
        says = ("This exercise is about writing it",)
        summary = "depthwise_conv2d uses torch's own grouped convolution"
        board.answer(name, "depthwise_conv2d", source, says=says, summary=summary)
