"""A weighted sum of numbers of several models on the same units, such as a difference or a mean of differences.

Components add up as the numbers do, so that DeLong's variance of the sum takes in how the models' numbers vary
together. With weights 1 and -1 it is the difference of `comparison.differences`, number for number.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import bootstrap, comparison, delong
from chex_tf.statistics.measure import Sampled


@dataclasses.dataclass(frozen=True)
class Contrast:
    """`p` is two-sided, of "the sum is zero"; `is_delong` says that interval and p are DeLong's, otherwise they are the
    bootstrap's."""

    value: float
    interval: bootstrap.Interval
    p: float
    is_delong: bool


def contrast(weights: Sequence[float], sampled: Sequence[Sampled]) -> Contrast:
    """DeLong's where every number has components, else from replicates."""
    value = float(sum(weight * one.value for weight, one in zip(weights, sampled, strict=True)))
    components = [one.components for one in sampled if one.components is not None]
    if len(components) == len(sampled):
        variance = float(np.sum(_sum(weights, components) ** 2))
        freedom = min((one.freedom for one in sampled), default=math.inf)
        return Contrast(
            value,
            delong.interval(value, variance, freedom),
            delong.two_sided_p(value, variance, freedom),
            is_delong=True,
        )
    replicates = _sum(weights, [one.replicates for one in sampled])
    p = float(comparison.bootstrap_p(replicates[:, np.newaxis])[0])
    return Contrast(value, bootstrap.percentile_interval(replicates), p, is_delong=False)


def _sum(weights: Sequence[float], rows: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(sum(weight * row for weight, row in zip(weights, rows, strict=True)))
