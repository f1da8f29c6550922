"""Decodes an image's bytes and resizes it to a grey square, in uint8.

OpenCV does this rather than TensorFlow's own operations, to keep reading near the decoder's limit.
CPU time on one core for a 390×320 JPEG of 30 KB, in microseconds, TensorFlow 2.21 / OpenCV 5.0: decoding 480 / 364;
resizing to 320×320 with antialiasing 1,770 / 95; a rotation 1,880 / 261. It releases the GIL meanwhile, so threads
suffice.

Method of resizing. Enlarging: bilinear, pixel centres at halves. Shrinking by a factor s of at most 2: a small Gaussian
whose variance, (s² - 1) / 6 in pixels of the source, makes bilinear interpolation as wide as the triangle filter that
antialiasing prescribes, then bilinear. Shrinking by more: the mean over the area of each target pixel. A JPEG more
than twice too large is first decoded at a half, quarter or eighth by the decoder itself.
"""

import math

import cv2
import numpy as np

from chex_tf.data.image_headers import JPEG, PNG, cut_off, jpeg_header

# OpenCV would split a single small image over all cores; here many images are worked on at once.
cv2.setNumThreads(1)

_PNG_BITS = 24  # the byte of a PNG that says how many bits a sample has
_GREY = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
_REDUCED = {
    1: _GREY,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2 | cv2.IMREAD_IGNORE_ORIENTATION,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4 | cv2.IMREAD_IGNORE_ORIENTATION,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8 | cv2.IMREAD_IGNORE_ORIENTATION,
}


def decode(data: bytes, least: int | None = None) -> np.ndarray:
    """Grey image (height, width). With `least`, a JPEG may be decoded reduced, both sides still at least that."""
    return decode_reduced(data, 1 if least is None else _reduction(data, least))


def decode_reduced(data: bytes, times: int) -> np.ndarray:
    """Grey image (height, width), a JPEG reduced 1, 2, 4 or 8 times."""
    if reason := cut_off(data):
        raise ValueError(reason)
    deep = data.startswith(PNG) and data[_PNG_BITS : _PNG_BITS + 1] == b"\x10"
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED if deep else _REDUCED[times])
    if image is None:
        raise ValueError(f"expected a JPEG or PNG; received {len(data)} bytes that begin with {data[:8]!r}")
    return _shallow(image) if deep else image


def _shallow(deep: np.ndarray) -> np.ndarray:
    """16 bits as 8. By the PNG standard samples run from 0 to 65,535, so grey levels are 257 apart and a sample goes to
    the nearest, as data preparation has it; OpenCV's own conversion drops the lower byte."""
    if deep.ndim == 3:
        deep = cv2.cvtColor(deep[..., :3], cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.convertScaleAbs(deep, alpha=1 / 257))


def reduction(height: int, width: int, least: int) -> int:
    """How many times smaller a JPEG of this size may be decoded, both sides still at least `least`."""
    shorter = min(height, width)
    return next((times for times in (8, 4, 2) if shorter // times >= least), 1)


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
    """Sigma of the Gaussian that, sampled at -1, 0, 1 and scaled to sum 1, has the variance (s² - 1) / 6."""
    if shrinking <= 1:
        return 1.0  # that axis has one tap only
    side = (shrinking**2 - 1) / 12  # weight of each neighbour
    return math.sqrt(-0.5 / math.log(side / (1 - 2 * side)))


def _reduction(data: bytes, least: int) -> int:
    if not data.startswith(JPEG):
        return 1
    try:
        header = jpeg_header(data)
    except ValueError:  # the decoder says what is wrong
        return 1
    return reduction(header.height, header.width, least)
