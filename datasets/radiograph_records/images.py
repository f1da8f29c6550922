"""Looking at one image and making the bytes that are stored: untouched, or grayscale at training size."""

import enum
import io

import numpy as np
from PIL import Image

from .config import Storing
from .errors import BadImage
from .headers import Header, read_header

# An image decoded at a reduced DCT scale keeps at least this many times the size that is asked for: the resampling
# that follows then still decides how the result looks.
_DECODED_OVER_STORED = 2
_FORMATS = ("JPEG", "PNG")
_SMALL = (1, 1)


def stored_size(header: Header, storing: Storing) -> tuple[int, int]:
    """(width, height) to store; only a square ever enlarges an image."""
    if storing.image_size is None:
        return header.width, header.height
    if storing.resize == "square":
        return storing.image_size, storing.image_size
    side = (min if storing.resize == "shorter" else max)(header.width, header.height)
    scale = min(storing.image_size / side, 1.0)
    return max(round(header.width * scale), 1), max(round(header.height * scale), 1)


class Look(enum.Enum):
    """How closely an image is looked at, where its bytes are stored untouched."""

    HEADER = enum.auto()
    DECODE = enum.auto()  # all its data, though a JPEG at an eighth of its size
    MEASURE = enum.auto()  # every pixel


def store(data: bytes, storing: Storing, look: Look) -> tuple[bytes, list[int] | None]:
    """The bytes to store and, for Look.MEASURE, how often each of the 256 intensities occurs in what is stored.

    Raises BadImage.
    """
    header = read_header(data)
    size = stored_size(header, storing)
    untouched = storing.image_size is None or (
        size == (header.width, header.height)
        and header.channels == 1
        and header.format == storing.encoding
        and header.bits == 8
    )
    if untouched and look is Look.HEADER:
        return data, None
    if untouched:
        image = _decode(data, header, None if look is Look.MEASURE else _SMALL)
    else:
        image = _decode(data, header, (size[0] * _DECODED_OVER_STORED, size[1] * _DECODED_OVER_STORED))
    low, high = image.getextrema()
    if low == high:
        raise BadImage(f"every pixel has the same intensity, {low}")
    if not untouched and image.size != size:
        image = image.resize(size, Image.Resampling.HAMMING)
    counts = image.histogram() if look is Look.MEASURE else None
    if untouched:
        return data, counts
    encoded = io.BytesIO()
    if storing.encoding == "png":
        image.save(encoded, "png", compress_level=6)
    else:
        image.save(encoded, "jpeg", quality=storing.quality)
    return encoded.getvalue(), counts


def _decode(data: bytes, header: Header, at_least: tuple[int, int] | None) -> Image.Image:
    """8-bit grayscale; a JPEG is decoded at the smallest DCT scale that gives `at_least` these sides, or in full."""
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        if header.format == "jpeg":
            image.draft("L", at_least or image.size)
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BadImage(f"broken {header.format.upper()}: {error}") from error
    if image.mode == "L":
        return image
    if image.mode.startswith("I"):  # 16 bits: by the PNG standard samples run from 0 to 65,535, so 257 apart
        return Image.fromarray(((np.asarray(image, np.uint32) + 128) // 257).astype(np.uint8))
    # Transparency shows no tissue: some files of ChestX-ray14 have an alpha channel, opaque throughout.
    return image.convert("RGB").convert("L") if image.mode in ("RGBA", "P", "PA") else image.convert("L")
