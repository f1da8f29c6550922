"""Does a model's size or ImageNet accuracy correlate with its AUROC? Spearman's rho over models, and family spread."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics.bootstrap import Interval, percentile_interval

# Replicates ranked at once, which keeps the sorted copies small.
ROWS_AT_ONCE = 4096


@dataclasses.dataclass(frozen=True)
class Correlation:
    """`over_test` resamples the test set with the models fixed, `over_models` resamples the models."""

    rho: float
    p: float
    models: int
    over_test: Interval | None = None
    over_models: Interval | None = None


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 along the last axis, equal values sharing the mean of their ranks."""
    order = np.argsort(values, axis=-1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=-1)
    places = np.broadcast_to(np.arange(values.shape[-1]), values.shape)
    is_first = np.ones(values.shape, dtype=bool)
    is_first[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    first = np.maximum.accumulate(np.where(is_first, places, 0), axis=-1)
    is_last = np.ones(values.shape, dtype=bool)
    is_last[..., :-1] = is_first[..., 1:]
    last = np.minimum.accumulate(np.where(is_last, places, values.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=-1)
    return ranks


def rho(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rho along the last axis; NaN where either side is constant or holds a NaN."""
    first, second = np.broadcast_arrays(first, second)
    undefined = np.isnan(first).any(axis=-1) | np.isnan(second).any(axis=-1)
    a = average_ranks(first)
    b = average_ranks(second)
    a -= a.mean(axis=-1, keepdims=True)
    b -= b.mean(axis=-1, keepdims=True)
    size = np.sqrt(np.sum(a**2, axis=-1) * np.sum(b**2, axis=-1))
    return np.divide(np.sum(a * b, axis=-1), size, out=np.full(size.shape, np.nan), where=(size > 0) & ~undefined)


def p_value(correlation: float, models: int) -> float:
    """Two-sided, from Student's t with n - 2 degrees of freedom, as in scipy.stats.spearmanr."""
    if models < 3 or np.isnan(correlation):
        return float("nan")
    if abs(correlation) >= 1:
        return 0.0
    from scipy import special  # loads slowly, and most evaluations need no correlation

    freedom = models - 2
    t = correlation * np.sqrt(freedom / ((1 - correlation) * (1 + correlation)))
    return float(2 * special.stdtr(freedom, -abs(t)))


def correlate(
    attribute: Sequence[float] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    replicates: np.ndarray | None = None,
    resampled_models: int = 1000,
    seed: int = 0,
) -> Correlation:
    """`attribute` and `values` [models]; `replicates` [replicates, models] are the values over the resampled test set.

    Resampled models that are all one model, or equal in the attribute, have no rho: they are counted as undefined.
    """
    attribute, values = np.asarray(attribute, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if attribute.shape != values.shape or attribute.ndim != 1:
        raise ValueError(f"expected two lists of one length; received shapes {attribute.shape} and {values.shape}")
    estimate = float(rho(attribute, values))
    over_test = None
    if replicates is not None:
        parts = [
            rho(attribute, replicates[start : start + ROWS_AT_ONCE])
            for start in range(0, replicates.shape[0], ROWS_AT_ONCE)
        ]
        over_test = percentile_interval(np.concatenate(parts))
    drawn = np.random.default_rng(seed).integers(0, values.size, size=(resampled_models, values.size))
    over_models = percentile_interval(rho(attribute[drawn], values[drawn]))
    return Correlation(estimate, p_value(estimate, values.size), values.size, over_test, over_models)


@dataclasses.dataclass(frozen=True)
class FamilySpread:
    """`growth`: largest model's value minus the smallest's, by family (CheXtransfer, section 4.1). `within`: mean
    over families of the highest minus the lowest value; `between`: highest minus lowest family mean. Families of one
    model count for `between` only."""

    growth: dict[str, tuple[float, Interval | None]]
    within: tuple[float, Interval | None]
    between: tuple[float, Interval | None]


def family_spread(
    families: Sequence[str],
    parameters: Sequence[float],
    values: Sequence[float] | np.ndarray,
    replicates: np.ndarray | None = None,
) -> FamilySpread:
    sizes = np.asarray(parameters, dtype=np.float64)
    members = {name: np.flatnonzero([family == name for family in families]) for name in dict.fromkeys(families)}
    several = {name: rows for name, rows in members.items() if rows.size > 1}

    def growth(table: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return table[..., rows[np.argmax(sizes[rows])]] - table[..., rows[np.argmin(sizes[rows])]]

    def within(table: np.ndarray) -> np.ndarray:
        if not several:
            return np.full(table.shape[:-1], np.nan)
        return np.mean([np.ptp(table[..., rows], axis=-1) for rows in several.values()], axis=0)

    def between(table: np.ndarray) -> np.ndarray:
        return np.ptp(np.stack([table[..., rows].mean(axis=-1) for rows in members.values()]), axis=0)

    table = np.asarray(values, dtype=np.float64)

    def with_interval(value: np.ndarray, resampled: np.ndarray | None) -> tuple[float, Interval | None]:
        return float(value), None if resampled is None else percentile_interval(resampled)

    return FamilySpread(
        {
            name: with_interval(growth(table, rows), None if replicates is None else growth(replicates, rows))
            for name, rows in several.items()
        },
        with_interval(within(table), None if replicates is None else within(replicates)),
        with_interval(between(table), None if replicates is None else between(replicates)),
    )
