"""Values that may travel: between processes, and into files of public cases.

A value is a tree of None, bool, int, float, str, list, tuple, dict with
string keys, NumPy arrays and scalars, and torch tensors. `encode` splits it
into a JSON document and a list of arrays; `decode` builds it again, out of
exact base classes only. Nothing is pickled. What is none of these becomes an
`Opaque`, which carries the name of its type and nothing else.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.tensors import is_plain_tensor

if TYPE_CHECKING:
    import torch

# What an array may be made of: no objects, no structures, no strings.
DTYPES = frozenset(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "float16 float32 float64 complex64 complex128".split()
)
_SCALARS = frozenset(np.dtype(name).type for name in DTYPES)
# By the type of an entry, of which some have two; asking for a name takes longer.
_PLAIN: dict[type, np.dtype[Any]] = {
    np.dtype(letter).type: np.dtype(np.dtype(letter).name)
    for letter in np.typecodes["All"]
    if np.dtype(letter).name in DTYPES
}
MAX_HEADER = 1 << 20  # bytes of JSON in a frame
MAX_FRAME = 1 << 26  # bytes of a frame in all
MAX_DEPTH = 16
MAX_INT_BITS = 4096


class Malformed(ValueError):
    """Bytes that are no value; the sentence says what was wrong."""


@dataclass(frozen=True)
class Opaque:
    """Stands for an object that may not travel."""

    type_name: str

    def __repr__(self) -> str:
        return f"<an object of type {self.type_name}>"


def encode(value: Any) -> tuple[Any, list[np.ndarray]]:
    """Split a value into a JSON document and its arrays, in order.

    Exact types only: a subclass of ndarray, int or float is Opaque, so that
    no method of a student's class runs where the value is looked at.
    """
    arrays: list[np.ndarray] = []
    return _encode(value, arrays, 0), arrays


def _encode(value: Any, arrays: list[np.ndarray], depth: int) -> Any:
    kind = type(value)
    if depth > MAX_DEPTH:
        return {"opaque": "a structure nested too deeply"}
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        if value.bit_length() > MAX_INT_BITS:
            return {"opaque": "int with over a thousand digits"}
        return {"int": hex(value)}
    if kind is float:
        return {"float": value.hex()}
    if kind is list or kind is tuple:
        items = [_encode(item, arrays, depth + 1) for item in value]
        return items if kind is list else {"tuple": items}
    if kind is dict and all(type(key) is str for key in value):
        return {
            "dict": [
                [key, _encode(item, arrays, depth + 1)] for key, item in value.items()
            ]
        }
    if kind is np.ndarray and value.dtype.type in _PLAIN:
        return _append(arrays, "array", value)
    if kind in _SCALARS:
        return _append(arrays, "scalar", np.asarray(value))
    if is_plain_tensor(value):
        array = _tensor_to_array(value)
        if array is not None:
            return _append(arrays, "tensor", array)
    if kind is Opaque:
        return {"opaque": value.type_name}
    return {"opaque": _type_name(kind)}


def _append(arrays: list[np.ndarray], tag: str, array: np.ndarray) -> dict[str, int]:
    # Native byte order, C order, a plain copy: the layout carries no meaning.
    plain = np.array(array, dtype=_PLAIN[array.dtype.type], order="C")
    arrays.append(plain)
    return {tag: len(arrays) - 1}


def _tensor_to_array(tensor: torch.Tensor) -> np.ndarray | None:
    try:
        array = tensor.detach().resolve_conj().resolve_neg().cpu().numpy()
    except (TypeError, RuntimeError):
        return None  # sparse, quantised, bfloat16, meta: not for these exercises
    return array if array.dtype.type in _PLAIN else None


def _type_name(kind: type) -> str:
    module = str(getattr(kind, "__module__", ""))[:60]
    name = str(getattr(kind, "__qualname__", "?"))[:60]
    return name if module in ("builtins", "__main__", "") else f"{module}.{name}"


def decode(document: Any, arrays: list[np.ndarray]) -> Any:
    """Build a value from `encode`'s two parts.

    Raises Malformed for anything that `encode` cannot have written.
    """
    try:
        return _decode(document, arrays, 0)
    except (TypeError, ValueError, KeyError, IndexError, OverflowError) as error:
        raise Malformed(f"no value: {error}") from None


def _decode(node: Any, arrays: list[np.ndarray], depth: int) -> Any:
    if depth > MAX_DEPTH + 1:
        raise Malformed("nested too deeply")
    if isinstance(node, str):
        # A lone surrogate could not be written to a file or a terminal.
        return node.encode("utf-8", "replace").decode("utf-8")
    if node is None or isinstance(node, bool):
        return node
    if isinstance(node, list):
        return [_decode(item, arrays, depth + 1) for item in node]
    if not isinstance(node, dict) or len(node) != 1:
        raise Malformed("a node is none of the known kinds")
    ((tag, body),) = node.items()
    if tag == "int":
        if len(body) > MAX_INT_BITS // 4 + 3:
            raise Malformed("an int with too many digits")
        return int(body, 16)
    if tag == "float":
        return float.fromhex(body)
    if tag == "tuple":
        return tuple(_decode(item, arrays, depth + 1) for item in _list(body))
    if tag == "dict":
        pairs = [_list(pair) for pair in _list(body)]
        if not all(isinstance(key, str) for key, _ in pairs):
            raise Malformed("a key is not a string")
        return {key: _decode(item, arrays, depth + 1) for key, item in pairs}
    if tag == "opaque":
        return Opaque(str(body)[:120])
    if tag in ("array", "scalar", "tensor"):
        if type(body) is not int or not 0 <= body < len(arrays):
            raise Malformed("no such array")
        array = arrays[body]
        if tag == "tensor":
            import torch  # late: it takes seconds, and most values have no tensors

            return torch.from_numpy(array)  # no copy: a frame may name it often
        return array[()] if tag == "scalar" else array
    raise Malformed(f"unknown kind {str(tag)[:20]!r}")


def _list(node: Any) -> list[Any]:
    if not isinstance(node, list):
        raise Malformed("a list was expected")
    return node


def pack(value: Any) -> bytes:
    """A value as one run of bytes: header length, JSON header, raw buffers."""
    document, arrays = encode(value)
    shapes = [[array.dtype.name, list(array.shape)] for array in arrays]
    header = json.dumps({"value": document, "arrays": shapes}).encode()
    buffers = [array.tobytes() for array in arrays]
    return b"".join([struct.pack("<I", len(header)), header, *buffers])


def unpack(data: bytes) -> Any:
    """Read what `pack` wrote; every size is checked before it is believed.

    Raises Malformed.
    """
    if len(data) > MAX_FRAME:
        raise Malformed(f"{len(data)} bytes, at most {MAX_FRAME} are read")
    if len(data) < 4:
        raise Malformed("shorter than a header")
    (length,) = struct.unpack_from("<I", data)
    if length > MAX_HEADER or 4 + length > len(data):
        raise Malformed("the header does not fit")
    try:
        header = json.loads(data[4 : 4 + length])
        shapes, document = header["arrays"], header["value"]
        arrays, offset = [], 4 + length
        for name, shape in shapes:
            array, offset = _buffer(data, offset, name, shape)
            arrays.append(array)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Malformed(f"unreadable: {str(error)[:80]}") from None
    if offset != len(data):
        raise Malformed("bytes are left over")
    return decode(document, arrays)


def _buffer(data: bytes, offset: int, name: Any, shape: Any) -> tuple[np.ndarray, int]:
    if name not in DTYPES:
        raise Malformed("a dtype that may not travel")
    if not isinstance(shape, list) or len(shape) > 32:
        raise Malformed("no shape")
    if not all(type(n) is int and 0 <= n <= MAX_FRAME for n in shape):
        raise Malformed("no shape")
    dtype = np.dtype(name)
    size = math.prod(shape) * dtype.itemsize
    if offset + size > len(data):
        raise Malformed("an array is cut off")
    flat = np.frombuffer(data, dtype, math.prod(shape), offset)
    if name == "bool" and (flat.view(np.uint8) > 1).any():
        raise Malformed("a bool that is neither")
    return flat.reshape(shape).copy(), offset + size


def save(path: Any, value: Any) -> None:
    """Write a value as an .npz file that NumPy opens without pickle."""
    document, arrays = encode(value)
    named: dict[str, Any] = {f"a{i}": array for i, array in enumerate(arrays)}
    text = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez_compressed(path, document=text, **named)


def load(path: Any) -> Any:
    """Read what `save` wrote. Raises Malformed or OSError."""
    with np.load(path, allow_pickle=False) as archive:
        document = json.loads(archive["document"].tobytes())
        arrays = [archive[f"a{i}"] for i in range(len(archive.files) - 1)]
    return decode(document, arrays)
