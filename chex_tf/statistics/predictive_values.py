"""Predictive values at a stated prevalence: what sensitivity and specificity mean where the disease is that common.

PPV = sensitivity * P / (sensitivity * P + (1 - specificity) * (1 - P)), and NPV alike. Each rises with a ratio of two
rates, one of the positives and one of the negatives, which are independent samples: Wilson's intervals of the two give
the ratio's (Donner and Zou 2012), and that the predictive value's. The prevalence is taken as known.
"""

import math

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.proportion import Proportion


def positive_predictive_value(
    sensitivity: Proportion, specificity: Proportion, prevalence: float
) -> tuple[float, Interval]:
    """NaN where nothing would be called positive, or a class is missing."""
    return _predictive(sensitivity, specificity.complement, prevalence)


def negative_predictive_value(
    sensitivity: Proportion, specificity: Proportion, prevalence: float
) -> tuple[float, Interval]:
    return _predictive(specificity, sensitivity.complement, 1 - prevalence)


def _predictive(right: Proportion, wrong: Proportion, share: float) -> tuple[float, Interval]:
    """Of decisions that are right in `right` of those with the condition, whose share is `share`, and made in `wrong`
    of the others."""
    if not right.units or not wrong.units:
        return math.nan, Interval(math.nan, math.nan, 0, "one class only")
    made = right.value * share + wrong.value * (1 - share)
    if not made:
        return math.nan, Interval(math.nan, math.nan, 0, "nothing is called so")
    value = right.value * share / made
    absent = next((one.interval for one in (right, wrong) if one.interval.reason), None)
    if absent is not None:
        return value, absent
    low, high = _ratio_bounds(right, wrong)
    odds = share / (1 - share)
    return value, Interval(_of_odds(odds * low), _of_odds(odds * high))


def _of_odds(odds: float) -> float:
    return 1.0 if math.isinf(odds) else odds / (1 + odds)


def _ratio_bounds(above: Proportion, below: Proportion) -> tuple[float, float]:
    """Of above / below, from the two rates' own intervals."""
    a, b = above.value, below.value
    of_above, of_below = above.interval, below.interval
    low = _ratio_bound(a, b, of_above.low, of_below.high, -1)
    return low, _ratio_bound(a, b, of_above.high, of_below.low, 1) if b else math.inf


def _ratio_bound(a: float, b: float, a_end: float, b_end: float, side: int) -> float:
    product, curvature = a * b, b_end * (2 * b - b_end)
    reach = a_end * (2 * a - a_end)
    root = math.sqrt(max(0.0, product**2 - reach * curvature))
    # Of the two forms of a quadratic's root, the one that subtracts nothing from its like.
    if side < 0:
        return reach / (product + root) if product + root > 0 else 0.0
    return (product + root) / curvature if curvature > 0 else math.inf
