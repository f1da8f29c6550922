"""The proximal step of deep AUC maximisation's optimizer, PESG (Yuan et al. 2021, Algorithm 1), for one variable.

Training goes in stages. Within one, every step descends on the loss and on half of `epoch_decay` times the squared
distance from a reference point:

    w ← w - rate × (gradient + epoch_decay × (w - reference))

The first reference is where training begins. At the end of a stage the mean of its iterates becomes the next one. The
mean is kept as a running one: average ← average + (w - average) / count, count being the stage's steps so far.
"""

from typing import NamedTuple

import tensorflow as tf


class Stage(NamedTuple):
    """Where a step stands: `count`, the stage's steps up to this one, float32; `ends`, whether it is the last."""

    count: tf.Tensor
    ends: tf.Tensor


class Stepped(NamedTuple):
    """A variable after a step, with the state that its next step needs."""

    value: tf.Tensor
    reference: tf.Tensor
    average: tf.Tensor


def step(
    value: tf.Tensor,
    gradient: tf.Tensor,
    reference: tf.Tensor,
    average: tf.Tensor,
    rate: tf.Tensor,
    epoch_decay: float,
    stage: Stage,
) -> Stepped:
    after = value - rate * (gradient + epoch_decay * (value - reference))
    mean = average + (after - average) / stage.count
    return Stepped(after, tf.where(stage.ends, mean, reference), mean)
