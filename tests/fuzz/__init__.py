"""Random rubbish for everything that reads what a student made.

Each module has one function that takes a `random.Random` and tries one piece
of rubbish; it raises AssertionError where a promise is broken. `python
tests/fuzz` runs them at length, `tests/test_fuzz.py` for a few seconds.
"""
