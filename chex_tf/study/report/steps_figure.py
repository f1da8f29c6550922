"""Steps after which runs reached an AUROC: a row a model, a dot a run, the mean with its interval."""

import functools
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import VERMILION
from chex_tf.study.report import rows_figure
from chex_tf.study.report.appearance import style
from chex_tf.study.steps import Line

NEVER = VERMILION


def draw(lines: Sequence[Line]) -> Figure:
    with style():
        rows = [rows_figure.Row(line.member, functools.partial(_row, line=line)) for line in lines]
        figure, axes = rows_figure.draw(rows, "Steps")
        axes.set_xlim(left=0)
        of_run, of_mean = rows_figure.handles("run", "mean, 95% interval over seeds")
        handles = [
            of_run,
            Line2D(
                [], [], color=NEVER, marker=">", linestyle="none", markersize=4.5, fillstyle="none", label="ended below"
            ),
            of_mean,
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _row(axes: Axes, at: float, line: Line) -> None:
    if not line.mean.never:
        rows_figure.mean(axes, at, line.mean.value, line.mean.interval.low, line.mean.interval.high)
    for place, run in zip(rows_figure.places(at, len(line.runs)), line.runs, strict=True):
        if run.is_never:
            axes.plot(run.steps, place, ">", color=NEVER, markersize=4.5, fillstyle="none", zorder=4)
        else:
            rows_figure.run(axes, place, run.steps)
