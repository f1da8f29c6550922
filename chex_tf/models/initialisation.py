"""Starting points between random and pretrained: mean-var initialisation, weight transfusion, Gabor filters (Raghu et
al. 2019)."""

import dataclasses
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

from chex_tf.amounts import counted
from chex_tf.models import gabor
from chex_tf.models.heads import LAYERS
from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.truncation import truncate
from chex_tf.settings import InputError

PRETRAINED, GABOR, MEAN_VARIANCE, RANDOM = "pretrained", "of drawn Gabor functions", "mean-variance", "random"


@dataclasses.dataclass(frozen=True)
class Part:
    """The tensors of a model that have one origin; its first and last layer with weights below the heads, in the
    model's order, empty where there are none; and its heads."""

    origin: str
    tensors: int = 0
    first: str = ""
    last: str = ""
    heads: tuple[str, ...] = ()

    def __str__(self) -> str:
        below = self.first if self.first == self.last else f"{self.first} to {self.last}"
        where = ", ".join([*([below] if below else []), *self.heads])
        reset = "; moving statistics 0 and 1" if self.origin == MEAN_VARIANCE else ""
        return f"{counted(self.tensors, 'tensor')} {self.origin} ({where}{reset})"


def parts(model: keras.Model, origins: Mapping[str, str]) -> tuple[Part, ...]:
    """The parts of `model`, whose layers have these origins by name; those that are not named are random."""
    found: dict[str, Part] = {}
    for layer in every_layer(model):
        tensors = len(own_variables(layer))
        if tensors:
            origin = origins.get(layer.name, RANDOM)
            before = found.get(origin, Part(origin))
            if layer.name in LAYERS:
                more: dict[str, Any] = {"heads": (*before.heads, layer.name)}
            else:
                more = {"first": before.first or layer.name, "last": layer.name}
            found[origin] = dataclasses.replace(before, tensors=before.tensors + tensors, **more)
    return tuple(found[origin] for origin in (PRETRAINED, GABOR, MEAN_VARIANCE, RANDOM) if origin in found)


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
            stream = _stream(seed, layer, variable)
            variable.assign(stream.normal(value.mean(), value.std(), value.shape).astype(variable.dtype))
            drawn += 1
        _reset_statistics(layer)
    return drawn


def _reset_statistics(layer: keras.Layer) -> None:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.moving_mean.assign(np.zeros(layer.moving_mean.shape))
        layer.moving_variance.assign(np.ones(layer.moving_variance.shape))


def _stream(seed: int, layer: keras.Layer, variable: keras.Variable) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(f"{layer.name}/{variable.name}".encode())])


def gabor_filters(network: keras.Model, seed: int) -> str:
    """Replaces the filters of the first convolution by Gabor functions, each with the mean square that all of them had
    together; a bias stays. Returns the layer's name."""
    layer = next((layer for layer in every_layer(network) if isinstance(layer, keras.layers.Conv2D)), None)
    if layer is None:
        raise InputError(f"expected a network that begins with a convolution; received {network.name}", "gabor")
    before = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float64)
    drawn = gabor.draw(before.shape, _stream(seed, layer, layer.kernel))
    layer.kernel.assign((drawn * np.sqrt(np.mean(before**2))).astype(layer.kernel.dtype))
    return str(layer.name)


def transfuse(pretrained: keras.Model, other: keras.Model, up_to: str) -> frozenset[str]:
    """Copies weights of `pretrained` into `other`, from the image up to and including the layer `up_to`.

    Both are the same network as far as that; above `up_to` the second keeps its own weights, random ones or draws of
    `mean_variance`. Returns the names of the layers that are pretrained now, nested ones included.
    """
    below = truncate(pretrained, up_to)
    for layer in below.layers:
        other.get_layer(layer.name).set_weights(layer.get_weights())
    return frozenset(layer.name for layer in every_layer(below))
