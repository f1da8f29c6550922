"""Steps after which runs reached an AUROC: a row a model, a dot a run, the mean with its interval."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import BLUE, VERMILION
from chex_tf.study.cell import group_of, within_group
from chex_tf.study.report.appearance import INK, WIDTH, style
from chex_tf.study.steps import Line

RUN, NEVER = BLUE, VERMILION
_ROW, _HEADING = 0.19, 1.3  # inches of a row; rows that a heading takes
_APART = 0.7  # of a row's height, over which its runs are spread


def draw(lines: Sequence[Line]) -> Figure:
    """Models of one architecture and group stand under a heading of theirs."""
    headings: dict[str, list[Line]] = {}
    for line in lines:
        group = group_of(line.member.arm)
        headings.setdefault(f"{line.member.arch}, {group}" if group else line.member.arch, []).append(line)
    rows = len(lines) + _HEADING * len(headings)
    with style():
        figure = Figure(figsize=(WIDTH, _ROW * rows + 0.8), layout="constrained")
        axes = figure.subplots()
        at, ticks, labels = 0.0, [], []
        for heading, own in headings.items():
            at += _HEADING
            axes.text(
                0, at - 0.75, heading, transform=axes.get_yaxis_transform(), weight="bold", va="center", clip_on=False
            )
            for line in own:
                _row(axes, at, line)
                ticks.append(at)
                labels.append(within_group(line.member.arm))
                at += 1
        axes.set_yticks(ticks, labels)
        axes.set_ylim(at - 0.4, 0)
        axes.set_xlim(left=0)
        axes.grid(visible=True, axis="x")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("Steps")
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
    for number, run in enumerate(line.runs):  # apart, so that runs with equal steps are seen
        place = at + _APART * (number - (len(line.runs) - 1) / 2) / len(line.runs)
        if run.is_never:
            axes.plot(run.steps, place, ">", color=NEVER, markersize=4.5, fillstyle="none", zorder=4)
        else:
            axes.plot(run.steps, place, "o", color=RUN, markersize=3.5, alpha=0.75, markeredgewidth=0, zorder=4)
