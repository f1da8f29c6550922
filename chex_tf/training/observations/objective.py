"""The observations of a radiograph, with sex, age and view as auxiliary tasks: an Objective."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.data import auxiliary
from chex_tf.data.distributed import one_pass
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.models.heads import OBSERVATIONS, Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.runs.scored_tasks import scored_tasks
from chex_tf.settings import InputError, Settings
from chex_tf.statistics import aggregation
from chex_tf.training.distribution import Machine
from chex_tf.training.network import Network
from chex_tf.training.objective import Batch, Evaluation, Forward, Own
from chex_tf.training.observations import losses, validation
from chex_tf.training.observations.feed import Feed, open_feed
from chex_tf.training.observations.settings import IMAGE, STUDY, ObservationsSettings, check_together
from chex_tf.training.settings import TrainSettings

DUALS = "auc_margin_duals"  # a, b and alpha of the AUC margin loss, by task


def open_observations(
    asked: ObservationsSettings, data: DataSettings, training: TrainSettings
) -> "ObservationsObjective":
    """Opens the data, after refusing settings that contradict each other."""
    check_together(asked, data)
    feed = open_feed(data.seeded(training.seed), training.batch)
    scored = scored_tasks(asked.score_tasks, feed.tasks)
    return ObservationsObjective(asked, data, feed, scored, feed.prior)


@dataclasses.dataclass(frozen=True)
class ObservationsObjective:
    """`scored` are the tasks whose mean AUROC ranks checkpoints; `prior` (tasks,) are the shares of positives."""

    asked: ObservationsSettings
    data: DataSettings
    feed: Feed
    scored: tuple[str, ...]
    prior: np.ndarray

    @property
    def score_name(self) -> str:
        return validation.MEAN

    @property
    def score_label(self) -> str:
        return "AUROC"

    @property
    def settings(self) -> tuple[Settings, ...]:
        return self.asked, self.data

    @property
    def heads(self) -> Heads:
        return Heads(len(self.feed.tasks), self.feed.classes, tuple(self.asked.auxiliary))

    @property
    def columns(self) -> tuple[str, ...]:
        return validation.columns(self.feed.tasks)

    # ---- data ------------------------------------------------------------------------------------------------------

    @property
    def training_images(self) -> int:
        return len(self.feed.train)

    @property
    def side(self) -> int:
        return self.data.image_size

    @property
    def steps_per_epoch(self) -> float:
        return self.feed.steps_per_epoch

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.feed.train, self.feed.valid

    def training(self, first_step: int, machine: Machine) -> tf.data.Dataset:
        return self.feed.training(first_step, machine)

    def statistics(self) -> Statistics:
        measured = self.feed.train.statistics()
        return Statistics(measured.mean, measured.deviation)

    def records(self) -> dict[str, Any]:
        return self.feed.records()

    def describe(self) -> list[str]:
        return [*self.feed.train.describe(), self._describe_validation(), *self._describe_auxiliary()]

    def _describe_auxiliary(self) -> list[str]:
        if not self.asked.auxiliary:
            return []
        weights = ", ".join(f"{name} × {weight:g}" for name, weight in self.asked.auxiliary.items())
        age = f" (age by smooth L1 per {self.asked.age_unit})" if "age" in self.asked.auxiliary else ""
        return [f"auxiliary losses: {weights}{age}"]

    def _describe_validation(self) -> str:
        images, ranked = f"{len(self.feed.valid):,} images", f"mean AUROC over {', '.join(self.scored)}"
        if self.asked.score_by == IMAGE:
            return f"validation: {images}, checkpoints ranked by {ranked}, image by image"
        studies, places = np.unique(self.feed.valid_studies[self.feed.valid.examples], return_inverse=True)
        disagree = int(aggregation.disagreeing(self.feed.valid_truth, places, len(studies)).sum())
        note = (
            f"; in {disagree:,} cases a study's images disagree on a label: positive if one is, else unknown if one is"
            if disagree
            else ""
        )
        return (
            f"validation: {images} of {len(studies):,} studies, checkpoints ranked by {ranked}, each study by the "
            f"highest probability of its images{note}"
        )

    def check_first_batch(self, batch: Mapping[str, np.ndarray], normalisation: Normalisation) -> list[str]:
        weights, targets = np.asarray(batch["weights"]), np.asarray(batch["targets"])
        if not np.isfinite(targets).all() or targets.min() < 0.0 or targets.max() > 1.0:
            raise InputError(f"targets go from {targets.min():g} to {targets.max():g}; expected 0 to 1", "data")
        if weights.sum() == 0:
            raise InputError(
                "no label of the first batch has any weight; do the label policies leave anything to learn from?",
                "uncertain",
            )
        positive = targets[..., 1] if targets.ndim == 3 else targets
        counts = ", ".join(
            f"{task} {float((positive[:, i] * weights[:, i]).sum()):g}/{float(weights[:, i].sum()):g}"
            for i, task in enumerate(self.feed.tasks)
        )
        return [f"first batch: positives of known: {counts}"]

    # ---- learning --------------------------------------------------------------------------------------------------

    @property
    def learned(self) -> tuple[str, ...]:
        return (DUALS,) if self.asked.loss == "auc_margin" else ()

    def variables(self) -> dict[str, tf.Variable]:
        shape = (3, len(self.feed.tasks))
        return {name: tf.Variable(tf.zeros(shape), trainable=False, name=name) for name in self.learned}

    def prepare(self, batch: Batch) -> Batch:
        if not self.asked.balance:
            return batch
        weights = losses.balancing_weights(batch["targets"], batch["weights"], tf.constant(self.prior, tf.float32))
        return {**batch, "weights": weights}

    def totals(self, batch: Batch) -> list[tf.Tensor]:
        """The sum of weights over the observations (by task for the AUC margin), then one per auxiliary task."""
        by_task = self.asked.loss == "auc_margin"
        observed = tf.reduce_sum(batch["weights"], axis=0 if by_task else None)
        return [observed, *(tf.reduce_sum(batch[f"{name}_weight"]) for name in self.asked.auxiliary)]

    def loss(self, forward: Forward, batch: Batch, totals: Sequence[tf.Tensor], own: Own, parts: int) -> tf.Tensor:
        outputs = forward(batch["image"])
        shares = [tf.math.divide_no_nan(1.0, total) for total in totals]
        loss = self._observations_loss(outputs[OBSERVATIONS], batch, shares[0], own, parts)
        for (name, weight), share in zip(self.asked.auxiliary.items(), shares[1:], strict=True):
            given = outputs[name], batch[name], batch[f"{name}_weight"]
            loss += weight * share * auxiliary_loss(name, *given, self.asked.age_unit)
        return loss

    def _observations_loss(self, logits: tf.Tensor, batch: Batch, share: tf.Tensor, own: Own, parts: int) -> tf.Tensor:
        targets, weights, smoothing = batch["targets"], batch["weights"], self.asked.label_smoothing
        if self.asked.loss == "auc_margin":
            known = tf.cast(share > 0, tf.float32)
            prior, duals = tf.constant(self.prior, tf.float32), tf.convert_to_tensor(own[DUALS])
            examples = losses.auc_margin(logits, targets, weights, share, prior, duals)
            constants = losses.auc_margin_constants(prior, self.asked.auc_margin, duals, known)
            return tf.math.divide_no_nan(1.0, tf.reduce_sum(known)) * (examples + constants / float(parts))
        if targets.shape.rank == 3:
            return share * losses.three_way_cross_entropy(logits, targets, weights, smoothing)
        return share * losses.cross_entropy(logits, targets, weights, smoothing)

    def update(self, strategy: tf.distribute.Strategy, own: Own, gradients: Mapping[str, Any], applies: Any) -> None:
        def step(duals: tf.Variable, gradient: tf.Tensor) -> None:
            stepped = losses.auc_margin_step(duals, gradient, self.asked.auc_learning_rate)
            duals.assign(stepped if applies is None else tf.where(applies, stepped, duals))

        for name, gradient in gradients.items():
            strategy.extended.update(own[name], step, args=(gradient,), group=False)

    # ---- evaluation ------------------------------------------------------------------------------------------------

    def evaluator(self, machine: Machine, network: Network) -> Callable[[], Evaluation]:
        batches = one_pass(machine.strategy, self.feed.evaluation(machine))
        return validation.evaluator(
            machine.strategy,
            network,
            batches,
            self.feed.tasks,
            self.scored,
            self.feed.blank_rules,
            self.feed.valid_studies if self.asked.score_by == STUDY else None,
        )

    def show(self, board: Any, step: int, found: Evaluation) -> None:
        for column, task in enumerate(self.feed.tasks):
            board.precision_recall(step, task, found.detail.truth[:, column], found.detail.probabilities[:, column])


def auxiliary_loss(name: str, outputs: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, age_unit: str) -> tf.Tensor:
    """Smooth L1 for the age, cross-entropy for sex and view (in-domain pre-training, section 5.1), summed.

    Targets are as batches have them; the age is predicted in `age_unit`.
    """
    values = tf.reshape(outputs, [-1])
    if name == "age":
        return losses.smooth_l1(values, auxiliary.age_in(age_unit, targets), weights)
    return losses.cross_entropy(values, targets, weights)
