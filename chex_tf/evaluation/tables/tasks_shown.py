"""Which tasks a table has: all and their mean, the mean alone where rows would be too many, and no mean of one task."""

from collections.abc import Iterable, Sequence

from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled
from chex_tf.statistics.measure import MEAN

ROWS_BY_TASK = 60  # a table that says of every task what another says of the mean has no more rows than this


def has_mean(evaluation: Evaluation) -> bool:
    """A mean of one task is that task, which has its own row."""
    return len(evaluation.mean_over) != 1


def every_task(evaluation: Evaluation) -> tuple[str, ...]:
    tasks = evaluation.cohort.tasks
    return (*tasks, MEAN) if has_mean(evaluation) else tasks


def summary(evaluation: Evaluation) -> str:
    """What stands for the whole: the mean, or its only task."""
    return MEAN if has_mean(evaluation) else evaluation.mean_over[0]


def mean_of_tasks(evaluation: Evaluation) -> str:
    every, taken = len(evaluation.cohort.tasks), len(evaluation.mean_over)
    return f"Mean of {every} task{'s' * (every > 1)}" if taken == every else f"Mean of {taken} of {every} tasks"


def shown(evaluation: Evaluation, task: str) -> str:
    """A task in the first column."""
    return mean_of_tasks(evaluation) if task == MEAN else task


def summary_of(evaluation: Evaluation, words: str) -> str:
    """A measure's words in the heading of a table about the whole: "mean AUROC", or "AUROC of Edema"."""
    return f"mean {words}" if has_mean(evaluation) else f"{words} of {evaluation.mean_over[0]}"


def here(evaluation: Evaluation) -> str:
    """Which task a table about the whole is on."""
    return "here the mean" if has_mean(evaluation) else f"here {evaluation.mean_over[0]}"


def once(labels: Iterable[str]) -> list[str]:
    """For a first column: each label where it first comes up, and nothing below it."""
    found: list[str] = []
    shown_last = None
    for label in labels:
        found.append("" if label == shown_last else label)
        shown_last = label
    return found


def are_listed(tasks: Sequence[str], rows: int, fewest: int = 2) -> bool:
    """Whether a table by task follows: there are so many tasks, and not too many rows."""
    return len(tasks) >= fewest and rows <= ROWS_BY_TASK


def elsewhere(key: str, rows: int | None = None) -> str:
    """Below a table that has the mean only; `rows`, where these were too many to print, is how many there are."""
    count = "" if rows is None else f"{rows:,} rows, too many to print, "
    return filled(f"Task by task: {count}in evaluation.json (--out=DIR) under {key}.")
