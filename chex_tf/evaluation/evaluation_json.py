"""An evaluation as evaluation.json: what was evaluated, how, and every number, with null for a missing one."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf import prediction_files
from chex_tf.evaluation import correlation_json, equivalence_json, pools_json
from chex_tf.evaluation.json_numbers import number
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.readers import ReadersTogether
from chex_tf.evaluation.results import Evaluation, ModelResult, ReaderResult, Result
from chex_tf.evaluation.sections import Section
from chex_tf.files import write_text
from chex_tf.statistics import comparison
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.family_spread import FamilySpread
from chex_tf.statistics.measure import Estimate, Measure, Needs
from chex_tf.statistics.rank_correlation import Correlation
from chex_tf.statistics.reader_margin import where_to_curve

HOLM_FAMILY = (
    "the differences listed for one task, the mean counting as a task of its own; significant means p_holm < 0.05, or "
    "where tested_by is delong p_delong_holm < 0.05"
)
EXTREMES_TEST = "the range of all models, each moved to the same mean: p and interval hold for whichever two are chosen"


def write(
    path: pathlib.Path,
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: Mapping[str, FamilySpread] | None = None,
    sections: Sequence[Section] = (),
) -> None:
    content = as_json(evaluation, correlations, spread) | {section.key: section.as_json() for section in sections}
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def write_scores(folder: pathlib.Path, evaluation: Evaluation) -> None:
    """The scores evaluated, matched and aggregated: one CSV per model and groundtruth.csv, in the published form."""
    cohort = evaluation.cohort
    tables = {model.name: model.scores for model in (*evaluation.model_scores, *evaluation.reader_scores)}
    for name, values in ({"groundtruth": cohort.labels} | tables).items():
        prediction_files.write(folder / f"{name}.csv", cohort.key, cohort.keys, cohort.tasks, values)


def as_json(
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: Mapping[str, FamilySpread] | None = None,
) -> dict[str, Any]:
    cohort, settings = evaluation.cohort, evaluation.settings
    result: dict[str, Any] = {
        "set": evaluation.set,
        "unit": cohort.unit,
        "units": cohort.unit_count,
        "patients": cohort.patients.count if cohort.patients else None,
        "patients_with_several_rows": cohort.patients.with_several if cohort.patients else None,
        "studies": cohort.studies,
        "rows": len(cohort.keys),
        "replicates": settings.replicates,
        "seed": settings.seed,
        "interval": settings.interval,
        "level": 0.95,
        "aggregation": cohort.aggregation,
        "policy": evaluation.policy,
        "caution": evaluation.caution or None,
        "tasks": list(cohort.tasks),
        "mean_over": list(evaluation.mean_over),
        "left_out": evaluation.left_out,
        "fewest": settings.fewest,
        "withheld": evaluation.withheld,
        "models": {model.name: _model(model, evaluation) for model in evaluation.models},
        "readers": {reader.name: _reader(reader, evaluation) for reader in evaluation.readers},
        "readers_together": _readers_together(evaluation.readers_together) if evaluation.readers_together else None,
        "differences": _differences(AUROC, evaluation),
        "holm_family": HOLM_FAMILY,
        "best_and_worst": _extremes(evaluation.best_and_worst) if evaluation.best_and_worst else None,
    }
    others = [measure for measure in evaluation.compared if measure is not AUROC]
    if others:
        result["differences_of"] = {measure.key: _differences(measure, evaluation) for measure in others}
    if evaluation.pooled.pools:
        result["pools"] = pools_json.pools(evaluation.pooled)
        result["differences_of_pools"] = pools_json.differences(evaluation.pooled)
    if evaluation.equivalence:
        result["equivalence"] = equivalence_json.verdicts(evaluation.equivalence)
    return result | correlation_json.as_json(correlations, spread)


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
    return {
        "made_of": model.made_of,
        **{
            measure.key: _by_task(measure, model, evaluation)
            for measure in evaluation.measures
            if measure.needs is not Needs.DECISIONS
        },
        "decisions": _decisions(model, evaluation),
        "not_applicable": model.not_applicable,
    }


def _by_task(measure: Measure[Any], model: ModelResult, evaluation: Evaluation) -> dict[str, Any]:
    if not measure.has_interval:
        return {task: number(estimate.value) for task, estimate in model.of(measure).items()}
    counts = evaluation.counts
    entries = {}
    for task, estimate in model.of(measure).items():
        positives, negatives = counts.get(task, (None, None))
        entries[task] = {**_estimate(estimate), "positives": positives, "negatives": negatives}
    return entries


def _decisions(result: Result, evaluation: Evaluation) -> dict[str, Any]:
    """By task, the threshold and the measures at it."""
    measured = [measure for measure in evaluation.measures if measure.needs is Needs.DECISIONS]
    return {
        task: {
            "threshold": number(threshold),
            **{measure.key: _estimate(result.of(measure)[task]) for measure in measured},
        }
        for task, threshold in result.thresholds.items()
    }


def _reader(reader: ReaderResult, evaluation: Evaluation) -> dict[str, Any]:
    margins = [one for one in evaluation.reader_margins if one.a == reader.name]
    return {"decisions": _decisions(reader, evaluation), "to_curve": _to_curve(margins)}


def _readers_together(found: ReadersTogether) -> dict[str, Any]:
    return {
        "readers": found.readers,
        "interval": "over readers and cases",
        **{
            measure: {task: _estimate(one) for task, one in by_task.items()}
            for measure, by_task in found.estimates.items()
        },
        "to_curve": _to_curve(found.margins),
    }


def _to_curve(margins: Sequence[comparison.Difference]) -> dict[str, Any]:
    """By task and model."""
    found: dict[str, dict[str, Any]] = {}
    for one in margins:
        found.setdefault(one.task, {})[one.b] = {
            "position": where_to_curve(one.value),
            "sensitivity_margin": number(one.value),
            **(_interval(one.interval) or {}),
            "p": number(one.p),
            "p_holm": number(one.p_holm),
            "significant": one.is_significant,
        }
    return found


def _differences(measure: Measure[Any], evaluation: Evaluation) -> list[dict[str, Any]]:
    return [_difference(measure, difference) for difference in evaluation.differences_of(measure)]


def _difference(measure: Measure[Any], difference: comparison.Difference) -> dict[str, Any]:
    interval = difference.interval
    tested = {"p_delong": number(difference.p_delong), "p_delong_holm": number(difference.p_delong_holm)}
    return {
        "a": difference.a,
        "b": difference.b,
        "task": difference.task,
        "value": number(difference.value),
        "low": number(interval.low),
        "high": number(interval.high),
        "p": number(difference.p),
        "p_holm": number(difference.p_holm),
        **(tested if measure.delong else {}),
        "tested_by": difference.tested_by,
        "significant": difference.is_significant,
        "undefined_replicates": interval.undefined,
        **({"reason": interval.reason} if interval.reason else {}),
    }


def _extremes(found: Extremes) -> dict[str, Any]:
    return {
        "a": found.a,
        "b": found.b,
        "measure": found.measure,
        "task": found.task,
        "value": number(found.value),
        **(_interval(found.interval) or {}),
        "models": found.models,
        "p": number(found.p),
        "significant": found.is_significant,
        "test": EXTREMES_TEST,
    }


def _interval(interval: Any) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"low": number(interval.low), "high": number(interval.high), "undefined_replicates": interval.undefined}
