"""Weighted sums of numbers by hand, and the difference of two beside what the paired comparison gives."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.evaluation.measures import AUROC
from chex_tf.statistics import comparison
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.contrast import contrast
from chex_tf.statistics.measure import MEAN, Sampled

OWN = Interval(0.1, 0.9)  # that an interval needs no replicates


def number(value, components, freedom=math.inf):
    return Sampled(value, np.array([value - 0.1, value, value + 0.1]), None, np.array(components), OWN, freedom)


def test_a_difference_is_that_of_the_paired_comparison_to_the_last_bit():
    generator = np.random.default_rng(3)
    one, two = (number(0.8 + 0.013 * n, generator.normal(0, 0.01, 40), 17 + n) for n in range(2))
    found = contrast((1, -1), (one, two))
    sampled = {("a", AUROC, MEAN): one, ("b", AUROC, MEAN): two}
    (compared,) = comparison.differences(AUROC, MEAN, [("a", "b")], sampled)
    assert compared.is_delong
    assert found.is_delong
    assert (found.value, found.interval, found.p) == (compared.value, compared.interval, compared.p_delong)


def test_a_mean_of_two_differences_by_hand():
    # Components of the sum: (0.03 - 0.01 + 0.02 - 0.02) / 2 = 0.01 and (0 - 0.02 + 0.04 - 0.02) / 2 = 0.
    of = [number(0.9, [0.03, 0]), number(0.8, [0.01, 0.02]), number(0.7, [0.02, 0.04]), number(0.7, [0.02, 0.02])]
    found = contrast((0.5, -0.5, 0.5, -0.5), of)
    assert found.value == pytest.approx(0.05)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.05 - 0.0196, 0.05 + 0.0196), abs=1e-5)
    assert found.p == pytest.approx(2 * scipy.stats.norm.sf(5.0))


def test_the_fewest_degrees_of_freedom_count():
    found = contrast((1, -1), (number(0.9, [0.03, 0], 4), number(0.8, [0.01, 0], 9)))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(5.0, 4))


def test_without_components_replicates_decide():
    one, two = Sampled(0.9, np.array([0.8, 0.9, 1.0, 0.9])), Sampled(0.7, np.array([0.7, 0.8, 0.8, 0.7]))
    found = contrast((1, -1), (one, two))
    assert not found.is_delong
    assert found.value == pytest.approx(0.2)
    # Differences of 0.1, 0.1, 0.2 and 0.2, none at or below 0.
    assert (found.interval.low, found.interval.high) == pytest.approx((0.1, 0.2))
    assert found.p == pytest.approx(2 / 5)
