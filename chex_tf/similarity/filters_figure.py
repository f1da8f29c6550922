"""The filters of a first convolution in two networks, those that moved most first."""

import math
import pathlib

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from chex_tf.evaluation.figure_appearance import TWO_COLUMNS_INCHES, head, style
from chex_tf.similarity import figure_files
from chex_tf.similarity.filters import Filters

MOST = 128  # filters shown
GAP = 1  # pixels between filters


def draw(found: Filters, folder: pathlib.Path) -> list[str]:
    with style():
        return figure_files.save(picture(found), folder, "filters")


def picture(found: Filters) -> Figure:
    distance = np.where(np.isfinite(found.moved.distance), found.moved.distance, np.inf)
    order = np.argsort(-distance, kind="stable")[:MOST]
    across = math.ceil(math.sqrt(len(order)))
    down = math.ceil(len(order) / across)
    side = (TWO_COLUMNS_INCHES - 0.4) / 2
    figure = Figure(
        figsize=(TWO_COLUMNS_INCHES, side * down / across + 0.35), layout=ConstrainedLayoutEngine(wspace=0.06)
    )
    panels: tuple[Axes, Axes] = tuple(figure.subplots(1, 2))
    for axes, grey, title in zip(panels, (found.a, found.b), ("A", "B"), strict=True):
        axes.imshow(_mosaic(grey[..., order], across, down), cmap="gray", vmin=-1, vmax=1, interpolation="nearest")
        axes.set_title(title)
        axes.axis("off")
    rows, columns, _, filters = found.shape
    shown = "All" if len(order) == filters else f"The {len(order)} that moved most of"
    head(
        figure,
        [
            f"A: {found.names[0]}. B: {found.names[1]}.",
            f"{shown} {filters:,} filters of {found.layer}, {rows}×{columns}, as a grey film meets them, those that "
            "moved most first, row by row, in the same places on both sides. Each by itself: mid-grey is 0, white its "
            "largest number, of either sign, and black minus that.",
        ],
    )
    return figure


def _mosaic(filters: np.ndarray, across: int, down: int) -> np.ndarray:
    """Filters (rows, columns, filters), each scaled to at most 1, side by side with gaps of NaN, which stay white."""
    rows, columns, count = filters.shape
    made = np.full((down * (rows + GAP) - GAP, across * (columns + GAP) - GAP), np.nan)
    largest = np.abs(filters).max(axis=(0, 1))
    for number in range(count):
        row, column = divmod(number, across)
        place = slice(row * (rows + GAP), row * (rows + GAP) + rows)
        beside = slice(column * (columns + GAP), column * (columns + GAP) + columns)
        made[place, beside] = filters[..., number] / (largest[number] or 1.0)
    return made
