"""The layers of a network, including those nested inside layers, and the variables that each owns itself.

Keras has a public list of a model's layers, but none of those inside a layer. So this file makes the project's one call
to a private method; Keras 3.15 has it.
"""

import keras

from chex_tf.models.variable_names import SEED_STATE


def every_layer(layer: keras.Layer) -> list[keras.Layer]:
    """All layers inside `layer` (usually a model), at any depth, in Keras' order."""
    return list(layer._flatten_layers(include_self=False))


def own_variables(layer: keras.Layer) -> list[keras.Variable]:
    """The variables that Keras saves with this layer: neither those of layers inside it nor random seeds."""
    inside = {id(variable) for inner in every_layer(layer) for variable in inner.variables}
    return [variable for variable in layer.variables if id(variable) not in inside and variable.name != SEED_STATE]
