"""Figures of an evaluation at the width of a printed column: ROC, precision-recall, calibration, models, differences.

With more than six tasks the panels take the width of two columns. Each is written as PDF and PNG. Colours are Okabe
and Ito's, distinguishable with colour blindness; line styles differ as well.
"""

import math
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.files import whole_file
from chex_tf.statistics import bootstrap, calibration, ranking, thresholds
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.measure import MEAN, Estimate, Measure

COLUMN_INCHES, TWO_COLUMNS_INCHES = 3.4, 7.0
TASKS_IN_A_COLUMN = 6
BANDS_AT_MOST = 4  # with more curves, bands would hide each other: only the best model gets one
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("^", "s", "D", "v", "P", "X", "o")
STYLE: Any = {
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.labelsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "pdf.fonttype": 42,  # text stays text in the PDF
}
MODELS_BY_TASK = 6  # with more, the forest plot shows means only
ROWS_AT_MOST = 40
BAND_REPLICATES = 500
BAND_GRID = np.linspace(0, 1, 101)


def draw_all(evaluation: Evaluation, folder: pathlib.Path, say: Callable[[str], None]) -> list[str]:
    """Writes every figure for which the evaluation has data; returns the names written."""
    shown = _models_with_curves(evaluation)
    if len(shown) < len(evaluation.models):
        names = ", ".join(evaluation.models[place].name for place in shown)
        say(f"curves are drawn for the best {len(shown)} of {len(evaluation.models)} models: {names}")
    written = []
    with matplotlib.rc_context(STYLE):
        for name, figure in (
            ("roc", _roc(evaluation, shown)),
            ("precision_recall", _precision_recall(evaluation, shown)),
            ("calibration", _calibration(evaluation, shown)),
            *_measure_figures(evaluation),
        ):
            if figure is not None:
                written += save(figure, folder, name)
    return written


def save(figure: Figure, folder: pathlib.Path, name: str) -> list[str]:
    """As PDF and PNG; the names written."""
    written = []
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # laid out once, not again for each file
    for kind, extra in (("pdf", {"metadata": {"CreationDate": None}}), ("png", {"dpi": 300})):
        with whole_file(folder / f"{name}.{kind}") as scratch:
            figure.savefig(scratch, format=kind, **extra)
        written.append(f"{name}.{kind}")
    return written


def _measure_figures(evaluation: Evaluation) -> list[tuple[str, Figure | None]]:
    """The models and their differences, by AUROC and by every other measure in which models are compared."""
    found = []
    for measure in evaluation.compared:
        suffix = "" if measure is AUROC else f"_{measure.key}"
        found.append((f"models{suffix}", _models(evaluation, measure)))
        found.append((f"differences{suffix}", _differences(evaluation, measure)))
    return found


def _models_with_curves(evaluation: Evaluation) -> list[int]:
    """Places of the models that get a curve: all, or the best by mean AUROC, in the order given."""
    means = [model.of(AUROC)[MEAN].value for model in evaluation.models]
    best = sorted(range(len(means)), key=lambda place: -means[place] if not math.isnan(means[place]) else math.inf)
    return sorted(best[: len(COLOURS)])


def _defined(evaluation: Evaluation) -> list[int]:
    return [column for column, task in enumerate(evaluation.cohort.tasks) if task not in evaluation.left_out]


def _panels(
    evaluation: Evaluation, columns: Sequence[int], labels: tuple[str, str], draw: Callable[[Axes, int], None]
) -> Figure:
    """One square panel per task, two or four per row, and one legend in the free place or below."""
    is_wide = len(columns) > TASKS_IN_A_COLUMN
    width = TWO_COLUMNS_INCHES if is_wide else COLUMN_INCHES
    across = 4 if is_wide else min(2, len(columns))
    down = math.ceil(len(columns) / across)
    has_free_place = len(columns) < across * down
    height = width / across * down * (1.02 if has_free_place else 1.12) + (0.2 if across == 1 else 0)
    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    handles: dict[str, Artist] = {}
    for place, axes in enumerate(grid.ravel()):
        if place >= len(columns):
            axes.set_axis_off()
            continue
        draw(axes, columns[place])
        axes.set_title(evaluation.cohort.tasks[columns[place]])
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), box_aspect=1)
        if place // across == down - 1:
            axes.set_xlabel(labels[0])
        if place % across == 0:
            axes.set_ylabel(labels[1])
        found, names = axes.get_legend_handles_labels()
        handles |= dict(zip(names, found, strict=True))
    form = {"frameon": False, "handlelength": 2.2}
    if has_free_place:
        grid.ravel()[-1].legend(list(handles.values()), list(handles), loc="center", **form)
    else:
        figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=across, **form)
    return figure


def _roc(evaluation: Evaluation, shown: Sequence[int]) -> Figure | None:
    columns = _defined(evaluation)
    if not columns or not (shown or evaluation.reader_scores):
        return None
    best = max(shown, key=lambda place: evaluation.models[place].of(AUROC)[MEAN].value, default=0)
    bands = _roc_bands(evaluation, shown if len(shown) <= BANDS_AT_MOST else [best], columns)

    def draw(axes: Axes, column: int) -> None:
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.6)
        labels = evaluation.cohort.labels[:, column]
        for rank, place in enumerate(shown):
            model = evaluation.model_scores[place]
            false, true = ranking.roc_curve(labels, model.scores[:, column])
            if (place, column) in bands:
                axes.fill_between(BAND_GRID, *bands[place, column], color=COLOURS[rank], alpha=0.13, linewidth=0)
            axes.plot(false, true, color=COLOURS[rank], linestyle=STYLES[rank], label=model.name)
        for rank, reader in enumerate(evaluation.reader_scores):
            made = thresholds.decide(labels, reader.scores[:, column] >= 0.5)
            axes.plot(
                1 - float(made.specificity),
                float(made.sensitivity),
                MARKERS[rank % len(MARKERS)],
                color="black",
                markerfacecolor="white",
                markersize=4.5,
                markeredgewidth=0.9,
                linestyle="none",
                clip_on=False,
                label=reader.name,
            )

    return _panels(evaluation, columns, ("1 − specificity", "Sensitivity"), draw)


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


def _precision_recall(evaluation: Evaluation, shown: Sequence[int]) -> Figure | None:
    columns = _defined(evaluation)
    if not columns or not shown:
        return None

    def draw(axes: Axes, column: int) -> None:
        labels = evaluation.cohort.labels[:, column]
        prevalence = float(np.nanmean(labels))
        axes.axhline(prevalence, color="0.75", linewidth=0.6)
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

    return _panels(evaluation, columns, ("Recall", "Precision"), draw)


def _calibration(evaluation: Evaluation, shown: Sequence[int]) -> Figure | None:
    columns = _defined(evaluation)
    shown = [place for place in shown if calibration.are_probabilities(evaluation.model_scores[place].scores)]
    if not columns or not shown:
        return None

    def draw(axes: Axes, column: int) -> None:
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.6)
        labels = evaluation.cohort.labels[:, column]
        for rank, place in enumerate(shown):
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

    return _panels(evaluation, columns, ("Predicted probability", "Observed share"), draw)


def _models(evaluation: Evaluation, measure: Measure[Any]) -> Figure | None:
    """A forest plot: by task and mean for few models, otherwise the mean only, best at the top."""
    models = [model for model in evaluation.models if measure.key in model.estimates]
    if not models or len(evaluation.left_out) == len(evaluation.cohort.tasks):
        return None
    if len(evaluation.models) <= MODELS_BY_TASK:
        return _grouped_forest(evaluation, measure)
    rows = sorted(
        ((model.name, model.of(measure)[MEAN]) for model in models), key=lambda row: row[1].value, reverse=True
    )
    figure = Figure(figsize=(COLUMN_INCHES, 0.45 + 0.15 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for height, (_, estimate) in enumerate(reversed(rows)):
        _whisker(axes, height, estimate, COLOURS[0], "o")
    axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
    axes.set(xlabel=f"Mean {measure.words} of {len(evaluation.mean_over)} tasks", ylim=(-0.7, len(rows) - 0.3))
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    return figure


def _grouped_forest(evaluation: Evaluation, measure: Measure[Any]) -> Figure:
    tasks = [task for task in (*evaluation.cohort.tasks, MEAN) if task not in evaluation.left_out]
    several = len(evaluation.models)
    figure = Figure(figsize=(COLUMN_INCHES, 0.7 + len(tasks) * (0.13 * several + 0.1)), layout="constrained")
    axes = figure.subplots()
    for group, task in enumerate(reversed(tasks)):
        if group % 2 == 0:
            axes.axhspan(group - 0.5, group + 0.5, color="0.95", linewidth=0)
        for place, model in enumerate(evaluation.models):
            height = group + 0.8 * ((several - 1) / 2 - place) / several
            label = model.name if group == 0 else None
            if task in model.of(measure):
                _whisker(axes, height, model.of(measure)[task], COLOURS[place], MARKERS[place], label)
    axes.set_yticks(range(len(tasks)), ["Mean" if task == MEAN else task for task in reversed(tasks)])
    axes.set(xlabel=measure.title, ylim=(-0.5, len(tasks) - 0.5))
    if several > 1:
        figure.legend(loc="outside lower center", ncols=2, frameon=False, handlelength=1.5)
    else:
        axes.set_xlabel(f"{measure.title} of {evaluation.models[0].name}")
    return figure


def _whisker(axes: Axes, height: float, estimate: Estimate, colour: str, marker: str, label: str | None = None) -> None:
    low, high = estimate.interval.low, estimate.interval.high
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=colour, linewidth=0.9)
    axes.plot(estimate.value, height, marker, color=colour, markersize=3.2, linestyle="none", label=label)


def _differences(evaluation: Evaluation, measure: Measure[Any]) -> Figure | None:
    """Differences of the mean with intervals, filled where significant; without pairs, best against worst."""
    every: Sequence[Difference | Extremes] = evaluation.differences_of(measure, MEAN)
    rule = "filled: p < 0.05 after Holm's adjustment"
    if not every and measure is AUROC and evaluation.best_and_worst:
        every = [evaluation.best_and_worst]
        rule = f"best − worst of {evaluation.best_and_worst.models}: interval and p allow for the choice"
    if not every:
        return None
    shown = sorted(every, key=lambda difference: -abs(difference.value))[:ROWS_AT_MOST]
    figure = Figure(figsize=(COLUMN_INCHES, 0.75 + 0.17 * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.6", linewidth=0.8)
    for height, difference in enumerate(reversed(shown)):
        _difference(axes, height, difference)
    axes.set_yticks(range(len(shown)), [f"{one.a} − {one.b}" for one in reversed(shown)])
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, steps=[1, 2, 5, 10]))
    which = "" if len(shown) == len(every) else f"\nthe {len(shown)} largest of {len(every):,} pairs"
    axes.set(
        xlabel=f"Difference of mean {measure.words}{which}\n({rule})",
        ylim=(-0.7, len(shown) - 0.3),
    )
    return figure


def _difference(axes: Axes, height: float, difference: Difference | Extremes) -> None:
    low, high = difference.interval.low, difference.interval.high
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=COLOURS[0], linewidth=0.9)
    fill = COLOURS[0] if difference.is_significant else "white"
    axes.plot(difference.value, height, "o", color=COLOURS[0], markerfacecolor=fill, markersize=3.6)
