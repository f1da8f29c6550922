"""Losses as sums over a replica's examples, of which the step makes a global mean.

Every loss takes targets and weights of equal shape; weight 0 means that nothing is known. A term is a scalar sum; its
denominator is the sum of weights over the *global* batch, which the step adds up over replicas before any gradient is
taken. So 1, 2 and 4 replicas take the same step.
"""

import tensorflow as tf

from chex_tf.training import proximal


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, smoothing: float = 0.0) -> tf.Tensor:
    """Sum of w × binary cross-entropy of the sigmoid; targets are anything from 0 to 1, logits (batch, tasks)."""
    targets = targets * (1.0 - smoothing) + 0.5 * smoothing
    return tf.reduce_sum(weights * tf.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits))


def three_way_cross_entropy(
    logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, smoothing: float = 0.0
) -> tf.Tensor:
    """Sum of w × cross-entropy over negative, positive and uncertain: logits and one-hot targets (batch, tasks, 3)."""
    targets = targets * (1.0 - smoothing) + smoothing / 3.0
    return tf.reduce_sum(weights * tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits))


def smooth_l1(predicted: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, beta: float = 1.0) -> tf.Tensor:
    """Sum of w × Huber's loss over beta: d²/(2 beta) for |d| below beta, |d| - beta/2 above."""
    distance = tf.abs(predicted - targets)
    return tf.reduce_sum(weights * tf.where(distance < beta, 0.5 * tf.square(distance) / beta, distance - 0.5 * beta))


def balancing_weights(targets: tf.Tensor, weights: tf.Tensor, prior: tf.Tensor) -> tf.Tensor:
    """Weights that give positives and negatives the same total, for tasks with these shares of positives.

    The mean weight is unchanged. A task with only one kind in the training data keeps its weights.
    """
    one_sided = (prior <= 0.0) | (prior >= 1.0)
    safe = tf.where(one_sided, 0.5, prior)
    return weights * tf.where(one_sided, 1.0, 0.5 * (targets / safe + (1.0 - targets) / (1.0 - safe)))


def auc_margin(
    logits: tf.Tensor,
    targets: tf.Tensor,
    weights: tf.Tensor,
    shares: tf.Tensor,
    prior: tf.Tensor,
    duals: tf.Tensor,
) -> tf.Tensor:
    """The min-max margin loss of deep AUC maximisation (Yuan et al. 2021, equation 6), summed over tasks.

    Minimised over the network and a, b, maximised over alpha >= 0, for each task with prior p and scores h in (0, 1):

        (1-p) E[(h-a)² 1⁺] + p E[(h-b)² 1⁻] + 2 alpha (p (1-p) margin + E[p h 1⁻ - (1-p) h 1⁺]) - p (1-p) alpha²

    duals   (3, tasks): a, b, alpha
    shares  1 over the global sum of weights of each task (0 where a task has none): E[.] over this replica's examples
            is a share of the global mean. The terms without E are in `auc_margin_constants`.
    """
    a, b, alpha = tf.unstack(duals)
    scores = tf.sigmoid(logits)
    positive, negative = weights * targets * shares, weights * (1.0 - targets) * shares
    primal = (1.0 - prior) * tf.square(scores - a) * positive + prior * tf.square(scores - b) * negative
    dual = 2.0 * alpha * (prior * scores * negative - (1.0 - prior) * scores * positive)
    return tf.reduce_sum(primal + dual)


def auc_margin_constants(prior: tf.Tensor, margin: float, duals: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
    """The terms of `auc_margin` without examples in them; `known` is 1 for tasks with labels in this batch."""
    _, _, alpha = tf.unstack(duals)
    return tf.reduce_sum(known * prior * (1.0 - prior) * (2.0 * alpha * margin - tf.square(alpha)))


def auc_margin_pesg_step(
    duals: tf.Tensor,
    gradient: tf.Tensor,
    reference: tf.Tensor,
    average: tf.Tensor,
    rate: tf.Tensor,
    epoch_decay: float,
    weight_decay: float,
    stage: proximal.Stage,
) -> proximal.Stepped:
    """One step of PESG: a and b as the weights, alpha by ascent at the same rate, kept at or above 0. Reference and
    average are (2, tasks), of a and b."""
    decayed = gradient[:2] + weight_decay * duals[:2]
    stepped = proximal.step(duals[:2], decayed, reference, average, rate, epoch_decay, stage)
    alpha = tf.maximum(0.0, duals[2:] + rate * gradient[2:])
    return proximal.Stepped(tf.concat([stepped.value, alpha], 0), stepped.reference, stepped.average)


def auc_margin_step(duals: tf.Tensor, gradient: tf.Tensor, learning_rate: float) -> tf.Tensor:
    """One step: descent in a and b, ascent in alpha, which is kept at or above 0."""
    a, b, alpha = tf.unstack(duals)
    gradient_a, gradient_b, gradient_alpha = tf.unstack(gradient)
    return tf.stack(
        [
            a - learning_rate * gradient_a,
            b - learning_rate * gradient_b,
            tf.maximum(0.0, alpha + learning_rate * gradient_alpha),
        ]
    )
