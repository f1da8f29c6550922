"""The few-label curve as a figure: AUROC of the linear probe by share of the training patients."""

import pathlib

import matplotlib.ticker
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from chex_tf.evaluation.figure_appearance import (
    COLOURS,
    COLUMN_INCHES,
    MARKERS,
    STYLES,
    head,
    legend_below,
    save,
    set_words,
    style,
)
from chex_tf.evaluation.tables.tasks_shown import summary
from chex_tf.probing.curve import WHOLE
from chex_tf.probing.films import TRAIN
from chex_tf.probing.probing import Found
from chex_tf.probing.table import estimates
from chex_tf.statistics.measure import MEAN


def write(folder: pathlib.Path, found: Found) -> list[str]:
    with style():
        return save(draw(found), folder, "few_labels")


def draw(found: Found) -> Figure:
    whole = found.probes[0]
    task = summary(whole.evaluation)
    figure = Figure(figsize=(COLUMN_INCHES, 2.3), layout="constrained")
    axes = figure.subplots()
    entries: dict[str, Artist] = {}
    count = len(found.sets)
    for place, one in enumerate(found.sets):
        points = [
            (point.patients, value.over.value, value.interval)
            for point in found.curve
            for value in point.values
            if value.task == task and value.pool.name == one.name
        ]
        if WHOLE in found.settings.patients and task in estimates(whole, one.name):
            estimate = estimates(whole, one.name)[task]
            points.append((found.films.patients_among(found.films.rows(TRAIN)), estimate.value, estimate.interval))
        aside = 1.05 ** (place - (count - 1) / 2)  # so that bars of several sets do not cover each other
        line, *_ = axes.errorbar(
            [patients * aside for patients, _, _ in points],
            [value for _, value, _ in points],
            yerr=[
                [value - interval.low for _, value, interval in points],
                [interval.high - value for _, value, interval in points],
            ],
            color=COLOURS[place % len(COLOURS)],
            linestyle=STYLES[place % len(STYLES)],
            marker=MARKERS[place % len(MARKERS)],
            markersize=3,
            elinewidth=0.7,
        )
        entries[one.name] = line
    axes.axhline(0.5, color="0.6", linewidth=0.6)
    axes.set_xscale("log")
    every = [point.patients for point in found.curve]
    every += [found.films.patients_among(found.films.rows(TRAIN))] * (WHOLE in found.settings.patients)
    shares = [f"{point.share:g}%" for point in found.curve] + ["100%"] * (WHOLE in found.settings.patients)
    axes.set_xticks(every, [f"{patients:,}\n{share}" for patients, share in zip(every, shares, strict=True)])
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    kept = len(whole.evaluation.mean_over)
    axes.set(
        xlabel="Training patients, and their share",
        ylabel=f"Mean AUROC of {kept} tasks" if task == MEAN else f"AUROC, {task}",
    )
    axes.grid(axis="y", color="0.9", linewidth=0.5)
    subsets = f"the mean of {found.settings.repeats} subsets a share, over subsets and patients"
    head(figure, [set_words(whole.evaluation), f"Linear probe; bars: 95% intervals, {subsets}. Grey: chance."])
    legend_below(figure, entries, 3)
    return figure
