"""Predictive values at a stated prevalence: what sensitivity and specificity mean where the disease is that common.

PPV = sensitivity * P / (sensitivity * P + (1 - specificity) * (1 - P)), and NPV alike. Each rises with a ratio of two
rates, one of the positives and one of the negatives, which are independent samples: Wilson's intervals of the two give
the ratio's (Donner and Zou 2012), and that the predictive value's. The prevalence is taken as known.
"""

import dataclasses
import math
import statistics

import numpy as np

from chex_tf.statistics.bootstrap import HIGH, Interval

_Z = statistics.NormalDist().inv_cdf(HIGH)


@dataclasses.dataclass(frozen=True)
class Rate:
    """`successes` of `rows`, in patients whose rows may agree: `effective` is the number of independent rows that would
    tell as much."""

    successes: int
    rows: int
    effective: float

    @property
    def value(self) -> float:
        return self.successes / self.rows if self.rows else float("nan")

    @property
    def bounds(self) -> tuple[float, float]:
        """Wilson's interval."""
        rows, squared = self.effective, _Z**2
        centre = (self.value * rows + squared / 2) / (rows + squared)
        half = _Z * math.sqrt(self.value * (1 - self.value) * rows + squared / 4) / (rows + squared)
        return max(0.0, centre - half), min(1.0, centre + half)

    @property
    def complement(self) -> "Rate":
        return Rate(self.rows - self.successes, self.rows, self.effective)


def rate(is_success: np.ndarray, units: np.ndarray) -> Rate:
    """Of rows [rows]; the effective number is the rows' over the design effect, which is the variance between units
    over the binomial one, at least 1."""
    rows = is_success.size
    if not rows:
        return Rate(0, 0, 0.0)
    share = float(is_success.mean())
    _, places = np.unique(units, return_inverse=True)
    clusters = int(places.max()) + 1
    effective = float(rows)
    if 0 < share < 1 and 1 < clusters < rows:
        deviations = np.bincount(places, is_success - share)
        between = clusters / (clusters - 1) * float(np.sum(deviations**2)) / rows**2
        effective = rows / max(1.0, between / (share * (1 - share) / rows))
    elif clusters < rows:  # all alike: as if every unit spoke once
        effective = float(clusters)
    return Rate(int(is_success.sum()), rows, effective)


def positive_predictive_value(sensitivity: Rate, specificity: Rate, prevalence: float) -> tuple[float, Interval]:
    """NaN where nothing would be called positive, or a class is missing."""
    return _predictive(sensitivity, specificity.complement, prevalence)


def negative_predictive_value(sensitivity: Rate, specificity: Rate, prevalence: float) -> tuple[float, Interval]:
    return _predictive(specificity, sensitivity.complement, 1 - prevalence)


def _predictive(right: Rate, wrong: Rate, share: float) -> tuple[float, Interval]:
    """Of decisions that are right in `right` of those with the condition, whose share is `share`, and made in `wrong`
    of the others."""
    if not right.rows or not wrong.rows:
        return float("nan"), Interval(np.nan, np.nan, 0, "one class only")
    made = right.value * share + wrong.value * (1 - share)
    if not made:
        return float("nan"), Interval(np.nan, np.nan, 0, "nothing is called so")
    low, high = _ratio_bounds(right, wrong)
    odds = share / (1 - share)
    return right.value * share / made, Interval(_of_odds(odds * low), _of_odds(odds * high))


def _of_odds(odds: float) -> float:
    return 1.0 if math.isinf(odds) else odds / (1 + odds)


def _ratio_bounds(above: Rate, below: Rate) -> tuple[float, float]:
    """Of above / below, from the two rates' own intervals."""
    a, b = above.value, below.value
    (a_low, a_high), (b_low, b_high) = above.bounds, below.bounds
    return _ratio_bound(a, b, a_low, b_high, -1), _ratio_bound(a, b, a_high, b_low, 1) if b else math.inf


def _ratio_bound(a: float, b: float, a_end: float, b_end: float, side: int) -> float:
    product, curvature = a * b, b_end * (2 * b - b_end)
    reach = a_end * (2 * a - a_end)
    root = math.sqrt(max(0.0, product**2 - reach * curvature))
    # Of the two forms of a quadratic's root, the one that subtracts nothing from its like.
    if side < 0:
        return reach / (product + root) if product + root > 0 else 0.0
    return (product + root) / curvature if curvature > 0 else math.inf
