"""One radiograph from a file anybody may have sent: JPEG, PNG or DICOM as grey pixels, and as a network's input.

    film = radiograph.open_film(path)               # pixels as stored in the file, and why they may be no chest film
    image = radiograph.prepare(film.pixels, 320)    # uint8 (320, 320, 1), made as training made its images

What is read is decided by the file's content, not by its name. Sizes are checked before anything is decoded.
"""

import dataclasses
import os
import pathlib
import stat
import struct

import cv2
import numpy as np

from chex_tf.data import augmentation, images
from chex_tf.settings import InputError

SMALLEST_SIDE = 16
# The largest detectors have about 20 million pixels. A file of a few kilobytes can claim billions.
MOST_PIXELS = 64_000_000
MOST_BYTES = 512_000_000

# Doubts. Films of CheXpert have a mean of 128 and a deviation of 74 grey levels.
NARROWEST_RANGE = 50  # grey levels between percentiles 1 and 99
LARGEST_SHARE_OF_ONE_VALUE = 0.8  # of all pixels; black borders take up to half
COLOURED = 24  # grey levels between a pixel's channels: JPEG's own rounding stays below
LARGEST_COLOURED_SHARE = 0.05  # an annotation or a coloured marker stays below
LONGEST_SHAPE = 2.5  # longer side over shorter
SMALLEST_SHARE_OF_SIDE = 0.5  # of the network's side; below it most of the input is interpolated

_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 1, 6: 3}  # by colour type, alpha left out; a palette is of colours
_WITHOUT_LENGTH = frozenset([0x01, *range(0xD0, 0xD9)])
_DICOM = slice(128, 132)
HEAD = 132  # bytes from which `kind_of` knows a file
SUFFIXES = {"jpeg": (".jpg", ".jpeg"), "png": (".png",), "dicom": (".dcm", ".dicom")}


class UnreadableFilm(InputError):
    """A file that holds no radiograph that can be read; one line, which quotes nothing of the file's content."""


@dataclasses.dataclass(frozen=True)
class Film:
    """`pixels` uint8 (height, width), 0 black; `doubts`: why it may be no chest radiograph, each in words."""

    pixels: np.ndarray
    doubts: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Header:
    height: int
    width: int
    channels: int
    bits: int


def read(path: pathlib.Path | str, least: int | None = None) -> np.ndarray:
    """The film's pixels, uint8 (height, width). Raises UnreadableFilm. See `open_film`."""
    return open_film(path, least).pixels


def open_film(path: pathlib.Path | str, least: int | None = None) -> Film:
    """Reads a file, whichever of the three formats it is in. Raises UnreadableFilm.

    With `least` a large JPEG may come at a half, quarter or eighth of its size, both sides still at least that long:
    faster, and what training does.
    """
    path = pathlib.Path(path)
    data = _bytes_of(path)
    kind = kind_of(data[:HEAD])
    doubts = []
    named = next((name for name, suffixes in SUFFIXES.items() if path.suffix.lower() in suffixes), kind)
    if kind is None:
        raise UnreadableFilm(f"expected a JPEG, PNG or DICOM file; received {'something else' if data else 'nothing'}")
    if kind != named:
        doubts.append(f"named as {named}, but is {kind}")
    if kind == "dicom":
        from chex_tf.films import dicom

        pixels, more = dicom.decode(data)
    else:
        header = _jpeg_header(data) if kind == "jpeg" else _png_header(data)
        if reason := images.cut_off(data):
            raise UnreadableFilm(reason)
        check_size(header.height, header.width)
        pixels = _decode(data, header, least)
        more = _colour_doubts(data) if header.channels > 1 else []
    return Film(pixels, (*doubts, *more, *_grey_doubts(pixels)))


def kind_of(head: bytes) -> str | None:
    """`jpeg`, `png`, `dicom` or None, from a file's first HEAD bytes."""
    if head.startswith(images.JPEG):
        return "jpeg"
    if head.startswith(images.PNG):
        return "png"
    return "dicom" if head[_DICOM] == b"DICM" else None


def prepare(pixels: np.ndarray, side: int, resized: int | None = None, aspect: str = "squash") -> np.ndarray:
    """A network's input, uint8 (side, side, 1), made as training makes what it evaluates on.

    resized, aspect   the run's data settings: the side before the centre is cropped, and whether proportions are kept
    """
    height, width = images.target_shape(pixels.shape[0], pixels.shape[1], side if resized is None else resized, aspect)
    if pixels.shape != (height, width):
        pixels = images.resize(pixels, height, width)
    if pixels.shape == (side, side):
        return pixels[..., None]
    out = np.empty((1, side, side), np.uint8)
    augmentation.apply([pixels], augmentation.none(1), side, out)
    return out[0][..., None]


def size_doubts(pixels: np.ndarray, side: int) -> tuple[str, ...]:
    """What is doubtful about a film's size for a network of this side."""
    height, width = pixels.shape
    found = []
    if min(height, width) < SMALLEST_SHARE_OF_SIDE * side:
        found.append(f"small: {width}×{height} pixels for a network of {side}×{side}")
    if max(height, width) > LONGEST_SHAPE * min(height, width):
        found.append(f"long: {width}×{height} pixels")
    return tuple(found)


def check_size(height: int, width: int) -> None:
    if min(height, width) < SMALLEST_SIDE:
        raise UnreadableFilm(f"expected at least {SMALLEST_SIDE} pixels a side; received {width}×{height}")
    if height * width > MOST_PIXELS:
        raise UnreadableFilm(
            f"expected at most {MOST_PIXELS:,} pixels; the file claims {width}×{height}; it was not decoded"
        )


def _bytes_of(path: pathlib.Path) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # a pipe would be waited for otherwise
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFilm("expected a file; received a folder, pipe or device")
            if status.st_size > MOST_BYTES:
                raise UnreadableFilm(f"expected at most {MOST_BYTES:,} bytes; received {status.st_size:,}")
            return file.read(MOST_BYTES)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        if isinstance(error, UnreadableFilm):
            raise
        raise UnreadableFilm(f"cannot be opened: {getattr(error, 'strerror', None) or 'no such name'}") from error


def _decode(data: bytes, header: _Header, least: int | None) -> np.ndarray:
    try:
        if header.bits < 16:
            return images.decode(data, least)
        deep = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if deep is None:
            raise UnreadableFilm("damaged: it cannot be decoded")
        if deep.ndim == 3:
            deep = cv2.cvtColor(deep[..., :3], cv2.COLOR_BGR2GRAY)
    except UnreadableFilm:
        raise
    except (ValueError, cv2.error) as error:
        raise UnreadableFilm("damaged: it cannot be decoded") from error
    # By the PNG standard samples run from 0 to 65,535, so 257 apart: as when data are prepared.
    return np.asarray(cv2.convertScaleAbs(deep, alpha=1 / 257))


def _jpeg_header(data: bytes) -> _Header:
    place = 2
    while place + 4 <= len(data):
        marker = data[place + 1]
        if data[place] != 0xFF or marker in (0xD9, 0xDA):
            raise UnreadableFilm("damaged JPEG: no frame header")
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            place += 1 if marker == 0xFF else 2
            continue
        if marker in images.FRAMES and place + 10 <= len(data):
            bits, height, width, channels = struct.unpack_from(">BHHB", data, place + 4)
            if bits != 8 or channels not in (1, 3):
                raise UnreadableFilm(
                    f"expected an 8-bit grey or colour JPEG; received {bits} bits, {channels} channels"
                )
            return _Header(height, width, channels, bits)
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    raise UnreadableFilm("cut off within its header")


def _png_header(data: bytes) -> _Header:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise UnreadableFilm("cut off within its header")
    width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
    if colour not in _PNG_CHANNELS:
        raise UnreadableFilm(f"damaged PNG: unknown colour type {colour}")
    return _Header(height, width, _PNG_CHANNELS[colour], bits)


def _colour_doubts(data: bytes) -> list[str]:
    colours = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    if colours is None:  # what decodes in grey and not in colour
        return []
    share = float(np.mean(np.ptp(colours.astype(np.int16), axis=-1) > COLOURED))
    return [f"coloured: {share:.0%} of its pixels are no grey"] if share > LARGEST_COLOURED_SHARE else []


def _grey_doubts(pixels: np.ndarray) -> list[str]:
    counts = cv2.calcHist([pixels], [0], None, [256], [0, 256]).ravel()
    reached = np.cumsum(counts) / pixels.size
    low, high = int(np.searchsorted(reached, 0.01)), int(np.searchsorted(reached, 0.99))
    present = np.flatnonzero(counts)
    if len(present) == 1:
        return [f"constant: every pixel is {present[0]}"]
    found = []
    if high - low < NARROWEST_RANGE:
        found.append(f"range: 98% of its pixels lie between {low} and {high} of 255")
    if counts.max() > LARGEST_SHARE_OF_ONE_VALUE * pixels.size:
        found.append(f"blank: {counts.max() / pixels.size:.0%} of its pixels are {counts.argmax()}")
    return found
