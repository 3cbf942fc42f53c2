"""Values that travel: what comes back is what was sent, and nothing else."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from convnets import values
from convnets.values import Malformed, Opaque, pack, unpack

# On a busy machine, drawing a value may take long.
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | arrays(
        st.sampled_from(sorted(values.DTYPES)), array_shapes(min_dims=0, max_side=3)
    )
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray | np.generic):
        return (
            type(a) is type(b)
            and a.dtype == b.dtype
            and a.shape == b.shape
            and a.tobytes() == b.tobytes()
        )
    if isinstance(a, list | tuple):
        pairs = zip(a, b, strict=True)
        return type(a) is type(b) and all(same(x, y) for x, y in pairs)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b)


@given(TREES)
def test_values_come_back(tree: Any) -> None:
    """Every tree of allowed leaves survives the journey, types included."""
    assert same(tree, unpack(pack(tree)))


def test_values_come_back_from_a_file(tmp_path: Path) -> None:
    """Public cases are files that NumPy opens without pickle."""
    tree = {"x": [np.arange(6).reshape(2, 3), (1, 2.5, None)], "n": np.float32(2)}
    values.save(tmp_path / "a.npz", tree)
    assert same(values.load(tmp_path / "a.npz"), tree)


def test_tensors_come_back_as_plain_tensors() -> None:
    """A parameter travels as its numbers; subclasses do not travel."""

    class Mine(torch.Tensor):
        pass

    back = unpack(
        pack([torch.nn.Parameter(torch.ones(2)), torch.ones(2).as_subclass(Mine)])
    )
    assert type(back[0]) is torch.Tensor
    assert isinstance(back[1], Opaque)


@given(st.binary(max_size=200))
def test_rubbish_is_malformed(data: bytes) -> None:
    """Random bytes are refused, never believed and never a crash."""
    with pytest.raises(Malformed):
        unpack(data)


@given(TREES, st.data())
def test_damaged_frames_do_no_harm(tree: Any, data: st.DataObject) -> None:
    """A frame with a byte changed or cut off is a value or Malformed."""
    frame = bytearray(pack(tree))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(frame)))
    for damaged in (bytes(frame), bytes(frame[:cut])):
        try:
            unpack(damaged)
        except Malformed:
            continue


HEADERS = [
    {"value": {"array": 0}, "arrays": [["object", [1]]]},
    {"value": {"array": 0}, "arrays": [["float64", [1 << 40]]]},
    {"value": {"array": 0}, "arrays": [["float64", [-1]]]},
    {"value": {"array": 0}, "arrays": [["float64", [0] * 99]]},
    {"value": {"array": 7}, "arrays": []},
    {"value": {"array": True}, "arrays": []},
    {"value": {"int": "0x" + "f" * 9000}, "arrays": []},
    {"value": {"float": "x"}, "arrays": []},
    {"value": {"tuple": 3}, "arrays": []},
    {"value": {"dict": [[1, 2]]}, "arrays": []},
    {"value": {"evil": 1}, "arrays": []},
    {"value": {"int": "0x1", "float": "0x1"}, "arrays": []},
    {"value": 3, "arrays": []},
    {"arrays": []},
    [],
]


@pytest.mark.parametrize("header", HEADERS)
def test_headers_that_lie_are_malformed(header: Any) -> None:
    """Sizes, kinds and dtypes are checked before they are believed."""
    text = json.dumps(header).encode()
    with pytest.raises(Malformed):
        unpack(struct.pack("<I", len(text)) + text)


def test_deep_nesting_is_malformed() -> None:
    """A header nested ten thousand deep neither crashes nor hangs."""
    text = b'{"arrays": [], "value": ' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    with pytest.raises(Malformed):
        unpack(struct.pack("<I", len(text)) + text)


def test_one_array_named_often_is_held_once() -> None:
    """A frame of a megabyte cannot make its reader hold a thousand of them."""
    array = np.zeros(1 << 17)
    document = [{"tensor": 0}] * 1000
    tensors = values.decode(document, [array])
    assert len({tensor.data_ptr() for tensor in tensors}) == 1


def test_text_that_no_file_can_hold_is_repaired() -> None:
    """A lone surrogate comes back as a question mark."""
    assert unpack(pack("a\ud800b")) == "a?b"
