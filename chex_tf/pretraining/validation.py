"""The loss of the validation pairs, taken as one batch whatever the batch of training, and the embedding's health."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.models.heads import EMBEDDING
from chex_tf.pretraining import health, moments
from chex_tf.pretraining.two_views import Method
from chex_tf.training.network import Network
from chex_tf.training.objective import Evaluation
from chex_tf.training.one_pass import WEIGHT, collector

LOSS, SCORE = "validation_loss", "negative_loss"
DEVIATION, LEAST_DEVIATION, RANK = "embedding_deviation", "embedding_least_deviation", "effective_rank"
VIEWS = ("image", "second_image")


def columns(method: Method) -> tuple[str, ...]:
    return (LOSS, SCORE, *method.weights, DEVIATION, LEAST_DEVIATION, RANK)


def evaluator(
    strategy: tf.distribute.Strategy, network: Network, batches: Any, method: Method
) -> Callable[[], Evaluation]:
    """A function that goes over `batches` (distributed, the same every time) and evaluates the current network."""

    def replica_embeddings(batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        found = {name: network.outputs(batch[name], training=False)[EMBEDDING] for name in VIEWS}
        return {**found, WEIGHT: batch[WEIGHT]}

    collected = collector(strategy, replica_embeddings, batches)

    def evaluate() -> Evaluation:
        whole = collected()
        first, second = (whole[name] for name in VIEWS)
        return of_embeddings(first, second, method)

    return evaluate


def of_embeddings(first: np.ndarray, second: np.ndarray, method: Method) -> Evaluation:
    """What is said of two views' embeddings (images, units)."""
    with tf.device("/CPU:0"):
        given = tf.constant(first, tf.float32), tf.constant(second, tf.float32), tf.ones(len(first))
        terms = method.terms(*given, moments.on_one_device)
        loss = float(method.loss(terms))
    found = health.measure(first)
    values = {LOSS: loss, SCORE: -loss}
    values |= {name: float(value) for name, value in terms.items()}
    values |= {DEVIATION: found.deviation, LEAST_DEVIATION: found.least_deviation, RANK: found.effective_rank}
    return Evaluation(values, loss, -loss, fault=health.fault(found, method.target))
