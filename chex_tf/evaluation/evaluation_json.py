"""An evaluation as evaluation.json: what was evaluated, how, and every number, with null where there is none."""

import json
import math
import pathlib
from typing import Any

from chex_tf import prediction_files
from chex_tf.evaluation.results import MEAN, DecisionEstimates, Estimate, Evaluation, ModelResult, ReaderResult
from chex_tf.files import write_text
from chex_tf.statistics import comparison
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread

HOLM_FAMILY = "the differences listed for one task, the mean counting as a task of its own"


def write(
    path: pathlib.Path,
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: FamilySpread | None = None,
) -> None:
    text = json.dumps(as_json(evaluation, correlations, spread), indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def write_scores(folder: pathlib.Path, evaluation: Evaluation) -> None:
    """What was evaluated, matched and taken together: a CSV a model and groundtruth.csv, in the published form."""
    cohort = evaluation.cohort
    tables = {model.name: model.scores for model in (*evaluation.scored, *evaluation.read)}
    for name, values in ({"groundtruth": cohort.labels} | tables).items():
        prediction_files.write(folder / f"{name}.csv", cohort.key, cohort.keys, cohort.tasks, values)


def as_json(
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: FamilySpread | None = None,
) -> dict[str, Any]:
    cohort, settings = evaluation.cohort, evaluation.settings
    result: dict[str, Any] = {
        "set": evaluation.set,
        "unit": cohort.unit,
        "units": cohort.unit_count,
        "studies": cohort.studies,
        "rows": len(cohort.keys),
        "replicates": settings.replicates,
        "seed": settings.seed,
        "interval": settings.interval,
        "level": 0.95,
        "aggregation": cohort.aggregation,
        "policy": evaluation.policy,
        "tasks": list(cohort.tasks),
        "mean_over": [task for task in cohort.tasks if task not in evaluation.left_out],
        "left_out": evaluation.left_out,
        "models": {model.name: _model(model, evaluation) for model in evaluation.models},
        "readers": {reader.name: _reader(reader) for reader in evaluation.readers},
        "differences": [_difference(difference) for difference in evaluation.differences],
        "holm_family": HOLM_FAMILY,
        "best_and_worst": _difference(evaluation.best_and_worst) if evaluation.best_and_worst else None,
    }
    if correlations is not None:
        result["rank_correlation"] = {name: _correlation(found) for name, found in correlations.items()}
    if spread is not None:
        result["families"] = _spread(spread)
    return result


def number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _estimate(estimate: Estimate) -> dict[str, Any]:
    interval = estimate.interval
    result: dict[str, Any] = {
        "value": number(estimate.value),
        "low": number(interval.low),
        "high": number(interval.high),
        "undefined_replicates": interval.undefined,
    }
    reason = estimate.reason or interval.reason
    return {**result, "reason": reason} if reason else result


def _model(model: ModelResult, evaluation: Evaluation) -> dict[str, Any]:
    counts = evaluation.counts

    def with_counts(estimates: dict[str, Estimate]) -> dict[str, Any]:
        return {
            task: {
                **_estimate(estimate),
                "positives": counts[task][0] if task != MEAN else None,
                "negatives": counts[task][1] if task != MEAN else None,
            }
            for task, estimate in estimates.items()
        }

    return {
        "made_of": model.made_of,
        "auroc": with_counts(model.auroc),
        "average_precision": with_counts(model.average_precision),
        "brier": model.brier,
        "calibration_error": model.calibration_error,
        "decisions": {task: _decision(made) for task, made in model.decisions.items()},
        "not_applicable": model.not_applicable,
    }


def _decision(made: DecisionEstimates) -> dict[str, Any]:
    return {
        "threshold": number(made.threshold),
        "sensitivity": _estimate(made.sensitivity),
        "specificity": _estimate(made.specificity),
        "f1": _estimate(made.f1),
    }


def _reader(reader: ReaderResult) -> dict[str, Any]:
    return {
        "decisions": {task: _decision(made) for task, made in reader.decisions.items()},
        "to_curve": {
            task: {
                name: {"position": position, "sensitivity_margin": number(margin)}
                for name, (position, margin) in positions.items()
            }
            for task, positions in reader.positions.items()
        },
    }


def _difference(difference: comparison.Difference) -> dict[str, Any]:
    interval = difference.interval
    return {
        "a": difference.a,
        "b": difference.b,
        "task": difference.task,
        "value": number(difference.value),
        "low": number(interval.low),
        "high": number(interval.high),
        "p": number(difference.p),
        "p_holm": number(difference.p_holm),
        "p_delong": number(difference.p_delong),
        "p_delong_holm": number(difference.p_delong_holm),
        "significant": difference.is_significant,
        "significant_holm": difference.is_significant_after_holm,
        "undefined_replicates": interval.undefined,
        **({"reason": interval.reason} if interval.reason else {}),
    }


def _interval(interval: Any) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"low": number(interval.low), "high": number(interval.high), "undefined_replicates": interval.undefined}


def _correlation(found: Correlation) -> dict[str, Any]:
    return {
        "rho": number(found.rho),
        "p": number(found.p),
        "models": found.models,
        "over_test_set": _interval(found.over_test),
        "over_models": _interval(found.over_models),
    }


def _spread(spread: FamilySpread) -> dict[str, Any]:
    def entry(value: tuple[float, Any]) -> dict[str, Any]:
        return {"value": number(value[0]), **(_interval(value[1]) or {})}

    return {
        "largest_minus_smallest": {name: entry(value) for name, value in spread.growth.items()},
        "within": entry(spread.within),
        "between": entry(spread.between),
    }
