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
    """What the replicas iterate over for one pass of a finite dataset, given as one piece per replica.

    A single replica reads the dataset itself: tf.distribute's iterator switches tf.data's tuner, which chex_tf.data
    switches off, on again, and every second pass took up to twice as long.
    """
    return pieces if strategy.num_replicas_in_sync == 1 else distributed(strategy, pieces)
