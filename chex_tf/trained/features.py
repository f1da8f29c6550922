"""A network's maps at a layer, for Grad-CAM, probes and similarity."""

import keras

from chex_tf.models.heads import POOLED
from chex_tf.settings import InputError, nearest


def up_to(model: keras.Model, layer: str) -> keras.Model:
    """`model` from its input up to the output of `layer`; layers and weights are shared. Without a name, up to the maps
    that the heads pool."""
    names = [known.name for known in model.layers]
    if layer and layer not in names:
        raise InputError(f"expected a layer of {model.name}; received {layer}{nearest(layer, names)}", "layer")
    maps = model.get_layer(layer).output if layer else model.get_layer(POOLED).input
    return keras.Model([model.input], [maps])
