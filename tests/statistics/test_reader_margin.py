"""A reader beside a ROC curve, against fractions counted point by point."""

from fractions import Fraction

import numpy as np
import pytest

from chex_tf.statistics import reader_margin


def exact(labels, scores, called):
    """The margin by the definition: every rate is a fraction of whole numbers."""
    positives, negatives = (int(np.sum(labels == value)) for value in (1, 0))

    def point(decided):
        return (
            Fraction(int(np.sum(decided & (labels == 0))), negatives),
            Fraction(int(np.sum(decided & (labels == 1))), positives),
        )

    curve = [(Fraction(0), Fraction(0)), *(point(scores >= cut) for cut in sorted(set(scores), reverse=True))]
    false, true = point(called)
    at_same = [height for rate, height in curve if rate == false]
    if at_same:
        return true - max(at_same)
    before = max(one for one in curve if one[0] < false)
    after = min(one for one in curve if one[0] > false)
    share = (false - before[0]) / (after[0] - before[0])
    return true - (before[1] + share * (after[1] - before[1]))


# ROC of these scores: (0, .5), (.25, .5), (.25, .75), (.75, 1), (1, 1).
LABELS = np.array([1.0, 1, 0, 1, 0, 0, 1, 0])
SCORES = np.array([8.0, 7, 6, 5, 4, 4, 4, 1])


@pytest.mark.parametrize(
    ("true", "false", "where", "margin"),
    [
        (4, 1, "above", 0.25),  # the curve reaches 0.75 at a false positive rate of 0.25
        (3, 1, "on", 0.0),
        (2, 1, "below", -0.25),  # the foot of the step is not what the model does there at best
        (2, 0, "on", 0.0),  # without a false positive the curve rises to 0.5
        (4, 4, "on", 0.0),
        (4, 2, "above", 0.125),  # 0.875, half-way along the slope of tied scores
    ],
)
def test_by_hand(true, false, where, margin):
    called = np.zeros(8, dtype=bool)
    called[np.flatnonzero(LABELS == 1)[:true]] = True
    called[np.flatnonzero(LABELS == 0)[:false]] = True
    found = reader_margin.margin(LABELS, SCORES, called)
    assert (reader_margin.where_to_curve(found), found) == (where, margin)
    assert exact(LABELS, SCORES, called) == Fraction(margin)


def test_no_specificity_is_missed_by_rounding():
    """Of 1 to 60 negatives every count of false positives, on a curve that passes each of them in a vertical step: the
    reader is a model's own threshold, so the margin is 0, and not one true positive too many."""
    for negatives in (3, 7, 49, 60):
        labels = np.tile([0.0, 1.0], negatives)
        scores = -np.arange(2 * negatives, dtype=float)
        for false in range(1, negatives + 1):
            assert reader_margin.margin(labels, scores, scores > -2 * false) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_weighted_margins_are_the_exact_ones_of_repeated_rows(seed):
    """Ties among scores, unlabelled rows, two rows a unit, three readers."""
    generator = np.random.default_rng(seed)
    labels = generator.choice([0.0, 1.0, np.nan], size=60, p=[0.5, 0.3, 0.2])
    scores = (generator.normal(size=60) + np.nan_to_num(labels)).round(1)
    called = generator.random((3, 60)) < 0.4
    weights = generator.integers(0, 4, size=(25, 30)).astype(np.int32)
    units = np.arange(60) // 2
    found = reader_margin.by_unit(labels, scores, called, units, 30)(weights)
    for row, counts in zip(found, weights, strict=True):
        rows = np.repeat(np.arange(60), counts[units])
        rows = rows[~np.isnan(labels[rows])]
        expected = [float(exact(labels[rows], scores[rows], one[rows])) for one in called]
        np.testing.assert_array_equal(row, expected)


def test_without_a_class_there_is_no_margin():
    only = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]])
    margins = reader_margin.by_unit(
        np.array([1.0, 1, 0, 0]), np.arange(4.0), np.array([[True, False, True, False]]), np.arange(4), 4
    )(only)
    assert np.isnan(margins[:, 0]).tolist() == [True, True, False]
