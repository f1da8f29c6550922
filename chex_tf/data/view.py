"""What a network sees of a film: resized as its training data were stored, resized again, cropped to the centre.

view = View(side=320, resized=320, aspect="keep", stored=Stored(320, "square"))
view.apply(pixels)                    # uint8 (320, 320, 1), the network's input
view.matrices(pixels.shape, (10, 10)) # back: from the cells of a map to the film's pixels
"""

import dataclasses

import numpy as np

from chex_tf.data import augmentation, images
from chex_tf.data.settings import DataSettings
from chex_tf.data.stored import Stored

Shape = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class View:
    """Resized to `resized` (squash: both sides; keep: the shorter one), then the centre `side`.

    `stored` is applied first: what ingest did to the films that the network was trained on.
    """

    side: int
    resized: int
    aspect: str = "squash"
    stored: Stored = Stored()

    @classmethod
    def from_settings(cls, settings: DataSettings, stored: Stored) -> "View":
        return cls(settings.image_size, settings.resized, settings.aspect, stored)

    @property
    def for_records(self) -> "View":
        """The same view for an image of a prepared folder, which ingest has resized already."""
        return dataclasses.replace(self, stored=Stored())

    def reduction(self, height: int, width: int) -> int:
        """How many times smaller, 1, 2, 4 or 8, a JPEG of this size is decoded: as ingest did or, where it left the
        image as it was, as training does."""
        if self.stored.leaves_unchanged(height, width):
            return images.reduction(height, width, self.resized)
        return self.stored.reduction(height, width)

    def apply(self, pixels: np.ndarray, shape: Shape | None = None) -> np.ndarray:
        """A network's input, uint8 (side, side, 1), as evaluation makes it, from a film, uint8 (height, width).

        shape    the film's own size, where `pixels` are a reduction of it by its decoder

        A JPEG that ingest had compressed again would differ from this by single grey levels.
        """
        pixels = self.stored.apply(pixels, shape or (pixels.shape[0], pixels.shape[1]))
        height, width = images.target_shape(pixels.shape[0], pixels.shape[1], self.resized, self.aspect)
        if pixels.shape != (height, width):
            pixels = images.resize(pixels, height, width)
        if pixels.shape == (self.side, self.side):
            return pixels[..., None]
        out = np.empty((1, self.side, self.side), np.uint8)
        augmentation.apply([pixels], augmentation.centre_crop(1), self.side, out)
        return out[0][..., None]

    def window(self, shape: Shape) -> tuple[tuple[float, float], tuple[float, float]]:
        """Down and across: where the visible part begins and how long it is, as shares of the film's side."""
        down, across = (
            (_cut(resized, self.side) / resized, self.side / resized) for resized in self._resized_shape(shape)
        )
        return down, across

    def matrices(self, shape: Shape, grid: Shape) -> tuple[np.ndarray, np.ndarray]:
        """(height, rows) and (width, columns): a film of `shape` = first @ map @ second.T."""
        down, across = (
            _matrix(pixels, cells, resized, self.side)
            for pixels, cells, resized in zip(shape, grid, self._resized_shape(shape), strict=True)
        )
        return down, across

    def _resized_shape(self, shape: Shape) -> Shape:
        return images.target_shape(*self.stored.shape(*shape), self.resized, self.aspect)


def _matrix(pixels: int, cells: int, resized: int, side: int) -> np.ndarray:
    """Upsampling along an axis: bilinear, centres at halves, two entries a row; 0 where the crop left pixels out."""
    seen = (np.arange(pixels) + 0.5) * resized / pixels - _cut(resized, side)
    place = np.clip(seen * cells / side - 0.5, 0, cells - 1)
    first = np.minimum(place.astype(int), max(cells - 2, 0))
    share = place - first
    matrix = np.zeros((pixels, cells), np.float32)
    rows = np.arange(pixels)
    matrix[rows, first] = 1 - share
    matrix[rows, np.minimum(first + 1, cells - 1)] += share.astype(np.float32)
    matrix[(seen < 0) | (seen >= side)] = 0
    return matrix


def _cut(resized: int, side: int) -> float:
    """Pixels before the centre crop."""
    return float(np.rint(0.5 * (resized - side)))
