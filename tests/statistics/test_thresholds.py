"""Decisions at thresholds and readers' operating points."""

import math

import numpy as np
import pytest
from sklearn import metrics

from chex_tf.statistics import thresholds

LABELS = np.array([1.0, 1, 1, 0, 0, 0, 0, np.nan])
CALLED = np.array([True, True, False, True, False, False, False, True])


def test_rates_by_hand():
    made = thresholds.decide(LABELS, CALLED)
    assert (made.sensitivity, made.specificity, made.f1) == (2 / 3, 3 / 4, 2 / 3)


def test_rates_without_anything_to_divide_by():
    made = thresholds.decide(np.array([0.0, 0.0]), np.array([True, False]))
    assert math.isnan(made.sensitivity)
    assert math.isnan(made.f1)
    assert made.specificity == 0.5


def test_decisions_by_unit_are_decisions_of_the_resampled_rows():
    generator = np.random.default_rng(0)
    labels = np.where(generator.random(40) < 0.1, np.nan, generator.random(40) < 0.4)
    called = generator.random(40) < 0.5
    units = np.arange(40) // 2
    weights = generator.integers(0, 3, size=(6, 20)).astype(np.int32)
    resampled = thresholds.decide_by_unit(labels, called, units, 20)(weights)
    found = np.stack([resampled.sensitivity, resampled.specificity, resampled.f1])
    for place in range(6):
        rows = np.repeat(np.arange(40), weights[place][units])
        made = thresholds.decide(labels[rows], called[rows])
        assert found[:, place] == pytest.approx([made.sensitivity, made.specificity, made.f1])


def test_rates_of_a_replicate_without_positives_are_undefined():
    made = thresholds.decide_by_unit(np.array([1.0, 0]), np.array([True, True]), np.arange(2), 2)(np.array([[0, 2]]))
    np.testing.assert_array_equal([made.sensitivity, made.specificity, made.f1], [[np.nan], [0.0], [np.nan]])


def test_the_threshold_maximises_its_merit():
    generator = np.random.default_rng(1)
    labels = (generator.random(200) < 0.3).astype(float)
    scores = (generator.normal(size=200) + labels).round(1)
    candidates = np.unique(scores)
    balanced = [metrics.balanced_accuracy_score(labels, scores >= cut) for cut in candidates]
    f1 = [metrics.f1_score(labels, scores >= cut) for cut in candidates]
    for by, merits in (("youden", balanced), ("f1", f1)):
        chosen = thresholds.choose_threshold(labels, scores, by)
        assert merits[list(candidates).index(chosen)] == pytest.approx(max(merits))


def test_the_threshold_by_hand_and_the_highest_of_equals():
    labels, scores = np.array([1.0, 0, 1, 0]), np.array([0.9, 0.7, 0.6, 0.1])
    assert thresholds.choose_threshold(labels, scores, "youden") == 0.9  # as good as 0.6
    assert thresholds.choose_threshold(labels, scores, "f1") == 0.6  # 4/5 against 2/3
    assert math.isnan(thresholds.choose_threshold(np.ones(4), scores, "f1"))
    with pytest.raises(ValueError, match="youden or f1"):
        thresholds.choose_threshold(labels, scores, "luck")


def test_readers_are_known_by_their_values():
    assert thresholds.is_reader(np.array([[0.0, 1.0], [1.0, 1.0]]))
    assert not thresholds.is_reader(np.array([[0.0, 0.5]]))


def test_a_reader_with_a_few_other_values_is_nearly_one():
    scores = np.tile([0.0, 1.0], 50)
    assert not thresholds.is_nearly_reader(scores)
    scores[:10] = 0.5
    assert thresholds.is_nearly_reader(scores)
    scores[:11] = 0.5
    assert not thresholds.is_nearly_reader(scores)
    assert not thresholds.is_nearly_reader(np.append(np.zeros(99), 0.3))  # rounded probabilities of a rare finding
