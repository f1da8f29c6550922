"""Names for layers that were built without a name."""

import re

import keras

from chex_tf.models.layers_within import every_layer


def number_by_order(model: keras.Model) -> None:
    """Renames layers and other operations that Keras named by default (conv2d_17), counting in this model alone.

    Keras counts over the whole process, so the second model built would differ from the first in its names, and with
    them in seeds, saved weights and cuts.
    """
    counts: dict[str, int] = {}
    for layer in model.operations:
        default = default_name(layer)
        if re.fullmatch(rf"{default}(_\d+)?", layer.name):
            count = counts.get(default, 0)
            counts[default] = count + 1
            layer.name = default if count == 0 else f"{default}_{count}"


def name_nested(model: keras.Model) -> None:
    """Renames every layer inside a layer of `model` to OUTER.CLASS, numbered within the outer layer in Keras' order.

    Keras, and keras-cv in names that it gives itself, number these over the whole process too.
    """
    for outer in model.layers:
        counts: dict[str, int] = {}
        for layer in every_layer(outer):
            name = f"{outer.name}.{default_name(layer)}"
            count = counts.get(name, 0)
            counts[name] = count + 1
            layer.name = name if count == 0 else f"{name}_{count}"


def default_name(layer: keras.Operation) -> str:
    """The name that Keras gives the first unnamed layer of this class: conv2d, batch_normalization, re_lu."""
    name = re.sub(r"\W+", "", type(layer).__name__)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
