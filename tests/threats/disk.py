"""A huge file, a million small ones, a sparse file, folders without end.

A child has a small disk of its own, in memory, that ends with it.
"""

from threat_board import Board

LINES = (32,)

CELLS = {
    "huge-file": "with open('f', 'wb') as f:\n    while True: f.write(b'x' * 100_000)",
    "full": "for i in range(99): open(str(i), 'wb').write(b'x' * 1_000_000)",
    "many-files": "for i in range(10**6): open(str(i), 'w')",
    "sparse": "open('f', 'wb').truncate(1 << 40)",
    "deep": "import os\nfor _ in range(99_999):\n    os.mkdir('d')\n    os.chdir('d')",
    "deleted-but-open": "import os\nkept = []\nwhile True:\n"
    "    kept.append(open('f', 'wb', 0))\n"
    "    kept[-1].write(b'x' * 100_000)\n    os.unlink('f')",
    "links": "import os\nfor i in range(10**6): os.symlink('x', str(i))",
}


def hand_in(board: Board) -> None:
    for name, source in CELLS.items():
        board.cell(name, source)
