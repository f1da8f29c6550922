"""What pretrained weights give stage by stage: AUROC, and steps to an AUROC, over how far up they reach."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.evaluation.figure_appearance import BLUE, VERMILION
from chex_tf.study.report.appearance import INK, WIDTH, style
from chex_tf.study.transfused import DRAWN_ABOVE, RANDOM_ABOVE

# Colour, marker and line.
LOOKS: dict[str, tuple[str, str, Any]] = {RANDOM_ABOVE: (VERMILION, "s", "--"), DRAWN_ABOVE: (BLUE, "o", "-")}
MOST_COLUMNS = 4
_SHIFT = {RANDOM_ABOVE: -0.06, DRAWN_ABOVE: 0.06}  # so that bars at one place do not cover each other


class Point(NamedTuple):
    """`low` and `high` are NaN where there is no interval; `is_bound` says that runs ended below the AUROC."""

    place: int
    value: float
    low: float
    high: float
    is_bound: bool = False


class Panel(NamedTuple):
    """`rows` have, by label of the axis, the points of each line."""

    title: str
    places: tuple[str, ...]
    rows: dict[str, dict[str, tuple[Point, ...]]]


def draw(panels: Sequence[Panel]) -> Figure:
    """A column a panel, a row a number."""
    labels = list(panels[0].rows)
    shown = panels[:MOST_COLUMNS]
    names = dict.fromkeys(name for panel in shown for row in panel.rows.values() for name in row)
    with style():
        figure = Figure(figsize=(WIDTH, 1.75 * len(labels) + 0.5), layout="constrained")
        grid = figure.subplots(len(labels), len(shown), squeeze=False, sharex="col", sharey="row")
        for axes_of_row, label in zip(grid, labels, strict=True):
            for axes, panel in zip(axes_of_row, shown, strict=True):
                for name, points in panel.rows[label].items():
                    _line(axes, points, name)
                axes.grid(visible=True, axis="y")
                axes.set_xticks(range(len(panel.places)), panel.places, rotation=30, ha="right", rotation_mode="anchor")
                axes.set_xlim(-0.4, len(panel.places) - 0.6)
            axes_of_row[0].set_ylabel(label)
        for top, bottom, panel in zip(grid[0], grid[-1], shown, strict=True):
            top.set_title(panel.title)
            bottom.set_xlabel("Pretrained up to")
        handles = [
            Line2D([], [], color=LOOKS[name][0], marker=LOOKS[name][1], linestyle=LOOKS[name][2], label=name)
            for name in names
        ]
        handles += [Line2D([], [], color=INK, marker="^", linestyle="none", fillstyle="none", label="at least (bound)")]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure


def _line(axes: Axes, points: Sequence[Point], name: str) -> None:
    colour, marker, line = LOOKS[name]
    across = [point.place + _SHIFT[name] for point in points]
    axes.plot(across, [point.value for point in points], color=colour, linestyle=line, linewidth=1.0)
    for x, point in zip(across, points, strict=True):
        if not math.isnan(point.low):
            axes.plot([x, x], [point.low, point.high], color=colour, linewidth=0.9)
        shown, fill = ("^", "none") if point.is_bound else (marker, "full")
        axes.plot(x, point.value, color=colour, marker=shown, fillstyle=fill, markersize=4.5, linestyle="none")
