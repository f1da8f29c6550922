"""A figure of rows, each with a name at the left; rows of one architecture and group stand under a heading."""

import dataclasses
import math
from collections.abc import Callable, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import BLUE
from chex_tf.study.cell import group_of, within_group
from chex_tf.study.outcomes import Member
from chex_tf.study.report.appearance import INK, WIDTH

RUN = BLUE
_ROW, _HEADING = 0.19, 1.3  # inches of a row; rows that a heading takes
APART = 0.7  # of a row's height, over which what is drawn of its runs may be spread


@dataclasses.dataclass(frozen=True)
class Row:
    """`draw` is given the height at which the row stands."""

    member: Member
    draw: Callable[[Axes, float], None]

    @property
    def heading(self) -> str:
        group = group_of(self.member.arm)
        return f"{self.member.arch}, {group}" if group else self.member.arch


def draw(rows: Sequence[Row], across: str) -> tuple[Figure, Axes]:
    """`across` is what the axis says."""
    headings: dict[str, list[Row]] = {}
    for row in rows:
        headings.setdefault(row.heading, []).append(row)
    figure = Figure(figsize=(WIDTH, _ROW * (len(rows) + _HEADING * len(headings)) + 0.8), layout="constrained")
    axes = figure.subplots()
    at, ticks, labels = 0.0, [], []
    for heading, own in headings.items():
        at += _HEADING
        axes.text(
            0, at - 0.75, heading, transform=axes.get_yaxis_transform(), weight="bold", va="center", clip_on=False
        )
        for row in own:
            row.draw(axes, at)
            ticks.append(at)
            labels.append(within_group(row.member.arm))
            at += 1
    axes.set_yticks(ticks, labels)
    axes.set_ylim(at - 0.4, 0)
    axes.grid(visible=True, axis="x")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(across)
    return figure, axes


def mean(axes: Axes, at: float, value: float, low: float, high: float) -> None:
    """A stroke with its interval; without one where that is NaN."""
    if not math.isnan(low):
        axes.plot([low, high], [at, at], color=INK, linewidth=0.9, zorder=2)
    axes.plot(value, at, "|", color=INK, markersize=7, markeredgewidth=1.2, zorder=3)


def run(axes: Axes, at: float, value: float) -> None:
    axes.plot(value, at, "o", color=RUN, markersize=3.5, alpha=0.75, markeredgewidth=0, zorder=4)


def handles(of_run: str, of_mean: str) -> list[Line2D]:
    """For a legend."""
    return [
        Line2D([], [], color=RUN, marker="o", linestyle="none", markersize=3.5, label=of_run),
        Line2D([], [], color=INK, marker="|", markersize=7, label=of_mean),
    ]


def places(at: float, count: int) -> list[float]:
    """Heights of so many runs of a row, apart so that equal ones are seen."""
    return [at + APART * (number - (count - 1) / 2) / count for number in range(count)]
