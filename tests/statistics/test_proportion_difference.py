"""Differences of proportions, against the published formulas, scipy's t, and by hand where nothing differs."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import proportion_difference
from chex_tf.statistics.proportion import Counts


def paired(first, second, trials=None, is_binary=True):
    trials = np.ones(len(first)) if trials is None else np.asarray(trials, float)
    sides = [Counts(np.asarray(side, float), trials, is_binary) for side in (first, second)]
    return proportion_difference.difference(*sides)


def test_two_runs_that_miss_all_of_51_patients():
    """Two rows added, +1 and -1: a variance of 53/52 * 2 / 53^2 and t of 50 degrees of freedom, 2.00856."""
    found = paired(np.zeros(51), np.zeros(51))
    reach = 2.008559 * math.sqrt(2 / (52 * 53))
    assert (found.value, found.interval.low, found.interval.high) == pytest.approx((0, -reach, reach))
    assert reach == pytest.approx(0.0541, abs=1e-4)
    assert found.p == 1


def test_two_runs_that_agree_everywhere_are_as_uncertain():
    hits = np.repeat([1.0, 0], [20, 31])
    missed, agreed = paired(np.zeros(51), np.zeros(51)), paired(hits, hits)
    assert (agreed.interval.low, agreed.interval.high) == pytest.approx((missed.interval.low, missed.interval.high))


def test_pairs_follow_bonett_and_price():
    """Of 30 pairs the first alone succeeds in 9 and the second alone in 2: (b + 1) / (n + 2) and (c + 1) / (n + 2)."""
    first = np.repeat([1, 1, 0, 0], [10, 9, 2, 9])
    second = np.repeat([1, 0, 1, 0], [10, 9, 2, 9])
    found = paired(first, second)
    b, c = 10 / 32, 3 / 32
    error = math.sqrt((b + c - (b - c) ** 2) / 32) * math.sqrt(32 / 31)
    reach = scipy.stats.t.ppf(0.975, 29) * error
    assert found.value == pytest.approx(7 / 30)
    assert (found.interval.low, found.interval.high) == pytest.approx((b - c - reach, b - c + reach))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf((b - c) / error, 29))


def test_groups_follow_agresti_and_caffo():
    """12 of 20 and 6 of 30, in different units: 13/22 and 7/32."""
    inside = np.repeat([True, False], [20, 30])
    success = np.concatenate([np.repeat([1.0, 0], [12, 8]), np.repeat([1.0, 0], [6, 24])])
    sides = [Counts(np.where(group, success, 0), group.astype(float)) for group in (inside, ~inside)]
    found = proportion_difference.difference(*sides)
    first, second = 13 / 22, 7 / 32
    error = math.sqrt(first * (1 - first) / 21 + second * (1 - second) / 31)  # n + 1 below, of n + 2 rows
    reach = scipy.stats.t.ppf(0.975, 19) * error
    assert found.value == pytest.approx(12 / 20 - 6 / 30)
    expected = first - second - reach, first - second + reach
    assert (found.interval.low, found.interval.high) == pytest.approx(expected)


def test_units_that_are_in_both_groups_count_for_both():
    """The second group is the first and ten units more: what they share cancels, so the interval is shorter."""
    hits = np.resize([1.0, 1, 0], 40)
    sides = Counts(np.where(np.arange(40) < 30, hits, 0), (np.arange(40) < 30).astype(float)), Counts(hits, np.ones(40))
    apart = Counts(np.append(np.zeros(30), hits), np.append(np.zeros(30), np.ones(40)))
    alone = Counts(np.append(sides[0].successes[:30], np.zeros(40)), np.repeat([1.0, 0], [30, 40]))
    both, neither = proportion_difference.difference(*sides), proportion_difference.difference(alone, apart)
    assert both.value == pytest.approx(neither.value)
    assert np.ptp([both.interval.low, both.interval.high]) < 0.7 * np.ptp([neither.interval.low, neither.interval.high])


def test_films_of_a_patient_that_are_all_alike_say_as_much_as_one():
    first, second = np.resize([1.0, 1, 0, 1], 24), np.resize([1.0, 0, 0], 24)
    once, twice = paired(first, second), paired(2 * first, 2 * second, np.full(24, 2))
    assert (twice.interval.low, twice.interval.high) == pytest.approx((once.interval.low, once.interval.high))


def test_iou_is_students_t_of_the_pairs():
    generator = np.random.default_rng(0)
    first, second = generator.random((2, 15))
    found = paired(first, second, is_binary=False)
    expected = scipy.stats.ttest_rel(first, second)
    interval = expected.confidence_interval()
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high))
    assert found.p == pytest.approx(expected.pvalue)


def test_iou_that_is_the_same_everywhere_has_no_interval():
    found = paired(np.zeros(12), np.zeros(12), is_binary=False)
    assert np.isnan([found.interval.low, found.interval.high]).all()
    assert found.interval.reason == "the difference is the same in every unit"
    assert found.p == 1
    assert math.isnan(paired(np.ones(12), np.zeros(12), is_binary=False).p)


def test_too_few_units():
    assert "fewer than 2 units" in paired([1.0], [0.0]).interval.reason
    nothing = paired(np.zeros(3), np.zeros(3), np.zeros(3))
    assert np.isnan([nothing.value, nothing.interval.low, nothing.p]).all()


def test_the_mean_of_one_task_taken_twice_is_that_task():
    one = paired(np.resize([1.0, 1, 0], 20), np.resize([1.0, 0], 20))
    two = proportion_difference.mean_of([one, one])
    assert (two.value, two.centre) == pytest.approx((one.value, one.centre))
    np.testing.assert_allclose(two.components, one.components)


def test_the_mean_of_tasks_on_different_units_is_more_certain():
    sides = [np.append(np.resize([1.0, 1, 0], 20), np.zeros(20)), np.append(np.resize([1.0, 0], 20), np.zeros(20))]
    trials = np.repeat([1.0, 0], 20)
    tasks = [paired(*sides, trials), paired(*[side[::-1] for side in sides], trials[::-1])]
    whole = proportion_difference.mean_of(tasks)
    assert whole.value == pytest.approx(tasks[0].value)
    assert whole.freedom == pytest.approx(2 * tasks[0].freedom)
    assert np.ptp([whole.interval.low, whole.interval.high]) < np.ptp([tasks[0].interval.low, tasks[0].interval.high])
