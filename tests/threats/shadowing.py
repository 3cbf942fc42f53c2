"""Files beside the notebook that shadow a module or hook into the start.

Nothing of a submission but its notebook is read: no file of it is imported,
and none writes its mark.
"""

from pathlib import Path

from threat_board import Board

LINES = (22,)

NAMES = (
    "numpy.py",
    "torch.py",
    "sitecustomize.py",
    "usercustomize.py",
    "conftest.py",
    "depthwise.py",
    "solutions.py",
    "nbgrader_config.py",
    "convnets/__init__.py",
    "numpy/__init__.py",
    "evil.pth",
    ".ipython/profile_default/startup/00.py",
)


def hand_in(board: Board) -> None:
    marker = board.targets.marker

    def fill(folder: Path) -> None:
        for place in (folder, folder.parent, folder.parent.parent):
            for name in NAMES:
                path = place / name
                if path.parent.is_file() or path.is_dir():
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                line = f"import os; open({str(marker)!r}, 'w').write('imported')\n"
                path.write_text(line, encoding="utf-8")

    board.notebook("files", board.desk.right(), fill=fill)
