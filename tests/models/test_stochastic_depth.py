"""Rates of stochastic depth against Keras' own EfficientNets, and by the builders' formulas."""

import pathlib

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet

from chex_tf.models import features, stochastic_depth
from chex_tf.models.build import build_model
from chex_tf.models.catalogue import row
from chex_tf.models.heads import Heads
from chex_tf.models.inputs import Statistics
from chex_tf.models.settings import ModelSettings
from chex_tf.models.variable_names import weight_names
from chex_tf.settings import InputError


def built(arch: str = "EfficientNetB0", **changes: object) -> keras.Model:
    settings = ModelSettings(arch=arch, **changes)  # type: ignore[arg-type]
    return build_model(settings, Heads(2), 64, 3, Statistics(127.0, 73.0)).model


def rates(model: keras.Model) -> dict[str, float]:
    return {layer.name: layer.rate for layer in stochastic_depth.dropping(model)}


@pytest.mark.parametrize("rate", [0.2, 0.35])
def test_rates_are_those_of_keras_with_that_drop_connect_rate(rate: float) -> None:
    theirs = efficientnet.EfficientNet(
        1.0, 1.0, 224, drop_connect_rate=rate, include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    expected = {layer.name: layer.rate for layer in theirs.layers if isinstance(layer, keras.layers.Dropout)}
    assert len(expected) == 9
    found = rates(built(stochastic_depth=rate))
    assert found == pytest.approx(expected)
    assert rates(built()) == pytest.approx({name: own * 0.2 / rate for name, own in expected.items()})


def test_a_truncated_network_keeps_the_rates_of_the_whole_one() -> None:
    whole, cut = (rates(built(arch, stochastic_depth=0.4)) for arch in ("EfficientNetB0", "EfficientNetB0Minus2"))
    assert 0 < len(cut) < len(whole)
    assert all(whole[name] == rate for name, rate in cut.items())


def test_without_it_names_and_weights_stay_and_training_is_no_longer_random() -> None:
    own, none = built(fused=False), built(fused=False, stochastic_depth=0.0)
    assert rates(none) == {}
    assert [layer.name for layer in none.layers] == [layer.name for layer in own.layers]
    mine, its = weight_names(none), weight_names(own)
    assert list(mine) == list(its)
    assert all(np.array_equal(mine[name], its[name]) for name in mine)
    images = np.random.default_rng(0).normal(size=(4, 64, 64, 3)).astype("float32")
    np.testing.assert_array_equal(none(images, training=True), none(images, training=True))
    assert not np.array_equal(own(images, training=True), own(images, training=True))


def test_a_network_without_it_takes_0_and_nothing_else() -> None:
    network = features.whole_network(row("ResNet18"), 32, seed=0)
    stochastic_depth.set_rate(network, 0.0)
    with pytest.raises(InputError, match=r"has no stochastic depth to set; received 0\.2") as refused:
        stochastic_depth.set_rate(network, 0.2)
    assert refused.value.setting == "stochastic_depth"


def test_a_transfused_network_has_the_rate_asked_for(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "earlier.weights.h5"
    features.whole_network(row("EfficientNetB0"), 64, seed=0).save_weights(file)
    model = built(weights=str(file), transfuse_up_to="block1a_project_bn", stochastic_depth=0.1)
    assert max(rates(model).values()) == pytest.approx(0.1 * 14 / 16)


@pytest.mark.parametrize(
    ("backbone", "deepest"),
    [
        ("EfficientNetLiteB0Backbone", 0.4 * 14 / 16),
        pytest.param("EfficientNetV1B0Backbone", 0.4 * 14 / 16, marks=pytest.mark.slow),
        pytest.param("EfficientNetV2B0Backbone", 0.4 * 20 / 21, marks=pytest.mark.slow),
        pytest.param("MiTB0Backbone", 0.4, marks=pytest.mark.slow),
    ],
)
def test_keras_cvs_rates_grow_towards_what_is_asked(backbone: str, deepest: float) -> None:
    pytest.importorskip("keras_cv")
    found = rates(built(f"keras_cv/{backbone}", stochastic_depth=0.4))
    assert max(found.values()) == pytest.approx(deepest)
    assert rates(built(f"keras_cv/{backbone}", stochastic_depth=0.0)) == {}
