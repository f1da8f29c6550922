"""A model with the normalisation before it and everything beside it that a training step changes, by name."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.models.inputs import Normalisation
from chex_tf.settings import InputError, nearest
from chex_tf.training import optimizer
from chex_tf.training.settings import TrainSettings

OBSERVATIONS = "observations"
SEED_STATE = "seed_generator_state"  # Keras' name for what its dropout layers count with


@dataclasses.dataclass(frozen=True)
class Network:
    """To be made in the strategy's scope. `duals` are a, b and alpha of the AUC margin loss; `scaling` is float16's
    loss scale and how many steps in a row it has held."""

    model: keras.Model
    normalisation: Normalisation
    optimizer: optimizer.Optimizer
    duals: tf.Variable
    scaling: tf.Variable

    def logits(self, images: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Head -> logits, for images of 0 to 255 with 1 or 3 channels."""
        found = self.model(normalised(self.normalisation, images), training=training)
        return dict(found) if isinstance(found, Mapping) else {OBSERVATIONS: found}

    @property
    def moving(self) -> list[Any]:
        """Moving statistics: what a forward pass changes and replicas must agree on."""
        return [variable for variable in self.model.non_trainable_variables if _is_statistic(variable)]

    @property
    def seeds(self) -> list[Any]:
        """States of the dropout layers' seeds; set anew at every step, so no checkpoint needs them."""
        return [variable for variable in self.model.non_trainable_variables if variable.name == SEED_STATE]

    def weights(self) -> dict[str, Any]:
        return weight_names(self.model)

    def state(self) -> dict[str, Any]:
        """Name -> variable of what the next step depends on."""
        return self.weights() | self.optimizer.named_slots() | {"auc_margin/duals": self.duals, "scaling": self.scaling}


def weight_names(model: keras.Model) -> dict[str, Any]:
    """Name in a checkpoint -> variable, for what inference needs. Numbered: Keras' own names depend on the process."""
    kept = [variable for variable in model.variables if variable.name != SEED_STATE]
    return {f"weight/{number:04d}": variable.value for number, variable in enumerate(kept)}


def _is_statistic(variable: Any) -> bool:
    # What Keras lists as not trainable and is no statistic: frozen weights, and seeds.
    return variable.name.startswith("moving_") and variable.dtype == "float32"


def make(settings: TrainSettings, model: keras.Model, normalisation: Normalisation, tasks: int) -> Network:
    return Network(
        model,
        normalisation,
        optimizer.make(settings, model.trainable_variables),
        tf.Variable(tf.zeros((3, tasks)), trainable=False, name="auc_margin_duals"),
        tf.Variable([2.0**15, 0.0], trainable=False, name="loss_scaling"),
    )


def normalised(normalisation: Normalisation, images: tf.Tensor) -> tf.Tensor:
    """images × scale + offset; one channel becomes three here, on the device, and no sooner."""
    values = tf.cast(images, tf.float32) * tf.constant(normalisation.scale) + tf.constant(normalisation.offset)
    return tf.reverse(values, [-1]) if normalisation.reverse_channels else values


def snapshot(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Copies on the host, which the loop can no longer change."""
    return {name: np.array(_first(variable).numpy()) for name, variable in variables.items()}


def restore(variables: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Puts arrays back, all or none; also to be used for the weights alone."""
    missing, unexpected = sorted({*variables} - {*arrays}), sorted({*arrays} - {*variables})
    wrong = [
        name for name in variables.keys() & arrays.keys() if tuple(variables[name].shape) != tuple(arrays[name].shape)
    ]
    if missing or unexpected or wrong:
        raise InputError(
            f"the checkpoint is of another model: {len(missing)} tensors missing, {len(unexpected)} too many, "
            f"{len(wrong)} of another shape",
            "run_dir",
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _first(variable: Any) -> Any:
    """A replica's copy, read directly: reading the mirrored whole may ask other workers."""
    values = getattr(variable, "values", None)
    return values[0] if isinstance(values, tuple) else variable


def freeze(model: keras.Model, until: str, batch_norm: bool, heads: frozenset[str]) -> str:
    """Makes layers untrainable and says in one line what was done, batch normalisation's policy included.

    until   "none", "backbone" (all but the heads), or the name of the last layer that stays as it is
    """
    layers = [layer for layer in model.layers if layer.weights]
    if until == "none":
        frozen = []
    elif until == "backbone":
        frozen = [layer for layer in layers if layer.name not in heads]
    else:
        names = [layer.name for layer in model.layers]
        if until not in names:
            raise InputError(
                f"expected none, backbone or a layer's name; received {until}{nearest(until, names)}", "freeze"
            )
        before = set(names[: names.index(until) + 1])
        frozen = [layer for layer in layers if layer.name in before]
    if batch_norm:
        frozen += [
            layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization) and layer not in frozen
        ]
    norms = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in frozen:
        layer.trainable = False
    still = sum(layer in frozen for layer in norms)
    policy = (
        f"{still} of {len(norms)} batch normalisations use and keep their stored statistics"
        if norms
        else "no batch normalisation"
    )
    return f"{len(frozen)} of {len(layers)} layers with weights are frozen; {policy}"
