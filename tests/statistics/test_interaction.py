"""Wald's test of equality of groups: two groups by hand, and how often it errs when nothing differs."""

import numpy as np
import pytest
from scipy.stats import f, norm, ttest_ind

from chex_tf.statistics import interaction

KNOWN = np.full(3, np.inf)  # variances, of three groups


def test_two_groups_are_a_z_test():
    generator = np.random.default_rng(0)
    replicates = generator.normal([[0.8], [0.7]], [[0.02], [0.03]], (2, 5000))
    found = interaction.test_equality(np.array([0.8, 0.7]), replicates, np.full(2, np.inf))
    z = 0.1 / np.std(replicates[1] - replicates[0], ddof=1)
    assert found.statistic == pytest.approx(z**2)
    assert found.p == pytest.approx(2 * norm.sf(z))
    assert found.freedom == 1


def test_two_small_groups_are_welchs_t_test():
    """With the variances of ten and of fifteen normals, against scipy."""
    generator = np.random.default_rng(3)
    groups = [generator.normal(0.8, 0.02, 10), generator.normal(0.77, 0.05, 15)]
    errors = [np.sqrt(one.var(ddof=1) / one.size) for one in groups]
    normal = generator.normal(size=(2, 200_000))
    replicates = np.stack(
        [error * (row - row.mean()) / row.std(ddof=1) for error, row in zip(errors, normal, strict=True)]
    )
    found = interaction.test_equality(np.array([one.mean() for one in groups]), replicates, np.array([9.0, 14.0]))
    assert found.p == pytest.approx(ttest_ind(*groups, equal_var=False).pvalue, rel=0.02)


def test_four_small_groups_are_welchs_analysis_of_variance():
    """Its formula by hand, for groups of 10, 12, 15 and 20 with unlike variances."""
    generator = np.random.default_rng(4)
    groups = [generator.normal(0.03 * place, 0.05 * (1 + place), size) for place, size in enumerate((10, 12, 15, 20))]
    means, sizes = np.array([one.mean() for one in groups]), np.array([one.size for one in groups])
    weights = np.array([one.size / one.var(ddof=1) for one in groups])
    centre = np.sum(weights * means) / weights.sum()
    lacking = np.sum((1 - weights / weights.sum()) ** 2 / (sizes - 1))
    welch = (np.sum(weights * (means - centre) ** 2) / 3) / (1 + 2 * 2 / 15 * lacking)
    normal = generator.normal(size=(4, 200_000))
    normal -= normal.mean(axis=1, keepdims=True)
    replicates = normal / normal.std(axis=1, ddof=1, keepdims=True) / np.sqrt(weights)[:, None]
    found = interaction.test_equality(means, replicates, sizes - 1.0)
    assert found.p == pytest.approx(f.sf(welch, 3, 15 / (3 * lacking)), rel=0.02)


def test_it_does_not_matter_which_group_comes_first():
    generator = np.random.default_rng(1)
    values, replicates = np.array([0.8, 0.75, 0.7]), generator.normal(0, [[0.02], [0.03], [0.05]], (3, 500))
    first = interaction.test_equality(values, replicates, KNOWN)
    turned = interaction.test_equality(values[::-1], replicates[::-1], KNOWN)
    assert first.statistic == pytest.approx(turned.statistic)


def test_equal_groups_are_told_apart_in_five_of_a_hundred_worlds():
    """Three means of 60 normals each, bootstrapped; 2,000 worlds: Monte Carlo error 0.5 points."""
    generator = np.random.default_rng(2)
    rejected = 0
    for _ in range(2000):
        rows = generator.normal(size=(3, 60))
        counts = generator.multinomial(180, np.full(180, 1 / 180), 200).reshape(200, 3, 60)
        replicates = np.einsum("rgn,gn->gr", counts, rows) / counts.sum(axis=2).T
        rejected += interaction.test_equality(rows.mean(axis=1), replicates, KNOWN).p < 0.05
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
    found = interaction.test_equality(np.array(values), replicates, KNOWN[: len(values)])
    assert np.isnan(found.p)
    assert reason in found.reason
