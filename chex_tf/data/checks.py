"""The first batch's range against what the network was promised: a doubled or forgotten normalisation stops the run."""

import numpy as np

from chex_tf.data.records import Records, Statistics
from chex_tf.settings import InputError

# Of the promised range; radiographs span most of theirs, while 0..1 passed for 0..255 spans a 255th.
_LEAST_SPAN = 0.05
_SLACK = 1e-3  # of the range, for rounding


def check_range(images: np.ndarray, low: float, high: float, what: str = "the network") -> None:
    """`images` as the network gets them; `low` and `high` bound what images from 0 to 255 become. Raises InputError."""
    values = np.asarray(images, np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"expected finite pixels; received {np.count_nonzero(~np.isfinite(values))} that are not")
    least, most = float(values.min()), float(values.max())
    slack = _SLACK * (high - low)
    promised = f"{what} expects pixels from {low:.4g} to {high:.4g}; the first batch has {least:.4g} to {most:.4g}"
    if least < low - slack or most > high + slack:
        raise InputError(f"{promised}: normalised twice, or not at all?")
    if most - least < _LEAST_SPAN * (high - low):
        raise InputError(f"{promised}, hardly any contrast: scaled twice, or are the images blank?")


def measured_statistics(records: Records, side: int, examples: np.ndarray) -> Statistics:
    """Mean and deviation over the pixels of these images at this size."""
    from chex_tf.data import images

    counts = np.zeros(256, np.int64)
    for example in examples:
        counts += np.bincount(images.load(records.read(int(example)), side).reshape(-1), minlength=256)
    mean = float(counts @ np.arange(256) / counts.sum())
    return Statistics(mean, float(np.sqrt(counts @ (np.arange(256) - mean) ** 2 / counts.sum())))
