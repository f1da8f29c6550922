"""Whether the predictions of a cell's run can be evaluated: there, whole, of the run's tasks, and one number each."""

import pathlib

from chex_tf import prediction_files
from chex_tf.evaluation import matching
from chex_tf.evaluation.settings import AUTO
from chex_tf.runs import config, predictions
from chex_tf.settings import InputError


def why_not(run_dir: pathlib.Path, split: str) -> str:
    """Empty where they can be. One damaged file must neither end a report nor take tasks from the other runs."""
    file, labels = predictions.file(run_dir, split), predictions.labels_file(run_dir, split)
    for path in (file, labels):
        if not path.is_file():
            return f"no {path.relative_to(run_dir)}"
    try:
        table, truth = prediction_files.read(file), prediction_files.read(labels)
        trained = config.read_if_trained(run_dir)
        tasks = [name for name in truth.columns if trained is not None and name in trained.tasks]
        lost = [name for name in tasks if name not in table.columns]
        if lost:
            return f"{file.relative_to(run_dir)} is damaged: no column for {prediction_files.first_few(lost)}"
        chosen = matching.choose_tasks(tasks, truth, (table,), _be_silent)
        matching.match(truth, (table,), (run_dir.name,), chosen, "max", AUTO, _be_silent)
    except InputError as error:
        return f"damaged: {error}"
    return ""


def _be_silent(line: str) -> None:
    """Remarks on all files together come with the evaluation."""
