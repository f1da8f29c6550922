"""Measures by hand: a weighted mean and its square, shared work, means over tasks, and what has no interval."""

import numpy as np
import pytest

from chex_tf.statistics import bootstrap, measure

RESAMPLING = bootstrap.Resampling(units=3, replicates=50, seed=2)
COUNTS = np.concatenate(list(RESAMPLING.blocks()))  # [50, 3], three units drawn each time
VALUES = np.array([1.0, 2.0, 6.0])

gathered = []


def gather(values):
    gathered.append(values)
    return lambda weights: weights @ values / weights.sum(axis=1)


MEAN_VALUE = measure.Measure(
    "mean_value", "mean value", gather, value=lambda means: means, jackknife=lambda values: (9 - values) / 2
)
SQUARE = measure.Measure(
    "square", "square", gather, value=np.square, is_compared=True, delong=lambda values: values / 9
)
PLAIN = measure.Measure("plain", "plain", gather, value=lambda means: -means, has_interval=False)


@pytest.fixture(autouse=True)
def nothing_gathered():
    gathered.clear()


def test_value_and_replicates_by_hand():
    found = measure.sample({("a", MEAN_VALUE, "t"): VALUES, ("a", SQUARE, "t"): VALUES}, RESAMPLING)
    assert found["a", MEAN_VALUE, "t"].value == 3
    assert found["a", SQUARE, "t"].value == 9
    np.testing.assert_allclose(found["a", MEAN_VALUE, "t"].replicates, COUNTS @ [1, 2, 6] / 3)
    np.testing.assert_allclose(found["a", SQUARE, "t"].replicates, (COUNTS @ [1, 2, 6] / 3) ** 2)


def test_measures_that_gather_alike_share_the_work_of_the_same_data_only():
    asked = {("a", one, task): VALUES for one in (MEAN_VALUE, SQUARE, PLAIN) for task in "tu"}
    other = VALUES.copy()
    measure.sample(asked | {("b", SQUARE, "t"): other}, RESAMPLING)
    assert [id(values) for values in gathered] == [id(VALUES), id(other)]


def test_replicates_are_paired_and_the_order_of_asking_changes_nothing():
    asked = {("a", MEAN_VALUE, "t"): VALUES, ("b", SQUARE, "u"): VALUES + 1, ("b", MEAN_VALUE, "t"): VALUES + 1}
    found = measure.sample(asked, RESAMPLING)
    again = measure.sample(dict(reversed(asked.items())), RESAMPLING)
    apart = found["b", MEAN_VALUE, "t"].replicates - found["a", MEAN_VALUE, "t"].replicates
    np.testing.assert_allclose(apart, 1)
    for key in asked:
        np.testing.assert_array_equal(found[key].replicates, again[key].replicates)


def test_a_measure_without_interval_is_a_value_only():
    ticks = []
    found = measure.sample({("a", PLAIN, "t"): VALUES}, RESAMPLING, lambda *tick: ticks.append(tick))
    assert found["a", PLAIN, "t"].value == -3
    assert (found["a", PLAIN, "t"].replicates.size, ticks) == (0, [])
    made = measure.estimate(found["a", PLAIN, "t"])
    assert made.value == -3
    assert np.isnan([made.interval.low, made.interval.high]).all()
    with pytest.raises(ValueError, match="expected plain to have an interval"):
        measure.Measure("plain", "plain", gather, np.negative, has_interval=False, is_compared=True)


def test_progress_counts_replicates():
    ticks = []
    measure.sample({("a", SQUARE, "t"): VALUES}, RESAMPLING, lambda *tick: ticks.append(tick))
    assert ticks[-1] == (50, 50)


def test_jackknife_and_components_are_made_where_wanted():
    asked = {("a", MEAN_VALUE, "t"): VALUES, ("a", SQUARE, "t"): VALUES}
    without = measure.sample(asked, RESAMPLING)
    assert all(one.jackknife is None and one.components is None for one in without.values())
    found = measure.sample(asked, RESAMPLING, with_jackknife=True, compared=[MEAN_VALUE, SQUARE])
    np.testing.assert_allclose(found["a", MEAN_VALUE, "t"].jackknife, [4, 3.5, 1.5])
    assert found["a", SQUARE, "t"].jackknife is None
    np.testing.assert_allclose(found["a", SQUARE, "t"].components, VALUES / 9)


def test_an_estimate_is_bca_where_there_is_a_jackknife():
    found = measure.sample({("a", MEAN_VALUE, "t"): VALUES}, RESAMPLING, with_jackknife=True)["a", MEAN_VALUE, "t"]
    expected = bootstrap.bca_interval(COUNTS @ VALUES / 3, 3.0, np.array([4, 3.5, 1.5]))
    made = measure.estimate(found)
    assert (made.interval.low, made.interval.high) == pytest.approx((expected.low, expected.high))
    plain = measure.sample({("a", MEAN_VALUE, "t"): VALUES}, RESAMPLING)["a", MEAN_VALUE, "t"]
    low, high = np.quantile(COUNTS @ VALUES / 3, [0.025, 0.975])
    interval = measure.estimate(plain).interval
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_an_undefined_value_keeps_its_reason():
    nothing = measure.Sampled(np.nan, np.full(4, np.nan), jackknife=np.full(3, np.nan))
    made = measure.estimate(nothing, "no positive in the set")
    assert (made.reason, made.interval.undefined) == ("no positive in the set", 4)


def test_a_mean_always_covers_the_same_tasks():
    first = measure.Sampled(0.5, np.array([0.5, 0.5]), np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    second = measure.Sampled(0.7, np.array([0.7, np.nan]), np.array([3.0, 2.0]), None)
    mean = measure.mean_of([first, second], 2)
    assert mean.value == pytest.approx(0.6)
    np.testing.assert_array_equal(mean.replicates, [0.6, np.nan])
    np.testing.assert_array_equal(mean.jackknife, [2, 2])
    assert mean.components is None
    nothing = measure.mean_of([], 3)
    assert np.isnan(nothing.value)
    np.testing.assert_array_equal(nothing.replicates, np.full(3, np.nan))


def test_words_begin_a_column_with_a_capital():
    assert [one.title for one in (MEAN_VALUE, measure.Measure("iou", "IoU", gather, np.square))] == [
        "Mean value",
        "IoU",
    ]
