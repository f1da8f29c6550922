"""What random weights are drawn from: what the builder has, what CheXtransfer's implementation has, or one for all.

PyTorch's networks draw from full normals and from uniform distributions that Keras names otherwise or not at all, so
each is written out here. A depthwise convolution has the inputs and outputs of one of its groups: so counts timm (which
follows TensorFlow's releases) for outputs, and PyTorch for inputs.
"""

import math
from collections.abc import Collection
from typing import Any

import keras

from chex_tf.models.layers_within import every_layer
from chex_tf.models.rows import INITIALISER_WORDS, Initialiser, Row
from chex_tf.models.settings import HE_FAN_OUT, KERAS, PAPER, ModelSettings
from chex_tf.settings import InputError

_TRUNCATED_DEVIATION = 0.1  # of torchvision's InceptionV3, before truncation


def of_convolutions(row: Row, choice: str) -> Initialiser | None:
    """The initialiser that replaces the builder's; None where the builder's stays."""
    if choice == KERAS:
        return None
    if choice == HE_FAN_OUT:
        return "he_fan_out"
    if row.original is None:
        raise InputError(
            f"expected {KERAS} or {HE_FAN_OUT} for {row.name}, of which no implementation of CheXtransfer's is known; "
            f"received {choice}",
            "initialiser",
        )
    return row.original.initialiser


def choose(network: keras.Model, row: Row, choice: str) -> None:
    """Gives the convolutions of `network` the initialisers from which they shall be drawn; draws nothing."""
    kind = of_convolutions(row, choice)
    if kind is None:
        return
    for layer in every_layer(network):
        if not layer.built:  # a layer of keras-cv's may hold layers that it never calls
            continue
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel_initializer = _written_out(kind, layer.kernel.shape, groups=layer.groups)
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.depthwise_initializer = _depthwise(kind, layer.kernel.shape)
        elif isinstance(layer, keras.layers.SeparableConv2D):
            layer.depthwise_initializer = _depthwise(kind, layer.depthwise_kernel.shape)
            layer.pointwise_initializer = _written_out(kind, layer.pointwise_kernel.shape)


def choose_for_heads(model: keras.Model, names: Collection[str], choice: str) -> None:
    """With `paper`, heads start as PyTorch's fully connected layers do: weights and biases uniform within 1/√features.

    CheXtransfer puts a fully connected layer of its own on every network (section 3.2) and states nothing else, so this
    replaces what the original's classifier has. Otherwise heads stay as Keras has them: Glorot uniform, biases zero.
    """
    if choice != PAPER:
        return
    for layer in model.layers:
        if layer.name in names and isinstance(layer, keras.layers.Dense):
            limit = 1 / math.sqrt(layer.kernel.shape[0])
            layer.kernel_initializer = keras.initializers.RandomUniform(-limit, limit)
            layer.bias_initializer = keras.initializers.RandomUniform(-limit, limit)


def describe(settings: ModelSettings, row: Row, shared_up_to: str = "") -> str:
    """What is drawn from what; of loaded weights only the rest is drawn. `shared_up_to` is the layer above which
    weights of another row's network do not fit."""
    kind = of_convolutions(row, settings.initialiser)
    kinds = row.initialisers if kind is None else (kind,)
    drawn = " and ".join(INITIALISER_WORDS[one] for one in kinds) or "as their builder has it"
    if settings.initialiser == PAPER and row.original is not None:
        drawn = f"{drawn} ({row.original.source})"
    heads = "uniform within 1/√features" if settings.initialiser == PAPER else "Glorot uniform, biases zero"
    if settings.weights == "none":
        below = f"convolutions {drawn}; "
    elif (up_to := settings.transfuse_up_to or shared_up_to) and not settings.mean_variance:
        below = f"convolutions above {up_to} {drawn}; "
    else:
        below = ""
    return f"random weights ({settings.initialiser}): {below}heads {heads}"


def _depthwise(kind: Initialiser, shape: tuple[int, ...]) -> Any:
    rows, columns, channels, multiplier = shape
    return _written_out(kind, (rows, columns, 1, channels * multiplier), groups=channels)


def _written_out(kind: Initialiser, shape: tuple[int, ...], groups: int = 1) -> Any:
    """`shape`: rows, columns, inputs of a group, outputs of all groups."""
    rows, columns, inputs, outputs = shape
    fan_in, fan_out = rows * columns * inputs, rows * columns * outputs // groups
    if kind == "truncated_normal":
        return keras.initializers.TruncatedNormal(0.0, _TRUNCATED_DEVIATION)
    if kind == "uniform_fan_in":
        return keras.initializers.RandomUniform(-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))
    if kind not in ("he_fan_in", "he_fan_out"):
        raise ValueError(f"expected what an original has; received {kind}")
    return keras.initializers.RandomNormal(0.0, math.sqrt(2 / (fan_in if kind == "he_fan_in" else fan_out)))
