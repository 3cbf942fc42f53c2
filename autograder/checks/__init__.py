"""How each exercise is graded, a module a chapter.

`draws.py` holds what the modules share.
"""
