"""Fixtures that several test modules use, and what holds for all tests."""

import os

# Before NumPy and torch are loaded: tests run side by side, and threads that
# wait for each other on a busy machine make small matrices six times as slow.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from _fixtures_site import browser, served, site, visit

__all__ = ["browser", "served", "site", "visit"]


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in its own hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Share tests out by file, whose fixtures are dear; exercises one by one, last
    and the longest first, so that no worker waits for another."""
    items.sort(key=lambda item: (is_contract(item), "train_" not in item.name))
    for item in items:
        # Files that share a dear fixture say so: one worker makes it for both.
        shared = getattr(getattr(item, "module", None), "GROUP", item.path.name)
        group = item.name if is_contract(item) else shared
        item.add_marker(pytest.mark.xdist_group(group))


def is_contract(item: pytest.Item) -> bool:
    """Whether a test looks at one exercise of many."""
    return item.path.name == "test_exercises.py"
