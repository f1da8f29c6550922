"""Rho without the test set's noise: where there is no noise, where there is nothing else, and how often it holds."""

import numpy as np
import pytest

from chex_tf.statistics import noisy_correlation
from chex_tf.statistics.ranks import rho


def test_without_noise_it_is_rho_itself():
    generator = np.random.default_rng(0)
    attribute = generator.normal(size=12)
    values = attribute + generator.normal(size=12)
    found = noisy_correlation.without_noise(attribute, values, np.full((12, 12), 0.3), 0)  # shared noise cancels
    expected = float(rho(attribute, values))
    assert found.rho == pytest.approx(expected)
    assert found.reliability == pytest.approx(1)


def test_reliability_by_hand():
    """Values' variance is 5/3; noise of 1/3 apart from what all share leaves four fifths."""
    covariance = np.eye(4) / 3 + 7
    found = noisy_correlation.without_noise(np.arange(4.0), np.array([1.0, 3, 2, 4]), covariance, 0)
    assert found.reliability == pytest.approx(1 - (1 / 3) / (5 / 3))


def test_nothing_but_noise_says_next_to_nothing():
    values = np.random.default_rng(1).normal(size=10)
    found = noisy_correlation.without_noise(np.arange(10.0), values, np.eye(10) * 4, 0)
    assert found.reliability < 0


def test_contrasts_are_orthonormal_and_sum_to_zero():
    rows = noisy_correlation.contrasts(5)
    np.testing.assert_allclose(rows @ rows.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)


def test_covariance_leaves_out_undefined_replicates():
    replicates = np.array([[1.0, 2], [3.0, 2], [np.nan, 9], [2.0, 5]])
    np.testing.assert_allclose(noisy_correlation.noise_covariance(replicates), np.cov(replicates[[0, 1, 3]].T))


def test_it_is_nearer_the_truth():
    """Noise as large as the spread, 120 trials."""
    gap, gap_observed = 0.0, 0.0
    generator = np.random.default_rng(5)
    for trial in range(120):
        attribute = generator.normal(size=16)
        true = 0.004 * (0.8 * attribute + 0.6 * generator.normal(size=16))
        observed = true + 0.004 * generator.normal(size=16) + 0.02 * generator.normal()
        covariance = np.eye(16) * 0.004**2 + 0.02**2
        found = noisy_correlation.without_noise(attribute, observed, covariance, trial)
        wanted = float(rho(attribute, true))
        gap += found.rho - wanted
        gap_observed += float(rho(attribute, observed)) - wanted
    assert abs(gap / 120) < 0.06 < -gap_observed / 120
