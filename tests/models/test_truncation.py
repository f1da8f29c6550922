"""Truncation by layer name."""

import keras
import numpy as np
import pytest

from chex_tf.models.truncation import truncate
from chex_tf.settings import InputError


@pytest.fixture
def network() -> keras.Model:
    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(4, 3, name="first")(image)
    x = keras.layers.Conv2D(5, 3, name="second")(x)
    return keras.Model(image, keras.layers.Flatten(name="flat")(x), name="three")


def test_what_stands_below_is_kept_and_shared(network: keras.Model, generator: np.random.Generator) -> None:
    cut = truncate(network, "first")
    assert [layer.name for layer in cut.layers[1:]] == ["first"]
    assert cut.get_layer("first") is network.get_layer("first")
    image = generator.normal(size=(1, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(cut(image), network.get_layer("first")(image))


def test_refusals(network: keras.Model) -> None:
    with pytest.raises(InputError, match=r"expected a layer of three; received secnd; did you mean second\?"):
        truncate(network, "secnd")
    with pytest.raises(InputError, match="flat gives"):
        truncate(network, "flat")
    with pytest.raises(InputError, match="expected a layer of three that has weights below it; received image"):
        truncate(network, "image")
