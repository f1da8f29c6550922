"""One figure of how sources of films differ: intensities, labels, and who was imaged."""

import math
import pathlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.audit.shift import Shift, Source
from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    MARKERS,
    STYLES,
    TWO_COLUMNS_INCHES,
    head,
    legend_below,
    save,
    style,
)

NAME = "shift"
_ROW_INCHES = 0.17
_SOURCES_AT_MOST = len(COLOURS)
_OFFSET = 0.6  # of a row, over which several sources are spread


def write(folder: pathlib.Path, found: Shift) -> list[str]:
    with style():
        return save(draw(found), folder, NAME)


def draw(found: Shift) -> Figure:
    sources = found.sources[:_SOURCES_AT_MOST]
    tasks = list(dict.fromkeys(task for source in sources for task in source.prevalence))
    kinds = list(dict.fromkeys(kind for source in sources for kind in source.subgroups))
    height = max(2.0, 0.7 + _ROW_INCHES * (len(tasks) + len(kinds) + 1))
    figure = Figure(figsize=(TWO_COLUMNS_INCHES, height), layout="constrained")
    intensities, shares = figure.subplots(1, 2, width_ratios=(1, 1.15))
    entries = {}
    for place, source in enumerate(sources):
        edges = np.linspace(0, 256, len(source.histogram) + 1)
        entries[_words(source)] = intensities.stairs(
            100 * source.histogram, edges, color=COLOURS[place], linestyle=STYLES[place], linewidth=1.1
        )
    intensities.set(xlabel="Grey level", ylabel="Pixels of an average film (%)", xlim=(0, 256), ylim=(0, None))
    intensities.set_xticks(range(0, 257, 64))
    _shares(shares, sources, tasks, kinds)
    head(figure, _sentences(found))
    legend_below(figure, entries, 3)
    return figure


def _shares(axes: Axes, sources: Sequence[Source], tasks: Sequence[str], kinds: Sequence[str]) -> None:
    """Labels above, subgroups below a line."""
    rows = [*tasks, *kinds]
    for place, source in enumerate(sources):
        aside = _OFFSET * ((place + 0.5) / len(sources) - 0.5)
        for row, name in enumerate(rows):
            share = source.prevalence.get(name) if row < len(tasks) else source.subgroups.get(name)
            if share is None or math.isnan(share.value):
                continue
            low, high = share.interval.low, share.interval.high
            if not math.isnan(low):
                axes.plot([100 * low, 100 * high], [row + aside] * 2, color=COLOURS[place], linewidth=0.8)
            axes.plot(100 * share.value, row + aside, MARKERS[place], color=COLOURS[place], markersize=3)
    if tasks and kinds:
        axes.axhline(len(tasks) - 0.5, color="0.75", linewidth=0.6)
    axes.set_yticks(range(len(rows)), rows)
    axes.set(xlabel="Share of films (%), 95% interval over patients", ylim=(len(rows) - 0.5, -0.5), xlim=(0, 100))
    axes.grid(axis="x", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)


def _words(source: Source) -> str:
    return f"{source.name}: {source.films:,} films of {source.patients:,} patients"


def _sentences(found: Shift) -> list[str]:
    told = []
    for one in found.told:
        interval = f"[{one.interval.low:.3f}, {one.interval.high:.3f}]"
        words = one.reason or f"a film's source is told with an AUROC of {one.auroc:.3f} {interval}"
        told.append(f"{one.first} against {one.second}: {words}")
    shown = [f"{'; '.join(told)}."]
    left = len(found.sources) - _SOURCES_AT_MOST
    return [*shown, *([f"{left} more sources are in the tables alone."] if left > 0 else [])]
