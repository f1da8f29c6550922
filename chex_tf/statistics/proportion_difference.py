"""The difference of two proportions, with an interval that has width where both are 0, or agree on every row.

Paired proportions, such as the pointing game of two runs on the same films: Bonett and Price's (2012) interval, which
counts two rows more, one on which only the first succeeds and one on which only the second does. Other proportions,
such as the sensitivity in two groups: Agresti and Caffo's (2000), which counts two rows more of each, a success and a
failure. Both become Student's t of what each unit contributes, so rows of one unit may be alike, and units that are in
both groups count for both; a row that is added weighs what a unit weighs on average. Of values that are no successes,
such as IoU, the plain differences are taken and no row is added.
"""

import dataclasses
import math
import sys
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import delong, student
from chex_tf.statistics.bootstrap import HIGH, Interval
from chex_tf.statistics.proportion import FEWEST_UNITS, Counts

_ADDED = 4  # places for the rows that are added
# Of either side, the successes and the rows in those places: in a pair both sides have each row.
_ADDED_TO_PAIRS = ((1, 0, 0, 0), (1, 1, 0, 0)), ((0, 1, 0, 0), (1, 1, 0, 0))
_ADDED_TO_GROUPS = ((1, 0, 0, 0), (1, 1, 0, 0)), ((0, 0, 1, 0), (0, 0, 1, 1))


@dataclasses.dataclass(frozen=True, eq=False)
class ProportionDifference:
    """`value` is what was observed, `centre` that with the rows that are added; the squares of `components` [units and
    rows added] sum to its variance, which has `freedom` degrees of freedom."""

    value: float
    centre: float
    components: np.ndarray
    freedom: float

    @property
    def _error(self) -> float:
        return math.sqrt(float(np.sum(self.components**2)))

    @property
    def interval(self) -> Interval:
        if math.isnan(self.value) or self.freedom < FEWEST_UNITS - 1:
            return Interval(math.nan, math.nan, 0, f"fewer than {FEWEST_UNITS} units to count")
        if not self._error:
            return Interval(math.nan, math.nan, 0, "the difference is the same in every unit")
        reach = student.quantile(HIGH, self.freedom) * self._error
        return Interval(max(-1.0, self.centre - reach), min(1.0, self.centre + reach))

    @property
    def p(self) -> float:
        """Two-sided, of no difference; below 0.05 where the interval leaves 0 out. Without an interval it is NaN, or 1
        where there is no difference in any unit."""
        if math.isnan(self.interval.low):
            return 1.0 if self.value == 0 and not self._error else math.nan
        return max(2 * student.upper_tail(abs(self.centre) / self._error, self.freedom), sys.float_info.min)


def difference(first: Counts, second: Counts) -> ProportionDifference:
    """Of the same units in the same order; the first proportion minus the second."""
    sides = (first, second)
    counted = [one.trials > 0 for one in sides]
    units = [int(one.sum()) for one in counted]
    size = first.trials.size + _ADDED
    if min(units) == 0:
        return ProportionDifference(math.nan, math.nan, np.zeros(size), 0.0)
    value = float(first.successes.sum() / first.trials.sum() - second.successes.sum() / second.trials.sum())
    is_binary = first.is_binary and second.is_binary
    if np.array_equal(first.trials, second.trials):
        added = _ADDED_TO_PAIRS
    else:
        added = _ADDED_TO_GROUPS
    centres, parts = [], []
    for one, here, (successes_added, rows_added) in zip(sides, units, added, strict=True):
        weight = float(one.trials.sum()) / here if is_binary else 0.0
        successes = np.append(one.successes, weight * np.array(successes_added))
        trials = np.append(one.trials, weight * np.array(rows_added))
        centre = float(successes.sum() / trials.sum())
        many = int(np.sum(trials > 0))
        centres.append(centre)
        parts.append((successes - centre * trials) / trials.sum() * math.sqrt(many / max(1, many - 1)))
    return ProportionDifference(value, centres[0] - centres[1], parts[0] - parts[1], min(units) - 1.0)


def mean_of(differences: Sequence[ProportionDifference]) -> ProportionDifference:
    """The mean over tasks on the same units; rows added to one task are taken to be those added to the others."""
    return ProportionDifference(
        float(np.mean([one.value for one in differences])),
        float(np.mean([one.centre for one in differences])),
        np.mean([one.components for one in differences], axis=0),
        delong.freedom_of_mean(
            [float(np.sum(one.components**2)) for one in differences], [one.freedom for one in differences]
        )
        if all(one.freedom > 0 for one in differences)
        else 0.0,
    )
