"""Effective rank and deviations by hand, and what counts as a collapse."""

import numpy as np
import pytest

from chex_tf.pretraining import health


def test_the_effective_rank_of_equal_directions_is_their_number():
    """Of ± unit vectors all singular values are equal."""
    values = np.concatenate([np.eye(3), -np.eye(3)])
    assert health.effective_rank(values) == pytest.approx(3.0)
    assert health.effective_rank(np.tile(values, (1, 5))) == pytest.approx(3.0)


def test_the_effective_rank_by_hand():
    """Singular values 3 and 1, shares 3/4 and 1/4: exp(-(3/4 ln 3/4 + 1/4 ln 1/4)) = 4 / 3^(3/4)."""
    values = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]]) + 7.0
    assert health.effective_rank(values) == pytest.approx(4 / 3**0.75)


def test_it_does_not_matter_whether_units_or_images_are_more():
    values = np.random.default_rng(0).normal(size=(9, 20))
    singular = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
    shares = singular / singular.sum()
    expected = np.exp(-(shares * np.log(np.maximum(shares, 1e-300))).sum())
    assert health.effective_rank(values) == pytest.approx(expected, rel=1e-6)


def test_deviations_by_hand():
    found = health.measure(np.array([[1.0, 0.0], [3.0, 0.0]], np.float32))
    assert (found.deviation, found.least_deviation) == (0.5, 0.0)
    assert found.size == pytest.approx(np.sqrt(10 / 4))
    assert found.effective_rank == pytest.approx(1.0)


def test_numbers_that_are_none_are_no_collapse():
    """The loss is none either, which ends the run by itself."""
    values = np.array([[1.0, np.nan], [2.0, 3.0], [np.inf, 4.0]])
    assert np.isnan(health.effective_rank(values))
    with np.errstate(invalid="ignore"):
        assert said(values) == ""


def said(values, target=None):
    return health.fault(health.measure(values), target)


def test_a_collapse_is_named():
    generator = np.random.default_rng(1)
    healthy = generator.normal(size=(20, 8))
    assert said(healthy) == said(healthy, 1.0) == ""
    fell = "standard deviation of the embedding's units fell"
    assert fell in said(3.0 + 1e-3 * healthy)
    assert fell in said(np.zeros((20, 8), np.float32))
    line = generator.normal(size=(20, 1)) * generator.normal(size=(1, 8)) + 1e-4 * healthy
    assert "the effective rank of the embedding fell to 1.0" in said(line)


def test_a_scale_matters_where_the_loss_asks_for_one():
    small = 5e-4 * np.random.default_rng(1).normal(size=(20, 8))
    assert said(small) == ""
    assert "where the loss asks for 1: every film has the same embedding" in said(small, 1.0)
