"""AUROC or boost against ImageNet accuracy or size, a panel an arm: the paper's Figures 2 to 4."""

import dataclasses
from collections.abc import Sequence

import matplotlib
import matplotlib.ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.study.report import point_labels
from chex_tf.study.report.appearance import INK, WIDTH, lay_out, legend, mark, of_families, style


@dataclasses.dataclass(frozen=True)
class Mark:
    """A model; `low` and `high` are the ends of its error bar."""

    name: str
    family: str
    x: float
    y: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Panel:
    """`words` stand within it: rho, p and how many models."""

    title: str
    marks: tuple[Mark, ...]
    words: str


def draw(panels: Sequence[Panel], across: str, upward: str, is_log: bool = False, has_zero: bool = False) -> Figure:
    """At most three panels a row, on the same axes."""
    looks = of_families(one.family for panel in panels for one in panel.marks)
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    width = WIDTH if columns > 1 else 0.7 * WIDTH
    with style():
        figure = Figure(figsize=(width, 2.75 * rows + 0.35), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            _panel(axes, panel, looks, has_zero)
            if is_log:
                log_axis(axes)
            axes.set_xlabel(across)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for axes in grid[::columns]:
            axes.set_ylabel(upward)
        legend(figure, looks)
        lay_out(figure)
        for axes, panel in zip(grid, panels, strict=False):
            point_labels.place(figure, axes, [label_of(one) for one in panel.marks])
    return figure


def _panel(axes: Axes, panel: Panel, looks: dict[str, tuple[str, str]], has_zero: bool) -> None:
    axes.grid(visible=True)
    if has_zero:
        axes.axhline(0, color=INK, linewidth=0.7)
    for one in panel.marks:
        mark(axes, one.x, one.y, one.low, one.high, looks[one.family])
    axes.margins(x=0.12, y=0.14)
    axes.set_title(f"{panel.title}\n{panel.words}", fontsize=7.5)


def label_of(one: Mark) -> point_labels.Point:
    return point_labels.within_family(one.name, one.family), one.x, one.y, one.low, one.high


def log_axis(axes: Axes) -> None:
    """Plain numbers at 1, 2 and 5 of each decade."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
