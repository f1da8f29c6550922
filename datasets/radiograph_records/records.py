"""A row and its image as a serialized tf.train.Example, written field by field.

The result is, byte for byte, what protobuf's deterministic serialization of the schema's encoding gives (a test holds
it to that), at a tenth of the time: protobuf copies the image three times, and Python builds nine messages a record.
"""

import functools
from collections.abc import Sequence

from .row import Row

# Wire types of protobuf: a tag is field number * 8 + wire type, and type 2 is a length and so many bytes.
_FIELD_1, _FIELD_2, _FIELD_3 = b"\x0a", b"\x12", b"\x1a"
_BYTES_LIST, _INTEGERS_LIST = _FIELD_1, _FIELD_3  # fields of Feature


def serialized(row: Row, image: bytes) -> bytes:
    """Entries stand in the order of their names, as deterministic serialization has them."""
    before = _integer("age", row.age)
    head = _head("image", len(image))
    after = b"".join(
        (
            _labels(row.labels),
            _text("path", row.path),
            _text("patient", row.patient),
            _integer("projection", row.projection),
            _integer("sex", row.sex),
            _text("study", row.study),
            _integer("view", row.view),
        )
    )
    size = len(before) + len(head) + len(image) + len(after)
    return b"".join((_FIELD_1, _varint(size), before, head, image, after))


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _sized(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _head(name: str, length: int) -> bytes:
    """Everything of a bytes entry but the `length` bytes themselves, which come last."""
    value = _FIELD_1 + _varint(length)
    size = len(value) + length
    items = _BYTES_LIST + _varint(size)
    size += len(items)
    feature = _sized(_FIELD_1, name.encode()) + _FIELD_2 + _varint(size)
    size += len(feature)
    return _FIELD_1 + _varint(size) + feature + items + value


def _text(name: str, value: str) -> bytes:
    encoded = value.encode()
    return _head(name, len(encoded)) + encoded


def _integers(name: str, values: Sequence[int]) -> bytes:
    packed = _sized(_FIELD_1, b"".join(map(_varint, values)))
    feature = _sized(_INTEGERS_LIST, packed)
    return _sized(_FIELD_1, _sized(_FIELD_1, name.encode()) + _sized(_FIELD_2, feature))


@functools.lru_cache(maxsize=1024)
def _integer(name: str, value: int) -> bytes:
    return _integers(name, (value,))


@functools.lru_cache(maxsize=4096)
def _labels(values: tuple[int, ...]) -> bytes:
    return _integers("labels", values)
