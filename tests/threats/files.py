"""Secrets in files, in other processes, in the environment and in descriptors.

The thief knows every path. References, checks, seed, gradebook, other
submissions and other processes cannot be opened, and nothing was inherited.
"""

from threat_board import Board

from autograder.catalogue import ROOT

LINES = (2, 3)

PROCESSES = """
import os
def read(pid, name):
    return open(f'/proc/{pid}/{name}', 'rb').read(64)
for pid in ('self', 'thread-self', 1, 2, os.getppid()):
    for name in ('environ', 'mem', 'cmdline', 'maps'):
        attempt(lambda: read(pid, name))
attempt(lambda: os.listdir('/proc'))
"""
HOMES = """
import glob, os
# Of root and of people, of servers, of what was installed by hand or mounted.
folders = ['root', 'home', 'home/*', 'srv', 'opt', 'mnt', 'run/secrets', 'var/lib']
patterns = [f'/{folder}/{name}' for folder in folders for name in ('*', '.*')]
for pattern in (*patterns, PROJECTS, '/etc/passwd', '/etc/shadow'):
    attempt(lambda: glob.glob(pattern))
attempt(lambda: [p for p in glob.glob('/tmp/*') if os.path.isfile(p)])
"""
ENVIRONMENT = """
import os, sys
# The last is what the chapter's first cell sets.
kept = {'HOME', 'TMPDIR', 'MPLCONFIGDIR', 'USER', 'LANG', 'OMP_NUM_THREADS'}
attempt(lambda: {k: v for k, v in os.environ.items() if k not in kept})
attempt(lambda: sys.argv[1:] + sys.orig_argv[1:])
def native():
    import ctypes
    table = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
    first = table[0] if table else None
    return first if first and first.split(b'=')[0].decode() not in kept else None
attempt(native)
"""
DESCRIPTORS = """
import os, stat
def inherited():
    found = []
    for fd in [0, 1, 2, *range(4, 64)]:
        try:
            mode = os.fstat(fd).st_mode
        except OSError:
            continue
        found += [] if stat.S_ISCHR(mode) else [(fd, mode)]
    return found
attempt(inherited)
attempt(lambda: os.read(0, 10))
"""


def hand_in(board: Board) -> None:
    paths = [str(path) for path in board.targets.files]
    reads = f"""
import os
for path in {paths!r}:
    attempt(lambda: open(path, 'rb').read(300))
    attempt(lambda: os.stat(path))
    attempt(lambda: os.listdir(os.path.dirname(path)))
    attempt(lambda: os.link(path, 'mine') or open('mine').read())
"""
    board.theft("by-path", reads)
    board.theft("processes", PROCESSES)
    board.theft("homes", f"PROJECTS = {str(ROOT.parent / '*')!r}\n{HOMES}")
    board.theft("environment", ENVIRONMENT)
    board.theft("descriptors", DESCRIPTORS)
