"""A model with its normalisation, and by name everything that a training step changes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from chex_tf.models.heads import OBSERVATIONS
from chex_tf.models.inputs import Normalisation
from chex_tf.models.normalising import normalised
from chex_tf.models.variable_names import SEED_STATE, weight_names
from chex_tf.runs import former_versions
from chex_tf.runs.checkpoints import WEIGHT
from chex_tf.settings import InputError
from chex_tf.training import optimizer
from chex_tf.training.settings import TrainSettings

FIRST_SCALE = 2.0**15  # of float16's loss


@dataclasses.dataclass(frozen=True)
class Network:
    """Make it in the strategy's scope. `own` are the objective's variables; `scaling` is float16's loss scale and how
    many steps in a row it has not overflowed."""

    model: keras.Model
    normalisation: Normalisation
    optimizer: optimizer.Optimizer
    own: dict[str, tf.Variable]
    scaling: tf.Variable

    def outputs(self, images: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """Each head's output, for images of 0 to 255 with 1 or 3 channels."""
        found = self.model(normalised(self.normalisation, images), training=training)
        return dict(found) if isinstance(found, Mapping) else {OBSERVATIONS: found}

    @property
    def moving(self) -> list[Any]:
        """Moving statistics: what a forward pass changes and replicas must agree on."""
        return [variable for variable in self.model.non_trainable_variables if _is_statistic(variable)]

    @property
    def seeds(self) -> list[Any]:
        """States of the dropout layers' seeds; set at every step, so no checkpoint needs them."""
        return [variable for variable in self.model.non_trainable_variables if variable.name == SEED_STATE]

    def weights(self) -> dict[str, Any]:
        return {f"{WEIGHT}{name}": variable.value for name, variable in weight_names(self.model).items()}

    def state(self) -> dict[str, Any]:
        """Name -> variable, for everything that the next step depends on."""
        own = {f"objective/{name}": variable for name, variable in self.own.items()}
        return self.weights() | self.optimizer.named_slots() | own | {"scaling": self.scaling}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores a checkpoint's full state, of this version or a former one."""
        names = tuple(weight_names(self.model))
        restore(self.state(), former_versions.arrays(arrays, names, self.optimizer.names, tuple(self.own)))

    def restore_weights(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restores the weights of one of the best checkpoints; the rest of the state stays."""
        restore(self.weights(), former_versions.arrays(arrays, tuple(weight_names(self.model)), ()))


def _is_statistic(variable: Any) -> bool:
    # Keras also lists as not trainable what is not a statistic: frozen weights and seeds.
    return variable.name.startswith("moving_") and variable.dtype == "float32"


def make(
    settings: TrainSettings, model: keras.Model, normalisation: Normalisation, own: Mapping[str, tf.Variable]
) -> Network:
    """`own` as the objective made them."""
    named = {id(variable): name for name, variable in weight_names(model).items()}
    learned = {named[id(variable)]: variable for variable in model.trainable_variables}
    return Network(
        model,
        normalisation,
        optimizer.make(settings, learned),
        dict(own),
        tf.Variable([FIRST_SCALE, 0.0], trainable=False, name="loss_scaling"),
    )


def snapshot(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Copies on the host, which the loop can no longer change."""
    return {name: np.array(_first(variable).numpy()) for name, variable in variables.items()}


def restore(variables: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Restores arrays, all or none."""
    missing, unexpected = sorted({*variables} - {*arrays}), sorted({*arrays} - {*variables})
    wrong = [
        name for name in variables.keys() & arrays.keys() if tuple(variables[name].shape) != tuple(arrays[name].shape)
    ]
    if missing or unexpected or wrong:
        raise InputError(
            f"the checkpoint belongs to another model: {len(missing)} tensors missing, {len(unexpected)} too many, "
            f"{len(wrong)} of another shape",
            "run_dir",
        )
    for name, variable in variables.items():
        variable.assign(arrays[name])


def _first(variable: Any) -> Any:
    """A replica's copy, read directly: reading the mirrored whole may ask other workers."""
    values = getattr(variable, "values", None)
    return values[0] if isinstance(values, tuple) else variable
