"""The best against the worst: by hand, by enumeration, and in simulated sets of equally good models."""

import itertools

import numpy as np
import pytest

from chex_tf.statistics import bootstrap, ranking
from chex_tf.statistics.extremes import extremes, range_test
from chex_tf.statistics.measure import Measure, Sampled

MEASURE = Measure("area", "area", gather=lambda data: lambda weights: weights, value=lambda gathered: gathered[:, 0])


def sampled(values, replicates):
    return {
        (name, MEASURE, "t"): Sampled(value, column)
        for name, value, column in zip("abcd", values, np.transpose(replicates), strict=False)
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.8, 0.9, 0.7], ("b", "c", 3)), ([0.8, np.nan, 0.7], ("a", "c", 2)), ([0.5, 0.5], ("a", "b", 2))],
)
def test_which_two(values, expected):
    found = extremes(MEASURE, "t", "abc"[: len(values)], sampled(values, np.full((40, len(values)), 0.5)))
    assert (found.a, found.b, found.models) == expected


def test_one_model_has_no_extremes():
    assert extremes(MEASURE, "t", "ab", sampled([0.8, np.nan], np.full((40, 2), 0.5))) is None


def test_the_range_by_hand():
    """Deviations of three models in 19 replicates: ranges 0.01 to 0.19, so 0.15 is reached by five of them."""
    ranges = np.arange(1, 20) / 100
    deviations = np.stack([ranges / 2, np.zeros(19), -ranges / 2], axis=1)
    interval, p = range_test(0.1501, deviations)
    assert p == (1 + 4) / (1 + 19)
    assert (interval.low, interval.high) == pytest.approx((0.1501 - 0.181, 0.1501 + 0.181))  # the 95th percentile
    with_undefined = np.concatenate([deviations, np.full((3, 3), np.nan)])
    interval, same = range_test(0.1501, with_undefined)
    assert (same, interval.undefined) == (p, 3)


def test_p_is_never_zero_and_equal_models_are_not_different():
    deviations = np.random.default_rng(0).normal(scale=0.01, size=(99, 4))
    assert range_test(5.0, deviations)[1] == 1 / 100
    assert range_test(0.0, deviations)[1] == 1.0


def test_of_two_models_it_is_the_share_of_all_resamples_as_far_apart():
    """All 4^4 resamples of four units, of which a model's value is the mean."""
    data = np.array([[0.9, 0.1], [0.8, 0.5], [0.3, 0.4], [0.7, 0.2]])
    means = np.array([data[list(rows)].mean(axis=0) for rows in itertools.product(range(4), repeat=4)])
    found = extremes(MEASURE, "t", "ab", sampled(data.mean(axis=0), means))
    moved = [abs((a - data[:, 0].mean()) - (b - data[:, 1].mean())) for a, b in means]
    assert found.p == (1 + sum(one >= found.value for one in moved)) / 257


def equal_models(trial, models=10, rows=200):
    generator = np.random.default_rng([trial, 11])
    labels = (generator.random(rows) < 0.3).astype(float)
    shared = generator.normal(size=rows) * 0.8**0.5 + 1.4 * labels
    rankings = [ranking.rank(labels, shared + generator.normal(size=rows) * 0.2**0.5) for _ in range(models)]
    values = np.concatenate([ranking.auroc(one, np.ones((1, rows), np.int32)) for one in rankings])
    weights = np.concatenate(list(bootstrap.Resampling(rows, 200, trial).blocks()))
    replicates = np.stack([ranking.auroc(one, weights) for one in rankings], axis=1)
    return values, replicates


def test_ten_equal_models_differ_significantly_in_one_of_twenty_sets_not_in_most():
    """Of 400 sets; 95% of such shares lie within 2.1 points of 5%. The extremes' own p is below 0.05 in most."""
    selected, naive = [], []
    for trial in range(400):
        values, replicates = equal_models(trial)
        best, worst = np.argmax(values), np.argmin(values)
        selected.append(range_test(values[best] - values[worst], replicates - values)[1] < 0.05)
        naive.append(2 * np.mean(replicates[:, best] <= replicates[:, worst]) < 0.05)
    assert 0.02 < np.mean(selected) < 0.072
    assert np.mean(naive) > 0.4
