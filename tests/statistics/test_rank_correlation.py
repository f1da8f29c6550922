"""Spearman's rho against scipy and the paper, and family spread by hand."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import rank_correlation

# CheXtransfer, Table 1: mean AUROC and millions of parameters of the 16 pretrained models.
TABLE_1 = {
    "DenseNet121": (0.859, 6.968),
    "DenseNet169": (0.860, 12.508),
    "DenseNet201": (0.864, 18.120),
    "EfficientNetB0": (0.859, 4.025),
    "EfficientNetB1": (0.858, 6.531),
    "EfficientNetB2": (0.866, 7.721),
    "EfficientNetB3": (0.853, 10.718),
    "InceptionV3": (0.862, 27.161),
    "InceptionV4": (0.861, 42.680),
    "MNASNet": (0.858, 5.290),
    "MobileNetV2": (0.854, 2.242),
    "MobileNetV3": (0.859, 4.220),
    "ResNet101": (0.863, 44.549),
    "ResNet18": (0.862, 11.690),
    "ResNet34": (0.863, 21.798),
    "ResNet50": (0.859, 25.557),
}


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=20))
def test_equal_to_scipy_with_ties(pairs):
    first, second = np.array(pairs, dtype=float).T
    np.testing.assert_array_equal(rank_correlation.average_ranks(first), scipy.stats.rankdata(first))
    found = rank_correlation.correlate(first, second, resampled_models=5)
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert np.isnan(found.rho)
        assert np.isnan(found.p)
        return
    expected = scipy.stats.spearmanr(first, second)
    assert found.rho == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-7)


def test_the_papers_table_1():
    areas, parameters = np.array(list(TABLE_1.values())).T
    found = rank_correlation.correlate(parameters, areas)
    expected = scipy.stats.spearmanr(parameters, areas)
    assert (found.rho, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (round(found.rho, 3), round(found.p, 3), found.models) == (0.597, 0.015, 16)
    assert found.over_models is not None
    assert found.over_models.low < 0.597 < found.over_models.high


def test_the_interval_over_the_test_set_ranks_each_replicate():
    attribute = np.array([1.0, 2, 3, 4])
    replicates = np.array([[1.0, 2, 3, 4], [4.0, 3, 2, 1], [1.0, 2, 4, 3], [np.nan, 2, 4, 3]])
    over_test = rank_correlation.correlate(attribute, replicates[0], replicates).over_test
    expected = np.quantile([1.0, -1.0, 0.8], [0.025, 0.975])
    assert (over_test.low, over_test.high) == pytest.approx(tuple(expected))
    assert over_test.undefined == 1


def test_resampled_models_that_are_all_one_are_counted():
    found = rank_correlation.correlate([1.0, 2, 3], [1.0, 3, 2], resampled_models=900)
    assert found.over_models.undefined == pytest.approx(900 / 9, abs=40)  # 3 of 27 ways


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        rank_correlation.correlate([1.0, 2], [1.0, 2, 3])


def test_family_spread_by_hand():
    families = ["R", "R", "R", "D", "D", "M"]
    parameters = [10, 30, 20, 8, 5, 2]
    values = np.array([0.80, 0.83, 0.85, 0.90, 0.88, 0.70])
    shifted = values + np.array([0, 0.01, 0, 0, 0, 0])
    found = rank_correlation.family_spread(families, parameters, values, np.stack([values, shifted]))
    assert {name: value for name, (value, _) in found.growth.items()} == pytest.approx({"R": 0.03, "D": 0.02})
    assert found.growth["R"][1].high == pytest.approx(0.03 + 0.975 * 0.01)
    assert found.within[0] == pytest.approx((0.05 + 0.02) / 2)
    assert found.between[0] == pytest.approx(0.89 - 0.70)


def test_families_of_one_have_no_spread_within():
    found = rank_correlation.family_spread(["A", "B"], [1, 2], [0.5, 0.7])
    assert np.isnan(found.within[0])
    assert found.growth == {}
    assert found.between == (pytest.approx(0.2), None)
