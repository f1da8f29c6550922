"""A network's maps at a layer, against the layers by hand."""

import keras
import numpy as np
import pytest

from chex_tf.models import heads
from chex_tf.settings import InputError
from chex_tf.trained import features


@pytest.fixture
def model():
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="first")(image)
    maps = keras.layers.Conv2D(5, 3, name="second")(maps)
    return heads.attach(keras.Model(image, maps), heads.Heads(2))


def test_maps_are_what_the_layer_gives_and_by_default_what_the_heads_pool(model):
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    first = np.asarray(model.get_layer("first")(images))
    np.testing.assert_allclose(np.asarray(features.up_to(model, "first").predict(images, verbose=0)), first, rtol=1e-6)
    last = np.asarray(model.get_layer("second")(first))
    np.testing.assert_allclose(np.asarray(features.up_to(model, "").predict(images, verbose=0)), last, rtol=1e-5)


def test_an_unknown_layer_offers_the_nearest(model):
    with pytest.raises(InputError, match="did you mean second"):
        features.up_to(model, "secnd")
