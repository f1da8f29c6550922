"""Does a model's size or ImageNet accuracy correlate with its AUROC? Spearman's rho over models, and how sure it is.

Models of one family are alike, so sixteen models of seven families are not sixteen independent ones. Beside the p over
models there is one over families, and the interval counts as many models as they are worth.
"""

import dataclasses
import math
import statistics
from collections.abc import Sequence

import numpy as np

from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.noisy_correlation import NoisyCorrelation, noise_covariance, without_noise
from chex_tf.statistics.permutation import PermutationP, permutation_p
from chex_tf.statistics.ranks import average_ranks, rho

FEWEST_EFFECTIVE = 4.0  # the standard error divides by the number of models less three


@dataclasses.dataclass(frozen=True)
class FamilyCorrelation:
    """Spearman's rho of the families' means, with its p over orders of families."""

    rho: float
    p: PermutationP
    families: int


@dataclasses.dataclass(frozen=True)
class Correlation:
    """`p` permutes models as if each were independent, `by_family` families; `over_models` is a 95% interval for
    other models of such families, which are worth `effective_models` independent ones. `without_noise` is about these
    very models on an endless test set."""

    rho: float
    p: PermutationP
    models: int
    by_family: FamilyCorrelation | None
    effective_models: float
    over_models: Interval
    without_noise: NoisyCorrelation | None = None


def correlate(
    attribute: Sequence[float] | np.ndarray,
    values: Sequence[float] | np.ndarray,
    families: Sequence[str] | None = None,
    replicates: np.ndarray | None = None,
    seed: int = 0,
) -> Correlation:
    """`attribute`, `values` and `families` [models]; `replicates` [replicates, models] are the values over the
    resampled test set. Without `families` every model is one of its own."""
    attribute, values = np.asarray(attribute, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if attribute.shape != values.shape or attribute.ndim != 1:
        raise ValueError(f"expected two lists of one length; received shapes {attribute.shape} and {values.shape}")
    places = _places(families if families is not None else [str(place) for place in range(values.size)])
    estimate = float(rho(attribute, values))
    effective = effective_models(attribute, values, places)
    return Correlation(
        estimate,
        permutation_p(attribute, values, seed),
        values.size,
        _by_family(attribute, values, places, seed),
        effective,
        interval_over_models(estimate, values.size, effective),
        None if replicates is None else without_noise(attribute, values, noise_covariance(replicates), seed),
    )


def _places(families: Sequence[str]) -> np.ndarray:
    """Families numbered from 0 in the order in which they appear."""
    numbers = {name: place for place, name in enumerate(dict.fromkeys(families))}
    return np.array([numbers[name] for name in families])


def _by_family(attribute: np.ndarray, values: np.ndarray, places: np.ndarray, seed: int) -> FamilyCorrelation | None:
    """None where no family has two models, or there is but one family."""
    sizes = np.bincount(places)
    if sizes.size < 2 or sizes.max() < 2:
        return None
    means = [np.bincount(places, weights=side) / sizes for side in (attribute, values)]
    return FamilyCorrelation(float(rho(means[0], means[1])), permutation_p(means[0], means[1], seed), sizes.size)


def effective_models(attribute: np.ndarray, values: np.ndarray, places: np.ndarray) -> float:
    """The number of independent models that would give rho the same variance: models / (1 + (m - 1) times the product
    of both sides' intraclass correlations of ranks), m being the size of a model's family on average over models; at
    least the number of families."""
    sizes = np.bincount(places)
    models, families = values.size, sizes.size
    if families < 2 or families == models:
        return float(families)
    typical = float(np.sum(sizes**2)) / models
    shared = [intraclass_correlation(average_ranks(side), places) for side in (attribute, values)]
    return float(np.clip(models / (1 + (typical - 1) * shared[0] * shared[1]), families, models))


def intraclass_correlation(values: np.ndarray, places: np.ndarray) -> float:
    """From the mean squares of a one-way analysis of variance; 0 where families differ less than their models do."""
    sizes = np.bincount(places)
    models, families = values.size, sizes.size
    means = np.bincount(places, weights=values) / sizes
    between = float(np.sum(sizes * (means - values.mean()) ** 2)) / (families - 1)
    within = float(np.sum((values - means[places]) ** 2)) / (models - families)
    balanced = (models - float(np.sum(sizes**2)) / models) / (families - 1)
    whole = between + (balanced - 1) * within
    return max(0.0, (between - within) / whole) if whole > 0 else 0.0


def interval_over_models(estimate: float, models: int, effective: float) -> Interval:
    """Fisher's z with Bonett and Wright's (2000) standard error. A rho of one is taken as half of the smallest possible
    step below it, or there would be no width."""
    if math.isnan(estimate):
        return Interval(math.nan, math.nan, 0, "one side is constant")
    if effective < FEWEST_EFFECTIVE:
        return Interval(math.nan, math.nan, 0, f"fewer than {FEWEST_EFFECTIVE:.0f} independent models or families")
    highest = 1 - 6 / (models * (models**2 - 1))
    inner = min(max(estimate, -highest), highest)
    reach = statistics.NormalDist().inv_cdf(0.975) * math.sqrt((1 + inner**2 / 2) / (effective - 3))
    low, high = math.tanh(math.atanh(inner) - reach), math.tanh(math.atanh(inner) + reach)
    return Interval(min(low, estimate), max(high, estimate))
