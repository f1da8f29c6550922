"""A 95% interval of one AUROC that holds with few positives, from DeLong's variance on the logit scale.

Three things make the plain interval too short there. The AUROC has an end at 1: so the interval is made on the logit
scale. The variance is itself estimated, from few units of the rarer class: so Student's t takes the normal's place,
with one degree of freedom less than there are such units. And it is often too small by chance, when the few happen to
score alike: so below Hanley and McNeil's (1982) variance for this AUROC it is drawn towards that, with a weight that
falls as the units become many.
"""

import math

import numpy as np

from chex_tf.statistics import delong, student
from chex_tf.statistics.bootstrap import HIGH, Interval
from chex_tf.statistics.ranking import rank, wins_by_row

STEADYING_UNITS = 10.0  # of the rarer class: with as many, the two variances count alike, by their logarithms
FEWEST = 2


def units_of_rarer_class(labels: np.ndarray, units: np.ndarray) -> int:
    """Units with a positive or units with a negative, whichever are fewer."""
    return min(np.unique(units[labels == value]).size for value in (1, 0))


def degrees_of_freedom(labels: np.ndarray, units: np.ndarray) -> float:
    return float(max(1, units_of_rarer_class(labels, units) - 1))


def hanley_mcneil(area: float, positives: int, negatives: int) -> float:
    """The variance of an AUROC of this true value whose scores are exponential."""
    both_above = area / (2 - area)
    both_below = 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (both_above - area**2) + (negatives - 1) * (both_below - area**2)
    return spread / (positives * negatives)


def interval(labels: np.ndarray, scores: np.ndarray, units: np.ndarray, count: int) -> Interval:
    """`units` [rows] from 0 to `count`. Where no pair is in the wrong order, or every one, the bound is that of a
    proportion: of as many units as the rarer class has, all were on one side."""
    positives, negatives = (np.unique(units[labels == value]).size for value in (1, 0))
    fewer = min(positives, negatives)
    if fewer < FEWEST:
        return Interval(math.nan, math.nan, 0, f"fewer than {FEWEST} units with a positive or with a negative")
    ranking = rank(labels, scores)
    area = float(wins_by_row(ranking, scores)[ranking.positives].mean()) / ranking.negatives.size
    if area in (0.0, 1.0):
        bound = (1 - HIGH) ** (1 / fewer)
        return Interval(bound, 1.0) if area == 1 else Interval(0.0, 1 - bound)
    variance = float(np.sum(delong.components(labels, scores, units, count) ** 2))
    return bounds(area, variance, positives, negatives)


def bounds(area: float, variance: float, positives: int, negatives: int) -> Interval:
    """Of an AUROC between 0 and 1 with DeLong's variance; `positives` and `negatives` are units that have one."""
    fewer = min(positives, negatives)
    expected = hanley_mcneil(area, positives, negatives)
    if variance < expected:
        weight = fewer / (fewer + STEADYING_UNITS)
        variance = variance**weight * expected ** (1 - weight) if variance > 0 else expected
    centre = math.log(area / (1 - area))
    reach = student.quantile(HIGH, fewer - 1) * math.sqrt(variance) / (area * (1 - area))
    return Interval(1 / (1 + math.exp(reach - centre)), 1 / (1 + math.exp(-reach - centre)))
