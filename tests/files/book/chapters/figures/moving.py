"""Drawing code of the small chapter."""


def bars(numbers):
    """Text in place of a picture: one bar a number."""
    return "\n".join("#" * int(n) for n in numbers)
