"""How well probabilities agree with what was observed: calibration error, and on request ICI, intercept and slope."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.matching import Model
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.tables.columns import NOTHING, filled, lines, with_interval
from chex_tf.evaluation.tables.scores import MODELS_BY_TASK
from chex_tf.evaluation.tables.tasks_shown import every_task, shown, summary
from chex_tf.statistics import bootstrap, calibration, logistic_calibration, smooth_calibration
from chex_tf.statistics.calibration import IfCalibrated
from chex_tf.statistics.measure import MEAN, Estimate

SETS_IF_CALIBRATED = 1000

DEFINITIONS = {
    "error": "Cal. error: mean distance of predicted probability and observed share over "
    f"{calibration.BINS} bins of equal width, weighted by rows.",
    "index": "ICI: mean distance over rows of the probability and a smooth calibration curve (LOWESS, span 2/3).",
    "if calibrated": "If calibrated: what a perfectly calibrated model with these probabilities would show on as many "
    f"rows, mean and percentile 97.5 of {SETS_IF_CALIBRATED:,} simulated sets; the interval reaches 0 where the value "
    "is no higher than that.",
    "line": "Intercept: how far the logits of all probabilities are too low (0 if calibrated). Slope: below 1, "
    "probabilities are too extreme. They are fitted by task and have no mean.",
}


@dataclasses.dataclass(frozen=True)
class Distance:
    """A distance from calibration, and what it would be by chance alone."""

    estimate: Estimate
    if_calibrated: IfCalibrated


@dataclasses.dataclass(frozen=True)
class TaskCalibration:
    """`index` (the ICI), `intercept` and `slope` where asked for, the latter two by task only; `at_edge` counts
    probabilities of 0 or 1, whose logits are cut off."""

    error: Distance
    index: Distance | None = None
    intercept: Estimate | None = None
    slope: Estimate | None = None
    at_edge: int = 0


@dataclasses.dataclass(frozen=True)
class CalibrationSection:
    """`results` by model and task, and under `mean` the mean over tasks."""

    evaluation: Evaluation
    results: Mapping[str, Mapping[str, TaskCalibration]]
    recalibrated: Recalibrated | None = None
    key: str = "calibration"

    def table(self) -> str:
        if not self.results:
            return ""
        evaluation = self.evaluation
        is_full = evaluation.settings.calibration
        tasks = every_task(evaluation) if len(self.results) <= MODELS_BY_TASK else (summary(evaluation),)
        header = ["Calibration", "Model", "Cal. error [95% interval]", "if calibrated"]
        header += ["ICI", "if calibrated", "Intercept", "Slope"] if is_full else []
        rows = []
        for task in tasks:
            known = [(name, found[task]) for name, found in self.results.items() if task in found]
            for place, (name, one) in enumerate(known):
                label = shown(evaluation, task)
                cells = _distance_cells(one.error)
                if is_full:
                    cells += [*_distance_cells(one.index), _line_cell(one.intercept), _line_cell(one.slope)]
                rows.append([label if place == 0 else "", name, *cells])
        said = [DEFINITIONS["error"], *([DEFINITIONS["index"]] if is_full else []), DEFINITIONS["if calibrated"]]
        said += [DEFINITIONS["line"]] if is_full else []
        return "\n".join([lines(header, rows, 2, breaks=(6,)), *map(filled, [" ".join(said), *self._notes()])])

    def _notes(self) -> list[str]:
        notes = list(self.recalibrated.notes) if self.recalibrated else []
        for name, found in self.results.items() if self.evaluation.settings.calibration else ():
            edge = {task: one.at_edge for task, one in found.items() if one.at_edge}
            if edge:
                counted = ", ".join(f"{task} {count:,}" for task, count in edge.items())
                notes.append(
                    f"{name}: for intercept and slope, probabilities within {logistic_calibration.EDGE:g} of 0 or 1 "
                    f"count as that far from it: {counted}."
                )
        return notes

    def as_json(self) -> dict[str, Any]:
        models = {name: {task: _task_entry(one) for task, one in found.items()} for name, found in self.results.items()}
        return {
            "bins": calibration.BINS,
            "sets_if_calibrated": SETS_IF_CALIBRATED,
            "models": models,
            "recalibration": None if self.recalibrated is None else self.recalibrated.as_json(),
        }


def calibrate(
    evaluation: Evaluation,
    recalibrated: Recalibrated | None = None,
    progress: bootstrap.Progress = bootstrap.silent,
) -> CalibrationSection:
    """Of every model whose scores are probabilities, on every task that has both classes."""
    models = [model for model in evaluation.model_scores if calibration.are_probabilities(model.scores)]
    tasks = [task for task in evaluation.cohort.tasks if task not in evaluation.left_out]
    if not models or not tasks:
        return CalibrationSection(evaluation, {}, recalibrated)
    asked = [_Asked(evaluation, model, task) for task in tasks for model in models]
    settings, cohort = evaluation.settings, evaluation.cohort
    resampling = bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed)
    values = [one.statistic(np.ones((1, cohort.unit_count)))[:, 0] for one in asked]
    replicates = [
        found.reshape(settings.replicates, -1).T
        for found in bootstrap.replicate([one.statistic for one in asked], resampling, progress)
    ]
    chance: list[np.ndarray] = []
    for column, task in enumerate(tasks):
        same = [(one.probabilities, one.distances) for one in asked if one.task == task]
        chance += calibration.distances_if_calibrated(same, SETS_IF_CALIBRATED, (settings.seed, column))
    results: dict[str, dict[str, TaskCalibration]] = {model.name: {} for model in models}
    of_mean: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    for one, value, drawn, by_chance in zip(asked, values, replicates, chance, strict=True):
        results[one.name][one.task] = _task_result(one, value, drawn, by_chance)
        if one.task in evaluation.mean_over:
            of_mean.setdefault(one.name, []).append((value, drawn, by_chance))
    for name, parts in of_mean.items():
        value, drawn, by_chance = (np.mean([part[kind] for part in parts], axis=0) for kind in range(3))
        found = [_distance(*three) for three in zip(value, drawn, by_chance, strict=True)]
        results[name][MEAN] = TaskCalibration(found[0], found[1] if len(found) > 1 else None)
    return CalibrationSection(evaluation, results, recalibrated)


class _Asked:
    """One model on one task: `statistic` maps unit weights to error, and if asked ICI, first axis; `distances` are
    functions of simulated labels."""

    def __init__(self, evaluation: Evaluation, model: Model, task: str) -> None:
        cohort = evaluation.cohort
        column = cohort.tasks.index(task)
        labels = cohort.labels[:, column]
        labelled = np.flatnonzero(~np.isnan(labels))
        self.name, self.task = model.name, task
        self.labels, self.probabilities = labels[labelled], model.scores[labelled, column]
        self.units = cohort.units[labelled]
        self.at_edge = logistic_calibration.beyond_edge(self.probabilities)
        self._error = calibration.error_by_unit(self.labels, self.probabilities, self.units, cohort.unit_count)
        self.distances = [lambda drawn: calibration.error_of_labels(self.probabilities, drawn)]
        self._smoother = smooth_calibration.smoother(self.probabilities) if evaluation.settings.calibration else None
        if self._smoother is not None:
            self.distances.append(self._smoother.index_of_labels)

    def statistic(self, weights: np.ndarray) -> np.ndarray:
        found = [self._error(weights)]
        if self._smoother is not None:
            found.append(self._smoother.index(self.labels, np.take(weights, self.units, axis=1)))
        return np.stack(found)

    def line(self) -> tuple[Estimate, Estimate]:
        """Intercept and slope."""
        logits = logistic_calibration.logits(self.probabilities)
        found = logistic_calibration.fit(self.labels, logits)
        of_intercept, of_slope = logistic_calibration.intervals(self.labels, logits, self.units)
        return Estimate(float(found.intercept[0]), of_intercept), Estimate(float(found.slope[0]), of_slope)


def _task_result(one: _Asked, value: np.ndarray, drawn: np.ndarray, by_chance: np.ndarray) -> TaskCalibration:
    error = _distance(value[0], drawn[0], by_chance[0])
    if len(value) == 1:
        return TaskCalibration(error)
    return TaskCalibration(error, _distance(value[1], drawn[1], by_chance[1]), *one.line(), one.at_edge)


def _distance(value: float, drawn: np.ndarray, by_chance: np.ndarray) -> Distance:
    interval, if_calibrated = calibration.distance_interval(float(value), drawn, by_chance)
    return Distance(Estimate(float(value), interval), if_calibrated)


def _distance_cells(distance: Distance | None) -> list[str]:
    if distance is None:
        return [NOTHING, NOTHING]
    return [
        with_interval(distance.estimate),
        f"{distance.if_calibrated.mean:.3f}, to {distance.if_calibrated.high:.3f}",
    ]


def _line_cell(estimate: Estimate | None) -> str:
    """Signed numbers with two digits: their standard errors are of the order of a tenth."""
    if estimate is None or math.isnan(estimate.value):
        return NOTHING
    interval = estimate.interval
    if math.isnan(interval.low):
        return f"{estimate.value:.2f} [no interval]"
    return f"{estimate.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def estimate_entry(estimate: Estimate) -> dict[str, Any]:
    interval = estimate.interval
    entry = {"value": number(estimate.value), "low": number(interval.low), "high": number(interval.high)}
    entry |= {"undefined_replicates": interval.undefined}
    reason = estimate.reason or interval.reason
    return {**entry, "reason": reason} if reason else entry


def _distance_entry(distance: Distance) -> dict[str, Any]:
    chance = distance.if_calibrated
    return {**estimate_entry(distance.estimate), "if_calibrated": {"mean": chance.mean, "high": chance.high}}


def _task_entry(one: TaskCalibration) -> dict[str, Any]:
    entry: dict[str, Any] = {"error": _distance_entry(one.error)}
    if one.index is not None:
        entry["ici"] = _distance_entry(one.index)
    if one.intercept is not None and one.slope is not None:
        entry |= {"intercept": estimate_entry(one.intercept), "slope": estimate_entry(one.slope)}
        entry["at_edge"] = one.at_edge
    return entry
