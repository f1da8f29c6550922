"""What changes with the step: the learning rate (constant, cosine or in steps, after a warm-up) and pesg's stages."""

from collections.abc import Callable

import tensorflow as tf

from chex_tf.training.proximal import Stage
from chex_tf.training.settings import TrainSettings

Schedule = Callable[[tf.Tensor], tf.Tensor]
Stages = Callable[[tf.Tensor], Stage]


def learning_rate(settings: TrainSettings, steps: int, steps_per_epoch: float) -> Schedule:
    """A function from the number of steps already done (an integer tensor) to the rate of the next one (float32).

    Warm-up climbs linearly to the full rate, which the first step after it has. Cosine then falls to 0 at `steps`;
    step multiplies by decay_factor after each of decay_epochs.
    """
    highest, warmup = settings.learning_rate, settings.warmup_steps

    def rate(step: tf.Tensor) -> tf.Tensor:
        done = tf.cast(step, tf.float32)
        climbed = tf.minimum(1.0, (done + 1.0) / (warmup + 1.0))
        if settings.schedule == "cosine":
            progress = tf.clip_by_value((done - warmup) / max(1, steps - warmup), 0.0, 1.0)
            climbed *= 0.5 * (1.0 + tf.cos(3.141592653589793 * progress))
        elif settings.schedule == "step":
            for first in first_steps(settings, steps_per_epoch):
                climbed *= tf.where(done >= first, settings.decay_factor, 1.0)
        return highest * climbed

    return rate


def stages(settings: TrainSettings, steps_per_epoch: float) -> Stages:
    """A function from the number of steps already done to where the next one stands in its stage; the step schedule's
    decays begin a stage each."""
    firsts = sorted({0, *first_steps(settings, steps_per_epoch)})

    def stage(step: tf.Tensor) -> Stage:
        starts = tf.constant(firsts, tf.int64)
        begun = tf.reduce_max(tf.where(starts <= step, starts, 0))
        return Stage(tf.cast(step + 1 - begun, tf.float32), tf.reduce_any(starts == step + 1))

    return stage


def first_steps(settings: TrainSettings, steps_per_epoch: float) -> list[int]:
    """How many steps are done before each of --decay_epochs begins."""
    return [round(epoch * steps_per_epoch) for epoch in settings.decay_epochs] if settings.schedule == "step" else []
