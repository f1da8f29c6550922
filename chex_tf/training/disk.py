"""What a run leaves on the disk, and whether it fits there; asked before a run begins, when nothing is lost yet."""

import dataclasses
import math
import pathlib

import keras

from chex_tf.amounts import size
from chex_tf.files import free_space
from chex_tf.models.build import Built
from chex_tf.models.counting import trainable_parameters
from chex_tf.models.heads import POOLED
from chex_tf.runs import layout
from chex_tf.runs.checkpoints import KEPT_STATES, most_kept
from chex_tf.settings import InputError
from chex_tf.training.objective import Objective
from chex_tf.training.optimizer import SLOTS
from chex_tf.training.settings import TrainSettings

_NUMBER = 4  # bytes; weights and slots are float32 whatever the network computes in
# TensorBoard's events in bytes, from what runs wrote: curves of a logged step, curves of a task at an evaluation, and
# of a pixel of the samples, a PNG's.
_OF_A_POINT, _OF_A_TASK, _OF_A_PIXEL = 400, 2_700, 0.6


@dataclasses.dataclass(frozen=True)
class Need:
    """Bytes that a run has written when it ends."""

    checkpoints: int
    encoders: int
    events: int

    @property
    def sure(self) -> int:
        """Without what is only estimated."""
        return self.checkpoints + self.encoders

    def describe(self) -> str:
        events = f" and about {size(self.events)} of events" if self.events else ""
        return f"disk: {size(self.checkpoints)} of checkpoints, {size(self.encoders)} of encoders{events}"


def state_bytes(settings: TrainSettings, built: Built) -> int:
    """Of the weights and the optimizer's slots."""
    slots = len(SLOTS[settings.optimizer]) * trainable_parameters(built.model)
    return _NUMBER * (built.model.count_params() + slots)


def need(settings: TrainSettings, objective: Objective, built: Built) -> Need:
    weights, state = _NUMBER * built.model.count_params(), state_bytes(settings, built)
    below_heads = keras.Model(built.model.input, built.model.get_layer(POOLED).input)
    steps = settings.total_steps(objective.steps_per_epoch)
    evaluations = math.ceil(steps / settings.evaluate_steps)
    events = 0
    if settings.tensorboard:
        events = steps // settings.log_every * _OF_A_POINT + evaluations * objective.heads.outputs * _OF_A_TASK
        events += round(settings.sample_images * objective.side**2 * _OF_A_PIXEL)
    return Need(
        checkpoints=min(KEPT_STATES, evaluations) * state + min(most_kept(settings.keep), evaluations) * weights,
        encoders=2 * _NUMBER * below_heads.count_params(),
        events=events,
    )


def check(run_dir: pathlib.Path, wanted: Need) -> None:
    """Refuses a run that cannot fit; what it has written before counts as there."""
    free, there = free_space(run_dir), layout.size_of_weights(run_dir)
    if wanted.sure - there > free:
        raise InputError(
            f"the run needs {size(wanted.sure - there)} more of disk for checkpoints and encoders; {size(free)} are "
            f"free in {run_dir}; a smaller --keep needs less",
            "run_dir",
        )
