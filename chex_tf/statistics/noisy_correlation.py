"""Spearman's rho with AUROCs as they would be on an endless test set, from AUROCs that carry a finite one's noise.

Noise shuffles models that lie close together, so the rho of estimated AUROCs lies nearer to zero than that of the true
ones. A model with errors says by how much: a model's true AUROC is normal around a line over the attribute's normal
scores, its estimate is normal around the true one, and the covariance of the noise comes from paired replicates. What
the models share of the noise cancels, since it moves all alike.

There is no interval. That of this model holds where true AUROCs are normal, but where a few models lie far from many
that are close together, as log-normal ones do, it held in simulation as few as two times in three (16 models, a
correlation of 0.95, noise of a quarter of the spread); and from so few models nobody can tell which is the case.
"""

import dataclasses

import numpy as np

from chex_tf.statistics.ranks import normal_scores, rho

DRAWS = 4000
NO_INTERVAL = "none holds where true AUROCs are far from normal"
# Correlations and spreads that are tried; spreads are in units of the estimates' standard deviation. Every spread and
# every angle whose sine is the correlation is as likely beforehand as any other: of the weights tried in simulation
# these covered best where noise is large.
CORRELATIONS = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 83)[1:-1])
SPREADS = np.geomspace(0.02, 5, 60)


@dataclasses.dataclass(frozen=True)
class NoisyCorrelation:
    """`rho` is the median of what is plausible of the models' true AUROCs. `reliability` is the share of the estimates'
    variance between models that is not noise: 1 without noise, 0 for nothing but noise, as estimated, so below 0 where
    there is less variance than noise alone would make."""

    rho: float
    reliability: float


def noise_covariance(replicates: np.ndarray) -> np.ndarray:
    """[models, models] from the values over the resampled test set [replicates, models]; replicates in which a model
    has no value are left out."""
    defined = replicates[~np.isnan(replicates).any(axis=1)]
    return np.cov(defined, rowvar=False).reshape(replicates.shape[1], replicates.shape[1])


def contrasts(size: int) -> np.ndarray:
    """[size - 1, size], orthonormal, each of sum zero."""
    _, _, rows = np.linalg.svd(np.ones((1, size)))
    return rows[1:]


def without_noise(attribute: np.ndarray, values: np.ndarray, covariance: np.ndarray, seed: int) -> NoisyCorrelation:
    """`attribute` and `values` [models]; `covariance` [models, models] of the values' noise."""
    turned = contrasts(values.size)
    noise, axes = np.linalg.eigh(turned @ covariance @ turned.T)
    turned = axes.T @ turned  # rows in which the noise of the contrasts is independent
    noise = np.maximum(noise, 0)
    observed = turned @ values
    variance = float(np.sum(observed**2)) / observed.size
    reliability = 1 - float(noise.mean()) / variance if variance > 0 else np.nan
    scores = normal_scores(attribute)
    if variance == 0 or not np.any(scores):
        return NoisyCorrelation(np.nan, reliability)
    line = turned @ (scores / scores.std())

    spread = (SPREADS * np.sqrt(variance))[:, np.newaxis, np.newaxis]
    slope = spread * CORRELATIONS[:, np.newaxis]
    around = spread**2 * (1 - CORRELATIONS[:, np.newaxis] ** 2)
    total = around + noise
    fit = -0.5 * np.sum(np.log(total) + (observed - slope * line) ** 2 / total, axis=-1)
    fit += np.log(SPREADS)[:, np.newaxis]  # even steps of the logarithm, and yet as much weight to every spread
    weights = np.exp(fit - fit.max()).ravel()

    generator = np.random.default_rng(seed)
    chosen = generator.choice(weights.size, size=DRAWS, p=weights / weights.sum())
    row, column = np.unravel_index(chosen, fit.shape)
    centre = slope[row, column] * line
    between, whole = around[row, column], total[row, column]
    drawn = centre + between / whole * (observed - centre)
    drawn += generator.normal(size=drawn.shape) * np.sqrt(between * noise / whole)
    found = rho(attribute, drawn @ turned)
    return NoisyCorrelation(float(np.median(found)), reliability)
