"""The live figure of the chapter `unet`: about 3 s."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import live_page
import numpy as np
import pytest
import torch
from live_page import loaded

from solutions.unet import UNet, iou

DATA = Path(__file__).parent.parent / "chapters" / "figures" / "unet_skips.json"
SKIPS = list(itertools.product(("on", "off"), ("on", "off")))


class Switched(UNet):
    """The reference, a skip of which is zeros where it is switched off."""

    def __init__(self, keep):
        super().__init__(1, 1, 4, 2)
        for down, on in zip(self.downs, keep, strict=True):
            if not on:
                # The pooling gets the maps, and the decoder zeros.
                self.decs[1 - list(self.downs).index(down)].register_forward_pre_hook(
                    _without_skip
                )


def _without_skip(_, inputs):
    (both,) = inputs
    skip, up = both.chunk(2, dim=1)
    return (torch.cat([torch.zeros_like(skip), up], dim=1),)


def weighted(module, layers):
    """Give the module the layers' weights; its batch norms only add a bias."""
    state = module.state_dict()
    for name, value in state.items():
        place, _, kind = name.rpartition(".")
        conv = place.replace("bn", "conv")
        if place in layers:
            given = layers[place]["w" if kind == "weight" else "b"]
            state[name] = torch.tensor(given).reshape(value.shape)
        elif kind == "bias":
            state[name] = torch.tensor(layers[conv]["b"])
        elif kind == "running_var":
            state[name] = torch.ones_like(value) - 1e-5
    module.load_state_dict(state)
    return module.double().eval()


@pytest.fixture(scope="module")
def data():
    return json.loads(DATA.read_text("utf-8"))


@pytest.fixture(scope="module")
def computed(browser, data):
    """Computes the figure's states in a browser."""
    with loaded(browser, "unet_skips") as page:
        yield lambda states: live_page.computed(page, states, data)


def test_network_is_the_reference(computed, data):
    """Logits, probabilities and IoU are the reference's, with any skips."""
    states = [{"upper": u, "lower": low, "picture": 2} for u, low in SKIPS]
    image = torch.tensor(data["images"][1]).double().view(1, 1, 24, 24)
    mask = np.array([digit == "1" for digit in data["masks"][1]])
    for (upper, lower), result in zip(SKIPS, computed(states), strict=True):
        net = weighted(Switched((upper == "on", lower == "on")), data["layers"])
        logits = net(image).detach().numpy().ravel()
        np.testing.assert_allclose(result["logits"], logits, atol=1e-4)
        assert result["iou"] == pytest.approx(iou(np.array(result["found"]), mask))


def test_wrong_pixels_are_counted_once(computed):
    """Near the border and elsewhere are all that differ from the mask."""
    states = [{"picture": p, "threshold": t} for p in (1, 2, 3, 4) for t in (5, 50, 95)]
    for result in computed(states):
        wrong = np.not_equal(result["found"], result["mask"]).sum()
        assert result["near"] + result["away"] == wrong


def test_without_skips_more_is_wrong(computed):
    """Over the four pictures, the skips take more than half of the errors away."""
    pictures = (1, 2, 3, 4)
    whole = computed([{"picture": p} for p in pictures])
    none = computed([{"picture": p, "upper": "off", "lower": "off"} for p in pictures])
    wrong = [sum(r["near"] + r["away"] for r in results) for results in (whole, none)]
    assert 2 * wrong[0] < wrong[1]


def test_nonsense_gives_the_first_state(computed):
    """A state that somebody has edited gives a valid figure."""
    edited = {"picture": 9, "upper": "x", "lower": None, "threshold": 3}
    first, other = computed([{}, edited])
    assert other == first
