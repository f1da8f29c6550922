"""Resampling, intervals and the jackknife, against scipy and brute force."""

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import roc_auc_score

from chex_tf.statistics import bootstrap, ranking


def weights_of(units, replicates, seed, elements=bootstrap.BLOCK_ELEMENTS):
    return np.concatenate(list(bootstrap.Resampling(units, replicates, seed).blocks(elements)))


def test_a_replicate_draws_as_many_units_as_there_are():
    weights = weights_of(37, 200, seed=1)
    assert weights.shape == (200, 37)
    assert weights.dtype == np.int32
    assert (weights.sum(axis=1) == 37).all()
    # Each count is binomial(37, 1/37): mean 1, variance 36/37. 7,400 of them lie this close with certainty enough.
    assert weights.mean() == 1
    assert weights.var() == pytest.approx(36 / 37, abs=0.08)


@pytest.mark.parametrize("elements", [1, 37, 100, 1000])
def test_the_block_size_changes_nothing(elements):
    np.testing.assert_array_equal(weights_of(37, 50, 3, elements), weights_of(37, 50, 3))


def test_the_seed_decides_and_no_global_state_does():
    np.random.seed(0)  # noqa: NPY002
    first = weights_of(20, 10, 5)
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(first, weights_of(20, 10, 5))
    assert (first != weights_of(20, 10, 6)).any()


def test_replicates_are_scikit_learns_on_the_same_draws():
    generator = np.random.default_rng(0)
    labels, scores = (generator.random(80) < 0.3).astype(float), generator.random(80).round(2)
    order = ranking.rank(labels, scores)
    ticks = []
    resampling = bootstrap.Resampling(80, 40, seed=9)
    (found,) = bootstrap.replicate(
        [lambda weights: ranking.auroc(order, weights)], resampling, lambda done, total: ticks.append((done, total))
    )
    expected = [
        roc_auc_score(labels[rows], scores[rows])
        for rows in (np.repeat(np.arange(80), counts) for counts in weights_of(80, 40, 9))
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert ticks[-1] == (40, 40)


def test_statistics_with_several_values_come_replicates_first():
    one, two = bootstrap.replicate(
        [lambda weights: weights[:, 0], lambda weights: np.stack([weights[:, 0], -weights[:, 1]])],
        bootstrap.Resampling(5, 7, 0),
    )
    assert (one.shape, two.shape) == ((7,), (7, 2))
    np.testing.assert_array_equal(two[:, 0], one)


def test_percentiles_by_hand():
    interval = bootstrap.percentile_interval(np.arange(1001.0))
    assert (interval.low, interval.high, interval.undefined) == (25.0, 975.0, 0)


def test_undefined_replicates_are_counted_and_take_no_part():
    values = np.concatenate([np.arange(1001.0), np.full(9, np.nan)])
    interval = bootstrap.percentile_interval(values)
    assert (interval.low, interval.high, interval.undefined) == (25.0, 975.0, 9)
    nothing = bootstrap.percentile_interval(np.full(5, np.nan))
    assert np.isnan(nothing.low)
    assert (nothing.undefined, nothing.reason) == (5, "no replicate has a value")


def test_bca_is_scipys_on_the_same_replicates():
    generator = np.random.default_rng(4)
    values = generator.exponential(size=40)
    weights = weights_of(40, 4000, 11)
    replicates = weights @ values**2 / 40  # a skewed statistic
    jackknife = np.array([np.delete(values**2, place).mean() for place in range(40)])
    ours = bootstrap.bca_interval(replicates, float(np.mean(values**2)), jackknife)
    theirs = scipy.stats.bootstrap(
        (values,),
        lambda sample, axis: np.mean(sample**2, axis=axis),
        method="BCa",
        n_resamples=0,
        bootstrap_result=type("Earlier", (), {"bootstrap_distribution": replicates})(),
        vectorized=True,
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    plain = bootstrap.percentile_interval(replicates)
    assert abs(ours.high - plain.high) > 0.01  # the correction does something here


def test_bca_of_a_perfect_model_is_a_point():
    interval = bootstrap.bca_interval(np.ones(100), 1.0, np.ones(10))
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_bca_says_why_it_gives_nothing():
    one_sided = bootstrap.bca_interval(np.array([1.0, 2.0, 3.0]), 5.0, np.arange(3.0))
    assert np.isnan(one_sided.low)
    assert "one side" in one_sided.reason
    lacking = bootstrap.bca_interval(np.array([1.0, 2.0, 3.0]), 2.0, np.array([1.0, np.nan]))
    assert "without one of the units" in lacking.reason


@pytest.mark.parametrize("units_of", [lambda rows: np.arange(rows), lambda rows: np.arange(rows) // 3])
def test_the_jackknife_is_leaving_out_one_by_one(units_of):
    generator = np.random.default_rng(5)
    labels = np.where(generator.random(60) < 0.1, np.nan, generator.random(60) < 0.4)
    scores = generator.random(60).round(1)
    units = units_of(60)
    found = bootstrap.jackknife_auroc(labels, scores, units, int(units.max()) + 1)
    for unit in range(int(units.max()) + 1):
        kept = (units != unit) & ~np.isnan(labels)
        assert found[unit] == pytest.approx(roc_auc_score(labels[kept], scores[kept]), abs=1e-12)


def test_the_jackknife_is_undefined_without_the_only_positive():
    found = bootstrap.jackknife_auroc(np.array([1.0, 0, 0]), np.array([2.0, 1, 3]), np.arange(3), 3)
    np.testing.assert_array_equal(found, [np.nan, 0.0, 1.0])


def test_a_shares_interval_is_on_the_logit_scale():
    """Replicates of 0.7 and 0.9 about 0.8: a deviation of 0.1, over 0.8 * 0.2 is 0.625 logits; t of 24 is 2.063899."""
    found = bootstrap.share_interval(np.array([0.7, 0.9, np.nan]), 0.8, 24)
    reach = 2.063899 * 0.625
    expected = [1 / (1 + np.exp(-np.log(4) - sign * reach)) for sign in (-1, 1)]
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.undefined == 1


def test_a_share_of_one_is_bounded_by_its_units():
    """Of 20 units none spoke against it: 0.025^(1/20)."""
    found = bootstrap.share_interval(np.ones(9), 1.0, 19)
    assert (found.low, found.high) == pytest.approx((0.8316, 1), abs=1e-4)
    none = bootstrap.share_interval(np.zeros(9), 0.0, 19)
    assert (none.low, none.high) == pytest.approx((0, 1 - 0.8316), abs=1e-4)
    assert bootstrap.share_interval(np.full(9, np.nan), 0.5, 19).reason == "no replicate has a value"
