"""Moments of two views' embeddings over a global batch, on which the losses of pre-training are functions.

Every replica holds a part of the batch. What it contributes are sums over its images: of their embeddings, then of
squares and products of what is left of them when the global means are taken away. The losses depend on these sums
alone, so any number of replicas has one value and one gradient.

All sums over replicas go through `AddUp`. TensorFlow's all_reduce has the right gradient where the replicas' losses add
up to the global one: the derivatives by the summed moments are themselves added up over replicas. Each replica's loss
must therefore be its portion of the whole, as `Objective.loss` has it.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

AddUp = Callable[[list[tf.Tensor]], list[tf.Tensor]]


class Centred(NamedTuple):
    """A replica's embeddings (images, units) less the means over the global batch, 0 where an image has weight 0; and
    how many images the global batch holds."""

    images: tf.Tensor
    first: tf.Tensor
    second: tf.Tensor


def over_replicas(sums: list[tf.Tensor]) -> list[tf.Tensor]:
    """The sums over all replicas; call it on each of them."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return sums
    return list(context.all_reduce(tf.distribute.ReduceOp.SUM, sums))


def on_one_device(sums: list[tf.Tensor]) -> list[tf.Tensor]:
    return sums


def centred(first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor, add_up: AddUp) -> Centred:
    """`weight` (images,) is 1, or 0 for padding.

    The means are constants here. Their derivative would be a sum of centred embeddings, which is zero.
    """
    shares = weight[:, None]
    sums = [tf.reduce_sum(weight), tf.reduce_sum(shares * first, 0), tf.reduce_sum(shares * second, 0)]
    images, *of_views = add_up([tf.stop_gradient(one) for one in sums])
    means = [one / images for one in of_views]
    return Centred(images, shares * (first - means[0]), shares * (second - means[1]))


def products(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """(units, units): sums over images of products of each unit of `one` with each of `other`."""
    return tf.linalg.matmul(one, other, transpose_a=True)


def off_diagonal_squares(matrix: tf.Tensor) -> tf.Tensor:
    """The sum of squares beside the diagonal."""
    return tf.reduce_sum(tf.square(tf.linalg.set_diag(matrix, tf.zeros_like(matrix[0]))))
