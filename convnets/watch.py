"""Which torch operations run during a call.

An exercise is about writing an operation, so the library's own must not be the
answer. torch tells of everything that it runs, whatever name it was called by,
backward passes included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

# Arguments that make another operation of a convolution, and what is added to
# its name: "convolution:grouped".
VARIANTS: dict[str, Callable[[Any], bool]] = {
    "transposed": lambda value: value is True,
    "groups": lambda value: isinstance(value, int) and value > 1,
}
SUFFIX = {"transposed": ":transposed", "groups": ":grouped"}


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the names of the operations that torch runs inside `with`.

    Costs about 30 microseconds an operation. Sees the thread that entered it.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._used: set[str] = set()

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler, seconds long, at the first call."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Called by torch instead of each operation."""
        kwargs = kwargs or {}
        self._used.add(_name(func, args, kwargs))
        return func(*args, **kwargs)

    @property
    def used(self) -> tuple[str, ...]:
        """The names, sorted: "convolution", "convolution_backward:grouped"."""
        return tuple(sorted(self._used))


def _name(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    plain, places = _signature(func)
    for argument, place in places:
        value = args[place] if place < len(args) else kwargs.get(argument)
        if VARIANTS[argument](value):
            plain += SUFFIX[argument]
    return plain


@cache
def _signature(func: Any) -> tuple[str, tuple[tuple[str, int], ...]]:
    """An operation's name, and where it takes the arguments of VARIANTS."""
    schema = func._schema
    places = [
        (argument.name, place)
        for place, argument in enumerate(schema.arguments)
        if argument.name in VARIANTS
    ]
    return schema.name.rpartition("::")[2], tuple(places)
