"""What a run's network sees of a film, from the run's own record of its data."""

import pathlib
from collections.abc import Callable

from chex_tf.data.records import name_of, version_folder
from chex_tf.data.stored import Stored, read_stored
from chex_tf.data.view import View
from chex_tf.settings import InputError
from chex_tf.trained.run import TrainedRun


def view_of(run: TrainedRun, stored: Stored) -> View:
    """The view of films that were stored like this, or would be."""
    return View.from_settings(run.data, stored)


def stored_of(run: TrainedRun, say: Callable[[str], None]) -> Stored:
    """How a run's training images were stored.

    A run of an older version did not record it; then its prepared folder says so, if it still exists.
    """
    records = run.config.records("train")
    if "stored" in records:
        try:
            return Stored.from_json(records["stored"])
        except ValueError as error:
            raise run.config.damaged(f"records.train.stored: {error}") from error
    folder = _prepared_folder(run)
    if folder is not None:
        return read_stored(folder)
    say(
        f"{run.run_dir} does not record how its images were resized when they were prepared, and its prepared folder "
        "does not exist: assumed stored unchanged"
    )
    return Stored()


def _prepared_folder(run: TrainedRun) -> pathlib.Path | None:
    """The version folder that a run was trained on; None if it is gone or was replaced by another."""
    try:
        folder = version_folder(run.data.data)
        name = name_of(folder)
    except InputError:  # no such folder, or a damaged one
        return None
    return folder if name == run.config.records("train")["name"] else None
