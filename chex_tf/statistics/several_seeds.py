"""Several runs of one training, told apart by their seeds alone, as one number: their mean, with an interval over both
the seeds that might have been drawn and the patients (or other units) that might have been.

The mean of S runs varies by s² / S over seeds, with s² the variance between the runs, and over units by what all runs
share. The variance between runs holds the units' own part in it too (every run errs on units of its own), so the part
that runs share is the mean covariance of two runs over units. `Sampled.components` are such that sums of their products
are these covariances.

Half-widths are combined as the root of their squares' sum: Student's for the seeds, with S − 1 degrees of freedom or
Welch's for two entries, and Student's for the units, with those of the rarer class; and the whole is never less than
the interval over units alone of these very runs. Simulations chose it (benchmarks/coverage_rows/seeds.py): with two or
three runs and seeds that matter, a bootstrap of seeds and units together covers too little.
"""

import dataclasses
import math
import statistics
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics.bootstrap import LOW, Interval

NORMAL = statistics.NormalDist()
SMALLEST_P = 1e-12  # where the search for a p ends


@dataclasses.dataclass(frozen=True)
class OverSeeds:
    """A mean over runs, or the difference of two such means, with its variances: `between` is over seeds as the runs
    show it (with the runs' own part of the units' variance), with its degrees of freedom; `shared` is over units, as
    far as runs share it; `given` is over units with these very runs, the runs' own part included; both over units have
    `freedom` degrees of freedom."""

    value: float
    between: float
    degrees: float
    shared: float
    given: float
    freedom: float = math.inf

    @property
    def is_defined(self) -> bool:
        return not math.isnan(self.value + self.between + self.given)

    @property
    def of_seeds(self) -> float:
        """The part of the value's variance that is due to seeds; 0 where units explain all of `between`."""
        return max(0.0, self.between - (self.given - self.shared))

    @property
    def seed_share(self) -> float:
        """Of the value's variance, the part that is due to seeds; the rest is due to units."""
        return _share(self.of_seeds, self.given)

    @property
    def seed_share_interval(self) -> tuple[float, float]:
        """95%, from the chi-square distribution of the variance between runs; that over units is taken as known."""
        if not self.is_defined:
            return math.nan, math.nan
        from scipy.special import chdtri  # here and below: SciPy takes longer to load than most evaluations to run

        own = self.given - self.shared
        low, high = (
            max(0.0, self.between * self.degrees / chdtri(self.degrees, tail) - own) for tail in (LOW, 1 - LOW)
        )
        return _share(low, self.given), _share(high, self.given)

    def half_width(self, tail: float) -> float:
        """Of the interval that leaves `tail` on either side."""
        from scipy.special import stdtrit

        known = math.isfinite(self.freedom)
        of_units = float(stdtrit(self.freedom, 1 - tail)) if known else NORMAL.inv_cdf(1 - tail)
        of_seeds = float(stdtrit(self.degrees, 1 - tail)) if self.between > 0 else 0.0
        combined = of_seeds**2 * self.between + of_units**2 * max(0.0, self.shared)
        return math.sqrt(max(combined, of_units**2 * self.given))

    def interval(self) -> Interval:
        if not self.is_defined:
            return Interval(math.nan, math.nan, 0, "no variance over units: too few positives or negatives")
        half = self.half_width(LOW)
        return Interval(self.value - half, self.value + half)

    def interval_of_share(self) -> Interval:
        """For a number within 0 and 1: the half-width is taken on the scale of the logit, so that it stays within."""
        if not self.is_defined or not 0 < self.value < 1:
            reason = "every run is at 0 or 1" if self.is_defined else self.interval().reason
            return Interval(math.nan, math.nan, 0, reason)
        half = self.half_width(LOW) / (self.value * (1 - self.value))
        logit = math.log(self.value / (1 - self.value))
        low, high = ((1 + math.tanh((logit + sign * half) / 2)) / 2 for sign in (-1, 1))
        return Interval(low, high)

    def p_at_most(self, bound: float) -> float:
        """One-sided p of "the truth is at most the bound": the tail at which the interval ends there."""
        if not self.is_defined:
            return math.nan
        distance = abs(self.value - bound)
        if distance <= 0 or self.half_width(0.5) >= distance:
            tail = 0.5
        elif self.half_width(SMALLEST_P) <= distance:
            tail = SMALLEST_P
        else:
            tail = self._tail_of(distance)
        return tail if self.value > bound else 1 - tail

    def _tail_of(self, distance: float) -> float:
        """The tail whose half-width is this, by bisection of its logarithm: half-widths fall as tails grow."""
        low, high = math.log(SMALLEST_P), math.log(0.5)
        while high - low > 1e-9:
            middle = (low + high) / 2
            low, high = (middle, high) if self.half_width(math.exp(middle)) > distance else (low, middle)
        return math.exp((low + high) / 2)

    def p_at_least(self, bound: float) -> float:
        return 1 - self.p_at_most(bound)

    @property
    def two_sided_p(self) -> float:
        """Of "the truth is zero"."""
        return float(np.minimum(1.0, 2 * np.minimum(self.p_at_most(0.0), self.p_at_least(0.0))))


def _share(of_seeds: float, of_units: float) -> float:
    total = of_seeds + of_units
    return of_seeds / total if total > 0 else math.nan


def mean_over_seeds(values: np.ndarray, components: np.ndarray, freedom: float = math.inf) -> OverSeeds:
    """From the runs' values [runs], at least two, and their components [runs, units], which have `freedom` degrees of
    freedom."""
    runs = values.size
    between = float(values.var(ddof=1)) / runs
    given = float(np.sum(components.mean(axis=0) ** 2))
    own = float(np.sum((components - components.mean(axis=0)) ** 2)) / (runs - 1)
    return OverSeeds(float(values.mean()), between, runs - 1.0, given - own / runs, given, freedom)


def difference_over_seeds(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], freedom: float = math.inf
) -> OverSeeds:
    """The first mean minus the second; each is given as values [runs] and components [runs, units]. Their seeds have
    nothing to do with each other, their units are the same."""
    return contrast_over_seeds((1.0, -1.0), (first, second), freedom)


def contrast_over_seeds(
    weights: Sequence[float], given: Sequence[tuple[np.ndarray, np.ndarray]], freedom: float = math.inf
) -> OverSeeds:
    """A weighted sum of means over runs, such as the mean of differences; each mean is given as in
    `difference_over_seeds`."""
    sides = [mean_over_seeds(*side) for side in given]
    value = sum(weight * side.value for weight, side in zip(weights, sides, strict=True))
    parts = [weight**2 * side.between for weight, side in zip(weights, sides, strict=True)]
    between = sum(parts)
    squares = sum(part**2 / side.degrees for part, side in zip(parts, sides, strict=True))
    degrees = between**2 / squares if squares > 0 else sum(side.degrees for side in sides)
    means = sum(weight * components.mean(axis=0) for weight, (_, components) in zip(weights, given, strict=True))
    of_units = float(np.sum(np.asarray(means) ** 2))
    own = sum(weight**2 * (side.given - side.shared) for weight, side in zip(weights, sides, strict=True))
    return OverSeeds(value, between, degrees, of_units - own, of_units, freedom)
