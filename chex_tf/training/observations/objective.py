"""The observations of a radiograph, with or without sex, age, view and projection beside them: an Objective."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.amounts import counted
from chex_tf.data.distributed import one_pass
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.models.heads import OBSERVATIONS, Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.observations import TASK_SETS
from chex_tf.runs.scored_tasks import scored_tasks
from chex_tf.settings import InputError, Settings
from chex_tf.statistics import aggregation
from chex_tf.training.distribution import Machine
from chex_tf.training.network import Network
from chex_tf.training.objective import Batch, Evaluation, Forward, Own
from chex_tf.training.observations import auxiliary_tasks, losses, validation
from chex_tf.training.observations.feed import Feed, open_feed
from chex_tf.training.observations.settings import (
    IMAGE,
    STUDY,
    ObservationsSettings,
    check_optimizer,
    check_together,
)
from chex_tf.training.proximal import Stage
from chex_tf.training.settings import TrainSettings

DUALS = "auc_margin_duals"  # a, b and alpha of the AUC margin loss, by task
REFERENCE, AVERAGE = "auc_margin_reference", "auc_margin_average"  # of a and b, for the optimizer pesg


def open_observations(
    asked: ObservationsSettings, data: DataSettings, training: TrainSettings
) -> "ObservationsObjective":
    """Opens the data, after refusing settings that contradict each other."""
    check_together(asked, data)
    check_optimizer(asked, training)
    feed = open_feed(data.seeded(training.seed), training.batch, training.evaluation_split)
    _check_auxiliary(asked, feed)
    scored = scored_tasks(asked.score_tasks, feed.tasks) if asked.learns_observations else ()
    return ObservationsObjective(asked, data, feed, scored, feed.prior, Pesg.of(training))


def _check_auxiliary(asked: ObservationsSettings, feed: Feed) -> None:
    """Refuses an auxiliary task with nothing to learn or, where nothing else ranks checkpoints, nothing to score."""
    reasons = {}
    for name in asked.auxiliary:
        if why := auxiliary_tasks.lacking(name, *feed.auxiliary_targets(feed.train, name)):
            advice = "; of frontal films --projection_weight learns AP or PA" if name == "view" else ""
            raise InputError(f"nothing can be learned of it from these data: {why}{advice}", f"{name}_weight")
        reasons[name] = auxiliary_tasks.lacking(name, *feed.auxiliary_targets(feed.valid, name))
    ranking = [name for name in reasons if name != auxiliary_tasks.AGE] or list(reasons)
    if not asked.learns_observations and all(reasons[name] for name in ranking):
        listed = "; ".join(f"{name}: {reasons[name]}" for name in ranking)
        raise InputError(f"nothing would rank checkpoints on {feed.valid.records.split}: {listed}", "evaluation_split")


@dataclasses.dataclass(frozen=True)
class Pesg:
    """What the AUC margin's own variables share with the weights under the optimizer pesg."""

    epoch_decay: float
    weight_decay: float  # coupled, for every variable; decoupled, it leaves a and b alone as it does biases

    @classmethod
    def of(cls, training: TrainSettings) -> "Pesg | None":
        if training.optimizer != "pesg":
            return None
        return cls(training.epoch_decay, training.weight_decay if training.weight_decay_coupled else 0.0)


@dataclasses.dataclass(frozen=True)
class ObservationsObjective:
    """`scored` are the observations whose mean AUROC ranks checkpoints, empty where none are learned; `prior` (tasks,)
    are the shares of positives."""

    asked: ObservationsSettings
    data: DataSettings
    feed: Feed
    scored: tuple[str, ...]
    prior: np.ndarray
    pesg: Pesg | None = None

    @property
    def tasks(self) -> tuple[str, ...]:
        """The observations that are learned."""
        return self.feed.tasks if self.asked.learns_observations else ()

    @property
    def score_name(self) -> str:
        return validation.MEAN if self.tasks else auxiliary_tasks.score_name(tuple(self.asked.auxiliary))

    @property
    def score_label(self) -> str:
        if not self.tasks:
            return auxiliary_tasks.score_label(tuple(self.asked.auxiliary))
        left = len(self.scored) - len(self._undefined)
        return "AUROC" if not self._undefined else f"AUROC of {left} of {len(self.scored)} tasks"

    @property
    def settings(self) -> tuple[Settings, ...]:
        return self.asked, self.data

    @property
    def heads(self) -> Heads:
        return Heads(len(self.tasks), self.feed.classes, tuple(self.asked.auxiliary))

    @property
    def columns(self) -> tuple[str, ...]:
        return validation.columns(self.tasks, self._auxiliary)

    @property
    def _names(self) -> tuple[str, ...]:
        """Of the auxiliary tasks."""
        return tuple(self.asked.auxiliary)

    @property
    def _auxiliary(self) -> validation.Auxiliary:
        return validation.Auxiliary(self.asked.auxiliary, self.asked.age_unit)

    # ---- data ------------------------------------------------------------------------------------------------------

    @property
    def training_images(self) -> int:
        return len(self.feed.train)

    @property
    def evaluation_images(self) -> int:
        return len(self.feed.valid)

    @property
    def passes(self) -> int:
        return 1

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
        train = self.feed.train
        return [
            *train.describe_images(),
            *(train.describe_labels() if self.tasks else []),
            self._describe_validation(),
            *self._describe_auxiliary(),
            *([self._describe_loss()] if self.tasks else []),
            f"seed of order, augmentation and smoothed labels: {train.settings.seed}",
        ]

    def remarks(self) -> list[str]:
        split = self.feed.valid.records.split
        lines = []
        if self._undefined:
            listed = "; ".join(f"{task}: {why}" for task, why in self._undefined.items())
            left = len(self.scored) - len(self._undefined)
            mean = f"the mean is over the other {left}" if left else "so nothing ranks checkpoints"
            which = f"{len(self._undefined)} of the {counted(len(self.scored), 'task')} that should rank checkpoints"
            lines.append(f"note: no AUROC on {split} of {which} ({listed}); {mean}")
        for name in self.asked.auxiliary:
            if why := auxiliary_tasks.lacking(name, *self.feed.auxiliary_targets(self.feed.valid, name)):
                lines.append(f"note: {name} has no score on {split}: {why}")
        return lines

    def say_score(self, best: float) -> str:
        if math.isnan(best):
            return "its best checkpoint unknown, as nothing ranked any"
        return f"best {self.score_label} {best:.4f}" if self.tasks else auxiliary_tasks.say_score(self._names, best)

    def say_beside(self, values: Mapping[str, float]) -> str:
        several = self.tasks or len(self._names) > 1
        return auxiliary_tasks.say_scores(values, self._names) if several else ""

    @functools.cached_property
    def _undefined(self) -> dict[str, str]:
        """Those of the scored observations of which the evaluation split has no AUROC, each with the reason."""
        truth = self.feed.valid_truth
        if self.asked.score_by == STUDY:
            studies, places = np.unique(self.feed.valid_studies[self.feed.valid.examples], return_inverse=True)
            truth = aggregation.positive_if_any(truth, places, len(studies))
        unit = "studies" if self.asked.score_by == STUDY else "images"
        found = {}
        for task in self.scored:
            labels = truth[:, self.feed.tasks.index(task)]
            positive, negative = int((labels == 1).sum()), int((labels == 0).sum())
            if not positive or not negative:
                found[task] = f"{positive:,} positive and {negative:,} negative {unit}"
        return found

    def _describe_loss(self) -> str:
        asked = self.asked
        if asked.loss == "auc_margin":
            pesg = self.pesg is not None
            rate = "the weights' learning rate" if pesg else f"learning rate {asked.auc_learning_rate:g}"
            return f"loss: AUC margin of {asked.auc_margin:g}; a, b and alpha by {rate}"
        smoothing = (
            f"targets smoothed by {asked.label_smoothing:g}" if asked.label_smoothing else "targets not smoothed"
        )
        balanced = "each task's positives and negatives weigh the same" if asked.balance else "not balanced"
        return f"loss: cross-entropy, the mean over a batch's known labels; {smoothing}; {balanced}"

    def _describe_auxiliary(self) -> list[str]:
        asked = self.asked
        weighted = (
            [f"observations weigh {asked.observations_weight:g}"] if asked.observations_weight not in (0, 1) else []
        )
        if not asked.auxiliary:
            return weighted
        weights = ", ".join(f"{name} × {weight:g}" for name, weight in asked.auxiliary.items())
        age = f" (age by smooth L1 per {asked.age_unit})" if "age" in asked.auxiliary else ""
        only = (
            "" if asked.learns_observations else "; they are all that is learned: no observations, and no head for them"
        )
        beside = "" if only else "; in train_loss, not in validation_loss"
        known = [
            f"known in {where}: "
            + ", ".join(
                auxiliary_tasks.describe_known(name, *self.feed.auxiliary_targets(source, name)) for name in self._names
            )
            + f" of {counted(len(source), 'image')}"
            for where, source in (("training", self.feed.train), ("validation", self.feed.valid))
        ]
        return [*weighted, f"auxiliary losses: {weights}{age}{only}{beside}", *known]

    def _describe_validation(self) -> str:
        images, split = counted(len(self.feed.valid), "image"), f"of the split {self.feed.valid.records.split}"
        if not self.tasks:
            ranked = auxiliary_tasks.ranked_by(self._names)
            return f"validation: {images} {split}, checkpoints ranked by {ranked}, image by image"
        asked = self.asked.score_tasks
        absent = [task for task in TASK_SETS.get(asked[0], ()) if task not in self.tasks] if asked != ("all",) else []
        without = f" (of {asked[0]}, {', '.join(absent)} is not learned)" if absent else ""
        ranked = f"mean AUROC over {', '.join(self.scored)}{without}"
        if self.asked.score_by == IMAGE:
            return f"validation: {images} {split}, checkpoints ranked by {ranked}, image by image"
        studies, places = np.unique(self.feed.valid_studies[self.feed.valid.examples], return_inverse=True)
        disagree = int(aggregation.disagreeing(self.feed.valid_truth, places, len(studies)).sum())
        note = (
            f"; in {disagree:,} cases a study's images disagree on a label: positive if one is, else unknown if one is"
            if disagree
            else ""
        )
        return (
            f"validation: {images} of {len(studies):,} studies {split}, checkpoints ranked by {ranked}, each study by "
            f"the highest probability of its images{note}"
        )

    def check_first_batch(self, batch: Mapping[str, np.ndarray], normalisation: Normalisation) -> list[str]:
        known = ", ".join(f"{name} {float(batch[f'{name}_weight'].sum()):g}" for name in self.asked.auxiliary)
        of_auxiliary = [f"first batch: known of {counted(len(batch['image']), 'image')}: {known}"] if known else []
        if not self.tasks:
            return of_auxiliary
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
        return [f"first batch: positives of known: {counts}", *of_auxiliary]

    # ---- learning --------------------------------------------------------------------------------------------------

    @property
    def learned(self) -> tuple[str, ...]:
        return (DUALS,) if self.asked.loss == "auc_margin" else ()

    def variables(self) -> dict[str, tf.Variable]:
        tasks = len(self.feed.tasks)
        shapes = dict.fromkeys(self.learned, (3, tasks))
        if self.pesg is not None:
            shapes |= {REFERENCE: (2, tasks), AVERAGE: (2, tasks)}  # a and b begin at 0
        return {name: tf.Variable(tf.zeros(shape), trainable=False, name=name) for name, shape in shapes.items()}

    def prepare(self, batch: Batch) -> Batch:
        if not self.asked.balance:
            return batch
        weights = losses.balancing_weights(batch["targets"], batch["weights"], tf.constant(self.prior, tf.float32))
        return {**batch, "weights": weights}

    def totals(self, batch: Batch) -> list[tf.Tensor]:
        """The sum of weights over the observations (by task for the AUC margin), if they are learned, then one per
        auxiliary task."""
        found = [tf.reduce_sum(batch[f"{name}_weight"]) for name in self.asked.auxiliary]
        if not self.asked.learns_observations:
            return found
        by_task = self.asked.loss == "auc_margin"
        return [tf.reduce_sum(batch["weights"], axis=0 if by_task else None), *found]

    def loss(self, forward: Forward, batch: Batch, totals: Sequence[tf.Tensor], own: Own, parts: int) -> tf.Tensor:
        outputs = forward(batch["image"])
        shares = [tf.math.divide_no_nan(1.0, total) for total in totals]
        loss = tf.constant(0.0)
        if self.asked.learns_observations:
            observed = self._observations_loss(outputs[OBSERVATIONS], batch, shares.pop(0), own, parts)
            loss = self.asked.observations_weight * observed
        for (name, weight), share in zip(self.asked.auxiliary.items(), shares, strict=True):
            given = outputs[name], batch[name], batch[f"{name}_weight"]
            loss += weight * share * auxiliary_tasks.loss(name, *given, self.asked.age_unit)
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

    def update(
        self,
        strategy: tf.distribute.Strategy,
        own: Own,
        gradients: Mapping[str, Any],
        applies: Any,
        rate: Any,
        stage: Stage | None,
    ) -> None:
        pesg = self.pesg
        if pesg is not None:
            assert stage is not None

            def proximal_step(duals: Any, gradient: Any, reference: Any, average: Any) -> None:
                decays = pesg.epoch_decay, pesg.weight_decay
                stepped = losses.auc_margin_pesg_step(duals, gradient, reference, average, rate, *decays, stage)
                for variable, value in zip((duals, reference, average), stepped, strict=True):
                    variable.assign(value)

            given = gradients[DUALS], own[REFERENCE], own[AVERAGE]
            strategy.extended.update(own[DUALS], proximal_step, args=given, group=False)
            return

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
            self.tasks,
            self.scored,
            self.feed.blank_rules,
            self.feed.valid_studies if self.asked.score_by == STUDY else None,
            self._auxiliary,
        )

    def show(self, board: Any, step: int, found: Evaluation) -> None:
        for column, task in enumerate(self.tasks):
            board.precision_recall(step, task, found.detail.truth[:, column], found.detail.probabilities[:, column])
