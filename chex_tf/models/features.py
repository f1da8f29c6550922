"""Building the network of a row up to its feature maps, random and seeded, without weights or head."""

import importlib
import zlib
from collections.abc import Container

import keras

from chex_tf.models import catalogue, initialisers
from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.models.rows import Row
from chex_tf.models.settings import KERAS
from chex_tf.models.truncation import truncate
from chex_tf.settings import InputError


def whole_network(row: Row, side: int, seed: int, initialiser: str = KERAS) -> keras.Model:
    """The whole network of `row`, before any cut, for images of side×side×3, initialised from `seed`; `initialiser` is
    that of ModelSettings."""
    if side < row.smallest:
        raise InputError(
            f"{row.name} takes images of at least {row.smallest} pixels per side; received {side}", "image_size"
        )
    module, variant = catalogue.whole(row).builder.split(":")
    builder = importlib.import_module(f"chex_tf.models.{module}")
    model = builder.build(variant, (side, side, 3))
    initialisers.choose(model, row, initialiser)
    initialise(model, seed)
    return model


def cut(row: Row, network: keras.Model) -> keras.Model:
    """`network` as far as the row goes; layers and weights are shared."""
    return network if row.cut_at is None else truncate(network, row.cut_at)


def initialise(model: keras.Model, seed: int, only: Container[str] | None = None) -> None:
    """Draws every random weight (or those of the layers in `only`) again.

    Each comes from its layer's own initialiser, seeded by `seed` and the layer's name. So a truncated network starts
    from the same numbers as the whole one, and nothing depends on Keras' global seed.
    """
    for layer in every_layer(model):
        if only is not None and layer.name not in only:
            continue
        for variable in own_variables(layer):
            initializer = _initializer(layer, variable.name)
            if isinstance(initializer, keras.initializers.Initializer) and "seed" in initializer.get_config():
                drawn = zlib.crc32(f"{seed}/{layer.name}/{variable.name}".encode())
                seeded = type(initializer).from_config({**initializer.get_config(), "seed": drawn})
                variable.assign(seeded(variable.shape, dtype=variable.dtype))


def _initializer(layer: keras.Layer, variable: str) -> object:
    """The layer's initialiser for this variable; depthwise kernels have theirs under another name."""
    names: tuple[str, ...] = (f"{variable}_initializer", f"{variable.removesuffix('_kernel')}_initializer")
    if variable == "kernel" and isinstance(layer, keras.layers.DepthwiseConv2D):
        names = ("depthwise_initializer",)
    return next((found for name in names if (found := getattr(layer, name, None)) is not None), None)
