"""Decision curves: a panel a task, a line a model, with acting on everybody and on nobody."""

import math
import pathlib

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figures import COLOURS, STYLE, STYLES, TWO_COLUMNS_INCHES, save
from chex_tf.evaluation.net_benefit_section import NetBenefitSection
from chex_tf.statistics.net_benefit import THRESHOLDS

ACROSS = 3
BANDS_AT_MOST = 2  # with more models, bands would hide each other


def draw(section: NetBenefitSection, folder: pathlib.Path) -> list[str]:
    """The names of the files written; none without a curve."""
    if not section.curves:
        return []
    with matplotlib.rc_context(STYLE):
        return save(_figure(section), folder, "net_benefit")


def _figure(section: NetBenefitSection) -> Figure:
    tasks = list(section.curves)
    across = min(ACROSS, len(tasks))
    down = math.ceil(len(tasks) / across)
    width = TWO_COLUMNS_INCHES * across / ACROSS
    figure = Figure(figsize=(width, 0.35 + 0.85 * width / across * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for place, axes in enumerate(grid.ravel()):
        if place >= len(tasks):
            axes.set_axis_off()
            continue
        _panel(axes, section, tasks[place])
        if place // across == down - 1 or place + across >= len(tasks):
            axes.set_xlabel("Threshold probability")
        if place % across == 0:
            axes.set_ylabel("Net benefit per 100")
    handles, names = grid.ravel()[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(4, len(names)), frameon=False, handlelength=2.2)
    return figure


def _panel(axes: Axes, section: NetBenefitSection, task: str) -> None:
    models, everybody = section.curves[task], section.everybody[task]
    for place, (name, curve) in enumerate(list(models.items())[: len(COLOURS)]):
        if len(models) <= BANDS_AT_MOST:
            axes.fill_between(
                THRESHOLDS, 100 * curve.low, 100 * curve.high, color=COLOURS[place], alpha=0.13, linewidth=0
            )
        axes.plot(THRESHOLDS, 100 * curve.value, color=COLOURS[place], linestyle=STYLES[place], label=name)
    axes.plot(THRESHOLDS, 100 * everybody, color="0.55", linewidth=0.8, label="acting on everybody")
    axes.axhline(0, color="0.2", linewidth=0.8, label="acting on nobody")
    highest = max(float(everybody[0]), *(float(np.nanmax(curve.value)) for curve in models.values()))
    # To the right of where the last model gains anything there is nothing to be seen.
    useful = [THRESHOLDS[curve.value > 0.002 * highest] for curve in models.values()]
    end = max([0.1, *(float(found[-1]) for found in useful if found.size)])
    axes.set(title=task, xlim=(0, min(1.0, end + 0.05)), ylim=(-12 * highest, 110 * highest))
