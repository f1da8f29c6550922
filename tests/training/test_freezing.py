"""Layers that stay as they are, and what is said of them."""

import keras
import pytest

from chex_tf.models import build
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.settings import InputError
from chex_tf.training import freezing, train


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


@pytest.mark.parametrize("head", ["observations"])
def test_a_head_is_never_frozen(head):
    with pytest.raises(InputError, match="expected none, backbone or a layer below the heads; received observations"):
        freezing.freeze(small_model(), head, False, frozenset({head}))


class Block(keras.layers.Layer):
    """A convolution and its normalisation inside one layer, as keras-cv's blocks are."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.convolution, self.norm = keras.layers.Conv2D(2, 1), keras.layers.BatchNormalization()

    def call(self, maps, training=None):
        return self.norm(self.convolution(maps), training=training)


def nested_model():
    image = keras.Input((4, 4, 3))
    x = Block("second")(Block("first")(image))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(2, name="observations")(x))


@pytest.mark.parametrize(
    ("until", "batch_norm", "frozen", "still", "learn"),
    [
        # Two blocks of kernel, bias, gamma and beta, and a head of kernel and bias.
        ("none", True, 2, 2, 2 + 2 + 2),
        ("first", False, 2, 1, 4 + 2),
        ("first", True, 3, 2, 2 + 2),
        ("backbone", False, 4, 2, 2),
    ],
)
def test_nested_layers_are_reached_and_counted(until, batch_norm, frozen, still, learn):
    probe = nested_model()
    freezing.freeze(probe, until, batch_norm, frozenset({"observations"}))
    assert len(probe.trainable_variables) == learn
    assert freezing.describe(probe) == (
        f"{frozen} of 5 layers with weights are frozen; "
        f"{still} of 2 batch normalisations use and keep their stored statistics"
    )


def test_nested_batch_normalisation_is_synchronised():
    probe = nested_model()
    train._synchronise(probe)
    assert [probe.get_layer(name).norm.synchronized for name in ("first", "second")] == [True, True]


@pytest.mark.slow
def test_every_batch_normalisation_of_a_keras_cv_backbone():
    """By hand: stem and top 2, a first block that does not expand 1, 4 fused blocks of 2, 16 others of 3.

    keras-cv makes 6 more that it never calls; they have no statistics.
    """
    pytest.importorskip("keras_cv")
    model = build.build_model(ModelSettings(arch="keras_cv/EfficientNetV2B0Backbone"), Heads(2), 64).model
    freezing.freeze(model, "none", True, frozenset({"observations"}))
    assert freezing.describe(model).endswith("59 of 59 batch normalisations use and keep their stored statistics")
    assert not any(variable.name in ("gamma", "beta") for variable in model.trainable_variables)
