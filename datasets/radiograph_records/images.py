"""Looking at one JPEG or PNG and making the bytes that are stored: untouched, or grayscale at training size.

OpenCV decodes JPEGs, resizes and encodes, in about two thirds of the processor time that Pillow takes; Pillow decodes
PNGs, of which it tells 16 bits, palettes and transparency apart.
"""

import enum
import io
import math

import cv2
import numpy as np
from PIL import Image

from .config import Storing
from .errors import BadImage
from .headers import Header, read_header

# An image decoded at a reduced DCT scale keeps at least this many times the size that is asked for: the resampling
# that follows then still decides how the result looks.
_DECODED_OVER_STORED = 2
_FORMATS = ("PNG",)
_SMALL = (1, 1)
_SCALES = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


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
        _refuse_constant(image)
        return data, _counts(image, look)
    image = _decode(data, header, (size[0] * _DECODED_OVER_STORED, size[1] * _DECODED_OVER_STORED))
    return _stored(image, size, storing, look)


def store_pixels(image: np.ndarray, storing: Storing, look: Look) -> tuple[bytes, list[int] | None]:
    """The same for a film whose own bytes no record can hold: uint8 (height, width), at its own size as a PNG, which
    loses nothing, or resized. Raises BadImage."""
    height, width = image.shape
    size = stored_size(Header("pixels", width, height, 1, 8), storing)
    return _stored(image, size, storing if storing.image_size is not None else Storing(encoding="png"), look)


def _stored(image: np.ndarray, size: tuple[int, int], storing: Storing, look: Look) -> tuple[bytes, list[int] | None]:
    _refuse_constant(image)
    if image.shape != (size[1], size[0]):
        image = _resized(image, *size)
    return _encoded(image, storing), _counts(image, look)


def _refuse_constant(image: np.ndarray) -> None:
    low, high = int(image.min()), int(image.max())
    if low == high:
        raise BadImage(f"every pixel has the same intensity, {low}")


def _counts(image: np.ndarray, look: Look) -> list[int] | None:
    return np.bincount(image.ravel(), minlength=256).tolist() if look is Look.MEASURE else None


def _encoded(image: np.ndarray, storing: Storing) -> bytes:
    if storing.encoding == "png":
        return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, storing.quality])[1].tobytes()


def _resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bilinear; where it shrinks, a Gaussian goes before or, from a factor of two, the mean over each target pixel."""
    across, down = image.shape[1] / width, image.shape[0] / height
    if min(across, down) >= 2:
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    for axis, factor in enumerate((across, down)):
        if factor > 1:
            taps = _taps(factor)
            kernels = (taps, np.ones(1)) if axis == 0 else (np.ones(1), taps)
            image = cv2.sepFilter2D(image, -1, *kernels, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def _taps(factor: float) -> np.ndarray:
    """A Gaussian that widens bilinear interpolation to the triangle of antialiasing: variance (factor² - 1) / 6."""
    variance = (factor**2 - 1) / 6
    reach = math.ceil(3 * math.sqrt(variance))
    places = np.arange(-reach, reach + 1)
    if reach == 1:  # three taps have that variance exactly, where a sampled Gaussian would be too narrow
        return np.array([variance / 2, 1 - variance, variance / 2])
    taps = np.exp(-(places**2) / (2 * variance))
    return taps / taps.sum()


def _decode(data: bytes, header: Header, at_least: tuple[int, int] | None) -> np.ndarray:
    """8-bit grayscale; a JPEG is decoded at the smallest DCT scale that gives `at_least` these sides, or in full."""
    return _decode_jpeg(data, header, at_least) if header.format == "jpeg" else _decode_png(data)


def _decode_jpeg(data: bytes, header: Header, at_least: tuple[int, int] | None) -> np.ndarray:
    # OpenCV would fill up a file that was cut off; reading the header has refused such already.
    width, height = at_least or (header.width, header.height)
    scale = max(
        scale for scale in _SCALES if scale == 1 or min(header.width // width, header.height // height) >= scale
    )
    image = cv2.imdecode(np.frombuffer(data, np.uint8), _SCALES[scale] | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise BadImage("broken JPEG: it cannot be decoded")
    return image


def _decode_png(data: bytes) -> np.ndarray:
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BadImage(f"broken PNG: {error}") from error
    if image.mode.startswith("I"):  # 16 bits: by the PNG standard samples run from 0 to 65,535, so 257 apart
        return ((np.asarray(image, np.uint32) + 128) // 257).astype(np.uint8)
    # Transparency shows no tissue: some files of ChestX-ray14 have an alpha channel, opaque throughout.
    return np.asarray(image.convert("RGB").convert("L") if image.mode in ("RGBA", "P", "PA") else image.convert("L"))
