"""Up to four panels for what a study found, as the paper's Figure 1."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.study.report import truncation_figure
from chex_tf.study.report.appearance import GRID, INK, WIDTH, lay_out, legend, mark, of_families, style
from chex_tf.study.report.scatter import Mark

Looks = Mapping[str, tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Summary:
    """`models` are the pretrained whole ones at their ImageNet accuracy, `boosted` by architecture the AUROC from
    scratch and pretrained, `lines` the truncated networks' changes."""

    models: tuple[Mark, ...]
    boosted: Mapping[str, tuple[Mark, Mark]]
    lines: truncation_figure.Lines


def draw(given: Summary) -> Figure:
    """Only panels that have something to show; two beside each other."""
    truncated = [one.family for marks in given.lines.values() for one in marks]
    paired = [one.family for one, _ in given.boosted.values()]
    looks = of_families([*(one.family for one in given.models), *paired, *truncated])
    panels: list[Callable[[Axes], None]] = []
    if given.models:
        panels += [lambda axes: _accuracy(axes, given.models, looks), lambda axes: _families(axes, given.models, looks)]
    if given.boosted:
        panels.append(lambda axes: _arms(axes, given.boosted, looks))
    if given.lines:
        panels.append(lambda axes: _truncation(axes, given.lines, looks))
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    with style():
        figure = Figure(figsize=(WIDTH if columns > 1 else 0.7 * WIDTH, 2.3 * rows + 0.3), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            panel(axes)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        legend(figure, looks)
        lay_out(figure)
    return figure


def _accuracy(axes: Axes, models: Sequence[Mark], looks: Looks) -> None:
    axes.grid(visible=True)
    if len(models) > 2 and np.ptp([one.x for one in models]) > 0:
        x, y = np.array([one.x for one in models]), np.array([one.y for one in models])
        ends = np.array([x.min(), x.max()])
        axes.plot(ends, np.polyval(np.polyfit(x, y, 1), ends), color=INK, linewidth=0.8, linestyle="--")
    for one in models:
        mark(axes, one.x, one.y, one.low, one.high, looks[one.family])
    axes.set(title="ImageNet accuracy", xlabel="ImageNet top-1 (%)", ylabel="AUROC")


def _families(axes: Axes, models: Sequence[Mark], looks: Looks) -> None:
    axes.grid(visible=True, axis="y")
    names = list(dict.fromkeys(one.family for one in models))
    for place, family in enumerate(names):
        members = [one for one in models if one.family == family]
        spread = np.linspace(-0.25, 0.25, len(members)) if len(members) > 1 else [0.0]
        for shift, one in zip(spread, members, strict=True):
            mark(axes, place + shift, one.y, one.low, one.high, looks[family])
    axes.set_xticks(range(len(names)), names, rotation=25, ha="right")
    axes.set(title="Families", ylabel="AUROC")


def _arms(axes: Axes, boosted: Mapping[str, tuple[Mark, Mark]], looks: Looks) -> None:
    """A thin line a model, and the mean over models."""
    axes.grid(visible=True, axis="y")
    for scratch, pretrained in boosted.values():
        colour, marker = looks[scratch.family]
        axes.plot([0, 1], [scratch.y, pretrained.y], color=colour, linewidth=0.7)
        for place, one in enumerate((scratch, pretrained)):
            axes.plot(place, one.y, marker, color=colour, markersize=4, markeredgecolor=INK, markeredgewidth=0.4)
    if boosted:
        means = [float(np.mean([pair[side].y for pair in boosted.values()])) for side in (0, 1)]
        axes.plot([0, 1], means, color=INK, linewidth=2)
        axes.annotate(
            "mean", (1, means[1]), (6, 0), textcoords="offset points", va="center",
            bbox={"facecolor": "none", "edgecolor": GRID, "boxstyle": "round,pad=0.15", "linewidth": 0.5},
        )  # fmt: skip
    axes.set_xticks([0, 1], ["scratch", "pretrained"])
    axes.set_xlim(-0.25, 1.45)
    axes.set(title="Pretraining", ylabel="AUROC")


def _truncation(axes: Axes, lines: truncation_figure.Lines, looks: Looks) -> None:
    truncation_figure.panel(axes, lines, looks, has_margin=True)
    axes.set(title="Truncation", ylabel="Change of AUROC")
