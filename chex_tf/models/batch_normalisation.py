"""Batch normalisation's momentum and epsilon: the builder's, those of CheXtransfer's implementation, or given numbers.

Loaded weights keep the epsilon that they were trained with, because it is part of what they compute. The momentum may
change: it decides only how fast the moving statistics follow.
"""

import dataclasses

import keras

from chex_tf.amounts import counted
from chex_tf.models.inputs import Encoder
from chex_tf.models.layers_within import every_layer
from chex_tf.models.rows import Row
from chex_tf.models.settings import PAPER, ModelSettings
from chex_tf.settings import InputError

_MOSTLY = 0.5
_SHORTER = 0.9  # PyTorch's, and that of most of the papers' networks


def resolved(settings: ModelSettings, row: Row, encoder: Encoder | None = None) -> ModelSettings:
    """The settings with the numbers that are in force; None where the builder's stay.

    `encoder` is that of the run whose folder `settings.weights` names.
    """
    if settings.batch_normalisation != PAPER:
        original = None
    elif row.original is None:
        too = "; --initialiser too has to be keras or he_fan_out" if settings.initialiser == PAPER else ""
        raise InputError(
            f"expected keras for {row.name}, of which no implementation of CheXtransfer's is known; received "
            f"{PAPER}{too}",
            "batch_normalisation",
        )
    else:
        original = row.original.batch_normalisation
    momentum, epsilon = settings.batch_norm_momentum, settings.batch_norm_epsilon
    if momentum is None and original is not None:
        momentum = original.momentum
    if settings.weights == "none":
        if epsilon is None and original is not None:
            epsilon = original.epsilon
    elif encoder is not None:
        epsilon = _kept(encoder.batch_norm_epsilon, epsilon, row)
    elif settings.weights in {checkpoint.name for checkpoint in row.checkpoints}:
        epsilon = _kept(None, epsilon, row)
    return dataclasses.replace(settings, batch_norm_momentum=momentum, batch_norm_epsilon=epsilon)


def _kept(trained_with: float | None, asked: float | None, row: Row) -> float | None:
    """The epsilon of loaded weights, None for the builder's; another one is refused."""
    of_builder = row.batch_normalisation.epsilon if row.batch_normalisation is not None else None
    known = of_builder if trained_with is None else trained_with
    if asked is not None and asked != known:
        raise InputError(
            "expected no other epsilon than that with which the weights were trained"
            f"{'' if known is None else f', {known:g}'}; received {asked:g}",
            "batch_norm_epsilon",
        )
    return trained_with


def choose(model: keras.Model, settings: ModelSettings) -> None:
    """Gives every layer of `model` the numbers of resolved settings."""
    for layer in _layers(model):
        if settings.batch_norm_momentum is not None:
            layer.momentum = settings.batch_norm_momentum
        if settings.batch_norm_epsilon is not None:
            layer.epsilon = settings.batch_norm_epsilon


def describe(model: keras.Model, settings: ModelSettings) -> str:
    """What is in force in the built model."""
    found = sorted({(float(layer.momentum), float(layer.epsilon)) for layer in _layers(model)})
    if not found:
        return "no batch normalisation"
    of_weights = "" if settings.weights == "none" else ", that of the loaded weights"
    pairs = "; ".join(f"momentum {momentum:g}, epsilon {epsilon:g}" for momentum, epsilon in found)
    return f"batch normalisation ({settings.batch_normalisation}): {pairs}{of_weights}"


def remarks(model: keras.Model, updates: int) -> list[str]:
    """What a reader of the scores must know where so many updates leave the moving statistics mostly as they began."""
    momentum = max((float(layer.momentum) for layer in _layers(model) if layer.trainable), default=0.0)
    left = momentum**updates
    if left <= _MOSTLY:
        return []
    sooner = f"--batch_norm_momentum={_SHORTER:g} forgets sooner" if momentum > _SHORTER else "more steps forget more"
    return [
        "note: at the end the moving statistics of batch normalisation, by which films are evaluated, are still "
        f"{left:.1%} what they began as (momentum {momentum:g}, {counted(updates, 'update')}): all films may get "
        f"nearly the same prediction; {sooner}"
    ]


def _layers(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in every_layer(model) if isinstance(layer, keras.layers.BatchNormalization)]
