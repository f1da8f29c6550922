"""The best of several models against the worst, tested as two that were chosen on the very data that compare them."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import SIGNIFICANCE
from chex_tf.statistics.measure import Key, Measure, Sampled


@dataclasses.dataclass(frozen=True)
class Extremes:
    """`value` is the measure of the best, `a`, minus that of the worst, `b`, of so many `models`. `p` and `interval`
    come from the range of all of them, so they hold for whichever two are chosen."""

    a: str
    b: str
    measure: str
    task: str
    value: float
    interval: Interval
    p: float
    models: int

    @property
    def is_significant(self) -> bool:
        return self.p < SIGNIFICANCE


def extremes(measure: Measure[Any], task: str, names: Sequence[str], sampled: Mapping[Key, Sampled]) -> Extremes | None:
    """None for fewer than two models with a value; of equally good ones the first."""
    defined = [name for name in names if not math.isnan(sampled[name, measure, task].value)]
    if len(defined) < 2:
        return None
    values = np.array([sampled[name, measure, task].value for name in defined])
    replicates = np.stack([sampled[name, measure, task].replicates for name in defined], axis=1)
    best = int(np.argmax(values))
    worst = min((place for place in range(len(defined)) if place != best), key=lambda place: values[place])
    value = float(values[best] - values[worst])
    interval, p = range_test(value, replicates - values)
    return Extremes(defined[best], defined[worst], measure.key, task, value, interval, p, len(defined))


def range_test(value: float, deviations: np.ndarray) -> tuple[Interval, float]:
    """Of a difference between the highest and the lowest of several estimates, whose replicates lie `deviations`
    [replicates, models] from them; replicates without a value (NaN) are left out.

    Were all models equal, the estimates' range would be distributed as that of the deviations. p is the share of such
    ranges that reach the difference, the observed one counted with them, so it is never zero; the interval goes up and
    down from the difference by their 95th percentile, and holds for all pairs of models at once.
    """
    ranges = np.ptp(deviations, axis=1)
    defined = ranges[~np.isnan(ranges)]
    undefined = ranges.size - defined.size
    if not defined.size:
        return Interval(math.nan, math.nan, undefined, "no replicate has a value"), math.nan
    reach = float(np.quantile(defined, 1 - SIGNIFICANCE))
    p = (1 + int(np.sum(defined >= value))) / (1 + defined.size)
    return Interval(value - reach, value + reach, undefined), p
