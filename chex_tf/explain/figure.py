"""CheXtransfer's Figure 5: one row per radiograph, one column per network of a family, all on one colour scale."""

import dataclasses
import pathlib
import textwrap
from collections.abc import Sequence

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from chex_tf.evaluation.figure_appearance import SKY, TWO_COLUMNS_INCHES, save, style
from chex_tf.explain import overlay

PANEL_INCHES, FEWEST_PANEL_INCHES = 1.7, 1.5  # as they are, and where four would otherwise not fit two columns
_BAR_INCHES = 0.9  # of the colour bar and the rows' names
_LARGEST = 640  # pixels of a film's longer side
_CAPTION_INCHES, _HEAD_INCHES, _NOTE_INCHES = 0.22, 0.25, 0.12
_NOTE_LETTERS = 21  # of six points, an inch
_MIDDLE_GREY = 110


@dataclasses.dataclass(frozen=True)
class Panel:
    """`bright` (height, width), 0 to 1, as large as the film."""

    bright: np.ndarray
    probability: float


@dataclasses.dataclass(frozen=True)
class Row:
    label: str
    grey: np.ndarray  # uint8 (height, width)
    region: np.ndarray | None  # bool, of any size; its outline is drawn
    panels: tuple[Panel, ...]

    @property
    def is_outlined(self) -> bool:
        """Whether the region has an edge."""
        return self.region is not None and bool(self.region.any()) and not self.region.all()


def shrunk(grey: np.ndarray) -> np.ndarray:
    """The film, shrunk to what a panel can show."""
    scale = _LARGEST / max(grey.shape)
    if scale >= 1:
        return grey
    return cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def draw(
    folder: pathlib.Path, rows: Sequence[Row], columns: Sequence[str], grids: Sequence[tuple[int, int]], notes: str
) -> list[str]:
    """Writes figure.pdf and figure.png; returns their names."""
    with style():
        return save(_figure(rows, columns, grids, notes), folder, "figure")


def _figure(rows: Sequence[Row], columns: Sequence[str], grids: Sequence[tuple[int, int]], notes: str) -> Figure:
    across = 1 + len(columns)
    side = max(FEWEST_PANEL_INCHES, min(PANEL_INCHES, (TWO_COLUMNS_INCHES - _BAR_INCHES) / across))
    heights = [side * min(1.6, row.grey.shape[0] / row.grey.shape[1]) for row in rows]
    width = across * side + _BAR_INCHES
    notes = "\n".join(textwrap.fill(line, int(width * _NOTE_LETTERS)) for line in notes.split("\n"))
    note_lines = notes.count("\n") + 1
    height = sum(heights) + _CAPTION_INCHES * len(rows) + _HEAD_INCHES + _NOTE_INCHES * note_lines + 0.1
    # Without the padding the rows' names touch the edge.
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.08))
    foot_height = _NOTE_INCHES * note_lines
    pictures, foot = figure.subfigures(2, 1, squeeze=False, height_ratios=(height - foot_height, foot_height))[:, 0]
    grid = pictures.subplots(len(rows), across, squeeze=False, height_ratios=heights)
    for row, line in zip(rows, grid, strict=True):
        region = row.region if row.is_outlined else None
        _film(line[0], row.grey, region)
        line[0].set_ylabel(row.label)
        for axes, panel, cells in zip(line[1:], row.panels, grids, strict=True):
            _film(axes, overlay.blend(row.grey, panel.bright), region)
            axes.set_xlabel(f"probability {panel.probability:.2f} · {cells[0]}×{cells[1]}", labelpad=2)
    for axes, name in zip(grid[0], ("Radiograph", *columns), strict=True):
        axes.set_title(name, fontsize=8)
    scale = overlay.blend(np.full((1, 256), _MIDDLE_GREY, np.uint8), np.linspace(0, 1, 256)[np.newaxis])
    colours = matplotlib.cm.ScalarMappable(cmap=ListedColormap(scale[0] / 255.0))
    bar = pictures.colorbar(colours, ax=grid, fraction=0.03, pad=0.01, aspect=30)
    bar.set_label("Map ÷ its peak × predicted probability")
    bar.outline.set_linewidth(0.4)
    foot.text(0.005, 0.95, notes, fontsize=6, color="0.35", va="top")
    return figure


def _film(axes: Axes, picture: np.ndarray, region: np.ndarray | None) -> None:
    height, width = picture.shape[:2]
    axes.imshow(picture, cmap="gray" if picture.ndim == 2 else None, vmin=0, vmax=255, interpolation="lanczos")
    axes.set(xticks=(), yticks=())
    for spine in axes.spines.values():
        spine.set_visible(False)
    if region is not None:
        down, across = (np.arange(count) + 0.5 for count in region.shape)
        axes.contour(
            across * width / region.shape[1] - 0.5,
            down * height / region.shape[0] - 0.5,
            region.astype(float),
            levels=[0.5],
            colors=[SKY],
            linewidths=0.8,
        )
