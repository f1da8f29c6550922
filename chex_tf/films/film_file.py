"""One radiograph from an untrusted file: JPEG, PNG or DICOM as grey pixels.

    film = film_file.open_film(path)                # pixels as in the file, and why it may not be a chest film
    film = film_file.open_film(path, view)          # fewer pixels, where training began from fewer
    image = view.apply(film.pixels, film.shape)     # uint8 (side, side, 1), made as training made its images

The file's content, not its name, decides how it is read. Sizes are checked before anything is decoded.
"""

import dataclasses
import os
import pathlib
import stat

import cv2
import numpy as np
from chex_tf_datasets.radiograph_records.orientation import orientation

from chex_tf.data import image_headers, images
from chex_tf.data.image_headers import Header
from chex_tf.data.view import View
from chex_tf.films import dicom
from chex_tf.films.limits import MOST_BYTES, UnreadableFilm, check_size

# Doubts. Films of CheXpert have a mean of 128 and a deviation of 74 grey levels.
NARROWEST_RANGE = 50  # grey levels between percentiles 1 and 99
LARGEST_SHARE_OF_ONE_VALUE = 0.8  # of all pixels; black borders take up to half
COLOURED = 24  # grey levels between a pixel's channels: JPEG's own rounding is smaller
LARGEST_COLOURED_SHARE = 0.05  # an annotation or a coloured marker has less
LONGEST_SHAPE = 2.5  # longer side over shorter
SMALLEST_SHARE_OF_SIDE = 0.5  # of the network's side; below it most of the input is interpolated

_DICOM = slice(128, 132)
HEAD = 132  # bytes from which `kind_of` knows a file
SUFFIXES = {"jpeg": (".jpg", ".jpeg"), "png": (".png",), "dicom": (".dcm", ".dicom")}


@dataclasses.dataclass(frozen=True)
class Film:
    """`pixels` uint8 (height, width), 0 black, of a film of `shape`; `doubts`: reasons why it may not be a chest
    radiograph, in words."""

    pixels: np.ndarray
    shape: tuple[int, int]
    doubts: tuple[str, ...] = ()


def read(path: pathlib.Path | str) -> np.ndarray:
    """The film's pixels, uint8 (height, width). Raises UnreadableFilm. See `open_film`."""
    return open_film(path).pixels


def open_film(path: pathlib.Path | str, view: View | None = None) -> Film:
    """Reads a file, whichever of the three formats it is in. Raises UnreadableFilm.

    With `view`, a large JPEG may be decoded at half, a quarter or an eighth of its size: faster, and as in training.
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
        pixels, more = dicom.decode(data)
        shape = pixels.shape[0], pixels.shape[1]
    else:
        header = _header(data, kind)
        shape = header.height, header.width
        times = 1 if view is None or kind != "jpeg" else view.reduction(*shape)
        pixels = _decode(data, times)
        more = _colour_doubts(data) if header.channels > 1 else []
    return Film(pixels, shape, (*doubts, *more, *_grey_doubts(pixels)))


def kind_of(head: bytes) -> str | None:
    """`jpeg`, `png`, `dicom` or None, from a file's first HEAD bytes."""
    if head.startswith(image_headers.JPEG):
        return "jpeg"
    if head.startswith(image_headers.PNG):
        return "png"
    return "dicom" if head[_DICOM] == b"DICM" else None


def size_doubts(shape: tuple[int, int], side: int) -> tuple[str, ...]:
    """What is doubtful about a film's (height, width) for a network of this side."""
    height, width = shape
    found = []
    if min(height, width) < SMALLEST_SHARE_OF_SIDE * side:
        found.append(f"small: {width}×{height} pixels for a network of {side}×{side}")
    if max(height, width) > LONGEST_SHAPE * min(height, width):
        found.append(f"long: {width}×{height} pixels")
    return tuple(found)


def _bytes_of(path: pathlib.Path) -> bytes:
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # otherwise a pipe would block
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


def _header(data: bytes, kind: str) -> Header:
    try:
        header = (image_headers.jpeg_header if kind == "jpeg" else image_headers.png_header)(data)
    except ValueError as error:
        raise UnreadableFilm(str(error)) from error
    if kind == "jpeg" and (header.bits != 8 or header.channels not in (1, 3)):
        raise UnreadableFilm(
            f"expected an 8-bit grey or colour JPEG; received {header.bits} bits, {header.channels} channels"
        )
    if reason := image_headers.cut_off(data):
        raise UnreadableFilm(reason)
    check_size(header.height, header.width)
    if (turned := orientation(data)) != 1:
        raise UnreadableFilm(f"its EXIF data ask for it to be turned (orientation {turned}); save it upright")
    return header


def _decode(data: bytes, times: int) -> np.ndarray:
    try:
        return images.decode_reduced(data, times)
    except (ValueError, cv2.error) as error:
        raise UnreadableFilm("damaged: it cannot be decoded") from error


def _colour_doubts(data: bytes) -> list[str]:
    colours = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_8)
    if colours is None:  # it decodes in grey but not in colour
        return []
    share = float(np.mean(np.ptp(colours.astype(np.int16), axis=-1) > COLOURED))
    return [f"coloured: {share:.0%} of its pixels are not grey"] if share > LARGEST_COLOURED_SHARE else []


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
