"""The fused updates against PyTorch's formula in float64 and Keras' own rules, and weight decay by hand."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from chex_tf.training import optimizer
from chex_tf.training.settings import TrainSettings

SHAPES = [(3, 3, 2, 4), (4,), (4, 5), (5,)]


def variables():
    generator = np.random.default_rng(1)
    return [keras.Variable(generator.normal(size=shape).astype(np.float32)) for shape in SHAPES]


def gradients(steps):
    generator = np.random.default_rng(2)
    scales = 10.0 ** generator.uniform(-4, 2, len(SHAPES))
    return [
        [
            tf.constant((scale * generator.normal(size=shape)).astype(np.float32))
            for scale, shape in zip(scales, SHAPES, strict=True)
        ]
        for _ in range(steps)
    ]


def updated(steps=20, applies=None, **changes):
    settings = TrainSettings(run_dir=pathlib.Path("unused"), **changes)
    held = variables()
    rule = optimizer.make(settings, {f"layer_{number}/kernel": one for number, one in enumerate(held)})
    strategy = tf.distribute.get_strategy()

    @tf.function
    def update(step, *found):
        rule.update(strategy, found, tf.constant(settings.learning_rate), step, applies)

    for step, found in enumerate(gradients(steps)):
        update(tf.constant(step, tf.int64), *found)
    return [variable.numpy() for variable in held]


def by_keras(rule, steps=20):
    held = variables()
    rule.build(held)
    for found in gradients(steps):
        rule.apply(found)
    return [variable.numpy() for variable in held]


def pytorchs_adam(weights, found, rate, beta_1=0.9, beta_2=0.999, epsilon=1e-8, decay=0.0):
    """torch.optim.Adam's documented algorithm, in float64, for one weight tensor and its gradients in turn."""
    weights = weights.astype(np.float64)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step, gradient in enumerate(found, start=1):
        gradient = gradient.astype(np.float64) + decay * weights
        mean = beta_1 * mean + (1 - beta_1) * gradient
        square = beta_2 * square + (1 - beta_2) * gradient**2
        unbiased_mean, unbiased_square = mean / (1 - beta_1**step), square / (1 - beta_2**step)
        weights = weights - rate * unbiased_mean / (np.sqrt(unbiased_square) + epsilon)
    return weights


@pytest.mark.parametrize("beta_2", [0.999, 0.9])
def test_adam_is_keras_adam_where_epsilon_does_not_matter(beta_2):
    expected = by_keras(keras.optimizers.Adam(0.01, beta_2=beta_2, epsilon=1e-12))
    for mine, its in zip(updated(learning_rate=0.01, beta_2=beta_2, epsilon=1e-12), expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("beta_2", "epsilon"), [(0.999, 1e-8), (0.999, 1e-3), (0.9, 1e-3)])
@pytest.mark.parametrize("scale", [1e-7, 1e-4, 1.0, 1e4])
def test_adam_is_pytorchs_for_tiny_and_large_gradients(beta_2, epsilon, scale):
    settings = TrainSettings(run_dir=pathlib.Path("unused"), learning_rate=0.01, beta_2=beta_2, epsilon=epsilon)
    held = keras.Variable(np.zeros((4, 5), np.float32))
    rule = optimizer.make(settings, {"layer/kernel": held})
    generator = np.random.default_rng(3)
    found = [(scale * generator.normal(size=(4, 5))).astype(np.float32) for _ in range(30)]
    for step, gradient in enumerate(found):
        rule.update(
            tf.distribute.get_strategy(), [tf.constant(gradient)], tf.constant(0.01), tf.constant(step, tf.int64), None
        )
        if step in (0, 2, 29):
            expected = pytorchs_adam(np.zeros((4, 5)), found[: step + 1], 0.01, beta_2=beta_2, epsilon=epsilon)
            np.testing.assert_allclose(held.numpy(), expected, rtol=2e-4, atol=1e-8, err_msg=f"step {step}")


def test_a_first_gradient_of_a_tenth_of_a_millionth_moves_by_0_91_of_the_rate():
    settings = TrainSettings(run_dir=pathlib.Path("unused"), learning_rate=1.0)
    held = keras.Variable(np.zeros((1, 1), np.float32))
    rule = optimizer.make(settings, {"layer/kernel": held})
    gradient, first = [tf.constant([[1e-7]])], tf.constant(0, tf.int64)
    rule.update(tf.distribute.get_strategy(), gradient, tf.constant(1.0), first, None)
    # 1e-7 / (1e-7 + 1e-8)
    assert held.numpy()[0, 0] == pytest.approx(-1 / 1.1, rel=1e-4)


def test_sgd_is_keras_sgd_with_momentum():
    expected = by_keras(keras.optimizers.SGD(0.01, momentum=0.8))
    for mine, its in zip(updated(learning_rate=0.01, optimizer="sgd", momentum=0.8), expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


def test_decay_is_decoupled_and_leaves_biases_and_norms():
    plain = updated(steps=1, learning_rate=0.1)
    decayed = updated(steps=1, learning_rate=0.1, weight_decay=0.5)
    for before, without, with_decay in zip(variables(), plain, decayed, strict=True):
        # Adam's own step does not depend on the weights, so decay takes 0.1 × 0.5 of the weight and nothing else.
        expected = without - (0.05 * before.numpy() if without.ndim > 1 else 0)
        np.testing.assert_allclose(with_decay, expected, rtol=1e-5, atol=1e-6)


def test_coupled_decay_goes_through_adam_for_every_weight():
    decayed = updated(steps=5, learning_rate=0.01, weight_decay=0.5, weight_decay_coupled=True)
    for number, (before, found) in enumerate(zip(variables(), decayed, strict=True)):
        own = [step[number].numpy() for step in gradients(5)]
        expected = pytorchs_adam(before.numpy(), own, 0.01, decay=0.5)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_coupled_decay_goes_through_sgds_momentum():
    given = {"learning_rate": 0.1, "optimizer": "sgd", "momentum": 0.5, "weight_decay": 0.2}
    decayed = updated(steps=2, **given, weight_decay_coupled=True)
    for number, (before, found) in enumerate(zip(variables(), decayed, strict=True)):
        first, second = (step[number].numpy().astype(np.float64) for step in gradients(2))
        start = before.numpy().astype(np.float64)
        velocity = first + 0.2 * start
        once = start - 0.1 * velocity
        velocity = 0.5 * velocity + second + 0.2 * once
        np.testing.assert_allclose(found, once - 0.1 * velocity, rtol=1e-5, atol=1e-5)


def test_a_step_that_overflowed_changes_nothing():
    for before, after in zip(variables(), updated(steps=2, applies=tf.constant(False)), strict=True):
        np.testing.assert_array_equal(before.numpy(), after)
