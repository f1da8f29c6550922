"""What the loop asks of its data, so that it can be given any: batches from any step on, and each image once."""

import typing
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.training.distribution import Machine


class Feed(typing.Protocol):
    """A training set and a validation set.

    A training batch is a dictionary, all of it with the batch as first dimension:

        image            (side, side, 1 or 3), values 0 to 255
        targets          (tasks,), or (tasks, 3) where `classes` is 3
        weights          (tasks,): 0 where nothing is known
        sex, age, view   auxiliary targets, scalars, each with NAME_weight beside it; where asked for

    An evaluation batch has `labels` (tasks,) besides, raw: 1, 0, -1 uncertain, -2 not mentioned; and `weight`: 0 for
    the padding that fills the last batch.

    Both come as pieces of a global batch: this worker's rows, cut into one piece for each of its replicas, one after
    another.
    """

    @property
    def tasks(self) -> tuple[str, ...]: ...

    @property
    def classes(self) -> int: ...

    @property
    def side(self) -> int: ...

    @property
    def training_images(self) -> int: ...

    @property
    def evaluation_images(self) -> int: ...

    @property
    def steps_per_epoch(self) -> float: ...

    @property
    def prior(self) -> np.ndarray:
        """(tasks,): the share of positives among weights, after the label policy."""

    @property
    def blank_is_negative(self) -> np.ndarray:
        """(tasks,): whether "not mentioned" counts as negative when scores are made."""

    def training(self, first_step: int, machine: Machine) -> tf.data.Dataset:
        """Pieces of global batch first_step, first_step + 1, …, without end."""

    def evaluation(self, machine: Machine) -> tf.data.Dataset:
        """Pieces of all evaluation batches; as many for every worker."""


def distributed(strategy: tf.distribute.Strategy, pieces: tf.data.Dataset) -> Any:
    """`pieces` under the strategy, prefetched to its devices."""
    options = tf.data.Options()
    options.deterministic = True
    ready = pieces.with_options(options)
    return strategy.distribute_datasets_from_function(lambda _: ready)


def one_pass(strategy: tf.distribute.Strategy, pieces: tf.data.Dataset) -> Any:
    """What the replicas iterate over to see a dataset that ends, given in pieces for each.

    A single replica reads the dataset itself: tf.distribute's iterator brings tf.data's tuner, which chex_tf.data
    switches off, and every second pass ended as late as after twice its time.
    """
    return pieces if strategy.num_replicas_in_sync == 1 else distributed(strategy, pieces)
