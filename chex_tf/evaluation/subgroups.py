"""Every model by group: AUROC, sensitivity and specificity at the overall threshold, calibration; and whether groups
differ.

A group's number is computed as the set's is, on the group's rows. All groups share the replicates of the whole set's
units, so a patient who is in two groups is drawn for both, and differences are replicate by replicate.
"""

import dataclasses
import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chex_tf.evaluation.groups import Grouping
from chex_tf.evaluation.matching import Model
from chex_tf.evaluation.measures import AUROC, SENSITIVITY, SPECIFICITY, TaskScores, called_rightly
from chex_tf.evaluation.results import Evaluation
from chex_tf.statistics import bootstrap, comparison, interaction, logistic_calibration, predictive_values, proportion
from chex_tf.statistics.calibration import are_probabilities
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.interaction import Interaction
from chex_tf.statistics.measure import MEAN, Estimate, Key, Measure, Needs, Sampled, estimate, mean_of, sample

SMALLEST_CLASS = 10  # groups with fewer positives or negatives are withheld


@dataclasses.dataclass(frozen=True, eq=False)
class GroupScores(TaskScores):
    """Labels outside the group are NaN. With a `prevalence`, positives and negatives are weighted to it where that
    matters, which is in calibration."""

    prevalence: float = math.nan


def gather_line(task: GroupScores) -> Callable[[np.ndarray], logistic_calibration.LogisticFit]:
    labelled = np.flatnonzero(~np.isnan(task.labels))
    labels, units = task.labels[labelled], task.units[labelled]
    fit = logistic_calibration.fitter(labels, logistic_calibration.logits(task.scores[labelled]))

    def weigh(weights: np.ndarray) -> logistic_calibration.LogisticFit:
        by_row = np.take(weights, units, axis=1).astype(np.float64)
        return fit(by_row if math.isnan(task.prevalence) else _at_prevalence(by_row, labels, task.prevalence))

    return weigh


def _at_prevalence(weights: np.ndarray, labels: np.ndarray, prevalence: float) -> np.ndarray:
    """Weights of the same sum in which positives have this share; none where a class is missing."""
    positives = weights @ (labels == 1)
    total = weights.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.stack([(1 - prevalence) * total / (total - positives), prevalence * total / positives])
    factors = np.where((positives > 0) & (positives < total), factors, 0)
    return weights * np.take(factors, labels.astype(np.int64), axis=0).T


def _line_interval(task: GroupScores, which: int) -> bootstrap.Interval:
    labelled = np.flatnonzero(~np.isnan(task.labels))
    labels, units = task.labels[labelled], task.units[labelled]
    weights = None
    if not math.isnan(task.prevalence):
        weights = _at_prevalence(np.ones((1, labels.size)), labels, task.prevalence)[0]
    logits = logistic_calibration.logits(task.scores[labelled])
    return logistic_calibration.intervals(labels, logits, units, weights)[which]


def _of_line(which: int, key: str) -> Measure[GroupScores]:
    return Measure(
        key,
        f"calibration {key}",
        gather=gather_line,
        value=operator.attrgetter(key),
        needs=Needs.PROBABILITIES,
        short=key.capitalize(),
        interval=functools.partial(_line_interval, which=which),
    )


INTERCEPT, SLOPE = _of_line(0, "intercept"), _of_line(1, "slope")
MEASURES: tuple[Measure[Any], ...] = (AUROC, SENSITIVITY, SPECIFICITY, INTERCEPT, SLOPE)
COMPARED: tuple[Measure[Any], ...] = (AUROC, SENSITIVITY, INTERCEPT)
WITHOUT_MEAN = (INTERCEPT, SLOPE)


@dataclasses.dataclass(frozen=True)
class GroupResult:
    """One group on one task; `withheld` says why there are no estimates, which are by the measure's key. `ppv` and
    `npv` are at the matched prevalence."""

    rows: int
    positives: int
    negatives: int
    estimates: Mapping[str, Estimate]
    withheld: str = ""
    ppv: Estimate | None = None
    npv: Estimate | None = None


@dataclasses.dataclass(frozen=True)
class Tested:
    """Groups that were large enough, on one task in one measure: each one's difference from the largest, `reference`,
    and the test that all are equal, with p adjusted over the model's tests of this measure."""

    reference: str
    differences: tuple[Difference, ...]
    equality: Interaction
    p_holm: float = math.nan
    family: int = 0


@dataclasses.dataclass(frozen=True)
class VariableResult:
    """One model by one variable: groups by task (and `mean`) and name, tests by task and the measure's key."""

    model: str
    grouping: Grouping
    groups: Mapping[str, Mapping[str, GroupResult]]
    tests: Mapping[str, Mapping[str, Tested]]


def by_groups(
    evaluation: Evaluation,
    groupings: Sequence[Grouping],
    match_prevalence: bool,
    progress: bootstrap.Progress = bootstrap.silent,
) -> list[VariableResult]:
    """Every model by every variable; p are adjusted over the variables and tasks of a model."""
    total = len(evaluation.model_scores) * len(groupings)
    found: list[VariableResult] = []
    for model in evaluation.model_scores:
        of_model = []
        for grouping in groupings:
            of_model.append(_by_variable(evaluation, model, grouping, match_prevalence))
            progress(len(found) + len(of_model), total)
        found += _adjusted(of_model)
    return found


def _by_variable(evaluation: Evaluation, model: Model, grouping: Grouping, matched: bool) -> VariableResult:
    cohort, settings = evaluation.cohort, evaluation.settings
    cuts = next(one.thresholds for one in evaluation.models if one.name == model.name)
    probable = are_probabilities(model.scores)
    asked: dict[Key, GroupScores] = {}
    groups: dict[str, dict[str, GroupResult]] = {}
    for column, task in enumerate(cohort.tasks):
        labels = cohort.labels[:, column]
        prevalence = float(np.nanmean(labels)) if matched and task not in evaluation.left_out else math.nan
        for place, name in enumerate(grouping.names):
            inside = np.where(grouping.places == place, labels, np.nan)
            scores = GroupScores(
                inside, model.scores[:, column], cohort.units, cohort.unit_count, cuts.get(task, math.nan), prevalence
            )
            result = _counted(inside, grouping.places == place, scores, matched)
            groups.setdefault(task, {})[name] = result
            if result.withheld:
                continue
            for measure in MEASURES:
                if _applies(measure, probable, scores):
                    asked[name, measure, task] = scores
    resampling = bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed)
    sampled = sample(
        asked,
        resampling,
        with_jackknife=settings.interval == "bca",
        compared=COMPARED,
        by_replicates=() if settings.interval == "auto" else (AUROC,),
    )
    groups[MEAN] = {name: _of_mean(evaluation, name, groups, sampled) for name in grouping.names}
    for task, by_name in groups.items():
        for name, result in by_name.items():
            estimates = {
                measure.key: estimate(sampled[name, measure, task])
                for measure in MEASURES
                if (name, measure, task) in sampled
            }
            by_name[name] = dataclasses.replace(result, estimates=estimates)
    sizes = {name: int(np.sum(grouping.places == place)) for place, name in enumerate(grouping.names)}
    tested = [task for task in groups if task != MEAN or len(evaluation.mean_over) > 1]  # a mean of one is that one
    tests = {task: _tests(task, sizes, sampled) for task in tested}
    return VariableResult(model.name, grouping, groups, {task: found for task, found in tests.items() if found})


def _applies(measure: Measure[Any], probable: bool, scores: TaskScores) -> bool:
    if measure.needs is Needs.PROBABILITIES:
        return probable
    return measure.needs is Needs.SCORES or not math.isnan(scores.threshold)


def _counted(labels: np.ndarray, inside: np.ndarray, scores: GroupScores, matched: bool) -> GroupResult:
    positives, negatives = int(np.sum(labels == 1)), int(np.sum(labels == 0))
    few = [
        f"{count} {kind}{'s' * (count != 1)}"
        for count, kind in ((positives, "positive"), (negatives, "negative"))
        if count < SMALLEST_CLASS
    ]
    withheld = f"{' and '.join(few)}, fewer than {SMALLEST_CLASS}" if few else ""
    result = GroupResult(int(inside.sum()), positives, negatives, {}, withheld)
    if withheld or not matched or math.isnan(scores.threshold):
        return result
    sensitivity, specificity = (proportion.of_units(called_rightly(scores, label)) for label in (1, 0))
    ppv = Estimate(*predictive_values.positive_predictive_value(sensitivity, specificity, scores.prevalence))
    npv = Estimate(*predictive_values.negative_predictive_value(sensitivity, specificity, scores.prevalence))
    return dataclasses.replace(result, ppv=ppv, npv=npv)


def _of_mean(
    evaluation: Evaluation, name: str, groups: Mapping[str, Mapping[str, GroupResult]], sampled: dict[Key, Sampled]
) -> GroupResult:
    """The mean over tasks, which is withheld where one of its tasks is; adds to `sampled`."""
    over = evaluation.mean_over
    rows = max((groups[task][name].rows for task in over), default=0)
    few = [task for task in over if groups[task][name].withheld]
    if few or not over:
        why = f"withheld for {', '.join(few)}" if few else "no task is defined"
        return GroupResult(rows, 0, 0, {}, why)
    for measure in MEASURES:
        parts = [sampled[name, measure, task] for task in over if (name, measure, task) in sampled]
        if measure not in WITHOUT_MEAN and len(parts) == len(over):
            sampled[name, measure, MEAN] = mean_of(parts, evaluation.settings.replicates)
    return GroupResult(rows, 0, 0, {})


def _tests(task: str, sizes: Mapping[str, int], sampled: Mapping[Key, Sampled]) -> dict[str, Tested]:
    found = {}
    for measure in COMPARED:
        names = [name for name in sizes if (name, measure, task) in sampled]
        if len(names) < 2:
            continue
        reference = max(names, key=lambda name: sizes[name])
        pairs = [(name, reference) for name in names if name != reference]
        equality = interaction.test_equality(
            np.array([sampled[name, measure, task].value for name in names]),
            np.stack([sampled[name, measure, task].replicates for name in names]),
            np.array([sampled[name, measure, task].freedom for name in names]),
        )
        differences = comparison.adjust(comparison.differences(measure, task, pairs, sampled))
        found[measure.key] = Tested(reference, tuple(differences), equality)
    return found


def _adjusted(of_model: Sequence[VariableResult]) -> list[VariableResult]:
    """With Holm's adjustment of the tests of equality, over all variables and tasks, measure by measure."""
    adjusted: dict[tuple[int, str, str], tuple[float, int]] = {}
    for measure in COMPARED:
        places = [
            (number, task)
            for number, one in enumerate(of_model)
            for task, tests in one.tests.items()
            if measure.key in tests
        ]
        p = [of_model[number].tests[task][measure.key].equality.p for number, task in places]
        family = sum(not math.isnan(one) for one in p)
        for (number, task), holm in zip(places, comparison.holm(p).tolist(), strict=True):
            adjusted[number, task, measure.key] = holm, family
    return [
        dataclasses.replace(
            one,
            tests={
                task: {
                    key: dataclasses.replace(
                        test, p_holm=adjusted[number, task, key][0], family=adjusted[number, task, key][1]
                    )
                    for key, test in tests.items()
                }
                for task, tests in one.tests.items()
            },
        )
        for number, one in enumerate(of_model)
    ]
