"""Steps after which runs reached an AUROC: a row a model, a dot a run, the mean with its interval."""

import functools
import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import BLUE, VERMILION
from chex_tf.study.report import rows_figure
from chex_tf.study.report.appearance import INK, style
from chex_tf.study.steps import Line

RUN, NEVER = BLUE, VERMILION


def draw(lines: Sequence[Line]) -> Figure:
    with style():
        rows = [rows_figure.Row(line.member, functools.partial(_row, line=line)) for line in lines]
        figure, axes = rows_figure.draw(rows, "Steps")
        axes.set_xlim(left=0)
        handles = [
            Line2D([], [], color=RUN, marker="o", linestyle="none", markersize=3.5, label="run"),
            Line2D(
                [], [], color=NEVER, marker=">", linestyle="none", markersize=4.5, fillstyle="none", label="ended below"
            ),
            Line2D([], [], color=INK, marker="|", markersize=7, label="mean, 95% interval over seeds"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _row(axes: Axes, at: float, line: Line) -> None:
    if not line.mean.never:
        low, high = line.mean.interval.low, line.mean.interval.high
        if not math.isnan(low):
            axes.plot([max(0.0, low), high], [at, at], color=INK, linewidth=0.9, zorder=2)
        axes.plot(line.mean.value, at, "|", color=INK, markersize=7, markeredgewidth=1.2, zorder=3)
    for place, run in zip(rows_figure.places(at, len(line.runs)), line.runs, strict=True):
        if run.is_never:
            axes.plot(run.steps, place, ">", color=NEVER, markersize=4.5, fillstyle="none", zorder=4)
        else:
            axes.plot(run.steps, place, "o", color=RUN, markersize=3.5, alpha=0.75, markeredgewidth=0, zorder=4)
