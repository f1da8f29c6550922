"""How the images of a prepared folder were resized when they were stored, and the same for a film from its own file.

The rule and the method are those of chex_tf_datasets.radiograph_records.images, which is standalone; a test keeps the
two in step. A JPEG's recompression, which shifts values by single grey levels, is not repeated.
"""

import dataclasses
import math
import pathlib
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import cv2
import numpy as np

from chex_tf import json_files

METADATA = "metadata.json"  # of a prepared folder
RESIZES = ("shorter", "longer", "square")
_DECODED_OVER_STORED = 2  # a JPEG decoded reduced is still at least this many times the stored size


class _StoredForm(TypedDict):
    image_size: NotRequired[int | None]
    resize: NotRequired[str]
    encoding: NotRequired[str]


class Source(TypedDict):
    folder: NotRequired[str | None]


class _MetadataForm(TypedDict):
    settings: NotRequired[_StoredForm]
    source: NotRequired[Source]


@dataclasses.dataclass(frozen=True)
class Stored:
    """Without an image_size the files' own bytes were stored. Only `square`, which distorts, ever enlarges."""

    image_size: int | None = None
    resize: str = "shorter"
    encoding: str = "jpeg"

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) that a film of this size was stored with."""
        if self.image_size is None:
            return height, width
        if self.resize == "square":
            return self.image_size, self.image_size
        side = min(height, width) if self.resize == "shorter" else max(height, width)
        scale = min(self.image_size / side, 1.0)
        return max(round(height * scale), 1), max(round(width * scale), 1)

    def leaves_unchanged(self, height: int, width: int) -> bool:
        """Whether a JPEG of this size was stored as it is, up to recompression."""
        if self.image_size is None:
            return True
        return self.encoding == "jpeg" and self.shape(height, width) == (height, width)

    def reduction(self, height: int, width: int) -> int:
        """How many times smaller, 1, 2, 4 or 8, a JPEG of this size was decoded to be stored."""
        down, across = (_DECODED_OVER_STORED * side for side in self.shape(height, width))
        most = min(height // down, width // across)
        return next((times for times in (8, 4, 2) if most >= times), 1)

    def apply(self, pixels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """`pixels` as stored; `shape` is the film's own, of which `pixels` may be a reduction by its decoder."""
        if self.image_size is None:
            return pixels
        height, width = self.shape(*shape)
        return pixels if pixels.shape == (height, width) else _resized(pixels, height, width)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Stored":
        """From a prepared folder's settings or from what `to_json` gave; raises ValueError."""
        given: Mapping[str, Any] = json_files.checked(values, _StoredForm)
        found = cls(**{f.name: given[f.name] for f in dataclasses.fields(cls) if f.name in given})
        size = found.image_size
        if (size is not None and size < 1) or found.resize not in RESIZES:
            raise json_files.FormError(
                f"expected an image_size and {', '.join(RESIZES)}; received {size} and {found.resize}"
            )
        return found

    def describe(self) -> str:
        """In words, to follow "resized to"; empty where nothing was resized."""
        if self.image_size is None:
            return ""
        if self.resize == "square":
            return f"{self.image_size}×{self.image_size}"
        return f"at most {self.image_size} on the {self.resize} side"


def read_stored(folder: pathlib.Path) -> Stored:
    """From the metadata that the builder wrote into a version folder; untouched if it wrote none. Raises InputError."""
    try:
        return Stored.from_json(_metadata(folder).get("settings", {}))
    except json_files.FormError as error:
        raise json_files.damaged(folder / METADATA, error, "data", "prepare the data again") from error


def source_folder(folder: pathlib.Path) -> pathlib.Path | None:
    """Where the films of a version folder came from; None if its builder did not say."""
    named = _metadata(folder).get("source", {}).get("folder")
    return pathlib.Path(named) if named else None


def _metadata(folder: pathlib.Path) -> _MetadataForm:
    file = folder / METADATA
    return json_files.read(file, _MetadataForm, "data", "prepare the data again") if file.is_file() else {}


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, after a Gaussian where it shrinks; from a factor of two, the mean over each target pixel instead."""
    across, down = image.shape[1] / width, image.shape[0] / height
    if min(across, down) >= 2:
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    one = np.ones(1)
    if across > 1:
        image = cv2.sepFilter2D(image, -1, _taps(across), one, borderType=cv2.BORDER_REPLICATE)
    if down > 1:
        image = cv2.sepFilter2D(image, -1, one, _taps(down), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def _taps(factor: float) -> np.ndarray:
    """A Gaussian that widens bilinear interpolation to the triangle of antialiasing: variance (factor² - 1) / 6."""
    variance = (factor**2 - 1) / 6
    reach = math.ceil(3 * math.sqrt(variance))
    if reach == 1:  # three taps have that variance exactly, where a sampled Gaussian would be too narrow
        return np.array([variance / 2, 1 - variance, variance / 2])
    places = np.arange(-reach, reach + 1)
    taps = np.exp(-(places**2) / (2 * variance))
    return taps / taps.sum()
