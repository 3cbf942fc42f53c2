"""The public package of the course: what a student's notebook imports."""

from convnets.practice import check, progress

__all__ = ["check", "progress"]
