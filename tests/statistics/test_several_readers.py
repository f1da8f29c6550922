"""Mean over readers: by hand, and whether the interval covers with three readers."""

import numpy as np
import pytest
from scipy import stats

from chex_tf.statistics.several_readers import over_readers


def with_covariance(covariance, mean):
    """Fifty replicates whose covariance is exactly this."""
    raw = np.random.default_rng(0).normal(size=(50, len(covariance)))
    raw -= raw.mean(axis=0)
    whitened = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T))).T
    return mean + whitened @ np.linalg.cholesky(covariance).T


def test_by_hand():
    """Readers at 0.1, 0.2, 0.3: MS 0.01; covariance 0.002 of each two. Variance (0.01 + 0.006) / 3; of it 0.625 by the
    readers, with a quantile of 4.303 (t, 2 degrees of freedom), the rest by the cases, with 1.960."""
    covariance = np.array([[0.004, 0.002, 0.002], [0.002, 0.004, 0.002], [0.002, 0.002, 0.004]])
    value, interval, p = over_readers(np.array([0.1, 0.2, 0.3]), with_covariance(covariance, 0.2))
    error = (0.016 / 3) ** 0.5
    reach = (0.625 * 4.30265 + 0.375 * 1.95996) * error
    assert value == pytest.approx(0.2)
    assert (interval.low, interval.high) == pytest.approx((0.2 - reach, 0.2 + reach), abs=1e-5)
    quantile = 0.625 * stats.t.isf(p / 2, 2) + 0.375 * stats.norm.isf(p / 2)
    assert quantile * error == pytest.approx(0.2)  # the interval of level 1 - p ends at zero


def test_p_agrees_with_the_interval_and_is_never_zero():
    replicates = with_covariance(np.array([[0.004, 0.002], [0.002, 0.004]]), 0.0)
    for shift in np.linspace(-1.5, 1.5, 31):
        _, interval, p = over_readers(np.array([-0.02, 0.02]) + shift, replicates, high=np.inf)
        assert (p < 0.05) == (interval.low > 0 or interval.high < 0)
    assert over_readers(np.array([1e9, 1e9]), replicates)[2] > 0
    assert over_readers(np.array([-0.02, 0.02]), replicates)[2] == pytest.approx(1.0)


def test_readers_who_agree_leave_the_variance_of_the_cases():
    replicates = np.repeat(np.random.default_rng(0).normal(0.3, 0.1, size=(400, 1)), 2, axis=1)
    _, interval, p = over_readers(np.array([0.3, 0.3]), replicates)
    error = replicates[:, 0].std(ddof=1)
    assert interval.high == pytest.approx(0.3 + stats.norm.isf(0.025) * error)
    assert p == pytest.approx(2 * stats.norm.sf(0.3 / error))


def test_bounds_undefined_replicates_and_one_reader():
    replicates = np.random.default_rng(0).normal(0.9, 0.2, size=(100, 2))
    replicates[:7, 1] = np.nan
    _, interval, _ = over_readers(np.array([0.9, 0.99]), replicates, low=0.0)
    assert (interval.high, interval.undefined) == (1.0, 7)
    assert over_readers(np.array([0.5, 0.5]), np.full((40, 2), 0.5))[1].reason
    with pytest.raises(ValueError, match="at least two readers"):
        over_readers(np.array([0.5]), replicates[:, :1])


@pytest.mark.parametrize(("readers", "spread"), [(2, 0.1), (3, 0.3)])
def test_it_covers_with_few_readers_where_drawing_readers_anew_does_not(readers, spread):
    """600 sets of 60 cases with readers of a population; the Monte Carlo error is 0.9 points."""
    truth, held, anew = 0.2, [], []
    for trial in range(600):
        generator = np.random.default_rng([trial, readers])
        skills = truth + generator.normal(scale=spread, size=readers)
        answers = skills + generator.normal(scale=0.4, size=(60, 1)) + generator.normal(scale=0.4, size=(60, readers))
        replicates = generator.multinomial(60, np.full(60, 1 / 60), size=100) @ answers / 60
        _, interval, _ = over_readers(answers.mean(axis=0), replicates, high=np.inf)
        held.append(interval.low <= truth <= interval.high)
        drawn = generator.integers(0, readers, size=(100, readers))
        low, high = np.quantile(np.take_along_axis(replicates, drawn, axis=1).mean(axis=1), [0.025, 0.975])
        anew.append(low <= truth <= high)
    assert 0.93 < np.mean(held) < 0.98
    assert np.mean(anew) < 0.9
