"""Training curves: AUROC on the validation images over steps, a panel an architecture, a line a run."""

import math
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from chex_tf.study.report.appearance import STYLE, WIDTH, of_arms

COLUMNS = 4
Curve = tuple[str, str, np.ndarray, np.ndarray]  # architecture, arm, steps and AUROC


def draw(curves: Sequence[Curve]) -> Figure:
    archs = list(dict.fromkeys(arch for arch, _, _, _ in curves))
    looks = of_arms(arm for _, arm, _, _ in curves)
    columns = min(COLUMNS, len(archs))
    rows = math.ceil(len(archs) / columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 1.35 * rows + 0.55), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        for axes, arch in zip(grid, archs, strict=False):
            for name, arm, steps, values in curves:
                if name == arch:
                    colour, line, marker = looks[arm]
                    # A single evaluation is a point, which a line alone would not show.
                    axes.plot(
                        steps,
                        values,
                        color=colour,
                        linestyle=line,
                        marker=marker if steps.size < 4 else "",
                        markersize=3,
                    )
            axes.set_title(arch)
            axes.grid(visible=True)
        for axes in grid[len(archs) :]:
            axes.set_axis_off()
        for axes in grid[::columns]:
            axes.set_ylabel("AUROC")
        for place in range(len(archs)):
            if place + columns >= len(archs):
                grid[place].set_xlabel("Step")
                grid[place].tick_params(labelbottom=True)
        handles = [Line2D([], [], color=colour, linestyle=line, label=arm) for arm, (colour, line, _) in looks.items()]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    return figure
