"""ROC, precision-recall and calibration: a square panel a task, a line a model, a point a reader."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    COLUMN_INCHES,
    LEGEND_LINE_INCHES,
    LEGEND_POINTS,
    MARKERS,
    STYLES,
    TWO_COLUMNS_INCHES,
    head,
    inches,
    legend_below,
    set_words,
)
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.evaluation.results import Evaluation
from chex_tf.statistics import bootstrap, calibration, ranking, thresholds
from chex_tf.statistics.measure import MEAN

TASKS_IN_A_COLUMN = 6
BANDS_AT_MOST = 4  # with more curves, bands would hide each other: only the best model gets one
BAND_REPLICATES = 500
BAND_GRID = np.linspace(0, 1, 101)


def models_with_curves(evaluation: Evaluation) -> list[int]:
    """Places of the models that get a curve: all, or the best by mean AUROC, in the order given."""
    means = [model.of(AUROC)[MEAN].value for model in evaluation.models]
    best = sorted(range(len(means)), key=lambda place: -means[place] if not math.isnan(means[place]) else math.inf)
    return sorted(best[: len(COLOURS)])


def _defined(evaluation: Evaluation) -> list[int]:
    return [column for column, task in enumerate(evaluation.cohort.tasks) if task not in evaluation.left_out]


def _panels(
    evaluation: Evaluation,
    columns: Sequence[int],
    labels: tuple[str, str],
    draw: Callable[[Axes, int], None],
    sentences: Sequence[str],
) -> Figure:
    """One panel per task, two or four per row, and one legend in the free place or below."""
    is_wide = len(columns) > TASKS_IN_A_COLUMN
    width = TWO_COLUMNS_INCHES if is_wide else COLUMN_INCHES
    across = 4 if is_wide else min(2, len(columns))
    down = math.ceil(len(columns) / across)
    figure = Figure(figsize=(width, down * (width / across + 0.15) + 0.1), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    entries: dict[str, Artist] = {}
    for place, axes in enumerate(grid.ravel()):
        if place >= len(columns):
            axes.set_axis_off()
            continue
        draw(axes, columns[place])
        task = evaluation.cohort.tasks[columns[place]]
        positives, negatives = evaluation.counts[task]
        axes.set_title(f"{task}\n{positives:,} / {negatives:,}")
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), box_aspect=1)
        if place // across == down - 1:
            axes.set_xlabel(labels[0])
        if place % across == 0:
            axes.set_ylabel(labels[1])
        found, names = axes.get_legend_handles_labels()
        entries |= dict(zip(names, found, strict=True))
    panel = width / across - 0.5  # what is left of it for a legend
    widest = max(inches(name, LEGEND_POINTS) for name in entries) + 4 * LEGEND_POINTS / 72
    if len(columns) < across * down and widest <= panel and len(entries) * LEGEND_LINE_INCHES <= panel + 0.3:
        grid.ravel()[-1].legend(list(entries.values()), list(entries), loc="center", frameon=False, handlelength=2.2)
    else:
        legend_below(figure, entries, across)
    rows = "images" if evaluation.cohort.key != "Study" else "studies"
    head(figure, [set_words(evaluation), f"Below a task: its positive / negative {rows}.", *sentences])
    return figure


def _which_models(evaluation: Evaluation, shown: Sequence[int]) -> str:
    every = len(evaluation.models)
    return f"Lines: the best {len(shown)} of {every:,} models by mean AUROC." if len(shown) < every else ""


def _ties(recalibrated: Recalibrated | None) -> str:
    """Platt's map leaves the order of scores, and so these curves, as they are."""
    return recalibrated.in_short if recalibrated and recalibrated.method == "isotonic" else ""


def _reader_points(axes: Axes, evaluation: Evaluation, column: int, is_roc: bool) -> None:
    labels = evaluation.cohort.labels[:, column]
    for rank, reader in enumerate(evaluation.reader_scores):
        called = reader.scores[:, column] >= 0.5
        made = thresholds.decide(labels, called)
        right = int(np.sum(called & (labels == 1)))
        positive = int(np.sum(called & ~np.isnan(labels)))
        sensitivity = float(made.sensitivity)
        precision = right / positive if positive else math.nan  # who calls nobody positive has none, and no point
        axes.plot(
            *((1 - float(made.specificity), sensitivity) if is_roc else (sensitivity, precision)),
            MARKERS[rank % len(MARKERS)],
            color="black",
            markerfacecolor="white",
            markersize=4.5,
            markeredgewidth=0.9,
            linestyle="none",
            clip_on=False,
            label=reader.name,
        )


def roc(evaluation: Evaluation, shown: Sequence[int], recalibrated: Recalibrated | None = None) -> Figure | None:
    columns = _defined(evaluation)
    if not columns or not (shown or evaluation.reader_scores):
        return None
    best = max(shown, key=lambda place: evaluation.models[place].of(AUROC)[MEAN].value, default=0)
    with_band = shown if len(shown) <= BANDS_AT_MOST else [best]
    tasks = evaluation.cohort.tasks
    bands = _roc_bands(evaluation, with_band, [one for one in columns if tasks[one] not in evaluation.withheld])

    def draw(axes: Axes, column: int) -> None:
        labels = evaluation.cohort.labels[:, column]
        for rank, place in enumerate(shown):
            model = evaluation.model_scores[place]
            false, true = ranking.roc_curve(labels, model.scores[:, column])
            if (place, column) in bands:
                axes.fill_between(BAND_GRID, *bands[place, column], color=COLOURS[rank], alpha=0.13, linewidth=0)
            axes.plot(false, true, color=COLOURS[rank], linestyle=STYLES[rank], label=model.name)
        _reader_points(axes, evaluation, column, is_roc=True)
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.6, label="chance")

    sentences = [_ties(recalibrated), _which_models(evaluation, shown)]
    if bands:
        replicates = min(evaluation.settings.replicates, BAND_REPLICATES)
        said = f"Bands: 95% intervals of sensitivity, point by point ({replicates:,} replicates)"
        if len(with_band) < len(shown):
            said += f", of {evaluation.models[best].name} only, the best by mean AUROC: more would hide each other"
        sentences.append(f"{said}.")
    if shown and any(tasks[one] in evaluation.withheld for one in columns):
        named = ", ".join(tasks[one] for one in columns if tasks[one] in evaluation.withheld)
        sentences.append(f"No band: {named} (too few for intervals, --fewest).")
    return _panels(evaluation, columns, ("1 − specificity", "Sensitivity"), draw, sentences)


def _roc_bands(
    evaluation: Evaluation, shown: Sequence[int], columns: Sequence[int]
) -> dict[tuple[int, int], np.ndarray]:
    """For each model and task, the percentiles 2.5 and 97.5 of sensitivity at each point of the grid."""
    cohort = evaluation.cohort
    keys = [(place, column) for place in shown for column in columns]
    curves = [
        _resampled_curve(cohort.labels[:, column], evaluation.model_scores[place].scores[:, column], cohort.units)
        for place, column in keys
    ]
    replicates = min(evaluation.settings.replicates, BAND_REPLICATES)
    resampling = bootstrap.Resampling(cohort.unit_count, replicates, evaluation.settings.seed)
    values = bootstrap.replicate(curves, resampling)
    return {
        key: np.nanquantile(value, [bootstrap.LOW, bootstrap.HIGH], axis=0)
        for key, value in zip(keys, values, strict=True)
    }


def _resampled_curve(labels: np.ndarray, scores: np.ndarray, units: np.ndarray) -> bootstrap.Statistic:
    labelled = np.flatnonzero(~np.isnan(labels))
    order = labelled[np.argsort(-scores[labelled], kind="stable")]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), order.size - 1)
    is_positive = labels[order] == 1

    def statistic(weights: np.ndarray) -> np.ndarray:
        drawn = np.take(weights, units[order], axis=1)
        true = np.cumsum(drawn * is_positive, axis=1)[:, ends]
        false = np.cumsum(drawn * ~is_positive, axis=1)[:, ends]
        curves = np.full((BAND_GRID.size, weights.shape[0]), np.nan)
        for row in range(weights.shape[0]):
            if true[row, -1] and false[row, -1]:
                rates = np.append(0, false[row]) / false[row, -1], np.append(0, true[row]) / true[row, -1]
                curves[:, row] = np.interp(BAND_GRID, *rates)
        return curves

    return statistic


def precision_recall(
    evaluation: Evaluation, shown: Sequence[int], recalibrated: Recalibrated | None = None
) -> Figure | None:
    columns = _defined(evaluation)
    if not columns or not (shown or evaluation.reader_scores):
        return None

    def draw(axes: Axes, column: int) -> None:
        labels = evaluation.cohort.labels[:, column]
        for rank, place in enumerate(shown):
            model = evaluation.model_scores[place]
            recall, precision = ranking.precision_recall_curve(labels, model.scores[:, column])
            axes.plot(
                recall,
                precision,
                color=COLOURS[rank],
                linestyle=STYLES[rank],
                drawstyle="steps-pre",
                label=model.name,
            )
        _reader_points(axes, evaluation, column, is_roc=False)
        axes.axhline(float(np.nanmean(labels)), color="0.6", linewidth=0.6, label="prevalence (chance)")

    sentences = [_ties(recalibrated), _which_models(evaluation, shown), "No intervals are drawn."]
    return _panels(evaluation, columns, ("Recall (sensitivity)", "Precision (PPV)"), draw, sentences)


def reliability(
    evaluation: Evaluation, shown: Sequence[int], recalibrated: Recalibrated | None = None
) -> Figure | None:
    columns = _defined(evaluation)
    probable = [place for place in shown if calibration.are_probabilities(evaluation.model_scores[place].scores)]
    if not columns or not probable:
        return None

    def draw(axes: Axes, column: int) -> None:
        labels = evaluation.cohort.labels[:, column]
        for rank, place in enumerate(probable):
            model = evaluation.model_scores[place]
            curve = calibration.reliability(labels, model.scores[:, column])
            axes.plot(
                curve.predicted,
                curve.observed,
                color=COLOURS[rank],
                linestyle=STYLES[rank],
                linewidth=0.7,
                label=model.name,
            )
            size = 1 + 40 * curve.rows / curve.rows.sum()  # the area of a mark is the share of rows behind it
            axes.scatter(curve.predicted, curve.observed, size, color=COLOURS[rank], linewidth=0, clip_on=False)
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.6, label="calibrated")

    rows = "images" if evaluation.cohort.key != "Study" else "studies"
    sentences = [
        recalibrated.in_short if recalibrated else "",
        _which_models(evaluation, shown),
        f"A mark is one of {calibration.BINS} bins of equal width, its area the share of {rows} in it."
        " No intervals are drawn.",
    ]
    return _panels(evaluation, columns, ("Predicted probability", "Observed share"), draw, sentences)
