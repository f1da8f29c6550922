"""Forest plots of AUROC by group: a figure a task, groups from top to bottom by variable, a mark a model."""

import math
import pathlib
import re
from collections.abc import Callable, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    MARKERS,
    TWO_COLUMNS_INCHES,
    head,
    inches,
    legend_below,
    save,
    set_words,
    shortened,
    style,
    wrapped,
)
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.subgroups import SMALLEST_CLASS, VariableResult
from chex_tf.statistics.measure import MEAN, Estimate

MODELS_AT_MOST = 4
WIDTH = 0.8 * TWO_COLUMNS_INCHES
LABEL_POINTS, LABEL_INCHES = 7.0, 1.8  # of groups
COUNT_POINTS = 6.5
REASON_INCHES = 2.5  # why there is no mark stands where it would be


def draw(
    evaluation: Evaluation, results: Sequence[VariableResult], folder: pathlib.Path, say: Callable[[str], None]
) -> list[str]:
    """The names of the files written, as subgroups_TASK.pdf and .png."""
    written = []
    if _more_than_drawn(evaluation):
        say(f"subgroups are drawn for the first {MODELS_AT_MOST} of {len(evaluation.models)} models")
    with style():
        for task in (*evaluation.cohort.tasks, MEAN):
            if task not in evaluation.left_out:
                name = re.sub(r"[^a-z0-9]+", "_", task.lower()).strip("_")
                written += save(_forest(evaluation, results, task), folder, f"subgroups_{name}")
    return written


def _forest(evaluation: Evaluation, results: Sequence[VariableResult], task: str) -> Figure:
    models = [model for model in evaluation.models if any(one.model == model.name for one in results)][:MODELS_AT_MOST]
    variables = list(dict.fromkeys(one.grouping.variable for one in results))
    of = {(one.model, one.grouping.variable): one for one in results}
    lines: list[tuple[str, str, list[Estimate | str]]] = []
    counts = "" if task == MEAN else _counts(*evaluation.counts[task])
    rows = f"{len(evaluation.cohort.keys):,}"
    lines.append(("All", f"{rows}{counts}", [model.of(AUROC)[task] for model in models]))
    for variable in variables:
        lines.append((variable.capitalize(), "", []))
        for name, result in of[models[0].name, variable].groups[task].items():
            counts = "" if task == MEAN else _counts(result.positives, result.negatives)
            found: list[Estimate | str] = []
            for model in models:
                group = of[model.name, variable].groups[task][name]
                found.append(_why(group.withheld) if group.withheld else group.estimates[AUROC.key])
            lines.append((f"   {name}", f"{result.rows:,}{counts}", found))
    step = 0.15 + 0.05 * max(2, len(models))
    figure = Figure(figsize=(WIDTH, 0.5 + step * len(lines)), layout="constrained")
    axes = figure.subplots()
    for place, (_, _, estimates) in enumerate(lines):
        _marks(axes, len(lines) - 1 - place, estimates, [model.name for model in models] if place == 0 else [])
    overall = lines[0][2]
    if len(models) == 1 and isinstance(overall[0], Estimate):
        axes.axvline(overall[0].value, color="0.75", linewidth=0.7, zorder=0)
    heights = range(len(lines) - 1, -1, -1)
    axes.set_yticks(list(heights), [shortened(label, LABEL_POINTS, LABEL_INCHES) for label, _, _ in lines])
    for height, tick, (_, counted, _) in zip(heights, axes.get_yticklabels(), lines, strict=True):
        tick.set_horizontalalignment("left")
        if not counted:
            tick.set_fontweight("bold")
        axes.annotate(
            counted, (0, height), (-6, 0), ("axes fraction", "data"), "offset points", ha="right", va="center", size=6.5
        )
    counting = "n" if task == MEAN else "n (positive/negative)"
    labels = max(inches(tick.get_text(), LABEL_POINTS + 0.5) for tick in axes.get_yticklabels())
    numbers = max(inches(text, COUNT_POINTS) for text in (counting, *(counted for _, counted, _ in lines)))
    axes.tick_params(axis="y", length=0, pad=72 * (labels + numbers) + 16)
    axes.annotate(
        counting,
        (0, len(lines) - 0.3),
        (-6, 0),
        ("axes fraction", "data"),
        "offset points",
        ha="right",
        va="bottom",
        size=6.5,
        color="0.35",
    )
    of_what = f"mean of {len(evaluation.mean_over)} tasks" if task == MEAN else task
    axes.set(ylim=(-0.6, len(lines) - 0.4), xlabel=f"AUROC, {of_what}")
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    whose = ""
    if len(models) > 1:
        handles, names = axes.get_legend_handles_labels()
        entries: dict[str, Artist] = dict(zip(names, handles, strict=True))
        legend_below(figure, entries, MODELS_AT_MOST)
    else:
        whose = f"{models[0].name} on"
    which = f"The first {len(models)} of {len(evaluation.models):,} models." if _more_than_drawn(evaluation) else ""
    few = any(isinstance(one, str) for _, _, estimates in lines for one in estimates)
    rule = f"Withheld: groups with fewer than {SMALLEST_CLASS} positives or negatives, and their mean." if few else ""
    head(figure, [whose, set_words(evaluation), which, "Bars: 95% intervals.", rule])
    return figure


def _more_than_drawn(evaluation: Evaluation) -> bool:
    return len(evaluation.models) > MODELS_AT_MOST


def _why(reason: str) -> str:
    return reason if reason.startswith("withheld") else f"withheld: {reason}"


def _counts(positives: int, negatives: int) -> str:
    return f" ({positives:,}/{negatives:,})"


def _marks(axes: Axes, height: int, estimates: Sequence[Estimate | str], names: Sequence[str]) -> None:
    several = len(estimates)
    if several and all(isinstance(one, str) for one in estimates):
        reasons = "; ".join(dict.fromkeys(str(one) for one in estimates))
        axes.annotate(
            "\n".join(wrapped(reasons, COUNT_POINTS, REASON_INCHES)),
            (0.5, height),
            xycoords=("axes fraction", "data"),
            ha="center",
            va="center",
            size=COUNT_POINTS,
            color="0.4",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
        return
    for place, one in enumerate(estimates):
        if isinstance(one, str) or math.isnan(one.value):
            continue
        at = height + 0.7 * ((several - 1) / 2 - place) / several
        if not math.isnan(one.interval.low):
            axes.plot([one.interval.low, one.interval.high], [at, at], color=COLOURS[place], linewidth=0.9)
        axes.plot(
            one.value,
            at,
            MARKERS[place],
            color=COLOURS[place],
            markersize=3.4,
            linestyle="none",
            label=names[place] if names else None,
        )
