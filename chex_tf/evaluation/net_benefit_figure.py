"""Decision curves: a panel a task, a line a model, with acting on everybody and on nobody."""

import math
import pathlib

import matplotlib.ticker
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    STYLES,
    TWO_COLUMNS_INCHES,
    head,
    legend_below,
    save,
    set_words,
    style,
)
from chex_tf.evaluation.net_benefit_section import NetBenefitSection
from chex_tf.evaluation.recalibrating import Recalibrated
from chex_tf.statistics.net_benefit import THRESHOLDS

ACROSS = 3
BANDS_AT_MOST = 2  # with more models, bands would hide each other


def draw(section: NetBenefitSection, folder: pathlib.Path, recalibrated: Recalibrated | None = None) -> list[str]:
    """The names of the files written; none without a curve."""
    if not section.curves:
        return []
    with style():
        return save(_figure(section, recalibrated), folder, "net_benefit")


def _figure(section: NetBenefitSection, recalibrated: Recalibrated | None) -> Figure:
    tasks = list(section.curves)
    across = min(ACROSS, len(tasks))
    down = math.ceil(len(tasks) / across)
    width = TWO_COLUMNS_INCHES * across / ACROSS
    figure = Figure(figsize=(width, 0.1 + (0.85 * width / across + 0.15) * down), layout="constrained")
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
    entries: dict[str, Artist] = dict(zip(names, handles, strict=True))
    legend_below(figure, entries, 4)
    every = len(section.curves[tasks[0]])
    sentences = [
        set_words(section.evaluation),
        "Below a task: its positive / negative rows.",
        recalibrated.in_short if recalibrated else "",
        f"Lines: the first {len(COLOURS)} of {every:,} models." if every > len(COLOURS) else "",
        "Bands: 95% intervals, threshold by threshold."
        if every <= BANDS_AT_MOST
        else f"No bands with more than {BANDS_AT_MOST} models: they would hide each other; the table has intervals.",
        "Below 0 the axis is compressed.",
    ]
    head(figure, sentences)
    return figure


def _panel(axes: Axes, section: NetBenefitSection, task: str) -> None:
    models, everybody = section.curves[task], section.everybody[task]
    shown = list(models.items())[: len(COLOURS)]
    has_bands = len(models) <= BANDS_AT_MOST
    for place, (name, curve) in enumerate(shown):
        if has_bands:
            axes.fill_between(
                THRESHOLDS, 100 * curve.low, 100 * curve.high, color=COLOURS[place], alpha=0.13, linewidth=0
            )
        axes.plot(THRESHOLDS, 100 * curve.value, color=COLOURS[place], linestyle=STYLES[place], label=name)
    axes.plot(THRESHOLDS, 100 * everybody, color="0.55", linewidth=0.8, label="acting on everybody")
    axes.axhline(0, color="0.2", linewidth=0.8, label="acting on nobody")
    highest = 100 * max(
        float(everybody[0]), *(float(np.nanmax(curve.high if has_bands else curve.value)) for _, curve in shown)
    )
    # To the right of where the last model gains anything there is nothing to be seen.
    useful = [THRESHOLDS[100 * curve.value > 0.002 * highest] for _, curve in shown]
    end = min(1.0, max([0.1, *(float(found[-1]) for found in useful if found.size)]) + 0.05)
    # A line that is lower for a while must stay in sight, or it would be broken; only acting on everybody leaves it.
    seen = end >= THRESHOLDS
    lowest = 100 * min(float(np.nanmin((curve.low if has_bands else curve.value)[seen])) for _, curve in shown)
    _compress_below_0(axes, 0.1 * highest, min(1.2 * lowest, -0.1 * highest), 1.1 * highest)
    positives, negatives = section.evaluation.counts[task]
    axes.set_title(f"{task}\n{positives:,} / {negatives:,}")
    axes.set_xlim(0, end)


def _compress_below_0(axes: Axes, unit: float, lowest: float, highest: float) -> None:
    """Linear from 0 up, logarithmic below it from about `unit` on."""

    def forward(value: np.ndarray) -> np.ndarray:
        return np.where(value >= 0, value, -unit * np.log1p(np.maximum(-value, 0) / unit))

    def inverse(place: np.ndarray) -> np.ndarray:
        return np.where(place >= 0, place, -unit * np.expm1(np.minimum(np.maximum(-place, 0) / unit, 50)))

    axes.set_yscale("function", functions=(forward, inverse))
    axes.set_ylim(lowest, highest)
    above = [one for one in matplotlib.ticker.MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(0, highest) if one >= 0]
    apart = 0.09 * (highest - float(forward(np.array(lowest))))  # of tick labels that do not touch
    below = [0.0]
    for one in (-digit * 10.0**power for power in range(4) for digit in (1, 2, 5)):
        if one >= lowest and float(forward(np.array(below[-1])) - forward(np.array(one))) >= apart:
            below.append(one)
    axes.set_yticks([*below, *(one for one in above if 0 < one <= highest)])
