"""From an image's bytes to a grey square of the wanted size, in uint8.

OpenCV does it rather than TensorFlow's own operations, because it is what keeps this room near the decoder's limit.
CPU time on one core for a 390×320 JPEG of 30 KB, in microseconds, TensorFlow 2.21 / OpenCV 5.0: decoding 480 / 364;
resizing to 320×320 with antialiasing 1,770 / 95; a rotation 1,880 / 261. It lets go of Python's lock meanwhile, so
threads suffice.

Method of resizing. Growing: bilinear, pixel centres at halves. Shrinking by a factor s of at most 2: a small Gaussian
whose variance, (s² - 1) / 6 in pixels of the source, makes bilinear interpolation as wide as the triangle filter that
antialiasing prescribes, then bilinear. Shrinking by more: the mean over the area of each target pixel. A JPEG more
than twice too large is first decoded at a half, quarter or eighth by the decoder itself.
"""

import math

import cv2
import numpy as np

# OpenCV would split a single small image over all cores; here many images are worked on at once.
cv2.setNumThreads(1)

_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
_REDUCED = {
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_IGNORE_ORIENTATION,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_IGNORE_ORIENTATION,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION,
}
# Start-of-frame markers: those that tell a JPEG's size. 0xC4, 0xC8 and 0xCC are something else.
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_TAIL = 4096  # bytes in which a JPEG's end marker is looked for: padding may follow it


def decode(data: bytes, least: int | None = None) -> np.ndarray:
    """Grey image (height, width). With `least`, a JPEG may come reduced, both sides still at least that long."""
    if reason := cut_off(data):
        raise ValueError(reason)
    image = cv2.imdecode(
        np.frombuffer(data, np.uint8), _GREY if least is None else _REDUCED.get(_reduction(data, least), _GREY)
    )
    if image is None:
        raise ValueError(f"expected a JPEG or PNG; received {len(data)} bytes that begin with {data[:8]!r}")
    return image


def cut_off(data: bytes) -> str | None:
    """In words, where a JPEG or PNG lacks its end. OpenCV would fill up the one with grey, and make room for as much as
    a chunk of the other claims: gigabytes."""
    if data.startswith(JPEG):
        return "cut off: a JPEG without its end" if data.rfind(b"\xff\xd9", max(2, len(data) - _TAIL)) < 0 else None
    if data.startswith(PNG):
        place = len(PNG)
        while data[place + 4 : place + 8] != b"IEND":
            place += 12 + int.from_bytes(data[place : place + 4])
            if place + 12 > len(data):
                return "cut off or damaged: a PNG without its end"
    return None


def target_shape(height: int, width: int, side: int, aspect: str) -> tuple[int, int]:
    """(height, width) after resizing: `side` squared, or with aspect "keep" the shorter one at `side`."""
    if aspect == "squash":
        return side, side
    shorter = min(height, width)
    return max(side, round(height * side / shorter)), max(side, round(width * side / shorter))


def resize(image: np.ndarray, height: int, width: int, out: np.ndarray | None = None) -> np.ndarray:
    """See the method above. `out`, if given, is (height, width) uint8 and receives the result."""
    down, across = image.shape[0] / height, image.shape[1] / width
    if max(down, across) > 2:
        if min(down, across) < 1:  # "area" would not interpolate along the axis that grows
            image = cv2.resize(
                image, (min(width, image.shape[1]), min(height, image.shape[0])), interpolation=cv2.INTER_AREA
            )
        else:
            return cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_AREA)
    elif max(down, across) > 1:
        image = cv2.GaussianBlur(
            image,
            (3 if across > 1 else 1, 3 if down > 1 else 1),
            sigmaX=_sigma(across),
            sigmaY=_sigma(down),
            borderType=cv2.BORDER_REPLICATE,
        )
    return cv2.resize(image, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)


def load(data: bytes, side: int, aspect: str = "squash", out: np.ndarray | None = None) -> np.ndarray:
    """Decoded and resized; `out` as for `resize`."""
    image = decode(data, least=side)
    height, width = target_shape(image.shape[0], image.shape[1], side, aspect)
    if image.shape != (height, width):
        return resize(image, height, width, out)
    if out is None:
        return image
    out[...] = image
    return out


def _sigma(shrinking: float) -> float:
    """Of a Gaussian sampled at -1, 0, 1 and scaled to sum 1, so that its variance is (s² - 1) / 6."""
    if shrinking <= 1:
        return 1.0  # that axis has one tap only
    side = (shrinking**2 - 1) / 12  # weight of each neighbour
    return math.sqrt(-0.5 / math.log(side / (1 - 2 * side)))


def _reduction(data: bytes, least: int) -> int:
    size = _jpeg_size(data)
    if size is None:
        return 1
    return next((factor for factor in (8, 4, 2) if min(size) // factor >= least), 1)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) from a JPEG's frame header, or None where there is none."""
    if not data.startswith(JPEG):
        return None
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in FRAMES:
            return int.from_bytes(data[place + 5 : place + 7]), int.from_bytes(data[place + 7 : place + 9])
        place += 1 if marker == 0xFF else 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
