"""Layers that stay as they are, and what is said of them."""

import keras
import pytest

from chex_tf.settings import InputError
from chex_tf.training import freezing


def small_model() -> keras.Model:
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, name="first")(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Conv2D(2, 1, name="second")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5, seed=1)(x)
    return keras.Model(image, keras.layers.Dense(2, name="observations")(x))


def learning(model):
    return [layer.name for layer in model.layers if layer.trainable_weights]


def test_freezing_says_what_it_does_to_batch_normalisation():
    heads = frozenset({"observations"})
    probe = small_model()
    freezing.freeze(probe, "backbone", False, heads)
    assert learning(probe) == ["observations"]
    assert (
        freezing.describe(probe)
        == "3 of 4 layers with weights are frozen; 1 of 1 batch normalisations use and keep their stored statistics"
    )
    last = small_model()
    freezing.freeze(last, "first", False, heads)
    assert learning(last) == ["norm", "second", "observations"]
    norms = small_model()
    freezing.freeze(norms, "none", True, heads)
    assert learning(norms) == ["first", "second", "observations"]


def test_freezing_up_to_an_unknown_layer_offers_the_nearest():
    with pytest.raises(InputError, match="did you mean second"):
        freezing.freeze(small_model(), "secnd", False, frozenset())
