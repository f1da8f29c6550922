"""Ranks, normal scores and Spearman's rho against scipy, with ties."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import ranks


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=20))
def test_equal_to_scipy_with_ties(pairs):
    first, second = np.array(pairs, dtype=float).T
    np.testing.assert_array_equal(ranks.average_ranks(first), scipy.stats.rankdata(first))
    found = ranks.rho(first, second)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(scipy.stats.spearmanr(first, second).statistic, abs=1e-12)


def test_rho_along_the_last_axis_is_undefined_with_a_nan():
    rows = np.array([[1.0, 2, 3, 4], [4.0, 3, 2, 1], [1.0, 2, 4, 3], [np.nan, 2, 4, 3]])
    np.testing.assert_allclose(ranks.rho(np.arange(4.0), rows), [1, -1, 0.8, np.nan])


def test_normal_scores_are_quantiles_at_the_middle_of_each_ranks_place():
    found = ranks.normal_scores(np.array([30.0, 10, 20, 20]))
    np.testing.assert_allclose(found, scipy.stats.norm.ppf([3.5 / 4, 0.5 / 4, 0.5, 0.5]))
