"""Training curves: a number of the validation images over steps, a panel an architecture or group, a line a run."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.study.report.appearance import INK, WIDTH, of_arms, style

COLUMNS = 4
FEW = 12  # lines of a panel that can be told apart; more are thinner
LETTERS = 105  # of the legend's type, across the figure
SAMPLE = 6  # letters that a line's sample in the legend takes the room of


class Curve(NamedTuple):
    """A run: in which panel, of which arm, AUROC and the loss of validation images after `steps`, and the mean loss of
    the training steps before each; NaN where there is none."""

    panel: str
    arm: str
    steps: np.ndarray
    auroc: np.ndarray
    loss: np.ndarray
    training_loss: np.ndarray
    is_source: bool = False


def draw(curves: Sequence[Curve]) -> Figure:
    """AUROC; all panels have one scale."""
    return _draw(curves, "AUROC", [("auroc", True)], shares_scale=True)


def draw_losses(curves: Sequence[Curve]) -> Figure:
    """Validation loss as AUROC is drawn, training loss thin and pale; each panel has its own scale."""
    return _draw(curves, "Loss", [("training_loss", False), ("loss", True)], shares_scale=False)


def _draw(curves: Sequence[Curve], label: str, shown: Sequence[tuple[str, bool]], shares_scale: bool) -> Figure:
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    looks = of_arms(curve.arm for curve in curves)
    columns = min(COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    across = max(1, LETTERS // (SAMPLE + max(map(len, looks))))
    heights = 0.15 * math.ceil((len(looks) + 2) / across), 0.15 * any("\n" in panel for panel in panels)
    with style():
        figure = Figure(figsize=(WIDTH, (1.35 + heights[1]) * rows + 0.4 + heights[0]), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=shares_scale, sharey=shares_scale).ravel()
        for axes, panel in zip(grid, panels, strict=False):
            own = [curve for curve in curves if curve.panel == panel]
            bold, solid = (1.2, 1.0) if len(own) <= FEW else (0.8, 0.75)
            for curve in own:
                for name, is_main in shown:
                    colour, line, marker = looks[curve.arm]
                    # A single evaluation is a point, which a line alone would not show.
                    axes.plot(
                        curve.steps,
                        getattr(curve, name),
                        color=colour,
                        linestyle=line,
                        linewidth=bold if is_main else bold / 2,
                        alpha=solid if is_main else 0.6,
                        marker=marker if curve.steps.size < 4 else "",
                        markersize=3 if is_main else 1.5,
                    )
            axes.set_title(panel)
            axes.grid(visible=True)
            axes.locator_params(axis="x", nbins=4)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        for axes in grid[::columns]:
            axes.set_ylabel(label)
        for place in range(len(panels)):
            if place + columns >= len(panels):
                grid[place].set_xlabel("Step")
                grid[place].tick_params(labelbottom=True)
        handles = [Line2D([], [], color=colour, linestyle=line, label=arm) for arm, (colour, line, _) in looks.items()]
        if len(shown) > 1:
            handles += [
                Line2D([], [], color=INK, linewidth=1.2, label="validation"),
                Line2D([], [], color=INK, linewidth=0.6, alpha=0.6, label="training"),
            ]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), across), frameon=False)
    return figure
