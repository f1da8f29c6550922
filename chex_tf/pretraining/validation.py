"""The loss of the validation pairs, taken as one batch whatever the batch of training, and the embedding's health."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.models.heads import EMBEDDING
from chex_tf.pretraining import health, moments
from chex_tf.pretraining.two_views import Method
from chex_tf.training.network import Network
from chex_tf.training.objective import Evaluation

LOSS, SCORE = "validation_loss", "negative_loss"
DEVIATION, LEAST_DEVIATION, RANK = "embedding_deviation", "embedding_least_deviation", "effective_rank"
VIEWS = ("image", "second_image")


def columns(method: Method) -> tuple[str, ...]:
    return (LOSS, SCORE, *method.weights, DEVIATION, LEAST_DEVIATION, RANK)


def evaluator(
    strategy: tf.distribute.Strategy, network: Network, batches: Any, method: Method
) -> Callable[[], Evaluation]:
    """A function that goes over `batches` (distributed, the same every time) and evaluates the current network."""

    def replica_embeddings(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        found = {name: network.outputs(batch[name], training=False)[EMBEDDING] for name in VIEWS}
        return {**found, "weight": batch["weight"]}

    @tf.function
    def collect(batch: Any) -> dict[str, tf.Tensor]:
        per_replica = strategy.run(replica_embeddings, args=(batch,))
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {name: strategy.gather(value, axis=0) for name, value in per_replica.items()}

    def evaluate() -> Evaluation:
        parts = [{name: value.numpy() for name, value in collect(batch).items()} for batch in batches]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        real = whole["weight"] > 0
        first, second = (whole[name][real] for name in VIEWS)
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
