"""The training and the evaluation split of a prepared folder, as batches for replicas and workers."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.data import auxiliary
from chex_tf.data.pipeline import Source
from chex_tf.data.policies import Rule
from chex_tf.data.records import split_names
from chex_tf.data.settings import DataSettings
from chex_tf.data.truth import truth
from chex_tf.settings import InputError
from chex_tf.training.distribution import Machine

TRAINING_SPLIT = "train"


@dataclasses.dataclass(frozen=True)
class Feed:
    """Batches of `batch` images over all replicas; see chex_tf.data.pipeline for their contents."""

    train: Source
    valid: Source
    batch: int

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.train.targets.tasks

    @property
    def classes(self) -> int:
        return self.train.targets.classes

    @property
    def blank_rules(self) -> tuple[Rule, ...]:
        return self.train.targets.blank_rules

    @property
    def steps_per_epoch(self) -> float:
        return len(self.train) / self.batch

    @property
    def prior(self) -> np.ndarray:
        """(tasks,): the share of positives among weights, as films are drawn, after the label policy."""
        targets, chosen = self.train.targets, self.train.examples
        values = targets.values[chosen] if targets.classes == 1 else targets.values[chosen][..., 1]
        weights = targets.weights[chosen] * self.train.frequencies[:, None]
        return np.asarray((values * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12), np.float32)

    def auxiliary_targets(self, source: Source, name: str) -> tuple[np.ndarray, np.ndarray]:
        return auxiliary_targets(source, name)

    @property
    def valid_studies(self) -> np.ndarray:
        """(records of the validation split,): the number of each image's study, in order of appearance."""
        index = self.valid.records.index
        # Some sources number studies afresh for each patient.
        keys = np.char.add(np.char.add(index.patient, b"\n"), index.study)
        _, first, studies = np.unique(keys, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[studies]

    @property
    def valid_truth(self) -> np.ndarray:
        """(images of the validation split, tasks): 1, 0, NaN."""
        return truth(self.valid.targets.raw[self.valid.examples], self.blank_rules)

    def training(self, first_step: int, machine: Machine) -> tf.data.Dataset:
        """Pieces of global batch first_step, first_step + 1, …, without end."""
        return self._pieces(self.train, machine, first_step)

    def evaluation(self, machine: Machine) -> tf.data.Dataset:
        """Pieces of all validation batches, each image once; the same number for every worker."""
        return self._pieces(self.valid, machine, 0)

    def _pieces(self, source: Source, machine: Machine, start: int) -> tf.data.Dataset:
        return source.dataset(
            self.batch,
            start,
            shard=machine.worker,
            shards=machine.workers,
            replicas=machine.local_replicas,
            texts=False,
        )

    def records(self) -> dict[str, Any]:
        """What config.json records: fingerprints, counts, and the label policy's effect on them."""
        return {"train": self.train.to_json(), "valid": self.valid.to_json()}


def auxiliary_targets(source: Source, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Targets and weights (images,) of an auxiliary task: see chex_tf.data.auxiliary."""
    found = auxiliary.targets(source.records)
    return found[name][source.examples], found[f"{name}_weight"][source.examples]


def open_feed(settings: DataSettings, batch: int, evaluation_split: str = "valid") -> Feed:
    check_evaluation_split(settings, evaluation_split)
    train = Source(settings, TRAINING_SPLIT, training=True)
    # The evaluation split is read only once per evaluation: only the training split is cached.
    valid = Source(dataclasses.replace(settings, cache="none", cache_dir=None), evaluation_split, training=False)
    if train.targets.tasks != valid.targets.tasks:
        raise InputError(f"{settings.data}: its splits have different observations", "data")
    return Feed(train, valid, batch)


def check_evaluation_split(settings: DataSettings, split: str) -> None:
    """Refuses a split that is learned from, or that the data lack: ChestX-ray14 comes with train and test alone."""
    present = split_names(settings.data)
    if split == TRAINING_SPLIT:
        raise InputError(f"expected another split than the one learned from; received {split}", "evaluation_split")
    if split not in present:
        raise InputError(
            f"expected a split of {settings.data} to rank checkpoints on, which has {', '.join(present)}; received "
            f"{split}; launch.prepare --holdout_patients=0.1 carves one from train for --evaluation_split=holdout",
            "evaluation_split",
        )
