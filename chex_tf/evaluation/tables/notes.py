"""Below the tables: what each model is, and reasons for what is missing."""

import numpy as np

from chex_tf.evaluation.measures import AUROC, SENSITIVITY, SPECIFICITY
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import filled
from chex_tf.evaluation.tables.scores import MODELS_BY_TASK
from chex_tf.evaluation.tables.tasks_shown import has_mean
from chex_tf.statistics.measure import MEAN


def lines_of(evaluation: Evaluation) -> list[str]:
    """What each model is, and reasons for what is missing from the tables."""
    described = [model for model in evaluation.models if model.made_of][:MODELS_BY_TASK]
    notes = [f"{model.name}: {model.made_of}." for model in described]
    notes += [f"{pool.name}: {pool.made_of}." for pool in evaluation.pooled.pools][:MODELS_BY_TASK]
    unlabelled = np.sum(np.isnan(evaluation.cohort.labels), axis=0)
    counts = [f"{task} {count:,}" for task, count in zip(evaluation.cohort.tasks, unlabelled, strict=True) if count]
    if counts:
        rows = f"of {len(evaluation.cohort.keys):,} rows"
        notes.append(f"Without a label, and not scored on that task, {rows}: {', '.join(counts)}.")
    notes += [
        f"{task}: undefined, {reason}{_out_of_mean(evaluation, task)}." for task, reason in evaluation.left_out.items()
    ]
    notes += [
        f"{task}: no interval and no test of AUROC, {reason} (--fewest){_rests_on(evaluation, task)}."
        for task, reason in evaluation.withheld.items()
    ]
    undefined: dict[str, int] = {}
    without: dict[str, dict[str, list[str]]] = {}  # by reason, model's name
    for reader in evaluation.readers:
        for task in reader.thresholds:  # without positives there is no sensitivity, without negatives no specificity
            undefined[task] = max(reader.of(one)[task].interval.undefined for one in (SENSITIVITY, SPECIFICITY))
    for model in evaluation.models:
        for task, estimate in model.of(AUROC).items():
            if task in evaluation.left_out or task in evaluation.withheld:
                continue
            if task == MEAN and not has_mean(evaluation):
                continue
            undefined[task] = estimate.interval.undefined
            if estimate.interval.reason:
                without.setdefault(estimate.interval.reason, {}).setdefault(model.name, []).append(task)
    for reason, of_models in without.items():
        listed = "; ".join(f"{name} ({', '.join(tasks)})" for name, tasks in of_models.items())
        notes.append(f"No interval, {reason}: {listed}.")
    counted = ", ".join(f"{task} {count:,}" for task, count in undefined.items() if count)
    if counted:
        notes.append(f"Replicates in which a task has only one class, left out of its interval: {counted}.")
    notes += _without_threshold(evaluation)
    absent: dict[tuple[str, str], list[str]] = {}  # by model and reason, what is not given
    for model in evaluation.models:
        for kind, reason in model.not_applicable.items():
            absent.setdefault((model.name, reason), []).append(kind.replace("_", " "))
    reasons: dict[str, list[str]] = {}
    for (name, reason), kinds in absent.items():
        reasons.setdefault(f"{', '.join(kinds)}: {reason}", []).append(name)
    for reason, names in reasons.items():
        whose = "every model" if len(names) == len(evaluation.models) else ", ".join(names)
        notes.append(f"Not given for {whose}: {reason}.")
    if len(evaluation.models) > MODELS_BY_TASK:
        notes.append("The tasks one by one are in evaluation.json (--out=DIR).")
    return [filled(note) for note in notes]


def _rests_on(evaluation: Evaluation, task: str) -> str:
    rests = evaluation.models and has_mean(evaluation) and task in evaluation.mean_over
    return "; the mean rests on it" if rests else ""


def _out_of_mean(evaluation: Evaluation, task: str) -> str:
    return "; left out of the mean" if task in evaluation.mean_tasks else ""


def _without_threshold(evaluation: Evaluation) -> list[str]:
    """A task whose labels are all alike where thresholds are chosen has none, and so no decisions."""
    models: dict[tuple[str, ...], list[str]] = {}
    for model in evaluation.models:
        lacking = tuple(task for task in evaluation.mean_over if task not in model.thresholds)
        if model.thresholds and lacking:
            models.setdefault(lacking, []).append(model.name)
    found = []
    for tasks, names in models.items():
        left = len(evaluation.mean_over) - len(tasks)
        of = "" if len(names) == len(evaluation.models) else f" of {', '.join(names)}"
        mean = f"their means{of} are over the other {left}" if left else "there are none"
        found.append(
            f"{', '.join(tasks)}: no threshold, as all labels that it could be chosen on are alike; of measures at a "
            f"threshold {mean}."
        )
    return found
