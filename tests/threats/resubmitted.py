"""A resubmission without its test cells, to keep the score of the one before.

The score is that of what was handed in last, whatever cells it lacks.
"""

LINES = (20,)
TESTS = (
    "tests/test_threats.py::test_the_last_one_handed_in_counts",
    "tests/test_nbgrader.py::test_handing_in_again_never_keeps_the_old_score",
)
