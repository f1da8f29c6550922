"""The network beside its normalisation: channels, freezing, and its state as arrays."""

import keras
import numpy as np
import pytest

from chex_tf.models.inputs import SCHEMES, Normalisation
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
    np.testing.assert_allclose(network.normalised(rule, images)[:, 0, 0], [[1, 2, 3], [26.5, 53, 105]], rtol=1e-6)
    backwards = Normalisation("by hand", (0.1, 0.2, 0.4), (1.0, 2.0, 3.0), reverse_channels=True)
    np.testing.assert_allclose(network.normalised(backwards, images)[0, 0, 0], [3, 2, 1], rtol=1e-6)


@pytest.mark.parametrize("scheme", ["torch", "caffe"])
def test_it_is_the_normalisation_of_the_models_room(scheme):
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 3, 3)).astype(np.uint8)
    expected = SCHEMES[scheme].apply(images)
    np.testing.assert_allclose(network.normalised(SCHEMES[scheme], images), expected, rtol=1e-5, atol=1e-5)


def learning(model):
    return [layer.name for layer in model.layers if layer.trainable_weights]


def test_freezing_says_what_it_does_to_batch_normalisation():
    heads = frozenset({"observations"})
    probe = small_model()
    said = network.freeze(probe, "backbone", False, heads)
    assert learning(probe) == ["observations"]
    assert (
        said
        == "3 of 4 layers with weights are frozen; 1 of 1 batch normalisations use and keep their stored statistics"
    )
    last = small_model()
    network.freeze(last, "first", False, heads)
    assert learning(last) == ["norm", "second", "observations"]
    norms = small_model()
    network.freeze(norms, "none", True, heads)
    assert learning(norms) == ["first", "second", "observations"]


def test_freezing_up_to_an_unknown_layer_offers_the_nearest():
    with pytest.raises(InputError, match="did you mean second"):
        network.freeze(small_model(), "secnd", False, frozenset())


def test_weights_leave_out_the_seeds_and_keep_the_statistics():
    names = network.weight_names(small_model())
    assert sorted(tuple(variable.shape) for variable in names.values()) == sorted(
        [(3, 3, 3, 2), (2,), (2,), (2,), (2,), (2,), (1, 1, 2, 2), (2,), (2, 2), (2,)]
    )


def test_state_of_another_model_is_refused_and_nothing_is_set():
    variables = network.weight_names(small_model())
    before = network.snapshot(variables)
    wrong = {name: np.ones_like(array) for name, array in before.items()} | {"weight/0001": np.ones(7, np.float32)}
    with pytest.raises(InputError, match="another model: 0 tensors missing, 0 too many, 1 of another shape"):
        network.restore(variables, wrong)
    np.testing.assert_equal(network.snapshot(variables), before)
