"""What a JPEG or PNG says about itself before any pixel is decoded: format, size, samples, and whether it ends."""

import dataclasses
import struct

from .errors import BadImage

SMALLEST_SIDE = 16
# CheXpert's largest images have about 12 million pixels. A file of a few kilobytes can claim billions.
MOST_PIXELS = 64_000_000
# A JPEG may be followed by padding; further than this from its end no end marker is looked for.
_TAIL = 4096

JPEG = b"\xff\xd8"
# Start-of-frame markers: those that state a JPEG's size. 0xC4, 0xC8 and 0xCC mean something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_LS_FRAME = 0xF7
_MARKERS_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"  # the last chunk's name and its checksum
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_OTHERS = {
    b"GIF8": "a GIF",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"RIFF": "a WebP",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"<!DO": "a web page",
    b"<htm": "a web page",
    b"PK\x03\x04": "a ZIP archive",
    b"version https://git-lfs": "a Git LFS pointer",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Header:
    format: str  # jpeg or png
    width: int
    height: int
    channels: int
    bits: int  # a sample


def read_header(data: bytes) -> Header:
    """Raises BadImage unless `data` is a whole JPEG or PNG of sane size that can be stored as grayscale."""
    if data.startswith(JPEG):
        header = _jpeg(data)
    elif data[:8] == _PNG:
        header = _png(data)
    else:
        raise BadImage(f"expected a JPEG or PNG; received {_kind(data)}")
    check_sides(header.width, header.height)
    return header


def check_sides(width: int, height: int) -> None:
    """Raises BadImage for a size that no radiograph has."""
    if min(width, height) < SMALLEST_SIDE:
        raise BadImage(f"expected at least {SMALLEST_SIDE} pixels a side; received {width}×{height}")
    if width * height > MOST_PIXELS:
        raise BadImage(
            f"expected at most {MOST_PIXELS:,} pixels; its header claims {width}×{height}; it was not decoded"
        )


def jpeg_frame(data: bytes, frames: frozenset[int] = FRAMES) -> tuple[int, int, int, int, int]:
    """(bits, height, width, channels, place) of the first frame header of what begins as a JPEG. Raises BadImage."""
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise BadImage(f"broken JPEG: expected a marker at byte {place}")
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker in _MARKERS_WITHOUT_LENGTH:
            place += 2
            continue
        if marker in (0xD9, 0xDA):
            raise BadImage("broken JPEG: image data before a frame header")
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in frames:
            if len(data) < place + 10:
                break
            bits, height, width, channels = struct.unpack_from(">BHHB", data, place + 4)
            return bits, height, width, channels, place
        place += 2 + length
    raise BadImage("truncated JPEG: it ends within its header")


def _jpeg(data: bytes) -> Header:
    bits, height, width, channels, place = jpeg_frame(data)
    if bits != 8 or channels not in (1, 3):
        raise BadImage(f"expected an 8-bit grayscale or colour JPEG; received {bits} bits, {channels} channels")
    if data.rfind(b"\xff\xd9", max(place, len(data) - _TAIL)) < 0:
        raise BadImage("truncated JPEG: no end marker")
    return Header("jpeg", width, height, channels, bits)


def _png(data: bytes) -> Header:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise BadImage("truncated PNG: it ends within its header")
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    if colour not in _PNG_CHANNELS:
        raise BadImage(f"broken PNG: unknown colour type {colour}")
    if data.rfind(_PNG_END, max(33, len(data) - _TAIL)) < 0:
        raise BadImage("truncated PNG: no end chunk")
    return Header("png", width, height, _PNG_CHANNELS[colour], bits)


def _kind(data: bytes) -> str:
    if not data:
        return "an empty file"
    return next((kind for start, kind in _OTHERS.items() if data.startswith(start)), "something else")
