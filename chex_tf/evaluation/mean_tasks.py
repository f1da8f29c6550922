"""Which tasks an evaluation's mean is of."""

from collections.abc import Callable, Sequence

from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.runs.scored_tasks import of_run, scored_tasks
from chex_tf.settings import InputError


def choose_mean_tasks(
    settings: EvaluationSettings, tasks: Sequence[str], say: Callable[[str], None]
) -> tuple[str, ...]:
    """Of the evaluated `tasks`: those of --mean_tasks, else all of --tasks, else those by which the runs ranked their
    checkpoints, else all. Runs ranked by different ones have no mean in common, so the user must choose it."""
    if settings.mean_tasks:
        return scored_tasks(settings.mean_tasks, tasks, "mean_tasks", "evaluated")
    if settings.tasks:
        return tuple(tasks)
    by_run = {run: scored for run in settings.run_dir if (scored := of_run(run)) is not None}
    if not by_run:
        return tuple(tasks)
    (first, wanted), *others = by_run.items()
    found = tuple(task for task in wanted if task in tasks)
    for run, scored in others:
        if {task for task in scored if task in tasks} != set(found):
            raise InputError(
                f"expected the tasks of the mean, because the runs were ranked by different ones: {first} by "
                f"{', '.join(wanted)}; {run} by {', '.join(scored)}",
                "mean_tasks",
            )
    if not found:
        raise InputError(
            f"expected the tasks of the mean, because none by which {first} was ranked ({', '.join(wanted)}) is among "
            f"those evaluated: {', '.join(tasks)}",
            "mean_tasks",
        )
    absent = dict.fromkeys(task for scored in by_run.values() for task in scored if task not in tasks)
    if absent:
        say(f"the mean goes without {', '.join(absent)}: runs were ranked by it, but it is not evaluated")
    return found
