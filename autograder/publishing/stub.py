"""The stub of a reference: what a reader and a student see of it.

The same cut as nbgrader's ClearSolutions makes, with the same text, so that
the page and the released notebook show one stub.
"""

from __future__ import annotations

from autograder.errors import AuthorError

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
PLACEHOLDER = "# YOUR CODE HERE\nraise NotImplementedError()"


def stub(source: str) -> str:
    """The source with each marked answer replaced by the placeholder.

    Raises AuthorError when there is no marked answer, or when a marker has no
    partner: a page must not be made from a source that hides nothing.
    """
    kept: list[str] = []
    begun = 0  # the line of the open marker; 0 outside an answer
    found = False
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip() == BEGIN:
            if begun:
                raise AuthorError(_trouble(number, f"a second '{BEGIN}'", END))
            begun, found = number, True
            indent = line[: len(line) - len(line.lstrip())]
            kept.extend(indent + text for text in PLACEHOLDER.splitlines())
        elif line.strip() == END:
            if not begun:
                raise AuthorError(_trouble(number, f"'{END}' on its own", BEGIN))
            begun = 0
        elif "BEGIN SOLUTION" in line or "END SOLUTION" in line:
            raise AuthorError(_trouble(number, f"the line '{line.strip()}'", BEGIN))
        elif not begun:
            kept.append(line)
    if begun:
        raise AuthorError(_trouble(begun, f"'{BEGIN}' that never ends", END))
    if not found:
        raise AuthorError(
            "Cutting the answer out of a reference: no answer is marked. "
            f"Put '{BEGIN}' and '{END}' on lines of their own around it."
        )
    return "\n".join(kept)


def _trouble(number: int, came: str, expected: str) -> str:
    return (
        f"Cutting the answer out of a reference: line {number} has {came}, "
        f"but '{expected}' was expected first, on a line of its own. "
        "Pair the markers."
    )
