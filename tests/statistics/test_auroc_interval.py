"""The AUROC's interval: Hanley and McNeil's variance, the logit's formula, the ends, and how often it holds."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import auroc_interval, delong
from chex_tf.statistics.ranking import auroc, rank


def test_hanley_and_mcneils_variance_at_one_half_is_that_of_the_rank_sum():
    """There every continuous distribution has (m + n + 1) / 12 m n."""
    assert auroc_interval.hanley_mcneil(0.5, 51, 58) == pytest.approx(110 / (12 * 51 * 58))


def test_hanley_and_mcneils_variance_of_exponential_scores():
    """4,000 draws: their variance is known to within 2.2%."""
    generator = np.random.default_rng(0)
    area, positives, negatives = 0.9, 8, 12
    high = generator.exponential(area / (1 - area), (4000, positives, 1))
    found = np.mean(high > generator.exponential(1, (4000, 1, negatives)), axis=(1, 2))
    assert np.var(found) == pytest.approx(auroc_interval.hanley_mcneil(area, positives, negatives), rel=0.07)


def case(seed, positives, rows, shift):
    generator = np.random.default_rng(seed)
    labels = (np.arange(rows) < positives).astype(float)
    return labels, generator.normal(size=rows) + shift * labels


def test_a_variance_above_the_expected_one_is_delongs_on_the_logit_scale():
    labels, scores = case(0, 60, 150, 0.4)
    scores[:30] += 2.5  # two kinds of positives: more variance than exponential scores have
    scores[30:60] -= 1
    units = np.arange(150)
    area = float(auroc(rank(labels, scores), np.ones((1, 150)))[0])
    variance = float(np.sum(delong.components(labels, scores, units, 150) ** 2))
    assert variance > auroc_interval.hanley_mcneil(area, 60, 90)
    found = auroc_interval.interval(labels, scores, units, 150)
    reach = scipy.stats.t.ppf(0.975, 59) * math.sqrt(variance) / (area * (1 - area))
    expected = scipy.special.expit(scipy.special.logit(area) + np.array([-reach, reach]))
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_a_smaller_one_is_drawn_towards_it():
    labels, scores = case(1, 10, 200, 2.0)
    units = np.arange(200)
    area = float(auroc(rank(labels, scores), np.ones((1, 200)))[0])
    variance = float(np.sum(delong.components(labels, scores, units, 200) ** 2))
    expected = auroc_interval.hanley_mcneil(area, 10, 190)
    assert variance < expected
    found = auroc_interval.interval(labels, scores, units, 200)
    reach = scipy.stats.t.ppf(0.975, 9) * (variance * expected) ** 0.25 / (area * (1 - area))  # half of each, by logs
    assert found.low == pytest.approx(scipy.special.expit(scipy.special.logit(area) - reach))


def test_every_pair_in_order_has_a_lower_bound_below_one():
    labels, scores = case(2, 12, 60, 50.0)
    found = auroc_interval.interval(labels, scores, np.arange(60), 60)
    assert (found.low, found.high) == (pytest.approx(0.025 ** (1 / 12)), 1)
    turned = auroc_interval.interval(labels, -scores, np.arange(60), 60)
    assert (turned.low, turned.high) == (0, pytest.approx(1 - 0.025 ** (1 / 12)))


def test_equal_scores_have_an_interval_and_one_positive_has_none():
    labels, _ = case(3, 12, 60, 0)
    found = auroc_interval.interval(labels, np.ones(60), np.arange(60), 60)
    assert found.low < 0.4 < 0.6 < found.high
    assert "fewer than 2" in auroc_interval.interval(np.arange(60) == 0, np.ones(60), np.arange(60), 60).reason


def test_units_of_the_rarer_class():
    labels = np.array([1.0, 1, 1, 0, 0, np.nan, 0, 0])
    assert auroc_interval.units_of_rarer_class(labels, np.array([0, 0, 1, 1, 2, 3, 4, 4])) == 2
    assert auroc_interval.degrees_of_freedom(labels, np.array([0, 0, 1, 1, 2, 3, 4, 4])) == 1


@pytest.mark.parametrize(("area", "positives"), [(0.95, 25), (0.8, 10), (0.9, 50)])
def test_it_holds_where_the_bootstrap_did_not(area, positives):
    """800 trials, known to within 1.5 points."""
    shift = statistics.NormalDist().inv_cdf(area) * math.sqrt(2)
    held = 0
    for trial in range(800):
        labels, scores = case([trial, positives], positives, 300, shift)
        found = auroc_interval.interval(labels, scores, np.arange(300), 300)
        held += found.low <= area <= found.high
    assert held / 800 > 0.935
