"""Similarity by layer: a heat map of all pairs beside what chance gives, and matched layers as a profile."""

import math
import pathlib

import numpy as np
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    TWO_COLUMNS_INCHES,
    head,
    inches,
    legend_below,
    shortened,
    style,
)
from chex_tf.similarity import figure_files
from chex_tf.similarity.found import Comparison
from chex_tf.similarity.measures import STATISTICS
from chex_tf.similarity.settings import EVERY

NUMBERS_UP_TO = 8  # layers of a side; in more the cells are too small for numbers
LABEL_POINTS, LABEL_INCHES = 6.5, 1.3
COLOUR_MAP = "viridis"


def draw(found: Comparison, folder: pathlib.Path) -> list[str]:
    """For each statistic a heat map where all pairs of several layers were compared, else a profile of several matched
    layers; nothing of a single pair."""
    written: list[str] = []
    with style():
        for name in found.settings.statistics:
            if len(found.pairs) == 1 or all(row.refusal for row in found.of(name).values()):
                continue
            if found.settings.pairs == EVERY:
                written += figure_files.save(heat_map(found, name), folder, f"heat_map_{name}")
            else:
                written += figure_files.save(profile(found, name), folder, f"profile_{name}")
    return written


def heat_map(found: Comparison, statistic: str) -> Figure:
    first, second = found.layers()
    rows = found.of(statistic)
    panels = [
        ("A and B", lambda row: row.value),
        ("Permuted films", lambda row: _mean(row.permuted)),
        ("Random networks", lambda row: _mean(row.random)),
    ][: 3 if found.of_runs else 2]
    grids = [np.array([[of(rows[a, b]) for b in second] for a in first], float) for _, of in panels]
    longest = [
        max(inches(shortened(one, LABEL_POINTS, LABEL_INCHES), LABEL_POINTS) for one in side)
        for side in (first, second)
    ]
    cell = (TWO_COLUMNS_INCHES - longest[0] - 1.1) / (len(panels) * len(second))
    height = cell * len(first) + longest[1] + 0.85
    figure = Figure(figsize=(TWO_COLUMNS_INCHES, height), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axis, (title, _), grid in zip(axes, panels, grids, strict=True):
        image = axis.imshow(np.clip(grid, 0, 1), cmap=COLOUR_MAP, vmin=0, vmax=1, aspect="equal")
        axis.set_title(title)
        names = [shortened(layer, LABEL_POINTS, LABEL_INCHES) for layer in second]
        axis.set_xticks(range(len(second)), names, rotation=90, size=LABEL_POINTS)
        shown = [shortened(layer, LABEL_POINTS, LABEL_INCHES) for layer in first] if axis is axes[0] else []
        axis.set_yticks(range(len(first)), shown or [""] * len(first), size=LABEL_POINTS)
        axis.spines[:].set_visible(False)
        _write_numbers(axis, grid, max(len(first), len(second)))
    axes[0].set_ylabel("Layer of A")
    figure.supxlabel("Layer of B", size=7.5)
    bar = figure.colorbar(image, ax=list(axes), shrink=0.9, pad=0.01, aspect=18)
    bar.set_label(_sentence(statistic))
    bar.outline.set_visible(False)
    empty = any(np.isnan(grid).any() for grid in grids)
    head(figure, [*_about(found), "Empty: refused, see the table." if empty else ""])
    return figure


def _write_numbers(axis: object, grid: np.ndarray, layers: int) -> None:
    if layers > NUMBERS_UP_TO:
        return
    for (row, column), value in np.ndenumerate(grid):
        if not math.isnan(value):
            colour = "black" if value > 0.6 else "white"
            shown = f"{value:.2f}".replace("-0.00", "0.00")
            axis.text(column, row, shown, ha="center", va="center", size=6, color=colour)  # type: ignore[attr-defined]


def profile(found: Comparison, statistic: str) -> Figure:
    """Matched layers in the order given."""
    rows = [row for row in found.of(statistic).values() if not row.refusal]
    figure = Figure(figsize=(TWO_COLUMNS_INCHES, 2.6), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    values = np.array([row.value for row in rows])
    ends = np.array([[row.interval.low, row.interval.high] for row in rows])
    axes.vlines(places, ends[:, 0], ends[:, 1], color=COLOURS[0], linewidth=1.2)
    entries = {"A and B, 95% interval": axes.plot(places, values, "o-", color=COLOURS[0], markersize=3.5)[0]}
    entries["permuted films"] = axes.plot(
        places, [_mean(row.permuted) for row in rows], "s:", color=COLOURS[1], markersize=3
    )[0]
    if found.of_runs:
        entries["random networks"] = axes.plot(
            places, [_mean(row.random) for row in rows], "^--", color=COLOURS[2], markersize=3
        )[0]
    names = [row.layers[0] if row.layers[0] == row.layers[1] else " / ".join(row.layers) for row in rows]
    axes.set_xticks(places, [shortened(name, LABEL_POINTS, LABEL_INCHES) for name in names], rotation=30, ha="right")
    low = min(0.0, float(np.nanmin(ends)) if not np.isnan(ends).all() else 0.0)
    axes.set(ylabel=_sentence(statistic), ylim=(low - 0.03, 1.03), xlim=(-0.3, len(rows) - 0.7))
    axes.grid(axis="y", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)
    legend_below(figure, entries, 3)
    refused = [row for row in found.of(statistic).values() if row.refusal]
    head(figure, [*_about(found), f"Left out: {len(refused)} refused, see the table." if refused else ""])
    return figure


def _sentence(statistic: str) -> str:
    words = STATISTICS[statistic].words
    return words[0].upper() + words[1:]


def _about(found: Comparison) -> list[str]:
    return [f"A: {found.names[0]}. B: {found.names[1]}.", f"{found.cohort}; {found.points}."]


def _mean(values: tuple[float, ...]) -> float:
    return float(np.mean(values)) if values else math.nan
