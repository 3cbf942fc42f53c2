"""Reference answers of the small chapter."""

import numpy as np


def check_window(k, n):
    """Raise ValueError unless 1 <= k <= n."""
    if not 1 <= k <= n:
        raise ValueError(f"k is {k}; 1 to {n} was expected")


def moving_sum(x, k):
    """Sum every k neighbours.

    x: (N,) numbers. Returns (N - k + 1,). Raises ValueError for a wrong k.
    """
    check_window(k, len(x))
    ### BEGIN SOLUTION
    secret_sums = np.cumsum(np.concatenate([[0.0], x]))
    return secret_sums[k:] - secret_sums[:-k]
    ### END SOLUTION


def moving_mean(x, k):
    """Average every k neighbours.

    x: (N,) numbers. Returns (N - k + 1,).
    """
    ### BEGIN SOLUTION
    return moving_sum(x, k) / k
    ### END SOLUTION
