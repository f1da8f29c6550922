"""Pairs of views from the training and the evaluation split of a prepared folder; labels are not read."""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from chex_tf.data.pipeline import Source
from chex_tf.data.settings import DataSettings
from chex_tf.training.distribution import Machine
from chex_tf.training.observations.feed import TRAINING_SPLIT, check_evaluation_split

# What a label policy is asked for when no label is read: all that there is, in its plainest form.
_NO_LABELS: dict[str, Any] = {"tasks": ("all",), "uncertain": "ignore", "blank": "zeros", "self_trained": None}
# The pairs that are evaluated are the same whatever the run's seed, so that seeds can be compared.
_VALIDATION_SEED = 0


@dataclasses.dataclass(frozen=True)
class Feed:
    """Batches of `batch` pairs over all replicas; `pairs` says what the second view is of (chex_tf.data.pairs).

    Evaluation has the first `validation_pairs` images of its split, with the augmentation of training, which is the
    same at every evaluation.
    """

    train: Source
    valid: Source
    batch: int
    pairs: str
    validation_pairs: int

    @property
    def steps_per_epoch(self) -> float:
        return len(self.train) / self.batch

    def partnered(self, source: Source) -> int:
        """How many images' second view is another image."""
        return len(source) - source.partners(self.pairs).alone

    def training(self, first_step: int, machine: Machine) -> tf.data.Dataset:
        """Pieces of global batch first_step, first_step + 1, …, without end."""
        return self._pieces(self.train, machine, first_step, None)

    def evaluation(self, machine: Machine) -> tf.data.Dataset:
        """Pieces of all validation batches; of the last, weights are 0 for what is beyond the pairs."""
        return self._pieces(self.valid, machine, 0, -(-self.validation_pairs // self.batch)).map(self._limited)

    def _limited(self, piece: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        wanted = tf.constant(np.isin(np.arange(len(self.valid.records)), self.validated))
        inside = tf.cast(tf.gather(wanted, piece["index"]), tf.float32)
        return {**piece, "weight": piece["weight"] * inside}

    @property
    def validated(self) -> np.ndarray:
        """The images of which evaluation has pairs."""
        return self.valid.examples[: self.validation_pairs]

    def _pieces(self, source: Source, machine: Machine, start: int, stop: int | None) -> tf.data.Dataset:
        return source.dataset(
            self.batch,
            start,
            stop,
            shard=machine.worker,
            shards=machine.workers,
            replicas=machine.local_replicas,
            texts=False,
            pairs=self.pairs,
        ).map(_of_pixels)

    def records(self) -> dict[str, Any]:
        """What config.json records: fingerprints, counts, and how many images have a partner."""
        valid = {**self.valid.to_json(), "pairs": self.validation_pairs}
        return {
            "train": {**self.train.to_json(), "partnered": self.partnered(self.train)},
            "valid": {**valid, "partnered": self.partnered(self.valid)},
        }


def _of_pixels(batch: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    return {name: batch[name] for name in ("image", "second_image", "index", "second_index", "weight")}


def open_feed(settings: DataSettings, batch: int, evaluation_split: str, pairs: str, validation_pairs: int) -> Feed:
    check_evaluation_split(settings, evaluation_split)
    unlabelled = dataclasses.replace(settings, **_NO_LABELS)
    train = Source(unlabelled, TRAINING_SPLIT, training=True)
    # Read only once per evaluation: only the training split is cached.
    changes: dict[str, Any] = {"cache": "none", "cache_dir": None, "data_seed": _VALIDATION_SEED}
    valid = Source(dataclasses.replace(unlabelled, **changes), evaluation_split, training=False, augmented=True)
    return Feed(train, valid, batch, pairs, min(validation_pairs, len(valid)))
