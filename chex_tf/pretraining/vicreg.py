"""The loss of VICReg (Bardes, Ponce and LeCun 2021): views agree, units vary, and units do not covary.

    loss = invariance_weight × s(Z, Z') + variance_weight × v + covariance_weight × (c(Z) + c(Z'))

    v(Z) = 1/d Σ_j max(0, 1 - √(Var(z_j) + 1e-4))        c(Z) = 1/d Σ_{i≠j} Cov(z_i, z_j)²

with variances and covariances over n - 1. The published formulas differ in s and in v (`FORMULAS`).
"""

import tensorflow as tf

from chex_tf.pretraining import moments
from chex_tf.pretraining.moments import AddUp
from chex_tf.pretraining.settings import ALGORITHM, CODE, EQUATIONS

INVARIANCE, VARIANCE, COVARIANCE = "invariance", "variance", "covariance"
_EPSILON, TARGET = 1e-4, 1.0  # section 4.1: epsilon and gamma

FORMULAS = {
    CODE: "as the authors' code: s is the mean over images and units, v the mean of both views' (half their sum)",
    ALGORITHM: "as the paper's Algorithm 1: s is the mean over images and units, v the sum of both views'",
    EQUATIONS: "as the paper's equations 1 to 6: s is the mean over images and the sum over units, v the sum of both "
    "views'",
}


def terms(first: tf.Tensor, second: tf.Tensor, weight: tf.Tensor, formula: str, add_up: AddUp) -> dict[str, tf.Tensor]:
    """s, v and the sum of both c, without their weights, from embeddings (images, units)."""
    images, one, other = moments.centred(first, second, weight, add_up)
    distances = tf.reduce_sum(weight[:, None] * tf.square(first - second))
    distance, *squares = add_up([distances, moments.products(one, one), moments.products(other, other)])
    units = tf.cast(tf.shape(first)[1], first.dtype)
    covariances = [product / (images - 1.0) for product in squares]
    lacking = [tf.reduce_mean(tf.nn.relu(TARGET - tf.sqrt(tf.linalg.diag_part(one) + _EPSILON))) for one in covariances]
    return {
        INVARIANCE: distance / (images if formula == EQUATIONS else images * units),
        VARIANCE: tf.add_n(lacking) * (0.5 if formula == CODE else 1.0),
        COVARIANCE: tf.add_n([moments.off_diagonal_squares(one) for one in covariances]) / units,
    }
