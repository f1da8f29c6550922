"""External validation in numbers: every model's AUROC on another data set beside that on its own, task by task.

Two hospitals have no patient in common, so the variance of the difference is the sum of the two. Of two folders of one
data set there is no difference where they share patients.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from chex_tf.amounts import counted
from chex_tf.evaluation import matching
from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.evaluation.measures import AUROC, TaskScores
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.scarcity import scarce_tasks
from chex_tf.prediction_files import Table
from chex_tf.runs.predictions import External
from chex_tf.statistics import bootstrap
from chex_tf.statistics.contrast import Contrast, contrast
from chex_tf.statistics.measure import MEAN, Estimate, Sampled, estimate, mean_of, sample

Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Side:
    """A task on one of the two sets: rows that are scored, positives among them, and the AUROC. A mean has no rows."""

    rows: int
    positives: int
    auroc: Estimate

    @property
    def prevalence(self) -> float:
        return self.positives / self.rows if self.rows else math.nan


@dataclasses.dataclass(frozen=True)
class Compared:
    """`own` is None where there is nothing to compare with, and `difference`, of `other` minus `own`, where one of the
    two has no interval. Of a mean, `over` are its tasks."""

    task: str
    own: Side | None
    other: Side
    difference: Contrast | None
    over: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class OfModel:
    """`no_own` says why there are no numbers on the model's own set, `no_difference` why they are not compared."""

    name: str
    external: External
    compared: tuple[Compared, ...]
    no_own: str = ""
    no_difference: str = ""


@dataclasses.dataclass(frozen=True)
class _Sampled:
    cohort: Cohort
    by_task: Mapping[str, Sampled]  # tasks with both classes
    withheld: Mapping[str, str]

    def side(self, task: str) -> Side:
        labels = self.cohort.labels[:, self.cohort.tasks.index(task)]
        rows, positives = int(np.sum(~np.isnan(labels))), int(np.sum(labels == 1))
        if task not in self.by_task:
            absent = "positive" if not positives else "negative"
            nothing = bootstrap.Interval(math.nan, math.nan)
            return Side(rows, positives, Estimate(math.nan, nothing, f"no {absent} in the set"))
        return Side(rows, positives, self._shown(self.by_task[task], self.withheld.get(task, "")))

    def mean(self, tasks: Sequence[str], replicates: int) -> tuple[Sampled, Side]:
        sampled = mean_of([self.by_task[task] for task in tasks], replicates)
        why = "no task of the mean has one" if all(task in self.withheld for task in tasks) else ""
        return sampled, Side(0, 0, self._shown(sampled, why))

    @staticmethod
    def _shown(sampled: Sampled, withheld: str) -> Estimate:
        found = estimate(sampled)
        if not withheld:
            return found
        return dataclasses.replace(found, interval=bootstrap.Interval(math.nan, math.nan, 0, withheld))


def compare(
    evaluation: Evaluation,
    external: Mapping[str, External],
    at_home: Mapping[str, tuple[Table, Table] | str],
    truth: Table,
    say: Say,
) -> list[OfModel]:
    """Every model of which it is known what the other data set says of its tasks; `truth` is that set's."""
    found = []
    for model in evaluation.model_scores:
        if model.name not in external:
            continue
        home = at_home.get(model.name, "")
        there = _of_evaluation(evaluation, model)
        here = None if isinstance(home, str) else _at_home(evaluation, model.name, *home, say)
        no_own, shared = (home, "") if isinstance(home, str) else ("", _shared(external[model.name], home[0], truth))
        compared = tuple(_compared(evaluation, there, here))
        if shared:
            compared = tuple(dataclasses.replace(one, difference=None) for one in compared)
        found.append(OfModel(model.name, external[model.name], compared, no_own, shared))
    return found


def _shared(external: External, own: Table, other: Table) -> str:
    """That two folders of one data set, or two tables of one's own, have patients of the same name; else nothing."""
    kinds = {name.partition("/")[0] for name in (external["own"], external["other"])}
    if len(kinds) > 1:
        return ""
    both = set(own.columns.get("Patient", ())) & set(other.columns.get("Patient", ()))
    if not both:
        return ""
    return f"{counted(len(both), 'patient')} by name in both, such as {min(both)}"


def _of_evaluation(evaluation: Evaluation, model: Model) -> _Sampled:
    defined = [task for task in evaluation.cohort.tasks if task not in evaluation.left_out]
    by_task = {task: evaluation.sampled[model.name, AUROC, task] for task in defined}
    return _Sampled(evaluation.cohort, by_task, evaluation.withheld)


def _at_home(evaluation: Evaluation, name: str, truth: Table, scores: Table, say: Say) -> _Sampled:
    settings = evaluation.settings
    tasks = [task for task in evaluation.cohort.tasks if task in truth.columns and task in scores.columns]
    cohort, (model,) = matching.match(truth, [scores], [name], tasks, settings.aggregation, settings.unit, say)
    of_task = {
        task: TaskScores(cohort.labels[:, column], model.scores[:, column], cohort.units, cohort.unit_count, math.nan)
        for column, task in enumerate(cohort.tasks)
        if {0.0, 1.0} <= set(np.unique(cohort.labels[:, column]).tolist())
    }
    sampled = sample(
        {(name, AUROC, task): scores for task, scores in of_task.items()},
        bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed),
        with_jackknife=settings.interval == "bca",
        compared=(AUROC,),
        by_replicates=() if settings.interval == "auto" else (AUROC,),
    )
    by_task = {task: sampled[name, AUROC, task] for task in of_task}
    undefined = [task for task in cohort.tasks if task not in by_task]
    return _Sampled(cohort, by_task, scarce_tasks(cohort, undefined, settings.fewest))


def _compared(evaluation: Evaluation, there: _Sampled, here: _Sampled | None) -> list[Compared]:
    found = []
    for task in evaluation.cohort.tasks:
        if here is None or task not in here.cohort.tasks:
            found.append(Compared(task, None, there.side(task), None))
            continue
        own, other = here.side(task), there.side(task)
        difference = None
        if _has_interval(own) and _has_interval(other):
            difference = independent_difference(there.by_task[task], here.by_task[task])
        found.append(Compared(task, own, other, difference))
    over = tuple(
        task for task in evaluation.mean_over if task in there.by_task and (here is None or task in here.by_task)
    )
    if len(over) > 1:
        replicates = evaluation.settings.replicates
        of_other, mean_there = there.mean(over, replicates)
        if here is None:
            return [*found, Compared(MEAN, None, mean_there, None, over)]
        of_own, mean_here = here.mean(over, replicates)
        both = _has_interval(mean_here) and _has_interval(mean_there)
        difference = independent_difference(of_other, of_own) if both else None
        found.append(Compared(MEAN, mean_here, mean_there, difference, over))
    return found


def _has_interval(side: Side) -> bool:
    return not math.isnan(side.auroc.interval.low)


def independent_difference(first: Sampled, second: Sampled) -> Contrast:
    """The first minus the second, of sets that have no unit in common: DeLong's, each unit's component of the set that
    it is not in being zero."""
    assert first.components is not None
    assert second.components is not None
    of_first, of_second = np.zeros_like(first.components), np.zeros_like(second.components)
    apart = (
        dataclasses.replace(first, components=np.concatenate([first.components, of_second])),
        dataclasses.replace(second, components=np.concatenate([of_first, second.components])),
    )
    return contrast((1.0, -1.0), apart)
