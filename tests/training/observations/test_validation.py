"""Scores of a network whose logits are known, worked out by hand."""

import math
import types

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from chex_tf.data.policies import Rule
from chex_tf.training.observations import validation


def scores_of(logits, labels, weights, real, three_way=False, blank_is_negative=(False, False)):
    """Batches of two rows, the last filled up; the "image" of a row is its number."""
    targets = (labels == 1).astype(np.float32)
    if three_way:
        targets = np.eye(3, dtype=np.float32)[np.where(labels == -1, 2, labels)]
    rows = {
        "image": np.arange(len(labels)).reshape(-1, 1),
        "targets": targets,
        "weights": weights.astype(np.float32),
        "labels": labels.astype(np.int8),
        "weight": real.astype(np.float32),
    }
    table = tf.constant(logits, tf.float32)
    network = types.SimpleNamespace(
        outputs=lambda images, training: {"observations": tf.gather(table, tf.reshape(images, [-1]))}
    )
    return validation.evaluator(
        tf.distribute.get_strategy(),
        network,
        tf.data.Dataset.from_tensor_slices(rows).batch(2),
        ("A", "B"),
        ("A", "B"),
        [Rule("zeros" if is_negative else "ignore") for is_negative in blank_is_negative],
    )()


LABELS = np.array([[1, 0], [0, 1], [1, -1], [0, 0]])
LOGITS = np.log(np.array([[3.0, 1.0], [1.0, 3.0], [1 / 3, 1.0], [9.0, 9.0]]))


def test_padding_counts_nowhere_and_uncertain_labels_leave_the_score():
    weights, real = np.ones((4, 2)) * [[1, 1], [1, 1], [1, 0], [0, 0]], np.array([1, 1, 1, 0])
    found = scores_of(LOGITS, LABELS, weights, real)
    assert found.values == {"validation_loss": found.loss, "auroc": 0.75, "auroc/A": 0.5, "auroc/B": 1.0}
    assert found.score == 0.75
    np.testing.assert_allclose(found.detail.probabilities, [[0.75, 0.5], [0.5, 0.75], [0.25, 0.5]])
    expected = (math.log(4 / 3) + math.log(2) + math.log(2) + math.log(4 / 3) + math.log(4)) / 5
    assert found.loss == pytest.approx(expected, rel=1e-6)


def test_a_task_of_one_kind_has_no_score_and_the_mean_goes_without_it():
    found = scores_of(LOGITS, np.array([[1, 1], [0, 1], [1, 1], [0, 1]]), np.ones((4, 2)), np.ones(4))
    assert math.isnan(found.values["auroc/B"])
    assert found.score == found.values["auroc/A"] == 0.25


def test_not_mentioned_is_negative_where_the_policy_says_so():
    labels = np.array([[1, 1], [-2, -2], [1, 1], [-2, 0]])
    found = scores_of(LOGITS, labels, np.ones((4, 2)), np.ones(4), blank_is_negative=(True, False))
    np.testing.assert_array_equal(found.detail.truth, [[1, 1], [0, np.nan], [1, 1], [0, 0]])


def test_three_way_logits_give_positive_against_negative():
    logits = np.log(np.array([[[1.0, 3.0, 96.0]] * 2, [[3.0, 1.0, 1.0]] * 2]))
    found = scores_of(logits, np.array([[1, 1], [0, -1]]), np.ones((2, 2)), np.ones(2), three_way=True)
    np.testing.assert_allclose(found.detail.probabilities, [[0.75, 0.75], [0.25, 0.25]], rtol=1e-6)
    assert found.loss == pytest.approx((2 * -math.log(0.03) - math.log(0.6) - math.log(0.2)) / 4, rel=1e-5)


def test_auroc_is_scikit_learns():
    generator = np.random.default_rng(0)
    truth, scores = (generator.random(300) < 0.2).astype(float), generator.integers(0, 40, 300) / 40
    assert validation.auroc(truth, scores) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
