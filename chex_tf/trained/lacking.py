"""Makes a run's predictions where they are missing or come from other checkpoints.

TensorFlow takes seconds to start, and is imported only if something has to be predicted.
"""

import pathlib
from collections.abc import Callable

from chex_tf.data.settings import DataSettings
from chex_tf.runs import checkpoints, config, predictions
from chex_tf.runs.options import Options
from chex_tf.settings import InputError

Say = Callable[[str], None]
Watch = Callable[[str], Callable[[int, int], None]]  # from a set's name to a function that reports progress


def ensure_predictions(
    run_dir: pathlib.Path,
    split: str,
    options: Options,
    data: pathlib.Path | None,
    strategy: str,
    say: Say,
    watch: Watch,
    blank: str | None = None,
) -> str:
    """The name of the split's set, for which the run then has predictions by these checkpoints. `blank` is the rule for
    labels not mentioned in a data set that the run was not trained on.

    A folder without checkpoints is left as it is: it may hold predictions that a user put there.
    """
    if not checkpoints.read_index(run_dir):
        return split
    set_name, labels = split, None
    if data is not None:
        from chex_tf.trained.other_data import labels_read, set_name_of
        from chex_tf.trained.run import read_run

        run = read_run(run_dir)
        set_name = set_name_of(run, split, data)
        labels = labels_read(run, split, data, blank)
    best = checkpoints.choose(checkpoints.read_best(run_dir), options.checkpoint)
    folder = _data_of(run_dir) if data is None else data
    now = predictions.provenance(best, options, folder, split, labels)
    if predictions.are_current(run_dir, options.name_of(set_name), now):
        return set_name
    from chex_tf.trained.predict_split import predict_split, write_truth
    from chex_tf.trained.run import read_run

    if predictions.lack_labels_only(run_dir, options.name_of(set_name), now):
        write_truth(read_run(run_dir), split, set_name, options, data, say, blank)
    else:
        predict_split(read_run(run_dir), split, set_name, options, data, strategy, say, watch(set_name), blank)
    return set_name


def ensure_groups(
    run_dir: pathlib.Path, split: str, set_name: str, options: Options, data: pathlib.Path | None
) -> None:
    """Predictions made by an earlier version lack sex, age, view and projection; the records have them."""
    if not checkpoints.read_index(run_dir) or predictions.groups_file(run_dir, options.name_of(set_name)).is_file():
        return
    from chex_tf.trained.predict_split import write_groups
    from chex_tf.trained.run import read_run

    write_groups(read_run(run_dir), split, set_name, options, data)


def _data_of(run_dir: pathlib.Path) -> pathlib.Path:
    """The prepared folder that a run was trained on."""
    found = config.read(run_dir)
    if found is None:
        raise InputError(f"{run_dir} is damaged: it has checkpoints but no configuration", "run_dir")
    return found.settings(DataSettings).data
