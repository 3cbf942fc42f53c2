"""Two trees of trouble.

CourseError             ours, or the call's: stops the run, exit status 2
├── AuthorError         a chapter, a reference or a check is wrong
├── SetUpError          something is missing on this machine
└── UsageError          the command was called with what it cannot use

SubmissionTrouble       a student's: becomes a line of feedback, the run
                        goes on
"""

from __future__ import annotations


class CourseError(Exception):
    """What was being done, what came, what was expected, what to do."""


class AuthorError(CourseError):
    """A chapter, a reference or a check does not fit the others."""


class SetUpError(CourseError):
    """Something is missing on this machine, or not allowed."""


class UsageError(CourseError):
    """The command was called with something it cannot use."""


class SubmissionTrouble(Exception):
    """A submission that cannot be graded as it is; the sentence is for staff
    and student."""
