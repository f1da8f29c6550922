"""Under --precision=mixed_bfloat16 the network below the heads computes in bfloat16, and nothing else does.

bfloat16 keeps eight bits: rounding to it moves a number by up to one part in 256, and a change of a weight below one
part in 512 is lost. float32 holds the tolerances here with room to spare.
"""

import pathlib
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from chex_tf.models import heads
from chex_tf.models.build import build_model
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import SCHEMES, Statistics
from chex_tf.models.layers_within import every_layer
from chex_tf.models.normalising import normalised
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints
from chex_tf.training import distribution, network, schedules, step
from chex_tf.training.observations.objective import ObservationsObjective
from chex_tf.training.observations.settings import ObservationsSettings
from chex_tf.training.settings import TrainSettings
from chex_tf.training.train import train_observations

BATCH, SIDE, TASKS = 8, 64, 3
EXTRA = ("sex", "age", "view")


@pytest.fixture
def in_bfloat16():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(policy)


def model_of(arch="ResNet18Minus3", wanted=None, **changes) -> keras.Model:
    wanted = wanted or Heads(TASKS)
    return build_model(ModelSettings(arch=arch, **changes), wanted, SIDE, 3, Statistics(127.0, 73.0)).model


def batch(tasks=TASKS):
    generator = np.random.default_rng(7)
    films = generator.integers(0, 256, (BATCH, SIDE, SIDE, 1)).astype(np.uint8)
    known = {name: generator.random(BATCH).astype(np.float32) for name in EXTRA}
    weights = {f"{name}_weight": np.ones(BATCH, np.float32) for name in EXTRA}
    targets = (generator.random((BATCH, tasks)) < 0.4).astype(np.float32)
    return {"image": films, "targets": targets, "weights": np.ones((BATCH, tasks), np.float32), **known, **weights}


def images() -> tf.Tensor:
    return normalised(SCHEMES["tf"], tf.constant(batch()["image"]))


def exact(values) -> np.ndarray:
    return np.asarray(tf.cast(values, tf.float32), np.float64)


@pytest.mark.parametrize("arch", ["ResNet18Minus3", "EfficientNetB0Minus2", "CBR-Tiny"])
def test_maps_are_bfloat16_variables_are_not(arch, in_bfloat16):
    model = model_of(arch)
    assert {variable.dtype for variable in model.weights} == {"float32"}
    convolutions = [layer for layer in every_layer(model) if "Conv" in type(layer).__name__]
    assert convolutions
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    maps = keras.Model(model.input, model.get_layer(heads.POOLED).input)(images())
    assert maps.dtype == tf.bfloat16


@pytest.mark.parametrize(("classes", "dropout"), [(1, 0.0), (3, 0.3)])
def test_features_and_heads_are_float32(classes, dropout, in_bfloat16):
    model = model_of(wanted=Heads(TASKS, classes, EXTRA, dropout))
    names = [layer.name for layer in model.layers]
    above = model.layers[names.index(heads.POOLED) :]
    assert len(above) == 1 + (dropout > 0) + (1 if classes == 1 else 2) + len(EXTRA)
    assert {layer.compute_dtype for layer in above} == {"float32"}
    assert {output.dtype for output in model(images(), training=True).values()} == {tf.float32}


def test_a_heads_output_is_that_of_its_maps_to_float32s_precision(in_bfloat16):
    model = model_of()
    maps = exact(keras.Model(model.input, model.get_layer(heads.POOLED).input)(images()))
    kernel, bias = (np.asarray(value, np.float64) for value in model.get_layer(heads.OBSERVATIONS).get_weights())
    np.testing.assert_allclose(exact(model(images())), maps.mean((1, 2)) @ kernel + bias, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("fused", [True, False])
def test_batch_statistics_are_float32s(fused, in_bfloat16):
    model = model_of(fused=fused)
    norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
    maps = exact(keras.Model(model.input, norm.input)(images()))
    model(images(), training=True)
    keep = norm.momentum
    np.testing.assert_allclose(norm.moving_mean, (1 - keep) * maps.mean((0, 1, 2)), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(norm.moving_variance, keep + (1 - keep) * maps.var((0, 1, 2)), rtol=1e-5)


def of_step(learning_rate: float, **changes):
    settings = TrainSettings(
        run_dir=pathlib.Path("unused"),
        batch=BATCH,
        strategy="one",
        learning_rate=learning_rate,
        precision="mixed_bfloat16",
        **changes,
    )
    asked = ObservationsSettings(sex_weight=0.5, age_weight=0.5, view_weight=0.5)
    feed = types.SimpleNamespace(tasks=tuple("abc"), classes=1)
    objective = ObservationsObjective(asked, None, feed, (), np.full(TASKS, 0.4))
    machine = distribution.machine(settings)
    model = model_of(wanted=Heads(TASKS, 1, EXTRA))
    net = network.make(settings, model, SCHEMES["tf"], objective.variables())
    return settings, objective, machine, net


@pytest.mark.parametrize("loss", ["cross_entropy", "auc_margin"])
def test_the_loss_and_its_gradients_are_float32(loss, in_bfloat16):
    asked = ObservationsSettings(loss=loss, sex_weight=0.5, age_weight=0.5, view_weight=0.5)
    feed = types.SimpleNamespace(tasks=tuple("abc"), classes=1)
    objective = ObservationsObjective(asked, None, feed, (), np.full(TASKS, 0.4, np.float32))
    own, model, given = objective.variables(), model_of(wanted=Heads(TASKS, 1, EXTRA)), batch()
    given = {name: tf.constant(value) for name, value in given.items()}
    with tf.GradientTape() as tape:
        found = objective.loss(
            lambda films: model(normalised(SCHEMES["tf"], films)), given, objective.totals(given), own, 1
        )
    sources = [variable.value for variable in model.trainable_variables]
    assert found.dtype == tf.float32
    assert {gradient.dtype for gradient in tape.gradient(found, sources)} == {tf.float32}


@pytest.mark.parametrize("changes", [{}, {"accumulate": 2}])
def test_a_step_is_float32s_down_to_changes_that_bfloat16_would_lose(changes, in_bfloat16):
    rate = 1e-6
    settings, objective, machine, net = of_step(rate, **changes)
    before = network.snapshot(net.state())
    assert {value.dtype for value in before.values()} == {np.dtype(np.float32)}
    dataset = tf.data.Dataset.from_tensors(batch())
    batches = iter(machine.strategy.distribute_datasets_from_function(lambda _: dataset))
    take = step.make_steps(machine.strategy, settings, net, objective, schedules.learning_rate(settings, 10, 10.0))
    reports = take(batches, tf.constant(0, tf.int64), tf.constant(1))
    assert reports.dtype == tf.float32
    assert np.isfinite(reports[:, :3]).all()
    after = network.snapshot(net.state())
    assert {value.dtype for value in after.values()} == {np.dtype(np.float32)}
    kernel = f"{checkpoints.WEIGHT}conv2_block1_1_conv/kernel"
    moved = np.abs(after[kernel].astype(np.float64) - before[kernel])
    assert np.median(np.abs(before[kernel])) > 100 * rate  # so far below one part in 512
    assert np.median(moved) == pytest.approx(rate, rel=0.05)  # Adam's first step is the rate for every weight


def test_a_run_trains_saves_float32_and_predicts(settings):
    given = settings(precision="mixed_bfloat16", steps=2, evaluate_every=2)
    seen = []
    done = train_observations(*given, callbacks=[seen.append])
    assert done.state == "finished"
    assert np.isfinite(list(seen[0].metrics.values())).all()
    scores = seen[0].found.detail.probabilities
    assert (exact(tf.cast(scores, tf.bfloat16)) != scores).mean() > 0.9  # as fine as the heads', so few are tied
    weights = checkpoints.read_weights(given[0].run_dir, done.best[0])
    assert {value.dtype for value in weights.values()} == {np.dtype(np.float32)}
