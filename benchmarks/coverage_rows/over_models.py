"""Rank correlations and families' spread, over 16 models of CheXtransfer's six families."""

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.coverage_rows.simulated import Row, Trial, holds
from chex_tf.statistics import comparison, family_spread, noisy_correlation, permutation, rank_correlation
from chex_tf.statistics.ranks import rho

SIZES = (3, 4, 2, 1, 2, 4)  # of CheXtransfer's families
FAMILIES = np.repeat(np.arange(len(SIZES)), SIZES)
SPREAD = 0.004  # of the models' true AUROCs, about that of CheXtransfer's Table 1


def of_models(alike: float, generator: np.random.Generator) -> np.ndarray:
    """[models] with an intraclass correlation by family."""
    by_family = generator.normal(size=len(SIZES))[FAMILIES]
    return math.sqrt(alike) * by_family + math.sqrt(1 - alike) * generator.normal(size=FAMILIES.size)


def correlation_holds(strength: float, alike: float) -> Trial:
    truth = 6 / math.pi * math.asin(strength / 2)  # Spearman's rho of normal variables

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        attribute = of_models(alike, generator)
        values = strength * attribute + math.sqrt(1 - strength**2) * of_models(alike, generator)
        effective = rank_correlation.effective_models(attribute, values, FAMILIES)
        interval = rank_correlation.interval_over_models(float(rho(attribute, values)), values.size, effective)
        means = [np.bincount(FAMILIES, weights=side) / SIZES for side in (attribute, values)]
        p = permutation.permutation_p(attribute, values, int(generator.integers(2**31))).p
        return {
            "interval": holds(interval, truth),
            "p < 0.05": p < comparison.SIGNIFICANCE,
            "families' p < 0.05": permutation.permutation_p(means[0], means[1], 0).p < comparison.SIGNIFICANCE,
        }

    return trial


def error_of_rho(noise: float, strength: float, is_skewed: bool) -> Trial:
    """By how much rho of true AUROCs is missed, with the noise and corrected for it. There is no interval."""

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        size = FAMILIES.size
        attribute = generator.normal(size=size)
        true = strength * attribute + math.sqrt(1 - strength**2) * generator.normal(size=size)
        true = SPREAD * (-np.exp(-true) / 2.16 if is_skewed else true)  # a log-normal's standard deviation is 2.16
        covariance = np.eye(size) * noise**2 + 0.01**2
        observed = generator.multivariate_normal(true, covariance)
        estimated = noisy_correlation.noise_covariance(generator.multivariate_normal(observed, covariance, size=1000))
        found = noisy_correlation.without_noise(attribute, observed, estimated, int(generator.integers(2**31)))
        wanted = float(rho(attribute, true))
        return {"as it is, off by": float(rho(attribute, observed)) - wanted, "corrected": found.rho - wanted}

    return trial


def spread_holds(between: float, noise: float) -> Trial:
    belongs = np.eye(len(SIZES))[FAMILIES]

    def trial(generator: np.random.Generator) -> dict[str, bool | float]:
        size = FAMILIES.size
        values = between * belongs @ generator.normal(size=len(SIZES)) + SPREAD * generator.normal(size=size)
        values += noise * generator.normal(size=size)
        found = family_spread.components(values, belongs, np.eye(size) * noise**2)
        p, _ = family_spread.permutation_p(values, belongs, int(generator.integers(2**31)))
        return {
            "between": holds(found[0].interval, between),
            "within": holds(found[1].interval, SPREAD),
            "p < 0.05": p < comparison.SIGNIFICANCE,
        }

    return trial


def rows() -> Iterator[Row]:
    section = "Rank correlation over models"
    for alike in (0.0, 0.5, 0.9):
        for strength in (0.0, 0.7):
            name = f"correlation {strength}, families alike by {alike}"
            yield Row(section, name, correlation_holds(strength, alike), resamples=True)
    for is_skewed in (False, True):
        for noise in (0.001, 0.004, 0.01):
            for strength in (0.0, 0.6, 0.95):
                ending = ", log-normal AUROCs" if is_skewed else ""
                name = f"noise {noise} beside a spread of {SPREAD}, correlation {strength}{ending}"
                trial = error_of_rho(noise, strength, is_skewed)
                yield Row("Rank correlation without noise", name, trial, resamples=True)
    for between in (0.0, 0.004, 0.008):
        for noise in (0.0, 0.004):
            name = f"{between} between families, {SPREAD} within, noise {noise}"
            yield Row("Families' spread", name, spread_holds(between, noise), resamples=True)
