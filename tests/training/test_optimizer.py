"""The fused updates against PyTorch's formula in float64 and Keras' own rules, and weight decay by hand."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from chex_tf.settings import InputError
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


def lars(value, found, rate, decay=0.0, momentum=0.9, trust=0.001, bias_rate=1.0):
    """The authors' rule in float64, for one tensor and its gradients in turn."""
    value, mean = value.astype(np.float64), np.zeros_like(value, np.float64)
    for gradient in found:
        step = gradient.astype(np.float64)
        if value.ndim > 1:
            step = step + decay * value
            lengths = np.linalg.norm(value), np.linalg.norm(step)
            step = step * (trust * lengths[0] / lengths[1] if min(lengths) > 0 else 1.0)
        mean = momentum * mean + step
        value = value - rate * (bias_rate if value.ndim == 1 else 1.0) * mean
    return value


def test_lars_leaves_biases_and_norms_out_of_decay_and_adaptation():
    given = {"weight_decay": 0.1, "momentum": 0.8, "trust": 0.02, "bias_rate": 0.024}
    found = updated(steps=5, optimizer="lars", learning_rate=0.5, **given)
    given = {"decay": 0.1, "momentum": 0.8, "trust": 0.02, "bias_rate": 0.024}
    for number, (mine, before) in enumerate(zip(found, variables(), strict=True)):
        steps = [one[number].numpy() for one in gradients(5)]
        np.testing.assert_allclose(mine, lars(before.numpy(), steps, 0.5, **given), rtol=2e-5, atol=1e-6)


def test_lars_by_hand():
    """A weight of norm 5 and a gradient of norm 10: the step is the gradient times 0.001 × 5 / 10."""
    settings = TrainSettings(run_dir=pathlib.Path("unused"), optimizer="lars", learning_rate=2.0)
    weight, bias = keras.Variable([[3.0, 4.0]]), keras.Variable([1.0])
    rule = optimizer.make(settings, {"dense/kernel": weight, "dense/bias": bias})
    found = [tf.constant([[6.0, 8.0]]), tf.constant([0.25])]
    rule.update(tf.distribute.get_strategy(), found, tf.constant(2.0), tf.constant(0, tf.int64), None)
    np.testing.assert_allclose(weight.numpy(), [[3.0 - 2 * 0.003, 4.0 - 2 * 0.004]], rtol=1e-6)
    np.testing.assert_allclose(bias.numpy(), [0.5])
    assert {*rule.named_slots()} == {"momentum/dense/kernel", "momentum/dense/bias"}


def test_lars_takes_a_plain_step_where_a_tensor_or_its_gradient_is_zero():
    settings = TrainSettings(run_dir=pathlib.Path("unused"), optimizer="lars", learning_rate=0.5)
    zero, still = keras.Variable([[0.0, 0.0]]), keras.Variable([[1.0, 2.0]])
    rule = optimizer.make(settings, {"a/kernel": zero, "b/kernel": still})
    found = [tf.constant([[1.0, 2.0]]), tf.zeros((1, 2))]
    rule.update(tf.distribute.get_strategy(), found, tf.constant(0.5), tf.constant(0, tf.int64), None)
    np.testing.assert_allclose(zero.numpy(), [[-0.5, -1.0]])
    np.testing.assert_allclose(still.numpy(), [[1.0, 2.0]])


def test_lars_couples_its_decay_by_itself():
    with pytest.raises(InputError, match="lars adds the decay to the gradient by itself"):
        TrainSettings(run_dir=pathlib.Path("unused"), optimizer="lars", weight_decay=0.1, weight_decay_coupled=True)
