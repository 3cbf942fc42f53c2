"""How modules that draw random numbers are called: about 1 s."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from convnets import show
from convnets.answers import Call, invoke


class Noisy(torch.nn.Module):
    """Draws in the constructor, as layers do for their weights, and in forward."""

    def __init__(self, drawn: int = 0) -> None:
        super().__init__()
        torch.rand(drawn)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.rand(x.shape) if self.training else x


def seeded(seed: int, **init: int) -> Call:
    args = (init, None, [np.zeros((2, 3), np.float32)], None)
    return Call(args, {"train": True, "seed": seed}, "module")


def output(call: Call) -> Any:
    return invoke(Noisy, call).value["output"]


def test_a_seed_makes_two_calls_alike() -> None:
    """The same seed gives the same numbers, whatever the constructor drew."""
    torch.testing.assert_close(output(seeded(3)), output(seeded(3, drawn=5)))
    assert not torch.equal(output(seeded(3)), output(seeded(4)))


def test_the_callers_generator_goes_on_undisturbed() -> None:
    """A seeded call neither sets nor advances the generator of the notebook."""
    torch.manual_seed(0)
    undisturbed = torch.rand(2)
    torch.manual_seed(0)
    output(seeded(3))
    assert torch.equal(torch.rand(2), undisturbed)


def test_the_seed_is_shown() -> None:
    """What a student is shown can be typed, with its random numbers."""
    typed = show.typed("Noisy", seeded(3, drawn=5))
    assert typed == "torch.manual_seed(3); Noisy(drawn=5).train()(x)"
