"""Planning against scipy's bivariate normal, and against simulated test sets."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import auroc_interval, delong, planning
from chex_tf.statistics.planning import PlannedSet
from chex_tf.statistics.ranking import auroc, rank


@pytest.mark.parametrize(("first", "second", "correlation"), [(0.9, 0.85, 0.4), (0.7, 0.7, 0.95), (0.95, 0.6, 0.5)])
def test_both_right_is_the_bivariate_normals(first, second, correlation):
    normal = scipy.stats.multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    both = float(normal.cdf(scipy.stats.norm.ppf([first, second])))
    assert planning._both_right(first, second, correlation) == pytest.approx(both - first * second, abs=1e-6)


def test_the_variance_at_one_half_is_that_of_the_rank_sum():
    assert planning.covariance(0.5, 0.5, 1.0, PlannedSet(20, 30)) == pytest.approx(51 / (12 * 600))
    assert planning.covariance(0.9, 0.9, 0.0, PlannedSet(20, 30)) == 0


def test_width_and_power_are_those_of_simulated_test_sets():
    """600 sets: power is known to within 4 points, the width to within 2%."""
    planned, area, difference, correlation = PlannedSet(40, 160), 0.88, 0.05, 0.6
    generator = np.random.default_rng(0)
    labels = (np.arange(200) < 40).astype(float)
    units, ones = np.arange(200), np.ones((1, 200))
    shifts = [statistics.NormalDist().inv_cdf(each) * math.sqrt(2) for each in (area, area - difference)]
    widths, significant, apart = [], 0, []
    for _ in range(600):
        shared = generator.normal(size=200) * math.sqrt(correlation)
        scores = [shared + generator.normal(size=200) * math.sqrt(1 - correlation) + each * labels for each in shifts]
        interval = auroc_interval.interval(labels, scores[0], units, 200)
        widths.append(interval.high - interval.low)
        parts = [delong.components(labels, each, units, 200) for each in scores]
        values = [float(auroc(rank(labels, each), ones)[0]) for each in scores]
        apart.append(values[0] - values[1])
        variance = float(np.sum((parts[0] - parts[1]) ** 2))
        significant += delong.two_sided_p(apart[-1], variance, planned.freedom) < 0.05
    expected = planning.expected_interval(area, planned)
    assert np.median(widths) == pytest.approx(expected.high - expected.low, rel=0.05)
    assert np.std(apart) == pytest.approx(planning.standard_error(area, difference, correlation, planned), rel=0.09)
    assert significant / 600 == pytest.approx(planning.power(area, difference, correlation, planned), abs=0.06)


def test_the_fewest_positives_for_a_width():
    needed = planning.positives_needed(0.9, 0.05, 0.2)
    assert needed.negatives == 4 * needed.positives
    assert width(needed) <= 0.05 < width(PlannedSet(needed.positives - 1, needed.negatives - 4))
    assert planning.positives_needed(0.6, 1e-5, 0.5) is None


def width(planned):
    interval = planning.expected_interval(0.9, planned)
    return interval.high - interval.low
