"""Steps to a score: what an evaluation can tell, means with intervals over seeds, and runs that never got there."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics.steps_to_score import Reached, contrast, difference, first_reached, mean

NAN = math.nan


def reached(*steps, gap=10.0):
    return [Reached(float(one), gap) for one in steps]


def never(*steps):
    return [Reached(float(one), 10.0, is_never=True) for one in steps]


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        ([0.5, 0.8, 0.7, 0.9], Reached(20, 10)),  # the first time, though it falls back
        ([0.75, 0.8, 0.7, 0.9], Reached(10, 10)),  # equal is reached; since the start, step 0
        ([NAN, 0.7, 0.7, 0.75], Reached(70, 40)),
        ([0.5, NAN, 0.7, 0.749], Reached(70, 40, is_never=True)),
    ],
)
def test_the_first_evaluation_at_the_score_counts(scores, found):
    assert first_reached([10, 20, 30, 70], scores, 0.75) == found


def test_a_run_without_evaluations_says_nothing():
    assert first_reached([], [], 0.75) is None


def test_a_mean_is_students_widened_by_what_rounding_hides():
    found = mean(reached(130, 140, 180))
    # The variance of 130, 140, 180 is 700, that of rounding to tens 100 / 12.
    half = scipy.stats.t.ppf(0.975, 2) * math.sqrt((700 + 100 / 12) / 3)
    assert found.value == 150
    assert found.interval.low == pytest.approx(150 - half - 10)
    assert found.interval.high == pytest.approx(150 + half)


def test_no_mean_is_below_no_steps_but_differences_may_be():
    found = mean(reached(30, 40, 80))
    assert (found.value, found.interval.low) == (50, 0)
    assert found.interval.high == pytest.approx(mean(reached(130, 140, 180)).interval.high - 100)
    assert difference(reached(30, 40, 80), reached(30, 40, 80)).interval.low < 0


def test_a_difference_is_welchs_and_rounding_widens_both_sides():
    first, second = [30.0, 40, 80], [100.0, 120, 110, 150]
    found = difference(reached(*first), reached(*second, gap=4))
    added = np.sqrt([100 / 12, 16 / 12])  # as two values more or less, whose variance this is
    variances = np.array([np.var(first, ddof=1), np.var(second, ddof=1)]) + added**2
    theirs = scipy.stats.ttest_ind_from_stats(50, math.sqrt(variances[0]), 3, 120, math.sqrt(variances[1]), 4, False)
    # Its interval, from t = difference / standard error.
    error = -70 / theirs.statistic
    half = scipy.stats.t.ppf(0.975, _welch(variances, (3, 4))) * error
    assert found.value == -70
    assert (found.interval.low, found.interval.high) == pytest.approx((-70 - half - 10, -70 + half + 4))
    assert math.isnan(found.p)


def _welch(variances, sizes):
    parts = variances / np.array(sizes)
    return parts.sum() ** 2 / np.sum(parts**2 / (np.array(sizes) - 1))


def test_runs_of_the_same_images_are_taken_in_pairs():
    first, second = [30.0, 60, 100], [40.0, 80, 110]
    found = difference(reached(*first), reached(*second), is_paired=True)
    low, high = scipy.stats.ttest_rel(first, second).confidence_interval()
    spread = np.var(np.subtract(first, second), ddof=1)
    wider = math.sqrt((spread + 200 / 12) / spread)
    assert found.interval.low == pytest.approx(found.value + wider * (low - found.value) - 10)
    assert found.interval.high == pytest.approx(found.value + wider * (high - found.value) + 10)
    assert found.interval.high < difference(reached(*first), reached(*second)).interval.high


def test_a_weighted_sum_counts_its_weights_squared():
    sides = [(1.0, reached(30, 40, 80)), (-2.0, reached(20, 30, 40)), (1.0, reached(10, 10, 20))]
    found = contrast(sides)
    parts = np.array([(700 + 100 / 12), 4 * (100 + 100 / 12), (100 / 3 + 100 / 12)]) / 3
    half = scipy.stats.t.ppf(0.975, parts.sum() ** 2 / np.sum(parts**2 / 2)) * math.sqrt(parts.sum())
    assert found.value == pytest.approx(50 - 60 + 40 / 3)
    assert found.interval.low == pytest.approx(found.value - half - 20)
    assert found.interval.high == pytest.approx(found.value + half + 20)


def test_runs_that_never_got_there_are_counted_and_take_the_interval():
    found = mean([*reached(30, 40), *never(100)])
    assert (found.value, found.never, found.runs) == (pytest.approx(170 / 3), 1, 3)
    assert math.isnan(found.interval.low)
    assert found.interval.reason == "1 of 3 runs never reached it"
    assert math.isnan(mean(reached(30)).interval.low)


def test_ranks_decide_where_runs_never_got_there():
    """Five that did against five that did not: of 252 ways to deal ten runs two lie as far out."""
    found = difference(reached(10, 20, 30, 40, 50), never(*[100] * 5))
    assert found.p == pytest.approx(2 / 252)
    some = [*reached(20, 60, 60), *never(100, 100)]
    theirs = scipy.stats.permutation_test(
        (np.array([10.0, 20, 30, 40, 60]), np.array([20, 60, 60, 1000, 1000])),
        lambda a, b, axis: np.abs(
            scipy.stats.rankdata(np.concatenate([a, b], axis), axis=axis)[..., :5].sum(-1) - 27.5
        ),
        alternative="greater",
        vectorized=True,
        n_resamples=10_000,
    )
    assert difference(reached(10, 20, 30, 40, 60), some).p == pytest.approx(theirs.pvalue)
    assert difference(some, reached(10, 20, 30, 40, 60)).p == pytest.approx(theirs.pvalue)


def test_ranks_say_nothing_where_they_are_not_known():
    """A run that ended at 50 cannot be ranked beside one that got there at 70; nor can runs that never did make their
    set the faster one, whatever their last step."""
    assert math.isnan(difference(reached(70, 80, 90, 95), never(50, 50, 50, 50)).p)
    assert math.isnan(difference([*reached(10, 10, 10), *never(100)], reached(60, 70, 80, 90)).p)


@pytest.mark.parametrize("deviation", [0.5, 4, 20])
def test_the_interval_holds_the_mean_as_often_as_it_says(deviation):
    """Sets of three runs whose steps are normal and seen at every tenth."""
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(1500):
        truth = 200 + generator.uniform(0, 10)
        seen = 10 * np.ceil(generator.normal(truth, deviation, 3) / 10)
        interval = mean(reached(*seen)).interval
        held += interval.low <= truth <= interval.high
    assert held / 1500 > 0.95
