"""How much arms differ in AUROC from the one they are compared with: a row an arm, the difference with its interval."""

import dataclasses
import functools
import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import BLUE
from chex_tf.study.contrasts import Contrast
from chex_tf.study.outcomes import Member
from chex_tf.study.report import rows_figure
from chex_tf.study.report.appearance import INK, style


@dataclasses.dataclass(frozen=True)
class Beside:
    """A model beside the one that it is compared with; `by_run` has the difference of each run from the other's that
    learned from the same subset, where there are such."""

    member: Member
    found: Contrast
    by_run: tuple[float, ...] = ()


def draw(compared: Sequence[Beside], reference: str) -> Figure:
    with style():
        rows = [rows_figure.Row(one.member, functools.partial(_row, one=one)) for one in compared]
        figure, _ = rows_figure.draw(rows, f"Mean AUROC, less that of {reference}")
        handles = [Line2D([], [], color=INK, marker="|", markersize=7, label="difference, 95% interval")]
        if any(one.by_run for one in compared):
            handles.insert(
                0, Line2D([], [], color=BLUE, marker="o", linestyle="none", markersize=3.5, label="of one subset")
            )
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _row(axes: Axes, at: float, one: Beside) -> None:
    axes.plot([0, 0], [at - 0.5, at + 0.5], color=INK, linewidth=0.6, zorder=1)
    low, high = one.found.interval.low, one.found.interval.high
    if not math.isnan(low):
        axes.plot([low, high], [at, at], color=INK, linewidth=0.9, zorder=2)
    axes.plot(one.found.value, at, "|", color=INK, markersize=7, markeredgewidth=1.2, zorder=3)
    for place, value in zip(rows_figure.places(at, len(one.by_run)), one.by_run, strict=True):
        axes.plot(value, place, "o", color=BLUE, markersize=3.5, alpha=0.75, markeredgewidth=0, zorder=4)
