"""Counting a built model: parameters, multiply-adds, maps. Nothing here is read from the catalogue."""

import math

import keras

from chex_tf.models.layers_within import every_layer


def trainable_parameters(model: keras.Model) -> int:
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def multiply_adds(model: keras.Model) -> int | None:
    """Multiplications (each with its addition) of the convolutions and dense layers, for one image of the model's size.

    None where a layer of layers hides the shapes inside it, as some of keras-cv's do.
    """
    counts = [_layer_multiply_adds(layer) for layer in every_layer(model)]
    return None if None in counts else sum(count for count in counts if count is not None)


def _layer_multiply_adds(layer: keras.Layer) -> int | None:
    """Convolutions and dense layers do one multiplication per weight and position; other layers are not counted."""
    if not layer.built:  # a layer of keras-cv's may hold layers that it never calls
        return 0
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.SeparableConv2D):
        kernels = [layer.depthwise_kernel, layer.pointwise_kernel]
    elif isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)):
        kernels = [layer.kernel]
    else:
        return 0
    try:
        shape = layer.output.shape
    except AttributeError:  # called inside another layer, where Keras keeps no record of the output
        return None
    return shape[1] * shape[2] * sum(math.prod(kernel.shape) for kernel in kernels)


def grid(model: keras.Model, layer: str) -> tuple[int, int]:
    """Rows and columns of the maps that `layer` gives."""
    shape = model.get_layer(layer).output.shape
    return shape[1], shape[2]
