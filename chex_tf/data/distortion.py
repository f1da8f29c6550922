"""The two distortions of a film in Barlow Twins and VICReg, as in their authors' code: crop, mirror, jitter, blur.

A part of 8% to 100% of the film's area, of proportions 3:4 to 4:3, becomes the whole picture; it is mirrored in half of
the cases; brightness and contrast change by up to 40% each, in either order, in 80% of them. The first view is always
blurred, the second in 10%, and it is solarised in 20% (grey values from 128 on are inverted). The authors' changes of
saturation and hue, and their removal of colour, leave a grey film as it is. Their blur is in pixels of 224: here it is
the same share of the side.

Everything is drawn from (seed, epoch, example, view), as in augmentation.py.
"""

import dataclasses

import cv2
import numpy as np

from chex_tf.data import draws
from chex_tf.data.draws import Purpose

LEAST_AREA, WIDEST = 0.08, 4 / 3
JITTERED, BY = 0.8, 0.4
SIGMA = (0.1 / 224, 2.0 / 224)  # of the blur, as a share of the side
BLURRED, SOLARISED = (1.0, 0.1), (0.0, 0.2)  # how often, by view
_ATTEMPTS = 10  # at a part that fits into the film; after them it is the whole film


@dataclasses.dataclass(frozen=True)
class Distortion:
    """What is done to each image of a batch; arrays of equal length. Shares are of the film's height and width."""

    height: np.ndarray
    width: np.ndarray
    top: np.ndarray
    left: np.ndarray
    flip: np.ndarray
    brightness: np.ndarray  # factor
    contrast: np.ndarray  # factor about the mean
    contrast_first: np.ndarray
    sigma: np.ndarray  # of the blur, as a share of the side; 0 for none
    solarised: np.ndarray


def draw(seed: int, epochs: np.ndarray, examples: np.ndarray, shapes: np.ndarray, view: int) -> Distortion:
    """`shapes` (images, 2) are heights and widths; `view` is 0 or 1."""

    def uniform(purpose: Purpose, *more: np.ndarray) -> np.ndarray:
        return draws.uniform(purpose, seed, epochs, examples, view, *more)

    attempts = np.arange(_ATTEMPTS)[:, None]
    area = LEAST_AREA + (1 - LEAST_AREA) * uniform(Purpose.CROP_AREA, attempts)
    ratio = WIDEST ** (2 * uniform(Purpose.CROP_RATIO, attempts) - 1)  # of width to height, in pixels
    across = np.sqrt(ratio * shapes[:, 0] / shapes[:, 1])
    widths, heights = np.sqrt(area) * across, np.sqrt(area) / across
    fits = (widths <= 1) & (heights <= 1)
    first, column = fits.argmax(axis=0), np.arange(len(examples))
    some = fits.any(axis=0)
    height, width = (np.where(some, found[first, column], 1.0) for found in (heights, widths))
    jittered = uniform(Purpose.JITTER) < JITTERED
    brightness, contrast = (
        np.where(jittered, 1 - BY + 2 * BY * uniform(purpose), 1.0)
        for purpose in (Purpose.BRIGHTNESS, Purpose.CONTRAST)
    )
    low, high = SIGMA
    blurred = uniform(Purpose.BLUR) < BLURRED[view]
    return Distortion(
        height=height,
        width=width,
        top=(1 - height) * uniform(Purpose.CROP_DOWN),
        left=(1 - width) * uniform(Purpose.CROP_ACROSS),
        flip=uniform(Purpose.FLIP) < 0.5,
        brightness=brightness,
        contrast=contrast,
        contrast_first=uniform(Purpose.JITTER_ORDER) < 0.5,
        sigma=np.where(blurred, low + (high - low) * uniform(Purpose.BLUR_SIGMA), 0.0),
        solarised=uniform(Purpose.SOLARISE) < SOLARISED[view],
    )


def apply(images: list[np.ndarray] | np.ndarray, distortion: Distortion, side: int, out: np.ndarray) -> None:
    """Writes each distorted image, uint8 (side, side), into `out` (images, side, side)."""
    for i, image in enumerate(images):
        picture = _cut(image, distortion, i, side)
        for of_contrast in sorted((False, True), reverse=bool(distortion.contrast_first[i])):
            if of_contrast:
                picture = _contrasted(picture, float(distortion.contrast[i]))
            else:
                picture = picture * float(distortion.brightness[i])
            picture = np.clip(picture, 0, 255)
        if distortion.sigma[i] > 0:
            sigma = distortion.sigma[i] * side
            picture = cv2.GaussianBlur(picture, (0, 0), sigmaX=sigma, borderType=cv2.BORDER_REPLICATE)
        picture = np.rint(picture)
        if distortion.solarised[i]:
            picture = np.where(picture >= 128, 255 - picture, picture)
        out[i] = picture


def _cut(image: np.ndarray, distortion: Distortion, i: int, side: int) -> np.ndarray:
    """The part of the film as float32 (side, side), mirrored if it is to be."""
    rows, columns = image.shape
    down, across = distortion.height[i] * rows / side, distortion.width[i] * columns / side
    top, left = distortion.top[i] * rows, distortion.left[i] * columns
    if distortion.flip[i]:
        left, across = left + distortion.width[i] * columns, -across
    # From the middle of a pixel of the result to where it lies in the film.
    places = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
    cut = cv2.warpAffine(
        image.astype(np.float32),
        places,
        (side, side),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.clip(cut, 0, 255)


def _contrasted(picture: np.ndarray, factor: float) -> np.ndarray:
    return picture * factor + picture.mean() * (1 - factor)
