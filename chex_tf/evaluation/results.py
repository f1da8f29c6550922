"""An evaluation's results as plain values, from which the table, the figures and evaluation.json are made."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from chex_tf.evaluation.equivalence import Judged
from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.evaluation.pools import Pooled
from chex_tf.evaluation.readers import ReadersTogether
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.measure import Estimate, Key, Measure, Sampled


@dataclasses.dataclass(frozen=True)
class Result:
    """`estimates` by the measure's key, then by task and under `mean`; a measure that does not apply is absent.
    `thresholds` has the tasks on which decisions are measured, and `mean`; it is NaN for `mean` and for readers."""

    name: str
    estimates: dict[str, dict[str, Estimate]]
    thresholds: dict[str, float]

    def of(self, measure: Measure[Any]) -> dict[str, Estimate]:
        return self.estimates.get(measure.key, {})


@dataclasses.dataclass(frozen=True)
class ModelResult(Result):
    """`not_applicable` gives the reason for each kind of number that is absent."""

    made_of: str
    not_applicable: dict[str, str]


@dataclasses.dataclass(frozen=True)
class ReaderResult(Result):
    """A radiologist."""


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """`sampled` has the replicates of every number, including the mean over tasks; `left_out` the undefined tasks, by
    task the reason, `withheld` those with too few units of a class for intervals and tests; `mean_tasks` those asked
    for in the mean, which goes without undefined ones; `best_and_worst` is by mean AUROC, and tested as selected,
    whether or not pairs are compared; `reader_margins` are those of each reader (`a`) beside each model (`b`);
    `pooled` has what --pool asks for, `equivalence` the verdicts of --margin."""

    set: str
    policy: str | None
    settings: EvaluationSettings
    cohort: Cohort
    measures: tuple[Measure[Any], ...]
    model_scores: tuple[Model, ...]
    reader_scores: tuple[Model, ...]
    models: tuple[ModelResult, ...]
    readers: tuple[ReaderResult, ...]
    differences: tuple[Difference, ...]
    best_and_worst: Extremes | None
    reader_margins: tuple[Difference, ...]
    readers_together: ReadersTogether | None
    left_out: dict[str, str]
    withheld: dict[str, str]
    mean_tasks: tuple[str, ...]
    sampled: Mapping[Key, Sampled]
    pooled: Pooled = Pooled()
    equivalence: tuple[Judged, ...] = ()
    caution: str = ""  # why all these numbers are to be read with care

    @property
    def mean_over(self) -> tuple[str, ...]:
        """The tasks that the mean is of."""
        return tuple(task for task in self.mean_tasks if task not in self.left_out)

    @property
    def compared(self) -> tuple[Measure[Any], ...]:
        return tuple(measure for measure in self.measures if measure.is_compared)

    def differences_of(self, measure: Measure[Any], task: str | None = None) -> list[Difference]:
        """On one task, or on all of them and the mean."""
        found = [one for one in self.differences if one.measure == measure.key]
        return found if task is None else [one for one in found if one.task == task]

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Positives and negatives by task."""
        labels = self.cohort.labels
        return {
            task: (int(np.sum(labels[:, column] == 1)), int(np.sum(labels[:, column] == 0)))
            for column, task in enumerate(self.cohort.tasks)
        }
