"""Shell commands, scripts, extensions and other magics in cells.

None runs anything: what they would write is not there, and the work counts.
"""

from threat_board import Board

LINES = (23,)

LINE_MAGICS = """\
!touch {marker}
!!touch {marker}
%run {marker}.py
%load_ext evil
%system touch {marker}
%sx touch {marker}
%cd /
%env
%store -r
%pip install evil
files = !ls /
get_ipython().system("touch {marker}")
get_ipython().run_cell("import os; os.system('touch {marker}')")
loot = list(files)"""
CELL_MAGICS = {
    "bash": "%%bash\ntouch {marker}",
    "script": "%%script sh\ntouch {marker}",
    "write-file": "%%writefile {marker}\nx",
    "javascript": "%%javascript\nalert(1)",
    "html": "%%html\n<script>alert(1)</script>",
}


def hand_in(board: Board) -> None:
    marker = board.targets.marker
    board.cell("lines", LINE_MAGICS.format(marker=marker))
    for name, source in CELL_MAGICS.items():
        board.cell(name, source.format(marker=marker))
