"""The public package of the course: what a student's notebook imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convnets.practice import check, progress

__all__ = ["check", "progress"]


def __getattr__(name: str) -> Any:
    # torch takes seconds to import, and `python -m convnets status` needs none.
    if name in __all__:
        from convnets import practice

        return getattr(practice, name)
    raise AttributeError(f"module 'convnets' has no attribute {name!r}")
