"""A trained run as one Keras model: the mean of its best checkpoints' probabilities, with normalisation inside."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from chex_tf.models.build import build_model
from chex_tf.models.heads import OBSERVATIONS
from chex_tf.models.inputs import Statistics, with_normalisation
from chex_tf.models.settings import KERAS
from chex_tf.models.variable_names import weight_names
from chex_tf.runs import checkpoints, former_versions
from chex_tf.settings import InputError
from chex_tf.trained.run import TrainedRun, check_observations, read_run


def load_run(run_dir: pathlib.Path | str, members: int | None = None) -> keras.Model:
    """(batch, side, side, 1) with values from 0 to 255 -> (batch, tasks) probabilities: the mean over the run's best
    checkpoints, or the `members` best of them. The tasks' names are those of `read_run(run_dir).tasks`."""
    run = read_run(run_dir)
    members_apart = load_separately(run, run.best[:members])
    return keras.Model(members_apart.input, mean(members_apart.outputs), name=f"{members_apart.name}_ensemble")


def load_separately(run: TrainedRun, best: Sequence[checkpoints.Best]) -> keras.Model:
    """Like `load_run`, but with one output per checkpoint instead of their mean."""
    check_observations(run)
    image = keras.Input((run.side, run.side, 1), name="radiograph")
    found = [_probabilities(run, load_member(run, one), number)(image) for number, one in enumerate(best)]
    return keras.Model(image, found, name=run.arch.lower().replace("/", "_"))


def mean(members: Sequence[Any]) -> Any:
    return members[0] if len(members) == 1 else keras.layers.Average(name="mean_of_probabilities")(members)


def load_member(run: TrainedRun, best: checkpoints.Best) -> keras.Model:
    """One checkpoint as the bare network: normalised images of three channels -> logits."""
    # The weights are replaced below, so none are fetched; a run records momentum and epsilon as numbers.
    settings = dataclasses.replace(run.model, weights="none", mean_variance=False, transfuse_up_to=None, gabor=False)
    settings = dataclasses.replace(settings, initialiser=KERAS, batch_normalisation=KERAS)
    model = build_model(settings, run.heads, run.side, 0, Statistics(0.0, 1.0)).model
    assign_member(run, model, best)
    return model


def assign_member(run: TrainedRun, model: keras.Model, best: checkpoints.Best) -> None:
    """Assigns a checkpoint's weights to a model from `load_member`."""
    variables = {f"{checkpoints.WEIGHT}{name}": variable for name, variable in weight_names(model).items()}
    names = [name.removeprefix(checkpoints.WEIGHT) for name in variables]
    arrays = former_versions.arrays(checkpoints.read_weights(run.run_dir, best), names, ())
    if variables.keys() != arrays.keys():
        raise InputError(f"{best.file} has {len(arrays)} tensors; {run.arch} has {len(variables)}", "run_dir")
    for name, variable in variables.items():
        variable.assign(np.asarray(arrays[name]))


def _probabilities(run: TrainedRun, member: keras.Model, number: int) -> keras.Model:
    """The member behind its normalisation, with probabilities of "positive" as its only output."""
    whole = with_normalisation(member, run.normalisation)
    logits = whole.output[OBSERVATIONS] if isinstance(whole.output, dict) else whole.output
    if run.classes == 3:  # positive against negative alone, as in validation
        logits = logits[..., 1] - logits[..., 0]  # Keras' own operations, so that a saved model opens in safe mode
    probable = keras.layers.Activation("sigmoid", dtype="float32", name="probabilities")(logits)
    return keras.Model(whole.input, probable, name=f"member_{number}")
