"""Truncation: removes the last stages of a network above a layer given by name (CheXtransfer, section 3.2)."""

import keras

from chex_tf.settings import InputError, nearest


def truncate(features: keras.Model, layer: str) -> keras.Model:
    """`features` up to and including `layer`; the layers, and with them the weights, are shared."""
    names = [known.name for known in features.layers]
    if layer not in names:
        raise InputError(f"expected a layer of {features.name}; received {layer}{nearest(layer, names)}")
    maps = features.get_layer(layer).output
    if len(maps.shape) != 4:
        raise InputError(
            f"expected a layer that gives maps (batch, rows, columns, channels); {layer} gives {maps.shape}"
        )
    cut = keras.Model(features.input, maps, name=f"{features.name}_to_{layer}".replace("/", "_"))
    if not cut.weights:
        raise InputError(f"expected a layer of {features.name} that has weights below it; received {layer}")
    return cut
