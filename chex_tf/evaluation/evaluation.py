"""One evaluation, from matched scores to every number that is shown: estimates, intervals, differences, decisions."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from chex_tf.evaluation.matching import Cohort, Model
from chex_tf.evaluation.results import MEAN, DecisionEstimates, Estimate, Evaluation, ModelResult, ReaderResult
from chex_tf.evaluation.settings import EvaluationSettings
from chex_tf.settings import InputError, nearest
from chex_tf.statistics import bootstrap, calibration, comparison, delong, ranking, thresholds

NO_PROBABILITIES = "scores lie outside 0 to 1, so they are no probabilities"


def evaluate(
    set_name: str,
    cohort: Cohort,
    candidates: Sequence[Model],
    settings: EvaluationSettings,
    validation: tuple[Cohort, Sequence[Model]] | None = None,
    no_thresholds: str = "",
    policy: str | None = None,
    progress: bootstrap.Progress = bootstrap.silent,
) -> Evaluation:
    """`validation` holds scores of models of the same names, on which thresholds are chosen."""
    models = [model for model in candidates if not thresholds.is_reader(model.scores)]
    readers = [model for model in candidates if thresholds.is_reader(model.scores)]
    left_out = _undefined_tasks(cohort)
    defined = [column for column, task in enumerate(cohort.tasks) if task not in left_out]
    cuts = _cuts(candidates, settings, validation)

    # One pass over the shared weights gives every replicate of everything.
    ranked: list[bootstrap.Statistic] = []
    decided: list[bootstrap.Statistic] = []
    for model in models:
        for column in range(len(cohort.tasks)):
            order = ranking.rank(cohort.labels[:, column], model.scores[:, column]).of_units(cohort.units)
            ranked.append(_ranked(order))
    deciders = [(model, cut) for model in (*models, *readers) if (cut := cuts[model.name]) is not None]
    for model, cut in deciders:
        for column in range(len(cohort.tasks)):
            called = model.scores[:, column] >= cut[column]
            decided.append(thresholds.rates_by_unit(cohort.labels[:, column], called, cohort.units, cohort.unit_count))
    resampling = bootstrap.Resampling(cohort.unit_count, settings.replicates, settings.seed)
    parts = bootstrap.replicate([*ranked, *decided], resampling, progress)

    shape = (settings.replicates, len(models), len(cohort.tasks), 2)
    replicates = np.stack(parts[: len(ranked)], axis=1).reshape(shape) if ranked else np.empty(shape)
    areas = _with_mean(replicates[..., 0], defined)
    precisions = _with_mean(replicates[..., 1], defined)
    everyone = np.ones((1, cohort.unit_count), dtype=np.int32)
    values = np.array([statistic(everyone)[:, 0] for statistic in ranked]).reshape(len(models), len(cohort.tasks), 2)
    area_values, precision_values = _with_mean(values[..., 0], defined), _with_mean(values[..., 1], defined)
    jackknives = _jackknives(cohort, models, defined) if settings.interval == "bca" else None

    rates = iter(parts[len(ranked) :])
    decisions = {model.name: _decisions(cohort, model, cut, rates, defined) for model, cut in deciders}
    results = tuple(
        ModelResult(
            model.name,
            model.made_of,
            _estimates(
                cohort, area_values[place], areas[:, place], left_out, None if jackknives is None else jackknives[place]
            ),
            _estimates(cohort, precision_values[place], precisions[:, place], left_out),
            *_probability_scores(cohort, model, defined),
            decisions.get(model.name, {}),
            _not_applicable(model, cuts[model.name], no_thresholds),
        )
        for place, model in enumerate(models)
    )
    differences, extremes = _differences(cohort, models, settings, area_values, areas, jackknives, left_out)
    return Evaluation(
        set_name,
        policy,
        settings,
        cohort,
        tuple(models),
        tuple(readers),
        results,
        tuple(_reader_result(cohort, reader, models, decisions[reader.name], defined) for reader in readers),
        differences,
        extremes,
        left_out,
        areas,
    )


def _ranked(order: ranking.Ranking) -> bootstrap.Statistic:
    return lambda weights: ranking.auroc_and_average_precision(order, weights)


def _undefined_tasks(cohort: Cohort) -> dict[str, str]:
    reasons = {}
    for column, task in enumerate(cohort.tasks):
        labels = cohort.labels[:, column]
        absent = [kind for kind, value in (("positive", 1), ("negative", 0)) if not (labels == value).any()]
        if absent:
            reasons[task] = f"no {' and no '.join(absent)} in the set"
    return reasons


def _cuts(
    candidates: Sequence[Model], settings: EvaluationSettings, validation: tuple[Cohort, Sequence[Model]] | None
) -> dict[str, np.ndarray | None]:
    """By model its thresholds [tasks]: one half for a reader, chosen on validation for probabilities, or none."""
    cuts: dict[str, np.ndarray | None] = {}
    chosen_on = {model.name: model for model in validation[1]} if validation is not None else {}
    for model in candidates:
        if thresholds.is_reader(model.scores):
            cuts[model.name] = np.full(model.scores.shape[1], 0.5)
        elif validation is None or not calibration.are_probabilities(model.scores):
            cuts[model.name] = None
        else:
            on = chosen_on[model.name].scores
            cuts[model.name] = np.array(
                [
                    thresholds.choose_threshold(validation[0].labels[:, column], on[:, column], settings.threshold_by)
                    for column in range(on.shape[1])
                ]
            )
    return cuts


def _with_mean(values: np.ndarray, defined: Sequence[int]) -> np.ndarray:
    """Adds the mean over the defined tasks as a last column."""
    return np.concatenate([values, bootstrap.mean_over(values, defined)[..., np.newaxis]], axis=-1)


def _jackknives(cohort: Cohort, models: Sequence[Model], defined: Sequence[int]) -> np.ndarray:
    """[models, tasks + 1, units] AUROCs without each unit in turn."""
    by_task = np.array(
        [
            [
                bootstrap.jackknife_auroc(
                    cohort.labels[:, column], model.scores[:, column], cohort.units, cohort.unit_count
                )
                for column in range(len(cohort.tasks))
            ]
            for model in models
        ]
    ).reshape(len(models), len(cohort.tasks), cohort.unit_count)
    return np.moveaxis(_with_mean(np.moveaxis(by_task, 1, -1), defined), -1, 1)


def _estimates(
    cohort: Cohort,
    values: np.ndarray,
    replicates: np.ndarray,
    left_out: dict[str, str],
    jackknife: np.ndarray | None = None,
) -> dict[str, Estimate]:
    """`values` [tasks + 1], `replicates` [replicates, tasks + 1], `jackknife` [tasks + 1, units] for BCa intervals."""
    estimates = {}
    for column, name in enumerate((*cohort.tasks, MEAN)):
        reason = left_out.get(name, "")
        if name == MEAN and len(left_out) == len(cohort.tasks):
            reason = "no task is defined"
        if jackknife is None or reason:
            interval = bootstrap.percentile_interval(replicates[:, column])
        else:
            interval = bootstrap.bca_interval(replicates[:, column], float(values[column]), jackknife[column])
        estimates[name] = Estimate(float(values[column]), interval, reason)
    return estimates


def _probability_scores(
    cohort: Cohort, model: Model, defined: Sequence[int]
) -> tuple[dict[str, float], dict[str, float]]:
    """Brier score and calibration error by task and as mean; nothing where scores are no probabilities."""
    if not calibration.are_probabilities(model.scores) or not defined:
        return {}, {}
    brier, error = {}, {}
    for column in defined:
        labels, scores = cohort.labels[:, column], model.scores[:, column]
        brier[cohort.tasks[column]] = calibration.brier(labels, scores)
        error[cohort.tasks[column]] = calibration.reliability(labels, scores).error
    return (
        {**brier, MEAN: float(np.mean(list(brier.values())))},
        {**error, MEAN: float(np.mean(list(error.values())))},
    )


def _not_applicable(model: Model, cut: np.ndarray | None, no_thresholds: str) -> dict[str, str]:
    if not calibration.are_probabilities(model.scores):
        return dict.fromkeys(("brier", "calibration_error", "decisions"), NO_PROBABILITIES)
    return {"decisions": no_thresholds} if cut is None else {}


def _decisions(
    cohort: Cohort, model: Model, cut: np.ndarray, rates: Iterator[np.ndarray], defined: Sequence[int]
) -> dict[str, DecisionEstimates]:
    """By task and as mean over the tasks that are defined here and on validation; `rates` yields a task's replicates
    [replicates, 3] of sensitivity, specificity and F1."""
    names = list(cohort.tasks)
    usable = [column for column in defined if not np.isnan(cut[column])]
    values = np.full((len(names), 3), np.nan)
    for column in range(len(names)):
        made = thresholds.decide(cohort.labels[:, column], model.scores[:, column] >= cut[column])
        values[column] = made.sensitivity, made.specificity, made.f1
    replicates = np.stack([next(rates) for _ in names], axis=1)
    values = np.vstack([values, values[usable].mean(axis=0) if usable else np.full((1, 3), np.nan)])
    averaged = bootstrap.mean_over(np.moveaxis(replicates, 1, -1), usable)
    replicates = np.concatenate([replicates, averaged[:, np.newaxis]], axis=1)
    result = {}
    for column in [*usable, len(names)]:
        estimates = [
            Estimate(float(values[column, kind]), bootstrap.percentile_interval(replicates[:, column, kind]))
            for kind in range(3)
        ]
        is_mean = column == len(names)
        result[MEAN if is_mean else names[column]] = DecisionEstimates(
            float("nan") if is_mean or thresholds.is_reader(model.scores) else float(cut[column]), *estimates
        )
    return result


def _reader_result(
    cohort: Cohort,
    reader: Model,
    models: Sequence[Model],
    decisions: dict[str, DecisionEstimates],
    defined: Sequence[int],
) -> ReaderResult:
    positions: dict[str, dict[str, tuple[str, float]]] = {}
    for column in defined:
        labels = cohort.labels[:, column]
        made = thresholds.decide(labels, reader.scores[:, column] >= 0.5)
        positions[cohort.tasks[column]] = {
            model.name: thresholds.position_to_curve(labels, model.scores[:, column], made) for model in models
        }
    return ReaderResult(reader.name, decisions, positions)


def _pairs(models: Sequence[Model], settings: EvaluationSettings) -> list[tuple[int, int]]:
    names = [model.name for model in models]
    asked = []
    for pair in settings.compare:
        for name in pair.split(":"):
            if name not in names:
                raise InputError(f"expected names of models; received {name}{nearest(name, names)}", "compare")
        first, second = pair.split(":")
        if first == second:
            raise InputError(f"expected two models; received {first} twice", "compare")
        asked.append((names.index(first), names.index(second)))
    if settings.paired:
        every = [(a, b) for a in range(len(names)) for b in range(a + 1, len(names))]
        asked += [pair for pair in every if pair not in asked and pair[::-1] not in asked]
    return list(dict.fromkeys(asked))


def _differences(
    cohort: Cohort,
    models: Sequence[Model],
    settings: EvaluationSettings,
    values: np.ndarray,
    replicates: np.ndarray,
    jackknives: np.ndarray | None,
    left_out: dict[str, str],
) -> tuple[tuple[comparison.Difference, ...], comparison.Difference | None]:
    """All pairs asked for on every defined task and on the mean, and the best model against the worst by the mean."""
    pairs = _pairs(models, settings)
    extremes = comparison.best_and_worst(values[:, -1])
    if extremes is None:
        return (), None
    units, count = cohort.units, cohort.unit_count
    moved = np.array(
        [
            [
                delong.components(cohort.labels[:, column], model.scores[:, column], units, count)
                for column in range(len(cohort.tasks))
            ]
            for model in models
        ]
    )
    defined = [column for column, task in enumerate(cohort.tasks) if task not in left_out]
    moved = np.moveaxis(_with_mean(np.moveaxis(moved, 1, -1), defined), -1, 1)
    names = [model.name for model in models]

    def of(chosen: Sequence[tuple[int, int]], task: str, column: int) -> list[comparison.Difference]:
        left = None if jackknives is None else jackknives[:, column]
        return comparison.differences(
            names, task, chosen, values[:, column], replicates[:, :, column], moved[:, column], left
        )

    found = [
        difference
        for column, task in enumerate((*cohort.tasks, MEAN))
        if task not in left_out
        for difference in of(pairs, task, column)
    ]
    best = of([extremes], MEAN, len(cohort.tasks))[0]
    for listed in found:  # where the pair is one of those compared, it is adjusted with them
        if listed.task == MEAN and {listed.a, listed.b} == {best.a, best.b}:
            best = dataclasses.replace(
                best, p_holm=listed.p_holm, p_delong_holm=listed.p_delong_holm, family=listed.family
            )
    return tuple(found), best
