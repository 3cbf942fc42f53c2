"""Faults while a class is graded: kills, full disks, locks, two at once.

`killed.py` kills `course grade` at random moments and compares; `python
tests/faults` does it at length, `tests/test_faults.py` a few times.
"""
