"""Names of a model's variables: unique, complete, and the same whatever else the process built."""

import keras
import pytest

from chex_tf.models import build
from chex_tf.models.heads import Heads
from chex_tf.models.settings import ModelSettings
from chex_tf.models.variable_names import weight_names


def model(arch: str, heads: Heads) -> keras.Model:
    return build.build_model(ModelSettings(arch=arch), heads, 64).model


def test_layer_and_variable_in_the_model_s_order() -> None:
    network = model("ResNet18Minus3", Heads(14, extra=("sex", "age"), dropout=0.5))
    names = weight_names(network)
    assert next(iter(names)) == "conv1_conv/kernel"
    assert names["conv2_block2_2_bn/moving_variance"] is network.get_layer("conv2_block2_2_bn").moving_variance
    heads = ["observations/kernel", "observations/bias", "sex/kernel", "sex/bias", "age/kernel", "age/bias"]
    assert sorted(list(names)[-6:]) == sorted(heads)
    seeds = [variable for variable in network.variables if variable.name == "seed_generator_state"]
    assert len(seeds) == 1, "the dropout's"
    kept = [id(variable) for variable in network.variables if variable is not seeds[0]]
    assert [id(variable) for variable in names.values()] == kept


def test_layers_inside_a_layer_by_hand() -> None:
    """Two dense layers in a row inside one: kernel, bias, and again; none of the names Keras makes up for them."""

    class Two(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="two")
            self.first, self.second = keras.layers.Dense(3), keras.layers.Dense(4)
            self.noise = keras.layers.Dropout(0.5)

        def call(self, x: object) -> object:
            return self.second(self.noise(self.first(x)))

    layer, given = Two(), keras.Input((2,))
    names = weight_names(keras.Model(given, layer(given)))
    shapes = {name: tuple(variable.shape) for name, variable in names.items()}
    assert shapes == {"two/kernel": (2, 3), "two/bias": (3,), "two/kernel_1": (3, 4), "two/bias_1": (4,)}
    assert names["two/kernel_1"] is layer.second.kernel


@pytest.mark.parametrize(
    "arch",
    [
        "EfficientNetB0Minus2",
        "keras_cv/MobileNetV3SmallBackbone",
        "keras_cv/CSPDarkNetTinyBackbone",
        pytest.param("keras_cv/MiTB0Backbone", marks=pytest.mark.slow),
        pytest.param("keras_cv/EfficientNetV2B0Backbone", marks=pytest.mark.slow),
    ],
)
def test_the_second_network_of_a_process_has_the_first_one_s_names(arch: str) -> None:
    pytest.importorskip("keras_cv")
    first, second = (model(arch, Heads(2)) for _ in range(2))
    names = list(weight_names(first))
    assert names == list(weight_names(second))
    assert len(names) == sum(variable.name != "seed_generator_state" for variable in first.variables)
    assert any(name.endswith("_1") for name in names) == ("keras_cv" in arch)
