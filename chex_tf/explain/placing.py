"""From a network's coarse map to a film's pixels: bilinear, centres at halves, through resizing and centre crop.

Upsampling along an axis is a matrix with two entries a row, so a whole batch is two matrix products, and a map can be
laid upon a film, a thumbnail or a mask of any size, whatever the network saw of it.
"""

import dataclasses

import numpy as np

from chex_tf.data import images


@dataclasses.dataclass(frozen=True)
class View:
    """What the network sees of a film: resized to `resized` (squash, or keep proportions), then the centre `side`."""

    side: int
    resized: int
    aspect: str = "squash"

    def window(self, shape: tuple[int, int]) -> tuple[tuple[float, float], tuple[float, float]]:
        """Down and across: where what the network sees begins, and how much it is, as shares of the film's side."""
        seen = images.target_shape(*shape, self.resized, self.aspect)
        down, across = ((_cut(resized, self.side) / resized, self.side / resized) for resized in seen)
        return down, across

    def matrices(self, shape: tuple[int, int], grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """(height, rows) and (width, columns): a film of `shape` = first @ map @ second.T."""
        seen = images.target_shape(*shape, self.resized, self.aspect)
        down, across = (
            _matrix(pixels, cells, resized, self.side) for pixels, cells, resized in zip(shape, grid, seen, strict=True)
        )
        return down, across


def upsample(maps: np.ndarray, shape: tuple[int, int], view: View) -> np.ndarray:
    """Maps (…, rows, columns) on a film's pixels (…, height, width); 0 where the network did not look."""
    down, across = view.matrices(shape, (maps.shape[-2], maps.shape[-1]))
    return np.asarray(down @ maps @ across.T, np.float32)


def _matrix(pixels: int, cells: int, resized: int, side: int) -> np.ndarray:
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
