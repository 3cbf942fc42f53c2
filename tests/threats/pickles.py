"""Pickles, arrays of objects and saved tensors, as answers and beside the notebook.

Nothing that a student touched is unpickled: no reducer runs outside the child,
and such answers earn nothing.
"""

from pathlib import Path

from threat_board import Board

LINES = (25,)

REDUCER = """\
import os
import pickle


class Evil:
    def __reduce__(self):
        return (os.system, ("touch {marker}",))"""
ANSWERS = {
    "object": "return Evil()",
    "bytes": "return pickle.dumps(Evil())",
    "array": "return np.array([Evil()], dtype=object)",
    "dict": "return {'__reduce__': Evil(), 'py/object': 'os.system'}",
    "tensor": "t = torch.zeros(1); t.evil = Evil(); return t",
}


def hand_in(board: Board) -> None:
    before = REDUCER.format(marker=board.targets.marker)
    for name, body in ANSWERS.items():
        board.forged(name, body, before=before)
    pickled = f"cposix\nsystem\n(S'touch {board.targets.marker}'\ntR.".encode()

    def fill(folder: Path) -> None:
        for name in ("answers.npy", "answers.npz", "weights.pt", "data.pkl"):
            (folder / name).write_bytes(pickled)

    board.notebook("files", board.desk.right(), fill=fill)
    load = "answers = np.load('answers.npy', allow_pickle=True)"
    board.cell("loaded", load)
