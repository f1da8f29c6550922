"""Places a network's coarse map on a film's pixels, for any view.

Upsampling along an axis is a matrix with two entries per row, so a whole batch takes two matrix products, and a map can
be placed on a film, a thumbnail or a mask of any size.
"""

import numpy as np

from chex_tf.data.view import View


def upsample(maps: np.ndarray, shape: tuple[int, int], view: View) -> np.ndarray:
    """Maps (…, rows, columns) on a film's pixels (…, height, width); 0 where the network did not look."""
    down, across = view.matrices(shape, (maps.shape[-2], maps.shape[-1]))
    return np.asarray(down @ maps @ across.T, np.float32)
