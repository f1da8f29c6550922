"""Scores on the validation set: every image once, exact AUROC, the same loss as in training."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.observations import BLANK, NEGATIVE, POSITIVE, TASK_SETS
from chex_tf.settings import InputError, nearest
from chex_tf.statistics import ranking
from chex_tf.training.network import OBSERVATIONS, Network
from chex_tf.training.observations import losses


@dataclasses.dataclass(frozen=True)
class Scores:
    """What one pass over the validation set gave; AUROC is NaN where a task has one kind of image only."""

    loss: float
    auroc: dict[str, float]
    mean: float
    probabilities: np.ndarray  # (images, tasks)
    truth: np.ndarray  # (images, tasks): 1, 0, NaN


def scored_tasks(wanted: tuple[str, ...], tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the trained `tasks` whose mean AUROC ranks checkpoints; `wanted` is a set's name or names."""
    names = TASK_SETS[wanted[0]] if len(wanted) == 1 and wanted[0] in TASK_SETS else wanted
    if names is wanted:
        for name in wanted:
            if name not in tasks:
                raise InputError(f"expected trained tasks; received {name}{nearest(name, tasks)}", "score_tasks")
    found = tuple(task for task in names if task in tasks)
    if not found:
        raise InputError(f"none of {', '.join(names)} is among the trained tasks: {', '.join(tasks)}", "score_tasks")
    return found


def auroc(truth: np.ndarray, scores: np.ndarray) -> float:
    order = ranking.rank(truth, scores)
    return float(ranking.auroc(order, np.ones((1, len(truth)), np.int64))[0])


def truth(labels: np.ndarray, blank_is_negative: np.ndarray) -> np.ndarray:
    """1, 0, or NaN where a raw label takes no part in a score."""
    negative = (labels == NEGATIVE) | ((labels == BLANK) & blank_is_negative)
    return np.where(labels == POSITIVE, 1.0, np.where(negative, 0.0, np.nan))


def probabilities(logits: np.ndarray) -> np.ndarray:
    """(images, tasks) from logits, or from three a task (negative, positive, uncertain): then positive against
    negative alone, as in the CheXpert paper's U-MultiClass (Irvin et al. 2019, section 3.1)."""
    margin = logits if logits.ndim == 2 else logits[..., 1] - logits[..., 0]
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margin.astype(np.float64))))


def make_validate(
    strategy: tf.distribute.Strategy,
    network: Network,
    batches: Any,
    tasks: tuple[str, ...],
    scored: tuple[str, ...],
    blank_is_negative: np.ndarray,
) -> Callable[[], Scores]:
    """A function that goes over `batches` (distributed, the same every time) and scores the network as it is then."""

    def replica_logits(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        logits = network.logits(batch["image"], training=False)[OBSERVATIONS]
        labels = tf.cast(batch["labels"], tf.int32)  # collectives take no int8
        return {"logits": logits, "labels": labels, **{name: batch[name] for name in ("targets", "weights", "weight")}}

    @tf.function
    def collect(batch: Any) -> dict[str, tf.Tensor]:
        per_replica = strategy.run(replica_logits, args=(batch,))
        if strategy.num_replicas_in_sync == 1:
            return per_replica
        return {name: strategy.gather(value, axis=0) for name, value in per_replica.items()}

    def validate() -> Scores:
        parts = [{name: value.numpy() for name, value in collect(batch).items()} for batch in batches]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        real = whole.pop("weight") > 0
        whole = {name: value[real] for name, value in whole.items()}
        probable = probabilities(whole["logits"])
        known_as = truth(whole["labels"], blank_is_negative)
        by_task = {task: auroc(known_as[:, i], probable[:, i]) for i, task in enumerate(tasks)}
        known = [by_task[task] for task in scored if not np.isnan(by_task[task])]
        return Scores(_mean_loss(whole), by_task, float(np.mean(known)) if known else float("nan"), probable, known_as)

    return validate


def _mean_loss(whole: dict[str, np.ndarray]) -> float:
    """Mean cross-entropy over all known labels, whatever loss is trained on: comparable between runs."""
    three_way = whole["targets"].ndim == 3
    of = losses.three_way_cross_entropy if three_way else losses.cross_entropy
    with tf.device("/CPU:0"):
        total = of(*(tf.constant(whole[name], tf.float32) for name in ("logits", "targets", "weights")))
    return float(total) / max(1e-12, float(whole["weights"].sum()))
