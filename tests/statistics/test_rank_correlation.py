"""Rank correlation of the paper's table, families by hand, and how often the intervals hold."""

import math

import numpy as np
import pytest
import scipy.stats

from chex_tf.statistics import rank_correlation
from chex_tf.statistics.rank_correlation import correlate

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
FAMILIES = ["D", "D", "D", "E", "E", "E", "E", "I", "I", "N", "M", "M", "R", "R", "R", "R"]


def test_the_papers_table_1():
    areas, parameters = np.array(list(TABLE_1.values())).T
    found = correlate(parameters, areas, FAMILIES)
    expected = scipy.stats.spearmanr(parameters, areas)
    assert (found.rho, round(found.rho, 3), found.models) == (pytest.approx(expected.statistic), 0.597, 16)
    assert found.p.p == pytest.approx(expected.pvalue, abs=0.003)  # Student's t is near the permutations here
    assert not found.p.is_exact
    means = [[side[[one == name for one in FAMILIES]].mean() for name in "DEINMR"] for side in (parameters, areas)]
    assert found.by_family.rho == pytest.approx(scipy.stats.spearmanr(*means).statistic)
    assert (found.by_family.families, found.by_family.p.orders, found.by_family.p.is_exact) == (6, 720, True)
    assert 6 <= found.effective_models < 16
    assert found.over_models.low < 0.597 < found.over_models.high


def test_models_that_are_alike_in_a_family_are_worth_one():
    places = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    same = np.array([1.0, 1, 2, 2, 3, 3, 4, 4])
    assert rank_correlation.intraclass_correlation(same, places) == 1
    assert rank_correlation.effective_models(same, same, places) == 4
    crossed = np.array([1.0, 2, 1, 2, 1, 2, 1, 2])
    assert rank_correlation.intraclass_correlation(crossed, places) == 0
    assert rank_correlation.effective_models(same, crossed, places) == 8
    assert rank_correlation.effective_models(same, crossed, np.arange(8)) == 8


def test_intraclass_correlation_by_hand():
    """Mean squares: between 8 (means 2 and 6, two models each: 2 × 4 + 2 × 4 over 1 = 16), within 2."""
    values, places = np.array([1.0, 3, 5, 7]), np.array([0, 0, 1, 1])
    assert rank_correlation.intraclass_correlation(values, places) == pytest.approx((16 - 2) / (16 + 2))


def test_the_interval_by_hand_and_where_there_is_none():
    interval = rank_correlation.interval_over_models(0.5, 16, 12.0)
    reach = 1.959964 * math.sqrt((1 + 0.125) / 9)
    assert interval.low == pytest.approx(math.tanh(math.atanh(0.5) - reach), abs=1e-6)
    assert interval.high == pytest.approx(math.tanh(math.atanh(0.5) + reach), abs=1e-6)
    assert "independent" in rank_correlation.interval_over_models(0.5, 16, 3.0).reason
    assert math.isnan(rank_correlation.interval_over_models(math.nan, 16, 16.0).low)


def test_perfect_order_has_a_p_above_zero_and_an_interval_with_width():
    found = correlate(np.arange(5.0), np.arange(5.0))
    assert (found.rho, found.p.p) == (pytest.approx(1), pytest.approx(2 / 120))
    assert found.over_models.low < 0.6
    assert found.over_models.high == pytest.approx(1)
    assert found.by_family is None


def test_one_side_constant():
    found = correlate([1.0, 1, 1, 1], [1.0, 2, 3, 4])
    assert math.isnan(found.rho)
    assert math.isnan(found.p.p)
    assert found.over_models.reason == "one side is constant"


def test_lists_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        correlate([1.0, 2], [1.0, 2, 3])
