"""95% intervals from a statistic with one group of units left out at a time.

Busing, Meijer and van der Leeden 1999 allow for groups of unequal size: with n units, m of them in a group and h = n/m,
the group's pseudo-value is h θ - (h - 1) θ₋, θ₋ being the statistic without it; the variance is the mean over groups of
(pseudo-value - their weighted centre)² / (h - 1). Student's t has one degree of freedom fewer than there are groups.
"""

import math

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.bootstrap import Interval

LEVEL = 0.975


def standard_error(value: float, without: np.ndarray, sizes: np.ndarray) -> float:
    """`without` [groups] is the statistic with each group left out, `sizes` [groups] how many units it has."""
    times = sizes.sum() / sizes
    centre = len(sizes) * value - np.sum((1 - 1 / times) * without)
    pseudo = times * value - (times - 1) * without
    return math.sqrt(np.mean((pseudo - centre) ** 2 / (times - 1)))


def interval(value: float, without: np.ndarray, sizes: np.ndarray) -> Interval:
    if len(sizes) < 2:
        return Interval(math.nan, math.nan, reason="fewer than two groups")
    reach = student.quantile(LEVEL, len(sizes) - 1) * standard_error(value, without, sizes)
    return Interval(value - reach, value + reach)
