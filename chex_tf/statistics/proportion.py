"""A 95% interval of a proportion that has width at 0 and at 1 too, with units that repeat: Wilson's, by units.

Rows of one unit are alike, so they are worth fewer independent rows: as many as would give the proportion the variance
that it has over units. Student's t takes the normal's place. At 0 and 1 that variance says nothing, and rows are worth
no more than there are units.
"""

import dataclasses
import math

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.bootstrap import HIGH, Interval

FEWEST_UNITS = 2


@dataclasses.dataclass(frozen=True, eq=False)
class Counts:
    """[units] each: the sum of a unit's values, which lie within 0 and 1, and how many it has. Of successes and
    failures (`is_binary`; a success may be shared and then is a fraction) no row is worth more than one."""

    successes: np.ndarray
    trials: np.ndarray
    is_binary: bool = True


@dataclasses.dataclass(frozen=True)
class Proportion:
    """These `units` tell as much as `worth` independent rows would; `value` is NaN without any."""

    value: float
    worth: float
    units: int

    @property
    def complement(self) -> "Proportion":
        return Proportion(1 - self.value, self.worth, self.units)

    @property
    def interval(self) -> Interval:
        """Wilson's."""
        if self.units < FEWEST_UNITS:
            return Interval(math.nan, math.nan, 0, f"fewer than {FEWEST_UNITS} units to count")
        share = self.value
        reach = student.quantile(HIGH, self.units - 1) ** 2 / self.worth
        centre = (share + reach / 2) / (1 + reach)
        half = math.sqrt(reach * share * (1 - share) + reach**2 / 4) / (1 + reach)
        # At the ends rounding would leave the value itself just outside.
        return Interval(min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half)))


def of_units(counts: Counts) -> Proportion:
    """Units without a trial say nothing."""
    counted = counts.trials > 0
    successes, trials = counts.successes[counted], counts.trials[counted]
    units = trials.size
    if not units:
        return Proportion(math.nan, 0.0, 0)
    share, rows = float(successes.sum() / trials.sum()), float(trials.sum())
    worth = float(units)
    if units >= FEWEST_UNITS and 0 < share < 1:
        variance = units / (units - 1) * float(np.sum((successes - share * trials) ** 2)) / rows**2
        if variance > 0:
            worth = share * (1 - share) / variance
            worth = min(rows, worth) if counts.is_binary else worth
    return Proportion(share, worth, units)


def mean_of_intervals(values: np.ndarray, intervals: list[Interval], replicates: np.ndarray) -> Interval:
    """Of the mean of several numbers that each have an interval of their own (Zou and Donner 2008), correlated as their
    `replicates` [replicates, numbers] are; two of which one never varies are taken for wholly correlated."""
    absent = next((one for one in intervals if math.isnan(one.low)), None)
    if absent is not None:
        return absent
    known = replicates[~np.isnan(replicates).any(axis=1)]
    alike = np.ones((values.size, values.size))
    if known.shape[0] > 1:
        deviations = known - known.mean(axis=0)
        size = np.sqrt(np.sum(deviations**2, axis=0))
        both = np.outer(size, size)
        np.divide(deviations.T @ deviations, both, out=alike, where=both > 0)
    below = values - [one.low for one in intervals]
    above = [one.high for one in intervals] - values
    reaches = [math.sqrt(max(0.0, float(side @ alike @ side))) / values.size for side in (below, above)]
    mean = float(values.mean())
    undefined = replicates.shape[0] - known.shape[0] if any(one.undefined for one in intervals) else 0
    return Interval(mean - reaches[0], mean + reaches[1], undefined)
