"""Models by task as a forest plot, and their differences, each with its interval as a bar."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib.ticker
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    COLUMN_INCHES,
    MARKERS,
    head,
    inches,
    legend_below,
    set_words,
    shortened,
)
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.statistics.comparison import Difference
from chex_tf.statistics.extremes import Extremes
from chex_tf.statistics.measure import MEAN, Estimate, Measure

MODELS_BY_TASK = 6  # with more, the forest plot shows means only
ROWS_AT_MOST = 40
LABEL_POINTS, LABEL_INCHES = 7.0, 1.7  # what names may take of the width


def _bars(evaluation: Evaluation, measure: Measure[Any], estimates: Iterable[Estimate]) -> str:
    """What the bars are, and why some are missing."""
    replicates = f"percentiles of {evaluation.settings.replicates:,} replicates"
    kind = {"auto": "DeLong's", "percentile": replicates, "bca": "BCa"}[evaluation.settings.interval]
    said = "Bars: 95% intervals" + (f", {kind}" if measure is AUROC else "")
    if any(math.isnan(one.interval.low) for one in estimates if not math.isnan(one.value)):
        said += "; without one: too few positives or negatives"
    return f"{said}."


def models(evaluation: Evaluation, measure: Measure[Any]) -> Figure | None:
    """By task and mean for few models, otherwise the mean only, best at the top."""
    measured = [model for model in evaluation.models if measure.key in model.estimates]
    if not measured or len(evaluation.left_out) == len(evaluation.cohort.tasks):
        return None
    if len(evaluation.models) <= MODELS_BY_TASK:
        return _grouped_forest(evaluation, measure)
    rows = sorted(
        ((model.name, model.of(measure)[MEAN]) for model in measured), key=lambda row: row[1].value, reverse=True
    )
    figure = Figure(figsize=(COLUMN_INCHES, 0.45 + 0.15 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for height, (_, estimate) in enumerate(reversed(rows)):
        _whisker(axes, height, estimate, COLOURS[0], "o")
    axes.set_yticks(range(len(rows)), [shortened(name, LABEL_POINTS, LABEL_INCHES) for name, _ in reversed(rows)])
    axes.set(xlabel=f"Mean {measure.words} of {len(evaluation.mean_over)} tasks", ylim=(-0.7, len(rows) - 0.3))
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    head(figure, [set_words(evaluation), _bars(evaluation, measure, [estimate for _, estimate in rows])])
    return figure


def _grouped_forest(evaluation: Evaluation, measure: Measure[Any]) -> Figure:
    tasks = [task for task in (*evaluation.cohort.tasks, MEAN) if task not in evaluation.left_out]
    several = len(evaluation.models)
    figure = Figure(figsize=(COLUMN_INCHES, 0.5 + len(tasks) * (0.13 * several + 0.1)), layout="constrained")
    axes = figure.subplots()
    shown = []
    for group, task in enumerate(reversed(tasks)):
        if group % 2 == 0:
            axes.axhspan(group - 0.5, group + 0.5, color="0.95", linewidth=0)
        for place, model in enumerate(evaluation.models):
            height = group + 0.8 * ((several - 1) / 2 - place) / several
            label = model.name if group == 0 else None
            if task in model.of(measure):
                shown.append(model.of(measure)[task])
                _whisker(axes, height, shown[-1], COLOURS[place], MARKERS[place], label)
    names = [f"Mean of {len(evaluation.mean_over)}" if task == MEAN else task for task in reversed(tasks)]
    axes.set_yticks(range(len(tasks)), names)
    axes.set(xlabel=measure.title, ylim=(-0.5, len(tasks) - 0.5))
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    whose = ""
    if several > 1:
        handles, labels = axes.get_legend_handles_labels()
        entries: dict[str, Artist] = dict(zip(labels, handles, strict=True))
        legend_below(figure, entries, 2)
    else:
        whose = f"{evaluation.models[0].name} on"
    head(figure, [whose, set_words(evaluation), _bars(evaluation, measure, shown)])
    return figure


def _whisker(axes: Axes, height: float, estimate: Estimate, colour: str, marker: str, label: str | None = None) -> None:
    low, high = estimate.interval.low, estimate.interval.high
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=colour, linewidth=0.9)
    axes.plot(estimate.value, height, marker, color=colour, markersize=3.2, linestyle="none", label=label)


def differences(evaluation: Evaluation, measure: Measure[Any]) -> Figure | None:
    """Of the mean, filled where significant; without pairs, best against worst."""
    every: Sequence[Difference | Extremes] = evaluation.differences_of(measure, MEAN)
    rule = "Bars: 95% intervals. Filled: p\xa0<\xa00.05 after Holm's adjustment."
    if not every and measure is AUROC and evaluation.best_and_worst:
        every = [evaluation.best_and_worst]
        rule = (
            f"Best − worst of {evaluation.best_and_worst.models:,} models. Bar: 95% interval; it and p allow for the "
            "choice. Filled: p\xa0<\xa00.05."
        )
    if not every:
        return None
    shown = sorted(every, key=lambda difference: -abs(difference.value))[:ROWS_AT_MOST]
    labels = [_pair(one) for one in reversed(shown)]
    line = 0.17 if all("\n" not in one for one in labels) else 0.3
    figure = Figure(figsize=(COLUMN_INCHES, 0.5 + line * len(shown)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color="0.6", linewidth=0.8)
    for height, difference in enumerate(reversed(shown)):
        _difference(axes, height, difference)
    axes.set_yticks(range(len(shown)), labels)
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(matplotlib.ticker.MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.set(xlabel=f"Difference of mean {measure.words}", ylim=(-0.7, len(shown) - 0.3))
    which = "" if len(shown) == len(every) else f"The {len(shown)} largest of {len(every):,} pairs."
    head(figure, [set_words(evaluation), which, rule])
    return figure


def _pair(one: Difference | Extremes) -> str:
    """In two lines where the names are long."""
    pair = f"{one.a} − {one.b}"
    if inches(pair, LABEL_POINTS) <= LABEL_INCHES:
        return pair
    return "\n".join(shortened(name, LABEL_POINTS, LABEL_INCHES) for name in (f"{one.a} −", one.b))


def _difference(axes: Axes, height: float, difference: Difference | Extremes) -> None:
    low, high = difference.interval.low, difference.interval.high
    if not math.isnan(low):
        axes.plot([low, high], [height, height], color=COLOURS[0], linewidth=0.9)
    fill = COLOURS[0] if difference.is_significant else "white"
    axes.plot(difference.value, height, "o", color=COLOURS[0], markerfacecolor=fill, markersize=3.6)
