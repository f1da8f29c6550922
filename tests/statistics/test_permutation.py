"""Permutation p of Spearman's rho: by hand, by going through every order, against scipy."""

import itertools
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import permutation
from chex_tf.statistics.ranks import rho


@pytest.mark.parametrize(
    ("second", "of_orders"),
    [
        ([1, 2, 3, 4], 2 / 24),  # itself and its reverse
        ([1, 2, 4, 3], 8 / 24),  # rho 0.8: those two, and three exchanges of neighbours up and down
        ([1, 2, 3, 4, 5], 2 / 120),
        ([1, 2, 3, 5, 4], 10 / 120),  # rho 0.9: those two, and four exchanges of neighbours up and down
        ([3, 1, 1, 1], 12 / 24),  # three alike: the fourth is first or last in half of the orders
    ],
)
def test_four_and_five_by_hand(second, of_orders):
    found = permutation.permutation_p(np.arange(len(second), dtype=float), np.array(second, dtype=float), 0)
    assert (found.p, found.orders, found.is_exact) == (of_orders, math.factorial(len(second)), True)


@hypothesis.settings(max_examples=30, deadline=None)
@hypothesis.given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=6))
def test_equal_to_going_through_every_order(pairs):
    first, second = np.array(pairs, dtype=float).T
    found = permutation.permutation_p(first, second, 0)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert math.isnan(found.p)
        return
    every = np.abs(rho(first, np.array(list(itertools.permutations(second)))))
    assert found.p == pytest.approx(np.mean(every >= abs(float(rho(first, second))) - 1e-12), abs=1e-12)


def test_scipy_draws_the_same():
    generator = np.random.default_rng(3)
    first, second = generator.integers(0, 5, 9), generator.integers(0, 5, 9) + np.arange(9) // 3
    drawn = scipy.stats.permutation_test(
        (second,),
        lambda order: abs(scipy.stats.spearmanr(first, order).statistic),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=3000,
        rng=generator,
    )
    found = permutation.permutation_p(first.astype(float), second.astype(float), 0)
    assert found.p == pytest.approx(drawn.pvalue, abs=0.04)  # four standard errors


def test_drawn_orders_give_nearly_the_exact_p_and_never_zero(monkeypatch):
    generator = np.random.default_rng(0)
    first, second = np.arange(8.0), np.arange(8.0) + generator.normal(size=8) * 3
    exact = permutation.permutation_p(first, second, 0)
    monkeypatch.setattr(permutation, "EXACT_UP_TO", 3)
    drawn = permutation.permutation_p(first, second, 0)
    assert not drawn.is_exact
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p / permutation.DRAWN_ORDERS))
    many = permutation.permutation_p(np.arange(40.0), -np.arange(40.0), 1)
    assert many.p == 1 / (permutation.DRAWN_ORDERS + 1)


def test_a_nan_has_no_p():
    assert math.isnan(permutation.permutation_p(np.array([1.0, np.nan, 3]), np.arange(3.0), 0).p)
