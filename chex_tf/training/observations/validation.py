"""Scores on the validation set: every image once, exact AUROC by study or image, the same loss as in training."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.data.policies import Rule
from chex_tf.data.truth import truth
from chex_tf.models import probabilities
from chex_tf.models.heads import OBSERVATIONS
from chex_tf.statistics import aggregation, ranking
from chex_tf.training.network import Network
from chex_tf.training.objective import Evaluation
from chex_tf.training.observations import losses

LOSS, MEAN = "validation_loss", "auroc"


@dataclasses.dataclass(frozen=True)
class Predicted:
    """The predictions of one pass over the validation set, image by image, or study by study if scored so."""

    probabilities: np.ndarray  # (images or studies, tasks)
    truth: np.ndarray  # (images or studies, tasks): 1, 0, NaN


def columns(tasks: Sequence[str]) -> tuple[str, ...]:
    return (LOSS, MEAN, *(f"{MEAN}/{task}" for task in tasks))


def auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    """NaN where all images are of one class."""
    order = ranking.rank(truth, scores)
    return float(ranking.auroc(order, np.ones((1, len(truth)), np.int64))[0])


def by_study(images: Predicted, studies: np.ndarray) -> Predicted:
    """Each study's highest probability, and positive where one of its images is; `studies` (images,) numbers them."""
    numbers, places = np.unique(studies, return_inverse=True)
    return Predicted(
        aggregation.aggregate(images.probabilities.astype(np.float64), places, len(numbers), "max"),
        aggregation.positive_if_any(images.truth, places, len(numbers)),
    )


def evaluator(
    strategy: tf.distribute.Strategy,
    network: Network,
    batches: Any,
    tasks: Sequence[str],
    scored: Sequence[str],
    blank_rules: Sequence[Rule],
    studies: np.ndarray | None = None,
) -> Callable[[], Evaluation]:
    """A function that goes over `batches` (distributed, the same every time) and scores the current network.

    `studies` (records,) numbers each image's study by the image's `index`; without it images are scored.
    """

    kept = ("targets", "weights", "weight", *(("index",) if studies is not None else ()))

    def replica_outputs(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        logits = network.outputs(batch["image"], training=False)[OBSERVATIONS]
        labels = tf.cast(batch["labels"], tf.int32)  # collectives do not support int8
        return {"logits": logits, "labels": labels, **{name: batch[name] for name in kept}}

    @tf.function
    def collect(batch: Any) -> dict[str, tf.Tensor]:
        per_replica = strategy.run(replica_outputs, args=(batch,))
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {name: strategy.gather(value, axis=0) for name, value in per_replica.items()}

    def evaluate() -> Evaluation:
        parts = [{name: value.numpy() for name, value in collect(batch).items()} for batch in batches]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        real = whole.pop("weight") > 0
        whole = {name: value[real] for name, value in whole.items()}
        found = Predicted(probabilities.from_logits(whole["logits"]), truth(whole["labels"], blank_rules))
        if studies is not None:
            found = by_study(found, studies[whole["index"]])
        by_task = {task: auroc(found.truth[:, i], found.probabilities[:, i]) for i, task in enumerate(tasks)}
        known = [by_task[task] for task in scored if not np.isnan(by_task[task])]
        mean = float(np.mean(known)) if known else float("nan")
        loss = _mean_loss(whole)
        return Evaluation(dict(zip(columns(tasks), (loss, mean, *by_task.values()), strict=True)), loss, mean, found)

    return evaluate


def _mean_loss(whole: dict[str, np.ndarray]) -> float:
    """Mean cross-entropy over all known labels, whatever loss is trained on: comparable between runs."""
    three_way = whole["targets"].ndim == 3
    loss_sum = losses.three_way_cross_entropy if three_way else losses.cross_entropy
    with tf.device("/CPU:0"):
        total = loss_sum(*(tf.constant(whole[name], tf.float32) for name in ("logits", "targets", "weights")))
    return float(total) / max(1e-12, float(whole["weights"].sum()))
