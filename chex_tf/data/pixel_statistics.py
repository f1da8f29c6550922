"""Mean and deviation of a split's pixels, measured where the prepared folder has no summary of them."""

import numpy as np

from chex_tf.data import draws, images
from chex_tf.data.records import Records, Statistics

MOST_IMAGES = 2000


def of_films(records: Records, side: int, examples: np.ndarray) -> Statistics:
    """The training split's, from the folder's summary; without one, those of up to 2,000 of these films."""
    known = records.statistics()
    if known is not None:
        return known
    drawn = np.argsort(draws.bits(draws.Purpose.STATISTICS, 0, examples), kind="stable")[:MOST_IMAGES]
    return measured_statistics(records, side, np.sort(examples[drawn]))


def measured_statistics(records: Records, side: int, examples: np.ndarray) -> Statistics:
    """Over all pixels of these images at this size."""
    counts = np.zeros(256, np.int64)
    for example in examples:
        counts += np.bincount(images.load(records.read(int(example)), side).reshape(-1), minlength=256)
    mean = float(counts @ np.arange(256) / counts.sum())
    return Statistics(mean, float(np.sqrt(counts @ (np.arange(256) - mean) ** 2 / counts.sum())))
