"""The layers of a network, those that layers hold inside themselves included, and what variables each has of its own.

Keras lists the layers of a model publicly, and those of a layer not at all. So this file holds the one call to a
private method; it is there in Keras 3.15.
"""

import keras

from chex_tf.models.variable_names import SEED_STATE


def every_layer(layer: keras.Layer) -> list[keras.Layer]:
    """All layers inside `layer` (a model, mostly), at any depth, in Keras' order."""
    return list(layer._flatten_layers(include_self=False))


def own_variables(layer: keras.Layer) -> list[keras.Variable]:
    """The variables that Keras saves with this layer, so neither those of layers inside it nor random seeds."""
    inside = {id(variable) for inner in every_layer(layer) for variable in inner.variables}
    return [variable for variable in layer.variables if id(variable) not in inside and variable.name != SEED_STATE]
