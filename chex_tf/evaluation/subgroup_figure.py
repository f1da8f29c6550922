"""Forest plots of AUROC by group: a figure a task, groups from top to bottom by variable, a mark a model."""

import math
import pathlib
import re
from collections.abc import Callable, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figures import COLOURS, MARKERS, STYLE, TWO_COLUMNS_INCHES, save
from chex_tf.evaluation.measures import AUROC
from chex_tf.evaluation.results import Evaluation
from chex_tf.evaluation.subgroups import VariableResult
from chex_tf.statistics.measure import MEAN, Estimate

MODELS_AT_MOST = 4
WIDTH = 0.8 * TWO_COLUMNS_INCHES


def draw(
    evaluation: Evaluation, results: Sequence[VariableResult], folder: pathlib.Path, say: Callable[[str], None]
) -> list[str]:
    """The names of the files written, as subgroups_TASK.pdf and .png."""
    written = []
    if len(evaluation.models) > MODELS_AT_MOST:
        say(f"subgroups are drawn for the first {MODELS_AT_MOST} of {len(evaluation.models)} models")
    with matplotlib.rc_context(STYLE):
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
                found.append("withheld" if group.withheld else group.estimates[AUROC.key])
            lines.append((f"   {name}", f"{result.rows:,}{counts}", found))
    step = 0.15 + 0.05 * len(models)
    figure = Figure(figsize=(WIDTH, 0.9 + step * len(lines)), layout="constrained")
    axes = figure.subplots()
    for place, (_, _, estimates) in enumerate(lines):
        _marks(axes, len(lines) - 1 - place, estimates, [model.name for model in models] if place == 0 else [])
    overall = lines[0][2]
    if len(models) == 1 and isinstance(overall[0], Estimate):
        axes.axvline(overall[0].value, color="0.75", linewidth=0.7, zorder=0)
    heights = range(len(lines) - 1, -1, -1)
    axes.set_yticks(list(heights), [label for label, _, _ in lines])
    for height, tick, (_, counted, _) in zip(heights, axes.get_yticklabels(), lines, strict=True):
        tick.set_horizontalalignment("left")
        if not counted:
            tick.set_fontweight("bold")
        axes.annotate(
            counted, (0, height), (-6, 0), ("axes fraction", "data"), "offset points", ha="right", va="center", size=6.5
        )
    axes.tick_params(axis="y", length=0, pad=140)
    axes.annotate(
        "n" if task == MEAN else "n (positive/negative)",
        (0, len(lines) - 0.3),
        (-6, 0),
        ("axes fraction", "data"),
        "offset points",
        ha="right",
        va="bottom",
        size=6.5,
        color="0.35",
    )
    axes.set(ylim=(-0.6, len(lines) - 0.4), xlabel=f"AUROC, {'mean over tasks' if task == MEAN else task}")
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    if len(models) > 1:
        figure.legend(loc="outside lower center", ncols=len(models), frameon=False, handlelength=1.5)
    else:
        axes.set_xlabel(f"AUROC of {models[0].name}, {'mean over tasks' if task == MEAN else task}")
    return figure


def _counts(positives: int, negatives: int) -> str:
    return f" ({positives:,}/{negatives:,})"


def _marks(axes: Axes, height: int, estimates: Sequence[Estimate | str], names: Sequence[str]) -> None:
    several = len(estimates)
    if several and all(isinstance(one, str) for one in estimates):
        axes.annotate(
            "withheld",
            (0.5, height),
            xycoords=("axes fraction", "data"),
            ha="center",
            va="center",
            size=6.5,
            color="0.5",
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
