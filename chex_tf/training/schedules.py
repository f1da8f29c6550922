"""Learning rate as a function of the step: constant, cosine or in steps, after a linear warm-up."""

from collections.abc import Callable

import tensorflow as tf

from chex_tf.training.settings import TrainSettings

Schedule = Callable[[tf.Tensor], tf.Tensor]


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
            for epoch in settings.decay_epochs:
                climbed *= tf.where(done >= round(epoch * steps_per_epoch), settings.decay_factor, 1.0)
        return highest * climbed

    return rate
