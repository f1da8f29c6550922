"""Every number that an evaluation computes for a model on a task. To add one, add a Measure to the list at the end.

It then has a column in the table, an entry in evaluation.json and an interval; with `is_compared`, also differences
between pairs of models and figures.
"""

import dataclasses
import functools
import operator
from collections.abc import Callable

import numpy as np

from chex_tf.statistics import (
    auroc_interval,
    bootstrap,
    calibration,
    delong,
    proportion,
    ranking,
    thresholds,
)
from chex_tf.statistics.measure import Measure, Needs


@dataclasses.dataclass(frozen=True, eq=False)
class TaskScores:
    """One model on one task, row by row; a score of at least `threshold` is called positive, NaN if there is none.
    Labels are 0, 1 and NaN (not labelled); `units` has each row's bootstrap unit."""

    labels: np.ndarray
    scores: np.ndarray
    units: np.ndarray
    unit_count: int
    threshold: float = float("nan")


def gather_ranking(task: TaskScores) -> Callable[[np.ndarray], ranking.WeightedRanking]:
    return ranking.rank(task.labels, task.scores).by_unit(task.units).weighted


def gather_decisions(task: TaskScores) -> Callable[[np.ndarray], thresholds.Decisions]:
    return thresholds.decide_by_unit(task.labels, task.scores >= task.threshold, task.units, task.unit_count)


def gather_unchanged(task: TaskScores) -> Callable[[np.ndarray], TaskScores]:
    """For measures without interval, which take no weights."""
    return lambda weights: task


def _delong(task: TaskScores) -> np.ndarray:
    return delong.components(task.labels, task.scores, task.units, task.unit_count)


def _jackknife(task: TaskScores) -> np.ndarray:
    return bootstrap.jackknife_auroc(task.labels, task.scores, task.units, task.unit_count)


def _auroc_interval(task: TaskScores) -> bootstrap.Interval:
    return auroc_interval.interval(task.labels, task.scores, task.units, task.unit_count)


def _freedom(task: TaskScores) -> float:
    return auroc_interval.degrees_of_freedom(task.labels, task.units)


def called_rightly(task: TaskScores, label: int) -> proportion.Counts:
    """Of rows with this label, those that are called so."""
    has_it = task.labels == label
    right = has_it & ((task.scores >= task.threshold) == bool(label))
    successes, trials = (np.bincount(task.units[rows], minlength=task.unit_count) for rows in (right, has_it))
    return proportion.Counts(successes.astype(np.float64), trials.astype(np.float64))


AUROC = Measure(
    "auroc",
    "AUROC",
    gather=gather_ranking,
    value=ranking.WeightedRanking.auroc,
    is_compared=True,
    interval=_auroc_interval,
    jackknife=_jackknife,
    delong=_delong,
    freedom=_freedom,
)
AVERAGE_PRECISION = Measure(
    "average_precision",
    "average precision",
    gather=gather_ranking,
    value=ranking.WeightedRanking.average_precision,
    is_share=True,
    freedom=_freedom,
)


def _rate(key: str, short: str, label: int) -> Measure[TaskScores]:
    return Measure(
        key,
        key,
        gather=gather_decisions,
        value=operator.attrgetter(key),
        needs=Needs.DECISIONS,
        short=short,
        counts=functools.partial(called_rightly, label=label),
    )


SENSITIVITY, SPECIFICITY = _rate("sensitivity", "Sens.", 1), _rate("specificity", "Spec.", 0)
F1 = Measure(
    "f1",
    "F1",
    gather=gather_decisions,
    value=lambda decisions: decisions.f1,
    needs=Needs.DECISIONS,
    has_interval_in_tables=False,
    is_share=True,
    freedom=_freedom,
)
BRIER = Measure(
    "brier",
    "Brier score",
    gather=gather_unchanged,
    value=lambda task: np.array([calibration.brier(task.labels, task.scores)]),
    needs=Needs.PROBABILITIES,
    short="Brier",
    has_interval=False,
)

# In the order of the table's columns.
MEASURES: tuple[Measure[TaskScores], ...] = (
    AUROC,
    AVERAGE_PRECISION,
    SENSITIVITY,
    SPECIFICITY,
    F1,
    BRIER,
)
