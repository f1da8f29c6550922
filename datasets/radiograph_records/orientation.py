"""Whether a JPEG or PNG says, in its EXIF data, that it is shown turned or mirrored.

Such a film would be stored, or seen by a network, lying down where a viewer shows it upright. So it is refused rather
than guessed at, prepared or read from its own file (chex_tf.films).
"""

import struct

_EXIF = b"Exif\0\0"
_PNG = b"\x89PNG\r\n\x1a\n"
_ORIENTATION, _UPRIGHT = 0x0112, 1
_MARKERS_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])
_LATE = frozenset([0xD9, 0xDA])  # end of image and start of scan


def orientation(data: bytes) -> int:
    """EXIF's number from 1, upright, to 8; 1 for a file that does not say."""
    found = _in_png(data) if data.startswith(_PNG) else _in_jpeg(data)
    try:
        return _in_exif(found)
    except struct.error:
        return _UPRIGHT


def _in_jpeg(data: bytes) -> bytes:
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] not in _LATE:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _MARKERS_WITHOUT_LENGTH:
            place += 2
        else:
            end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
            if marker == 0xE1 and data.startswith(_EXIF, place + 4):
                return data[place + 4 + len(_EXIF) : end]
            place = end
    return b""


def _in_png(data: bytes) -> bytes:
    place = len(_PNG)
    while place + 12 <= len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if name == b"eXIf":
            return data[place + 8 : place + 8 + length]
        place += 12 + length
    return b""


def _in_exif(tiff: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return _UPRIGHT
    (place,) = struct.unpack_from(f"{order}I", tiff, 4)
    (entries,) = struct.unpack_from(f"{order}H", tiff, place)
    for entry in range(place + 2, place + 2 + 12 * entries, 12):
        tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, entry)
        if tag == _ORIENTATION:
            return value if 1 <= value <= 8 else _UPRIGHT
    return _UPRIGHT
