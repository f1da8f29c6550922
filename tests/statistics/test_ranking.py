"""Exact AUROC and average precision against hand counts and scikit-learn."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from sklearn import metrics

from chex_tf.statistics import ranking


def both(order, weights):
    """[2, weightings] AUROC and average precision from one gathering."""
    gathered = order.weighted(weights)
    return np.stack([gathered.auroc(), gathered.average_precision()])


def once(labels, scores):
    order = ranking.rank(np.array(labels, float), np.array(scores, float))
    area, precision = both(order, np.ones((1, len(labels)), np.int32))[:, 0]
    return area, precision


@pytest.mark.parametrize(
    ("labels", "scores", "area", "precision"),
    [
        ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 3 / 4, 1 / 2 * 1 + 1 / 2 * 2 / 3),
        ([0, 1], [1, 2], 1, 1),
        ([1, 0], [1, 2], 0, 1 / 2),
        ([0, 1, 1, 0], [5, 5, 5, 5], 1 / 2, 1 / 2),
        ([1, 0, 0, 1], [2, 2, 1, 3], (0.5 + 1 + 2) / 4, 1 / 2 * 1 + 1 / 2 * 2 / 3),
    ],
)
def test_by_hand(labels, scores, area, precision):
    assert once(labels, scores) == pytest.approx((area, precision), abs=1e-15)


@pytest.mark.parametrize("labels", [[1, 1], [0, 0], [np.nan, 1], [np.nan, np.nan]])
def test_one_class_is_undefined(labels):
    assert np.isnan(once(labels, [1, 2])).all()


def test_unlabelled_rows_take_no_part():
    assert once([0, np.nan, 1], [1, 5, 2]) == once([0, 1], [1, 2])


@st.composite
def weighted_cases(draw):
    rows = draw(st.integers(2, 40))
    few = st.integers(-3, 3).map(float)  # many ties
    any_score = st.floats(-1e6, 1e6, allow_subnormal=False)
    scores = draw(st.lists(st.one_of(few, any_score) if draw(st.booleans()) else few, min_size=rows, max_size=rows))
    labels = draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))
    hypothesis.assume(0 < sum(labels) < rows)
    counts = draw(st.booleans())
    weight = st.integers(0, 5) if counts else st.floats(0.01, 10)
    weights = np.array(draw(st.lists(weight, min_size=rows, max_size=rows)), dtype=np.int32 if counts else np.float64)
    return np.array(labels, float), np.array(scores), weights


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(weighted_cases())
def test_equal_to_scikit_learn_with_weights_and_ties(case):
    labels, scores, weights = case
    found = both(ranking.rank(labels, scores), weights[np.newaxis])[:, 0]
    if weights[labels == 1].sum() == 0 or weights[labels == 0].sum() == 0:
        assert np.isnan(found).all()
        return
    assert found[0] == pytest.approx(metrics.roc_auc_score(labels, scores, sample_weight=weights), abs=1e-12)
    expected = metrics.average_precision_score(labels, scores, sample_weight=weights)
    assert found[1] == pytest.approx(expected, abs=1e-12)


def test_counts_that_would_overflow_32_bits_in_a_product_stay_exact():
    generator = np.random.default_rng(0)
    labels = (generator.random(200) < 0.5).astype(float)
    scores = generator.integers(0, 30, size=200).astype(float)
    weights = generator.integers(1_000_000, 3_000_000, size=(3, 200)).astype(np.int32)
    found = ranking.auroc(ranking.rank(labels, scores), weights)
    for place in range(3):
        expected = metrics.roc_auc_score(labels, scores, sample_weight=weights[place])
        assert found[place] == pytest.approx(expected, abs=1e-12)


def test_many_weightings_at_once_are_the_same_as_one_by_one():
    generator = np.random.default_rng(1)
    labels, scores = (generator.random(60) < 0.3).astype(float), generator.random(60).round(1)
    weights = generator.integers(0, 4, size=(20, 60)).astype(np.int32)
    order = ranking.rank(labels, scores)
    together = both(order, weights)
    for place in range(20):
        np.testing.assert_array_equal(together[:, place], both(order, weights[[place]])[:, 0])


def test_weights_by_unit_are_weights_by_row():
    generator = np.random.default_rng(2)
    units = np.sort(generator.integers(0, 15, size=50))
    labels, scores = (generator.random(50) < 0.4).astype(float), generator.random(50)
    weights = generator.integers(0, 3, size=(7, 15)).astype(np.int32)
    order = ranking.rank(labels, scores)
    np.testing.assert_array_equal(ranking.auroc(order.by_unit(units), weights), ranking.auroc(order, weights[:, units]))


def test_curves_are_scikit_learns():
    generator = np.random.default_rng(3)
    labels, scores = (generator.random(80) < 0.4).astype(float), generator.random(80).round(1)
    false, true, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(ranking.roc_curve(labels, scores), (false, true), atol=1e-15)
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    ours = ranking.precision_recall_curve(labels, scores)
    np.testing.assert_allclose(ours, (recall[-2::-1], precision[-2::-1]), atol=1e-15)


def test_wins_by_row_by_hand():
    labels, scores = np.array([1, 0, 0, 1, np.nan]), np.array([2.0, 2.0, 1.0, 3.0, 9.0])
    wins = ranking.wins_by_row(ranking.rank(labels, scores), scores)
    np.testing.assert_array_equal(wins, [1.5, 1.5, 2, 2, 0])
