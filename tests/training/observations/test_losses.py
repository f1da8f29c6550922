"""Losses against numbers worked out by hand, and the AUC margin loss against its closed form."""

import math

import numpy as np
import pytest
import tensorflow as tf

from chex_tf.training.observations import losses

LOG3 = math.log(3.0)  # the logit of 3/4


def close(found, expected):
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


def test_cross_entropy_by_hand():
    logits, targets = tf.constant([[LOG3, 0.0], [LOG3, -LOG3]]), tf.constant([[1.0, 1.0], [0.0, 0.0]])
    weights = tf.constant([[1.0, 2.0], [1.0, 0.0]])
    close(losses.cross_entropy(logits, targets, weights), math.log(4 / 3) + 2 * math.log(2) + math.log(4))


def test_smoothing_moves_targets_towards_one_half():
    found = losses.cross_entropy(tf.constant([[LOG3]]), tf.constant([[1.0]]), tf.constant([[1.0]]), smoothing=0.2)
    close(found, 0.9 * math.log(4 / 3) + 0.1 * math.log(4))


def test_three_way_cross_entropy_by_hand():
    logits = tf.math.log(tf.constant([[[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]]]))
    targets = tf.constant([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]])
    close(
        losses.three_way_cross_entropy(logits, targets, tf.constant([[1.0, 0.5]])),
        -math.log(0.7) - 0.5 * math.log(0.25),
    )
    smoothed = losses.three_way_cross_entropy(logits, targets, tf.constant([[1.0, 0.0]]), smoothing=0.3)
    close(smoothed, -0.8 * math.log(0.7) - 0.1 * math.log(0.2) - 0.1 * math.log(0.1))


def test_smooth_l1_by_hand():
    found = losses.smooth_l1(tf.constant([0.5, 3.0, 9.0]), tf.constant([0.0, 1.0, 0.0]), tf.constant([1.0, 2.0, 0.0]))
    close(found, 0.5 * 0.25 + 2 * 1.5)


def test_balanced_positives_and_negatives_weigh_the_same():
    targets = np.array([[1.0, 1.0]] + 4 * [[0.0, 1.0]], np.float32)  # one of five; all of five
    weights = np.asarray(losses.balancing_weights(targets, np.ones_like(targets), tf.constant([0.2, 1.0])))
    close(weights[:, 0], [2.5, 0.625, 0.625, 0.625, 0.625])
    close(weights[:, 1], np.ones(5))


def scored(positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    scores = np.concatenate([generator.normal(0.3, 1, positives), generator.normal(-0.4, 1, negatives)])
    targets = np.concatenate([np.ones(positives), np.zeros(negatives)])
    return scores[:, None].astype(np.float32), targets[:, None].astype(np.float32)


def objective(logits, targets, duals, prior, margin=1.0):
    weights = tf.ones_like(targets)
    share = 1.0 / tf.reduce_sum(weights, axis=0)
    known = tf.ones_like(share)
    examples = losses.auc_margin(logits, targets, weights, share, prior, duals)
    return examples + losses.auc_margin_constants(prior, margin, duals, known)


def closed_form(logits, targets, margin=1.0):
    """a, b, alpha at the saddle, and the objective there: p(1-p) (var⁺ + var⁻ + max(0, margin + b - a)²)."""
    scores = 1 / (1 + np.exp(-logits.astype(np.float64)))
    high, low, prior = scores[targets == 1], scores[targets == 0], targets.mean()
    alpha = max(0.0, margin + low.mean() - high.mean())
    return (high.mean(), low.mean(), alpha), prior * (1 - prior) * (high.var() + low.var() + alpha**2)


@pytest.mark.parametrize(("positives", "negatives"), [(50, 50), (5, 95)])
def test_auc_margin_at_its_saddle_is_the_closed_form(positives, negatives):
    logits, targets = scored(positives, negatives)
    (a, b, alpha), value = closed_form(logits, targets)
    duals, prior = tf.constant([[a], [b], [alpha]], tf.float32), tf.constant([positives / 100])
    with tf.GradientTape() as tape:
        tape.watch(duals)
        found = objective(logits, targets, duals, prior)
    close(found, value)
    close(tape.gradient(found, duals), np.zeros((3, 1)))


@pytest.mark.parametrize(("positives", "negatives"), [(50, 50), (5, 95)])
def test_the_primal_dual_step_finds_the_saddle(positives, negatives):
    logits, targets = scored(positives, negatives)
    duals, prior = tf.Variable(tf.zeros((3, 1))), tf.constant([positives / 100])
    for _ in range(300):
        with tf.GradientTape() as tape:
            value = objective(logits, targets, duals, prior)
        duals.assign(losses.auc_margin_step(duals, tape.gradient(value, duals), 1.0))
    expected, _ = closed_form(logits, targets)
    np.testing.assert_allclose(duals.numpy()[:, 0], expected, atol=1e-3)


def test_alpha_stays_at_zero_when_the_margin_is_kept():
    step = losses.auc_margin_step(tf.constant([[0.0], [0.0], [0.1]]), tf.constant([[1.0], [-1.0], [-5.0]]), 0.1)
    close(step, [[-0.1], [0.1], [0.0]])


def test_auc_margin_ignores_what_has_no_weight():
    logits, targets = scored(6, 6)
    weights = np.ones_like(targets)
    weights[::3] = 0
    prior, duals = tf.constant([0.5]), tf.constant([[0.6], [0.4], [0.3]])
    whole = losses.auc_margin(logits, targets, weights, 1 / weights.sum(axis=0), prior, duals)
    kept = weights[:, 0] > 0
    alone = losses.auc_margin(logits[kept], targets[kept], weights[kept], 1 / weights.sum(axis=0), prior, duals)
    close(whole, alone)
