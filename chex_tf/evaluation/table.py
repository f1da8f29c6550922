"""An evaluation as text for a terminal: numbers by task and model, readers, differences, rank correlations."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from chex_tf.evaluation.measures import AUROC, SENSITIVITY, SPECIFICITY
from chex_tf.evaluation.results import Evaluation, ModelResult
from chex_tf.statistics import comparison
from chex_tf.statistics.measure import MEAN, Estimate, Measure, Needs
from chex_tf.statistics.rank_correlation import Correlation, FamilySpread

# With more models than this, only the mean is listed; the tasks are in evaluation.json.
MODELS_BY_TASK = 12
DIFFERENCES_SHOWN = 40
CURVES_NAMED = 4

NOTHING = "–"
NOTE_WIDTH = 110


def text(
    evaluation: Evaluation,
    correlations: dict[str, Correlation] | None = None,
    spread: Mapping[str, FamilySpread] | None = None,
) -> str:
    parts = [_headline(evaluation)]
    if evaluation.models:
        parts.append(_scores(evaluation))
    if evaluation.readers:
        parts.append(_readers(evaluation))
    parts += [_differences(evaluation, measure) for measure in evaluation.compared if _is_shown(evaluation, measure)]
    if correlations or spread:
        parts.append(_correlations(correlations or {}, spread or {}))
    notes = _notes(evaluation)
    if notes:
        parts.append("\n".join(notes))
    return "\n\n".join(parts)


def lines(header: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    """A table with columns as wide as needed, the first `left` of them left-aligned."""
    table = [header, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    shown = [
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join([shown[0], "─" * (sum(widths) + 2 * len(widths) - 2), *shown[1:]])


def _headline(evaluation: Evaluation) -> str:
    cohort, settings = evaluation.cohort, evaluation.settings
    plural = {"study": "studies", "patient": "patients", "image": "images"}[cohort.unit]
    kind = {"percentile": "percentiles 2.5 and 97.5", "bca": "BCa"}[settings.interval]
    rows = f"{cohort.studies:,} studies" if cohort.key == "Study" else f"{len(cohort.keys):,} images"
    how = "" if cohort.aggregation == "none" else f", the {cohort.aggregation} of a study's images"
    policy = f" (trained with {evaluation.policy})" if evaluation.policy else ""
    return (
        f"{evaluation.set}: {rows}{how}{policy}. 95% intervals: {kind} of {settings.replicates:,} replicates of "
        f"{cohort.unit_count:,} {plural}, seed {settings.seed}."
    )


def with_interval(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return NOTHING
    interval = estimate.interval
    if math.isnan(interval.low):
        return f"{estimate.value:.3f} [no interval]"
    return f"{estimate.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _plain(estimate: Estimate | None) -> str:
    return NOTHING if estimate is None or math.isnan(estimate.value) else f"{estimate.value:.3f}"


def _score(measure: Measure[Any], model: ModelResult, task: str) -> str:
    estimate = model.of(measure).get(task)
    return with_interval(estimate) if estimate is not None and _shows_interval(measure) else _plain(estimate)


def _shows_interval(measure: Measure[Any]) -> bool:
    """Numbers at a threshold have their intervals in evaluation.json only: the row is long enough."""
    return measure.has_interval and measure.has_interval_in_tables and measure.needs is not Needs.DECISIONS


def _headings(measures: Sequence[Measure[Any]]) -> list[str]:
    """Above their columns; what the brackets are is said once, above the first that has them."""
    explained = next((measure for measure in measures if _shows_interval(measure)), None)
    return [
        f"{measure.short or measure.title}{' [95% interval]' if measure is explained else ''}" for measure in measures
    ]


def _scores(evaluation: Evaluation) -> str:
    tasks: tuple[str, ...] = (*evaluation.cohort.tasks, MEAN)
    if len(evaluation.models) > MODELS_BY_TASK:
        tasks = (MEAN,)
    header = ["Task", "Positive/negative", "Model", *_headings(evaluation.measures)]
    rows = []
    for task in tasks:
        label = [task, "/".join(map(str, evaluation.counts[task]))] if task != MEAN else [_mean_of(evaluation), ""]
        for place, model in enumerate(evaluation.models):
            scores = [_score(measure, model, task) for measure in evaluation.measures]
            rows.append([*(label if place == 0 else ["", ""]), model.name, *scores])
    kept = [
        column
        for column in range(len(header))
        if column < 4 or any(row[column] not in (NOTHING, "") for row in rows)  # an empty column is left out
    ]
    table = lines([header[column] for column in kept], [[row[column] for column in kept] for row in rows], 3)
    return f"{table}\n{_filled(_which_mean(evaluation))}"


def _mean_of(evaluation: Evaluation) -> str:
    every, taken = len(evaluation.cohort.tasks), len(evaluation.mean_over)
    return f"Mean of {every} task{'s' * (every > 1)}" if taken == every else f"Mean of {taken} of {every} tasks"


def _which_mean(evaluation: Evaluation) -> str:
    return f"{_mean_of(evaluation)}: {', '.join(evaluation.mean_over) or 'none is defined'}."


def _readers(evaluation: Evaluation) -> str:
    named = [model.name for model in evaluation.models]
    few = len(named) <= CURVES_NAMED
    curves = [f"to {name}" for name in named] if few else [f"above how many of {len(named)} curves"]
    measured = [measure for measure in evaluation.measures if measure.needs is Needs.DECISIONS]
    rows = []
    for task in (*evaluation.cohort.tasks, MEAN):
        is_first = True
        for reader in evaluation.readers:
            if task not in reader.thresholds:
                continue
            positions = reader.positions.get(task, {})
            if few:
                shown = ["{} {:+.3f}".format(*positions[name]) if name in positions else "" for name in named]
            else:
                shown = [str(sum(where == "above" for where, _ in positions.values())) if positions else ""]
            label = _mean_of(evaluation) if task == MEAN else task
            counts = "" if task == MEAN else "/".join(map(str, evaluation.counts[task]))
            rows.append(
                [
                    *((label, counts) if is_first else ("", "")),
                    reader.name,
                    *(
                        with_interval(reader.of(measure)[task])
                        if measure.has_interval_in_tables
                        else _plain(reader.of(measure)[task])
                        for measure in measured
                    ),
                    *shown,
                ]
            )
            is_first = False
    header = ["Task", "Positive/negative", "Reader", *(measure.title for measure in measured), *curves]
    table = lines(header, rows, 3)
    if not named:
        return table
    return table + (
        "\nA reader gives one operating point, 0 or 1, and no curve. Its position relative to a model's ROC curve comes"
        "\nwith its sensitivity minus the model's at the same specificity."
    )


def _is_shown(evaluation: Evaluation, measure: Measure[Any]) -> bool:
    return _best_and_worst(evaluation, measure) is not None or bool(evaluation.differences_of(measure, MEAN))


def _best_and_worst(evaluation: Evaluation, measure: Measure[Any]) -> comparison.Difference | None:
    best = evaluation.best_and_worst
    return best if best is not None and best.measure == measure.key else None


def _differences(evaluation: Evaluation, measure: Measure[Any]) -> str:
    best = _best_and_worst(evaluation, measure)
    on_mean = evaluation.differences_of(measure, MEAN)
    shown = on_mean
    more = ""
    if len(on_mean) > DIFFERENCES_SHOWN:
        shown = sorted(on_mean, key=lambda difference: (difference.p, -abs(difference.value)))[:DIFFERENCES_SHOWN]
        more = f"\nThe {DIFFERENCES_SHOWN} of {len(on_mean):,} pairs with the smallest p; all are in evaluation.json."
    rows = [_difference_row(f"{one.a} − {one.b}", one, measure) for one in shown]
    if best is not None and not any({one.a, one.b} == {best.a, best.b} for one in shown):
        rows.append(_difference_row(f"best − worst: {best.a} − {best.b}", best, measure))
    header = [f"Difference of mean {measure.words}", "[95% interval]", "p", "significant", "p Holm"]
    header += ["p DeLong", "p DeLong Holm"] if measure.delong else []
    note = ""
    if on_mean:
        note = f"\nHolm's adjustment covers the {len(on_mean):,} pairs compared on one task (here the mean)."
        floor = comparison.smallest_possible_p(evaluation.settings.replicates)
        if floor * len(on_mean) >= comparison.SIGNIFICANCE:
            needed = math.ceil(2 * len(on_mean) / comparison.SIGNIFICANCE)
            note += (
                f"\nWith {evaluation.settings.replicates:,} replicates no p is below {floor:.2g}, so none stays "
                f"below 0.05 after adjustment: use more than {needed:,}."
            )
    else:
        note = "\nBest and worst were chosen on this very set; --paired compares all pairs and adjusts for that."
    return lines(header, rows, 1) + more + note


def _difference_row(label: str, difference: comparison.Difference, measure: Measure[Any]) -> list[str]:
    interval = difference.interval
    shown = f"{difference.value:+.4f} "
    shown += "[no interval]" if math.isnan(interval.low) else f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    return [
        label,
        shown,
        p_text(difference.p),
        "yes" if difference.is_significant else "no",
        p_text(difference.p_holm),
        *([p_text(difference.p_delong), p_text(difference.p_delong_holm)] if measure.delong else []),
    ]


def p_text(p: float) -> str:
    if math.isnan(p):
        return NOTHING
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def _correlations(correlations: Mapping[str, Correlation], spreads: Mapping[str, FamilySpread]) -> str:
    rows = []
    for name, found in correlations.items():
        spans = [
            NOTHING if interval is None or math.isnan(interval.low) else f"[{interval.low:+.2f}, {interval.high:+.2f}]"
            for interval in (found.over_test, found.over_models)
        ]
        rows.append([name, str(found.models), f"{found.rho:+.3f}", p_text(found.p), *spans])
    header = ["Rank correlation of", "n", "rho", "p", "over the test set", "over models"]
    parts = [lines(header, rows, 1)] if rows else []
    for arm, spread in spreads.items():
        entries = {
            **{f"{name}: largest − smallest model": value for name, value in spread.growth.items()},
            "Within a family: highest − lowest, mean over families": spread.within,
            "Between families: highest − lowest family mean": spread.between,
        }
        rows = [
            [name, f"{value:+.4f}", NOTHING if interval is None else f"[{interval.low:+.4f}, {interval.high:+.4f}]"]
            for name, (value, interval) in entries.items()
            if not math.isnan(value)
        ]
        parts.append(lines([f"Spread of mean AUROC{arm and f', {arm}'}", "", "[95% interval]"], rows, 1))
    return "\n\n".join(parts)


def _notes(evaluation: Evaluation) -> list[str]:
    """What each model is, and reasons for what is missing from the tables."""
    described = [model for model in evaluation.models if model.made_of][:MODELS_BY_TASK]
    notes = [f"{model.name}: {model.made_of}." for model in described]
    notes += [
        f"{task}: undefined, {reason}{_out_of_mean(evaluation, task)}." for task, reason in evaluation.left_out.items()
    ]
    undefined: dict[str, int] = {}
    for reader in evaluation.readers:
        for task in reader.thresholds:  # without positives there is no sensitivity, without negatives no specificity
            undefined[task] = max(reader.of(one)[task].interval.undefined for one in (SENSITIVITY, SPECIFICITY))
    for model in evaluation.models:
        for task, estimate in model.of(AUROC).items():
            if task not in evaluation.left_out:
                undefined[task] = estimate.interval.undefined
            if estimate.interval.reason and task not in evaluation.left_out:
                notes.append(f"{model.name}, {task}: no interval, {estimate.interval.reason}.")
    counted = ", ".join(f"{task} {count:,}" for task, count in undefined.items() if count)
    if counted:
        notes.append(f"Replicates in which a task has only one class, left out of its interval: {counted}.")
    reasons: dict[str, list[str]] = {}
    for model in evaluation.models:
        for kind, reason in model.not_applicable.items():
            reasons.setdefault(f"{kind.replace('_', ' ')}: {reason}", []).append(model.name)
    for reason, names in reasons.items():
        whose = "every model" if len(names) == len(evaluation.models) else ", ".join(names)
        notes.append(f"Not given for {whose}: {reason}.")
    if len(evaluation.models) > MODELS_BY_TASK:
        notes.append("The tasks one by one are in evaluation.json (--out=DIR).")
    return [_filled(note) for note in notes]


def _out_of_mean(evaluation: Evaluation, task: str) -> str:
    return "; left out of the mean" if task in evaluation.mean_tasks else ""


def _filled(note: str) -> str:
    return textwrap.fill(note, NOTE_WIDTH, break_long_words=False, break_on_hyphens=False)
