"""Means over several seeds: variances by hand, Student's and Welch's tests where units do not matter, coverage."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics.several_seeds import OverSeeds, contrast_over_seeds, difference_over_seeds, mean_over_seeds

VALUES = np.array([0.80, 0.83, 0.81, 0.86])
OTHER = np.array([0.78, 0.85, 0.80])


def nothing(runs, units=5):
    return np.zeros((runs, units))


def test_variances_of_two_runs_by_hand():
    """Runs of 0.8 and 0.9: s² = 0.005, halved over two runs. Covariance over units of 3e-4 x 1e-4 + 0 + 0; their
    variances 10e-8 and 5e-8; the mean's (10 + 5 + 2 x 3) / 4 = 5.25e-8."""
    found = mean_over_seeds(np.array([0.8, 0.9]), np.array([[3e-4, 1e-4, 0.0], [1e-4, 0.0, 2e-4]]))
    assert found.value == pytest.approx(0.85)
    assert (found.between, found.degrees) == pytest.approx((0.0025, 1.0))
    assert (found.shared, found.given) == pytest.approx((3e-8, 5.25e-8))
    assert found.of_seeds == pytest.approx(0.0025 - 2.25e-8)
    assert found.seed_share == pytest.approx((0.0025 - 2.25e-8) / (0.0025 + 3e-8))


def test_shared_variance_is_the_mean_covariance_of_two_runs():
    components = np.random.default_rng(0).normal(size=(4, 30))
    found = mean_over_seeds(VALUES, components)
    covariance = components @ components.T
    assert found.shared == pytest.approx(covariance[~np.eye(4, dtype=bool)].mean())
    assert found.given == pytest.approx(covariance.mean())


def test_without_variance_over_units_the_interval_is_student_s():
    found = mean_over_seeds(VALUES, nothing(4))
    expected = scipy.stats.t.interval(0.95, 3, VALUES.mean(), scipy.stats.sem(VALUES))
    assert (found.interval().low, found.interval().high) == pytest.approx(expected)
    assert found.p_at_most(0.8) == pytest.approx(scipy.stats.ttest_1samp(VALUES, 0.8, alternative="greater").pvalue)
    assert found.p_at_least(0.8) == pytest.approx(scipy.stats.ttest_1samp(VALUES, 0.8, alternative="less").pvalue)
    assert found.p_at_least(0.9) == pytest.approx(scipy.stats.ttest_1samp(VALUES, 0.9, alternative="less").pvalue)
    assert found.seed_share == 1.0


def test_without_variance_over_units_the_difference_is_welch_s():
    found = difference_over_seeds((VALUES, nothing(4)), (OTHER, nothing(3)))
    welch = scipy.stats.ttest_ind(VALUES, OTHER, equal_var=False)
    expected = welch.confidence_interval(0.95)
    assert (found.interval().low, found.interval().high) == pytest.approx((expected.low, expected.high))
    assert found.two_sided_p == pytest.approx(welch.pvalue)


def test_a_mean_of_two_differences_by_hand():
    """Of four means of two runs each, a quarter of each one's variance counts; Welch's degrees of four equal variances
    of one degree are four. The shares of units: (1 - 2 + 3 - 4) / 2 of 1e-3, the same in both runs of a mean."""
    sides = [(np.array([0.8, 0.9]), np.full((2, 1), 1e-3 * (n + 1))) for n in range(4)]
    found = contrast_over_seeds((0.5, -0.5, 0.5, -0.5), sides)
    assert found.value == pytest.approx(0.0)
    assert (found.between, found.degrees) == pytest.approx((4 * 0.25 * 0.0025, 4.0))
    assert (found.given, found.shared) == pytest.approx((1e-6, 1e-6))


def test_equal_runs_leave_only_the_units_and_a_normal_interval():
    components = np.tile([3e-3, 4e-3], (3, 1))  # the same in all runs: a standard error of 5e-3
    found = mean_over_seeds(np.full(3, 0.8), components)
    assert (found.interval().low, found.interval().high) == pytest.approx((0.8 - 1.96 * 5e-3, 0.8 + 1.96 * 5e-3), 1e-5)
    assert found.p_at_most(0.79) == pytest.approx(scipy.stats.norm.sf(2.0))
    assert (found.seed_share, *found.seed_share_interval) == pytest.approx((0.0, 0.0, 0.0))


def test_runs_that_agree_by_chance_keep_their_own_part_of_the_units_variance():
    """Of one value, but with nothing in common over units: half-width 1.96 x 5e-3, though nothing is shared."""
    found = OverSeeds(0.8, 0.0, 2.0, 0.0, 25e-6)
    assert (found.interval().low, found.interval().high) == pytest.approx((0.7902, 0.8098), abs=1e-5)


def test_the_difference_s_shared_variance_is_paired():
    """Units that move both entries alike cancel: what is left is each run's own part."""
    rng = np.random.default_rng(1)
    common, own = rng.normal(size=(1, 400)), [rng.normal(size=(runs, 400)) * 0.3 for runs in (4, 3)]
    first, second = common + own[0], common + own[1]
    found = difference_over_seeds((VALUES, first), (OTHER, second))
    covariances = [side @ side.T for side in (first, second)]
    shared = sum(one[~np.eye(len(one), dtype=bool)].mean() for one in covariances) - 2 * (first @ second.T).mean()
    assert found.shared == pytest.approx(shared)
    assert found.given == pytest.approx(sum(one.mean() for one in covariances) - 2 * (first @ second.T).mean())
    assert found.value == pytest.approx(VALUES.mean() - OTHER.mean())


def test_p_is_the_tail_at_which_the_interval_ends_at_the_bound():
    found = OverSeeds(0.03, 1e-4, 2.0, 5e-5, 6e-5)
    for bound in (0.0, 0.01, 0.029):
        p = found.p_at_most(bound)
        assert found.value - found.half_width(p) == pytest.approx(bound, abs=1e-9)
    assert found.p_at_most(0.03) == 0.5
    assert found.p_at_most(0.05) == pytest.approx(1 - found.p_at_most(0.01))
    assert found.p_at_most(-1e6) == 1e-12
    low = found.interval().low
    assert found.p_at_most(low) == pytest.approx(0.025)


def test_the_interval_of_a_share_stays_within_0_and_1_and_is_near_the_plain_one_in_the_middle():
    high = OverSeeds(0.99, 4e-4, 3.0, 1e-4, 2e-4).interval_of_share()
    assert 0 < high.low < 0.99 < high.high < 1
    middle = OverSeeds(0.5, 1e-6, 9.0, 1e-6, 2e-6)
    assert (middle.interval_of_share().low, middle.interval_of_share().high) == pytest.approx(
        (middle.interval().low, middle.interval().high), abs=1e-6
    )
    assert OverSeeds(1.0, 0.0, 2.0, 0.0, 0.0).interval_of_share().reason == "every run is at 0 or 1"


def test_without_components_there_is_no_interval_and_no_p():
    found = mean_over_seeds(VALUES, np.full((4, 3), np.nan))
    assert found.value == pytest.approx(VALUES.mean())
    assert math.isnan(found.interval().low)
    assert found.interval().reason
    assert math.isnan(found.p_at_most(0.0))
    assert math.isnan(found.two_sided_p)


def drawn(rng, runs, of_seeds, shared, own):
    """Estimates whose truth is 0: deviations over seeds, over units in common, and over units of each run's own."""
    seeds = rng.normal(0, of_seeds, size=runs) + rng.normal(0, own, size=runs)
    return seeds + rng.normal(0, shared)


@pytest.mark.parametrize("runs", [2, 3, 5, 10])
@pytest.mark.parametrize("of_seeds", [0.0, 1.0, 4.0])
def test_intervals_cover(runs, of_seeds):
    """2,000 trials: one standard error is 0.5 points. Satterthwaite's degrees for the sum of the variances would cover
    88% and 92% with two and three runs where seeds matter most."""
    rng = np.random.default_rng([runs, round(of_seeds)])
    shared, own = 1.0, 0.5
    held = 0
    for _ in range(2000):
        values = drawn(rng, runs, of_seeds, shared, own)
        given = shared**2 + own**2 / runs
        found = OverSeeds(values.mean(), values.var(ddof=1) / runs, runs - 1.0, shared**2, given)
        interval = found.interval()
        held += interval.low <= 0 <= interval.high
    assert held / 2000 > 0.95 - 3 * 0.005


def test_the_interval_of_the_share_covers():
    """Four runs: units' share of the variance known, seeds' from the runs. 2,000 trials, standard error 0.5 points."""
    rng = np.random.default_rng(5)
    runs, of_seeds, shared, own = 4, 1.0, 1.0, 0.5
    given = shared**2 + own**2 / runs
    truth = (of_seeds**2 / runs) / (of_seeds**2 / runs + given)
    held = 0
    for _ in range(2000):
        values = drawn(rng, runs, of_seeds, shared, own)
        found = OverSeeds(values.mean(), values.var(ddof=1) / runs, runs - 1.0, shared**2, given)
        low, high = found.seed_share_interval
        held += low <= truth <= high
    assert abs(held / 2000 - 0.95) < 3 * 0.005


def test_units_have_students_t_too():
    """No variance between runs: a half-width is 2.262157 standard errors, t of 9 degrees of freedom."""
    components = np.tile(np.full(4, 0.01), (3, 1))
    found = mean_over_seeds(np.full(3, 0.8), components, 9.0)
    assert found.half_width(0.025) == pytest.approx(2.262157 * 0.02)
    sides = [(np.full(2, 0.8), sign * components[:2]) for sign in (1, -1)]
    apart = difference_over_seeds(*sides, 9.0)
    assert apart.half_width(0.025) == pytest.approx(2.262157 * 0.04)
