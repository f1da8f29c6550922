"""A run's thresholds: chosen on its validation images' predictions, if these are by the same checkpoints."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from chex_tf.runs.checkpoints import Best
from chex_tf.statistics import thresholds
from chex_tf.trained import validation_scores
from chex_tf.trained.run import TrainedRun

# A threshold is a validation image's own score: computed again in another batch, it may differ by rounding.
_ROUNDING = 1e-6


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """By task, NaN where there is none; `about` says how they were chosen, or why there are none."""

    values: np.ndarray
    about: str

    def positive(self, probabilities: np.ndarray) -> list[bool | None]:
        """[tasks] whether each probability is at or above its threshold; None where there is none."""
        pairs = zip(probabilities, self.values, strict=True)
        return [None if np.isnan(cut) else bool(value >= cut - _ROUNDING) for value, cut in pairs]


def decimals(threshold: float, probabilities: Iterable[float], fewest: int = 3) -> int:
    """How many decimals tell a threshold from all probabilities that differ from it by more than rounding."""
    others = [value for value in probabilities if abs(value - threshold) > _ROUNDING]
    found = fewest
    while any(f"{value:.{found}f}" == f"{threshold:.{found}f}" for value in others):
        found += 1  # ends at six: what differs by more than a millionth has other millionths
    return found


def choose(
    run: TrainedRun,
    best: Sequence[Best],
    checkpoint: str,
    by: str,
    recalibrate: Callable[[np.ndarray], np.ndarray] = lambda scores: scores,
) -> Thresholds:
    """A probability at or above the threshold counts as positive; chosen image by image, on recalibrated scores where
    those are what is compared."""
    found = validation_scores.read(run, best, checkpoint)
    values = np.full(len(run.tasks), np.nan)
    if found.absent:
        return Thresholds(values, f"no threshold: {found.absent}")
    scores = recalibrate(found.scores)
    for column in range(len(run.tasks)):
        if len(scores) and not np.isnan(scores[:, column]).all():
            values[column] = thresholds.choose_threshold(found.labels[:, column], scores[:, column], by)
    merit = {"youden": "sensitivity + specificity", "f1": "F1"}[by]
    return Thresholds(values, f"chosen on {len(scores):,} validation images, where {merit} is highest")
