"""Starting points between random and pretrained: mean-var initialisation and weight transfusion (Raghu et al. 2019)."""

import dataclasses
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

from chex_tf.models.heads import LAYERS
from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.truncation import truncate

PRETRAINED, MEAN_VARIANCE, RANDOM = "pretrained", "mean-variance", "random"


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
        return f"{self.tensors} tensors {self.origin} ({where}{reset})"


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
    return tuple(found[origin] for origin in (PRETRAINED, MEAN_VARIANCE, RANDOM) if origin in found)


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


def transfuse(pretrained: keras.Model, other: keras.Model, up_to: str) -> frozenset[str]:
    """Copies weights of `pretrained` into `other`, from the image up to and including the layer `up_to`.

    Both are the same network; above `up_to` the second keeps its own weights, random ones or draws of `mean_variance`.
    Returns the names of the layers that are pretrained now, nested ones included.
    """
    below = truncate(pretrained, up_to)
    for layer in below.layers:
        other.get_layer(layer.name).set_weights(layer.get_weights())
    return frozenset(layer.name for layer in every_layer(below))
