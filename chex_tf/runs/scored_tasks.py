"""The tasks whose mean AUROC ranks a run's checkpoints, and of which its evaluations report the mean."""

import pathlib
from collections.abc import Sequence

from chex_tf.observations import ALIASES, TASK_SETS
from chex_tf.prediction_files import first_few
from chex_tf.runs import config
from chex_tf.settings import InputError, nearest


def scored_tasks(
    wanted: Sequence[str], tasks: Sequence[str], setting: str = "score_tasks", of: str = "trained"
) -> tuple[str, ...]:
    """Those of `tasks` that `wanted` means: one set's name, of which any may be absent, or names, of which none may.
    The set `all` is all of them, whatever the data set.

    `setting` and `of` (what kind of tasks these are) are for the message.
    """
    if tuple(wanted) == ("all",):
        return tuple(tasks)
    is_set = len(wanted) == 1 and wanted[0] in TASK_SETS
    wanted = [ALIASES.get(name, name) for name in wanted]
    for name in () if is_set else wanted:
        if name not in tasks:
            known = nearest(name, (*TASK_SETS, *tasks))
            raise InputError(f"expected a set of tasks or {of} tasks; received {name}{known}", setting)
    names = TASK_SETS[wanted[0]] if is_set else wanted
    found = tuple(task for task in names if task in tasks)
    if not found:
        raise InputError(
            f"none of {', '.join(names)} is among the {of} tasks: {first_few(tasks)}; all means all of those", setting
        )
    return found


def of_run(run_dir: pathlib.Path) -> tuple[str, ...] | None:
    """Those of a run; None for a folder of predictions that was not trained here, and for a run that learned none."""
    found = config.read_if_trained(run_dir)
    wanted = found.content.get("observations", {}).get("score_tasks") if found is not None else None
    return scored_tasks(wanted, found.tasks) if found is not None and wanted and found.tasks else None
