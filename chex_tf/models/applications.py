"""The networks of keras.applications, without classifier and without the input scaling that some have inside."""

from typing import Any

import keras

from chex_tf.models.layer_names import number_by_order
from chex_tf.models.simplifying import simplified

_HEAD_CONVOLUTION = "conv_2"

# The networks of keras.applications that rows use, and whether their scaling and padding layers are left out.
SIMPLIFIED: dict[str, bool] = {
    **dict.fromkeys(("DenseNet121", "DenseNet169", "DenseNet201", "InceptionV3", "NASNetMobile", "VGG16"), False),
    **dict.fromkeys(("ResNet50", "ResNet101", "ResNet152"), False),
    **dict.fromkeys(("EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3"), True),
    **dict.fromkeys(("MobileNetV2", "MobileNetV3Large"), True),
}


def build(variant: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """keras.applications' network `variant` with random weights, from normalised image to last feature maps."""
    arguments: dict[str, Any] = {"include_top": False}
    if variant == "MobileNetV3Large":
        # The head convolution to 1280 channels is part of what keras.applications calls the top.
        arguments = {"include_top": True, "include_preprocessing": False, "dropout_rate": 0.0}
    model = getattr(keras.applications, variant)(weights=None, input_shape=input_shape, **arguments)
    number_by_order(model)
    if variant == "MobileNetV3Large":
        model = _with_head_convolution(model)
    if SIMPLIFIED[variant]:
        return simplified(model)
    if variant == "NASNetMobile":
        model.layers[-1].name = "features_relu"
    return keras.Model(model.input, model.output, name=variant.lower())


def _with_head_convolution(model: keras.Model) -> keras.Model:
    """MobileNetV3 up to the activation after its 1280-channel convolution, whose maps are 1×1."""
    for convolution in ("conv_1_bn", _HEAD_CONVOLUTION):
        _following(model, convolution).name = convolution.removesuffix("_bn") + "_activation"
    return keras.Model(model.input, model.get_layer(f"{_HEAD_CONVOLUTION}_activation").output, name="mobilenetv3")


def _following(model: keras.Model, name: str) -> Any:
    """The one layer that takes the output of the layer `name`."""
    given = model.get_layer(name).output
    (layer,) = (layer for layer in model.layers if any(given is taken for taken in _inputs(layer)))
    return layer


def _inputs(layer: Any) -> list[Any]:
    return [] if isinstance(layer, keras.layers.InputLayer) else keras.tree.flatten(layer.input)
