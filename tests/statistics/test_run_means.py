"""Intervals of weighted sums of means of runs, beside scipy's t tests."""

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics.run_means import half_width

FIRST, SECOND = np.array([0.61, 0.70, 0.66, 0.58]), np.array([0.52, 0.55, 0.50, 0.56])


def half(interval):
    return (interval.high - interval.low) / 2


def test_one_mean_is_students():
    theirs = scipy.stats.ttest_1samp(FIRST, 0).confidence_interval()
    assert half_width([(1.0, FIRST)]) == pytest.approx(half(theirs))
    assert half_width([(-2.0, FIRST)]) == pytest.approx(2 * half(theirs))


def test_a_difference_is_welchs_or_by_pairs():
    sides = [(1.0, FIRST), (-1.0, SECOND)]
    apart = scipy.stats.ttest_ind(FIRST, SECOND, equal_var=False).confidence_interval()
    paired = scipy.stats.ttest_rel(FIRST, SECOND).confidence_interval()
    assert half_width(sides) == pytest.approx(half(apart))
    assert half_width(sides, is_paired=True) == pytest.approx(half(paired))


def test_a_variance_that_runs_do_not_show_is_added_to_each():
    """Student's with three degrees of freedom: 3.1824463."""
    assert half_width([(1.0, FIRST)], added=[0.01]) == pytest.approx(
        3.1824463 * np.sqrt((FIRST.var(ddof=1) + 0.01) / 4)
    )


def test_runs_that_agree_leave_no_width():
    assert half_width([(1.0, np.full(3, 0.5)), (-1.0, np.full(2, 0.25))]) == 0
