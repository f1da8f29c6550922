"""What a test set of a given size will show of an AUROC: expected interval, power for a difference, positives needed.

Scores are taken to be normal with one variance, and rows to be independent. The covariance of two AUROCs is then known:
z of a pair of rows, its difference of scores, is normal for either model, and so are two z that share a row.
"""

import dataclasses
import math
import statistics

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.auroc_interval import bounds
from chex_tf.statistics.bootstrap import HIGH, Interval

MOST_POSITIVES = 1_000_000
_NORMAL = statistics.NormalDist()
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclasses.dataclass(frozen=True)
class PlannedSet:
    positives: int
    negatives: int

    @property
    def freedom(self) -> int:
        return min(self.positives, self.negatives) - 1


def covariance(first: float, second: float, correlation: float, planned: PlannedSet) -> float:
    """Of the estimates of two true AUROCs whose models' scores have this correlation within each class; with equal
    AUROCs and a correlation of 1 the variance of one."""
    same_pair = _both_right(first, second, correlation)
    one_row_shared = _both_right(first, second, correlation / 2)
    others = planned.positives + planned.negatives - 2
    return (same_pair + others * one_row_shared) / (planned.positives * planned.negatives)


def _both_right(first: float, second: float, correlation: float) -> float:
    """P(both z above 0) less the product of the two; the integral of their density over the correlation up to here."""
    a, b = _NORMAL.inv_cdf(first), _NORMAL.inv_cdf(second)
    angle = math.asin(correlation) * (_NODES + 1) / 2
    density = np.exp(-(a**2 - 2 * a * b * np.sin(angle) + b**2) / (2 * np.cos(angle) ** 2))
    return float(np.sum(_WEIGHTS * density)) * math.asin(correlation) / (4 * math.pi)


def expected_interval(area: float, planned: PlannedSet) -> Interval:
    """That of an estimate and a variance that are as expected."""
    return bounds(area, covariance(area, area, 1.0, planned), planned.positives, planned.negatives)


def standard_error(area: float, difference: float, correlation: float, planned: PlannedSet) -> float:
    """Of the difference of a model with this true AUROC and one that is lower by `difference`."""
    lower = area - difference
    variances = covariance(area, area, 1.0, planned) + covariance(lower, lower, 1.0, planned)
    return math.sqrt(max(0.0, variances - 2 * covariance(area, lower, correlation, planned)))


def power(area: float, difference: float, correlation: float, planned: PlannedSet) -> float:
    """The chance that DeLong's two-sided p is below 0.05."""
    shift = difference / standard_error(area, difference, correlation, planned)
    needed = student.quantile(HIGH, planned.freedom)
    return _NORMAL.cdf(shift - needed) + _NORMAL.cdf(-shift - needed)


def positives_needed(area: float, width: float, prevalence: float) -> PlannedSet | None:
    """The fewest positives, at this share of positives, whose expected interval is no wider; None beyond a million."""

    def planned(positives: int) -> PlannedSet:
        return PlannedSet(positives, max(2, round(positives * (1 - prevalence) / prevalence)))

    def is_enough(positives: int) -> bool:
        interval = expected_interval(area, planned(positives))
        return interval.high - interval.low <= width

    enough = 2
    while not is_enough(enough):
        enough *= 2
        if enough > MOST_POSITIVES:
            return None
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if is_enough(middle) else (middle, enough)
    return planned(enough)
