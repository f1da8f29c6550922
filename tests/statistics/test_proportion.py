"""Proportions by hand, against statsmodels' formula spelled out, and at the ends."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import proportion
from chex_tf.statistics.bootstrap import Interval


def wilson(successes, trials):
    return proportion.of_units(proportion.Counts(successes, trials)).interval


def wilson_by_formula(share, rows, t):
    centre = (share + t**2 / (2 * rows)) / (1 + t**2 / rows)
    half = t / (1 + t**2 / rows) * math.sqrt(share * (1 - share) / rows + t**2 / (4 * rows**2))
    return centre - half, centre + half


def test_one_row_a_unit_is_wilsons_with_students_t():
    """The variance over units has n - 1 below it, so 20 rows are worth 19."""
    found = wilson(np.repeat([1.0, 0], [15, 5]), np.ones(20))
    expected = wilson_by_formula(0.75, 19, scipy.stats.t.ppf(0.975, 19))
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_rows_of_a_unit_that_are_all_alike_are_worth_one():
    alone = wilson(np.repeat([1.0, 0], [15, 5]), np.ones(20))
    found = wilson(np.repeat([4.0, 0], [15, 5]), np.full(20, 4.0))
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high))


def test_rows_are_worth_no_more_than_they_are():
    """Every unit has one of two: no variance between units, and still 20 rows."""
    found = wilson(np.ones(10), np.full(10, 2.0))
    expected = wilson_by_formula(0.5, 10, scipy.stats.t.ppf(0.975, 9))
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(("successes", "ends"), [(np.zeros(51), (0, 0.0727)), (np.full(51, 2.0), (0.9273, 1))])
def test_none_and_all_have_width_from_the_number_of_units(successes, ends):
    """51 units of two rows each: t² / (51 + t²), with t of 50 degrees of freedom, 2.00856."""
    found = wilson(successes, np.full(51, 2.0))
    t = scipy.stats.t.ppf(0.975, 50)
    assert (found.low, found.high) == pytest.approx(ends, abs=2e-3)
    assert max(found.high - found.low, 0) == pytest.approx(t**2 / (51 + t**2))


def test_units_without_a_trial_say_nothing_and_one_is_too_few():
    full = wilson(np.array([1.0, 0, 1]), np.ones(3))
    assert wilson(np.array([1.0, 0, 0, 1]), np.array([1.0, 0, 1, 1])) == full
    assert "fewer than 2 units" in wilson(np.array([1.0, 0]), np.array([1.0, 0])).reason


def test_the_mean_of_independent_and_of_equal_numbers():
    values, intervals = np.array([0.5, 0.7]), [Interval(0.4, 0.6), Interval(0.6, 0.8)]
    crossed = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])  # uncorrelated
    found = proportion.mean_of_intervals(values, intervals, crossed)
    assert (found.low, found.high) == pytest.approx((0.6 - 0.1 / math.sqrt(2), 0.6 + 0.1 / math.sqrt(2)))
    same = proportion.mean_of_intervals(values, intervals, np.array([[0.0, 0], [1, 1]]))
    assert (same.low, same.high) == pytest.approx((0.5, 0.7))
    constant = proportion.mean_of_intervals(values, intervals, np.ones((3, 2)))
    assert (constant.low, constant.high) == pytest.approx((0.5, 0.7))


def test_a_part_without_an_interval_leaves_none():
    absent = Interval(math.nan, math.nan, 0, "too few")
    assert proportion.mean_of_intervals(np.ones(2), [Interval(0, 1), absent], np.ones((3, 2))).reason == "too few"


def test_it_holds_with_units_that_repeat():
    """40 units of one to four rows, three tenths of whose variance is the unit's: 600 trials, known to 2 points."""
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(600):
        trials = generator.integers(1, 5, 40)
        successes = generator.binomial(trials, generator.beta(0.9 * 7 / 3, 0.1 * 7 / 3, 40))
        found = wilson(successes.astype(float), trials.astype(float))
        held += found.low <= 0.9 <= found.high
    assert held / 600 > 0.915
