"""Fixtures that several test modules use, and what holds for all tests."""

import os

# Before NumPy and torch are loaded: tests run side by side, and threads that
# wait for each other on a busy machine make small matrices six times as slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from _fixtures_site import browser, site

__all__ = ["browser", "site"]
