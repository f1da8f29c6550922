"""Paired differences of models: interval, two-sided p, Holm's adjustment, and DeLong's test beside it."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics import bootstrap, delong

SIGNIFICANCE = 0.05  # CheXtransfer, section 3.1
# Pairs whose replicates or components stand in memory at once.
PAIRS_AT_ONCE = 64


@dataclasses.dataclass(frozen=True)
class Difference:
    """`value` is a's AUROC minus b's; `family` is how many differences Holm's adjustment covers."""

    a: str
    b: str
    task: str
    value: float
    interval: bootstrap.Interval
    p: float
    p_holm: float
    p_delong: float
    p_delong_holm: float
    family: int

    @property
    def is_significant(self) -> bool:
        return self.p < SIGNIFICANCE

    @property
    def is_significant_after_holm(self) -> bool:
        return self.p_holm < SIGNIFICANCE


def bootstrap_p(differences: np.ndarray) -> np.ndarray:
    """Two-sided p of paired differences [replicates, pairs], replicates without a value (NaN) left out.

    p = min(1, 2 (k + 1) / (B + 1)), where k is the smaller of the counts of replicates at or below zero and at or
    above zero and B counts the replicates. It inverts the percentile interval: the 95% interval leaves zero out when
    p < 0.05 (up to the one replicate that is added so that p is never nought). Its smallest value is 2 / (B + 1).
    """
    defined = np.sum(~np.isnan(differences), axis=0)
    fewer = np.minimum(np.sum(differences <= 0, axis=0), np.sum(differences >= 0, axis=0))
    return np.where(defined > 0, np.minimum(1.0, 2 * (fewer + 1) / (defined + 1)), np.nan)


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Holm's step-down adjustment over the whole of `p`; a NaN stays NaN and is no member of the family."""
    given = np.asarray(p, dtype=np.float64)
    adjusted = np.full(given.shape, np.nan)
    members = np.flatnonzero(~np.isnan(given))
    order = members[np.argsort(given[members], kind="stable")]
    steps = given[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if order.size else steps
    return adjusted


def differences(
    names: Sequence[str],
    task: str,
    pairs: Sequence[tuple[int, int]],
    estimates: np.ndarray,
    replicates: np.ndarray,
    components: np.ndarray,
    jackknives: np.ndarray | None = None,
) -> list[Difference]:
    """One task's differences, which together are one family for Holm.

    `estimates` [models], `replicates` [replicates, models], `components` [models, units] as delong makes them,
    `jackknives` [models, units] where intervals are to be BCa.
    """
    intervals: list[bootstrap.Interval] = []
    values, p, p_delong = [], [], []
    for start in range(0, len(pairs), PAIRS_AT_ONCE):
        first, second = (list(side) for side in zip(*pairs[start : start + PAIRS_AT_ONCE], strict=True))
        resampled = replicates[:, first] - replicates[:, second]
        chunk = estimates[first] - estimates[second]
        variances = np.sum((components[first] - components[second]) ** 2, axis=1)
        for place in range(len(first)):
            if jackknives is None:
                intervals.append(bootstrap.percentile_interval(resampled[:, place]))
            else:
                left_out = jackknives[first[place]] - jackknives[second[place]]
                intervals.append(bootstrap.bca_interval(resampled[:, place], float(chunk[place]), left_out))
        values += chunk.tolist()
        p += bootstrap_p(resampled).tolist()
        p_delong += [delong.two_sided_p(*pair) for pair in zip(chunk.tolist(), variances.tolist(), strict=True)]
    p_holm, p_delong_holm = holm(p), holm(p_delong)
    return [
        Difference(
            names[a],
            names[b],
            task,
            values[place],
            intervals[place],
            p[place],
            float(p_holm[place]),
            p_delong[place],
            float(p_delong_holm[place]),
            int(np.sum(~np.isnan(p))),
        )
        for place, (a, b) in enumerate(pairs)
    ]


def smallest_possible_p(replicates: int) -> float:
    """What `bootstrap_p` gives when every replicate agrees."""
    return 2 / (replicates + 1)


def best_and_worst(estimates: np.ndarray) -> tuple[int, int] | None:
    """Indices of the highest and the lowest defined estimate, first ones among equals; None for fewer than two.

    The two are chosen on the very data that then compare them, so their p is too small for a question asked after
    the fact; CheXtransfer (section 4.1) reports it so, and Holm over all pairs is the answer to it.
    """
    defined = np.flatnonzero(~np.isnan(estimates))
    if defined.size < 2:
        return None
    best = int(defined[np.argmax(estimates[defined])])
    rest = defined[defined != best]
    return best, int(rest[np.argmin(estimates[rest])])
