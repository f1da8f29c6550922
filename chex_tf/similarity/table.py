"""The table on the terminal: each similarity with its interval and what unrelated films and random networks give."""

from collections.abc import Sequence

import numpy as np

from chex_tf.evaluation.tables import columns
from chex_tf.similarity.found import Comparison
from chex_tf.similarity.measures import STATISTICS
from chex_tf.similarity.refusal import Refusal
from chex_tf.similarity.results import Similarity
from chex_tf.statistics.measure import Estimate

HEADER = ("A", "B", "neurons", "points", "similarity", "value [95% interval]", "permuted films", "random networks")


def text(found: Comparison) -> str:
    settings = found.settings
    notes: list[str] = []
    rows = [_row(row, notes) for row in found.rows]
    about = [
        f"A: {found.names[0]}",
        f"B: {found.names[1]}",
        f"{found.cohort}; {found.points}.",
    ]
    units = f"{found.unit}s"
    explained = [
        f"Intervals: jackknife over {settings.groups} groups of {units}. Permuted films: mean (largest) over "
        f"{settings.permutations:,} pairings of films that do not belong together, {units} in another order.",
        f"Random networks: the same architectures with random weights, {settings.random_networks} "
        f"{'pair' if settings.random_networks == 1 else 'pairs'}."
        if found.of_runs
        else "Random networks: none, as files do not say what made their features.",
        *notes,
    ]
    named = [f"{name}: {STATISTICS[name].words}" for name in settings.statistics]
    if "svcca" in settings.statistics:
        named.append(f"svcca keeps {settings.variance:g} of either side's variance")
    explained.append(f"{'; '.join(named)}.")
    return "\n".join(
        [*map(columns.filled, about), "", columns.lines(HEADER, rows, 2), "", *map(columns.filled, explained)]
    )


def _row(row: Similarity, notes: list[str]) -> Sequence[str]:
    neurons = f"{row.neurons[0]:,}, {row.neurons[1]:,}"
    shown = [*row.layers, neurons, f"{row.points:,}", row.statistic]
    if row.refusal:
        return [*shown, _refused(row.refusal, notes), columns.NOTHING, columns.NOTHING]
    value = columns.with_interval(Estimate(row.value, row.interval))
    if row.interval.reason:
        value += _mark(notes, f"no interval: {row.interval.reason}")
    random = _refused(row.random_refusal, notes) if row.random_refusal else _by_chance(row.random)
    return [*shown, value, _by_chance(row.permuted), random]


def _refused(refusal: Refusal, notes: list[str]) -> str:
    """The counts, without the points, which have a column."""
    return f"{refusal.counts.partition(' over ')[0]}{_mark(notes, f'refused: {refusal.why}')}"


def _by_chance(values: Sequence[float]) -> str:
    if not values:
        return columns.NOTHING
    mean = f"{np.mean(values):.3f}"
    return mean if len(values) == 1 else f"{mean} ({max(values):.3f})"


def _mark(notes: list[str], note: str) -> str:
    """A number for the note, the same for the same note."""
    sentence = next((one for one in notes if one.partition(" ")[2] == f"{note}."), None)
    if sentence is None:
        notes.append(f"({len(notes) + 1}) {note}.")
        sentence = notes[-1]
    return f" {sentence.partition(' ')[0]}"
