"""Spread between and within families: by hand, by the likelihood spelled out, by simulation."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import family_spread

FAMILIES = ["R", "R", "R", "D", "D", "M"]
PARAMETERS = [10, 30, 20, 8, 5, 2]
VALUES = np.array([0.80, 0.83, 0.85, 0.90, 0.88, 0.70])


def belongs_to(sizes):
    return np.repeat(np.eye(len(sizes)), sizes, axis=0)


def test_growth_by_hand():
    shifted = VALUES + np.array([0, 0.01, 0, 0, 0, 0])
    found = family_spread.family_spread(FAMILIES, PARAMETERS, VALUES, np.stack([VALUES, shifted]))
    assert {name: value for name, (value, _) in found.growth.items()} == pytest.approx({"R": 0.03, "D": 0.02})
    assert found.growth["R"][1].high == pytest.approx(0.03 + 0.975 * 0.01)
    assert found.families == 3


def test_equal_families_give_the_analysis_of_variances_estimates():
    """Restricted maximum likelihood is the balanced analysis of variance where that is not negative."""
    generator = np.random.default_rng(2)
    belongs = belongs_to([4] * 5)
    values = belongs @ generator.normal(size=5) * 2 + generator.normal(size=20)
    means = belongs.T @ values / 4
    within = float(np.sum((values - belongs @ means) ** 2)) / 15
    between = (4 * float(np.var(means, ddof=1)) - within) / 4
    found = family_spread.components(values, belongs, np.zeros((20, 20)))
    assert found[0].value == pytest.approx(math.sqrt(between), rel=1e-3)
    assert found[1].value == pytest.approx(math.sqrt(within), rel=1e-3)


def test_the_tests_noise_is_taken_off():
    values = np.random.default_rng(3).normal(size=12)
    belongs = belongs_to([3] * 4)
    noise = np.eye(12) * 0.7 + 5  # what all share says nothing
    with_noise = family_spread.components(values, belongs, noise)[1].value
    without = family_spread.components(values, belongs, np.zeros((12, 12)))[1].value
    assert with_noise**2 == pytest.approx(without**2 - 0.7, abs=1e-3)
    assert family_spread.components(values, belongs, np.eye(12) * 30)[1].interval.low == 0


def test_families_that_do_not_differ_can_have_zero():
    found = family_spread.components(np.tile([1.0, 2, 3], 4), belongs_to([3] * 4), np.zeros((12, 12)))[0]
    assert found.value == pytest.approx(0, abs=1e-4)
    assert found.interval.low == 0
    assert found.interval.high > 0


def test_p_of_few_models_by_going_through_every_deal():
    belongs = belongs_to([3, 2, 1])

    def between(values):
        means = belongs.T @ values / [3, 2, 1]
        return float(np.sum([3, 2, 1] * (means - values.mean()) ** 2))

    every = [between(np.array(order)) for order in itertools.permutations(VALUES)]
    exact = np.mean(np.array(every) >= between(VALUES) * (1 - 1e-12))
    p, labellings = family_spread.permutation_p(VALUES, belongs, 0)
    assert p == pytest.approx(exact, abs=4 * math.sqrt(exact / labellings))
    assert p > 0


def test_what_cannot_be_told_has_a_reason():
    alone = family_spread.family_spread(["A", "B", "C"], [1, 2, 3], [0.5, 0.7, 0.6])
    assert alone.growth == {}
    assert math.isnan(alone.p)
    assert alone.between.interval.reason == "no family has two models"
    two = family_spread.family_spread(["A", "A", "B"], [1, 2, 3], [0.5, 0.7, 0.6])
    assert two.within.interval.reason == "fewer than 3 families"


def test_the_interval_within_families_is_near_the_chi_squares():
    """Without differences between families' true means in the data, within is known from its degrees of freedom."""
    belongs = belongs_to([4] * 4)
    values = np.random.default_rng(8).normal(size=16) + belongs @ [0.0, 10, 20, 30]
    squares = float(np.sum((values - belongs @ (belongs.T @ values / 4)) ** 2))
    low, high = (math.sqrt(squares / scipy.stats.chi2.ppf(level, 12)) for level in (0.975, 0.025))
    found = family_spread.components(values, belongs, np.zeros((16, 16)))[1].interval
    assert (found.low, found.high) == pytest.approx((low, high), rel=0.12)
