"""Exercises whose trained network is judged by what it reaches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autograder.judging import seeds, verify
from autograder.judging.cases import DEVELOPMENT, drawn_cases, public_cases
from autograder.judging.local import LocalSession
from autograder.judging.referee import Referee
from autograder.model import Exercise, Group, Mistake, trained
from convnets import measures


def two_clouds(rng: np.random.Generator) -> tuple[tuple[Any, ...], Any]:
    """Points left and right of zero: 40 to train with, 30 to be asked about."""
    y = rng.integers(0, 2, 70)
    x = rng.standard_normal((70, 2)).astype("float32") / 4
    x[:, 0] += 2 * y - 1
    seed = int(rng.integers(1000))
    return (x[:40], y[:40], 10, seed, [x[40:]]), y[40:]


def train_line(x: Any, y: Any, steps: int, seed: int) -> nn.Module:
    """Train a linear classifier of points (N, 2)."""
    ### BEGIN SOLUTION
    torch.manual_seed(seed)
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for _ in range(steps):
        optimizer.zero_grad()
        scores = model(torch.as_tensor(x))
        nn.functional.cross_entropy(scores, torch.as_tensor(y)).backward()
        optimizer.step()
    return model
    ### END SOLUTION


def not_trained(x: Any, y: Any, steps: int, seed: int) -> nn.Module:
    return nn.Linear(2, 2, bias=False).requires_grad_(False).apply(_zero)


def _zero(module: nn.Module) -> None:
    nn.init.constant_(module.weight, 0.0)


def other_way(x: Any, y: Any, steps: int, seed: int) -> nn.Module:
    return train_line(x, 1 - y, steps, seed)


def no_numbers(x: Any, y: Any, steps: int, seed: int) -> nn.Module:
    model = train_line(x, y, 1, seed)
    model.weight.data.fill_(float("nan"))
    return model


def no_network(x: Any, y: Any, steps: int, seed: int) -> Any:
    return np.zeros(3)


EXERCISE = Exercise(
    train_line,
    minutes=5,
    difficulty="warm-up",
    groups=[Group("new points", 2, "Points that it was not trained on.")],
    cases=[
        trained("new points", "two clouds", two_clouds, "accuracy", 0.9, public=True),
        trained("new points", "two other clouds", two_clouds, "accuracy", 0.9),
    ],
    mistakes=[
        Mistake("the network is not trained", not_trained),
        Mistake("the classes are exchanged", other_way),
        Mistake("the weights are no numbers", no_numbers),
    ],
)


def judged(function: Any) -> Any:
    return Referee(DEVELOPMENT).judge(EXERCISE, LocalSession(function))


def test_trained_network_gets_the_points() -> None:
    """A network that reaches what is asked on hidden inputs has full marks."""
    assert judged(train_line).score == 2


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (other_way, "at least 0.90 was expected"),
        (no_numbers, "not finite"),
        (no_network, "the trained network, a torch.nn.Module, was expected"),
    ],
)
def test_broken_network_is_told_what_it_reached(function: Any, said: str) -> None:
    """What the public case reached is said; of the hidden one nothing is."""
    verdict = judged(function)
    assert verdict.score == 0
    public, hidden = sorted(verdict.cases, key=lambda case: not case.public)
    assert said in public.message
    assert "expected" not in hidden.message


def test_explanation_does_not_list_the_targets() -> None:
    """A failing network is shown beside what was asked, not beside arrays."""
    found = judged(other_way).explanation
    assert found.expected == "accuracy of at least 0.90"
    assert found.received.startswith("accuracy 0.")
    assert found.call.endswith(".eval()(*new)")


def test_targets_stay_with_the_referee() -> None:
    """No argument of the call that the sandbox sees equals the targets."""
    for drawn in drawn_cases(EXERCISE, DEVELOPMENT):
        arrays = [a for a in drawn.call.args if isinstance(a, np.ndarray)]
        assert all(not np.array_equal(drawn.expected.value, a) for a in arrays)


def test_public_case_is_shipped_with_its_goal() -> None:
    """A student's `check` measures as the grader does."""
    (shipped,) = public_cases(EXERCISE)["cases"]
    assert (shipped["measure"], shipped["least"]) == ("accuracy", 0.9)
    assert shipped["value"].shape == (30,)


def test_table_of_ten_draws_is_the_reason_of_the_threshold() -> None:
    """The reference passes on each draw, broken networks on none."""
    rows = list(seeds.table(EXERCISE))
    assert len([row for row in rows if row.right]) == 2
    assert all(len(row.reached) == seeds.DRAWS for row in rows if row.right)
    assert seeds.finding(EXERCISE, rows).kept


def test_threshold_without_room_is_objected_to() -> None:
    """A threshold between the draws of the reference, or below a broken one, is."""
    tight = seeds.Row("c", "right", (0.91, 0.97, 0.99), 0.9, True)
    loose = seeds.Row("c", "broken", (0.2, 0.95), 0.9, False)
    assert not tight.fits
    assert not loose.fits
    assert not seeds.finding(EXERCISE, [tight]).kept


def test_broken_networks_lose_points_in_verify() -> None:
    """`course verify` trains every listed broken network."""
    twin = Mistake("it is right", train_line)
    findings = verify.verify(
        replace(EXERCISE, mistakes=(*EXERCISE.mistakes, twin)), [], Referee(DEVELOPMENT)
    )
    told = {f.promise: f.detail for f in findings}
    assert "'it is right' gets full marks" in told.values()


def test_iou_counts_pixels() -> None:
    """Two of three found pixels are right, and one is missed: 2 of 4."""
    logits = np.array([[[1.0, 2.0, 3.0, -1.0, -1.0]]])
    mask = np.array([[[True, True, False, True, False]]])
    assert measures.iou(logits, mask) == 0.5
    assert measures.iou(logits[:, None], mask) == 0.5
    assert measures.iou(-np.abs(logits), np.zeros_like(mask)) == 1.0


def test_output_of_another_shape_is_said() -> None:
    """A network for other targets gets a sentence, not a number."""
    with pytest.raises(ValueError, match=r"shape \(4, 3, 2\)"):
        measures.reached("accuracy", np.zeros((4, 3, 2)), np.zeros(4, int))
