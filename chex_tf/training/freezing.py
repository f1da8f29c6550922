"""Freezes layers while the others learn, those inside other layers included."""

from collections.abc import Container

import keras

from chex_tf.models.layers_within import every_layer, own_variables
from chex_tf.settings import InputError, nearest


def freeze(model: keras.Model, until: str, batch_norm: bool, heads: Container[str]) -> None:
    """Makes layers untrainable.

    until        "none", "backbone" (all but the layers of `heads`), or the name of the last frozen layer
    batch_norm   whether every batch normalisation is frozen as well
    """
    names = [layer.name for layer in model.layers]
    if until in names and until in heads:
        raise InputError(f"expected none, backbone or a layer below the heads; received {until}", "freeze")
    if until not in ("none", "backbone", *names):
        raise InputError(
            f"expected none, backbone or a layer's name; received {until}{nearest(until, names)}", "freeze"
        )
    for place, layer in enumerate(model.layers):
        below = until in names and place <= names.index(until)
        in_backbone = until == "backbone" and layer.name not in heads
        if layer.weights and (below or in_backbone):
            layer.trainable = False  # and with it what is nested inside
    if batch_norm:
        for layer in every_layer(model):
            if _normalises(layer):
                layer.trainable = False


def describe(model: keras.Model) -> str:
    """What is frozen, batch normalisation's statistics included, in one line; nested layers count one by one."""
    layers = [layer for layer in every_layer(model) if own_variables(layer)]
    norms = [layer for layer in layers if _normalises(layer)]
    frozen = sum(not layer.trainable for layer in layers)
    still = sum(not layer.trainable for layer in norms)
    policy = (
        f"{still} of {len(norms)} batch normalisations use and keep their stored statistics"
        if norms
        else "no batch normalisation"
    )
    return f"{frozen} of {len(layers)} layers with weights are frozen; {policy}"


def _normalises(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)
