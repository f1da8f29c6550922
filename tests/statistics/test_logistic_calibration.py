"""Calibration intercept and slope against scikit-learn's logistic regression and a table solved by hand."""

import math
import warnings

import numpy as np
import pytest
import scipy.stats
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from chex_tf.statistics import logistic_calibration
from chex_tf.statistics.bootstrap import Resampling


def simulated(seed=0, rows=300, offset=0.3, slope=0.7):
    generator = np.random.default_rng(seed)
    z = generator.normal(-1, 1.5, rows)
    labels = (generator.random(rows) < expit(offset + slope * z)).astype(float)
    return labels, expit(z)


def unpenalised(z, labels, weights=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000)
        return model.fit(z[:, np.newaxis], labels, sample_weight=weights)


def test_two_probabilities_solved_by_hand():
    """Of 10 rows at 0.2 five are positive, of 10 at 0.8 nine: the line through two points is exact."""
    probabilities = np.repeat([0.2, 0.8], 10)
    labels = np.repeat([1.0, 0, 1, 0], [5, 5, 9, 1])
    found = logistic_calibration.fit(labels, logistic_calibration.logits(probabilities))
    # logit(0.5) = 0 at z = -ln 4, logit(0.9) = ln 9 at z = ln 4: slope ln 9 / (2 ln 4), offset half of ln 9.
    assert found.slope[0] == pytest.approx(np.log(9) / (2 * np.log(4)), abs=1e-9)
    assert found.offset[0] == pytest.approx(np.log(9) / 2, abs=1e-9)
    # The intercept makes expected positives observed: expit(a - ln 4) + expit(a + ln 4) = 1.4. With u = e^a:
    # u/(u+4) + 4u/(4u+1) = 1.4 is 2.4 u² - 6.8 u... solved by the quadratic formula.
    u = max(np.roots([8 - 1.4 * 4, 17 - 1.4 * 17, -1.4 * 4]).real)
    assert found.intercept[0] == pytest.approx(np.log(u), abs=1e-9)


def test_slope_is_scikit_learns_under_any_weights():
    labels, probabilities = simulated()
    z = logit(probabilities)
    weights = np.concatenate(list(Resampling(300, 20, 3).blocks()))
    found = logistic_calibration.fitter(labels, z)(weights)
    for place in range(20):
        expected = unpenalised(z, labels, weights[place])
        assert found.slope[place] == pytest.approx(expected.coef_[0, 0], abs=2e-5)
        assert found.offset[place] == pytest.approx(expected.intercept_[0], abs=2e-5)


def test_the_intercept_makes_expected_positives_observed():
    labels, probabilities = simulated(1)
    z = logit(probabilities)
    weights = np.concatenate(list(Resampling(300, 20, 3).blocks()))
    found = logistic_calibration.fitter(labels, z)(weights)
    for row, intercept in zip(weights, found.intercept, strict=True):
        assert row @ expit(intercept + z) == pytest.approx(row @ labels, abs=1e-3)


def test_known_worlds_are_found():
    labels, probabilities = simulated(2, rows=200_000)
    found = logistic_calibration.fit(labels, logit(probabilities))
    assert found.slope[0] == pytest.approx(0.7, abs=0.02)
    assert found.offset[0] == pytest.approx(0.3, abs=0.03)
    labels, probabilities = simulated(3, rows=200_000, offset=-0.5, slope=1.0)
    assert logistic_calibration.fit(labels, logit(probabilities)).intercept[0] == pytest.approx(-0.5, abs=0.02)


def test_without_a_maximum_there_is_no_fit():
    separated = logistic_calibration.fit(np.array([0.0, 0, 1, 1]), np.array([-2.0, -1, 1, 2]))
    assert np.isnan([separated.slope[0], separated.offset[0]]).all()
    assert np.isfinite(separated.intercept[0])
    one_class = logistic_calibration.fit(np.zeros(4), np.array([-2.0, -1, 1, 2]))
    assert np.isnan([one_class.intercept[0], one_class.slope[0]]).all()
    one_place = logistic_calibration.fit(np.array([0.0, 1, 1]), np.full(3, 0.4))
    assert np.isnan(one_place.slope[0])
    assert one_place.intercept[0] == pytest.approx(logit(2 / 3) - 0.4, abs=1e-9)


def test_a_weighting_with_one_class_leaves_the_others_their_fit():
    labels, probabilities = simulated(4)
    z = logit(probabilities)
    weights = np.stack([labels, np.ones(300)])
    found = logistic_calibration.fitter(labels, z)(weights)
    assert np.isnan(found.slope[0])
    assert found.slope[1] == pytest.approx(unpenalised(z, labels).coef_[0, 0], abs=1e-5)


def test_probabilities_of_0_and_1_count_as_the_edge():
    assert logistic_calibration.logits(np.array([0.0, 1.0, 0.5])) == pytest.approx([-13.8155, 13.8155, 0], abs=1e-4)
    assert logistic_calibration.beyond_edge(np.array([0.0, 1.0, 0.5, 1e-6])) == 2


def test_wild_probabilities_have_a_fit_too():
    """Logits several times too large: plain Newton from slope 1 would run away."""
    generator = np.random.default_rng(0)
    z = generator.normal(-1, 6, 500)
    labels = (generator.random(500) < expit(0.2 + 0.1 * z)).astype(float)
    weights = np.concatenate([np.ones((1, 500)), *Resampling(500, 5, 3).blocks()])
    found = logistic_calibration.fitter(labels, z)(weights)
    for place, row in enumerate(weights):
        expected = unpenalised(z, labels, row)
        assert found.slope[place] == pytest.approx(expected.coef_[0, 0], abs=2e-5)
        assert row @ expit(found.intercept[place] + z) == pytest.approx(row @ labels, abs=1e-2)


def test_the_logistic_function_is_scipys_in_both_tails():
    values = np.concatenate([np.linspace(-700, 700, 2001), [-1e3, 1e3, 0.0]])
    np.testing.assert_allclose(logistic_calibration.logistic(values), expit(values), rtol=1e-15, atol=0)


def test_the_intercepts_interval_by_hand():
    """30 rows at one half, 10 positive: the fit is logit(1/3), the sum of p (1 - p) is 30 * 2/9, and the residuals'
    squares sum to as much; 29 below, and t of 9 degrees of freedom, one less than there are positives."""
    labels, z = np.repeat([1.0, 0], [10, 20]), np.zeros(30)
    intercept, slope = logistic_calibration.intervals(labels, z, np.arange(30))
    reach = scipy.stats.t.ppf(0.975, 9) * math.sqrt(30 / 29 / (30 * 2 / 9))
    assert (intercept.low, intercept.high) == pytest.approx((math.log(0.5) - reach, math.log(0.5) + reach))
    assert "no fit" in slope.reason  # all rows have one logit


def test_the_slopes_interval_by_hand():
    """Logits of -1 and 1 with 40 rows each, 10 and 30 positive: the line goes through both, and its slope is half the
    difference of two independent logits."""
    z = np.repeat([-1.0, 1], 40)
    labels = np.concatenate([np.repeat([1.0, 0], [10, 30]), np.repeat([1.0, 0], [30, 10])])
    _, slope = logistic_calibration.intervals(labels, z, np.arange(80))
    reach = scipy.stats.t.ppf(0.975, 39) * math.sqrt(80 / 79 * 2 / (40 * 3 / 16)) / 2
    assert (slope.low, slope.high) == pytest.approx((math.log(3) - reach, math.log(3) + reach))


def test_rows_that_are_all_there_twice_say_as_much_as_once():
    generator = np.random.default_rng(0)
    z = generator.normal(size=60)
    labels = (generator.random(60) < 0.4).astype(float)
    once = logistic_calibration.intervals(labels, z, np.arange(60))
    twice = logistic_calibration.intervals(np.tile(labels, 2), np.tile(z, 2), np.tile(np.arange(60), 2))
    for first, second in zip(once, twice, strict=True):
        assert (second.low, second.high) == pytest.approx((first.low, first.high))
    one_positive = logistic_calibration.intervals((np.arange(5) == 0).astype(float), z[:5], np.arange(5))
    assert "fewer than 2 units" in one_positive[0].reason


def test_classes_weighted_to_a_prevalence_have_no_variance_of_their_sizes():
    """All rows at one half: weighted to any prevalence, the intercept is its logit for certain."""
    labels, z = np.repeat([1.0, 0], [10, 20]), np.zeros(30)
    intercept, _ = logistic_calibration.intervals(labels, z, np.arange(30), np.where(labels == 1, 1.5, 0.75))
    assert (intercept.low, intercept.high) == pytest.approx((0, 0), abs=1e-9)
