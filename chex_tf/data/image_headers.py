"""What a JPEG or PNG states before any pixel is decoded: its size and its samples; and whether it is cut off.

Training reads the header of every image, so it must cost about a microsecond beside the decoder's hundreds.
"""

import struct
from typing import NamedTuple

JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
# Start-of-frame markers: those that state a JPEG's size. 0xC4, 0xC8 and 0xCC mean something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

_FILL = 0xFF
_WITHOUT_LENGTH = frozenset([_FILL, 0x01, *range(0xD0, 0xD9)])
_LATE = frozenset([0xD9, 0xDA])  # end of image and start of scan: no frame follows
_FRAME = struct.Struct(">BHHB")
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # by colour type, alpha left out; a palette holds colours
_TAIL = 4096  # bytes in which a JPEG's end marker is looked for: padding may follow it


class Header(NamedTuple):
    """`bits` are per sample."""

    height: int
    width: int
    channels: int
    bits: int


def jpeg_header(data: bytes) -> Header:
    """The header of bytes that begin as a JPEG. Raises ValueError."""
    place, last = len(JPEG), len(data) - 4
    while place <= last:
        marker = data[place + 1]
        if data[place] != 0xFF or marker in _LATE:
            raise ValueError("damaged JPEG: no frame header")
        if marker in FRAMES and place + 10 <= len(data):
            bits, height, width, channels = _FRAME.unpack_from(data, place + 4)
            return Header(height, width, channels, bits)
        if marker in _WITHOUT_LENGTH:
            place += 1 if marker == _FILL else 2
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4])
    raise ValueError("cut off within its header")


def png_header(data: bytes) -> Header:
    """The header of bytes that begin as a PNG; alpha is not counted as a channel. Raises ValueError."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("cut off within its header")
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    if colour not in _PNG_CHANNELS:
        raise ValueError(f"damaged PNG: unknown colour type {colour}")
    return Header(height, width, _PNG_CHANNELS[colour], bits)


def cut_off(data: bytes) -> str | None:
    """What a JPEG or PNG without its end lacks; None for a complete one. OpenCV would fill the rest of such a JPEG with
    grey, and for a PNG allocate whatever size a chunk claims: gigabytes."""
    if data.startswith(JPEG):
        return "cut off: a JPEG without its end" if data.rfind(b"\xff\xd9", max(2, len(data) - _TAIL)) < 0 else None
    if data.startswith(PNG):
        place = len(PNG)
        while data[place + 4 : place + 8] != b"IEND":
            place += 12 + int.from_bytes(data[place : place + 4])
            if place + 12 > len(data):
                return "cut off or damaged: a PNG without its end"
    return None
