"""`make frames` finds every live figure and all that can be dragged in it."""

from __future__ import annotations

import frames
import pytest

from autograder.errors import UsageError
from convnets import live


def test_every_figure_is_dragged(site, visit, capsys):
    """All figures have a page; sliders and picture are dragged and change it."""
    known = frames.figures()
    assert sorted(known) == live.names()
    page = visit("about:blank")
    frames.measure(page, "dropout_masks", known["dropout_masks"])
    lines = capsys.readouterr().out.splitlines()
    dragged = [line[26:48].strip() for line in lines]
    assert dragged == ["p", "Block", "Draw", "the picture"]
    counted = [int(line[48:54]) for line in lines]
    assert min(counted) >= frames.STEPS
    assert "live-dropout." in page.url


def test_without_a_site_it_says_what_to_do(tmp_path, monkeypatch):
    """No figure is no success."""
    monkeypatch.setattr(frames, "PAGES", tmp_path)
    with pytest.raises(UsageError, match="Run `make site`"):
        frames.figures()
