"""Something left for the next submission, or said to another run.

Two submissions write and look in the same places: files, start-up hooks, shared
memory, message queues, a daemon. Neither finds what the other left.
"""

from threat_board import Board

LINES = (8, 9)

FILES = """
import os, site, sys, sysconfig
places = ['/tmp', '/var/tmp', '/dev/shm', '/run/lock', '/', '/student',
          os.path.expanduser('~/.ipython/profile_default/startup'),
          os.path.expanduser('~/.config'), sysconfig.get_path('purelib')]
for place in places:
    for name in ('left.pth', 'left.py', 'sitecustomize.py'):
        path = os.path.join(place, name)
        ours = os.path.realpath(path) in written
        attempt(lambda: None if ours else open(path).read())
        try:
            os.makedirs(place, exist_ok=True)
            open(path, 'w').write('left')
            written.add(os.path.realpath(path))
        except OSError:
            pass
"""
MEMORY = """
import ctypes
from multiprocessing import shared_memory
libc = ctypes.CDLL(None, use_errno=True)
attempt(lambda: shared_memory.SharedMemory('left', create=True, size=64))
attempt(lambda: shared_memory.SharedMemory('left'))
attempt(lambda: libc.shmget(4711, 4096, 0o1666) + 1)
attempt(lambda: libc.msgget(4711, 0o1666) + 1)
attempt(lambda: libc.semget(4711, 1, 0o1666) + 1)
attempt(lambda: libc.memfd_create(b'left', 0) + 1)
"""
DAEMON = """
import os, subprocess, sys, time
def daemon():
    pid = os.fork()
    if pid == 0:
        os.setsid()
        time.sleep(600)
    return pid
attempt(daemon)
attempt(lambda: subprocess.Popen([sys.executable, '-c', 'while True: pass']))
attempt(lambda: os.posix_spawn('/bin/sleep', ['sleep', '600'], {}))
"""


def hand_in(board: Board) -> None:
    for name in ("first", "second"):
        board.theft(f"{name}-files", FILES, before="written = set()")
        board.theft(f"{name}-memory", MEMORY)
        board.theft(f"{name}-daemon", DAEMON)
