"""The fused kernel against Keras' own layer: outputs, gradients, moving statistics, and what a file holds."""

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

from chex_tf.models import fused_batch_normalization

tf = pytest.importorskip("tensorflow")


def pair(shape: tuple[int, ...] = (6, 5, 4), **options: Any) -> tuple[keras.Model, keras.Model]:
    """The same model twice, with unusual weights; the second is fused."""
    models = []
    for _ in range(2):
        image = keras.Input(shape, name="image")
        normalised = keras.layers.BatchNormalization(name="bn", **options)(image)
        model = keras.Model(image, normalised, name="normaliser")
        generator = np.random.default_rng(3)
        for variable in model.variables:
            variable.assign(generator.uniform(0.5, 1.5, variable.shape))
        models.append(model)
    ordinary, fused = models
    fused_batch_normalization.fuse(fused)
    return ordinary, fused


def trained(model: keras.Model, images: np.ndarray, training: bool = True) -> dict[str, np.ndarray]:
    inputs = tf.convert_to_tensor(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = model(inputs, training=training)
        loss = tf.reduce_sum(tf.sin(tf.cast(outputs, tf.float32) * 1.7))
    gradients = tape.gradient(loss, [inputs, *model.trainable_variables])
    found = {"outputs": outputs, "input gradient": gradients[0]}
    found |= {f"gradient of {v.name}": g for v, g in zip(model.trainable_variables, gradients[1:], strict=True)}
    found |= {v.name: v.value for v in model.get_layer("bn").non_trainable_variables}
    return {name: np.asarray(tf.cast(value, tf.float32)) for name, value in found.items()}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"scale": False}, {"center": False}, {"momentum": 0.5, "epsilon": 1e-5}], ids=str
)
def test_agrees_with_keras(options: dict[str, Any], training: bool, generator: np.random.Generator) -> None:
    images = generator.normal(3, 2, (7, 6, 5, 4)).astype("float32")
    ordinary, fused = pair(**options)
    expected, found = trained(ordinary, images, training), trained(fused, images, training)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=3e-5, atol=3e-5, err_msg=name)


def test_moving_variance_is_over_n_not_n_minus_1() -> None:
    """Two pixels, 0 and 2: mean 1, variance over n 1 (over n - 1 it would be 2)."""
    _, fused = pair((1, 1, 1), momentum=0.0)
    fused(np.array([0.0, 2.0], "float32").reshape(2, 1, 1, 1), training=True)
    layer = fused.get_layer("bn")
    np.testing.assert_allclose(layer.moving_mean.numpy(), [1.0])
    np.testing.assert_allclose(layer.moving_variance.numpy(), [1.0])


def test_a_frozen_layer_uses_and_keeps_its_statistics(generator: np.random.Generator) -> None:
    images = generator.normal(3, 2, (7, 6, 5, 4)).astype("float32")
    ordinary, fused = pair()
    ordinary.trainable = fused.trainable = False
    before = [np.array(value) for value in fused.get_weights()]
    expected, found = trained(ordinary, images), trained(fused, images)
    np.testing.assert_allclose(found["outputs"], expected["outputs"], rtol=1e-5, atol=1e-5)
    for old, new in zip(before, fused.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_half_precision(policy: str, generator: np.random.Generator) -> None:
    images = generator.normal(3, 2, (7, 6, 5, 4)).astype("float32")
    ordinary, fused = pair(dtype=policy)
    expected, found = trained(ordinary, images), trained(fused, images)
    assert fused(images).dtype == ordinary(images).dtype
    tolerance = 0.06 if "bfloat" in policy else 0.02
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize(
    ("options", "shape"),
    [({"synchronized": True}, (6, 5, 4)), ({"axis": 1}, (6, 5, 4)), ({}, (9,)), ({"renorm": True}, (6, 5, 4))],
    ids=["synchronised", "channels first", "vectors", "renorm"],
)
def test_what_the_kernel_cannot_do_stays_keras(options: dict[str, Any], shape: tuple[int, ...]) -> None:
    _, fused = pair(shape, **options)
    assert "call" not in vars(fused.get_layer("bn"))
    assert fused_batch_normalization.fuse(fused) == 0


def test_compiles_to_the_kernel_and_in_xla(generator: np.random.Generator) -> None:
    images = generator.normal(3, 2, (7, 6, 5, 4)).astype("float32")
    ordinary, fused = pair()
    graph = tf.function(lambda x: fused(x, training=True)).get_concrete_function(tf.TensorSpec(images.shape)).graph
    assert "FusedBatchNormV3" in {operation.type for operation in graph.get_operations()}
    expected = ordinary(images, training=True)
    found = tf.function(lambda x: fused(x, training=True), jit_compile=True)(images)
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=3e-5)


def test_saved_files_hold_the_ordinary_layer(tmp_path: pathlib.Path, generator: np.random.Generator) -> None:
    images = generator.normal(3, 2, (7, 6, 5, 4)).astype("float32")
    ordinary, fused = pair()
    assert fused.get_config() == ordinary.get_config()
    fused.save(tmp_path / "model.keras")
    opened = keras.models.load_model(tmp_path / "model.keras", custom_objects={}, safe_mode=True)
    assert type(opened.get_layer("bn")) is keras.layers.BatchNormalization
    np.testing.assert_allclose(opened(images), fused(images), rtol=1e-5, atol=1e-5)
    fused.export(tmp_path / "saved", verbose=False)
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(saved.serve(images), fused(images), rtol=1e-5, atol=1e-5)


def test_two_replicas_keep_their_copies_as_keras_does(generator: np.random.Generator) -> None:
    """Under a strategy with one device the assignments go through the same replica context as with many."""
    images = generator.normal(3, 2, (8, 6, 5, 4)).astype("float32")
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        ordinary, fused = pair()
    strategy = tf.distribute.get_strategy()
    for model in (ordinary, fused):
        strategy.run(tf.function(lambda x, model=model: model(x, training=True)), args=(images,))
    for expected, found in zip(ordinary.get_weights(), fused.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
