"""Every measure by task and model, and as the mean over tasks."""

from collections.abc import Sequence
from typing import Any

from chex_tf.evaluation.results import Evaluation, ModelResult
from chex_tf.evaluation.tables.columns import filled, lines, plain, with_interval, without_empty
from chex_tf.evaluation.tables.tasks_shown import every_task, has_mean, mean_of_tasks, summary
from chex_tf.statistics.measure import MEAN, Measure, Needs

# With more models than this, only the mean is listed; the tasks are in evaluation.json.
MODELS_BY_TASK = 12


def table_of(evaluation: Evaluation) -> str:
    tasks = every_task(evaluation)
    if len(evaluation.models) > MODELS_BY_TASK:
        tasks = (summary(evaluation),)
    header = ["Task", "Pos/neg", "Model", *_headings(evaluation.measures)]
    rows = []
    for task in tasks:
        label = [task, "/".join(map(str, evaluation.counts[task]))] if task != MEAN else [mean_of_tasks(evaluation), ""]
        for place, model in enumerate(evaluation.models):
            scores = [_score(measure, model, task) for measure in evaluation.measures]
            rows.append([*(label if place == 0 else ["", ""]), model.name, *scores])
    header, rows, _ = without_empty(header, rows, 4)
    table = lines(header, rows, 3)
    if len(evaluation.cohort.tasks) == 1:
        return table
    return f"{table}\n{filled(_which_mean(evaluation))}"


def _score(measure: Measure[Any], model: ModelResult, task: str) -> str:
    estimate = model.of(measure).get(task)
    return with_interval(estimate) if estimate is not None and _shows_interval(measure) else plain(estimate)


def _shows_interval(measure: Measure[Any]) -> bool:
    """Numbers at a threshold have their intervals in evaluation.json only: the row is long enough."""
    return measure.has_interval and measure.has_interval_in_tables and measure.needs is not Needs.DECISIONS


def _headings(measures: Sequence[Measure[Any]]) -> list[str]:
    """Above their columns; what the brackets are is said once, above the first that has them."""
    explained = next((measure for measure in measures if _shows_interval(measure)), None)
    return [
        f"{measure.short or measure.title}{' [95% interval]' if measure is explained else ''}" for measure in measures
    ]


def _which_mean(evaluation: Evaluation) -> str:
    listed = ", ".join(evaluation.mean_over) or "none is defined"
    return f"{mean_of_tasks(evaluation)}: {listed}{'' if has_mean(evaluation) else ', whose row it is'}."
