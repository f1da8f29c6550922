"""How much arms differ in AUROC from the one they are compared with: a row an arm, the difference with its interval."""

import dataclasses
import functools
import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
        is_bare = all(math.isnan(one.found.interval.low) for one in compared)
        handles = rows_figure.handles("of one subset", "difference" if is_bare else "difference, 95% interval")
        shown = handles if any(one.by_run for one in compared) else handles[1:]
        figure.legend(handles=shown, loc="outside lower center", ncols=2, frameon=False)
    return figure


def _row(axes: Axes, at: float, one: Beside) -> None:
    axes.plot([0, 0], [at - 0.5, at + 0.5], color=INK, linewidth=0.6, zorder=1)
    rows_figure.mean(axes, at, one.found.value, one.found.interval.low, one.found.interval.high)
    for place, value in zip(rows_figure.places(at, len(one.by_run)), one.by_run, strict=True):
        rows_figure.run(axes, place, value)
