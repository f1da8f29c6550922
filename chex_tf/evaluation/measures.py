"""Every number that an evaluation gives of a model on a task. A new one is one Measure more, in the list at the end.

It then has a column in the table, an entry in evaluation.json and an interval; with `is_compared`, also the
differences of pairs of models and figures.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from chex_tf.statistics import bootstrap, calibration, delong, ranking, thresholds
from chex_tf.statistics.measure import Measure, Needs


@dataclasses.dataclass(frozen=True, eq=False)
class TaskScores:
    """One model on one task, row by row; it calls positive what reaches `threshold`, NaN where there is none. Labels
    are 0, 1 and NaN (not labelled), `units` each row's bootstrap unit."""

    labels: np.ndarray
    scores: np.ndarray
    units: np.ndarray
    unit_count: int
    threshold: float = float("nan")


def ranked(of: TaskScores) -> Callable[[np.ndarray], ranking.WeightedRanking]:
    return ranking.rank(of.labels, of.scores).of_units(of.units).weighted


def decided(of: TaskScores) -> Callable[[np.ndarray], thresholds.Decisions]:
    return thresholds.decide_by_unit(of.labels, of.scores >= of.threshold, of.units, of.unit_count)


def as_it_is(of: TaskScores) -> Callable[[np.ndarray], TaskScores]:
    """For measures without interval, which know no weights."""
    return lambda weights: of


def _delong(of: TaskScores) -> np.ndarray:
    return delong.components(of.labels, of.scores, of.units, of.unit_count)


def _jackknife(of: TaskScores) -> np.ndarray:
    return bootstrap.jackknife_auroc(of.labels, of.scores, of.units, of.unit_count)


AUROC = Measure(
    "auroc",
    "AUROC",
    gather=ranked,
    value=ranking.WeightedRanking.auroc,
    is_compared=True,
    jackknife=_jackknife,
    delong=_delong,
)
AVERAGE_PRECISION = Measure(
    "average_precision",
    "average precision",
    gather=ranked,
    value=ranking.WeightedRanking.average_precision,
)
SENSITIVITY = Measure(
    "sensitivity",
    "sensitivity",
    gather=decided,
    value=lambda decisions: decisions.sensitivity,
    needs=Needs.DECISIONS,
    short="Sens.",
)
SPECIFICITY = Measure(
    "specificity",
    "specificity",
    gather=decided,
    value=lambda decisions: decisions.specificity,
    needs=Needs.DECISIONS,
    short="Spec.",
)
F1 = Measure(
    "f1",
    "F1",
    gather=decided,
    value=lambda decisions: decisions.f1,
    needs=Needs.DECISIONS,
    has_interval_in_tables=False,
)
BRIER = Measure(
    "brier",
    "Brier score",
    gather=as_it_is,
    value=lambda of: np.array([calibration.brier(of.labels, of.scores)]),
    needs=Needs.PROBABILITIES,
    short="Brier",
    has_interval=False,
)
CALIBRATION_ERROR = Measure(
    "calibration_error",
    "calibration error",
    gather=as_it_is,
    value=lambda of: np.array([calibration.reliability(of.labels, of.scores).error]),
    needs=Needs.PROBABILITIES,
    short="Cal. error",
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
    CALIBRATION_ERROR,
)
