"""DeLong's variance against its definition, spelled out pair by pair."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import delong


def by_definition(labels, scores):
    """AUROCs and covariance of two models: equations 4 to 6 of DeLong et al. (1988), with every pair written out."""
    positive, negative = labels == 1, labels == 0
    by_positive, by_negative = [], []
    for each in scores:
        kernel = np.sign(each[positive][:, np.newaxis] - each[negative]) / 2 + 0.5
        by_positive.append(kernel.mean(axis=1))
        by_negative.append(kernel.mean(axis=0))
    areas = [float(each.mean()) for each in by_positive]
    return areas, np.cov(by_positive) / positive.sum() + np.cov(by_negative) / negative.sum()


def case(seed, rows=70):
    generator = np.random.default_rng(seed)
    labels = (generator.random(rows) < 0.35).astype(float)
    first = (generator.normal(size=rows) + labels).round(1)
    second = (0.5 * first + generator.normal(size=rows) + 0.5 * labels).round(1)
    return labels, [first, second]


@pytest.mark.parametrize("seed", range(4))
def test_components_give_delongs_covariance(seed):
    labels, scores = case(seed)
    _, covariance = by_definition(labels, scores)
    moved = np.array([delong.components(labels, each, np.arange(labels.size), labels.size) for each in scores])
    np.testing.assert_allclose(moved @ moved.T, covariance, atol=1e-14)


def test_components_of_a_unit_are_added():
    labels, (scores, _) = case(9, rows=60)
    units = np.arange(60) // 2
    single = delong.components(labels, scores, np.arange(60), 60)
    np.testing.assert_allclose(delong.components(labels, scores, units, 30), single.reshape(30, 2).sum(axis=1))


def test_p_is_the_normals_two_tails():
    assert delong.two_sided_p(0.03, 0.01**2) == pytest.approx(2 * scipy.stats.norm.sf(3), rel=1e-12)
    assert delong.two_sided_p(-0.03, 0.01**2) == delong.two_sided_p(0.03, 0.01**2)


def test_nothing_to_test():
    assert delong.two_sided_p(0.0, 0.0) == 1.0
    assert math.isnan(delong.two_sided_p(0.1, 0.0))
    assert np.isnan(delong.components(np.array([1.0, 0, 0]), np.array([1.0, 2, 3]), np.arange(3), 3)).all()


def test_with_few_units_p_is_students_and_the_interval_agrees():
    assert delong.two_sided_p(0.03, 0.01**2, 9) == pytest.approx(2 * scipy.stats.t.sf(3, 9))
    at_bound = delong.interval(0.03, (0.03 / scipy.stats.t.ppf(0.975, 9)) ** 2, 9)
    assert (at_bound.low, at_bound.high) == pytest.approx((0, 0.06), abs=1e-12)
    assert delong.interval(0.0, 0.0).low == 0
    assert delong.interval(0.1, 0.0).reason


def test_satterthwaites_degrees_of_freedom():
    assert delong.freedom_of_mean([2.0, 2.0], [9, 9]) == pytest.approx(18)
    assert delong.freedom_of_mean([1.0, 0.0], [9, 4]) == pytest.approx(9)
