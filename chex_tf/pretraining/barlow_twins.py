"""The loss of Barlow Twins (Zbontar et al. 2021): the cross-correlation of two views' units is drawn to the identity.

    loss = Σ (1 - C_ii)² + weight × Σ_{i≠j} C_ij²

C is the correlation over a batch of unit i of the first view and unit j of the second. Three published formulas differ
in how it is normalised (`FORMULAS`).
"""

import tensorflow as tf

from chex_tf.pretraining import moments
from chex_tf.pretraining.moments import AddUp
from chex_tf.pretraining.settings import ALGORITHM, CODE, EQUATIONS

DIAGONAL, OFF_DIAGONAL = "diagonal", "off_diagonal"
_EPSILON = 1e-5  # of the batch normalisation in the authors' code

FORMULAS = {
    CODE: "as the authors' code: products over n, variances over n, 1e-5 added to each",
    ALGORITHM: "as the paper's Algorithm 1: products over n, variances over n - 1, so that C_ii is at most (n-1)/n",
    EQUATIONS: "as the paper's equations 1 and 2: correlations, 0 for a unit without variance",
}


def terms(first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor, formula: str, add_up: AddUp) -> dict[str, tf.Tensor]:
    """The two sums, without the weight between them, from embeddings (images, units)."""
    images, one, other = moments.centred(first, second, weight, add_up)
    products, *squares = add_up(
        [moments.products(one, other), tf.reduce_sum(tf.square(one), 0), tf.reduce_sum(tf.square(other), 0)]
    )
    if formula == CODE:
        scales = [tf.math.rsqrt(squared / images + _EPSILON) for squared in squares]
        products /= images
    elif formula == ALGORITHM:
        scales = [_inverse_root(squared / (images - 1.0)) for squared in squares]
        products /= images
    else:
        scales = [_inverse_root(squared) for squared in squares]
    correlations = scales[0][:, None] * products * scales[1]
    return {
        DIAGONAL: tf.reduce_sum(tf.square(1.0 - tf.linalg.diag_part(correlations))),
        OFF_DIAGONAL: moments.off_diagonal_squares(correlations),
    }


def _inverse_root(value: tf.Tensor) -> tf.Tensor:
    """1/√value, and 0 where it is 0; its gradient is finite there too, because the root never sees the 0."""
    dead = value <= 0.0
    return tf.where(dead, tf.zeros_like(value), tf.math.rsqrt(tf.where(dead, tf.ones_like(value), value)))
