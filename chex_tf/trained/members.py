"""A trained run as one Keras model: the best checkpoints' mean of probabilities, normalisation inside."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from chex_tf.models.build import Built, build_model
from chex_tf.models.heads import OBSERVATIONS, Heads
from chex_tf.models.inputs import Normalisation, Statistics, with_normalisation
from chex_tf.models.settings import ModelSettings
from chex_tf.runs import checkpoints, directory
from chex_tf.settings import InputError
from chex_tf.training.network import weight_names


@dataclasses.dataclass(frozen=True)
class TrainedRun:
    """What a run directory says about its model."""

    run_dir: pathlib.Path
    tasks: tuple[str, ...]
    classes: int
    side: int
    normalisation: Normalisation
    best: tuple[checkpoints.Best, ...]  # the best first
    config: dict[str, Any]


def read_run(run_dir: pathlib.Path | str) -> TrainedRun:
    run_dir = pathlib.Path(run_dir)
    for file in (directory.CONFIG, f"{checkpoints.FOLDER}/{checkpoints.INDEX}"):
        directory.own(run_dir, file)
    try:
        config, states = directory.read_config(run_dir), checkpoints.read_index(run_dir)
        if config is None or not states or not states[0].best:
            raise InputError(f"expected a run directory with at least one evaluation; received {run_dir}", "run_dir")
        records = config["records"]["train"]
        return TrainedRun(
            run_dir,
            tuple(records["tasks"]),
            int(records["classes"]),
            int(config["data"]["image_size"]),
            Normalisation.from_json(states[0].note["normalisation"]),
            states[0].best,
            config,
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{run_dir} is damaged: its config.json or index.json is not as training writes it", "run_dir"
        ) from error


def chosen(run: TrainedRun, checkpoint: str) -> tuple[checkpoints.Best, ...]:
    """What `ensemble`, `best` or a step stands for, the best first."""
    if checkpoint == "ensemble":
        return run.best
    found = run.best[:1] if checkpoint == "best" else tuple(one for one in run.best if str(one.step) == checkpoint)
    if not found:
        steps = ", ".join(str(one.step) for one in run.best)
        raise InputError(f"expected ensemble, best or a kept step ({steps}); received {checkpoint}", "checkpoint")
    return found


def load_run(run_dir: pathlib.Path | str, members: int | None = None) -> keras.Model:
    """(batch, side, side, 1) with values from 0 to 255 -> (batch, tasks) probabilities: the mean over the run's best
    checkpoints, or the `members` best of them. The tasks' names are those of `read_run(run_dir).tasks`."""
    run = read_run(run_dir)
    apart = load_apart(run, run.best[:members])
    return keras.Model(apart.input, mean(apart.outputs), name=f"{apart.name}_ensemble")


def load_apart(run: TrainedRun, best: Sequence[checkpoints.Best]) -> keras.Model:
    """As `load_run`, with an output for each of these checkpoints instead of their mean."""
    image = keras.Input((run.side, run.side, 1), name="radiograph")
    found = [_probabilities(run, load_member(run, one), number)(image) for number, one in enumerate(best)]
    return keras.Model(image, found, name=run.config["model"]["arch"].lower().replace("/", "_"))


def mean(members: Sequence[Any]) -> Any:
    return members[0] if len(members) == 1 else keras.layers.Average(name="mean_of_probabilities")(members)


def load_member(run: TrainedRun, best: checkpoints.Best) -> keras.Model:
    """One checkpoint as the network itself: normalised images of three channels -> logits."""
    model = _empty(run).model
    assign_member(run, model, best)
    return model


def assign_member(run: TrainedRun, model: keras.Model, best: checkpoints.Best) -> None:
    """Puts a checkpoint's weights into a model that `load_member` made."""
    file = directory.own(run.run_dir, f"{checkpoints.FOLDER}/{best.file}")
    arrays = checkpoints.read_arrays(file, best.sha256)
    variables = weight_names(model)
    if variables.keys() != arrays.keys():
        raise InputError(
            f"{best.file} has {len(arrays)} tensors; {run.config['model']['arch']} has {len(variables)}", "run_dir"
        )
    for name, variable in variables.items():
        variable.assign(np.asarray(arrays[name]))


def _empty(run: TrainedRun) -> Built:
    given, training = run.config["model"], run.config["training"]
    # Its weights are replaced by a checkpoint's: nothing is loaded, nor done with what was loaded.
    unloaded = {"weights": "none", "weights_dir": None, "mean_variance": False, "transfuse_up_to": None}
    settings = directory.from_json(ModelSettings, {**given, **unloaded})
    extra = tuple(name for name in ("sex", "age", "view") if training[f"{name}_weight"] > 0)
    heads = Heads(len(run.tasks), run.classes, extra, training["dropout"])
    return build_model(settings, heads, run.side, 0, Statistics(0.0, 1.0))


def _probabilities(run: TrainedRun, member: keras.Model, number: int) -> keras.Model:
    """The member behind its normalisation, with probabilities of "positive" as its only output."""
    whole = with_normalisation(member, run.normalisation)
    logits = whole.output[OBSERVATIONS] if isinstance(whole.output, dict) else whole.output
    if run.classes == 3:  # positive against negative alone, as in validation
        logits = logits[..., 1] - logits[..., 0]  # Keras' own operations: a saved model opens in safe mode
    probable = keras.layers.Activation("sigmoid", dtype="float32", name="probabilities")(logits)
    return keras.Model(whole.input, probable, name=f"member_{number}")
