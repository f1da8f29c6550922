"""The network beside its normalisation: channels, and its state as arrays."""

import keras
import numpy as np
import pytest

from chex_tf.models.inputs import SCHEMES, Normalisation
from chex_tf.models.normalising import normalised
from chex_tf.models.variable_names import weight_names
from chex_tf.settings import InputError
from chex_tf.training import network


def small_model() -> keras.Model:
    image = keras.Input((4, 4, 3))
    x = keras.layers.Conv2D(2, 3, name="first")(image)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Conv2D(2, 1, name="second")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5, seed=1)(x)
    return keras.Model(image, keras.layers.Dense(2, name="observations")(x))


def test_one_channel_becomes_three_normalised_ones():
    images = np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)
    rule = Normalisation("by hand", (0.1, 0.2, 0.4), (1.0, 2.0, 3.0))
    np.testing.assert_allclose(normalised(rule, images)[:, 0, 0], [[1, 2, 3], [26.5, 53, 105]], rtol=1e-6)
    backwards = Normalisation("by hand", (0.1, 0.2, 0.4), (1.0, 2.0, 3.0), reverse_channels=True)
    np.testing.assert_allclose(normalised(backwards, images)[0, 0, 0], [3, 2, 1], rtol=1e-6)


@pytest.mark.parametrize("scheme", ["torch", "caffe"])
def test_it_is_the_normalisation_of_the_models_room(scheme):
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 3)).astype(np.uint8)
    expected = SCHEMES[scheme].apply(images)
    np.testing.assert_allclose(normalised(SCHEMES[scheme], images), expected, rtol=1e-5, atol=1e-5)


def test_weights_leave_out_the_seeds_and_keep_the_statistics():
    names = weight_names(small_model())
    assert sorted(tuple(variable.shape) for variable in names.values()) == sorted(
        [(3, 3, 3, 2), (2,), (2,), (2,), (2,), (2,), (1, 1, 2, 2), (2,), (2, 2), (2,)]
    )


def test_state_of_another_model_is_refused_and_nothing_is_set():
    variables = weight_names(small_model())
    before = network.snapshot(variables)
    wrong = {name: np.ones_like(array) for name, array in before.items()} | {"norm/gamma": np.ones(7, np.float32)}
    with pytest.raises(InputError, match="another model: 0 tensors missing, 0 too many, 1 of another shape"):
        network.restore(variables, wrong)
    np.testing.assert_equal(network.snapshot(variables), before)
