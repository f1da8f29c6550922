"""Names beside the points of a figure, where they fit: none lies on another, on a point, or outside."""

import itertools
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

SIZE = 6.0  # points
_NEAR, _FAR = 4.5, 8.0  # points from the middle of a point to its label
_MARK = 3.2  # points from the middle of a point to its edge
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
_ACROSS, _UPWARD = {1: "left", 0: "center", -1: "right"}, {1: "bottom", 0: "center", -1: "top"}

Point = tuple[str, float, float, float, float]  # name, x, y and the ends of the error bar


def place(
    figure: Figure, axes: Axes, points: Sequence[Point], lines: Sequence[Sequence[tuple[float, float]]] = ()
) -> list[str]:
    """Labels what can be labelled and gives the names of those left without; the figure must be laid out. `lines` are
    drawn between points, and labels keep clear of them where they can."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    scale = figure.dpi / 72
    middles = {place: axes.transData.transform((x, y)) for place, (_, x, y, _, _) in enumerate(points)}
    taken = [_around(x, y, _MARK * scale) for x, y in middles.values()]
    taken += [text.get_window_extent(renderer) for text in axes.texts]
    bars = [_bar(axes, point) for point in points]
    along = [_around(*middle, 1) for line in lines for middle in _along(axes, line)]
    left = []
    for number, (name, x, y, _, _) in enumerate(points):
        if not name:
            continue
        fits = False
        # A label may lie across a line and its own error bar, then across another's, if there is no better place;
        # never on a name or a point.
        others = [bar for place, bar in enumerate(bars) if place != number]
        for avoided, far in itertools.product((taken + bars + along, taken + others, taken), (_NEAR, _FAR)):
            for across, upward in _SIDES:
                reach = far if not (across and upward) else far * 0.75
                label = axes.annotate(
                    name,
                    (x, y),
                    (across * reach, upward * reach),
                    textcoords="offset points",
                    ha=_ACROSS[across],
                    va=_UPWARD[upward],
                    fontsize=SIZE,
                )
                box = label.get_window_extent(renderer)
                inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
                inside &= axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
                if inside and not any(box.overlaps(other) for other in avoided):
                    fits = True
                    break
                label.remove()
            if fits:
                taken.append(box)
                break
        if not fits:
            left.append(name)
    return left


def _around(x: float, y: float, reach: float) -> Bbox:
    return Bbox.from_extents(x - reach, y - reach, x + reach, y + reach)


def _along(axes: Axes, line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places on the figure along a line, closer to each other than a label is high."""
    ends = axes.transData.transform(line)
    return [
        (float(x), float(y))
        for start, end in itertools.pairwise(ends)
        for x, y in np.linspace(start, end, max(2, int(np.hypot(*(end - start)) / _MARK)))
    ]


def _bar(axes: Axes, point: Point) -> Bbox:
    _, x, _, low, high = point
    (left, bottom), (right, top) = axes.transData.transform([(x, low), (x, high)])
    return Bbox.from_extents(left - 1, bottom, right + 1, top)


def within_family(name: str, family: str) -> str:
    """What a label need not repeat, since colour and marker say the family: `121` for DenseNet121."""
    return name.removeprefix(family).lstrip("-_ ")
