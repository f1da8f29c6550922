"""A run's thresholds: chosen on its validation images' predictions, if these are by the same checkpoints."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf import prediction_files
from chex_tf.runs import layout, predictions
from chex_tf.runs.checkpoints import Best
from chex_tf.runs.options import ENSEMBLE, Options
from chex_tf.statistics import thresholds
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


def choose(run: TrainedRun, best: Sequence[Best], checkpoint: str, by: str) -> Thresholds:
    """A probability at or above the threshold counts as positive; chosen image by image."""
    none = np.full(len(run.tasks), np.nan)
    split = run.config.evaluation_split
    name = Options(checkpoint).name_of(split)
    option = "" if checkpoint == ENSEMBLE else f" --checkpoint={checkpoint}"
    command = f"python -m launch.evaluate --run_dir={run.run_dir} --split={split}{option} writes them"
    scores_file, labels_file = predictions.file(run.run_dir, name), predictions.labels_file(run.run_dir, name)
    for file in (scores_file, labels_file, scores_file.with_suffix(".json")):
        layout.path_within(run.run_dir, str(file.relative_to(run.run_dir)))
    for file in (scores_file, labels_file):
        if not file.is_file():
            return Thresholds(none, f"no threshold: the run has no predictions/{file.name}; {command}")
    if not predictions.made_by(run.run_dir, name, best):
        return Thresholds(none, f"no threshold: predictions/{scores_file.name} is by other checkpoints; {command}")
    scores, labels = prediction_files.read(scores_file), prediction_files.read(labels_file)
    place = {key: number for number, key in enumerate(scores.keys)}
    rows = [place[key] for key in labels.keys if key in place]
    kept = [number for number, key in enumerate(labels.keys) if key in place]
    values = none.copy()
    for column, task in enumerate(run.tasks):
        if task in scores.columns and task in labels.columns and rows:
            values[column] = thresholds.choose_threshold(labels.numbers(task)[kept], scores.numbers(task)[rows], by)
    merit = {"youden": "sensitivity + specificity", "f1": "F1"}[by]
    return Thresholds(values, f"chosen on {len(rows):,} validation images, where {merit} is highest")
