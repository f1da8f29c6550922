"""What an evaluation found, as plain values: the table, the figures and evaluation.json are all made from these."""

import dataclasses

import numpy as np

from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics.bootstrap import Interval
from chex_tf.statistics.comparison import Difference

MEAN = "mean"


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; NaN where there is none, and then `reason` says why."""

    value: float
    interval: Interval
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class DecisionEstimates:
    """At a threshold; `threshold` is NaN for a reader, who brings decisions."""

    threshold: float
    sensitivity: Estimate
    specificity: Estimate
    f1: Estimate


@dataclasses.dataclass(frozen=True)
class ModelResult:
    """By task, and under `mean` over the defined tasks. `not_applicable` gives the reason for each absent kind."""

    name: str
    made_of: str
    auroc: dict[str, Estimate]
    average_precision: dict[str, Estimate]
    brier: dict[str, float]
    calibration_error: dict[str, float]
    decisions: dict[str, DecisionEstimates]
    not_applicable: dict[str, str]


@dataclasses.dataclass(frozen=True)
class ReaderResult:
    """A radiologist: decisions by task, and by task and model where they lie to the curve and by how much."""

    name: str
    decisions: dict[str, DecisionEstimates]
    positions: dict[str, dict[str, tuple[str, float]]]


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """`replicates` [replicates, models, tasks + 1] are AUROCs, the mean last; `left_out` gives the undefined tasks."""

    set: str
    policy: str | None
    settings: EvaluationSettings
    cohort: Cohort
    scored: tuple[Model, ...]
    read: tuple[Model, ...]
    models: tuple[ModelResult, ...]
    readers: tuple[ReaderResult, ...]
    differences: tuple[Difference, ...]
    best_and_worst: Difference | None
    left_out: dict[str, str]
    replicates: np.ndarray

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Positives and negatives by task."""
        labels = self.cohort.labels
        return {
            task: (int(np.sum(labels[:, column] == 1)), int(np.sum(labels[:, column] == 0)))
            for column, task in enumerate(self.cohort.tasks)
        }
