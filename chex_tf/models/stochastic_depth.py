"""Stochastic depth (Huang et al. 2016): residual branches that are left out, image by image, while training.

Keras' and keras-cv's EfficientNets and keras-cv's Mix Transformers have it inside, at rates that grow linearly with
depth, whether or not the network is truncated.
"""

from typing import Any

import keras

from chex_tf.models.layers_within import every_layer
from chex_tf.settings import InputError

# What the builders' rates grow towards: `drop_connect_rate` of the EfficientNets, drop_path_rate of MiT (`DropPath`).
_FULL_DROPOUT, _FULL_DROP_PATH = 0.2, 0.1


def dropping(model: keras.Model) -> list[Any]:
    """The layers that leave out a branch at a rate above 0, from the image on."""
    return [layer for layer in every_layer(model) if _full_rate(layer) is not None and layer.rate > 0]


def plain_dropout(model: keras.Model) -> list[Any]:
    """Every other dropout layer with a rate above 0."""
    found = [layer for layer in every_layer(model) if isinstance(layer, keras.layers.Dropout)]
    return [layer for layer in found if layer.rate > 0 and _full_rate(layer) is None]


def set_rate(model: keras.Model, rate: float) -> None:
    """Gives a whole network's block at depth d of D the rate `rate` × d / D; 0 turns stochastic depth off.

    Layers stay where they are, so names and weights do too.
    """
    found = dropping(model)
    if rate > 0 and not found:
        raise InputError(
            f"expected 0 or nothing: {model.name} has no stochastic depth to set; received {rate:g}", "stochastic_depth"
        )
    for layer in found:
        layer.rate = rate * layer.rate / _full_rate(layer)


def _full_rate(layer: Any) -> float | None:
    """What the rates of this kind of layer grow towards; None for a layer of another kind."""
    if type(layer).__name__ == "DropPath":  # keras-cv's, which is imported only for its backbones
        return _FULL_DROP_PATH
    shape = layer.noise_shape if isinstance(layer, keras.layers.Dropout) else None
    whole_images = shape is not None and all(size == 1 for size in tuple(shape)[1:])
    return _FULL_DROPOUT if whole_images else None
