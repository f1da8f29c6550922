"""A run's predictions of its validation images with their labels, if they are by the checkpoints that predict."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from chex_tf import prediction_files
from chex_tf.runs import layout, predictions
from chex_tf.runs.checkpoints import Best
from chex_tf.runs.options import ENSEMBLE, Options
from chex_tf.trained.run import TrainedRun


@dataclasses.dataclass(frozen=True)
class ValidationScores:
    """[images, tasks] each; NaN where there is no label, and throughout a task that is not in the files. Without
    predictions there are no rows, and `absent` says why and what makes them."""

    labels: np.ndarray
    scores: np.ndarray
    absent: str = ""


def read(run: TrainedRun, best: Sequence[Best], checkpoint: str) -> ValidationScores:
    split = run.config.evaluation_split
    name = Options(checkpoint).name_of(split)
    option = "" if checkpoint == ENSEMBLE else f" --checkpoint={checkpoint}"
    command = f"python -m launch.evaluate --run_dir={run.run_dir} --split={split}{option} writes them"
    scores_file, labels_file = predictions.file(run.run_dir, name), predictions.labels_file(run.run_dir, name)
    none = np.empty((0, len(run.tasks)))
    for file in (scores_file, labels_file, scores_file.with_suffix(".json")):
        layout.path_within(run.run_dir, str(file.relative_to(run.run_dir)))
    for file in (scores_file, labels_file):
        if not file.is_file():
            return ValidationScores(none, none, f"the run has no predictions/{file.name}; {command}")
    if not predictions.made_by(run.run_dir, name, best):
        return ValidationScores(none, none, f"predictions/{scores_file.name} is by other checkpoints; {command}")
    scores, labels = prediction_files.read(scores_file), prediction_files.read(labels_file)
    place = {key: number for number, key in enumerate(scores.keys)}
    rows = [place[key] for key in labels.keys if key in place]
    kept = [number for number, key in enumerate(labels.keys) if key in place]
    found = np.full((2, len(rows), len(run.tasks)), np.nan)
    for column, task in enumerate(run.tasks):
        if task in scores.columns and task in labels.columns:
            found[0, :, column], found[1, :, column] = labels.numbers(task)[kept], scores.numbers(task)[rows]
    return ValidationScores(found[0], found[1])
