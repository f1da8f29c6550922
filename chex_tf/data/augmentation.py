"""Augmentation of training images: crop, mirror, rotation, shift, scale, brightness, contrast.

The changes are drawn for a whole batch at once from (seed, epoch, example), so example i of epoch e looks the same
wherever and whenever it is drawn. One affine map and one interpolation move the pixels; one table of 256 entries
changes the grey values.
"""

import dataclasses

import cv2
import numpy as np

from chex_tf.data import draws
from chex_tf.data.draws import Purpose
from chex_tf.data.settings import DataSettings

_MIDDLE_GREY = 127.5  # a change of contrast leaves it alone


@dataclasses.dataclass(frozen=True)
class Change:
    """What is done to each image of a batch; arrays of equal length."""

    crop_across: np.ndarray  # where the crop lies between left (0) and right (1)
    crop_down: np.ndarray  # between top (0) and bottom (1)
    flip: np.ndarray
    rotation: np.ndarray  # degrees, counter-clockwise as seen
    across: np.ndarray  # shift to the right as a share of the side
    down: np.ndarray
    scale: np.ndarray
    brightness: np.ndarray  # added, in grey levels
    contrast: np.ndarray  # factor about middle grey

    @property
    def is_identity(self) -> bool:
        """Whether every image stays as it is, cropping aside."""
        return not self.flip.any() and not moves_off_grid(self).any() and grey_tables(self) is None


def centre_crop(images: int) -> Change:
    """Centre crop and nothing else: what evaluation sees."""
    half, zero, one = np.full(images, 0.5), np.zeros(images), np.ones(images)
    return Change(half, half, np.zeros(images, bool), zero, zero, zero, one, zero, one)


def draw(settings: DataSettings, epochs: np.ndarray, examples: np.ndarray, copy: int = 0) -> Change:
    """`copy` distinguishes several pictures of one image in one epoch."""
    crop = (0.0, 1.0) if settings.crop == "random" else (0.5, 0.5)
    ranges = {
        Purpose.CROP_ACROSS: crop,
        Purpose.CROP_DOWN: crop,
        Purpose.FLIP: (0.0, 1.0 if settings.flip else 0.0),
        Purpose.ROTATION: (-settings.rotation, settings.rotation),
        Purpose.SHIFT_ACROSS: (-settings.translation, settings.translation),
        Purpose.SHIFT_DOWN: (-settings.translation, settings.translation),
        Purpose.SCALE: (1 - settings.scale, 1 + settings.scale),
        Purpose.BRIGHTNESS: (-settings.brightness, settings.brightness),
        Purpose.CONTRAST: (1 - settings.contrast, 1 + settings.contrast),
    }
    values = {purpose: np.full(len(examples), low) for purpose, (low, _) in ranges.items()}
    drawn = [purpose for purpose, (low, high) in ranges.items() if low != high]
    if drawn:  # all in one go: one by one they take five times as long
        shares = draws.uniform(np.array(drawn)[:, None], settings.seed, epochs, examples, copy)
        for purpose, share in zip(drawn, shares, strict=True):
            low, high = ranges[purpose]
            values[purpose] = low + (high - low) * share
    return Change(
        crop_across=values[Purpose.CROP_ACROSS],
        crop_down=values[Purpose.CROP_DOWN],
        flip=values[Purpose.FLIP] < settings.flip,
        rotation=values[Purpose.ROTATION],
        across=values[Purpose.SHIFT_ACROSS],
        down=values[Purpose.SHIFT_DOWN],
        scale=values[Purpose.SCALE],
        brightness=255.0 * values[Purpose.BRIGHTNESS],
        contrast=values[Purpose.CONTRAST],
    )


def grey_tables(change: Change) -> np.ndarray | None:
    """(images, 256) uint8, from grey value to grey value; None if none changes."""
    if not change.brightness.any() and (change.contrast == 1).all():
        return None
    greys = np.arange(256) - _MIDDLE_GREY
    changed = greys * change.contrast[:, None] + _MIDDLE_GREY + change.brightness[:, None]
    return np.clip(np.rint(changed), 0, 255).astype(np.uint8)


def moves_off_grid(change: Change) -> np.ndarray:
    """For each image, whether it needs interpolation: more than a crop and a mirror."""
    return (change.rotation != 0) | (change.across != 0) | (change.down != 0) | (change.scale != 1)


def affine_maps(change: Change, shapes: np.ndarray, side: int) -> np.ndarray:
    """(images, 2, 3): from a pixel of the result to where it is read in the source; `shapes` is (images, 2)."""
    radians = np.deg2rad(change.rotation)
    cosine, sine = np.cos(radians) / change.scale, np.sin(radians) / change.scale
    mirror = np.where(change.flip, -1.0, 1.0)
    # About the middle of the result: undo the shift, the mirror, the turn and the scale, then go to the crop's middle.
    linear = np.stack([np.stack([cosine * mirror, -sine], -1), np.stack([sine * mirror, cosine], -1)], -2)
    middle = (side - 1) / 2
    corner = np.stack(_corner(change, shapes, side), -1)
    shift = np.stack([change.across, change.down], -1) * side
    offset = corner + middle - np.einsum("nij,nj->ni", linear, middle + shift)
    return np.concatenate([linear, offset[..., None]], -1)


def _corner(change: Change, shapes: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Left and top of the crop, whole pixels."""
    left = np.rint(change.crop_across * (shapes[:, 1] - side))
    top = np.rint(change.crop_down * (shapes[:, 0] - side))
    return left, top


def apply(images: list[np.ndarray] | np.ndarray, change: Change, side: int, out: np.ndarray) -> None:
    """Writes each changed image, uint8 (side, side), into `out` (images, side, side); black outside the film."""
    shapes = np.array([image.shape for image in images])
    off_grid, tables = moves_off_grid(change), grey_tables(change)
    maps = affine_maps(change, shapes, side) if off_grid.any() else None
    left, top = (corner.astype(int) for corner in _corner(change, shapes, side))
    for i, image in enumerate(images):
        if off_grid[i] and maps is not None:
            cv2.warpAffine(
                image,
                maps[i],
                (side, side),
                dst=out[i],
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=0,
            )
        else:
            cut = image[top[i] : top[i] + side, left[i] : left[i] + side]
            out[i] = cut[:, ::-1] if change.flip[i] else cut
        if tables is not None:
            cv2.LUT(out[i], tables[i], dst=out[i])
