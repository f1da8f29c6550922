"""Two views of a film, whose embeddings are to agree and yet to say much: an Objective of Barlow Twins or VICReg."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.amounts import counted
from chex_tf.data.distributed import one_pass
from chex_tf.data.pipeline import Source
from chex_tf.data.settings import IMAGE, DataSettings
from chex_tf.models.heads import EMBEDDING, Heads
from chex_tf.models.inputs import Normalisation, Statistics
from chex_tf.pretraining import moments, two_views, validation
from chex_tf.pretraining.feed import Feed, open_feed
from chex_tf.pretraining.settings import PretrainingSettings, check_training
from chex_tf.pretraining.two_views import Method
from chex_tf.settings import InputError, Settings
from chex_tf.training.distribution import Machine
from chex_tf.training.network import Network
from chex_tf.training.objective import Batch, Evaluation, Forward, Own
from chex_tf.training.proximal import Stage
from chex_tf.training.settings import TrainSettings

# Settings of the data that are about labels alone.
_OF_LABELS = ("tasks", "uncertain", "blank", "self_trained")


def open_views(
    asked: PretrainingSettings, data: DataSettings, training: TrainSettings, machine: Machine
) -> "TwoViewsObjective":
    """Opens the data, after refusing settings that contradict each other."""
    check_training(asked, training, data, machine.replicas)
    seeded = data.seeded(training.seed)
    feed = open_feed(seeded, training.batch, training.evaluation_split, asked.pairs, asked.validation_pairs)
    if feed.validation_pairs < 2:
        raise InputError(
            f"expected at least 2 images on which to rank checkpoints; {training.evaluation_split} holds "
            f"{feed.validation_pairs}",
            "evaluation_split",
        )
    return TwoViewsObjective(asked, data, feed)


@dataclasses.dataclass(frozen=True)
class TwoViewsObjective:
    """The loss is about the statistics of the global batch, so it divides by nothing that the step adds up: it adds up
    moments over replicas itself (see moments.py)."""

    asked: PretrainingSettings
    data: DataSettings
    feed: Feed

    @functools.cached_property
    def method(self) -> Method:
        return two_views.method(self.asked)

    @property
    def settings(self) -> tuple[Settings, ...]:
        return self.asked, self.data

    @property
    def heads(self) -> Heads:
        return Heads(0, 1, projector=self.asked.projector)

    @property
    def score_name(self) -> str:
        return validation.SCORE

    @property
    def score_label(self) -> str:
        return "negative loss"

    @property
    def columns(self) -> tuple[str, ...]:
        return validation.columns(self.method)

    # ---- data ------------------------------------------------------------------------------------------------------

    @property
    def training_images(self) -> int:
        return len(self.feed.train)

    @property
    def evaluation_images(self) -> int:
        return 2 * self.feed.validation_pairs

    @property
    def passes(self) -> int:
        return len(validation.VIEWS)

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
        feed = self.feed
        others = f" of {counted(len(feed.valid), 'image')}" if feed.validation_pairs < len(feed.valid) else ""
        return [
            *feed.train.describe_images(),
            f"second view: {self._partners(feed.train)}",
            f"validation: the first {counted(feed.validation_pairs, 'pair')}{others} of the split "
            f"{feed.valid.records.split}, augmented once and for all, {self._partners(feed.valid)}; checkpoints ranked "
            "by their loss as one batch, the lowest first",
            self.method.describe(),
            f"projector: {' - '.join(f'{units:,}' for units in self.asked.projector)} units",
            "statistics of the loss and of batch normalisation: over the whole batch, whatever the replicas",
            f"seed of order, augmentation and partners: {feed.train.settings.seed}",
        ]

    def remarks(self) -> list[str]:
        default = DataSettings.__dataclass_fields__
        given = [name for name in _OF_LABELS if getattr(self.data, name) != default[name].default]
        return [f"note: no label is read; --{', --'.join(given)} decide nothing"] if given else []

    def _partners(self, source: Source) -> str:
        if self.asked.pairs == IMAGE:
            return "of the same image"
        with_other, alone = self.feed.partnered(source), source.partners(self.asked.pairs).alone
        return (
            f"of another image of the {self.asked.pairs} for {with_other:,} of {counted(len(source), 'image')}, of the "
            f"same for {alone:,} that are alone"
        )

    def say_score(self, best: float) -> str:
        return f"lowest loss {-best:.4f}"

    def say_beside(self, values: Mapping[str, float]) -> str:
        return f"effective rank {values[validation.RANK]:.1f}"

    def check_first_batch(self, batch: Mapping[str, np.ndarray], normalisation: Normalisation) -> list[str]:
        first, second = (np.asarray(batch[name]) for name in validation.VIEWS)
        same = int((first == second).all(axis=(1, 2, 3)).sum())
        if same == len(first):
            raise InputError("both views of every image of the first batch are one picture", "pairs")
        of_one = int((np.asarray(batch["index"]) == np.asarray(batch["second_index"])).sum())
        return [
            f"first batch: {counted(len(first), 'pair')}, {of_one:,} of them two views of one image; {same:,} pairs "
            "of equal pictures"
        ]

    # ---- learning --------------------------------------------------------------------------------------------------

    @property
    def learned(self) -> tuple[str, ...]:
        return ()

    def variables(self) -> dict[str, tf.Variable]:
        return {}

    def prepare(self, batch: Batch) -> Batch:
        return batch

    def totals(self, batch: Batch) -> list[tf.Tensor]:
        return []

    def loss(self, forward: Forward, batch: Batch, totals: Sequence[tf.Tensor], own: Own, parts: int) -> tf.Tensor:
        first, second = (forward(batch[name])[EMBEDDING] for name in validation.VIEWS)
        terms = self.method.terms(first, second, batch["weight"], moments.over_replicas)
        return self.method.loss(terms) / float(parts)

    def update(
        self,
        strategy: tf.distribute.Strategy,
        own: Own,
        gradients: Mapping[str, Any],
        applies: Any,
        rate: Any,
        stage: Stage | None,
    ) -> None:
        """It has no variables of its own."""
        del strategy, own, gradients, applies, rate, stage

    # ---- evaluation ------------------------------------------------------------------------------------------------

    def evaluator(self, machine: Machine, network: Network) -> Callable[[], Evaluation]:
        batches = one_pass(machine.strategy, self.feed.evaluation(machine))
        return validation.evaluator(machine.strategy, network, batches, self.method)

    def show(self, board: Any, step: int, found: Evaluation) -> None:
        """All values of an evaluation are curves already."""
