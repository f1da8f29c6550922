"""Scores on the evaluation split: every image once, exact AUROC by study or image, and those of auxiliary tasks."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
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
from chex_tf.training.observations import auxiliary_tasks, losses
from chex_tf.training.one_pass import WEIGHT, collector

LOSS, MEAN = "validation_loss", "auroc"


@dataclasses.dataclass(frozen=True)
class Predicted:
    """The predictions of one pass over the validation set, image by image, or study by study if scored so."""

    probabilities: np.ndarray  # (images or studies, tasks)
    truth: np.ndarray  # (images or studies, tasks): 1, 0, NaN


@dataclasses.dataclass(frozen=True)
class Auxiliary:
    """The auxiliary tasks that are scored too: weight of each one's loss by name, and the unit of predicted ages."""

    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)
    age_unit: str = "decade"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.weights)


def columns(tasks: Sequence[str], auxiliary: Auxiliary = Auxiliary()) -> tuple[str, ...]:
    """The loss, the score that ranks checkpoints, then each task's; without observations, `tasks` is empty."""
    of_auxiliary = tuple(auxiliary_tasks.column(name) for name in auxiliary.names)
    if not tasks:
        return (LOSS, auxiliary_tasks.score_name(auxiliary.names), *of_auxiliary)
    return (LOSS, MEAN, *(f"{MEAN}/{task}" for task in tasks), *of_auxiliary)


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
    auxiliary: Auxiliary = Auxiliary(),
) -> Callable[[], Evaluation]:
    """A function that goes over `batches` (distributed, the same every time) and scores the current network.

    `studies` (records,) numbers each image's study by the image's `index`; without it images are scored. Without
    `tasks`, the network has no observations, and the auxiliary tasks alone rank checkpoints.
    """

    kept = [WEIGHT, *(name for one in auxiliary.names for name in (one, f"{one}_weight"))]
    if tasks:
        kept += ["targets", "weights", *(("index",) if studies is not None else ())]

    def replica_outputs(batch: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        outputs = network.outputs(batch["image"], training=False)
        found = {f"{name}_output": outputs[name] for name in auxiliary.names} | {name: batch[name] for name in kept}
        if tasks:
            # Labels as integers of 32 bits: collectives do not support int8.
            found |= {"logits": outputs[OBSERVATIONS], "labels": tf.cast(batch["labels"], tf.int32)}
        return found

    collected = collector(strategy, replica_outputs, batches)

    def evaluate() -> Evaluation:
        whole = collected()
        given = {name: (whole[f"{name}_output"], whole[name], whole[f"{name}_weight"]) for name in auxiliary.names}
        by_auxiliary = {name: auxiliary_tasks.score(name, *one, auxiliary.age_unit) for name, one in given.items()}
        if not tasks:
            loss, mean = _auxiliary_loss(given, auxiliary), auxiliary_tasks.ranking_score(by_auxiliary)
            values = (loss, mean, *by_auxiliary.values())
            return Evaluation(dict(zip(columns((), auxiliary), values, strict=True)), loss, mean)
        found = Predicted(probabilities.from_logits(whole["logits"]), truth(whole["labels"], blank_rules))
        if studies is not None:
            found = by_study(found, studies[whole["index"]])
        by_task = {
            task: ranking.unweighted_auroc(found.truth[:, i], found.probabilities[:, i]) for i, task in enumerate(tasks)
        }
        known = [by_task[task] for task in scored if not np.isnan(by_task[task])]
        mean = float(np.mean(known)) if known else float("nan")
        loss = _mean_loss(whole)
        values = (loss, mean, *by_task.values(), *by_auxiliary.values())
        return Evaluation(dict(zip(columns(tasks, auxiliary), values, strict=True)), loss, mean, found)

    return evaluate


def _mean_loss(whole: dict[str, np.ndarray]) -> float:
    """Mean cross-entropy over all known labels, whatever loss is trained on: comparable between runs."""
    three_way = whole["targets"].ndim == 3
    loss_sum = losses.three_way_cross_entropy if three_way else losses.cross_entropy
    with tf.device("/CPU:0"):
        total = loss_sum(*(tf.constant(whole[name], tf.float32) for name in ("logits", "targets", "weights")))
    return float(total) / max(1e-12, float(whole["weights"].sum()))


def _auxiliary_loss(given: Mapping[str, Sequence[np.ndarray]], auxiliary: Auxiliary) -> float:
    """The sum of the tasks' mean losses over the images of which each is known, weighed as in training."""
    total = 0.0
    for name, (outputs, targets, weights) in given.items():
        with tf.device("/CPU:0"):
            found, truth, known = (tf.constant(one, tf.float32) for one in (outputs, targets, weights))
            summed = float(auxiliary_tasks.loss(name, found, truth, known, auxiliary.age_unit))
        total += auxiliary.weights[name] * summed / max(1e-12, float(weights.sum()))
    return total
