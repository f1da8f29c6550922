"""A dataset's pieces under a tf.distribute strategy."""

from typing import Any

import tensorflow as tf


def distributed(strategy: tf.distribute.Strategy, pieces: tf.data.Dataset) -> Any:
    """`pieces` (see `Source.dataset`) under the strategy, prefetched to its devices."""
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
