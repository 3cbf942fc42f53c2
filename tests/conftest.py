"""Fixtures that several test modules use."""

from _fixtures_site import browser, site

__all__ = ["browser", "site"]
