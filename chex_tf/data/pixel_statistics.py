"""Mean and deviation of a split's pixels, measured where the prepared folder has no summary of them."""

import numpy as np

from chex_tf.data import images
from chex_tf.data.records import Records, Statistics


def measured_statistics(records: Records, side: int, examples: np.ndarray) -> Statistics:
    """Over all pixels of these images at this size."""
    counts = np.zeros(256, np.int64)
    for example in examples:
        counts += np.bincount(images.load(records.read(int(example)), side).reshape(-1), minlength=256)
    mean = float(counts @ np.arange(256) / counts.sum())
    return Statistics(mean, float(np.sqrt(counts @ (np.arange(256) - mean) ** 2 / counts.sum())))
