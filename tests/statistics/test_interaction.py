"""Wald's test of equality of groups: two groups by hand, and how often it errs when nothing differs."""

import numpy as np
import pytest
from scipy.stats import norm

from chex_tf.statistics import interaction


def test_two_groups_are_a_z_test():
    generator = np.random.default_rng(0)
    replicates = generator.normal([[0.8], [0.7]], [[0.02], [0.03]], (2, 5000))
    found = interaction.test_equality(np.array([0.8, 0.7]), replicates)
    z = 0.1 / np.std(replicates[1] - replicates[0], ddof=1)
    assert found.statistic == pytest.approx(z**2)
    assert found.p == pytest.approx(2 * norm.sf(z))
    assert found.freedom == 1


def test_it_does_not_matter_which_group_comes_first():
    generator = np.random.default_rng(1)
    values, replicates = np.array([0.8, 0.75, 0.7]), generator.normal(0, [[0.02], [0.03], [0.05]], (3, 500))
    first = interaction.test_equality(values, replicates)
    turned = interaction.test_equality(values[::-1], replicates[::-1])
    assert first.statistic == pytest.approx(turned.statistic)


def test_equal_groups_are_told_apart_in_five_of_a_hundred_worlds():
    """Three means of 60 normals each, bootstrapped; 2,000 worlds: Monte Carlo error 0.5 points."""
    generator = np.random.default_rng(2)
    rejected = 0
    for _ in range(2000):
        rows = generator.normal(size=(3, 60))
        counts = generator.multinomial(180, np.full(180, 1 / 180), 200).reshape(200, 3, 60)
        replicates = np.einsum("rgn,gn->gr", counts, rows) / counts.sum(axis=2).T
        rejected += interaction.test_equality(rows.mean(axis=1), replicates).p < 0.05
    assert rejected / 2000 == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("values", "replicates", "reason"),
    [
        ([0.8], np.ones((1, 100)), "fewer than two"),
        ([0.8, 0.7], np.full((2, 100), np.nan), "too few replicates"),
        ([0.8, 0.7], np.ones((2, 100)), "do not vary"),
    ],
)
def test_where_there_is_no_test_a_word_says_why(values, replicates, reason):
    found = interaction.test_equality(np.array(values), replicates)
    assert np.isnan(found.p)
    assert reason in found.reason
