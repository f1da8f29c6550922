"""Paired differences of models: interval, two-sided p, Holm's adjustment, and DeLong's test."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.statistics import bootstrap, delong, proportion_difference
from chex_tf.statistics.measure import Key, Measure, Sampled

SIGNIFICANCE = 0.05  # CheXtransfer, section 3.1
# Pairs whose replicates are in memory at once.
PAIRS_AT_ONCE = 64


@dataclasses.dataclass(frozen=True)
class Difference:
    """`value` is the measure with this key of a minus that of b. Adjusted p are NaN, and `family` is 0, before `adjust`
    has the differences that are tested together; p_delong is NaN where DeLong's test does not apply. `is_delong` says
    that the interval is DeLong's too, and his p the one that counts; otherwise interval and p are of counts, where the
    numbers are proportions or other means of values within 0 and 1 (`is_of_counts`), or the bootstrap's."""

    a: str
    b: str
    measure: str
    task: str
    value: float
    interval: bootstrap.Interval
    p: float
    p_delong: float
    p_holm: float = math.nan
    p_delong_holm: float = math.nan
    family: int = 0
    is_delong: bool = False
    is_of_counts: bool = False

    @property
    def tested_by(self) -> str:
        return "delong" if self.is_delong else "counts" if self.is_of_counts else "bootstrap"

    @property
    def tested_p(self) -> float:
        """The p that counts."""
        return self.p_delong if self.is_delong else self.p

    @property
    def tested_p_holm(self) -> float:
        return self.p_delong_holm if self.is_delong else self.p_holm

    @property
    def is_significant(self) -> bool:
        """By the adjusted p: nothing is significant before it is known what is tested together."""
        return self.tested_p_holm < SIGNIFICANCE


def bootstrap_p(differences: np.ndarray) -> np.ndarray:
    """Two-sided p of paired differences [replicates, pairs], replicates without a value (NaN) left out.

    p = min(1, 2 (k + 1) / (B + 1)), where k is the smaller of the counts of replicates at or below zero and at or
    above zero and B counts the replicates. It inverts the percentile interval: the 95% interval excludes zero when
    p < 0.05 (up to the one replicate that is added so that p is never zero). Its smallest value is 2 / (B + 1).
    """
    defined = np.sum(~np.isnan(differences), axis=0)
    fewer = np.minimum(np.sum(differences <= 0, axis=0), np.sum(differences >= 0, axis=0))
    return np.where(defined > 0, np.minimum(1.0, 2 * (fewer + 1) / (defined + 1)), np.nan)


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment over the whole of `p`; a NaN stays NaN and is not a member of the family."""
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    members = np.flatnonzero(~np.isnan(given))
    order = members[np.argsort(given[members], kind="stable")]
    steps = given[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if order.size else steps
    return adjusted


def differences(
    measure: Measure[Any], task: str, pairs: Sequence[tuple[str, str]], sampled: Mapping[Key, Sampled]
) -> list[Difference]:
    """One task's paired differences, not yet adjusted. They are of counts where both sides have these, and DeLong's
    where both sides' intervals need no replicates; otherwise intervals are BCa where both have a jackknife, else
    percentiles."""
    found: list[Difference] = []
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        chunk = pairs[start : start + PAIRS_AT_ONCE]
        sides = [(sampled[a, measure, task], sampled[b, measure, task]) for a, b in chunk]
        resampled = np.stack([first.replicates - second.replicates for first, second in sides], axis=1)
        p = bootstrap_p(resampled).tolist()
        for place, ((a, b), (first, second)) in enumerate(zip(chunk, sides, strict=True)):
            value = first.value - second.value
            if first.counts and second.counts:
                found.append(_of_counts(a, b, measure.key, task, value, first, second))
                continue
            p_delong, variance, is_delong = math.nan, math.nan, False
            freedom = min(first.freedom, second.freedom)
            if first.components is not None and second.components is not None:
                variance = float(np.sum((first.components - second.components) ** 2))
                p_delong = delong.two_sided_p(value, variance, freedom)
                is_delong = first.interval is not None and second.interval is not None
            if is_delong:
                interval = delong.interval(value, variance, freedom)
            elif first.jackknife is None or second.jackknife is None:
                interval = bootstrap.percentile_interval(resampled[:, place])
            else:
                left_out = first.jackknife - second.jackknife
                interval = bootstrap.bca_interval(resampled[:, place], value, left_out)
            one = Difference(a, b, measure.key, task, value, interval, p[place], p_delong, is_delong=is_delong)
            found.append(one)
    return found


def _of_counts(a: str, b: str, measure: str, task: str, value: float, first: Sampled, second: Sampled) -> Difference:
    parts = [proportion_difference.difference(*pair) for pair in zip(first.counts, second.counts, strict=True)]
    whole = proportion_difference.mean_of(parts)
    return Difference(a, b, measure, task, value, whole.interval, whole.p, math.nan, is_of_counts=True)


def of_replicates(a: str, b: str, measure: str, task: str, sampled: Sampled) -> Difference:
    """A difference that was computed as such, replicate by replicate; not yet adjusted."""
    interval = bootstrap.percentile_interval(sampled.replicates)
    p = float(bootstrap_p(sampled.replicates[:, np.newaxis])[0])
    return Difference(a, b, measure, task, sampled.value, interval, p, math.nan)


def adjust(family: Sequence[Difference]) -> list[Difference]:
    """These differences with Holm's adjustment over all of them."""
    p_holm, p_delong_holm = (holm([getattr(one, name) for one in family]).tolist() for name in ("p", "p_delong"))
    size = sum(not math.isnan(one.p) for one in family)
    return [
        dataclasses.replace(one, p_holm=holms, p_delong_holm=delongs, family=size)
        for one, holms, delongs in zip(family, p_holm, p_delong_holm, strict=True)
    ]


def rule(family: int, members: str) -> str:
    """What `is_significant` means, for beside a table; `members` says in words which comparisons are the family."""
    count = f"1 comparison, so p Holm is p: {members}" if family == 1 else f"{family:,} comparisons: {members}"
    return f"Significant: p Holm below {SIGNIFICANCE}. Holm's family is {count}."


def smallest_possible_p(replicates: int) -> float:
    """The value of `bootstrap_p` when all replicates agree."""
    return 2 / (replicates + 1)
