"""Starting points between random and pretrained: mean-var initialisation and weight transfusion (Raghu et al. 2019)."""

import zlib
from collections.abc import Collection

import keras
import numpy as np

from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.truncation import truncate


def mean_variance(model: keras.Model, seed: int, leave: Collection[str] = ()) -> int:
    """Replaces every trained weight by draws from a normal with that weight tensor's own mean and variance.

    Call it on a network with pretrained weights, of which only the scale then remains. Each tensor has a random stream
    of its own, from `seed` and its layer's name. Batch normalisation's moving statistics describe features that no
    longer exist, so they are reset to 0 and 1. Layers named in `leave` (the head) are not touched. Returns how many
    tensors were drawn.
    """
    drawn = 0
    for layer in every_layer(model):
        if layer.name in leave:
            continue
        for variable in own_variables(layer):
            if not variable.trainable:
                continue
            value = np.asarray(keras.ops.convert_to_numpy(variable), np.float64)
            stream = np.random.default_rng([seed, zlib.crc32(f"{layer.name}/{variable.name}".encode())])
            variable.assign(stream.normal(value.mean(), value.std(), value.shape).astype(variable.dtype))
            drawn += 1
        _reset_statistics(layer)
    return drawn


def _reset_statistics(layer: keras.Layer) -> None:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.moving_mean.assign(np.zeros(layer.moving_mean.shape))
        layer.moving_variance.assign(np.ones(layer.moving_variance.shape))


def transfuse(pretrained: keras.Model, random: keras.Model, up_to: str) -> int:
    """Copies weights of `pretrained` into `random`, from the image up to and including the layer `up_to`.

    Both are the same network; above `up_to` the second keeps its random weights. Returns how many tensors were copied.
    """
    copied = 0
    for layer in truncate(pretrained, up_to).layers:
        into = random.get_layer(layer.name)
        into.set_weights(layer.get_weights())
        copied += len(layer.get_weights())
    return copied
