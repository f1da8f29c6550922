"""The bootstrap of a test set: one set of resampling weights, shared by all models and tasks, so all are paired.

A replicate draws as many units (studies, patients or images) as there are, with replacement, and is a row of counts.
Statistics are functions of such rows; replicates come in blocks, so memory does not grow with their number.
"""

import dataclasses
import math
import statistics
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from chex_tf.statistics import student
from chex_tf.statistics.ranking import rank, wins_by_row

# Measured best between 2**16 and 2**20 elements: a block of 32-bit counts then stays in the processor's cache.
BLOCK_ELEMENTS = 2**18
LOW, HIGH = 0.025, 0.975  # CheXtransfer, section 3.1: percentiles 2.5 and 97.5

# From unit weights [block, units] to values [block] or [values, block].
Statistic = Callable[[np.ndarray], np.ndarray]
Progress = Callable[[int, int], None]


@dataclasses.dataclass(frozen=True)
class Resampling:
    """The same numbers give the same weights, whatever the block size and the order of computation."""

    units: int
    replicates: int
    seed: int

    def blocks(self, elements: int = BLOCK_ELEMENTS) -> Iterator[np.ndarray]:
        """Counts [block, units] as int32, block after block."""
        generator = np.random.default_rng(self.seed)
        size = max(1, elements // self.units)
        for start in range(0, self.replicates, size):
            rows = min(size, self.replicates - start)
            drawn = generator.integers(0, self.units, size=(rows, self.units), dtype=np.int64)
            drawn += np.arange(rows)[:, np.newaxis] * self.units
            counts = np.bincount(drawn.ravel(), minlength=rows * self.units)
            yield counts.reshape(rows, self.units).astype(np.int32)


def silent(done: int, total: int) -> None:
    pass


def replicate(
    statistics_of: Sequence[Statistic], resampling: Resampling, progress: Progress = silent
) -> list[np.ndarray]:
    """For each statistic its values, replicates first: [replicates] or [replicates, values]."""
    parts: list[list[np.ndarray]] = [[] for _ in statistics_of]
    done = 0
    for weights in resampling.blocks():
        for part, statistic in zip(parts, statistics_of, strict=True):
            part.append(np.asarray(statistic(weights)).T)
        done += weights.shape[0]
        progress(done, resampling.replicates)
    return [np.concatenate(part) for part in parts]


@dataclasses.dataclass(frozen=True)
class Interval:
    """A 95% interval; NaN bounds where there is none, and then `reason` says why. `undefined` counts the replicates
    in which the statistic had no value (a task without positives or negatives); they are left out."""

    low: float
    high: float
    undefined: int = 0
    reason: str = ""


def percentile_interval(values: np.ndarray) -> Interval:
    """From the replicates' values [replicates]; NaN means undefined."""
    defined = values[~np.isnan(values)]
    undefined = values.size - defined.size
    if not defined.size:
        return Interval(np.nan, np.nan, undefined, "no replicate has a value")
    low, high = np.quantile(defined, [LOW, HIGH])
    return Interval(float(low), float(high), undefined)


def share_interval(values: np.ndarray, estimate: float, freedom: float) -> Interval:
    """Of a number within 0 and 1, from the standard deviation of its replicates, on the scale of the logit and with
    Student's t of these degrees of freedom: percentiles are too short where positives are few. At 0 and 1 replicates
    say nothing; there the bound is that of a proportion of as many units, one more than the degrees of freedom, all on
    one side."""
    defined = values[~np.isnan(values)]
    undefined = values.size - defined.size
    if not defined.size or np.isnan(estimate):
        return Interval(np.nan, np.nan, undefined, "no replicate has a value")
    if estimate in (0.0, 1.0):
        bound = (1 - HIGH) ** (1 / (freedom + 1))
        return Interval(bound, 1.0, undefined) if estimate == 1 else Interval(0.0, 1 - bound, undefined)
    reach = student.quantile(HIGH, freedom) * float(defined.std()) / (estimate * (1 - estimate))
    centre = math.log(estimate / (1 - estimate))
    low, high = ((1 + math.tanh((centre + sign * reach) / 2)) / 2 for sign in (-1, 1))
    return Interval(low, high, undefined)


def bca_interval(values: np.ndarray, estimate: float, jackknife: np.ndarray) -> Interval:
    """Bias-corrected and accelerated (Efron 1987); `jackknife` holds the statistic without each unit in turn.

    Replicates equal to the estimate count half on either side, as in scipy.stats.bootstrap.
    """
    defined = values[~np.isnan(values)]
    undefined = values.size - defined.size
    if not defined.size or np.isnan(estimate):
        return Interval(np.nan, np.nan, undefined, "no replicate has a value")
    if np.ptp(defined) == 0:
        return Interval(float(defined[0]), float(defined[0]), undefined)
    share = (np.mean(defined < estimate) + np.mean(defined <= estimate)) / 2
    if not 0 < share < 1:
        return Interval(np.nan, np.nan, undefined, "BCa: every replicate lies on one side of the estimate")
    if np.isnan(jackknife).any():
        return Interval(np.nan, np.nan, undefined, "BCa: undefined without one of the units")
    deviations = jackknife.mean() - jackknife
    squares = float(np.sum(deviations**2))
    acceleration = float(np.sum(deviations**3)) / (6 * squares**1.5) if squares > 0 else 0.0
    normal = statistics.NormalDist()
    bias = normal.inv_cdf(float(share))
    levels = []
    for level in (LOW, HIGH):
        shifted = bias + normal.inv_cdf(level)
        levels.append(normal.cdf(bias + shifted / (1 - acceleration * shifted)))
    low, high = np.quantile(defined, levels)
    return Interval(float(low), float(high), undefined)


def jackknife_auroc(labels: np.ndarray, scores: np.ndarray, units: np.ndarray, count: int) -> np.ndarray:
    """[units] the AUROC without each unit in turn, from one sort: nothing is recomputed per unit."""
    ranking = rank(labels, scores)
    wins = wins_by_row(ranking, scores)
    total = wins[ranking.positives].sum()
    positives = np.bincount(units[ranking.positives], minlength=count)
    negatives = np.bincount(units[ranking.negatives], minlength=count)
    left = total - np.bincount(units, weights=wins, minlength=count)
    mixed = np.flatnonzero((positives > 0) & (negatives > 0))
    if mixed.size:
        left[mixed] += _wins_within(labels, scores, units, mixed)  # pairs within a unit were subtracted twice
    pairs = (ranking.positives.size - positives) * (ranking.negatives.size - negatives)
    return np.divide(left, pairs, out=np.full(count, np.nan), where=pairs > 0)


def _wins_within(labels: np.ndarray, scores: np.ndarray, units: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    order = np.argsort(units, kind="stable")
    starts = np.searchsorted(units[order], chosen, side="left")
    ends = np.searchsorted(units[order], chosen, side="right")
    wins = np.empty(chosen.size)
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        rows = order[start:end]
        high = scores[rows[labels[rows] == 1]][:, np.newaxis]
        low = scores[rows[labels[rows] == 0]]
        wins[place] = np.sum(high > low) + np.sum(high == low) / 2
    return wins
