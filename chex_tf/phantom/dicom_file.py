"""A film as the bytes of a DICOM file, written element by element: explicit VR, little endian, nothing compressed."""

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

BITS = 12
LARGEST = 2**BITS - 1

_PREAMBLE = bytes(128) + b"DICM"
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_DIGITAL_XRAY = "1.2.840.10008.5.1.4.1.1.1.1"
_LONG = ("OB", "OW")  # value representations whose length takes four bytes

# Name -> tag and value representation (DICOM part 6), of what a caller may set.
_TAGS: dict[str, tuple[int, str]] = {
    "PatientSex": (0x0010_0040, "CS"),
    "PatientAge": (0x0010_1010, "AS"),
    "ViewPosition": (0x0018_5101, "CS"),
    "PhotometricInterpretation": (0x0028_0004, "CS"),
    "WindowCenter": (0x0028_1050, "DS"),
    "WindowWidth": (0x0028_1051, "DS"),
}


def dicom_bytes(values: NDArray[np.uint16], instance: str, tags: Mapping[str, str]) -> bytes:
    """`values` (height, width), up to LARGEST; `instance` is the film's own identifier, digits and dots."""
    height, width = values.shape
    group = b"".join(
        (
            _element(0x0002_0001, "OB", b"\0\1"),
            _element(0x0002_0002, "UI", _DIGITAL_XRAY),
            _element(0x0002_0003, "UI", instance),
            _element(0x0002_0010, "UI", _EXPLICIT_LITTLE_ENDIAN),
        )
    )
    elements = {
        0x0008_0016: ("UI", _DIGITAL_XRAY),
        0x0008_0018: ("UI", instance),
        0x0008_0060: ("CS", "DX"),
        0x0028_0002: ("US", 1),  # samples a pixel
        0x0028_0010: ("US", height),
        0x0028_0011: ("US", width),
        0x0028_0100: ("US", 16),  # bits allocated, stored, and the highest of them
        0x0028_0101: ("US", BITS),
        0x0028_0102: ("US", BITS - 1),
        0x0028_0103: ("US", 0),  # unsigned
        0x7FE0_0010: ("OW", values.astype("<u2").tobytes()),
        **{_TAGS[name][0]: (_TAGS[name][1], value) for name, value in tags.items()},
    }
    content = b"".join(_element(tag, kind, value) for tag, (kind, value) in sorted(elements.items()))
    return _PREAMBLE + _element(0x0002_0000, "UL", struct.pack("<I", len(group))) + group + content


def _element(tag: int, kind: str, value: str | int | bytes) -> bytes:
    """Tag, representation, length, value; to an even length text is filled up with a blank, a UID with NUL."""
    if isinstance(value, int):
        value = struct.pack("<H", value)
    elif isinstance(value, str):
        text = value.encode("ascii")
        value = text + (b"\0" if kind == "UI" else b" ") * (len(text) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, kind.encode("ascii"))
    return head + (struct.pack("<HI", 0, len(value)) if kind in _LONG else struct.pack("<H", len(value))) + value
