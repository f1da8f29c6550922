"""The fused updates against Keras' own Adam and SGD, and weight decay by hand."""

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


@pytest.mark.parametrize(("beta_2", "epsilon"), [(0.999, 1e-7), (0.9, 1e-3)])
def test_adam_is_keras_adam(beta_2, epsilon):
    expected = by_keras(keras.optimizers.Adam(0.01, beta_2=beta_2, epsilon=epsilon))
    for mine, its in zip(updated(learning_rate=0.01, beta_2=beta_2, epsilon=epsilon), expected, strict=True):
        np.testing.assert_allclose(mine, its, rtol=1e-5, atol=1e-6)


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


def test_a_step_that_overflowed_changes_nothing():
    for before, after in zip(variables(), updated(steps=2, applies=tf.constant(False)), strict=True):
        np.testing.assert_array_equal(before.numpy(), after)
