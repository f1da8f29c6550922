"""Every row of the catalogue taken apart at its CAM layer, against the same network in one piece."""

import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from chex_tf.explain import methods
from chex_tf.explain.cam_network import Network, cam_layer_of
from chex_tf.models import catalogue, features, heads
from chex_tf.models.inputs import SCHEMES
from chex_tf.models.settings import ModelSettings

QUICK = ("ResNet18Minus2", "MNASNetMinus4", "DenseNet121Minus3")


def rows() -> list:
    return [
        pytest.param(row.name, marks=() if row.name in QUICK else (pytest.mark.slow,), id=row.name)
        for row in catalogue.ROWS
    ]


@pytest.mark.parametrize("name", rows())
def test_a_row_is_explained_at_its_layer(name: str) -> None:
    row = catalogue.row(name)
    side = max(row.smallest, 64)
    model = heads.attach(features.cut(row, features.whole_network(row, side, seed=0)), heads.Heads(4))
    network = Network(model, row.cam_layer, SCHEMES["tf"])
    images = np.random.default_rng(1).normal(size=(2, side, side, 3)).astype(np.float32)
    margins, found = methods.METHODS["gradcam"](network, images, [2])
    np.testing.assert_allclose(margins, model(images, training=False), rtol=1e-4, atol=1e-5)

    layer = model.get_layer(row.cam_layer)
    assert found.shape == (2, 1, *network.grid) == (2, 1, *layer.output.shape[1:3])
    both = keras.Model(model.input, [layer.output, model.output])
    with tf.GradientTape() as tape:
        given = tf.constant(images)
        tape.watch(given)
        maps, logits = both(given, training=False)
        score = logits[:, 2]
    gradients = tape.gradient(score, maps).numpy()
    weights = np.maximum(gradients, 0).mean(axis=(1, 2))
    expected = np.maximum(np.einsum("nyxc,nc->nyx", maps.numpy(), weights), 0)
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-3, atol=1e-4 * expected.max() + 1e-12)


def test_a_backbone_without_a_row_is_explained_at_its_last_maps() -> None:
    row = catalogue.row("keras_cv/ResNet18Backbone")
    assert row.cam_layer == ""
    model = heads.attach(features.cut(row, features.whole_network(row, 64, seed=0)), heads.Heads(2))
    network = Network(model, row.cam_layer, SCHEMES["tf"])
    assert network.grid == (2, 2)


def test_the_layer_of_a_run() -> None:
    def run(**given: str) -> types.SimpleNamespace:
        model = ModelSettings(arch="DenseNet121", **given)
        return types.SimpleNamespace(arch=model.arch, model=model)

    assert cam_layer_of(run()) == "relu"
    assert cam_layer_of(run(truncate_at="pool3_conv")) == "pool3_conv"


def test_films_are_normalised_as_the_run_says() -> None:
    image = keras.Input((4, 4, 3))
    model = keras.Model(image, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D(name="features")(image)))
    network = Network(model, "", SCHEMES["caffe"])
    film = np.full((1, 4, 4, 1), 100, np.uint8)
    expected = [100 - 103.939, 100 - 116.779, 100 - 123.68]
    np.testing.assert_allclose(network.normalised(film)[0, 0, 0], expected, rtol=1e-5)
