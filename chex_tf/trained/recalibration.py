"""Maps from a run's probabilities to better calibrated ones, fitted on its validation images."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf.runs.checkpoints import Best
from chex_tf.settings import InputError
from chex_tf.statistics import recalibration
from chex_tf.statistics.recalibration import Recalibration, Unchanged
from chex_tf.trained import validation_scores
from chex_tf.trained.run import TrainedRun


@dataclasses.dataclass(frozen=True)
class Recalibrations:
    """One map a task; `about` says how they were fitted, and which tasks stay as they are."""

    maps: tuple[Recalibration, ...]
    about: str

    def __call__(self, probabilities: np.ndarray) -> np.ndarray:
        """Of any shape that ends in the tasks."""
        return np.stack([one(probabilities[..., column]) for column, one in enumerate(self.maps)], axis=-1)


def fit(run: TrainedRun, best: Sequence[Best], checkpoint: str, method: str) -> Recalibrations:
    """Image by image, as thresholds are chosen. Raises InputError where there are no validation predictions."""
    found = validation_scores.read(run, best, checkpoint)
    if found.absent:
        raise InputError(f"needs the run's validation predictions: {found.absent}", "recalibrate")
    maps = tuple(
        recalibration.fit(found.labels[:, column], found.scores[:, column], method) for column in range(len(run.tasks))
    )
    left = [f"{task} ({one.reason})" for task, one in zip(run.tasks, maps, strict=True) if isinstance(one, Unchanged)]
    about = f"{method}, fitted on {len(found.scores):,} validation images"
    return Recalibrations(maps, about + (f"; as they are: {', '.join(left)}" if left else ""))
