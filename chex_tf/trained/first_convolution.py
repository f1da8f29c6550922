"""The filters of a network's first convolution."""

import dataclasses

import keras
import numpy as np

from chex_tf.models.layers_within import every_layer
from chex_tf.settings import InputError
from chex_tf.trained.activations import Frozen


@dataclasses.dataclass(frozen=True)
class FirstConvolution:
    """`kernel` is (rows, columns, inputs, filters), `grey` (rows, columns, filters) what a grey film meets: inputs
    added up, each times the scale that the network's normalisation gives it, relative to the largest."""

    layer: str
    kernel: np.ndarray
    grey: np.ndarray


def first_convolution(network: Frozen) -> FirstConvolution:
    for layer in every_layer(network.model):
        if isinstance(layer, keras.layers.Conv2D):
            kernel = np.asarray(layer.kernel, np.float64)
            scale = np.array(network.normalisation.scale)
            if network.normalisation.reverse_channels:
                scale = scale[::-1]
            return FirstConvolution(layer.name, kernel, np.einsum("rcif,i->rcf", kernel, scale / scale.max()))
    raise InputError(f"expected a network with a convolution; {network.model.name} has none", "filters")
