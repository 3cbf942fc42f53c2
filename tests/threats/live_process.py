"""The checks, looked for in the live process.

Frames, the garbage collector, linecache, inspect and the history hold nothing of
the checks or the references, neither before nor during a call.
"""

from threat_board import Board

LINES = (1,)
OURS = "('autograder.checks', 'autograder.judging', 'autograder.model', 'solutions')"

OBJECTS = f"""
import gc
def ours():
    names = [getattr(o, '__module__', None) for o in gc.get_objects()]
    return [n for n in names if isinstance(n, str) and n.startswith({OURS})]
attempt(ours)
"""
TEXT = """
import gc, sys
mark = '### BEGIN ' + 'SOLUTION'
def texts():
    known = [v for o in gc.get_objects() if type(o) is dict for v in o.values()]
    return [t for t in known if type(t) is str and mark in t and t != mark]
attempt(texts)
"""
FRAMES = f"""
import inspect, sys
def seen():
    found, frame = [], sys._getframe()
    while frame:
        found += [k for k in frame.f_locals if k in ('expected', 'verdict', 'cases')]
        found += [frame.f_code.co_filename] * ('checks' in frame.f_code.co_filename)
        frame = frame.f_back
    return found
attempt(seen)
attempt(lambda: [m for m in sys.modules if m.startswith({OURS})])
attempt(lambda: __import__('autograder.checks.depthwise'))
attempt(lambda: __import__('solutions.depthwise'))
"""
CACHE = """
import linecache
def lines():
    return [n for n in linecache.cache if 'checks' in n or 'solutions' in n]
attempt(lines)
attempt(lambda: list(get_ipython().history_manager.input_hist_raw))
attempt(lambda: In)
attempt(lambda: _ih)
"""


def hand_in(board: Board) -> None:
    board.theft("objects", OBJECTS)
    board.theft("texts", TEXT)
    board.theft("frames", FRAMES)
    board.theft("line-cache", CACHE)
