"""What truncation costs and saves: the change of AUROC against how many times smaller a network became (Table 2)."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.study.claim_statistics import NO_LOSS
from chex_tf.study.report import point_labels
from chex_tf.study.report.appearance import GRID, INK, WIDTH, lay_out, legend, mark, of_families, style
from chex_tf.study.report.scatter import Mark, log_axis

Lines = Mapping[str, Sequence[Mark]]  # by whole network, its truncated ones, the least truncated first


def draw(lines: Lines, upward: str, has_margin: bool = True) -> Figure:
    looks = of_families(one.family for marks in lines.values() for one in marks)
    with style():
        figure = Figure(figsize=(0.75 * WIDTH, 3.3), layout="constrained")
        axes = figure.subplots()
        panel(axes, lines, looks, has_margin)
        axes.set_ylabel(upward)
        axes.margins(y=0.12)
        legend(figure, looks)
        lay_out(figure)
        labels = [
            (one.name.removeprefix(whole).replace("Minus", "−"), one.x, one.y, one.low, one.high)
            for whole, marks in lines.items()
            for one in marks
        ]
        drawn = [[(1.0, 0.0), *((one.x, one.y) for one in marks)] for marks in lines.values()]
        point_labels.place(figure, axes, labels, drawn)
    return figure


def panel(axes: Axes, lines: Lines, looks: Mapping[str, tuple[str, str]], has_margin: bool) -> None:
    axes.grid(visible=True)
    if has_margin:
        axes.axhspan(-NO_LOSS, 0, color=GRID, alpha=0.6, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.7)
    for marks in lines.values():
        look = looks[marks[0].family]
        axes.plot([1, *(one.x for one in marks)], [0, *(one.y for one in marks)], color=look[0], linewidth=0.8)
        for one in marks:
            mark(axes, one.x, one.y, one.low, one.high, look)
    log_axis(axes)
    axes.set_xlim(left=0.9)
    axes.set_xlabel("Times smaller")
