"""Delete-a-group jackknife against closed forms and by simulation."""

import math

import numpy as np
import pytest

from chex_tf.statistics import jackknife


def means_without(values, groups):
    return np.array([values[groups != group].mean() for group in np.unique(groups)])


def test_of_a_mean_with_groups_of_one_it_is_the_usual_standard_error():
    values = np.array([3.0, 5.0, 4.0, 9.0, 1.0])
    without = means_without(values, np.arange(5))
    error = jackknife.standard_error(values.mean(), without, np.ones(5))
    assert error == pytest.approx(values.std(ddof=1) / math.sqrt(5), rel=1e-12)
    found = jackknife.interval(values.mean(), without, np.ones(5))
    # Student's t for 4 degrees of freedom: 2.776.
    assert found.high - values.mean() == pytest.approx(2.7764451 * error, rel=1e-6)
    assert values.mean() - found.low == pytest.approx(found.high - values.mean(), rel=1e-12)


def test_groups_of_unequal_size_by_hand():
    """Units 0, 6 | 3 | 9: the mean is 4.5, without each group 6, 5 and 3; h = 2, 4, 4; pseudo-values 3, 3 and 9, the
    centre 3 × 4.5 - (6/2 + 5 × 3/4 + 3 × 3/4) = 4.5; the variance (1.5²/1 + 1.5²/3 + 4.5²/3) / 3 = 3.25."""
    error = jackknife.standard_error(4.5, np.array([6.0, 5.0, 3.0]), np.array([2.0, 1.0, 1.0]))
    assert error**2 == pytest.approx(3.25, rel=1e-12)


def test_one_group_has_no_interval():
    found = jackknife.interval(0.5, np.array([math.nan]), np.array([7.0]))
    assert math.isnan(found.low)
    assert found.reason == "fewer than two groups"


def test_coverage_of_a_correlation_in_unequal_groups():
    generator = np.random.default_rng(3)
    hits, trials = 0, 400
    for _ in range(trials):
        first = generator.normal(size=300)
        second = 0.6 * first + 0.8 * generator.normal(size=300)
        groups = generator.integers(10, size=300)
        without = np.array([np.corrcoef(first[groups != g], second[groups != g])[0, 1] for g in range(10)])
        found = jackknife.interval(np.corrcoef(first, second)[0, 1], without, np.bincount(groups).astype(float))
        hits += found.low <= 0.6 <= found.high
    assert 0.92 <= hits / trials <= 0.98  # 0.95 with three standard errors
