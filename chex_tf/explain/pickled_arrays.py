"""Arrays from pickles of numpy arrays and PyTorch tensors, read without PyTorch and without executing anything."""

import io
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from chex_tf.explain.inert_pickle import PERSISTENT, Made, Name, load

_TENSOR, _STORED = Name("torch._utils", "_rebuild_tensor_v2"), Name("torch.storage", "_load_from_bytes")
_DTYPE, _ENCODED = Name("numpy", "dtype"), Name("_codecs", "encode")
# What opens a storage as PyTorch writes it into a pickle, and its version.
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "ByteStorage": "|u1",
    "CharStorage": "|i1",
    "ShortStorage": "<i2",
    "IntStorage": "<i4",
    "LongStorage": "<i8",
}
_PLAIN = re.compile(r"[<>|=]?([biuf][1248]|[?])")


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape that a record of an array or a tensor claims, before any of its bytes are looked at; None for anything
    else."""
    if not isinstance(value, Made):
        return None
    try:
        if value.by == _TENSOR:
            shape = value.arguments[2]
            if isinstance(shape, Made) and shape.by == Name("torch", "Size"):
                shape = shape.arguments[0]
        elif value.by.name == "_reconstruct":
            shape = value.state[1]
        elif value.by.name == "_frombuffer":
            shape = value.arguments[2]
        else:
            return None
        return _whole(shape)
    except (IndexError, TypeError) as error:
        raise ValueError("expected an array; its record is damaged") from error


def array_of(value: Made) -> np.ndarray:
    """The array of a record for which `shape_of` gives a shape; the caller has checked that shape's size."""
    shape = shape_of(value)
    if shape is None:
        raise ValueError(f"expected an array or a tensor; received {value.by}")
    try:
        if value.by == _TENSOR:
            storage, offset, _, strides = value.arguments[:4]
            return _strided(_storage(storage), _whole([offset])[0], shape, _whole(strides))
        if value.by.name == "_frombuffer":
            data, dtype, _, order = value.arguments[:4]
            return _filled(_bytes(data), _dtype(dtype), shape, order == "F")
        _, _, dtype, by_column, data = value.state
        return _filled(_bytes(data), _dtype(dtype), shape, bool(by_column))
    except (IndexError, TypeError, AttributeError) as error:
        raise ValueError("expected an array; its record is damaged") from error


def _whole(numbers: Any) -> tuple[int, ...]:
    """Shapes, strides and offsets: none is negative."""
    if not isinstance(numbers, Sequence) or not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("expected an array's shape and strides; they are no whole numbers")
    return tuple(numbers)


def _filled(data: bytes, dtype: np.dtype, shape: tuple[int, ...], by_column: bool) -> np.ndarray:
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"expected the {math.prod(shape)} numbers of an array; its bytes are {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_column else "C")


def _strided(data: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> np.ndarray:
    if len(shape) != len(strides):
        raise ValueError("expected as many strides as a tensor has axes")
    last = offset + sum((count - 1) * step for count, step in zip(shape, strides, strict=True))
    if math.prod(shape) and last >= data.size:
        raise ValueError(f"expected a tensor within its storage of {data.size} numbers; it reaches number {last}")
    steps = tuple(step * data.itemsize for step in strides)
    return np.lib.stride_tricks.as_strided(data[offset:], shape, steps, writeable=False).copy()


def _storage(value: Any) -> np.ndarray:
    """The numbers of a tensor, which PyTorch writes as five pickles, their count and their bytes."""
    if not isinstance(value, Made) or value.by != _STORED:
        raise ValueError("expected a tensor with its own storage")
    stream = io.BytesIO(_bytes(value.arguments[0]))
    magic, version, machine = load(stream), load(stream), load(stream)
    if magic != _MAGIC or version != _VERSION:
        raise ValueError("expected a tensor's storage as PyTorch writes it into a pickle; its opening is another")
    if not machine.get("little_endian", True):
        raise ValueError("expected a tensor's storage in little-endian order")
    stored = load(stream)
    if not isinstance(stored, Made) or stored.by != PERSISTENT:
        raise ValueError("expected a tensor's storage; it is of another kind")
    kind, count = stored.arguments[0][1], stored.arguments[0][4]
    if not isinstance(kind, Name) or kind.name not in _STORAGES or any(stored.arguments[0][5:]):
        raise ValueError(f"expected a tensor's storage of numbers; received {kind}")
    load(stream)  # the storage's key
    dtype = np.dtype(_STORAGES[kind.name])
    said = int.from_bytes(stream.read(8), "little", signed=True)
    data = stream.read()
    if said != count or len(data) != count * dtype.itemsize:
        raise ValueError(f"expected a storage of {count} numbers; its bytes are {len(data)}")
    return np.frombuffer(data, dtype)


def _dtype(value: Any) -> np.dtype:
    if not isinstance(value, Made) or value.by != _DTYPE or not _PLAIN.fullmatch(_text(value.arguments[0])):
        raise ValueError("expected an array of numbers")
    dtype = np.dtype(_text(value.arguments[0]))
    order = _text(value.state[1]) if value.state else "="
    return dtype.newbyteorder(">") if order == ">" else dtype


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


def _bytes(value: Any) -> bytes:
    """Bytes, which pickles of Python 2's protocols hold as text."""
    if isinstance(value, Made) and value.by == _ENCODED and value.arguments[1:] == ("latin1",):
        value = value.arguments[0].encode("latin1")
    if isinstance(value, str):
        value = value.encode("latin1")
    if not isinstance(value, (bytes, bytearray)):
        raise ValueError("expected the bytes of an array")
    return bytes(value)
